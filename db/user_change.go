package db

import (
	"context"
	"database/sql"
	"errors"
)

// ErrLastAdmin refuses to leave the installation without an enabled admin.
var ErrLastAdmin = errors.New("nobody else is an enabled admin")

// UserChange is what ChangeUser changes; nil leaves a thing as it is.
type UserChange struct {
	Role         *Role
	Disabled     *bool
	PasswordHash *string
}

// ChangeUser changes a user found by the key of the name. A new password and
// being disabled end every token and login session for good. ErrNotFound when
// there is no such user or it was deleted, ErrLastAdmin when no enabled admin
// would be left.
func (d *DB) ChangeUser(ctx context.Context, key string, c UserChange) (User, error) {
	var u User
	err := d.write(ctx, "change user", func(tx *sql.Tx) error {
		var err error
		if u, err = user(ctx, tx, key); err != nil {
			return err
		}
		if c.Role != nil {
			u.Role = *c.Role
		}
		if c.PasswordHash != nil {
			u.PasswordHash = *c.PasswordHash
		}
		ends := c.PasswordHash != nil || c.Disabled != nil && *c.Disabled && !u.Disabled
		if c.Disabled != nil {
			u.Disabled = *c.Disabled
		}
		if ends {
			u.CredentialsVersion++
		}
		if err := oneRow(tx.ExecContext(ctx, `
			UPDATE users SET role = $1, disabled = $2, password_hash = $3, credentials_version = $4, updated_at = $5
			WHERE id = $6`, u.Role, u.Disabled, u.PasswordHash, u.CredentialsVersion, d.nowMillis(), u.ID)); err != nil {
			return err
		}
		if u.Disabled {
			if err := cancelAll(ctx, tx, u.ID, d.nowMillis()); err != nil {
				return err
			}
		}
		return anAdminIsLeft(ctx, tx)
	})
	return u, err
}

// cancelAll ends what the engine does, or was to do, for a user.
func cancelAll(ctx context.Context, tx *sql.Tx, userID, now int64) error {
	_, err := tx.ExecContext(ctx, cancelJobs+
		"session_id = (SELECT session_id FROM quota_sessions WHERE user_id = CAST($2 AS INTEGER))", now, userID)
	return err
}

// RenewHash stores another hash of the same password, which ends no sign-in. A
// password that was changed meanwhile stays.
func (d *DB) RenewHash(ctx context.Context, u User, hash string) error {
	return d.write(ctx, "renew password hash", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE users SET password_hash = $1 WHERE id = CAST($2 AS INTEGER) AND password_hash = $3`,
			hash, u.ID, u.PasswordHash)
		return err
	})
}

// DeleteUser ends an account for good and returns the ids of its videos, whose
// files are to be removed. The name stays taken; the quota session and its
// ledger stay. Errors are those of ChangeUser.
func (d *DB) DeleteUser(ctx context.Context, key string) ([]string, error) {
	var ids []string
	err := d.write(ctx, "delete user", func(tx *sql.Tx) error {
		u, err := user(ctx, tx, key)
		if err != nil {
			return err
		}
		now := d.nowMillis()
		if err := oneRow(tx.ExecContext(ctx, `
			UPDATE users SET deleted_at = $1, updated_at = $2, credentials_version = credentials_version + 1, engine_prompt = ''
			WHERE id = $3`, now, now, u.ID)); err != nil {
			return err
		}
		if err := anAdminIsLeft(ctx, tx); err != nil {
			return err
		}
		// An upload in one piece that is under way ends by itself: it is not
		// accepted any more.
		rows, err := tx.QueryContext(ctx, `
			DELETE FROM videos WHERE session_id = $1 AND (status IN ('accepted', 'rejected') OR resumable = 1)
			RETURNING id`, u.SessionID)
		if err != nil {
			return err
		}
		ids, err = scanTexts(rows)
		return err
	})
	return ids, err
}

// user finds a user who was not deleted.
func user(ctx context.Context, tx *sql.Tx, key string) (User, error) {
	var u User
	err := tx.QueryRowContext(ctx, `
		SELECT id, username, password_hash, role, disabled, credentials_version
		FROM users WHERE username_key = $1 AND deleted_at IS NULL`, key).
		Scan(&u.ID, &u.Name, &u.PasswordHash, &u.Role, &u.Disabled, &u.CredentialsVersion)
	u.SessionID = sessionIDOf(u.Name)
	return u, notFound(err)
}

func anAdminIsLeft(ctx context.Context, q queryer) error {
	var left bool
	err := q.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 AND deleted_at IS NULL)`).Scan(&left)
	if err == nil && !left {
		return ErrLastAdmin
	}
	return err
}
