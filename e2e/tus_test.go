package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

const chunkType = "application/offset+octet-stream"

// tus is the client with the header that the protocol asks for.
func (c *client) tus() *client { return c.with("Tus-Resumable", "1.0.0") }

// create begins an upload and answers as the server does.
func (c *client) create(name string, size int64) *answer {
	c.t.Helper()
	meta := "filename " + base64.StdEncoding.EncodeToString([]byte(name))
	return c.tus().with("Upload-Length", strconv.FormatInt(size, 10)).with("Upload-Metadata", meta).send("POST", "/files/", "", nil, -1)
}

// created begins an upload that must be admitted and returns its path.
func (c *client) created(name string, size int64) string {
	c.t.Helper()
	path := c.create(name, size).want(201).header.Get("Location")
	if !strings.HasPrefix(path, "/files/") {
		c.t.Fatalf("Location %q", path)
	}
	return path
}

// chunk sends bytes of an upload from an offset on.
func (c *client) chunk(path string, offset int, data []byte) *answer {
	c.t.Helper()
	return c.tus().with("Upload-Offset", strconv.Itoa(offset)).send("PATCH", path, chunkType, bytes.NewReader(data), -1)
}

// offset asks how many bytes of an upload have come.
func (c *client) offset(path string) int {
	c.t.Helper()
	n, err := strconv.Atoi(c.tus().do("HEAD", path, nil).want(200).header.Get("Upload-Offset"))
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// outcome waits until an upload is settled and returns its video.
func (c *client) outcome(path string) (v video, reason string) {
	c.t.Helper()
	var told struct {
		video
		Reason string `json:"reason"`
	}
	eventually(c.t, patience, "the upload to be settled", func() bool {
		c.get(strings.Replace(path, "/files/", "/videos/", 1)).want(200).decode(&told)
		return told.Status == "accepted" || told.Status == "rejected"
	})
	return told.video, told.Reason
}

func TestTusProtocol(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-file-size-mb=1")
	a, b := s.register("a"), s.register("b")
	data := wav(1000, 1)

	t.Run("what is offered", func(t *testing.T) {
		h := s.anyone().do("OPTIONS", "/files/", nil).want(204).header
		for name, want := range map[string]string{
			"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Max-Size": "1048576",
			"Tus-Extension":          "creation,creation-with-upload,termination,expiration,checksum",
			"Tus-Checksum-Algorithm": "sha1,md5,sha256",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})

	path := a.created("สวัสดี.wav", int64(len(data)))
	if got := a.offset(path); got != 0 {
		t.Errorf("offset %d at first", got)
	}
	checkUsage(t, a.session(), 0, 0)

	long := strconv.Itoa(len(data))
	for _, test := range []struct {
		name   string
		send   func() *answer
		status int
		kind   string
	}{
		{"signed out", func() *answer { return s.anyone().create("a", 9) }, 401, "unauthenticated"},
		{"no version", func() *answer { return a.with("Upload-Length", "9").send("POST", "/files/", "", nil, -1) }, 412, "invalid"},
		{"another version", func() *answer {
			return a.with("Tus-Resumable", "0.2.2").with("Upload-Length", "9").send("POST", "/files/", "", nil, -1)
		}, 412, "invalid"},
		{"no length", func() *answer { return a.tus().send("POST", "/files/", "", nil, -1) }, 400, "invalid"},
		{"a negative length", func() *answer { return a.create("a", -1) }, 400, "invalid"},
		{"an empty file", func() *answer { return a.create("a", 0) }, 422, "invalid"},
		{"a length to be told later", func() *answer {
			return a.tus().with("Upload-Defer-Length", "1").send("POST", "/files/", "", nil, -1)
		}, 422, "invalid"},
		{"a part", func() *answer {
			return a.tus().with("Upload-Concat", "partial").with("Upload-Length", "9").send("POST", "/files/", "", nil, -1)
		}, 422, "invalid"},
		{"too large", func() *answer { return a.create("a", 1<<20+1) }, 413, "file-too-large"},
		{"from another site", func() *answer {
			return s.browser("a", password).with("Origin", "https://example.test").tus().with("Upload-Length", "9").send("POST", "/files/", "", nil, -1)
		}, 403, "cross-origin"},
		{"somebody else's PATCH", func() *answer { return b.chunk(path, 0, data) }, 404, "not-found"},
		{"somebody else's DELETE", func() *answer { return b.tus().do("DELETE", path, nil) }, 404, "not-found"},
		{"no such upload", func() *answer { return a.chunk("/files/01a208e1-72a3-7276-84f8-000000000000", 0, data) }, 404, "not-found"},
		{"no id at all", func() *answer { return a.chunk("/files/..", 0, data) }, 404, "not-found"},
		{"a wrong offset", func() *answer { return a.chunk(path, 7, data) }, 409, "offset-mismatch"},
		{"no offset", func() *answer { return a.tus().send("PATCH", path, chunkType, bytes.NewReader(data), -1) }, 400, "invalid"},
		{"a wrong type", func() *answer {
			return a.tus().with("Upload-Offset", "0").send("PATCH", path, "text/plain", bytes.NewReader(data), -1)
		}, 415, "wrong-content-type"},
		{"first bytes of a wrong type", func() *answer {
			return a.tus().with("Upload-Length", long).send("POST", "/files/", "text/plain", bytes.NewReader(data), -1)
		}, 415, "wrong-content-type"},
		{"more than was announced", func() *answer { return a.chunk(path, 0, append(data, 'x')) }, 413, "body-too-large"},
		{"more than was announced, in chunks", func() *answer {
			path := b.created("b", 1000)
			defer b.tus().do("DELETE", path, nil)
			return b.tus().with("Upload-Offset", "0").send("PATCH", path, chunkType, io.MultiReader(bytes.NewReader(make([]byte, 1001))), -1)
		}, 413, "body-too-large"},
		{"a length that is told again", func() *answer {
			return a.tus().with("Upload-Offset", "0").with("Upload-Length", long).send("PATCH", path, chunkType, bytes.NewReader(data), -1)
		}, 400, "invalid"},
		{"a multipart upload's id", func() *answer {
			u := b.accepted("b.wav", wav(10, 1))
			return b.chunk("/files/"+u.Video.ID, 0, data)
		}, 404, "not-found"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.send().problem(test.status, test.kind)
			if got := a.offset(path); got != 0 {
				t.Errorf("offset %d", got)
			}
		})
	}
	b.tus().do("HEAD", path, nil).want(404)
	a.do("GET", path, nil).problem(405, "method-not-allowed")

	t.Run("piece by piece", func(t *testing.T) {
		third := len(data) / 3
		first := a.chunk(path, 0, data[:third]).want(204).header
		if got := first.Get("Upload-Offset"); got != strconv.Itoa(third) {
			t.Errorf("Upload-Offset %s, want %d", got, third)
		}
		if expires, err := http.ParseTime(first.Get("Upload-Expires")); err != nil || time.Until(expires) < 23*time.Hour {
			t.Errorf("Upload-Expires %q", first.Get("Upload-Expires"))
		}
		if got := a.offset(path); got != third {
			t.Errorf("offset %d, want %d", got, third)
		}
		// Chunked, through a network that knows no PATCH.
		override := a.tus().with("Upload-Offset", strconv.Itoa(third)).with("X-HTTP-Method-Override", "PATCH")
		override.send("POST", path, chunkType, io.MultiReader(bytes.NewReader(data[third:2*third])), -1).want(204)
		checkUsage(t, a.session(), 0, 0)
		if last := a.chunk(path, 2*third, data[2*third:]).want(204); last.header.Get("Upload-Expires") != "" {
			t.Errorf("complete, and Upload-Expires %q", last.header.Get("Upload-Expires"))
		}
		v, _ := a.outcome(path)
		if v.Status != "accepted" || v.Filename != "สวัสดี.wav" || v.Size != int64(len(data)) || millis(v.Duration) != 1000 {
			t.Errorf("video %+v", v)
		}
		checkUsage(t, a.session(), 1, 1000)
		if got := a.get("/videos/" + v.ID + "/file").want(200).body; !bytes.Equal(got, data) {
			t.Error("the bytes are not those that were sent")
		}
	})
	t.Run("after the end", func(t *testing.T) {
		if got := a.offset(path); got != len(data) {
			t.Errorf("offset %d, want %d", got, len(data))
		}
		a.chunk(path, len(data), nil).want(204)
		a.chunk(path, 0, data).problem(409, "offset-mismatch")
		a.chunk(path, len(data), []byte("x")).problem(413, "body-too-large")
		a.tus().do("DELETE", path, nil).problem(404, "not-found")
		checkUsage(t, a.session(), 1, 1000)
	})
	t.Run("with the first bytes in the creation", func(t *testing.T) {
		c := a.tus().with("Upload-Length", long)
		whole := c.send("POST", "/files/", chunkType, bytes.NewReader(data), -1).want(201).header.Get("Location")
		v, _ := a.outcome(whole)
		if v.Status != "accepted" || v.Filename != "video" {
			t.Errorf("video %+v", v)
		}
		checkUsage(t, a.session(), 2, 2000)
	})
	checkNothingIncoming(t, s)
}

// checkNothingIncoming waits until nothing lies where uploads are received. The
// program removes files after the database says so, which others see first.
func checkNothingIncoming(t *testing.T, s *server) {
	t.Helper()
	eventually(t, patience, "the files of uploads to go", func() bool { return len(s.incoming()) == 0 })
}

// incoming lists all that lies where uploads are received.
func (s *server) incoming() []string {
	entries, _ := os.ReadDir(filepath.Join(s.dir, "incoming"))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestTusRejected(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-duration-minutes=0.05", "--max-unfinished-uploads=9") // 3 seconds.
	c := s.register("a")
	for reason, data := range map[string][]byte{
		"not-a-video":          []byte(strings.Repeat("no video ", 1000)),
		"quota-duration":       wav(3001, 1),
		"unfinished-recording": unfinished(t),
	} {
		path := c.created("x", int64(len(data)))
		c.chunk(path, 0, data).want(204)
		if v, got := c.outcome(path); v.Status != "rejected" || got != reason {
			t.Errorf("%s: %s because of %q", reason, v.Status, got)
		}
		kind := reason
		if reason == "unfinished-recording" {
			kind = "not-a-video"
		}
		// Nobody can take it for a success, whatever is asked.
		for method, a := range map[string]*answer{
			"HEAD":         c.tus().do("HEAD", path, nil).want(410),
			"PATCH":        c.chunk(path, len(data), nil).want(410),
			"PATCH from 0": c.chunk(path, 0, data).want(410),
			"DELETE":       c.tus().do("DELETE", path, nil).want(410),
		} {
			if got := a.header.Get("Upload-Rejected"); got != "urn:gensubtitle:"+kind {
				t.Errorf("%s: Upload-Rejected %q, want %s", method, got, kind)
			}
			if method != "HEAD" {
				a.problem(410, "upload-rejected")
			}
		}
	}
	checkUsage(t, c.session(), 0, 0)
	checkNothingIncoming(t, s)
	eventually(t, patience, "the files of videos to go", func() bool { return len(s.media()) == 0 })
	// Two that fit alone and not together: one is counted.
	one, two := c.created("1.wav", int64(len(wav(2000, 1)))), c.created("2.wav", int64(len(wav(2000, 2))))
	c.chunk(one, 0, wav(2000, 1)).want(204)
	c.chunk(two, 0, wav(2000, 2)).want(204)
	first, _ := c.outcome(one)
	second, _ := c.outcome(two)
	if first.Status == second.Status {
		t.Errorf("%s and %s", first.Status, second.Status)
	}
	checkUsage(t, c.session(), 1, 2000)
}

func TestTusSlots(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=4")
	a, b := s.register("a"), s.register("b")
	var paths []string
	for range 3 {
		paths = append(paths, a.created("x.wav", 1000))
	}
	full := a.create("x.wav", 1000)
	full.problem(429, "too-many-uploads")
	if full.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	b.created("x.wav", 1000)
	a.accepted("y.wav", wav(100, 1))
	p := a.create("x.wav", 1000).problem(403, "quota-videos")
	if p.Usage == nil || p.Usage.Videos != 1 || p.Limits == nil || p.Limits.Videos != 4 {
		t.Errorf("problem %+v", p)
	}
	a.upload("y.wav", wav(100, 1)).problem(403, "quota-videos")
	a.tus().do("DELETE", paths[0], nil).want(204)
	a.tus().do("HEAD", paths[0], nil).want(404)
	a.accepted("y.wav", wav(100, 2))
	checkUsage(t, a.session(), 2, 200)
}

// TestTusExpiry lets uploads lie until they expire.
func TestTusExpiry(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--upload-expiry-hours=0.0005") // 1.8 seconds.
	c := s.register("a")
	data := wav(1000, 1)
	path := c.created("x.wav", int64(len(data)))
	c.chunk(path, 0, data[:100]).want(204)
	eventually(t, patience, "the upload to expire", func() bool {
		return c.tus().do("HEAD", path, nil).status == 404
	})
	checkNothingIncoming(t, s)
	c.get(strings.Replace(path, "/files/", "/videos/", 1)).problem(404, "not-found")
	checkUsage(t, c.session(), 0, 0)
}

// TestTusStop stops the program while bytes come; the upload goes on after the
// restart at the byte where it was.
func TestTusStop(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*server){
		"SIGTERM": func(s *server) { s.signal(syscall.SIGTERM); s.wait(patience) },
		"SIGKILL": (*server).kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := s.register("a")
			data := wav(10_000, 1)
			path := c.created("x.wav", int64(len(data)))
			reader, writer := io.Pipe()
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				req := c.tus().with("Upload-Offset", "0")
				_, _ = req.try("PATCH", path, chunkType, reader, int64(len(data))) // It is cut off.
			}()
			if _, err := writer.Write(data[:200_000]); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(s.dir, "incoming", strings.TrimPrefix(path, "/files/"))
			eventually(t, patience, "the bytes to be written", func() bool {
				info, err := os.Stat(file)
				return err == nil && info.Size() > 0
			})
			end(s)
			_ = writer.CloseWithError(io.ErrUnexpectedEOF)
			waittest.Receive(t, sent)
			s.restart()
			at := c.offset(path)
			if at == 0 || at > 200_000 {
				t.Errorf("offset %d after the restart", at)
			}
			c.chunk(path, at, data[at:]).want(204)
			v, _ := c.outcome(path)
			if got := c.get("/videos/" + v.ID + "/file").want(200).body; v.Status != "accepted" || !bytes.Equal(got, data) {
				t.Errorf("%+v, %d bytes", v, len(got))
			}
			checkUsage(t, c.session(), 1, 10_000)
		})
	}
}

// TestTusTakesOver goes on with an upload while the connection before it still
// hangs, as after a line that broke without saying so.
func TestTusTakesOver(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	data := wav(3000, 1)
	path := c.created("x.wav", int64(len(data)))
	conn := s.dial()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"+
		"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, c.header.Get("Authorization"), chunkType, len(data), data[:5000])
	file := filepath.Join(s.dir, "incoming", strings.TrimPrefix(path, "/files/"))
	eventually(t, patience, "the bytes to be written", func() bool {
		info, err := os.Stat(file)
		return err == nil && info.Size() > 0
	})
	began := time.Now()
	at := c.offset(path)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("waited %v for a connection that hangs", took)
	}
	res := readResponse(t, conn)
	cut := &answer{t, "PATCH " + path, res.StatusCode, res.Header, []byte(res.text)}
	cut.problem(423, "upload-locked") // It has not stalled: the other took over.
	c.chunk(path, at, data[at:]).want(204)
	if v, _ := c.outcome(path); v.Status != "accepted" {
		t.Errorf("video %+v", v)
	}
	checkUsage(t, c.session(), 1, 3000)
}

// TestKillWhileMeasuring kills the program right after the last byte.
func TestKillWhileMeasuring(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=100", "--max-duration-minutes=1000")
	c := s.register("a")
	data := read(t, clip(t, 60))
	for round := range 4 {
		path := c.created("x.mp4", int64(len(data)))
		c.chunk(path, 0, data).want(204)
		s.kill()
		s.restart()
		if v, reason := c.outcome(path); v.Status != "accepted" {
			t.Fatalf("round %d: %s %s", round, v.Status, reason)
		}
		checkUsage(t, c.session(), round+1, int64(round+1)*60_000)
	}
	checkNothingIncoming(t, s)
}

// TestLastSlotMixed has 200 creations and multipart uploads want one slot.
func TestLastSlotMixed(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=1")
	c := s.register("a")
	data := wav(50, 1)
	form := body(part{"file", "a.wav", string(data)})
	var taken atomic.Int64
	var created sync.Map
	parallel(200, func(i int) {
		var a *answer
		var err error
		if i%2 == 0 {
			a, err = c.try("POST", "/upload-video", multipartType, strings.NewReader(form), -1)
		} else {
			a, err = c.tus().with("Upload-Length", strconv.Itoa(len(data))).try("POST", "/files/", "", nil, -1)
		}
		switch {
		case err != nil:
			t.Error(err)
		case a.status == 201:
			taken.Add(1)
			if path := a.header.Get("Location"); path != "" {
				created.Store(path, true)
			}
		case a.status != 403:
			t.Errorf("status %d: %s", a.status, head(a.body))
		}
	})
	if n := taken.Load(); n != 1 {
		t.Errorf("%d were taken, want 1", n)
	}
	created.Range(func(path, _ any) bool {
		c.chunk(path.(string), 0, data).want(204)
		c.outcome(path.(string))
		return true
	})
	checkUsage(t, c.session(), 1, 50)
}
