package logging

import (
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/mattn/go-isatty"
)

// New writes to to. The format is text, json, or auto: text where somebody sits
// at the terminal.
func New(format string, terminal *os.File, to io.Writer) *slog.Logger {
	options := slog.HandlerOptions{ReplaceAttr: redactAttr}
	if format == "text" || (format == "auto" && isatty.IsTerminal(terminal.Fd())) {
		return slog.New(slog.NewTextHandler(to, &options))
	}
	return slog.New(slog.NewJSONHandler(to, &options))
}

// OutliveReaders makes a write to a closed pipe fail with EPIPE instead of ending
// the process. Children are not affected.
func OutliveReaders() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
