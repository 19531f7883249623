package db

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"gensubtitle/internal/datadir"
)

const counterBytes = 8

// commits counts the write transactions of all processes on a database, in a
// small file that each of them maps into its memory. A count that has not
// moved says that what was read before still holds, for the price of reading
// a number. The page stays mapped until the process ends: a request that is
// cut off at a stop may still read it after the database was closed.
type commits struct {
	memory []byte
}

func openCommits(path string) (*commits, error) {
	file, err := datadir.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("open the count of commits: %w", err)
	}
	defer file.Close()
	if err := file.Truncate(counterBytes); err != nil {
		return nil, fmt.Errorf("size the count of commits: %w", err)
	}
	memory, err := unix.Mmap(int(file.Fd()), 0, counterBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the count of commits: %w", err)
	}
	return &commits{memory}, nil
}

func (c *commits) counter() *atomic.Uint64 {
	// A mapping begins at a page, so the number is aligned.
	return (*atomic.Uint64)(unsafe.Pointer(unsafe.SliceData(c.memory)))
}

func (c *commits) add() { c.counter().Add(1) }

func (c *commits) count() uint64 { return c.counter().Load() }
