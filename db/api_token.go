package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Scope is what may be done with a personal token.
type Scope string

// The scopes there are, each with all that those before it allow.
const (
	ScopeRead   Scope = "read"
	ScopeUpload Scope = "upload"
	ScopeAdmin  Scope = "admin"
)

// rank is the scope's place in their order, 0 for none of them.
func (s Scope) rank() int { return slices.Index([]Scope{ScopeRead, ScopeUpload, ScopeAdmin}, s) + 1 }

// Valid reports whether there is such a scope.
func (s Scope) Valid() bool { return s.rank() > 0 }

// Includes reports whether it allows all that another scope does.
func (s Scope) Includes(other Scope) bool { return other.Valid() && s.rank() >= other.rank() }

// MaxAPITokens is how many personal tokens a user may have at a time.
const MaxAPITokens = 50

// What refuses to make a personal token.
var (
	ErrTooManyTokens = errors.New("too many personal tokens")
	ErrNotAdmin      = errors.New("only admins may have a token for admins")
)

// APIToken is a personal token, of which nothing but the hash is kept.
type APIToken struct {
	ID                 string
	UserID             int64
	CredentialsVersion int64
	Name               string
	Hash               string
	Scope              Scope
	CreatedAt          time.Time // set by CreateAPIToken
	ExpiresAt          time.Time
	LastUsedAt         *time.Time // nil: never
}

// CreateAPIToken makes a personal token. ErrSignedOut when the version is not
// the user's any more, as after a change of the password a moment ago.
func (d *DB) CreateAPIToken(ctx context.Context, t APIToken) (APIToken, error) {
	err := d.write(ctx, "create personal token", func(tx *sql.Tx) error {
		now := d.nowMillis()
		var role Role
		err := tx.QueryRowContext(ctx, `
			SELECT role FROM users WHERE id = $1 AND credentials_version = $2 AND disabled = 0 AND deleted_at IS NULL`,
			t.UserID, t.CredentialsVersion).Scan(&role)
		if err != nil {
			return signedOut(notFound(err))
		}
		if t.Scope == ScopeAdmin && role != RoleAdmin {
			return ErrNotAdmin
		}
		var has int
		if err := tx.QueryRowContext(ctx, `
			SELECT count(*) FROM api_tokens WHERE user_id = $1 AND credentials_version = $2 AND expires_at > $3`,
			t.UserID, t.CredentialsVersion, now).Scan(&has); err != nil {
			return err
		}
		if has >= MaxAPITokens {
			return ErrTooManyTokens
		}
		t.CreatedAt = timeOf(now)
		_, err = tx.ExecContext(ctx, `
			INSERT INTO api_tokens (id, user_id, credentials_version, name, hash, scope, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			t.ID, t.UserID, t.CredentialsVersion, t.Name, t.Hash, t.Scope, now, t.ExpiresAt.UnixMilli())
		return err
	})
	return t, err
}

// signedOut turns a user who was not found with a version into ErrSignedOut.
func signedOut(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrSignedOut
	}
	return err
}

const apiTokenColumns = `t.id, t.user_id, t.credentials_version, t.name, t.hash, t.scope, t.created_at, t.expires_at, t.last_used_at`

// APITokens lists a user's personal tokens that have not ended, newest first.
func (d *DB) APITokens(ctx context.Context, userID int64) ([]APIToken, error) {
	const what = "list personal tokens"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT `+apiTokenColumns+`
		FROM api_tokens t JOIN users u ON u.id = t.user_id AND u.credentials_version = t.credentials_version
		WHERE t.user_id = $1 AND t.expires_at > $2 ORDER BY t.created_at DESC, t.id`, userID, d.nowMillis())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, scanAPIToken)
}

const apiTokenQuery = "SELECT " + apiTokenColumns + " FROM api_tokens t WHERE t.hash = $1"

// APIToken finds a personal token that has not expired by its hash, or returns
// ErrNotFound. Whether its user may still sign in with its version is for
// SignedIn to say.
func (d *DB) APIToken(ctx context.Context, hash string) (APIToken, error) {
	t, err := d.tokens.get(hash, func() (APIToken, error) {
		return scanAPIToken(d.token.QueryRowContext(ctx, hash))
	})
	if err == nil && !d.now().Before(t.ExpiresAt) {
		err = ErrNotFound
	}
	if err != nil {
		return APIToken{}, fmt.Errorf("find personal token: %w", notFound(err))
	}
	return t, nil
}

// RevokeAPIToken ends a user's personal token, or returns ErrNotFound.
func (d *DB) RevokeAPIToken(ctx context.Context, userID int64, id string) error {
	return d.write(ctx, "revoke personal token", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, "DELETE FROM api_tokens WHERE id = $1 AND user_id = $2", id, userID))
	})
}

func scanAPIToken(row scanner) (APIToken, error) {
	var t APIToken
	var created, expires int64
	var used sql.NullInt64
	err := row.Scan(&t.ID, &t.UserID, &t.CredentialsVersion, &t.Name, &t.Hash, &t.Scope, &created, &expires, &used)
	t.CreatedAt, t.ExpiresAt, t.LastUsedAt = timeOf(created), timeOf(expires), timeOfNull(used)
	return t, err
}
