package handlers

import (
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/views"
)

const (
	accountPath  = "/account"
	donePassword = "password"
)

// accountPage is where users see to their account.
func (s *Server) accountPage(c *fiber.Ctx) error {
	return s.renderAccount(c, fiber.StatusOK, func(a *views.Account) {
		a.PasswordChanged = c.Query("done") == donePassword
		a.PromptSaved = c.Query("done") == donePrompt
	})
}

// renderAccount answers with the page, or for htmx with the card of the tokens,
// which alone sends its form to be swapped.
func (s *Server) renderAccount(c *fiber.Ctx, status int, change func(*views.Account)) error {
	view, err := s.accountView(c)
	if err != nil {
		return err
	}
	change(&view)
	p := page(c)
	p.Path = accountPath
	if wantsPart(c) {
		return render(c, status, views.TokensCard(p, view))
	}
	return render(c, status, views.AccountPage(p, view))
}

func (s *Server) accountView(c *fiber.Ctx) (views.Account, error) {
	signIns, err := s.signIns(c)
	if err != nil {
		return views.Account{}, err
	}
	tokens, err := s.apiTokens(c)
	if err != nil {
		return views.Account{}, err
	}
	account := views.Account{
		SignIns: mapped(signIns, signInView), Tokens: mapped(tokens, apiTokenView),
		TokenForm: views.TokenForm{Scope: string(db.ScopeRead), Days: views.DefaultTokenDays},
	}
	if s.prompts() {
		prompt, err := s.DB.EnginePrompt(c.UserContext(), signedIn(c).ID)
		if err != nil {
			return views.Account{}, err
		}
		account.Prompt = &views.PromptForm{Prompt: prompt}
	}
	return account, nil
}

func signInView(in signInBody) views.SignIn {
	return views.SignIn{
		ID: in.ID, Agent: in.UserAgent, Script: in.Kind == db.TokenSignIn, Address: in.Address,
		LastSeenAt: in.LastSeenAt, Current: in.Current,
	}
}

func apiTokenView(t apiTokenBody) views.APIToken {
	return views.APIToken{
		ID: t.ID, Name: t.Name, Scope: string(t.Scope),
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt,
	}
}

// answerRemoved answers where something was taken off a list on the page.
func answerRemoved(c *fiber.Ctx) error {
	switch {
	case !wantsHTML(c):
		return c.SendStatus(fiber.StatusNoContent)
	case wantsPart(c):
		return c.SendStatus(fiber.StatusOK)
	}
	return c.Redirect(accountPath, fiber.StatusSeeOther)
}
