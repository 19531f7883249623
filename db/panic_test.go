package db

import (
	"database/sql"
	"testing"
)

// TestTransactionThatPanics gives its connection back.
func TestTransactionThatPanics(t *testing.T) {
	d := open(t)
	for range readers + 1 {
		for _, transact := range []func(f func(*sql.Tx) error) error{
			func(f func(*sql.Tx) error) error { return d.write(t.Context(), "panic", f) },
			func(f func(*sql.Tx) error) error { return d.read(t.Context(), "panic", f) },
		} {
			func() {
				defer func() { _ = recover() }()
				_ = transact(func(*sql.Tx) error { panic("x") })
			}()
		}
	}
	newUser(t, d, "john")
}
