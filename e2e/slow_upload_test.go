package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// slowly sends the rest of a request, a few bytes at a time, until an answer
// comes.
func slowly(t *testing.T, conn net.Conn, rest string) *answer {
	t.Helper()
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for ; ; rest = rest[10:] {
			select {
			case <-answered:
				return
			case <-tick.C:
				_, _ = io.WriteString(conn, rest[:10]) // The answer tells what became of it.
			}
		}
	}()
	res := readResponse(t, conn)
	return &answer{t, "a slow request", res.StatusCode, res.Header, []byte(res.text)}
}

// slowPatch sends an upload slowly and goes on with it after it was cut.
func slowPatch(t *testing.T, s *server) {
	t.Helper()
	c := s.register("tus")
	data := wav(2000, 1)
	path := c.created("a.wav", int64(len(data)))
	conn := s.dial()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, c.header.Get("Authorization"), chunkType, len(data), data[:5000])
	slowly(t, conn, string(data[5000:])).problem(408, "upload-too-slow")
	at := c.offset(path)
	if at < 5000 {
		t.Errorf("offset %d: what had come was not kept", at)
	}
	c.chunk(path, at, data[at:]).want(204)
	if v, reason := c.outcome(path); v.Status != "accepted" {
		t.Errorf("%s %s", v.Status, reason)
	}
}

// slowForm sends a form slowly, of which nothing is left.
func slowForm(t *testing.T, s *server) {
	t.Helper()
	c := s.register("form")
	b := body(part{"file", "a.wav", string(wav(2000, 1))})
	conn := s.dial()
	fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(b), b[:5000])
	slowly(t, conn, b[5000:]).problem(408, "upload-too-slow")
	checkUsage(t, c.session(), 0, 0)
	if videos := c.videos(); len(videos) != 0 {
		t.Errorf("left: %+v", videos)
	}
}

// TestSlowUpload sends less than is asked for, after the minute in which
// anything will do; and takes longer than a request may.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"too slow": nil,
		"too long": {"--min-upload-kb-per-second=0", "--max-upload-hours=0.0005"}, // 1.8 seconds.
	} {
		for kind, send := range map[string]func(*testing.T, *server){"tus": slowPatch, "form": slowForm} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				send(t, start(t, flags...))
			})
		}
	}
}

// TestReservedSpace announces more than one user may hold, in every way.
func TestReservedSpace(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-reserved-mb=100", "--max-file-size-mb=40", "--max-unfinished-uploads=9")
	a, b := s.register("a"), s.register("b")
	const mb = 1 << 20
	first := a.created("a.mp4", 40*mb)
	conn := s.dial()
	fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n-", a.rawHead(), 40*mb)
	eventually(t, patience, "the form to be let in", func() bool { return rows(t, s.database(), "videos") == 2 })
	for name, refused := range map[string]*answer{
		"tus":  a.create("a.mp4", 21*mb),
		"form": a.refusal(t, fmt.Sprintf("Content-Length: %d\r\n\r\n-", 21*mb)),
	} {
		refused.problem(429, "too-many-uploads")
		if refused.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
	}
	a.tus().do("DELETE", a.created("a.mp4", 20*mb), nil).want(204)
	b.tus().do("DELETE", b.created("b.mp4", 40*mb), nil).want(204) // Each user has their own.
	a.tus().do("DELETE", first, nil).want(204)
	a.accepted("a.wav", wav(100, 1))
	a.tus().do("DELETE", a.created("a.mp4", 40*mb), nil).want(204)
	_ = conn.Close()
}

// TestReservedSpaceTakesOneFile has a limit on files above that on what
// unfinished uploads may hold: one of the largest is taken all the same.
func TestReservedSpaceTakesOneFile(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-reserved-mb=1", "--max-file-size-mb=4")
	c := s.register("a")
	path := c.created("a.mp4", 4<<20)
	c.create("b.mp4", 1).problem(429, "too-many-uploads")
	file := filepath.Join(s.dir, "incoming", strings.TrimPrefix(path, "/files/"))
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	c.tus().do("DELETE", path, nil).want(http.StatusNoContent)
}
