package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	// patience is how long a write waits to begin, for others of this process
	// and for other processes together. A transaction that has begun is not cut.
	patience = 4500 * time.Millisecond
	// leastPatience is left to a request that has waited long enough.
	leastPatience = 50 * time.Millisecond
	// beginPause is between two tries to begin. SQLite itself also waits.
	beginPause = 5 * time.Millisecond
)

// Write is what became of a write transaction.
type Write struct {
	What   string        // one of a few names
	Waited time.Duration // for other writers
	Took   time.Duration // with the waiting
	Err    error
}

type waitedKey struct{}

// WithPatience returns a context for one request: however many writes it makes,
// they wait no longer together than a single one may.
func WithPatience(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitedKey{}, new(atomic.Int64))
}

// Waited notes that a request has waited for the writes of others by itself.
func Waited(ctx context.Context, took time.Duration) {
	if waited, ok := ctx.Value(waitedKey{}).(*atomic.Int64); ok {
		waited.Add(int64(took))
	}
}

// patienceOf is how long the next write of a request may wait.
func (d *DB) patienceOf(ctx context.Context) time.Duration {
	left := d.patience
	if waited, ok := ctx.Value(waitedKey{}).(*atomic.Int64); ok {
		left -= time.Duration(waited.Load())
	}
	return max(left, leastPatience)
}

// write runs f in one transaction and says in an error what was being done. On
// a full disk f may run twice, the first time to no effect.
func (d *DB) write(ctx context.Context, what string, f func(*sql.Tx) error) error {
	return d.writeOn(ctx, nil, what, f)
}

// writeOn is write on the writing connection, for one who holds it.
func (d *DB) writeOn(ctx context.Context, conn *sql.Conn, what string, f func(*sql.Tx) error) error {
	return d.observed(ctx, conn, what, f, d.commits.add)
}

// writeUncounted is write for changes to data that no cache holds.
func (d *DB) writeUncounted(ctx context.Context, what string, f func(*sql.Tx) error) error {
	return d.observed(ctx, nil, what, f, func() {})
}

func (d *DB) observed(ctx context.Context, conn *sql.Conn, what string, f func(*sql.Tx) error, committed func()) error {
	start := time.Now()
	waited, err := d.transact(ctx, conn, f, committed)
	if errors.Is(classify(err), ErrStorageFull) && d.makeRoom() {
		waited, err = d.transact(ctx, conn, f, committed)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", what, classify(err))
	}
	d.observe(Write{What: what, Waited: waited, Took: time.Since(start), Err: err})
	return err
}

// transact also returns how long it waited to begin. Without a connection it
// waits for the one there is.
func (d *DB) transact(ctx context.Context, conn *sql.Conn, f func(*sql.Tx) error, committed func()) (waited time.Duration, err error) {
	start := time.Now()
	until := start.Add(d.patienceOf(ctx))
	if conn == nil {
		if conn, err = d.writingConn(ctx, until); err != nil {
			Waited(ctx, time.Since(start))
			return time.Since(start), fmt.Errorf("begin: %w", err)
		}
		defer conn.Close()
	}
	tx, err := begin(ctx, conn, until)
	waited = time.Since(start)
	Waited(ctx, waited)
	if err != nil {
		return waited, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // Rolls back if f panics.
	if err := f(tx); err != nil {
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
		return waited, err
	}
	err = tx.Commit()
	committed() // Whatever it says: a failed commit may have happened.
	if err != nil {
		return waited, fmt.Errorf("commit: %w: %w", ErrUncertain, err)
	}
	return waited, nil
}

// writingConn waits for the writing connection.
func (d *DB) writingConn(ctx context.Context, until time.Time) (*sql.Conn, error) {
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	conn, err := d.writer.Conn(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: others wrote for too long", ErrUnavailable)
	}
	return conn, err
}

// begin waits while another process writes. SQLite's busy timeout honours neither
// a deadline nor ctx.
func begin(ctx context.Context, conn *sql.Conn, until time.Time) (*sql.Tx, error) {
	for {
		tx, err := conn.BeginTx(ctx, nil)
		var busy sqlite3.Error
		if !errors.As(err, &busy) || busy.Code != sqlite3.ErrBusy || !time.Now().Before(until) {
			return tx, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(beginPause):
		}
	}
}
