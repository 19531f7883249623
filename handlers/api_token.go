package handlers

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
	"gensubtitle/views"
)

const (
	maxTokenName = 100 // characters
	maxTokenDays = 365
)

// newAPITokenBody is what somebody sends to make a personal token.
type newAPITokenBody struct {
	Name  string   `json:"name"`
	Scope db.Scope `json:"scope"`
	Days  int      `json:"expires_in_days"`
}

type apiTokenBody struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scope      db.Scope   `json:"scope"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
}

// apiTokenAnswer shows the token itself, this once.
type apiTokenAnswer struct {
	apiTokenBody
	Token string `json:"token"`
}

func apiTokenOf(t db.APIToken) apiTokenBody {
	return apiTokenBody{
		ID: t.ID, Name: t.Name, Scope: t.Scope, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt,
	}
}

// apiTokens are the caller's own.
func (s *Server) apiTokens(c *fiber.Ctx) ([]apiTokenBody, error) {
	list, err := s.DB.APITokens(c.UserContext(), signedIn(c).ID)
	if err != nil {
		return nil, err
	}
	seen := s.seen.all()
	return mapped(list, func(t db.APIToken) apiTokenBody {
		b := apiTokenOf(t)
		if at, ok := seen[t.ID]; ok {
			last := latest(time.Time{}, at)
			b.LastUsedAt = &last
		}
		return b
	}), nil
}

func (s *Server) listAPITokens(c *fiber.Ctx) error {
	if wantsHTML(c) {
		return c.Redirect(accountPath, fiber.StatusSeeOther)
	}
	list, err := s.apiTokens(c)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"tokens": list})
}

// createAPIToken makes a personal token, which only this answer holds.
func (s *Server) createAPIToken(c *fiber.Ctx) error {
	var in newAPITokenBody
	err := readBody(c, &in, func() {
		days, _ := strconv.Atoi(formValue(c, "expires_in_days")) // What is no number is not allowed either.
		in = newAPITokenBody{formValue(c, "name"), db.Scope(formValue(c, "scope")), days}
	})
	c.Locals(formKey, s.tokenAgain(in))
	if err != nil {
		return err
	}
	in.Name = strings.TrimSpace(in.Name)
	if wrong := in.wrong(); len(wrong) > 0 {
		return invalid(wrong)
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("make token id: %w", err)
	}
	v, token := signedIn(c), auth.NewAPIToken()
	made, err := s.DB.CreateAPIToken(c.UserContext(), db.APIToken{
		ID: id.String(), UserID: v.ID, CredentialsVersion: v.CredentialsVersion,
		Name: in.Name, Hash: auth.HashAPIToken(token), Scope: in.Scope,
		ExpiresAt: time.Now().UTC().Truncate(time.Millisecond).AddDate(0, 0, in.Days),
	})
	if errors.Is(err, db.ErrNotAdmin) {
		return invalidField("scope", func(f *views.Fields) string { return f.Account.ScopeInvalid })
	}
	if err != nil {
		return err
	}
	if !wantsHTML(c) {
		return c.Status(fiber.StatusCreated).JSON(apiTokenAnswer{apiTokenOf(made), token})
	}
	// It is in no address and nowhere else on the server, so there is no page to
	// lead to.
	return s.renderAccount(c, fiber.StatusCreated, func(a *views.Account) { a.NewToken = token })
}

// wrong says what is wrong with each field.
func (in newAPITokenBody) wrong() map[string]fieldText {
	wrong := map[string]fieldText{}
	if n := utf8.RuneCountInString(in.Name); n == 0 || n > maxTokenName ||
		!utf8.ValidString(in.Name) || strings.ContainsFunc(in.Name, unicode.IsControl) {
		wrong["name"] = func(f *views.Fields) string { return f.Account.TokenNameInvalid }
	}
	if !in.Scope.Valid() {
		wrong["scope"] = func(f *views.Fields) string { return f.Account.ScopeInvalid }
	}
	if in.Days < 1 || in.Days > maxTokenDays {
		wrong["expires_in_days"] = func(f *views.Fields) string { return f.Account.TokenDaysInvalid }
	}
	return wrong
}

func (s *Server) tokenAgain(in newAPITokenBody) formAgain {
	filled := func(c *fiber.Ctx, p *problem) views.TokenForm {
		t := text(c)
		return views.TokenForm{
			Name: in.Name, Scope: string(in.Scope), Days: in.Days, Alert: p.words(t).Detail, Errors: p.fieldErrors(t),
		}
	}
	return formAgain{
		alert: views.TokenAlertID,
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.TokenFormAlert(filled(c, p)) },
		page: func(c *fiber.Ctx, p *problem) error {
			return s.renderAccount(c, p.status, func(a *views.Account) { a.TokenForm = filled(c, p) })
		},
	}
}

func (s *Server) revokeAPIToken(c *fiber.Ctx) error {
	if err := s.DB.RevokeAPIToken(c.UserContext(), signedIn(c).ID, c.Params("id")); err != nil {
		return err
	}
	return answerRemoved(c)
}

func (s *Server) confirmRevoke(c *fiber.Ctx) error {
	list, err := s.apiTokens(c)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(t apiTokenBody) bool { return t.ID == c.Params("id") })
	if at < 0 {
		return errNoRoute
	}
	return render(c, fiber.StatusOK, views.ConfirmPage(page(c), views.RevokeConfirm(language(c), apiTokenView(list[at]))))
}
