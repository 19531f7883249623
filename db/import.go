package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// stagingSchema is that of a nameless database, which SQLite keeps in the
// folder for temporary files and removes by itself, however the process ends.
// It has no journal, since nobody needs half of it.
const stagingSchema = `
	ATTACH DATABASE '' AS staging;
	PRAGMA staging.journal_mode = OFF;
	CREATE TABLE staging.loaded (
		line INTEGER PRIMARY KEY, username TEXT, username_key TEXT, password_hash TEXT, role TEXT,
		videos_count INTEGER, duration_ms INTEGER, disabled INTEGER, deleted INTEGER,
		max_videos INTEGER, max_duration_ms INTEGER, max_file_bytes INTEGER);
	CREATE TABLE staging.refused (line INTEGER PRIMARY KEY, username TEXT, reason TEXT);`

// importColumns are those of loaded and of sorted.
const importColumns = "line, username, username_key, password_hash, role, videos_count, duration_ms, " +
	"disabled, deleted, max_videos, max_duration_ms, max_file_bytes"

// Import is how many users at once come in from elsewhere. What it is given
// waits in a database of its own, beside which everybody may go on writing; all
// checks and all sorting happen there, so that Apply only has to copy. It is
// for one goroutine and holds the writing connection until it is closed.
type Import struct {
	db     *DB
	conn   *sql.Conn
	add    *sql.Stmt
	refuse *sql.Stmt
}

// ImportedUser is a user who comes in from elsewhere.
type ImportedUser struct {
	Line         int64 // of the file, to tell it by
	Name         string
	Key          string
	PasswordHash string // empty: may not sign in until a password is set
	Role         Role
	Usage        Usage
	Own          OwnLimits
	Disabled     bool
	Deleted      bool // keeps the name taken, and what was used
}

// RefusedUser is a line of the file that cannot be taken.
type RefusedUser struct {
	Line   int64
	Name   string
	Reason string
}

// BeginImport makes room for users to wait in.
func (d *DB) BeginImport(ctx context.Context) (*Import, error) {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin import: %w", classify(err))
	}
	i := &Import{db: d, conn: conn}
	if err := i.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("begin import: %w", classify(err)), i.Close())
	}
	return i, nil
}

func (i *Import) begin(ctx context.Context) error {
	if _, err := i.conn.ExecContext(ctx, stagingSchema); err != nil {
		return err
	}
	var err error
	if i.add, err = i.conn.PrepareContext(ctx, `
		INSERT INTO staging.loaded (`+importColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`); err != nil {
		return err
	}
	if i.refuse, err = i.conn.PrepareContext(ctx, `
		INSERT INTO staging.refused (line, username, reason) VALUES ($1, $2, $3)`); err != nil {
		return err
	}
	return i.open(ctx)
}

// open begins a transaction that locks nothing but what it writes, which is
// the staging database alone: not one of BeginTx, which would lock all.
func (i *Import) open(ctx context.Context) error {
	_, err := i.conn.ExecContext(ctx, "BEGIN DEFERRED")
	return err
}

// Add has a user wait.
func (i *Import) Add(ctx context.Context, u ImportedUser) error {
	_, err := i.add.ExecContext(ctx, u.Line, u.Name, u.Key, u.PasswordHash, u.Role, u.Usage.Videos, u.Usage.Duration.Milliseconds(),
		u.Disabled, u.Deleted, u.Own.Videos, milliseconds(u.Own.Duration), u.Own.FileBytes)
	if err != nil {
		return fmt.Errorf("keep line %d: %w", u.Line, classify(err))
	}
	return nil
}

// Refuse notes a line that cannot be taken.
func (i *Import) Refuse(ctx context.Context, r RefusedUser) error {
	if _, err := i.refuse.ExecContext(ctx, r.Line, r.Name, r.Reason); err != nil {
		return fmt.Errorf("note line %d: %w", r.Line, classify(err))
	}
	return nil
}

// Settle ends the adding. It refuses names that come twice or that somebody
// has, and sorts the others, since tables and indexes grow fastest in order.
func (i *Import) Settle(ctx context.Context) error {
	for _, statement := range []string{
		"CREATE TABLE staging.sorted (n INTEGER PRIMARY KEY, " + importColumns + ")",
		"INSERT INTO staging.sorted (" + importColumns + ") SELECT " + importColumns + " FROM staging.loaded ORDER BY username_key, line",
		"DROP TABLE staging.loaded",
		`INSERT INTO staging.refused (line, username, reason)
			SELECT b.line, b.username, 'the name is that of line ' || a.line || ' as well'
			FROM staging.sorted b CROSS JOIN staging.sorted a ON a.n = b.n - 1 AND a.username_key = b.username_key`,
		refuseTaken,
		removeRefused,
		"COMMIT",
	} {
		if _, err := i.conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("sort the import: %w", classify(err))
		}
	}
	return nil
}

const (
	// The join must begin with those who wait: that many names are looked for.
	refuseTaken = `
		INSERT INTO staging.refused (line, username, reason)
		SELECT s.line, s.username, 'the name is taken'
		FROM staging.sorted s CROSS JOIN main.users u ON u.username_key = s.username_key
		WHERE true ON CONFLICT (line) DO NOTHING`
	removeRefused = "DELETE FROM staging.sorted WHERE line IN (SELECT line FROM staging.refused)"
)

// Counts are how many users wait and how many lines were refused.
func (i *Import) Counts(ctx context.Context) (waiting, refused int64, err error) {
	err = i.conn.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM staging.sorted), (SELECT count(*) FROM staging.refused)").
		Scan(&waiting, &refused)
	if err != nil {
		err = fmt.Errorf("count the import: %w", classify(err))
	}
	return waiting, refused, err
}

// Refused goes through the refused lines in order. An error is the last pair.
func (i *Import) Refused(ctx context.Context) iter.Seq2[RefusedUser, error] {
	return func(yield func(RefusedUser, error) bool) {
		rows, err := i.conn.QueryContext(ctx, "SELECT line, username, reason FROM staging.refused ORDER BY line")
		if err != nil {
			yield(RefusedUser{}, fmt.Errorf("list refused lines: %w", classify(err)))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var r RefusedUser
			if err := rows.Scan(&r.Line, &r.Name, &r.Reason); err != nil {
				yield(r, fmt.Errorf("list refused lines: %w", classify(err)))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(RefusedUser{}, fmt.Errorf("list refused lines: %w", classify(err)))
		}
	}
}

// MoveTo copies waiting and refused rows into an import of another database.
func (i *Import) MoveTo(ctx context.Context, other *Import) error {
	if err := i.move(ctx, other); err != nil {
		return fmt.Errorf("move the import: %w", classify(err))
	}
	return nil
}

func (i *Import) move(ctx context.Context, other *Import) error {
	for _, part := range []struct {
		query string
		into  *sql.Stmt
		width int
	}{
		{"SELECT " + importColumns + " FROM staging.sorted ORDER BY n", other.add, 12},
		{"SELECT line, username, reason FROM staging.refused", other.refuse, 3},
	} {
		rows, err := i.conn.QueryContext(ctx, part.query)
		if err != nil {
			return err
		}
		values, places := make([]any, part.width), make([]any, part.width)
		for n := range values {
			places[n] = &values[n]
		}
		for rows.Next() {
			if err := rows.Scan(places...); err != nil {
				return errors.Join(err, rows.Close())
			}
			if _, err := part.into.ExecContext(ctx, values...); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Apply makes users of those who wait, atOnce of them in a transaction, and
// all in one where that is 0. What they used and their own limits are entries of
// the ledger, of the actor and for the reason given. It returns the longest time
// for which it kept others from writing. A name that was taken since Settle is refused where
// there are many transactions, and otherwise ends it with ErrUsernameTaken,
// nobody having come in.
func (i *Import) Apply(ctx context.Context, actor, reason string, atOnce int64, progress func(done int64)) (longest time.Duration, err error) {
	var last int64
	if err := i.conn.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM staging.sorted").Scan(&last); err != nil {
		return 0, fmt.Errorf("import users: %w", classify(err))
	}
	if atOnce == 0 {
		return i.copy(ctx, batch{1, math.MaxInt64, actor, reason})
	}
	for first := int64(1); first <= last; first += atOnce {
		b := batch{first, first + atOnce - 1, actor, reason}
		took, err := i.copy(ctx, b)
		if errors.Is(err, ErrUsernameTaken) {
			if err = i.refuseTaken(ctx); err == nil {
				took, err = i.copy(ctx, b)
			}
		}
		longest = max(longest, took)
		if err != nil {
			return longest, err
		}
		progress(min(b.last, last))
	}
	return longest, nil
}

func (i *Import) refuseTaken(ctx context.Context) error {
	for _, statement := range []string{refuseTaken, removeRefused} {
		if _, err := i.conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("refuse taken names: %w", classify(err))
		}
	}
	return nil
}

// batch is those who come in in one transaction.
type batch struct {
	first, last   int64
	actor, reason string
}

// copy lets a batch in.
func (i *Import) copy(ctx context.Context, b batch) (took time.Duration, err error) {
	var began time.Time
	err = i.db.writeOn(ctx, i.conn, "import users", func(tx *sql.Tx) error {
		began = time.Now()
		return b.insert(ctx, tx, i.db.nowMillis())
	})
	return time.Since(began), err
}

func (b batch) insert(ctx context.Context, tx *sql.Tx, now int64) error {
	var most int64 // of the ids
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM main.users").Scan(&most); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO main.users (id, username, username_key, password_hash, role, created_at, updated_at, disabled, deleted_at)
		SELECT $1 + n - $2 + 1, username, username_key, password_hash, role, $3, $3, disabled, CASE WHEN deleted THEN $3 END
		FROM staging.sorted WHERE n BETWEEN $2 AND $4 ORDER BY n`, most, b.first, now, b.last)
	if isUniqueViolation(err) {
		return ErrUsernameTaken
	}
	if err != nil {
		return err
	}
	if err := indexNames(ctx, tx, most); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO main.quota_sessions (session_id, user_id, videos_count, duration_ms, created_at, updated_at,
			max_videos, max_duration_ms, max_file_bytes)
		SELECT 'user_' || username, $1 + n - $2 + 1, videos_count, duration_ms, $3, $3, max_videos, max_duration_ms, max_file_bytes
		FROM staging.sorted WHERE n BETWEEN $2 AND $4 ORDER BY n`, most, b.first, now, b.last); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO main.events (session_id, kind, actor, reason, videos_delta, duration_delta_ms,
			max_videos, max_duration_ms, max_file_bytes, created_at)
		SELECT 'user_' || username, 'limits', $1, $2, 0, 0, max_videos, max_duration_ms, max_file_bytes, $3
		FROM staging.sorted
		WHERE n BETWEEN $4 AND $5 AND coalesce(max_videos, max_duration_ms, max_file_bytes) IS NOT NULL ORDER BY n`,
		b.actor, b.reason, now, b.first, b.last); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO main.events (session_id, kind, actor, reason, videos_delta, duration_delta_ms, created_at)
		SELECT 'user_' || username, 'correction', $1, $2, videos_count, duration_ms, $3
		FROM staging.sorted WHERE n BETWEEN $4 AND $5 AND (videos_count > 0 OR duration_ms > 0) ORDER BY n`,
		b.actor, b.reason, now, b.first, b.last)
	return err
}

// Close forgets what has not come in.
func (i *Import) Close() error {
	var errs []error
	for _, s := range []*sql.Stmt{i.add, i.refuse} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	// The connection may be reused, so that all is put back; an interrupted
	// import may have nothing to roll back or to detach.
	_, _ = i.conn.ExecContext(context.Background(), "ROLLBACK")
	_, _ = i.conn.ExecContext(context.Background(), "DETACH DATABASE staging")
	return errors.Join(append(errs, i.conn.Close())...)
}
