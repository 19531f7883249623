package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"gensubtitle/internal/proc"
)

const (
	maxOpenFiles  = 32
	maxComplaints = 4 << 10 // bytes of standard error kept for the log
)

// errFailed is a child that gave up by itself, with an exit status.
var errFailed = errors.New("program reported failure")

// process is one run of ffprobe or ffmpeg.
type process struct {
	program string // a name to be found in PATH, or a path
	args    []string
	stdout  io.Writer // an error from it ends the child

	files    []*os.File // that it is handed, from descriptor 3 on
	fileSize int64      // to which it may let a file grow
}

// run starts the program with an empty environment and with limits, of which
// cpu is the processor time, and waits until all of it is gone. It returns
// the processor time used. Errors: what stdout answered, as it is; errFailed;
// ErrNotVideo when the file made the program crash or pass a limit; and
// ErrUnavailable when the cause is on our side.
func (p process) run(ctx context.Context, s *subject, cpu time.Duration) (time.Duration, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	output := &busyWriter{writer: p.stdout}
	complaints := &headWriter{max: maxComplaints}
	child, err := proc.Start(proc.Command{
		Program: p.program,
		Args:    p.args,
		Env:     []string{},
		Stdout:  output,
		Stderr:  complaints,
		Files:   p.files,
		Limits:  &proc.Limits{CPU: cpu, FileSize: p.fileSize, OpenFiles: maxOpenFiles},
	})
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrUnavailable, p.program, err)
	}
	defer context.AfterFunc(ctx, child.Kill)()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		w := watcher{subject: s, child: child, writing: &output.busy}
		if err := w.watch(ctx); err != nil {
			stop(err)
		}
	}()
	used, err := child.Wait()
	<-watched
	if output.err != nil {
		return used, output.err
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %q", p.program, explain(ctx, err, used, cpu), complaints.kept)
	}
	return used, err
}

// explain tells whose fault it is that a child did not end well.
func explain(ctx context.Context, err error, used, cpu time.Duration) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrNotVideo) {
		return cause
	} else if cause != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, cause)
	}
	var panicked *proc.PanicError
	if errors.As(err, &panicked) {
		return err
	}
	var ended *proc.ExitError
	if !errors.As(err, &ended) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if !ended.Status.Signaled() {
		return fmt.Errorf("%w: %w", errFailed, err)
	}
	switch ended.Status.Signal() {
	case syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGXFSZ:
		return fmt.Errorf("%w: %w", ErrNotVideo, err)
	}
	// The kernel counts processor time towards the limit in ticks, and so may
	// send its SIGKILL for that somewhat early. Any other SIGKILL is most likely
	// its answer to a lack of memory.
	if ended.Status.Signal() == syscall.SIGKILL && used >= cpu*3/4 {
		return fmt.Errorf("%w: took %v of processor time", ErrNotVideo, used)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// busyWriter knows whether something is being written.
type busyWriter struct {
	writer io.Writer
	busy   atomic.Bool
	err    error
}

func (w *busyWriter) Write(data []byte) (n int, err error) {
	w.busy.Store(true)
	defer w.busy.Store(false)
	n, err = w.writer.Write(data)
	w.err = err
	return n, err
}

// headWriter keeps the first bytes and swallows the rest, so that a child
// never waits for somebody to read its complaints.
type headWriter struct {
	kept []byte
	max  int
}

func (w *headWriter) Write(data []byte) (int, error) {
	w.kept = append(w.kept, data[:min(len(data), w.max-len(w.kept))]...)
	return len(data), nil
}
