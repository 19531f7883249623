package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mattn/go-isatty"
)

const (
	// logBytes is how many bytes of lines make a write at once, and logWaiting
	// how many may wait for a reader that is slow.
	logBytes    = 64 << 10
	logWaiting  = 1 << 20
	logInterval = 100 * time.Millisecond
	// logPatience is how long the end of the program waits for that reader.
	logPatience = time.Second
)

func newLogger(format string, terminal *os.File, to io.Writer) *slog.Logger {
	options := slog.HandlerOptions{ReplaceAttr: redactAttr}
	if format == "text" || (format == "auto" && isatty.IsTerminal(terminal.Fd())) {
		return slog.New(slog.NewTextHandler(to, &options))
	}
	return slog.New(slog.NewJSONHandler(to, &options))
}

// outliveReaders makes a write to a closed pipe fail with EPIPE instead of ending
// the process. Children are not affected.
func outliveReaders() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// logBuffer collects log lines and writes them at short intervals: a system
// call for each would cost more than answering a small request does. Nobody
// waits for whoever reads the log. Lines that cannot be written are dropped and
// counted.
type logBuffer struct {
	to      io.Writer
	dropped atomic.Uint64

	mu      sync.Mutex
	waiting []byte // whole lines

	full chan struct{}
	stop chan struct{}
	done chan struct{}
}

func newLogBuffer(to io.Writer) *logBuffer {
	b := &logBuffer{to: to, full: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go b.writeRegularly()
	return b
}

// Write takes a line, and never fails or waits.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting)+len(line) > logWaiting {
		b.dropped.Add(1)
		return len(line), nil
	}
	b.waiting = append(b.waiting, line...)
	if len(b.waiting) >= logBytes {
		select {
		case b.full <- struct{}{}:
		default: // It is told already.
		}
	}
	return len(line), nil
}

// Dropped is how many lines nobody will read.
func (b *logBuffer) Dropped() uint64 { return b.dropped.Load() }

func (b *logBuffer) writeRegularly() {
	defer close(b.done)
	ticker := time.NewTicker(logInterval)
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
func (b *logBuffer) take(next []byte) []byte {
	if cap(next) > 2*logBytes {
		next = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.waiting
	b.waiting = next
	return lines
}

// write reports whether it ended within a line. The next write ends that first.
func (b *logBuffer) write(lines []byte, torn bool) bool {
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
func (b *logBuffer) Close() {
	close(b.stop)
	select {
	case <-b.done:
	case <-time.After(logPatience):
	}
}
