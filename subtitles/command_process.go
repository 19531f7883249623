package subtitles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pipeDelay is how long a program that has ended may leave its output open
// through a descendant that left its process group.
const pipeDelay = time.Second

// errNotStarted says that a program does not run at all.
var errNotStarted = errors.New("it cannot be started")

// runCommand runs a program in the process group of a guard and waits until all
// of the group is gone, whether it ended or ctx did. Errors: errNotStarted, or
// how the program ended.
func runCommand(ctx context.Context, args []string, stderr io.Writer) error {
	// The kernel sends Pdeathsig when the thread that started the child ends,
	// not when the process does, so that thread has to outlive the child
	// (golang.org/issue/27505).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	g, err := startGuard()
	if err != nil {
		return fmt.Errorf("%w: guard: %w", errNotStarted, err)
	}
	defer g.end()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "GENSUB_") })
	cmd.Stderr = stderr
	cmd.WaitDelay = pipeDelay
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: g.group(), Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w: %w", errNotStarted, err)
	}
	killed := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(killed)
		g.kill()
	})
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if !release() {
		<-killed
	}
	g.kill()
	if err := cmd.Wait(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	return nil
}

// guard leads a process group and kills it when this process ends, however
// that happens: Pdeathsig reaches a child alone, and a wrapper's own children,
// which do the work, would go on. A group that has its guard in it, alive or a
// zombie, is never another one that got its number later.
type guard struct {
	cmd   *exec.Cmd
	alive *os.File // open for writing as long as this process is there
}

func startGuard() (*guard, error) {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close() //nolint:errcheck // nothing was written
	// Reading ends when nobody can write any more.
	cmd := exec.Command("/bin/sh", "-c", "read -r _; kill -KILL 0")
	cmd.Env = []string{}
	cmd.Stdin = theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = ours.Close()
		return nil, err
	}
	return &guard{cmd: cmd, alive: ours}, nil
}

func (g *guard) group() int { return g.cmd.Process.Pid }

// kill ends all of the group. It must not be called after end.
func (g *guard) kill() { _ = unix.Kill(-g.group(), unix.SIGKILL) }

// end ends all of the group and lets its number go.
func (g *guard) end() {
	g.kill()
	_ = g.cmd.Wait()
	_ = g.alive.Close()
}
