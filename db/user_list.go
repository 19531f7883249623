package db

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ListedUser is an account in the list of all.
type ListedUser struct {
	Name        string
	SessionID   string
	Role        Role
	Disabled    bool
	Deleted     bool
	HasPassword bool // false for one who was imported without
	CreatedAt   time.Time
	UpdatedAt   time.Time
	key         string
}

// UserQuery says which users to list.
type UserQuery struct {
	Key     string // part of a username's key; empty for all
	Role    Role   // empty for all
	Deleted bool   // with those who were deleted
	After   string // where the page before ended; empty for the first
	Limit   int
}

// ListUsers returns a page of all users, by name, and where it ended, which is
// empty for the last page.
func (d *DB) ListUsers(ctx context.Context, q UserQuery) ([]ListedUser, string, error) {
	rows, err := d.reader.QueryContext(ctx, `
		SELECT username, username_key, role, disabled, deleted_at IS NOT NULL, password_hash <> '', created_at, updated_at
		FROM users
		WHERE username_key > $1 AND instr(username_key, $2) > 0
		  AND ($3 = '' OR role = $3) AND ($4 OR deleted_at IS NULL)
		ORDER BY username_key LIMIT $5`,
		q.After, q.Key, q.Role, q.Deleted, q.Limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", classify(err))
	}
	users, more, err := collect(rows, q.Limit, "list users", scanListedUser)
	if err != nil || !more {
		return users, "", err
	}
	return users, users[len(users)-1].key, nil
}

func scanListedUser(row scanner) (ListedUser, error) {
	var u ListedUser
	var created, updated int64
	err := row.Scan(&u.Name, &u.key, &u.Role, &u.Disabled, &u.Deleted, &u.HasPassword, &created, &updated)
	u.SessionID, u.CreatedAt, u.UpdatedAt = sessionIDOf(u.Name), timeOf(created), timeOf(updated)
	return u, err
}

// HasAdmin reports whether an admin is there who may sign in.
func (d *DB) HasAdmin(ctx context.Context) (bool, error) {
	err := anAdminIsLeft(ctx, d.reader)
	if errors.Is(err, ErrLastAdmin) {
		return false, nil
	}
	return err == nil, err
}
