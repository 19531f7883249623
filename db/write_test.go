package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// lockedBy is a database to which somebody else writes until release is called.
func lockedBy(t *testing.T, holder string, patience time.Duration) (d *DB, release func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	d = openAt(t, path)
	d.patience = patience
	switch holder {
	case "another process":
		conn, err := openSQL(t, path).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exec := func(statement string) {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		exec("BEGIN IMMEDIATE")
		return d, func() { exec("ROLLBACK"); conn.Close() }
	case "this process":
		began, end, ended := make(chan error, 1), make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- d.write(t.Context(), "take long", func(tx *sql.Tx) error {
				began <- nil
				<-end
				_, err := tx.ExecContext(t.Context(), "INSERT INTO revocations VALUES ('long', 1)")
				return err
			})
		}()
		waittest.Receive(t, began)
		return d, func() {
			close(end)
			if err := waittest.Receive(t, ended); err != nil {
				t.Errorf("a write that had begun was cut: %v", err)
			}
		}
	}
	panic(holder)
}

// TestWritersWaitTogether has many wait at once for somebody who does not end:
// all give up at about the same time, and not one after the other.
func TestWritersWaitTogether(t *testing.T) {
	t.Parallel()
	const writers, patience = 20, time.Second
	for _, holder := range []string{"another process", "this process"} {
		t.Run(holder, func(t *testing.T) {
			t.Parallel()
			d, release := lockedBy(t, holder, patience)
			ctx, cancel := context.WithTimeout(t.Context(), writers*patience)
			defer cancel()
			start := time.Now()
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() {
					if err := d.Revoke(ctx, fmt.Sprint(i), time.Now()); !errors.Is(err, ErrUnavailable) {
						t.Errorf("got %v, want %v", err, ErrUnavailable)
					}
				})
			}
			waittest.Group(t, &all)
			if took := time.Since(start); took < patience || took > writers*patience/2 {
				t.Errorf("it took %v", took)
			}
			release()
			if err := d.Revoke(t.Context(), "after", time.Now()); err != nil {
				t.Errorf("after the end of it: %v", err)
			}
		})
	}
}

func TestWritesOfARequestShareTheirWait(t *testing.T) {
	t.Parallel()
	const writes, patience = 10, time.Second
	d, release := lockedBy(t, "another process", patience)
	ctx := WithPatience(t.Context())
	start := time.Now()
	for range writes {
		if err := d.Revoke(context.WithoutCancel(ctx), "a", time.Now()); !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v, want %v", err, ErrUnavailable)
		}
	}
	if took := time.Since(start); took < patience || took > writes*patience/2 {
		t.Errorf("it took %v", took)
	}
	release()
	if err := d.Revoke(ctx, "a", time.Now()); err != nil {
		t.Errorf("a request that has waited long may still write: %v", err)
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, holder := range []string{"another process", "this process"} {
		t.Run(holder, func(t *testing.T) {
			t.Parallel()
			d, release := lockedBy(t, holder, time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := d.Revoke(ctx, "a", time.Now())
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
			}
			release()
		})
	}
}

// TestWriteWaitsForAnother has a write succeed that began to wait in time.
func TestWriteWaitsForAnother(t *testing.T) {
	t.Parallel()
	for _, holder := range []string{"another process", "this process"} {
		t.Run(holder, func(t *testing.T) {
			t.Parallel()
			d, release := lockedBy(t, holder, time.Minute)
			wrote := make(chan error, 1)
			go func() { wrote <- d.Revoke(t.Context(), "a", time.Now()) }()
			select {
			case err := <-wrote:
				t.Errorf("written beside another: %v", err)
			case <-time.After(200 * time.Millisecond):
			}
			release()
			if err := waittest.Receive(t, wrote); err != nil {
				t.Error(err)
			}
		})
	}
}
