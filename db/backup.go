package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// ErrNotABackup refuses a file that is no sound database of ours.
var ErrNotABackup = errors.New("not a sound database of gensubtitle")

// backupStep is how many pages are copied at once, 4 MB: between two steps the
// progress is told, and the copying can be given up.
const backupStep = 1000

// Backup copies the database at from, as it is at one moment, over the empty
// file at to and makes sure that the copy is sound; progress hears of the pages
// copied. Nothing at from changes, not even an older schema, and its writers
// never wait.
//
// SQLite's online backup starts again whenever somebody else writes between two
// of its steps, so beside a busy server it might never end. Hence it runs within
// a reading transaction, which holds one state of the database until all is
// copied; in WAL mode that keeps nobody from writing. VACUUM INTO reads one
// state too, but it builds every index anew and cannot tell how far it is.
func Backup(ctx context.Context, from, to string, progress func(done, total int)) error {
	err := checkVersion(ctx, from)
	if err == nil {
		err = copyPages(ctx, from, to, progress)
	}
	if err == nil {
		err = checkBackup(ctx, to)
	}
	if err != nil {
		return fmt.Errorf("back up the database: %w", classify(err))
	}
	return nil
}

func copyPages(ctx context.Context, from, to string, progress func(done, total int)) (err error) {
	source, err := openOne(ctx, dsn(from, "mode=rw&"+readerOptions))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	// The copy is nothing until it is whole, so it needs no journal.
	target, err := openOne(ctx, dsn(to, "mode=rw&_journal_mode=OFF&_synchronous=OFF"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := source.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	var tables int
	if err := source.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	return target.Raw(func(target any) error {
		return source.Raw(func(source any) error {
			b, err := target.(*sqlite3.SQLiteConn).Backup("main", source.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			return errors.Join(runBackup(ctx, b, progress), b.Finish())
		})
	})
}

func runBackup(ctx context.Context, b *sqlite3.SQLiteBackup, progress func(done, total int)) error {
	for {
		done, err := b.Step(backupStep)
		if err != nil {
			return err
		}
		progress(b.PageCount()-b.Remaining(), b.PageCount())
		if done {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// oneConn is a connection with a pool of its own.
type oneConn struct {
	*sql.Conn
	pool *sql.DB
}

func openOne(ctx context.Context, dsn string) (*oneConn, error) {
	pool, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &oneConn{conn, pool}, nil
}

func (c *oneConn) Close() error { return errors.Join(c.Conn.Close(), c.pool.Close()) }

// checkBackup makes sure that a file which nobody uses is a sound database of
// ours whose schema we know. It leaves nothing beside the file.
func checkBackup(ctx context.Context, path string) (err error) {
	conn, err := openOne(ctx, dsn(path, "mode=ro&immutable=1"))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotABackup, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var found string
	if err := conn.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("%w: %w", ErrNotABackup, err)
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", ErrNotABackup, strings.ReplaceAll(found, "\n", " "))
	}
	var tables int
	if err := conn.QueryRowContext(ctx, `
		SELECT count(*) FROM sqlite_schema
		WHERE type = 'table' AND name IN ('users', 'quota_sessions', 'videos', 'events', 'goose_db_version')`).Scan(&tables); err != nil {
		return err
	}
	if tables != 5 {
		return fmt.Errorf("%w: another program's", ErrNotABackup)
	}
	if err := conn.checkVersion(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotABackup, err)
	}
	return nil
}
