package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/auth"
	"gensubtitle/views"
)

// credentials are what the login and registration forms send.
type credentials struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Next     string `json:"-"` // forms only: where to go afterwards
}

func (s *Server) loginPage(c *fiber.Ctx) error {
	return s.entrance(c, views.LoginPage)
}

func (s *Server) registerPage(c *fiber.Ctx) error {
	return s.entrance(c, views.RegisterPage)
}

// entrance shows a form to those who are signed out and lets others through.
func (s *Server) entrance(c *fiber.Ctx, form func(views.Page, views.Form) templ.Component) error {
	next := localPath(c.Query("next"))
	if _, ok := c.Locals(visitorKey).(*visitor); ok {
		return c.Redirect(next, fiber.StatusSeeOther)
	}
	return render(c, fiber.StatusOK, form(page(c), views.Form{Next: next, RegistrationOpen: s.RegistrationOpen}))
}

// again is how a form is shown again, with what was typed and what was wrong.
func (s *Server) again(in credentials, form func(views.Page, views.Form) templ.Component) formAgain {
	filled := func(c *fiber.Ctx, p *problem) views.Form {
		t := text(c)
		return views.Form{
			Username: in.Username, Next: in.Next, Errors: p.fieldErrors(t),
			Alert: p.words(t).Detail, RegistrationOpen: s.RegistrationOpen,
		}
	}
	return formAgain{
		alert: views.FormAlertID,
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.FormAlert(page(c), filled(c, p)) },
		page: func(c *fiber.Ctx, p *problem) error {
			return render(c, p.status, form(page(c), filled(c, p)))
		},
	}
}

func (s *Server) register(c *fiber.Ctx) error {
	in, err := readCredentials(c)
	c.Locals(formKey, s.again(in, views.RegisterPage))
	if err != nil {
		return err
	}
	u, err := s.signUp(c, in)
	attempt(s.Metrics.registrations, err)
	if err != nil {
		return err
	}
	return s.enter(c, u, in.Next, fiber.StatusCreated)
}

// signUp makes the user, where that is allowed.
func (s *Server) signUp(c *fiber.Ctx, in credentials) (db.User, error) {
	if !s.RegistrationOpen {
		return db.User{}, errRegistrationClosed
	}
	name, err := checkNew(in)
	if err != nil {
		return db.User{}, err
	}
	ctx, cancel := untilBusy(c.UserContext())
	defer cancel()
	start := time.Now()
	attempt, err := s.signups.Begin(ctx, auth.AddressKey(s.address(c)))
	db.Waited(c.UserContext(), time.Since(start)) // Those that run may wait for the database.
	if err != nil {
		return db.User{}, err
	}
	defer attempt.End(false)
	hash, err := s.Hasher.Hash(ctx, in.Password)
	if err != nil {
		return db.User{}, err
	}
	u, err := s.DB.CreateUser(c.UserContext(), db.NewUser{
		Name: name.Name, Key: name.Key, SessionID: name.SessionID(), PasswordHash: hash, Role: db.RoleUser,
	})
	if err == nil {
		attempt.End(true)
	}
	return u, err
}

func checkNew(in credentials) (auth.Username, error) {
	wrong := map[string]fieldText{}
	name, err := auth.NewUsername(in.Username)
	if err != nil {
		wrong["username"] = func(f *views.Fields) string { return f.UsernameInvalid }
	}
	if auth.CheckPassword(in.Password) != nil {
		wrong["password"] = func(f *views.Fields) string { return f.PasswordLength }
	}
	if len(wrong) > 0 {
		return name, invalid(wrong)
	}
	return name, nil
}

func (s *Server) login(c *fiber.Ctx) error {
	in, err := readCredentials(c)
	c.Locals(formKey, s.again(in, views.LoginPage))
	if err != nil {
		return err
	}
	u, err := s.authenticate(c, in)
	attempt(s.Metrics.logins, err)
	if err != nil {
		return err
	}
	return s.enter(c, u, in.Next, fiber.StatusOK)
}

// SignInWait is how long a sign-in or a registration waits for those before it: those
// to guess and those to hash together. Who would wait longer is told to come back.
const SignInWait = 1500 * time.Millisecond

// untilBusy bounds the waiting for a turn; the cause of its end is errBusy.
func untilBusy(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, SignInWait, errBusy)
}

// authenticate finds the user whom the credentials prove. Failures count
// against the account from this address, and against the address.
func (s *Server) authenticate(c *fiber.Ctx, in credentials) (db.User, error) {
	if in.Username == "" {
		return db.User{}, invalidField("username", func(f *views.Fields) string { return f.UsernameRequired })
	}
	if in.Password == "" {
		return db.User{}, invalidField("password", func(f *views.Fields) string { return f.PasswordRequired })
	}
	if auth.CheckPasswordLength(in.Password) != nil {
		return db.User{}, invalidField("password", func(f *views.Fields) string { return f.PasswordLength })
	}
	// A name that cannot exist is treated like one that does not.
	key := in.Username
	if name, err := auth.ParseUsername(in.Username); err == nil {
		if key, err = s.DB.KeyOf(c.UserContext(), name.Key, name.Former); err != nil {
			return db.User{}, err
		}
	}
	address := auth.AddressKey(s.address(c))
	ctx, cancel := untilBusy(c.UserContext())
	defer cancel()
	// The account comes first: whoever waits there holds no place of the address.
	ofAccount, err := s.accountFailures.Begin(ctx, address+" "+key)
	if err != nil {
		return db.User{}, err
	}
	defer ofAccount.End(false)
	ofAddress, err := s.addressFailures.Begin(ctx, address)
	if err != nil {
		return db.User{}, err
	}
	defer ofAddress.End(false)
	u, err := s.verify(ctx, c, key, in.Password)
	if errors.Is(err, errBadCredentials) {
		ofAccount.End(true)
		ofAddress.End(true)
	}
	return u, err
}

// verify costs the same whether there is such a user or not. It waits for its
// turn to hash until ctx ends.
func (s *Server) verify(ctx context.Context, c *fiber.Ctx, key, password string) (db.User, error) {
	u, err := s.DB.UserByKey(c.UserContext(), key)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return u, err
	}
	if err == nil {
		c.Locals(accountKey, u)
	}
	ok, err := s.Hasher.Verify(ctx, password, u.PasswordHash)
	if err != nil {
		return u, fmt.Errorf("verify password: %w", err)
	}
	if !ok {
		return u, errBadCredentials
	}
	if auth.Outdated(u.PasswordHash) {
		s.renewHash(ctx, c, u, password)
	}
	return u, nil
}

// renewHash makes a hash that came from elsewhere one of ours, so that signing
// in costs as much as for everybody.
func (s *Server) renewHash(ctx context.Context, c *fiber.Ctx, u db.User, password string) {
	hash, err := s.Hasher.Hash(ctx, password)
	if errors.Is(err, auth.ErrPasswordLength) {
		return // It was chosen under other rules.
	}
	if err == nil {
		err = s.DB.RenewHash(c.UserContext(), u, hash)
	}
	if err != nil {
		s.Log.Warn("password hash not renewed", "user", u.Name, "error", err)
	}
}

// enter answers a login or registration that went well: a script gets a
// token, a browser a login session and the page it wanted.
func (s *Server) enter(c *fiber.Ctx, u db.User, next string, status int) error {
	if err := s.logSession(c, u); err != nil {
		return err
	}
	if !wantsHTML(c) {
		return s.answerToken(c, u, status)
	}
	if err := s.revokeLogins(c); err != nil {
		return err
	}
	if _, err := s.startLogin(c, u); err != nil {
		return err
	}
	return c.Redirect(localPath(next), fiber.StatusSeeOther)
}

// logSession finds the quota session, making it where it is missing, and
// tells the log what it holds.
func (s *Server) logSession(c *fiber.Ctx, u db.User) error {
	a, err := s.DB.SignedIn(c.UserContext(), u.ID, u.CredentialsVersion, "")
	if err != nil {
		return err
	}
	c.Locals(accountKey, u)
	s.logOf(c).Info("session loaded", "videos_count", a.Quota.Usage.Videos, "total_duration", api.Seconds(a.Quota.Usage.Duration))
	return nil
}

func (s *Server) logout(c *fiber.Ctx) error {
	v := signedIn(c)
	if err := s.DB.Revoke(c.UserContext(), v.tokenID, v.expires); err != nil {
		return err
	}
	if v.browser {
		if err := s.revokeLogins(c); err != nil {
			return err
		}
		if err := s.logins.end(c); err != nil {
			// It is dead already; its row goes when it expires.
			s.logOf(c).Warn("login session not removed", "error", err)
		}
	}
	if wantsHTML(c) {
		return c.Redirect("/login", fiber.StatusSeeOther)
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// switchLanguage remembers the reader's choice in a cookie.
func (s *Server) switchLanguage(c *fiber.Ctx) error {
	if !isForm(c) {
		return errContentType
	}
	chosen := views.Language(formValue(c, "lang"))
	if chosen != views.Thai && chosen != views.English {
		return invalidField("lang", func(f *views.Fields) string { return f.LanguageInvalid })
	}
	c.Cookie(&fiber.Cookie{
		Name: languageCookie, Value: string(chosen), Path: "/", MaxAge: 365 * 24 * 3600,
		Secure: s.PublicURL != nil, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
	return c.Redirect(localPath(formValue(c, "next")), fiber.StatusSeeOther)
}

// readCredentials reads a JSON or form body, whichever was sent.
func readCredentials(c *fiber.Ctx) (credentials, error) {
	var in credentials
	err := readBody(c, &in, func() {
		in.Username, in.Password, in.Next = formValue(c, "username"), formValue(c, "password"), formValue(c, "next")
	})
	return in, err
}

// formValue is a field of the form in the body alone. The framework's own looks
// at the query first, where a link could have put it.
func formValue(c *fiber.Ctx, name string) string {
	if value := c.Request().PostArgs().Peek(name); value != nil {
		return string(value)
	}
	form, err := c.Request().MultipartForm()
	if err != nil || len(form.Value[name]) == 0 {
		return ""
	}
	return form.Value[name][0]
}

// localPath returns a path of this site: the one given, or / for anything
// that could lead elsewhere.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	// What is returned is looked at as well: putting it together again can bring
	// out a second slash that was encoded.
	path := u.RequestURI()
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "/"
	}
	return path
}
