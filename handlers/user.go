package handlers

import (
	"maps"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/auth"
	"gensubtitle/views"
)

// userBody is what an admin sends of a user; what is left out stays as it is.
type userBody struct {
	Username      string   `json:"username"`
	Password      *string  `json:"password"`
	ResetPassword bool     `json:"reset_password"`
	Role          *db.Role `json:"role"`
	Disabled      *bool    `json:"disabled"`
}

// newUserPage shows the form for a new user.
func (s *Server) newUserPage(c *fiber.Ctx) error {
	return render(c, fiber.StatusOK, views.NewUserPage(page(c), views.NewUser{}))
}

// createUserForAdmin makes an account for somebody else, also where
// registration is closed.
func (s *Server) createUserForAdmin(c *fiber.Ctx) error {
	in, err := readUser(c)
	c.Locals(formKey, newUserAgain(in))
	if err != nil {
		return err
	}
	wrong := map[string]fieldText{}
	name, err := auth.NewUsername(in.Username)
	if err != nil {
		wrong["username"] = func(f *views.Fields) string { return f.UsernameInvalid }
	}
	maps.Copy(wrong, in.wrong())
	if len(wrong) > 0 {
		return invalid(wrong)
	}
	in.ResetPassword = in.Password == nil
	password, hash, err := s.newPassword(c, in)
	if err != nil {
		return err
	}
	u, err := s.DB.CreateUser(c.UserContext(), db.NewUser{
		Name: name.Name, Key: name.Key, SessionID: name.SessionID(), PasswordHash: *hash, Role: in.role(),
	})
	if err != nil {
		return err
	}
	if wantsHTML(c) && password != "" {
		return showPassword(c, fiber.StatusCreated, views.MadePassword{
			Username: u.Name, SessionID: u.SessionID, Password: password, New: true,
		})
	}
	if wantsHTML(c) {
		return lead(c, views.SessionPath(u.SessionID))
	}
	return s.answerUser(c, fiber.StatusCreated, u.SessionID, password)
}

// newUserAgain shows the form for a new user again.
func newUserAgain(in userBody) formAgain {
	filled := func(c *fiber.Ctx, p *problem) views.NewUser {
		return views.NewUser{Form: userForm(c, in.Username, p), Role: string(in.role())}
	}
	return formAgain{
		alert: views.FormAlertID,
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.FormAlert(page(c), filled(c, p).Form) },
		page: func(c *fiber.Ctx, p *problem) error {
			return render(c, p.status, views.NewUserPage(page(c), filled(c, p)))
		},
	}
}

// userForm is a form of a user with what was wrong with it.
func userForm(c *fiber.Ctx, username string, p *problem) views.Form {
	t := text(c)
	return views.Form{Username: username, Alert: p.words(t).Detail, Errors: p.fieldErrors(t)}
}

// changeUser changes role, password, and whether somebody may sign in.
func (s *Server) changeUser(c *fiber.Ctx) error {
	name, err := pathUser(c)
	if err != nil {
		return err
	}
	in, err := readUser(c)
	c.Locals(formKey, s.userAgain(c, name, in))
	if err != nil {
		return err
	}
	if wrong := in.wrong(); len(wrong) > 0 {
		return invalid(wrong)
	}
	password, hash, err := s.newPassword(c, in)
	if err != nil {
		return err
	}
	key, err := s.DB.KeyOf(c.UserContext(), name.Key, name.Former)
	if err != nil {
		return err
	}
	u, err := s.DB.ChangeUser(c.UserContext(), key, db.UserChange{Role: in.Role, Disabled: in.Disabled, PasswordHash: hash})
	if err != nil {
		return err
	}
	if !wantsHTML(c) {
		return s.answerUser(c, fiber.StatusOK, u.SessionID, password)
	}
	return s.showChangedUser(c, u, hash != nil, password)
}

// showChangedUser leads an admin on, to where the change lets the admin go who
// was changed.
func (s *Server) showChangedUser(c *fiber.Ctx, u db.User, newPassword bool, made string) error {
	self := signedIn(c).ID == u.ID
	signedOut := self && (newPassword || u.Disabled)
	switch {
	case made != "":
		return showPassword(c, fiber.StatusOK, views.MadePassword{
			Username: u.Name, SessionID: u.SessionID, Password: made, SignedOut: signedOut,
		})
	case signedOut:
		return lead(c, "/login")
	case self && u.Role != db.RoleAdmin:
		return lead(c, "/")
	case wantsPart(c):
		return s.renderSessionChange(c, u.SessionID, views.FormAccount)
	}
	return lead(c, views.SessionPath(u.SessionID))
}

// showPassword shows a password that was made up. The page has no address of
// its own: going back or loading it again shows the user's page.
func showPassword(c *fiber.Ctx, status int, m views.MadePassword) error {
	p := page(c)
	if m.SignedOut {
		p.Username, p.Admin = "", false
	}
	c.Set("HX-Push-Url", views.SessionPath(m.SessionID))
	return render(c, status, views.MadePasswordPage(p, m))
}

// userAgain shows the form of a new password again, or else the page of the
// session with what was wrong below the account.
func (s *Server) userAgain(c *fiber.Ctx, name auth.Username, in userBody) formAgain {
	if in.Password == nil && !in.ResetPassword {
		return s.sessionAgain(c, name.SessionID(), views.FormAccount)
	}
	filled := func(c *fiber.Ctx, p *problem) views.NewPassword {
		return newPasswordView(c, userForm(c, name.Name, p), name)
	}
	return formAgain{
		alert: views.FormAlertID,
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.PasswordAlert(page(c), filled(c, p).Form) },
		page: func(c *fiber.Ctx, p *problem) error {
			return render(c, p.status, views.NewPasswordPage(page(c), filled(c, p)))
		},
	}
}

func newPasswordView(c *fiber.Ctx, form views.Form, name auth.Username) views.NewPassword {
	return views.NewPassword{Form: form, SessionID: name.SessionID(), Self: signedIn(c).SessionID == name.SessionID()}
}

// newPasswordPage asks for the new password of a user.
func (s *Server) newPasswordPage(c *fiber.Ctx) error {
	name, _, err := s.changeable(c)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.NewPasswordPage(page(c), newPasswordView(c, views.Form{Username: name.Name}, name)))
}

// confirmUserChange asks first, for those without JavaScript.
func (s *Server) confirmUserChange(c *fiber.Ctx) error {
	change := views.UserChange(c.Context().QueryArgs().String())
	switch change {
	case views.MakeAdmin, views.MakeUser, views.DisableUser, views.EnableUser:
		return s.confirmUser(c, change)
	}
	return errNoRoute
}

// confirmDeleteUser asks first, for those without JavaScript.
func (s *Server) confirmDeleteUser(c *fiber.Ctx) error {
	return s.confirmUser(c, views.DeleteUser)
}

func (s *Server) confirmUser(c *fiber.Ctx, change views.UserChange) error {
	_, session, err := s.changeable(c)
	if err != nil {
		return err
	}
	v := views.AdminSession{Session: sessionView(session), Self: signedIn(c).SessionID == session.SessionID}
	return render(c, fiber.StatusOK, views.ConfirmPage(page(c), views.UserConfirm(language(c), v, change)))
}

// changeable is the user of the path with the session, unless deleted.
func (s *Server) changeable(c *fiber.Ctx) (auth.Username, db.Session, error) {
	name, err := pathUser(c)
	if err != nil {
		return name, db.Session{}, err
	}
	session, err := s.DB.Session(c.UserContext(), name.SessionID())
	if err == nil && session.Deleted {
		err = errNoRoute
	}
	return name, session, err
}

// deleteUser ends an account. Its files go; the name and the quota session stay.
func (s *Server) deleteUser(c *fiber.Ctx) error {
	name, err := pathUser(c)
	if err != nil {
		return err
	}
	c.Locals(formKey, s.sessionAgain(c, name.SessionID(), views.FormAccount))
	key, err := s.DB.KeyOf(c.UserContext(), name.Key, name.Former)
	if err != nil {
		return err
	}
	if err := s.Uploads.DeleteUser(c.UserContext(), key); err != nil {
		return err
	}
	switch {
	case !wantsHTML(c):
		return c.SendStatus(fiber.StatusNoContent)
	case signedIn(c).SessionID == name.SessionID():
		return lead(c, "/login")
	}
	return lead(c, views.SessionPath(name.SessionID()))
}

func (s *Server) answerUser(c *fiber.Ctx, status int, sessionID, password string) error {
	session, err := s.DB.Session(c.UserContext(), sessionID)
	if err != nil {
		return err
	}
	return c.Status(status).JSON(api.Account{AdminSession: api.AdminSessionOf(session), Password: password})
}

// newPassword hashes the password that was sent, or makes one up, which is
// returned, where that was asked for. The hash is nil where neither was.
func (s *Server) newPassword(c *fiber.Ctx, in userBody) (made string, hash *string, err error) {
	password := in.Password
	switch {
	case in.ResetPassword:
		made = auth.RandomPassword()
		password = &made
	case password == nil:
		return "", nil, nil
	}
	hashed, err := s.Hasher.Hash(c.UserContext(), *password)
	return made, &hashed, err
}

// wrong says what is wrong with each field.
func (in userBody) wrong() map[string]fieldText {
	wrong := map[string]fieldText{}
	if in.Password != nil && auth.CheckPassword(*in.Password) != nil {
		wrong["password"] = func(f *views.Fields) string { return f.PasswordLength }
	}
	if in.Password != nil && in.ResetPassword {
		wrong["reset_password"] = func(f *views.Fields) string { return f.PasswordTwice }
	}
	if in.Role != nil && *in.Role != db.RoleUser && *in.Role != db.RoleAdmin {
		wrong["role"] = func(f *views.Fields) string { return f.RoleInvalid }
	}
	return wrong
}

func (in userBody) role() db.Role {
	if in.Role == nil {
		return db.RoleUser
	}
	return *in.Role
}

// readUser reads a JSON or form body. A field of a form that is empty was not
// sent; a password that was typed comes before making one up.
func readUser(c *fiber.Ctx) (userBody, error) {
	var in userBody
	if !isForm(c) {
		err := readJSON(c, &in)
		return in, err
	}
	in.Username = formValue(c, "username")
	if password := formValue(c, "password"); password != "" {
		in.Password = &password
	} else {
		in.ResetPassword = formValue(c, "reset_password") == "true"
	}
	if role := db.Role(formValue(c, "role")); role != "" {
		in.Role = &role
	}
	if value := formValue(c, "disabled"); value != "" {
		disabled := value == "true"
		in.Disabled = &disabled
	}
	return in, nil
}

// pathUser is the name in the path, in whatever spelling.
func pathUser(c *fiber.Ctx) (auth.Username, error) {
	given, err := pathParam(c, "username")
	if err != nil {
		return auth.Username{}, err
	}
	name, err := auth.ParseUsername(given)
	if err != nil {
		return name, errNoRoute
	}
	return name, nil
}
