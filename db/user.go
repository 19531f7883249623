package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Role is what a user may do.
type Role string

// The roles there are.
const (
	RoleUser  Role = "user"
	RoleAdmin Role = "admin"
)

// ErrUsernameTaken says that a user, perhaps a deleted one, has that name in
// some spelling.
var ErrUsernameTaken = errors.New("username is taken")

// NewUser is what CreateUser needs.
type NewUser struct {
	Name         string // as it is shown
	Key          string // equal for all spellings of the name
	SessionID    string // of the quota session that is made with it
	PasswordHash string
	Role         Role
}

// User is an account.
type User struct {
	ID                 int64
	Name               string
	SessionID          string
	PasswordHash       string
	Role               Role
	Disabled           bool
	CredentialsVersion int64
}

// CreateUser makes a user together with its quota session.
// It returns ErrUsernameTaken when the name is in use in any spelling.
func (d *DB) CreateUser(ctx context.Context, n NewUser) (User, error) {
	u := User{
		Name: n.Name, SessionID: n.SessionID, PasswordHash: n.PasswordHash,
		Role: n.Role, CredentialsVersion: 1,
	}
	err := d.write(ctx, "create user", func(tx *sql.Tx) error {
		now := d.nowMillis()
		r, err := tx.ExecContext(ctx, `
			INSERT INTO users (username, username_key, password_hash, role, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, n.Name, n.Key, n.PasswordHash, n.Role, now, now)
		if isUniqueViolation(err) {
			return ErrUsernameTaken
		}
		if err != nil {
			return err
		}
		if u.ID, err = r.LastInsertId(); err != nil {
			return err
		}
		if err := indexNames(ctx, tx, u.ID-1); err != nil {
			return err
		}
		return insertSession(ctx, tx, u.ID, n.SessionID, now)
	})
	return u, err
}

func isUniqueViolation(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.ExtendedCode == sqlite3.ErrConstraintUnique
}

// HasUsers reports whether anybody was ever registered.
func (d *DB) HasUsers(ctx context.Context) (bool, error) {
	var has bool
	if err := d.reader.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM users)").Scan(&has); err != nil {
		return false, fmt.Errorf("look for users: %w", classify(err))
	}
	return has, nil
}

// KeyOf is the key that the user with a name has: the former one where two
// users had names that have become one since.
func (d *DB) KeyOf(ctx context.Context, key, former string) (string, error) {
	if former == key {
		return key, nil
	}
	var found string
	err := d.reader.QueryRowContext(ctx, "SELECT username_key FROM users WHERE username_key = $1", former).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return key, nil
	}
	if err != nil {
		return "", fmt.Errorf("find username: %w", classify(err))
	}
	return found, nil
}

// UserByKey finds a user who may sign in. A disabled or deleted user is
// ErrNotFound like one who never was.
func (d *DB) UserByKey(ctx context.Context, key string) (User, error) {
	u := User{}
	err := d.reader.QueryRowContext(ctx, `
		SELECT id, username, password_hash, role, disabled, credentials_version
		FROM users WHERE username_key = $1 AND disabled = 0 AND deleted_at IS NULL`, key).
		Scan(&u.ID, &u.Name, &u.PasswordHash, &u.Role, &u.Disabled, &u.CredentialsVersion)
	if err != nil {
		return u, fmt.Errorf("find user: %w", notFound(err))
	}
	u.SessionID = sessionIDOf(u.Name)
	return u, nil
}

// Account is a signed-in user with the quota session, read in one go.
type Account struct {
	User
	Quota Quota
}

// The casts change nothing in the answer. Without them SQLite plans by the
// value of each bound integer and compiles the statement again at every use,
// which takes five times as long as running it.
const accountQuery = `
	SELECT u.id, u.username, u.role, u.credentials_version,
	       s.session_id, s.videos_count, s.duration_ms,
	       s.max_videos, s.max_duration_ms, s.max_file_bytes
	FROM users u LEFT JOIN quota_sessions s ON s.user_id = u.id
	WHERE u.id = CAST($1 AS INTEGER) AND u.credentials_version = CAST($2 AS INTEGER)
	  AND u.disabled = 0 AND u.deleted_at IS NULL
	  AND NOT EXISTS (SELECT 1 FROM revocations r WHERE r.token_id = $3)`

type accountKey struct {
	userID, credentialsVersion int64
	tokenID                    string
}

// SignedIn returns the account that a token or login session stands for.
// ErrNotFound when the user is disabled or deleted, has changed the password
// since, or the token was revoked. A quota session that is missing is made.
func (d *DB) SignedIn(ctx context.Context, userID, credentialsVersion int64, tokenID string) (Account, error) {
	key := accountKey{userID, credentialsVersion, tokenID}
	return d.accounts.get(key, func() (Account, error) { return d.readAccount(ctx, key) })
}

func (d *DB) readAccount(ctx context.Context, key accountKey) (Account, error) {
	var a Account
	var session sql.NullString
	var videos, duration sql.NullInt64
	var own OwnLimits
	var most *int64
	err := d.account.QueryRowContext(ctx, key.userID, key.credentialsVersion, key.tokenID).
		Scan(&a.ID, &a.Name, &a.Role, &a.CredentialsVersion, &session, &videos, &duration,
			&own.Videos, &most, &own.FileBytes)
	if err != nil {
		return a, fmt.Errorf("read account: %w", notFound(err))
	}
	a.SessionID = sessionIDOf(a.Name)
	if !session.Valid {
		if err := d.createSession(ctx, a.ID, a.SessionID); err != nil {
			return a, err
		}
	}
	own.Duration = durationOfPointer(most)
	a.Quota = Quota{
		SessionID: a.SessionID,
		Usage:     Usage{Videos: videos.Int64, Duration: durationOf(duration.Int64)},
		Limits:    own.over(d.defaults),
	}
	return a, nil
}

// sessionIDOf is the owner's rule: the quota session is keyed by the name.
func sessionIDOf(username string) string { return "user_" + username }

// Revoke ends a token or login session before its time, which is at expires.
func (d *DB) Revoke(ctx context.Context, tokenID string, expires time.Time) error {
	return d.write(ctx, "revoke token", func(tx *sql.Tx) error {
		return d.revoke(ctx, tx, tokenID, expires.UnixMilli())
	})
}

func (d *DB) revoke(ctx context.Context, tx *sql.Tx, tokenID string, expires int64) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM sign_ins WHERE id = $1", tokenID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO revocations (token_id, expires_at) VALUES ($1, $2)
		ON CONFLICT (token_id) DO NOTHING`, tokenID, expires)
	return err
}
