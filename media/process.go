package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxMemory     = 2 << 30 // bytes that one child may hold
	memoryWatch   = 10 * time.Millisecond
	maxOpenFiles  = 32
	maxComplaints = 4 << 10 // bytes of standard error kept for the log
	// pipeDelay is how long a child that has ended may leave its output open
	// through a descendant that left its process group.
	pipeDelay = time.Second
)

// errFailed is a child that gave up by itself, with an exit status.
var errFailed = errors.New("program reported failure")

// process is one run of ffprobe or ffmpeg.
type process struct {
	program string // a name to be found in PATH, or a path
	args    []string
	cpu     time.Duration // processor time that it may use, whole seconds upwards
	memory  int64         // bytes that it may hold
	stdin   io.Reader     // nothing when nil
	stdout  io.Writer     // an error from it ends the child

	files    []*os.File // that it is handed, from descriptor 3 on
	fileSize int64      // to which it may let a file grow
}

// run starts the program in a process group of its own, with an empty
// environment and with limits, and waits until all of it is gone. It returns
// the processor time used. Errors: what stdout answered, as it is; errFailed;
// ErrNotVideo when the file made the program crash or pass a limit; and
// ErrUnavailable when the cause is on our side.
func (p process) run(ctx context.Context) (time.Duration, error) {
	path, err := lookUp(p.program)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	// The kernel sends Pdeathsig when the thread that started the child ends,
	// not when the process does, so that thread has to outlive the child
	// (golang.org/issue/27505).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	output := &watchedWriter{writer: p.stdout, stop: stop}
	complaints := &headWriter{max: maxComplaints}
	cmd := exec.Command(path, p.args...)
	cmd.Env = []string{}
	cmd.Stdin = p.stdin
	cmd.Stdout = output
	cmd.Stderr = complaints
	cmd.ExtraFiles = p.files
	cmd.WaitDelay = pipeDelay
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("%w: start %s: %w", ErrUnavailable, p.program, err)
	}
	if err := p.limit(cmd.Process.Pid); err != nil {
		stop(fmt.Errorf("%w: limit %s: %w", ErrUnavailable, p.program, err))
	}
	err = p.wait(ctx, stop, cmd)
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if output.err != nil {
		return used, output.err
	}
	if err != nil {
		err = fmt.Errorf("%s: %w: %q", p.program, p.explain(ctx, err, used), complaints.kept)
	}
	return used, err
}

// wait waits for the child, ends the whole process group with it or with ctx,
// and then lets the child's number go. The group is signalled only while the
// child, alive or a zombie, still holds that number, so that a signal can
// never reach a process that got it later. Nor is another one's memory watched.
func (p process) wait(ctx context.Context, stop context.CancelCauseFunc, cmd *exec.Cmd) error {
	pid := cmd.Process.Pid
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		if err := p.watchMemory(pid, ended); err != nil {
			stop(err)
		}
	}()
	killed := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(killed)
		_ = unix.Kill(-pid, unix.SIGKILL)
	})
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	close(ended)
	<-watched
	if !release() {
		<-killed
	}
	_ = unix.Kill(-pid, unix.SIGKILL)
	return cmd.Wait()
}

// watchMemory returns when the child has ended, or with an error once it holds
// more memory than it may. A limit on address space would be simpler, but a child
// that meets one goes on without what it asked for: to the reader of MKV that
// was the end of the file, both programs ended well, and 20 minutes of sound
// counted as 6 s. Memory fills at a few GB/s, so what comes between two looks
// is bounded too.
func (p process) watchMemory(pid int, ended <-chan struct{}) error {
	tick := time.NewTicker(memoryWatch)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return nil
		case <-tick.C:
		}
		held, err := resident(pid)
		switch {
		case err != nil:
			return fmt.Errorf("%w: watch memory: %w", ErrUnavailable, err)
		case held > p.memory:
			return fmt.Errorf("%w: took more than %d bytes of memory", ErrNotVideo, p.memory)
		}
	}
}

// resident is how many bytes of memory a process holds (proc(5), statm); a
// zombie holds none.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(text), &total, &pages); err != nil {
		return 0, err
	}
	return pages * int64(os.Getpagesize()), nil
}

// explain tells whose fault it is that a child did not end well.
func (p process) explain(ctx context.Context, err error, used time.Duration) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrNotVideo) {
		return cause
	} else if cause != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, cause)
	}
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	status, ok := ended.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return fmt.Errorf("%w: %w", errFailed, err)
	}
	switch status.Signal() {
	case syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL,
		syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGXFSZ:
		return fmt.Errorf("%w: %w", ErrNotVideo, err)
	}
	// The kernel counts processor time towards the limit in ticks, and so may
	// send its SIGKILL for that somewhat early. Any other SIGKILL is most likely
	// its answer to a lack of memory.
	if status.Signal() == syscall.SIGKILL && used >= p.cpu*3/4 {
		return fmt.Errorf("%w: took %v of processor time", ErrNotVideo, used)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// limit bounds what the process may use. It starts a moment before its limits
// do, which is time enough to load its libraries and for little else.
func (p process) limit(pid int) error {
	seconds, bytes := uint64(math.Ceil(p.cpu.Seconds())), uint64(p.fileSize)
	for resource, most := range map[int]unix.Rlimit{
		// With both limits alike there is no SIGXCPU first, which ffmpeg would
		// take as a wish to end early and well.
		unix.RLIMIT_CPU:    {Cur: seconds, Max: seconds},
		unix.RLIMIT_FSIZE:  {Cur: bytes, Max: bytes},
		unix.RLIMIT_CORE:   {},
		unix.RLIMIT_NOFILE: {Cur: maxOpenFiles, Max: maxOpenFiles},
	} {
		if err := unix.Prlimit(pid, resource, &most, nil); err != nil {
			return fmt.Errorf("set resource limit %d: %w", resource, err)
		}
	}
	// Best effort: a kernel that is short of memory shall take the child first.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
	return nil
}

// lookUp finds a program as a shell would and makes its path absolute.
func lookUp(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("find program: %w", err)
	}
	return filepath.Abs(path)
}

// watchedWriter ends the child as soon as its output is refused.
type watchedWriter struct {
	writer io.Writer
	stop   context.CancelCauseFunc
	err    error
}

func (w *watchedWriter) Write(data []byte) (int, error) {
	n, err := w.writer.Write(data)
	if err != nil {
		w.err = err
		w.stop(err)
	}
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
