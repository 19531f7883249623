package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SignInKind is what somebody is signed in with.
type SignInKind string

// The kinds there are.
const (
	BrowserSignIn SignInKind = "browser" // a login session's cookie
	TokenSignIn   SignInKind = "token"   // the token that a login gave to a script
)

// maxSignIns is how many sign-ins of a user are kept for them to see. Whatever
// is signed in beyond those goes on, until EndOtherSignIns ends it too.
const maxSignIns = 100

// graceTime is how long what has expired is kept. A clock that ran ahead and was
// set back makes it valid again: a token that was revoked must not be.
const graceTime = 30 * 24 * time.Hour

// SignIn is one place where a user is signed in.
type SignIn struct {
	ID                 string // of the token or login session
	UserID             int64
	CredentialsVersion int64
	Kind               SignInKind
	UserAgent          string
	Address            string
	CreatedAt          time.Time // set by RecordSignIn
	LastSeenAt         time.Time // set by RecordSignIn
	ExpiresAt          time.Time // the latest moment at which it ends
}

// RecordSignIn keeps a sign-in for the user to see.
func (d *DB) RecordSignIn(ctx context.Context, s SignIn) error {
	return d.write(ctx, "record sign-in", func(tx *sql.Tx) error {
		now := d.nowMillis()
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO sign_ins (id, user_id, credentials_version, kind, user_agent, address, created_at, last_seen_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			s.ID, s.UserID, s.CredentialsVersion, s.Kind, s.UserAgent, s.Address, now, now, s.ExpiresAt.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sign_ins WHERE user_id = $1 AND id NOT IN (
				SELECT id FROM sign_ins WHERE user_id = $2 ORDER BY last_seen_at DESC, created_at DESC LIMIT $3)`,
			s.UserID, s.UserID, maxSignIns)
		return err
	})
}

// SignIns lists where a user is signed in, the last seen first. A browser that
// was not seen after browserSince has ended for lack of use.
func (d *DB) SignIns(ctx context.Context, userID int64, browserSince time.Time) ([]SignIn, error) {
	const what = "list sign-ins"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT s.id, s.user_id, s.credentials_version, s.kind, s.user_agent, s.address, s.created_at, s.last_seen_at, s.expires_at
		FROM sign_ins s JOIN users u ON u.id = s.user_id AND u.credentials_version = s.credentials_version
		WHERE s.user_id = $1 AND s.expires_at > $2 AND (s.kind = 'token' OR s.last_seen_at > $3)
		ORDER BY s.last_seen_at DESC, s.created_at DESC`, userID, d.nowMillis(), browserSince.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, func(row scanner) (SignIn, error) {
		var s SignIn
		var created, seen, expires int64
		err := row.Scan(&s.ID, &s.UserID, &s.CredentialsVersion, &s.Kind, &s.UserAgent, &s.Address, &created, &seen, &expires)
		s.CreatedAt, s.LastSeenAt, s.ExpiresAt = timeOf(created), timeOf(seen), timeOf(expires)
		return s, err
	})
}

// EndSignIn ends one sign-in of a user, or returns ErrNotFound.
func (d *DB) EndSignIn(ctx context.Context, userID int64, id string) error {
	return d.write(ctx, "end sign-in", func(tx *sql.Tx) error {
		var expires int64
		err := tx.QueryRowContext(ctx, "SELECT expires_at FROM sign_ins WHERE id = $1 AND user_id = $2", id, userID).Scan(&expires)
		if err != nil {
			return notFound(err)
		}
		return d.revoke(ctx, tx, id, expires)
	})
}

// EndOtherSignIns ends every sign-in of a user, also those that were never
// recorded. Personal tokens go on. The caller, who showed the version, gets the
// new one to sign in again with; ErrSignedOut when it is not the user's any more.
func (d *DB) EndOtherSignIns(ctx context.Context, userID, credentialsVersion int64) (newVersion int64, err error) {
	newVersion = credentialsVersion + 1
	err = d.write(ctx, "end other sign-ins", func(tx *sql.Tx) error {
		if err := d.nextVersion(ctx, tx, userID, credentialsVersion); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE api_tokens SET credentials_version = $1 WHERE user_id = $2 AND credentials_version = $3`,
			newVersion, userID, credentialsVersion)
		return err
	})
	return newVersion, err
}

// ChangePassword gives a user another password, which ends every sign-in and
// personal token. Otherwise it is like EndOtherSignIns: of two changes that go
// by the same version, one is too late.
func (d *DB) ChangePassword(ctx context.Context, userID, credentialsVersion int64, hash string) (newVersion int64, err error) {
	err = d.write(ctx, "change password", func(tx *sql.Tx) error {
		if err := d.nextVersion(ctx, tx, userID, credentialsVersion); err != nil {
			return err
		}
		return oneRow(tx.ExecContext(ctx, "UPDATE users SET password_hash = $1 WHERE id = $2", hash, userID))
	})
	return credentialsVersion + 1, err
}

// nextVersion counts the credentials' version of a user up from the given one.
func (d *DB) nextVersion(ctx context.Context, tx *sql.Tx, userID, version int64) error {
	err := oneRow(tx.ExecContext(ctx, `
		UPDATE users SET credentials_version = credentials_version + 1, updated_at = $1
		WHERE id = $2 AND credentials_version = $3 AND disabled = 0 AND deleted_at IS NULL`,
		d.nowMillis(), userID, version))
	return signedOut(err)
}

// Seen notes when sign-ins and personal tokens, by their ids, were last used.
func (d *DB) Seen(ctx context.Context, at map[string]time.Time) error {
	if len(at) == 0 {
		return nil
	}
	return d.write(ctx, "note what was used", func(tx *sql.Tx) error {
		for id, when := range at {
			for _, statement := range []string{
				"UPDATE sign_ins SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $3",
				"UPDATE api_tokens SET last_used_at = $1 WHERE id = $2 AND coalesce(last_used_at, 0) < $3",
			} {
				if _, err := tx.ExecContext(ctx, statement, when.UnixMilli(), id, when.UnixMilli()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// DropEnded forgets the sign-ins, personal tokens and revocations that expired
// more than graceTime ago, those that were ended by a change of the user, and the
// keys of requests that are a day old.
func (d *DB) DropEnded(ctx context.Context) error {
	return d.write(ctx, "forget what has ended", func(tx *sql.Tx) error {
		expired := d.now().Add(-graceTime).UnixMilli()
		if _, err := tx.ExecContext(ctx, "DELETE FROM revocations WHERE expires_at < $1", expired); err != nil {
			return err
		}
		for _, table := range []string{"sign_ins", "api_tokens"} {
			if _, err := tx.ExecContext(ctx, `
				DELETE FROM `+table+` WHERE expires_at < $1 OR NOT EXISTS (
					SELECT 1 FROM users u WHERE u.id = user_id AND u.credentials_version = `+table+`.credentials_version
					  AND u.deleted_at IS NULL)`, expired); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM idempotency_keys WHERE created_at <= $1", d.keysSince())
		return err
	})
}
