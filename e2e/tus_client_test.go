package e2e

import (
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// tusClient runs tus-js-client in Node on a file and returns what to call for
// the path of its upload once it has ended.
func tusClient(t *testing.T, addr string, c *client, file string) (wait func() string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no node found: install Node.js")
	}
	token := strings.TrimPrefix(c.header.Get("Authorization"), "Bearer ")
	cmd := waittest.Command(t, node, "tusclient/client.cjs", "http://"+addr+"/files/", token, file, "วิดีโอ.mp4")
	var out, errs output
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return func() string {
		t.Helper()
		if err := waittest.Receive(t, ended); err != nil {
			t.Fatalf("tus-js-client: %v: %s", err, errs.String())
		}
		_, path, _ := strings.Cut(strings.TrimSpace(out.String()), "/files/")
		return "/files/" + path
	}
}

// largeClip is a video of so many bytes.
func largeClip(t *testing.T, size int64) (path string, sum [32]byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "large.mp4")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, hash), padded(read(t, clip(t, 2)), size)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path, [32]byte(hash.Sum(nil))
}

// checkArrived compares what has become of an upload with the file.
func checkArrived(t *testing.T, c *client, path string, sum [32]byte) {
	t.Helper()
	v, reason := c.outcome(path)
	if v.Status != "accepted" || v.Filename != "วิดีโอ.mp4" {
		t.Fatalf("%+v %s", v, reason)
	}
	if sha256.Sum256(c.get("/videos/"+v.ID+"/file").want(200).body) != sum {
		t.Error("the bytes are not those of the file")
	}
	if videos := c.videos(); len(videos) != 1 {
		t.Errorf("%d videos", len(videos))
	}
	checkUsage(t, c.session(), 1, 2000)
}

func TestTusClientWhole(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	file, sum := largeClip(t, 20<<20)
	checkArrived(t, c, tusClient(t, s.addr, c, file)(), sum)
}

// TestTusClientCut breaks the line twenty times, at random bytes.
func TestTusClientCut(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	const size, cuts = 40 << 20, 20
	file, sum := largeClip(t, size)
	line := cutLine(t, s.addr, cuts, size/cuts/2)
	path := tusClient(t, line.addr, c, file)()
	if n := line.cut.Load(); n != cuts {
		t.Errorf("the line broke %d times, want %d", n, cuts)
	}
	checkArrived(t, c, path, sum)
}

// TestTusClientKill kills the server three times while the client sends.
func TestTusClientKill(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	const size, kills = 40 << 20, 3
	file, sum := largeClip(t, size)
	// A slow line, so that there is a middle to be killed in.
	line := cutLine(t, s.addr, 0, 0)
	line.pause.Store(int64(2 * time.Millisecond))
	wait := tusClient(t, line.addr, c, file)
	for kill := range kills {
		eventually(t, patience, "more bytes", func() bool {
			return s.received() > int64(size/(kills+1)*(kill+1)/2)
		})
		s.kill()
		s.restart()
	}
	checkArrived(t, c, wait(), sum)
}

// received is how many bytes lie in files of uploads under way.
func (s *server) received() int64 {
	n := int64(0)
	for _, name := range s.incoming() {
		if info, err := os.Stat(filepath.Join(s.dir, "incoming", name)); err == nil && !strings.Contains(name, ".") {
			n += info.Size()
		}
	}
	return n
}

// line is a connection to a server that breaks.
type line struct {
	addr  string
	pause atomic.Int64 // nanoseconds after each piece
	cut   atomic.Int64 // how often it broke
}

// cutLine listens and hands on to a server. It breaks so many connections, each
// after a random number of bytes from the client, twice of mean at most.
func cutLine(t *testing.T, to string, cuts, mean int) *line {
	t.Helper()
	listener := waittest.Listen(t)
	l := &line{addr: listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			budget := int64(-1)
			if int(l.cut.Load()) < cuts {
				budget = rand.Int64N(int64(2 * mean))
			}
			go l.serve(conn, to, budget, int64(cuts))
		}
	}()
	return l
}

func (l *line) serve(conn net.Conn, to string, budget, cuts int64) {
	defer conn.Close()
	server, err := net.DialTimeout("tcp", to, patience)
	if err != nil {
		return // The server is being started again.
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(conn, server)
		_ = conn.Close()
	}()
	piece := make([]byte, 64<<10)
	for {
		n, err := conn.Read(piece)
		if budget >= 0 {
			if budget -= int64(n); budget < 0 {
				// Another connection may have used up the cuts meanwhile.
				if l.cut.Add(1) <= cuts {
					return
				}
				l.cut.Add(-1)
				budget = -1
			}
		}
		if _, writeErr := server.Write(piece[:n]); err != nil || writeErr != nil {
			return
		}
		if pause := time.Duration(l.pause.Load()); pause > 0 {
			<-time.After(pause)
		}
	}
}
