package views

import (
	"net/url"
	"time"
)

// Where the forms of the account page tell what went wrong.
const (
	PasswordAlertID = "password-alert"
	TokenAlertID    = "token-alert"
	PromptAlertID   = "prompt-alert"
)

// DefaultTokenDays is how long a personal token lasts unless another of
// tokenDays is chosen.
const DefaultTokenDays = 30

var tokenDays = []int{7, DefaultTokenDays, 90, 365}

// Account is the page on which users see to their account.
type Account struct {
	Password        PasswordForm
	PasswordChanged bool
	Prompt          *PromptForm // nil where no engine heeds it
	PromptSaved     bool        // a moment ago
	SignIns         []SignIn    // the current one first
	OthersEnded     bool        // a moment ago
	Tokens          []APIToken
	TokenForm       TokenForm
	NewToken        string // is shown this once
}

// PasswordForm is what was wrong with the form. The passwords are never sent back.
type PasswordForm struct {
	Alert  string
	Errors map[string]string
}

// PromptForm is what engines are told to expect, and what was wrong with the form.
type PromptForm struct {
	Prompt string
	Alert  string
	Errors map[string]string
}

// SignIn is one place where the user is signed in.
type SignIn struct {
	ID         string
	Agent      string // a User-Agent header
	Script     bool   // with a token, not a browser
	Address    string
	LastSeenAt time.Time
	Current    bool
}

func (s SignIn) path() string { return "/account/sign-ins/" + url.PathEscape(s.ID) }

// APIToken is a personal token, without what makes it one.
type APIToken struct {
	ID         string
	Name       string
	Scope      string // read, upload or admin
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time
}

func (a APIToken) path() string { return "/account/tokens/" + url.PathEscape(a.ID) }

// TokenForm is the form of a new token with what was typed and what was wrong.
type TokenForm struct {
	Name   string
	Scope  string
	Days   int
	Alert  string
	Errors map[string]string
}

// scopeChoice is one of the scopes with what it means.
type scopeChoice struct{ value, label, detail string }

func scopeChoices(p Page) []scopeChoice {
	t := p.text().Account
	choices := []scopeChoice{
		{"read", t.ScopeRead, t.ScopeReadDetail},
		{"upload", t.ScopeUpload, t.ScopeUploadDetail},
	}
	if p.Admin {
		choices = append(choices, scopeChoice{"admin", t.ScopeAdmin, t.ScopeAdminDetail})
	}
	return choices
}

// scopeLabel names the scope of a token, also one of an admin who is none now.
func (t *Text) scopeLabel(scope string) string {
	switch scope {
	case "upload":
		return t.Account.ScopeUpload
	case "admin":
		return t.Account.ScopeAdmin
	}
	return t.Account.ScopeRead
}

// EndSignInConfirm asks before somebody is signed out elsewhere.
func EndSignInConfirm(l Language, s SignIn) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.Account.EndSignInTitle.With(t.agent(s.Agent)), Detail: t.Account.EndSignInDetail,
		Action: s.path() + "/end", Yes: t.Account.EndSignIn, Back: "/account",
	}
}

// EndOthersConfirm asks before somebody is signed out everywhere else.
func EndOthersConfirm(l Language) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.Account.EndOthersTitle, Detail: t.Account.EndOthersDetail,
		Action: "/account/sign-ins/end", Yes: t.Account.EndOthers, Back: "/account",
	}
}

// RevokeConfirm asks before a personal token is revoked.
func RevokeConfirm(l Language, a APIToken) Confirm {
	t := Messages(l)
	return Confirm{
		Title: t.Account.RevokeTitle.With(a.Name), Detail: t.Account.RevokeDetail,
		Action: a.path() + "/revoke", Yes: t.Account.Revoke, Back: "/account",
	}
}
