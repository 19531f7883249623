package views

import (
	"net/url"
	"strings"
)

// NewUserPath is the page with the form for a new user.
const NewUserPath = "/admin/users/new"

// NewUser is the form for a new user with what was typed and what was wrong.
type NewUser struct {
	Form
	Role string
}

// NewPassword is the page that asks for the new password of a user.
type NewPassword struct {
	Form
	SessionID string
	Self      bool // it is the reader's own
}

// MadePassword is a password that was made up and is shown this once.
type MadePassword struct {
	Username, SessionID string
	Password            string
	New                 bool // the account was made with it
	SignedOut           bool // it was the reader's own, and ended the login session
}

func (t *Text) madeTitle(m MadePassword) string {
	if m.New {
		return t.Users.Made.With(m.Username)
	}
	return t.Users.PasswordSet.With(m.Username)
}

// next is where to go once the password was taken down.
func (m MadePassword) next(t *Text) (href, label string) {
	if m.SignedOut {
		return "/login", t.Users.SignInAgain
	}
	return SessionPath(m.SessionID), t.Users.BackToUser.With(m.Username)
}

func userPath(username string) string { return "/admin/users/" + url.PathEscape(username) }

// UserChange is something that an admin can do with a user.
type UserChange string

// The changes there are. Each but the last is a field of the API and the
// value that it gets.
const (
	MakeAdmin   UserChange = "role=admin"
	MakeUser    UserChange = "role=user"
	DisableUser UserChange = "disabled=true"
	EnableUser  UserChange = "disabled=false"
	DeleteUser  UserChange = "delete"
)

// changes are those that make sense for a user.
func (s AdminSession) changes() []UserChange {
	all := make([]UserChange, 0, 3)
	if s.Role == "admin" {
		all = append(all, MakeUser)
	} else {
		all = append(all, MakeAdmin)
	}
	if s.Disabled {
		all = append(all, EnableUser)
	} else {
		all = append(all, DisableUser)
	}
	return append(all, DeleteUser)
}

// question asks before a change is made, with a warning where it would hit
// the reader.
func (t *Text) question(change UserChange, self bool) (q UserQuestion) {
	warning := ""
	switch change {
	case MakeAdmin:
		q = t.Users.MakeAdmin
	case MakeUser:
		q, warning = t.Users.MakeUser, t.Users.SelfMakeUser
	case DisableUser:
		q, warning = t.Users.Disable, t.Users.SelfDisable
	case EnableUser:
		q = t.Users.Enable
	case DeleteUser:
		q, warning = t.Users.Delete, t.Users.SelfDelete
	}
	if self && warning != "" {
		q.Detail = warning + " " + q.Detail
	}
	return q
}

// field is what a change sends; empty for a deletion.
func (c UserChange) field() (name, value string) {
	if c == DeleteUser {
		return "", ""
	}
	query, _ := url.ParseQuery(string(c)) // It is one of ours.
	for name := range query {
		return name, query.Get(name)
	}
	return "", ""
}

// paths are the page that asks and the address that does it.
func (c UserChange) paths(username string) (ask, do string) {
	if c == DeleteUser {
		return userPath(username) + "/delete", userPath(username) + "/delete"
	}
	return userPath(username) + "/change", userPath(username)
}

// UserConfirm asks before a user is changed.
func UserConfirm(l Language, s AdminSession, change UserChange) Confirm {
	t := Messages(l)
	q := t.question(change, s.Self)
	_, do := change.paths(s.Username)
	field, value := change.field()
	return Confirm{
		Title: q.Title.With(s.Username), Detail: q.Detail, Action: do, Yes: q.yes(),
		Back: s.path(), Field: field, Value: value,
	}
}

// yes is the label without the dots that say that a question follows.
func (q UserQuestion) yes() string { return strings.TrimSuffix(q.Label, "…") }
