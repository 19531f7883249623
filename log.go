package main

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

const (
	logBytes    = 64 << 10
	logInterval = 100 * time.Millisecond
)

func newLogger(format string, terminal *os.File, to io.Writer) *slog.Logger {
	options := slog.HandlerOptions{ReplaceAttr: redactAttr}
	if format == "text" || (format == "auto" && isatty.IsTerminal(terminal.Fd())) {
		return slog.New(slog.NewTextHandler(to, &options))
	}
	return slog.New(slog.NewJSONHandler(to, &options))
}

// logBuffer collects log lines and writes them at short intervals: a system
// call for each would cost more than answering a small request does.
type logBuffer struct {
	mu   sync.Mutex
	buf  *bufio.Writer
	stop chan struct{}
	done chan struct{}
}

func newLogBuffer(to io.Writer) *logBuffer {
	b := &logBuffer{buf: bufio.NewWriterSize(to, logBytes), stop: make(chan struct{}), done: make(chan struct{})}
	go b.flushRegularly()
	return b
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(line)
}

func (b *logBuffer) flushRegularly() {
	defer close(b.done)
	ticker := time.NewTicker(logInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.flush()
		case <-b.stop:
			b.flush()
			return
		}
	}
}

// flush has nobody to tell when standard error is gone.
func (b *logBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.buf.Flush()
}

// Close writes what is left.
func (b *logBuffer) Close() {
	close(b.stop)
	<-b.done
}
