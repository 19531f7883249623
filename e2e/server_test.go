package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// adminPassword is what start gives the first user, so that no test has to
// read it from standard output.
const adminPassword = "correct horse battery"

// server is one running process of the program with a data directory.
type server struct {
	t      testing.TB
	dir    string
	addr   string
	flags  []string
	env    []string // beside that of the tests
	cmd    *exec.Cmd
	stdout *output
	stderr *output
	exited chan struct{}
}

// output collects what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs the program on a free port with a fresh data directory and stops
// it when the test ends. A flag given here replaces the default of the same name.
func start(t testing.TB, flags ...string) *server {
	t.Helper()
	return startIn(t, t.TempDir(), flags...)
}

// startIn is start with a data directory in this folder.
func startIn(t testing.TB, folder string, flags ...string) *server {
	t.Helper()
	s := &server{t: t, dir: filepath.Join(folder, "data"), flags: flags}
	s.launch("--addr=127.0.0.1:0")
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("the end of the server's log:\n%s", tail(s.stderr.String()))
		}
	})
	return s
}

// tail is the end of a long text, for messages.
func tail(s string) string { return s[max(0, len(s)-3000):] }

// restart runs the program again on the same data directory and address, with
// other flags where some are given.
func (s *server) restart(flags ...string) {
	s.t.Helper()
	if flags != nil {
		s.flags = flags
	}
	s.launch("--addr=" + s.addr)
}

func (s *server) launch(addr string) {
	s.t.Helper()
	waittest.Slow(s.t, "runs the program")
	args := []string{addr, "--data-dir=" + s.dir, "--signups-per-hour=0", "--admin-password=" + adminPassword}
	s.cmd = ownSettings(exec.Command(program(), append(args, s.flags...)...))
	s.cmd.Env = append(s.cmd.Env, s.env...)
	s.stdout, s.stderr = new(output), new(output)
	s.cmd.Stdout, s.cmd.Stderr = s.stdout, s.stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start the program: %v", err)
	}
	exited := make(chan struct{})
	s.exited = exited
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // Its exit status is read from ProcessState.
		close(exited)
	}(s.cmd)
	eventually(s.t, patience, "the log line with the address", func() bool {
		s.addr = listening(s.stderr.String())
		if s.addr == "" && s.dead() {
			s.t.Fatalf("the program ended at once: %v\n%s%s", s.cmd.ProcessState, s.stdout, s.stderr)
		}
		return s.addr != ""
	})
}

// command is the program for a run that ends by itself.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	waittest.Slow(t, "runs the program")
	return ownSettings(waittest.Command(t, program(), args...))
}

// ownSettings gives a run of the program an environment without its settings.
func ownSettings(cmd *exec.Cmd) *exec.Cmd {
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GENSUB_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// listening finds the address in the log's JSON lines.
func listening(log string) string {
	for line := range strings.Lines(log) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
			return entry.Addr
		}
	}
	return ""
}

func (s *server) dead() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

func (s *server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatalf("send %v: %v", sig, err)
	}
}

// wait returns the exit status of a process that is about to end.
func (s *server) wait(limit time.Duration) int {
	s.t.Helper()
	select {
	case <-s.exited:
	case <-time.After(limit):
		s.t.Errorf("the program still runs after %v", limit)
		_ = s.cmd.Process.Kill()
		waittest.Receive(s.t, s.exited)
	}
	return s.cmd.ProcessState.ExitCode()
}

// stop ends the program as a process manager does and checks that it ended
// well. It does nothing when the test has ended it already.
func (s *server) stop() {
	s.t.Helper()
	if s.dead() {
		return
	}
	s.signal(syscall.SIGTERM)
	if code := s.wait(patience); code != 0 {
		s.t.Errorf("exit status after SIGTERM: %d", code)
	}
	s.checkLog()
}

// checkLog fails the test when the log tells of a fault that no answer showed.
func (s *server) checkLog() {
	s.t.Helper()
	log := s.stderr.String()
	for _, bad := range []string{"DATA RACE", "panic", "goroutine ", adminPassword} {
		if strings.Contains(log, bad) {
			s.t.Errorf("the log holds %q:\n%s", bad, log)
		}
	}
}

// kill ends the program as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	s.wait(patience)
}

func (s *server) url(path string) string { return "http://" + s.addr + path }

// dial opens a plain connection, for requests that no HTTP library would send.
func (s *server) dial() net.Conn {
	s.t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, patience)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(90 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// freeAddr is an address that nothing listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l := waittest.Listen(t)
	defer l.Close()
	return l.Addr().String()
}

// eventually polls until ok holds and fails the test when it does not in time.
func eventually(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	waittest.UntilWithin(t, limit, what, ok)
}
