package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/config"
)

// listPage is how many rows of a list are held in memory at once.
const listPage = 5000

type userCommands struct {
	Add     userAdd     `cmd:"" help:"Add a user, also where registration is closed."`
	List    userList    `cmd:"" help:"List the users."`
	Passwd  userPasswd  `cmd:"" help:"Give a user another password and end every sign-in of that user."`
	Disable userDisable `cmd:"" help:"Keep a user from signing in and end every sign-in of that user."`
	Enable  userEnable  `cmd:"" help:"Let a disabled user sign in again."`
	Delete  userDelete  `cmd:"" help:"Delete a user and the files of that user."`
	Import  userImport  `cmd:"" help:"Add many users from a CSV file."`
}

// oneUser are the settings of the commands that change one user.
type oneUser struct {
	folderSettings
	outputSettings
	config.Limits
	Name string `arg:"" help:"The user's name, in any spelling."`
}

// change changes the user and tells of it with a sentence about its name.
func (u oneUser) change(ctx context.Context, sh *Shell, c db.UserChange, made, sentence string) error {
	return u.with(ctx, func(d *db.DB, key string) error {
		if _, err := d.ChangeUser(ctx, key, c); err != nil {
			return u.explain(err)
		}
		return u.tell(ctx, sh, d, key, made, sentence)
	})
}

// with has f work on the database and the key of the name.
func (u oneUser) with(ctx context.Context, f func(d *db.DB, key string) error) error {
	limits, err := u.Limits.Defaults("")
	if err != nil {
		return misuse("%w", err)
	}
	name, err := auth.ParseUsername(u.Name)
	if err != nil {
		return u.explain(db.ErrNotFound)
	}
	return u.withDB(ctx, limits, func(d *db.DB) error {
		key, err := d.KeyOf(ctx, name.Key, name.Former)
		if err != nil {
			return err
		}
		return f(d, key)
	})
}

func (u oneUser) explain(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("there is no user %q", u.Name)
	}
	return err
}

// tell prints the user as the API does, or a sentence, and the password where
// it was made up.
func (u oneUser) tell(ctx context.Context, sh *Shell, d *db.DB, key, made, sentence string) error {
	s, err := d.SessionByKey(ctx, key)
	if err != nil {
		return err
	}
	if u.JSON {
		return writeJSON(sh.Out, api.Account{AdminSession: api.AdminSessionOf(s), Password: made})
	}
	text := fmt.Sprintf(sentence, s.Username)
	if made != "" {
		text += " The password is: " + made
	}
	_, err = fmt.Fprintln(sh.Out, text)
	return err
}

type userAdd struct {
	oneUser
	passwordSettings
	Role string `default:"user" enum:"user,admin" help:"What the user may do: user or admin."`
}

// Help is the longer text of --help.
func (userAdd) Help() string {
	return `A name has 1 to 32 characters: ASCII letters and digits, Thai letters, digits and marks, ".", "_" and "-". Two names that differ only in case are the same.

The first user may be added before the service ever ran: where the data directory holds no database, one is made. The service then makes no admin of its own.`
}

// Run adds the user together with the quota session.
func (c *userAdd) Run(ctx context.Context, sh *Shell) error {
	name, err := auth.NewUsername(c.Name)
	if err != nil {
		return misuse("%w", err)
	}
	limits, err := c.Limits.Defaults("")
	if err != nil {
		return misuse("%w", err)
	}
	hash, made, err := c.choose(ctx, sh)
	if err != nil {
		return err
	}
	if err := c.begin(ctx, sh); err != nil {
		return err
	}
	d, closer, err := c.open(ctx, limits)
	if err != nil {
		return err
	}
	err = func() error {
		_, err := d.CreateUser(ctx, db.NewUser{
			Name: name.Name, Key: name.Key, SessionID: name.SessionID(), PasswordHash: hash, Role: db.Role(c.Role),
		})
		if errors.Is(err, db.ErrUsernameTaken) {
			return fmt.Errorf("the name %q is taken", c.Name)
		} else if err != nil {
			return err
		}
		if err := c.tell(ctx, sh, d, name.Key, made, "The user %s was added."); err != nil {
			return err
		}
		return wantAdmin(ctx, sh, d)
	}()
	return errors.Join(err, closer())
}

// wantAdmin says so where nobody can be an admin.
func wantAdmin(ctx context.Context, sh *Shell, d *db.DB) error {
	has, err := d.HasAdmin(ctx)
	if err != nil || has {
		return err
	}
	_, err = fmt.Fprintln(sh.Err, "Nobody is an admin yet. To make one: gensubtitle user add NAME --role=admin")
	return err
}

type userPasswd struct {
	oneUser
	passwordSettings
}

// Run sets another password.
func (c *userPasswd) Run(ctx context.Context, sh *Shell) error {
	if err := c.exists(ctx); err != nil {
		return err
	}
	hash, made, err := c.choose(ctx, sh)
	if err != nil {
		return err
	}
	return c.change(ctx, sh, db.UserChange{PasswordHash: &hash}, made, "The user %s has another password and is signed out everywhere.")
}

type userDisable struct{ oneUser }

// Run keeps the user out.
func (c *userDisable) Run(ctx context.Context, sh *Shell) error {
	disabled := true
	return c.change(ctx, sh, db.UserChange{Disabled: &disabled}, "", "The user %s is disabled and signed out everywhere.")
}

type userEnable struct{ oneUser }

// Run lets the user in again.
func (c *userEnable) Run(ctx context.Context, sh *Shell) error {
	disabled := false
	return c.change(ctx, sh, db.UserChange{Disabled: &disabled}, "", "The user %s is enabled.")
}

type userDelete struct{ oneUser }

// Help is the longer text of --help.
func (userDelete) Help() string {
	return "The videos go at once, and there is no question before. The name stays taken, and the quota session stays with its ledger."
}

// Run ends the account and removes its files.
func (c *userDelete) Run(ctx context.Context, sh *Shell) (err error) {
	name, err := auth.ParseUsername(c.Name)
	if err != nil {
		return c.explain(db.ErrNotFound)
	}
	service, closer, err := c.uploads(ctx, slog.New(slog.NewTextHandler(sh.Err, nil)))
	if err != nil {
		return err
	}
	key, err := service.DB.KeyOf(ctx, name.Key, name.Former)
	if err == nil {
		err = service.DeleteUser(ctx, key)
	}
	if err = errors.Join(err, closer()); err != nil {
		return c.explain(err)
	}
	return c.with(ctx, func(d *db.DB, key string) error {
		return c.tell(ctx, sh, d, key, "", "The user %s was deleted.")
	})
}

type userList struct {
	folderSettings
	outputSettings
	Search  string `short:"q" help:"Only users with this in their names."`
	Role    string `enum:",user,admin" default:"" help:"Only users with this role: user or admin."`
	Deleted bool   `help:"Deleted users as well."`
}

// Help is the longer text of --help.
func (userList) Help() string {
	return "The state is enabled, disabled or deleted, or \"no password\" for those who were imported without one and get in once they have one.\n\n" + tableHelp
}

const tableHelp = "On a terminal the columns are aligned. Elsewhere they are separated by tabs, the first line naming them."

// Run prints the users page by page.
func (c *userList) Run(ctx context.Context, sh *Shell) error {
	q := db.UserQuery{Key: auth.UsernameKey(c.Search), Role: db.Role(c.Role), Deleted: c.Deleted, Limit: listPage}
	return c.withDB(ctx, db.Limits{}, func(d *db.DB) error {
		if !c.JSON {
			t := newTable(sh.Out, "USER", "ROLE", "STATE", "CREATED", "CHANGED")
			err := eachUser(ctx, d, q, func(u db.ListedUser) error {
				return t.add(u.Name, string(u.Role), userState(u), stamp(u.CreatedAt), stamp(u.UpdatedAt))
			})
			if err != nil {
				return err
			}
			return t.flush()
		}
		l, err := newList(sh.Out, "users")
		if err != nil {
			return err
		}
		if err := eachUser(ctx, d, q, func(u db.ListedUser) error { return l.add(api.UserOf(u)) }); err != nil {
			return err
		}
		return l.close("")
	})
}

func eachUser(ctx context.Context, d *db.DB, q db.UserQuery, f func(db.ListedUser) error) error {
	for {
		users, next, err := d.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range users {
			if err := f(u); err != nil {
				return err
			}
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

func userState(u db.ListedUser) string {
	switch {
	case u.Deleted:
		return "deleted"
	case u.Disabled:
		return "disabled"
	case !u.HasPassword:
		return "no password"
	}
	return "enabled"
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
