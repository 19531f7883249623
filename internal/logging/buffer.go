// Package logging writes log lines without holding anybody up, and keeps secrets out
// of them.
package logging

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// writeBytes is how many bytes of lines make a write at once, and waitingBytes
	// how many may wait for a reader that is slow.
	writeBytes   = 64 << 10
	waitingBytes = 1 << 20
	interval     = 100 * time.Millisecond
	// patience is how long the end of the program waits for that reader.
	patience = time.Second
)

// Buffer collects log lines and writes them at short intervals: a system
// call for each would cost more than answering a small request does. Nobody
// waits for whoever reads the log. Lines that cannot be written are dropped and
// counted.
type Buffer struct {
	to      io.Writer
	dropped atomic.Uint64

	mu      sync.Mutex
	waiting []byte // whole lines

	full chan struct{}
	stop chan struct{}
	done chan struct{}
}

// NewBuffer writes what it is given to to.
func NewBuffer(to io.Writer) *Buffer {
	b := &Buffer{to: to, full: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go b.writeRegularly()
	return b
}

// Write takes a line, and never fails or waits.
func (b *Buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting)+len(line) > waitingBytes {
		b.dropped.Add(1)
		return len(line), nil
	}
	b.waiting = append(b.waiting, line...)
	if len(b.waiting) >= writeBytes {
		select {
		case b.full <- struct{}{}:
		default: // It is told already.
		}
	}
	return len(line), nil
}

// Dropped is how many lines nobody will read.
func (b *Buffer) Dropped() uint64 { return b.dropped.Load() }

func (b *Buffer) writeRegularly() {
	defer close(b.done)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var lines []byte
	torn := false
	for stopped := false; !stopped; {
		select {
		case <-ticker.C:
		case <-b.full:
		case <-b.stop:
			stopped = true
		}
		lines = b.take(lines[:0])
		torn = b.write(lines, torn)
	}
}

// take swaps the buffers; a large one is dropped.
func (b *Buffer) take(next []byte) []byte {
	if cap(next) > 2*writeBytes {
		next = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.waiting
	b.waiting = next
	return lines
}

// write reports whether it ended within a line. The next write ends that first.
func (b *Buffer) write(lines []byte, torn bool) bool {
	if len(lines) == 0 {
		return torn
	}
	if torn {
		if _, err := b.to.Write([]byte("\n")); err != nil {
			b.dropped.Add(uint64(bytes.Count(lines, []byte("\n"))))
			return true
		}
	}
	n, err := b.to.Write(lines)
	if err == nil {
		return false
	}
	b.dropped.Add(uint64(bytes.Count(lines[n:], []byte("\n"))))
	return n > 0 && lines[n-1] != '\n'
}

// Close writes what is left, unless nobody reads it.
func (b *Buffer) Close() {
	close(b.stop)
	select {
	case <-b.done:
	case <-time.After(patience):
	}
}
