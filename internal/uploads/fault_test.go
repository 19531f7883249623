package uploads

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"

	"gensubtitle/internal/storage"
)

// fault is what becomes of one call of the store or the database.
type fault int

const (
	none   fault = iota
	before       // it fails, and nothing has happened
	after        // it happens, and its answer is an error
	full         // there is no room
	death        // the process dies just before it
	other        // something else happens just before it
)

func (f fault) String() string {
	return [...]string{"none", "before", "after", "full", "death", "other"}[f]
}

// faults has one call of a process fail, as a driver of database/sql and as a store.
type faults struct {
	mu    sync.Mutex
	fault fault
	at    int // the call that fails, from 1
	calls int
	hit   string // what failed
	dead  bool
	other func() // what happens meanwhile
}

// arm has the call with that number, from now on, fail.
func (f *faults) arm(kind fault, at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.at, f.calls, f.hit = kind, at, 0, ""
}

// disarm lets all calls that follow succeed, and says which one failed: "" for none.
func (f *faults) disarm() (hit string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = none
	return f.hit
}

func (f *faults) isDead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

func (f *faults) is(kind fault) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault == kind
}

// next counts a call and says what becomes of it.
func (f *faults) next(what string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return death
	}
	f.calls++
	if f.fault == none || f.calls != f.at || f.hit != "" {
		return none
	}
	f.hit = what
	f.dead = f.fault == death
	return f.fault
}

// call does something, or fails as a disk does.
func (f *faults) call(what string, do func() error) error {
	switch kind := f.next(what); kind {
	case before, death:
		return fmt.Errorf("%s: %w: %w", what, storage.ErrUnavailable, syscall.EIO)
	case full:
		return fmt.Errorf("%s: %w: %w", what, storage.ErrFull, syscall.ENOSPC)
	case other:
		f.other()
	case after:
		return errors.Join(do(), fmt.Errorf("%s: %w: %w", what, storage.ErrUnavailable, syscall.EIO))
	}
	return do()
}

// query does something, or fails as SQLite does. undo is for what stays undone.
// Nothing else writes while somebody does.
func (f *faults) query(what string, writing bool, do, undo func() error) error {
	if writing && f.is(other) {
		return do()
	}
	switch kind := f.next(what); kind {
	case before, death:
		return errors.Join(sqlite3.Error{Code: sqlite3.ErrIoErr}, undo())
	case full:
		return errors.Join(sqlite3.Error{Code: sqlite3.ErrFull}, undo())
	case other:
		f.other()
	case after:
		return errors.Join(sqlite3.Error{Code: sqlite3.ErrIoErr}, do())
	}
	return do()
}

func nothing() error { return nil }

// register makes a driver of database/sql of a name that must be new.
func (f *faults) register(name string) { sql.Register(name, faultyDriver{f}) }

type faultyDriver struct{ faults *faults }

func (d faultyDriver) Open(name string) (driver.Conn, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(name)
	if err != nil {
		return nil, err
	}
	return &faultyConn{SQLiteConn: conn.(*sqlite3.SQLiteConn), faults: d.faults, writes: !strings.Contains(name, "_query_only")}, nil
}

type faultyConn struct {
	*sqlite3.SQLiteConn
	faults *faults
	writes bool
	within bool // a transaction
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (tx driver.Tx, err error) {
	err = c.faults.query("begin", false, func() error {
		tx, err = c.SQLiteConn.BeginTx(ctx, o)
		return err
	}, nothing)
	if err != nil && tx != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	c.within = true
	return &faultyTx{tx, c}, err
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.faults.query(query, c.writes && c.within, func() error {
		result, err = c.SQLiteConn.ExecContext(ctx, query, args)
		return err
	}, nothing)
	return result, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.faults.query(query, c.writes && c.within, func() error {
		rows, err = c.SQLiteConn.QueryContext(ctx, query, args)
		return err
	}, nothing)
	if err != nil && rows != nil {
		return nil, errors.Join(err, rows.Close())
	}
	return rows, err
}

type faultyTx struct {
	driver.Tx
	conn *faultyConn
}

func (t *faultyTx) Commit() error {
	defer func() { t.conn.within = false }()
	return t.conn.faults.query("commit", t.conn.writes, t.Tx.Commit, t.Tx.Rollback)
}

func (t *faultyTx) Rollback() error {
	t.conn.within = false
	return t.Tx.Rollback()
}

// faultyStore is the store of a process whose calls fail.
type faultyStore struct {
	storage.Store
	faults *faults
}

func (s faultyStore) Create(id string) (file storage.Incoming, err error) {
	err = s.faults.call("create", func() error {
		file, err = s.Store.Create(id)
		return err
	})
	if err != nil {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
		return nil, err
	}
	return faultyIncoming{file, s.faults}, nil
}

type faultyIncoming struct {
	storage.Incoming
	faults *faults
}

func (f faultyIncoming) Write(b []byte) (n int, err error) {
	err = f.faults.call("write", func() error {
		n, err = f.Incoming.Write(b)
		return err
	})
	return n, err
}

func (f faultyIncoming) Reserve(size int64) error {
	return f.faults.call("reserve", func() error { return f.Incoming.Reserve(size) })
}

func (f faultyIncoming) Empty() error { return f.faults.call("empty", f.Incoming.Empty) }

func (s faultyStore) Received(id string) (n int64, last time.Time, err error) {
	err = s.faults.call("received", func() error {
		n, last, err = s.Store.Received(id)
		return err
	})
	return n, last, err
}

func (s faultyStore) Continuable(id string) (can bool, err error) {
	err = s.faults.call("continuable", func() error {
		can, err = s.Store.Continuable(id)
		return err
	})
	return can, err
}

func (s faultyStore) TryLock(id string) (unlock func() error, err error) {
	err = s.faults.call("lock", func() error {
		unlock, err = s.Store.TryLock(id)
		return err
	})
	if err != nil && unlock != nil {
		return nil, errors.Join(err, unlock())
	}
	return unlock, err
}

func (s faultyStore) Has(id string) (has bool, err error) {
	err = s.faults.call("has", func() error {
		has, err = s.Store.Has(id)
		return err
	})
	return has, err
}

func (s faultyStore) Local(ctx context.Context, id string) (local *storage.Local, err error) {
	err = s.faults.call("local", func() error {
		local, err = s.Store.Local(ctx, id)
		return err
	})
	return local, err
}

func (s faultyStore) Free() (free int64, err error) {
	err = s.faults.call("free", func() error {
		free, err = s.Store.Free()
		return err
	})
	return free, err
}

func (s faultyStore) MakeSound(ctx context.Context, id string, track int, write func(storage.Sound) error) error {
	return s.faults.call("make sound", func() error { return s.Store.MakeSound(ctx, id, track, write) })
}

func (s faultyStore) Sync(id string) error {
	return s.faults.call("sync", func() error { return s.Store.Sync(id) })
}

func (s faultyStore) Keep(id string) error {
	return s.faults.call("keep", func() error { return s.Store.Keep(id) })
}

func (s faultyStore) Discard(id string) error {
	return s.faults.call("discard", func() error { return s.Store.Discard(id) })
}

func (s faultyStore) Remove(id string) error {
	return s.faults.call("remove", func() error { return s.Store.Remove(id) })
}

func (s faultyStore) SetAside(id string) error {
	return s.faults.call("set aside", func() error { return s.Store.SetAside(id) })
}

func (s faultyStore) SetAsideIncoming(id string) error {
	return s.faults.call("set incoming aside", func() error { return s.Store.SetAsideIncoming(id) })
}

func (s faultyStore) Incoming() iter.Seq2[string, error] {
	return s.listed("incoming", s.Store.Incoming())
}

func (s faultyStore) Videos() iter.Seq2[string, error] { return s.listed("videos", s.Store.Videos()) }

func (s faultyStore) listed(what string, ids iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.faults.call(what, nothing); err != nil {
			yield("", err)
			return
		}
		ids(yield)
	}
}
