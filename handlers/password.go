package handlers

import (
	"errors"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/internal/auth"
	"gensubtitle/views"
)

// passwordBody is what somebody sends to change the password.
type passwordBody struct {
	Old string `json:"old_password"`
	New string `json:"new_password"`
}

// changePassword changes the caller's password, which ends every sign-in and
// personal token. The caller is signed in anew. Wrong guesses of the old one
// count like those at the login, so that a stolen cookie does not help to guess.
func (s *Server) changePassword(c *fiber.Ctx) error {
	c.Locals(formKey, s.passwordAgain())
	var in passwordBody
	err := readBody(c, &in, func() { in = passwordBody{formValue(c, "old_password"), formValue(c, "new_password")} })
	if err != nil {
		return err
	}
	if wrong := in.wrong(); len(wrong) > 0 {
		return invalid(wrong)
	}
	v := signedIn(c)
	u, err := s.authenticate(c, credentials{Username: v.Name, Password: in.Old})
	if errors.Is(err, errBadCredentials) {
		return invalidField("old_password", func(f *views.Fields) string { return f.Account.OldPasswordWrong })
	}
	if err != nil {
		return err
	}
	hash, err := s.Hasher.Hash(c.UserContext(), in.New)
	if err != nil {
		return err
	}
	// The version of the one who asks, not of the one who was just found: it may
	// have been changed, and this sign-in ended, since the request began.
	version, err := s.DB.ChangePassword(c.UserContext(), u.ID, v.CredentialsVersion, hash)
	if err != nil {
		return err
	}
	return s.stay(c, version, func() error {
		return c.Redirect(accountPath+"?done="+donePassword, fiber.StatusSeeOther)
	})
}

// wrong says what is wrong with each field.
func (in passwordBody) wrong() map[string]fieldText {
	wrong := map[string]fieldText{}
	switch {
	case in.Old == "":
		wrong["old_password"] = func(f *views.Fields) string { return f.Account.OldPasswordRequired }
	case auth.CheckPasswordLength(in.Old) != nil:
		wrong["old_password"] = func(f *views.Fields) string { return f.Account.OldPasswordWrong }
	}
	if auth.CheckPassword(in.New) != nil {
		wrong["new_password"] = func(f *views.Fields) string { return f.PasswordLength }
	}
	return wrong
}

func (s *Server) passwordAgain() formAgain {
	filled := func(c *fiber.Ctx, p *problem) views.PasswordForm {
		t := text(c)
		return views.PasswordForm{Alert: p.words(t).Detail, Errors: p.fieldErrors(t)}
	}
	return formAgain{
		alert: views.PasswordAlertID,
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.PasswordFormAlert(filled(c, p)) },
		page: func(c *fiber.Ctx, p *problem) error {
			return s.renderAccount(c, p.status, func(a *views.Account) { a.Password = filled(c, p) })
		},
	}
}
