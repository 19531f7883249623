package e2e

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestLogReader has whoever reads the log go away, or stay and read nothing.
// Standard output has no reader from the beginning. The service goes on, and
// counts the lines that are lost.
func TestLogReader(t *testing.T) {
	waittest.Slow(t, "runs the program")
	t.Parallel()
	for what, goes := range map[string]bool{"goes away": true, "reads nothing": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, scrape := piped(t)
			if goes {
				s.reader.Close()
			}
			// 4 MB of lines: more than a pipe and the program hold.
			for range 500 {
				res, err := (&http.Client{Timeout: patience}).Get(s.url("/" + strings.Repeat("x", 8000)))
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
			}
			series := "gensubtitle_log_lines_dropped_total"
			eventually(t, patience, "lost lines to be counted", func() bool { return scrape().values()[series] > 0 })
			s.register("a").session()
			s.signal(syscall.SIGTERM)
			if code := s.wait(patience); code != 0 {
				t.Errorf("exit status %d", code)
			}
		})
	}
}

// pipedServer is a server whose log goes into a pipe.
type pipedServer struct {
	*server
	reader *os.File
}

// piped starts one that has no users yet, so that it prints a password.
func piped(t *testing.T) (pipedServer, func() metrics) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	nobody := readerless(t)
	metricsAddr := freeAddr(t)
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), addr: freeAddr(t), exited: make(chan struct{})}
	s.cmd = ownSettings(exec.Command(program(), "--addr="+s.addr, "--data-dir="+s.dir, "--metrics-addr="+metricsAddr, "--signups-per-hour=0"))
	s.cmd.Stdout, s.cmd.Stderr = nobody, writer
	if err := errors.Join(s.cmd.Start(), writer.Close()); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // Its exit status is read from ProcessState.
		close(s.exited)
	}()
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); s.wait(patience) })
	eventually(t, patience, "the service", func() bool {
		res, err := (&http.Client{Timeout: patience}).Get(s.url("/healthz"))
		if err == nil {
			res.Body.Close()
		} else if s.dead() {
			t.Fatalf("the program ended: %v", s.cmd.ProcessState)
		}
		return err == nil
	})
	scraper := (&server{t: t, addr: metricsAddr}).anyone()
	return pipedServer{s, reader}, func() metrics { return metrics{t, scraper.get("/metrics").want(200).body} }
}

// readerless is a pipe that nobody reads from.
func readerless(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = writer.Close() })
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	return writer
}

// TestCommandIntoAPipe ends a command whose output nobody wants any more, as
// head does, without a word.
func TestCommandIntoAPipe(t *testing.T) {
	t.Parallel()
	s := start(t)
	cmd := command(t, "session", "export", "--format=csv", "--data-dir="+s.dir)
	var log output
	cmd.Stdout, cmd.Stderr = readerless(t), &log
	err := cmd.Run()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGPIPE || log.String() != "" {
		t.Errorf("it ended with %v, %s", err, log.String())
	}
}
