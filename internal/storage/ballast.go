package storage

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

const (
	// ballastName is the file of the ballast in a data directory.
	ballastName  = "ballast"
	ballastBytes = 16 << 20
	// SpareBytes stay free on the disk, for the databases: beside a new ballast as
	// beside uploads.
	SpareBytes = 64 << 20
)

// Ballast is a file that takes room on the disk as long as there is plenty, and
// is given up when the databases find none: signing in, deleting and finishing
// an upload then still work for a while on a full disk. Processes on one data
// directory share it.
type Ballast struct {
	dir, path string
	log       *slog.Logger
	mu        sync.Mutex
}

// NewBallast names the ballast of a data directory; Fill makes it.
func NewBallast(dir string, log *slog.Logger) *Ballast {
	return &Ballast{dir: dir, path: filepath.Join(dir, ballastName), log: log}
}

// Fill makes the ballast where there is none and the disk has plenty of room.
func (b *Ballast) Fill() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	free, err := freeBytes(b.dir)
	if err != nil || free < ballastBytes+SpareBytes {
		return err
	}
	file, err := os.OpenFile(b.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make ballast: %w", explain(err))
	}
	defer file.Close()
	// Where it is there already, this changes nothing.
	if err := reserve(file, ballastBytes); err != nil {
		return fmt.Errorf("make ballast: %w", err)
	}
	return nil
}

// GiveUp removes the ballast where the disk is full, and reports whether there
// is room now, made here or by somebody else meanwhile.
func (b *Ballast) GiveUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	free, err := freeBytes(b.dir)
	if err == nil && free < ballastBytes && os.Remove(b.path) == nil {
		b.log.Warn("the disk is full: the ballast was given up", "bytes", ballastBytes)
		free, err = freeBytes(b.dir)
	}
	return err == nil && free > 0
}
