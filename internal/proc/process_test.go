package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func shell(script string) Command { return Command{Program: "sh", Args: []string{"-c", script}} }

// hiding starts processes that leave the group, the session and their parent.
func hiding(mark string) string {
	return "trap '' TERM HUP INT; setsid sleep " + mark + " & (setsid sh -c 'sleep " + mark + " & sleep " + mark + "' &) ; sleep " + mark + " & "
}

func TestNothingIsLeft(t *testing.T) {
	for _, test := range []struct {
		name, script string // with hiding before it
		kill         bool
		want         string
	}{
		{"ended well", "until [ -e /proc/$! ]; do :; done; exit 0", false, ""},
		{"failed", "exit 3", false, "exit status 3"},
		{"crashed", "kill -SEGV $$", false, "signal: segmentation fault"},
		{"killed its group", "kill -KILL 0", false, "signal: killed"},
		{"killed by us", "wait", true, "signal: killed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mark := waittest.Mark()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error, 1)
			go func() { result <- Run(ctx, shell(hiding(mark)+test.script)) }()
			if test.kill {
				waittest.UntilRunning(t, mark, 4)
				cancel()
			}
			err := waittest.Receive(t, result)
			if n := waittest.Running(t, mark); n > 0 {
				t.Errorf("%d processes are left", n)
			}
			if got := fmt.Sprint(err); got != test.want && !(err == nil && test.want == "") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// ended waits for a program, for so long.
func ended(t *testing.T, p *Process) (used time.Duration, err error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		used, err = p.Wait()
	}()
	waittest.Receive(t, done)
	return used, err
}

// TestNothingOutlivesUs kills a process that runs a program. That process is
// this test again, told so by its environment.
func TestNothingOutlivesUs(t *testing.T) {
	if mark := os.Getenv("PROC_TEST_MARK"); mark != "" {
		t.Fatalf("was to be killed, got %v", Run(t.Context(), shell(hiding(mark)+"wait")))
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mark := waittest.Mark()
	us := waittest.Command(t, self, "-test.run=^TestNothingOutlivesUs$")
	us.Env = append(os.Environ(), "PROC_TEST_MARK="+mark)
	if err := us.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = us.Process.Kill(), us.Wait() }()
	waittest.UntilRunning(t, mark, 4)
	if err := us.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 0)
}

func TestWhatAProgramIsGiven(t *testing.T) {
	handed, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	var said bytes.Buffer
	c := shell(`echo "$X,$HOME"; ls /proc/self/fd; ulimit -t; ulimit -n; ulimit -c; echo kept >&3`)
	c.Env, c.Stdout, c.Files = []string{"X=1"}, &said, []*os.File{handed}
	c.Limits = &Limits{CPU: 1500 * time.Millisecond, FileSize: 1 << 20, OpenFiles: 32}
	if err := Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(strings.Fields(said.String()), " "), "1, 0 1 2 3 4 2 32 0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if kept, err := os.ReadFile(handed.Name()); err != nil || string(kept) != "kept\n" {
		t.Errorf("the file holds %q, %v", kept, err)
	}
}

func TestNotStarted(t *testing.T) {
	script := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(script, []byte("#!/no/such/shell\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"no-such-program", "/no/such/program", "/tmp", "/etc/passwd", script} {
		if err := Run(t.Context(), Command{Program: program}); !errors.Is(err, ErrNotStarted) {
			t.Errorf("%s: got %v, want ErrNotStarted", program, err)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }

func TestOutputEndsTheProgram(t *testing.T) {
	enough := errors.New("enough")
	c := shell("echo x; exec sleep 1000")
	c.Stdout = writerFunc(func([]byte) (int, error) { return 0, enough })
	if err := Run(t.Context(), c); err != enough {
		t.Errorf("got %v, want the writer's", err)
	}
	c.Stdout = writerFunc(func([]byte) (int, error) { panic("bad output") })
	var panicked *PanicError
	if err := Run(t.Context(), c); !errors.As(err, &panicked) || panicked.Value != "bad output" || len(panicked.Stack) == 0 {
		t.Errorf("got %v, want the panic", err)
	}
}

func TestPause(t *testing.T) {
	var lines bytes.Buffer
	c := shell("echo begun; kill -STOP $$; echo more")
	c.Stdout = &lines
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	stopped := func() bool {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
		return strings.Contains(string(stat), ") T ")
	}
	waittest.Until(t, "the program to stop", stopped)
	p.Resume()
	if _, err := ended(t, p); err != nil || lines.String() != "begun\nmore\n" {
		t.Errorf("got %q, %v", lines.String(), err)
	}
	p, err = Start(shell("while :; do :; done"))
	if err != nil {
		t.Fatal(err)
	}
	p.Pause()
	waittest.Until(t, "the program to be paused", stopped)
	p.Kill()
	var end *ExitError
	if used, err := ended(t, p); !errors.As(err, &end) || end.Status.Signal() != syscall.SIGKILL || used <= 0 {
		t.Errorf("got %v, %v, want a kill", used, err)
	}
}

// TestUsedTimeIsOfAll burns time in a grandchild.
func TestUsedTimeIsOfAll(t *testing.T) {
	p, err := Start(shell("(setsid sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'); true"))
	if err != nil {
		t.Fatal(err)
	}
	alone, err := ended(t, p)
	if err != nil || alone < 50*time.Millisecond {
		t.Errorf("used %v, %v", alone, err)
	}
}
