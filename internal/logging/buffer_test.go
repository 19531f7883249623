package logging

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// failing is a reader's end that fails where it is told to.
type failing struct {
	mu    sync.Mutex
	fail  func(p []byte) (int, error) // nil: takes all
	taken strings.Builder
}

func (f *failing) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := len(p), error(nil)
	if f.fail != nil {
		n, err = f.fail(p)
	}
	f.taken.Write(p[:n])
	return n, err
}

func (f *failing) set(fail func(p []byte) (int, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *failing) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.taken.String()
}

// TestLogAfterFailure has a write fail, as on a full disk. Later lines come.
func TestLogAfterFailure(t *testing.T) {
	for what, test := range map[string]struct {
		fail func(p []byte) (int, error)
		want string
	}{
		"nothing of it":        {func([]byte) (int, error) { return 0, errors.New("gone") }, "third\n"},
		"the end of it":        {func([]byte) (int, error) { return len("first\n"), errors.New("full") }, "first\nthird\n"},
		"from within a line":   {func([]byte) (int, error) { return len("fi"), errors.New("full") }, "fi\nthird\n"},
		"all but a line's end": {func(p []byte) (int, error) { return len(p) - 1, errors.New("full") }, "first\nsecond\nthird\n"},
	} {
		t.Run(what, func(t *testing.T) {
			to := &failing{}
			to.set(test.fail)
			b := NewBuffer(to)
			fmt.Fprint(b, "first\nsecond\n") // in one write
			waittest.Until(t, "the failure", func() bool { return b.Dropped() > 0 })
			to.set(nil)
			fmt.Fprint(b, "third\n")
			waittest.Until(t, "the third line", func() bool { return to.text() == test.want })
			b.Close()
			if want := uint64(strings.Count("first\nsecond\n", "\n") - strings.Count(strings.TrimSuffix(test.want, "third\n"), "\n")); b.Dropped() < want {
				t.Errorf("%d dropped, want %d at least", b.Dropped(), want)
			}
		})
	}
}

// TestLogNobodyReads has a reader that is there and reads nothing. Nobody waits
// for it, and the end of the program does not either.
func TestLogNobodyReads(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	b := NewBuffer(write)
	const lines = 5000
	line := strings.Repeat("x", 1000) + "\n"
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range lines {
			fmt.Fprint(b, line)
		}
		b.Close()
	}()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for the reader")
	}
	if dropped := b.Dropped(); dropped == 0 || dropped > lines {
		t.Errorf("%d lines dropped", dropped)
	}
}

// TestLogKeepsAllLines has a reader that is slow for a while.
func TestLogKeepsAllLines(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuffer(write)
	var want strings.Builder
	for i := range 5000 {
		line := fmt.Sprintln("line", i, strings.Repeat("x", 100))
		want.WriteString(line)
		fmt.Fprint(b, line)
	}
	got := make(chan string, 1)
	go func() {
		all, err := io.ReadAll(read)
		if err != nil {
			t.Error(err)
		}
		got <- string(all)
	}()
	b.Close()
	if err := write.Close(); err != nil {
		t.Error(err)
	}
	if all := waittest.Receive(t, got); all != want.String() || b.Dropped() != 0 {
		t.Errorf("%d bytes of %d came, %d lines dropped", len(all), want.Len(), b.Dropped())
	}
}
