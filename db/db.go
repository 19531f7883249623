// Package db keeps everything gensubtitle must never forget: users, their
// quota sessions, videos and the ledger. It holds every SQL statement of the
// project.
//
// An exported method owns its transaction. Writes go through one connection
// that begins immediately, so two writers never meet SQLITE_BUSY half-way;
// reads have a pool of their own and see the last committed state (WAL).
package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNotFound says that no row has the name or id that was asked for.
var ErrNotFound = errors.New("not found")

// What belongs to the databases in a data directory.
const (
	FileName      = "gensubtitle.db"
	LoginsName    = "logins.db" // the login sessions of browsers
	ProcessesName = "processes" // the folder of the lock files
)

const (
	writerOptions = "_txlock=immediate&_busy_timeout=5000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1"
	readerOptions = "_query_only=1&_busy_timeout=5000"
	readers       = 8
)

// Options say where the database is and what the installation allows.
type Options struct {
	Path     string           // the database file, made when it is missing
	Defaults Limits           // for quota sessions without limits of their own
	Now      func() time.Time // nil: time.Now
	Observe  func(Write)      // called after each write transaction, unless nil
	Webhooks bool             // whether there is a webhook to tell of what happens
	// MaxReserved is how many bytes of the disk the unfinished uploads of one
	// session may hold; 0: no limit.
	MaxReserved int64
	// MakeRoom is asked for room when the disk has none for a write, which is
	// tried once more where there is some then; nil: there never is.
	MakeRoom func() bool
}

// Write is what became of a write transaction.
type Write struct {
	What   string        // one of a few names
	Waited time.Duration // for other writers
	Took   time.Duration // with the waiting
	Err    error
}

// DB is safe for use by many goroutines, and beside other processes.
type DB struct {
	writer   *sql.DB
	reader   *sql.DB
	defaults Limits
	now      func() time.Time
	account  *sql.Stmt // the one query of nearly every request
	token    *sql.Stmt // the one before it where a personal token is shown
	accounts *memory[accountKey, Account]
	tokens   *memory[string, APIToken] // by hash
	commits  *commits
	observe  func(Write)
	webhooks bool
	reach    int64 // searchReach, less in tests

	maxReserved int64
	makeRoom    func() bool
}

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	writer, err := sql.Open("sqlite3", dsn(o.Path, writerOptions))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", o.Path, err)
	}
	writer.SetMaxOpenConns(1)
	if err := migrate(ctx, writer, o.Path); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", o.Path, err), writer.Close())
	}
	reader, err := sql.Open("sqlite3", dsn(o.Path, readerOptions))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s for reading: %w", o.Path, err), writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	d := &DB{
		writer: writer, reader: reader, defaults: o.Defaults, now: o.Now, webhooks: o.Webhooks, reach: searchReach,
		maxReserved: o.MaxReserved, makeRoom: o.MakeRoom,
	}
	if d.makeRoom == nil {
		d.makeRoom = func() bool { return false }
	}
	if d.observe = o.Observe; d.observe == nil {
		d.observe = func(Write) {}
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.account, err = reader.PrepareContext(ctx, accountQuery); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the account query: %w", err), d.Close())
	}
	if d.token, err = reader.PrepareContext(ctx, apiTokenQuery); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the token query: %w", err), d.Close())
	}
	if d.commits, err = openCommits(o.Path + ".commits"); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.accounts, err = newMemory[accountKey, Account](d.commits, d.now); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.tokens, err = newMemory[string, APIToken](d.commits, d.now); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func dsn(path, options string) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: options}).String()
}

// migrate applies what is missing, one process at a time: goose looks first
// and applies afterwards, so two that start together would both apply.
func migrate(ctx context.Context, writer *sql.DB, path string) error {
	gate, err := lockFile(path+".migrating", os.O_CREATE, 0)
	if err != nil {
		return fmt.Errorf("wait for other processes to migrate: %w", err)
	}
	defer gate.Close()
	provider, err := newProvider(writer)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	// goose leaves up to 16 MB in a pool, which only two collections empty: a
	// quarter of what the whole process may take later.
	runtime.GC()
	debug.FreeOSMemory()
	return nil
}

func newProvider(writer *sql.DB) (*goose.Provider, error) {
	sources, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, writer, sources)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// Close closes both pools; a checkpoint happens with the last connection.
func (d *DB) Close() error {
	var errs []error
	for _, s := range []*sql.Stmt{d.account, d.token} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, d.reader.Close(), d.writer.Close())...)
}

// Ready reports whether the database can be read and written.
func (d *DB) Ready(ctx context.Context) error {
	if _, err := d.reader.ExecContext(ctx, "SELECT count(*) FROM users WHERE id = 0"); err != nil {
		return fmt.Errorf("read the database: %w", classify(err))
	}
	return d.write(ctx, "try a write", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM revocations WHERE expires_at < $1", d.nowMillis())
		return err
	})
}

// write runs f in one transaction and says in an error what was being done. On
// a full disk f may run twice, the first time to no effect.
func (d *DB) write(ctx context.Context, what string, f func(*sql.Tx) error) error {
	return d.writeOn(ctx, d.writer, what, f)
}

// writeOn is write on the writing connection, for one who holds it.
func (d *DB) writeOn(ctx context.Context, on beginner, what string, f func(*sql.Tx) error) error {
	return d.observed(ctx, on, what, f, d.commits.add)
}

// writeUncounted is write for what changes nothing that a memory keeps: nobody
// need read again what they know.
func (d *DB) writeUncounted(ctx context.Context, what string, f func(*sql.Tx) error) error {
	return d.observed(ctx, d.writer, what, f, func() {})
}

func (d *DB) observed(ctx context.Context, on beginner, what string, f func(*sql.Tx) error, committed func()) error {
	start := time.Now()
	waited, err := transact(ctx, on, what, f, committed)
	if errors.Is(err, ErrStorageFull) && d.makeRoom() {
		waited, err = transact(ctx, on, what, f, committed)
	}
	d.observe(Write{What: what, Waited: waited, Took: time.Since(start), Err: err})
	return err
}

// transact also returns how long it waited to begin.
func transact(
	ctx context.Context, on beginner, what string, f func(*sql.Tx) error, committed func(),
) (waited time.Duration, err error) {
	start := time.Now()
	tx, err := on.BeginTx(ctx, nil)
	waited = time.Since(start)
	if err != nil {
		return waited, fmt.Errorf("%s: begin: %w", what, classify(err))
	}
	if err := f(tx); err != nil {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
		return waited, fmt.Errorf("%s: %w", what, classify(err))
	}
	err = tx.Commit()
	committed() // Whatever it says: a failed commit may have happened.
	if err != nil {
		return waited, fmt.Errorf("%s: commit: %w", what, classify(err))
	}
	return waited, nil
}

// read runs f over one state of the database and says in an error what was
// being done.
func (d *DB) read(ctx context.Context, what string, f func(*sql.Tx) error) error {
	tx, err := d.reader.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: begin: %w", what, classify(err))
	}
	err = f(tx)
	if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
		err = errors.Join(err, rollback)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, classify(err))
	}
	return nil
}

func (d *DB) nowMillis() int64 { return d.now().UnixMilli() }

// beginner is what the pool of one connection and that connection have in common.
type beginner interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}

// queryer is what a transaction and a pool have in common.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// notFound turns the driver's word for an empty answer into ErrNotFound.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return classify(err)
}

// oneRow requires that a statement changed exactly one row.
func oneRow(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return ErrNotFound
	}
	return nil
}

func timeOf(millis int64) time.Time { return time.UnixMilli(millis).UTC() }

func timeOfNull(millis sql.NullInt64) *time.Time {
	if !millis.Valid {
		return nil
	}
	t := timeOf(millis.Int64)
	return &t
}

func durationOf(millis int64) time.Duration { return time.Duration(millis) * time.Millisecond }

// What a failing database means for whoever asked.
var (
	// ErrUnavailable says that the database cannot be used now: locked by
	// others for too long, read-only, unreadable or damaged.
	ErrUnavailable = errors.New("database is unavailable")
	// ErrStorageFull says that there is no room to write.
	ErrStorageFull = errors.New("database has no room")
)

// classify adds to the driver's error what it means.
func classify(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("%w: %w", ErrStorageFull, err)
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrReadonly, sqlite3.ErrIoErr,
		sqlite3.ErrCantOpen, sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrPerm, sqlite3.ErrProtocol:
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// IsFull reports whether an error of an SQLite database, such as that of the
// login sessions, says that the disk is full.
func IsFull(err error) bool { return errors.Is(classify(err), ErrStorageFull) }

// LoginsDSN names the database file of the login sessions, which another
// library keeps: with the pragmas of ours, and slightly less care for the last
// second, since a lost login session only means to sign in again.
func LoginsDSN(path string) string {
	return dsn(path, "_busy_timeout=5000&_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
}
