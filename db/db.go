// Package db keeps everything gensubtitle must never forget: users, their
// quota sessions, videos and the ledger. It holds every SQL statement of the
// project.
//
// An exported method owns its transaction. Writes go through one connection
// that begins immediately, so two writers never meet SQLITE_BUSY half-way;
// reads have a pool of their own and see the last committed state (WAL).
package db

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"gensubtitle/internal/datadir"
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
	writerOptions = "_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1"
	// A write of the service waits in small steps, until its own deadline.
	servingOptions = writerOptions + "&_busy_timeout=50"
	openingOptions = writerOptions + "&_busy_timeout=5000"
	readerOptions  = "_query_only=1&_busy_timeout=5000"
	readers        = 8
)

// Options say where the database is and what the installation allows.
type Options struct {
	Path     string           // the database file, made when it is missing
	Driver   string           // that database/sql knows; "" for SQLite's
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

// DB is safe for use by many goroutines, and beside other processes.
type DB struct {
	writer   *sql.DB
	reader   *sql.DB
	defaults Limits
	now      func() time.Time
	account  *sql.Stmt // the one query of nearly every request
	token    *sql.Stmt // the one before it where a personal token is shown
	accounts *cache[accountKey, Account]
	tokens   *cache[string, APIToken] // by hash
	shares   *cache[struct{}, map[string]lineShare]
	commits  *commits
	observe  func(Write)
	webhooks bool
	patience time.Duration // patience, less in tests
	reach    int64         // searchReach, less in tests

	maxReserved int64
	makeRoom    func() bool
}

// Open opens the database and brings its schema up to date. One that a newer
// program has made is ErrNewer.
func Open(ctx context.Context, o Options) (*DB, error) {
	d, err := openDB(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", o.Path, err)
	}
	return d, nil
}

func openDB(ctx context.Context, o Options) (*DB, error) {
	driver := cmp.Or(o.Driver, "sqlite3")
	opening, err := sql.Open(driver, dsn(o.Path, openingOptions))
	if err != nil {
		return nil, err
	}
	// Closed once the others are open: a last connection that closes keeps
	// everybody out for a moment.
	defer opening.Close()
	opening.SetMaxOpenConns(1)
	if err := migrate(ctx, opening, o.Path); err != nil {
		return nil, err
	}
	writer, err := sql.Open(driver, dsn(o.Path, servingOptions))
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader, err := sql.Open(driver, dsn(o.Path, readerOptions))
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	d := &DB{
		writer: writer, reader: reader, defaults: o.Defaults, now: o.Now, webhooks: o.Webhooks,
		patience: patience, reach: searchReach, maxReserved: o.MaxReserved, makeRoom: o.MakeRoom,
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
	if d.accounts, err = newCache[accountKey, Account](d.commits, d.now); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.tokens, err = newCache[string, APIToken](d.commits, d.now); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.shares, err = newCache[struct{}, map[string]lineShare](d.commits, d.now); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func dsn(path, options string) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: options}).String()
}

// migrate applies what is missing, one process at a time: goose looks first
// and applies afterwards, so two that start together would both apply. SQLite
// makes what belongs to the database after the file of the database itself.
func migrate(ctx context.Context, opening *sql.DB, path string) error {
	gate, err := lockFile(path+".migrating", 0)
	if err != nil {
		return fmt.Errorf("wait for other processes to migrate: %w", err)
	}
	defer gate.Close()
	if err := checkVersion(ctx, path); err != nil {
		return err
	}
	if err := datadir.Touch(path); err != nil {
		return err
	}
	provider, err := newProvider(opening)
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
	return d.writeUncounted(ctx, "try a write", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE users SET id = id WHERE id = 0")
		return err
	})
}

// read runs f over one state of the database and says in an error what was
// being done.
func (d *DB) read(ctx context.Context, what string, f func(*sql.Tx) error) error {
	tx, err := d.reader.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: begin: %w", what, classify(err))
	}
	defer func() { _ = tx.Rollback() }() // Rolls back if f panics.
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

// scanner is a row, of one or of many.
type scanner interface{ Scan(...any) error }

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
	// ErrUncertain says, beside what failed, that a write may have happened all the same.
	ErrUncertain = errors.New("outcome of the commit is unknown")
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
// second, since a lost login session only means to sign in again. Their writes
// take a moment, so nobody waits for long.
func LoginsDSN(path string) string {
	return dsn(path, "_busy_timeout=1000&_journal_mode=WAL&_synchronous=NORMAL&_txlock=immediate")
}
