package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBallast makes the ballast where there is plenty of room, and gives it up
// where there is next to none.
func TestBallast(t *testing.T) {
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", 2*(ballastBytes+SpareBytes)))
	if errors.Is(err, unix.EPERM) {
		t.Skipf("mounting is not permitted: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	take := func(leave int64) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(dir, "others"), os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		free, err := freeBytes(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := reserve(file, free-leave); err != nil {
			t.Fatal(err)
		}
	}
	b := NewBallast(dir, slog.New(slog.DiscardHandler))
	there := func(want bool) {
		t.Helper()
		if _, err := os.Stat(b.path); (err == nil) != want || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the ballast: %v, want it there: %v", err, want)
		}
	}
	fill := func() {
		t.Helper()
		if err := b.Fill(); err != nil {
			t.Error(err)
		}
	}

	take(ballastBytes + SpareBytes - 1<<20)
	fill()
	there(false)
	take(ballastBytes + SpareBytes)
	before, err := freeBytes(dir)
	if err != nil {
		t.Fatal(err)
	}
	fill()
	there(true)
	if after, err := freeBytes(dir); err != nil || before-after < ballastBytes {
		t.Errorf("it takes %d bytes: %v", before-after, err)
	}
	fill() // It is there already.
	there(true)

	if !b.GiveUp() {
		t.Error("there is room, and it is not told")
	}
	there(true) // There is plenty without it.
	take(0)
	if !b.GiveUp() {
		t.Error("no room was made")
	}
	there(false)
	take(0)
	if b.GiveUp() {
		t.Error("there is no room, and it is not told")
	}
}
