package db

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"gensubtitle/internal/waittest"
)

// childMode tells the test binary to be another process instead of testing.
const childMode = "GENSUBTITLE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childWorker); dir != "" {
		exit(beWorker(dir))
	}
	switch dir := os.Getenv(childMode); dir {
	case "":
		os.Exit(m.Run())
	case "idle":
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		exit(beChild(dir))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// beChild joins, starts a process of its own as the server starts ffmpeg,
// prints its id and then waits until standard input ends.
func beChild(dir string) error {
	p, err := Join(dir)
	if err != nil {
		return err
	}
	grandchild := exec.Command(os.Args[0])
	grandchild.Env = []string{childMode + "=idle"}
	grandchild.Stdin = os.Stdin
	if err := grandchild.Start(); err != nil {
		return err
	}
	fmt.Println(p.ID)
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, p.Leave())
}

// startChild returns a living other process and how to kill it. What the
// child has started goes on living until the test ends.
func startChild(t *testing.T, dir string) (id string, kill func()) {
	t.Helper()
	child := waittest.Command(t, os.Args[0])
	child.Env = []string{childMode + "=" + dir}
	child.Stderr = os.Stderr
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stdin = read
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(child.Start(), read.Close()); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = child.Process.Kill() // SIGKILL
			_ = child.Wait()
		})
	}
	t.Cleanup(func() { kill(); write.Close() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), kill
}

func join(t *testing.T, dir string) *Node {
	t.Helper()
	p, err := Join(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantDead(t *testing.T, p *Node, id string, want bool) {
	t.Helper()
	if dead, err := p.Dead(id); err != nil || dead != want {
		t.Errorf("%q is dead: %v, want %v: %v", id, dead, want, err)
	}
}

// wantFiles requires the lock files of exactly these processes.
func wantFiles(t *testing.T, dir string, ids ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{gateName: true}
	for _, id := range ids {
		left[id] = true
	}
	for _, e := range entries {
		if !left[e.Name()] {
			t.Errorf("%s is left", e.Name())
		}
		delete(left, e.Name())
	}
	for name := range left {
		t.Errorf("%s is missing", name)
	}
}

func TestKilledProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "processes")
	p := join(t, dir)
	id, kill := startChild(t, dir)
	other, _ := startChild(t, dir)
	sweep := func() {
		t.Helper()
		if err := p.Sweep(); err != nil {
			t.Fatal(err)
		}
	}
	wantDead(t, p, id, false)
	sweep()
	wantFiles(t, dir, p.ID, id, other)

	kill()
	wantDead(t, p, id, true)
	wantDead(t, p, other, false)
	wantDead(t, p, p.ID, false)
	wantFiles(t, dir, p.ID, id, other) // asking removes nothing
	sweep()
	wantFiles(t, dir, p.ID, other)
	wantDead(t, p, id, true)
	wantDead(t, p, other, false)
}

func TestLeave(t *testing.T) {
	dir := t.TempDir()
	p, q := join(t, dir), join(t, dir)
	if p.ID == q.ID || uuid.Validate(p.ID) != nil {
		t.Errorf("ids %q and %q", p.ID, q.ID)
	}
	wantDead(t, p, q.ID, false)
	wantDead(t, q, p.ID, false)
	if err := q.Leave(); err != nil {
		t.Fatal(err)
	}
	wantDead(t, p, q.ID, true)
	wantFiles(t, dir, p.ID)
	if err := p.Leave(); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir)
}

func TestDeadOfNoProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "processes")
	outside := filepath.Join(filepath.Dir(dir), "outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := join(t, dir)
	for _, id := range []string{uuid.NewString(), "", ".", "..", gateName, "../outside", "a\x00b"} {
		wantDead(t, p, id, true)
	}
	wantFiles(t, dir, p.ID)
	if err := p.Leave(); err != nil {
		t.Fatal(err)
	}
}

func TestJoinAndSweepTogether(t *testing.T) {
	dir := t.TempDir()
	var living sync.Map // ids, from after Join until before Leave
	live := func() error {
		p, err := Join(dir)
		if err != nil {
			return err
		}
		living.Store(p.ID, true)
		if err := p.Sweep(); err != nil {
			return err
		}
		living.Range(func(id, _ any) bool {
			dead, asked := p.Dead(id.(string))
			_, lives := living.Load(id)
			if dead && lives {
				asked = errors.Join(asked, fmt.Errorf("%s is said to be dead", id))
			}
			err = errors.Join(err, asked)
			return true
		})
		held, stat := p.file.Stat()
		onDisk, found := os.Stat(p.file.Name())
		err = errors.Join(err, stat, found)
		if err == nil && !os.SameFile(held, onDisk) {
			err = errors.New("the lock is held on a file that is gone")
		}
		living.Delete(p.ID)
		return errors.Join(err, p.Leave())
	}
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			for range 15 {
				if err := live(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	waittest.Group(t, &all)
	wantFiles(t, dir)
}

// TestGate stops in the middle of a Join, where the lock file is there and not
// yet locked.
func TestGate(t *testing.T) {
	dir := t.TempDir()
	p := join(t, dir)
	for what, pass := range map[string]func() error{
		"sweep": p.Sweep,
		"join": func() error {
			q, err := Join(dir)
			if err != nil {
				return err
			}
			return q.Leave()
		},
	} {
		gate, err := passGate(dir)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, uuid.NewString())
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		passed := make(chan error, 1)
		go func() { passed <- pass() }()
		select {
		case err := <-passed:
			t.Fatalf("%s went through the closed gate: %v", what, err)
		case <-time.After(100 * time.Millisecond):
		}
		file, err := lockFile(path, unix.LOCK_NB)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(gate.Close(), waittest.Receive(t, passed)); err != nil {
			t.Fatal(err)
		}
		wantFiles(t, dir, p.ID, filepath.Base(path))
		if err := errors.Join(os.Remove(path), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJoinWhereThereIsNoRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Join(path); err == nil {
		t.Error("joined", p.Leave())
	}
}

func TestSeclude(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "processes")
	p, err := Join(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Seclude(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("beside a process: %v, want ErrInUse", err)
	}
	if err := p.Leave(); err != nil {
		t.Fatal(err)
	}
	gate, err := Seclude(dir)
	if err != nil {
		t.Fatal(err)
	}
	joined := make(chan error)
	go func() {
		late, err := Join(dir)
		if err == nil {
			err = late.Leave()
		}
		joined <- err
	}()
	select {
	case err := <-joined:
		t.Errorf("joined a secluded folder: %v", err)
	case <-time.After(100 * time.Millisecond):
		if err := gate.Close(); err != nil {
			t.Error(err)
		}
		if err := waittest.Receive(t, joined); err != nil {
			t.Error(err)
		}
	}
}
