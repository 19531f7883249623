// Package proc runs programs so that nothing of them is left behind.
//
// Each runs below a supervisor, which is this program once more and adopts what
// the program's descendants leave (PR_SET_CHILD_SUBREAPER). It kills all of that
// when the program ends, when it is told to, and when the process that started
// it dies. Neither a new session nor a double fork escapes it, and it needs no
// privilege, as a PID namespace would.
package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
)

// pipeDelay is how long a pipe may stay open after the supervisor's end. What is
// left in it has to be written to a disk that may be busy.
const pipeDelay = 10 * time.Second

// ErrNotStarted says that a program does not run at all.
var ErrNotStarted = errors.New("program cannot be started")

// Limits bound what a program may use.
type Limits struct {
	CPU       time.Duration // processor time, in whole seconds
	FileSize  int64         // to which it may let a file grow, in bytes
	OpenFiles int
}

// noLimits are those of a Command without any.
var noLimits = Limits{CPU: -time.Second, FileSize: -1, OpenFiles: -1}

// Command is a program to run.
type Command struct {
	Program string // a name to be found in PATH, or a path
	Args    []string
	Env     []string   // all of its environment
	Stdout  io.Writer  // nothing is kept when nil; an error ends the program
	Stderr  io.Writer  // as Stdout
	Files   []*os.File // that it is handed, from descriptor 3 on
	Limits  *Limits    // none when nil
}

// ExitError is a program that did not end well by itself.
type ExitError struct{ Status syscall.WaitStatus }

func (e *ExitError) Error() string {
	if e.Status.Signaled() {
		return "signal: " + e.Status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", e.Status.ExitStatus())
}

// PanicError is a panic of what handles a program's output.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Contain makes an error of a panic in f. It is for goroutines, where a panic
// would end this process.
func Contain(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}

// LookUp finds a program as a shell would and makes its path absolute.
func LookUp(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("find program: %w", err)
	}
	return filepath.Abs(path)
}

// Process is a program that runs.
type Process struct {
	cmd     *exec.Cmd // its supervisor
	pid     int
	control *os.File
	report  *os.File
	lines   *bufio.Reader // of report
	outputs []*output
	ended   chan struct{}
	killing sync.Once
}

// Run runs a program until it ends or ctx does. Errors are those of Start and Wait.
func Run(ctx context.Context, c Command) error {
	p, err := Start(c)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, p.Kill)()
	_, err = p.Wait()
	return err
}

// Start starts a program. The caller must call Wait. The error is ErrNotStarted.
func Start(c Command) (*Process, error) {
	path, err := LookUp(c.Program)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	p := &Process{ended: make(chan struct{})}
	o := order{limits: noLimits, files: len(c.Files), path: path, args: append([]string{c.Program}, c.Args...)}
	if c.Limits != nil {
		o.limits = *c.Limits
	}
	p.cmd = &exec.Cmd{
		// The file may have been replaced or removed since this process started.
		Path:      "/proc/self/exe",
		Args:      o.encode(),
		Env:       c.Env,
		Stdout:    p.output(c.Stdout),
		Stderr:    p.output(c.Stderr),
		WaitDelay: pipeDelay,
		// A group of its own keeps a terminal's Ctrl-C away.
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := p.startSupervisor(c.Files); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	if err := p.readPID(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	return p, nil
}

func (p *Process) startSupervisor(files []*os.File) error {
	theirControl, control, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirControl.Close() //nolint:errcheck // nothing was written
	report, theirReport, err := os.Pipe()
	if err != nil {
		return errors.Join(err, control.Close())
	}
	defer theirReport.Close() //nolint:errcheck // nothing was written
	p.cmd.ExtraFiles = append([]*os.File{theirControl, theirReport}, files...)
	p.control, p.report, p.lines = control, report, bufio.NewReader(report)
	if err := p.cmd.Start(); err != nil {
		return errors.Join(err, control.Close(), report.Close())
	}
	return nil
}

// readPID waits until the program runs.
func (p *Process) readPID() error {
	line, _ := p.lines.ReadString('\n')
	if _, err := fmt.Sscanf(line, "pid %d\n", &p.pid); err == nil {
		return nil
	}
	_, err := p.Wait()
	if problem, ok := strings.CutPrefix(line, "error "); ok {
		return errors.New(strings.TrimSpace(problem))
	}
	return fmt.Errorf("supervisor: %w", err)
}

// PID is the program's own number. Once Ended is closed it may be another one's.
func (p *Process) PID() int { return p.pid }

// Ended is closed when the program has ended, before Wait returns.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Kill ends the program and all of its descendants.
func (p *Process) Kill() { p.killing.Do(func() { _ = p.control.Close() }) }

// Pause stops the program where it is until Resume. Kill ends a paused one too.
func (p *Process) Pause() { p.order(pauseOrder) }

// Resume lets a paused program go on.
func (p *Process) Resume() { p.order(resumeOrder) }

// order fails only where the program has ended, which Wait tells.
func (p *Process) order(o byte) { _, _ = p.control.Write([]byte{o}) }

// Wait waits until nothing is left of the program and returns the processor
// time that was used. Errors: what an output answered, as it is; a *PanicError
// of one; or an *ExitError.
func (p *Process) Wait() (time.Duration, error) {
	var status int64
	line, _ := p.lines.ReadString('\n')
	_, reported := fmt.Sscanf(line, "status %d\n", &status)
	close(p.ended)
	err := p.cmd.Wait()
	p.Kill()
	_ = p.report.Close()
	state := p.cmd.ProcessState
	used := state.UserTime() + state.SystemTime() // of all that was waited for
	for _, o := range p.outputs {
		if o.err != nil {
			return used, o.err
		}
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return used, err
	}
	own, ok := state.Sys().(syscall.WaitStatus)
	if reported == nil {
		own, ok = syscall.WaitStatus(status), true
	}
	if ok && own != 0 {
		return used, &ExitError{Status: own}
	}
	return used, nil
}

// output ends the program as soon as what it writes is refused.
type output struct {
	writer  io.Writer
	process *Process
	err     error
}

func (p *Process) output(w io.Writer) io.Writer {
	if w == nil {
		return nil
	}
	o := &output{writer: w, process: p}
	p.outputs = append(p.outputs, o)
	return o
}

func (o *output) Write(data []byte) (n int, err error) {
	err = Contain(func() (err error) {
		n, err = o.writer.Write(data)
		return err
	})
	if err != nil {
		o.err = err
		o.process.Kill()
	}
	return n, err
}
