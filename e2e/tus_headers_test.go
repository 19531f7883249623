package e2e

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func TestTusMetadata(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	data := wav(100, 1)
	create := func(meta string) *answer {
		t.Helper()
		return c.tus().with("Upload-Length", fmt.Sprint(len(data))).with("Upload-Metadata", meta).send("POST", "/files/", "", nil, -1)
	}
	for _, meta := range []string{
		"filename YS53YXY=",
		"zeta emV0YQ==,filename YS53YXY=,alpha YWxwaGE=,is_private",
		"filename YS53YXY=, empty ,filetype YXVkaW8vd2F2",
	} {
		path := create(meta).want(201).header.Get("Location")
		check := func(when string) {
			t.Helper()
			if got := c.tus().do("HEAD", path, nil).want(200).header.Get("Upload-Metadata"); got != meta {
				t.Errorf("%s: Upload-Metadata %q, want %q", when, got, meta)
			}
		}
		check("at first")
		c.chunk(path, 0, data).want(204)
		check("when all has come")
		if v, reason := c.outcome(path); v.Status != "accepted" || v.Filename != "a.wav" {
			t.Errorf("%+v %s", v, reason)
		}
		check("when it is counted")
	}
	for _, meta := range []string{
		"filename a.wav", "filename YS53YXY", "filename YS53YXY= x", "filename YS53YXY=,,a YQ==", ",", "filename YQ==,filename Yg==",
	} {
		p := create(meta).problem(400, "invalid")
		if p.Errors["Upload-Metadata"] == "" {
			t.Errorf("%q: errors %v", meta, p.Errors)
		}
	}
	checkUsage(t, c.session(), 3, 300)
	checkNothingIncoming(t, s)
}

func TestTusVersionIsTold(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	path := c.created("a.wav", 100)
	for name, a := range map[string]*answer{
		"POST":                 c.send("POST", "/files/", "", nil, -1),
		"PATCH":                c.send("PATCH", path, chunkType, strings.NewReader("x"), -1),
		"DELETE":               c.send("DELETE", path, "", nil, -1),
		"HEAD of another one":  c.with("Tus-Resumable", "2.0.0").send("HEAD", path, "", nil, -1),
		"POST of another one":  c.with("Tus-Resumable", "0.2.2").send("POST", "/files/", "", nil, -1),
		"PATCH of another one": c.with("Tus-Resumable", "1.0").send("PATCH", path, chunkType, strings.NewReader("x"), -1),
	} {
		if a.status != 412 || a.header.Get("Tus-Version") != "1.0.0" || a.header.Get("Tus-Resumable") != "1.0.0" {
			t.Errorf("%s: %d, Tus-Version %q, Tus-Resumable %q", name, a.status, a.header.Get("Tus-Version"), a.header.Get("Tus-Resumable"))
		}
	}
	c.send("HEAD", path, "", nil, -1).want(200)
	if got := s.anyone().tus().send("POST", "/files/", "", nil, -1).want(401).header.Get("Tus-Resumable"); got != "1.0.0" {
		t.Errorf("401 with Tus-Resumable %q", got)
	}
}

func base64Of(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

// TestTusChecksum sends an upload in pieces, each with a checksum, and each
// first with another piece's bytes.
func TestTusChecksum(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	data := wav(1000, 1)
	path := c.created("a.wav", int64(len(data)))
	sent := func(sum string, offset int, data []byte) *answer {
		return c.tus().with("Upload-Checksum", sum).with("Upload-Offset", fmt.Sprint(offset)).
			send("PATCH", path, chunkType, bytes.NewReader(data), -1)
	}
	at := 0
	for name, sum := range map[string]func([]byte) []byte{
		"sha1":   func(b []byte) []byte { s := sha1.Sum(b); return s[:] },
		"md5":    func(b []byte) []byte { s := md5.Sum(b); return s[:] },
		"sha256": func(b []byte) []byte { s := sha256.Sum256(b); return s[:] },
	} {
		end := min(at+len(data)/3+1, len(data))
		piece := data[at:end]
		right := name + " " + base64Of(sum(piece))
		before := c.tus().do("HEAD", path, nil).want(200).header.Get("Upload-Expires")
		wrong := bytes.Clone(piece)
		wrong[len(wrong)-1] ^= 1
		sent(right, at, wrong).problem(460, "checksum-mismatch")
		if got := c.offset(path); got != at {
			t.Fatalf("%s: offset %d after a mismatch, want %d", name, got, at)
		}
		if after := c.tus().do("HEAD", path, nil).want(200).header.Get("Upload-Expires"); after != before {
			t.Errorf("%s: Upload-Expires %q after a mismatch, before %q", name, after, before)
		}
		sent(right, at, piece).want(204)
		at = end
	}
	if v, reason := c.outcome(path); v.Status != "accepted" || !bytes.Equal(c.get("/videos/"+v.ID+"/file").want(200).body, data) {
		t.Errorf("%+v %s", v, reason)
	}
	checkUsage(t, c.session(), 1, 1000)
	path = c.created("a.wav", int64(len(data)))
	for _, sum := range []string{
		"sha512 " + base64Of(make([]byte, 64)), "sha1", "sha1 ", "sha1 no base64", "sha1 " + base64Of(make([]byte, 19)), "crc32 AAAAAA==",
	} {
		if p := sent(sum, 0, data).problem(400, "invalid"); p.Errors["Upload-Checksum"] == "" {
			t.Errorf("%q: errors %v", sum, p.Errors)
		}
	}
	bad := c.tus().with("Upload-Length", fmt.Sprint(len(data))).with("Upload-Checksum", "md5 "+base64Of(make([]byte, 16)))
	bad.send("POST", "/files/", chunkType, bytes.NewReader(data), -1).problem(460, "checksum-mismatch")
	if got := c.offset(path); got != 0 {
		t.Errorf("offset %d", got)
	}
	c.tus().do("DELETE", path, nil).want(204)
	checkNothingIncoming(t, s)
}

// TestTusChecksumCut cuts a body that has a checksum, by its connection and by
// killing the program. What has come cannot be checked, so it is not kept.
func TestTusChecksumCut(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*server, *io.PipeWriter){
		"connection": func(_ *server, w *io.PipeWriter) { _ = w.CloseWithError(errors.New("cut")) },
		"SIGKILL":    func(s *server, _ *io.PipeWriter) { s.kill(); s.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := s.register("a")
			data := wav(10_000, 1)
			path := c.created("a.wav", int64(len(data)))
			c.chunk(path, 0, data[:1000]).want(204)
			sum := sha1.Sum(data[1000:])
			reader, writer := io.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				req := c.tus().with("Upload-Offset", "1000").with("Upload-Checksum", "sha1 "+base64Of(sum[:]))
				_, _ = req.try("PATCH", path, chunkType, reader, int64(len(data)-1000)) // It is cut off.
			}()
			// All but the last byte.
			if _, err := writer.Write(data[1000 : len(data)-1]); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(s.dir, "incoming", strings.TrimPrefix(path, "/files/"))
			eventually(t, patience, "the bytes to be written", func() bool {
				info, err := os.Stat(file)
				return err == nil && info.Size() > 1000
			})
			cut(s, writer)
			_ = writer.CloseWithError(io.ErrUnexpectedEOF)
			waittest.Receive(t, done)
			if got := c.offset(path); got != 1000 {
				t.Errorf("offset %d, want 1000", got)
			}
			c.chunk(path, 1000, data[1000:]).want(204)
			if v, reason := c.outcome(path); v.Status != "accepted" || !bytes.Equal(c.get("/videos/"+v.ID+"/file").want(200).body, data) {
				t.Errorf("%+v %s", v, reason)
			}
			checkNothingIncoming(t, s)
		})
	}
}

// TestTusRefusalsPutNothingOff looks for the end of an upload's life after
// requests that were refused.
func TestTusRefusalsPutNothingOff(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	path := c.created("a.wav", 1000)
	file := filepath.Join(s.dir, "incoming", strings.TrimPrefix(path, "/files/"))
	last := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(file, time.Time{}, last); err != nil {
		t.Fatal(err)
	}
	want := last.Add(24 * time.Hour).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	for name, a := range map[string]*answer{
		"a wrong offset":   c.chunk(path, 7, []byte("x")).want(409),
		"a wrong type":     c.tus().with("Upload-Offset", "0").send("PATCH", path, "text/plain", strings.NewReader("x"), -1).want(415),
		"too much":         c.chunk(path, 0, make([]byte, 1001)).want(413),
		"a wrong checksum": c.tus().with("Upload-Offset", "0").with("Upload-Checksum", "md5 "+base64Of(make([]byte, 16))).send("PATCH", path, chunkType, strings.NewReader("x"), -1).want(460),
		"no byte":          c.chunk(path, 0, nil),
		"a question":       c.tus().do("HEAD", path, nil).want(200),
	} {
		if got := a.header.Get("Upload-Expires"); got != want && (got != "" || a.status < 300) {
			t.Errorf("%s: Upload-Expires %q, want %q", name, got, want)
		}
	}
	if got := c.tus().do("HEAD", path, nil).want(200).header.Get("Upload-Expires"); got != want {
		t.Errorf("Upload-Expires %q, want %q", got, want)
	}
}

// TestTusTwoAtOnce is attack 50: two requests write one upload at once.
func TestTusTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	data := wav(3000, 1)
	path := c.created("a.wav", int64(len(data)))
	reader, writer := io.Pipe()
	first := make(chan *answer, 1)
	go func() {
		a, err := c.tus().with("Upload-Offset", "0").try("PATCH", path, chunkType, reader, int64(len(data)))
		if err != nil {
			t.Error(err)
		}
		first <- a
	}()
	second := make(chan *answer, 1)
	other := func() {
		a, err := c.tus().with("Upload-Offset", "0").try("PATCH", path, chunkType, bytes.NewReader(data), -1)
		if err != nil {
			t.Error(err)
		}
		second <- a
	}
	// The first goes on sending all the while, a little at a time.
	step := len(data) / 200
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for at := 0; at < len(data); at += step {
		if at == step {
			go other()
		}
		if _, err := writer.Write(data[at:min(at+step, len(data))]); err != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if a := waittest.Receive(t, first); a.status != 204 {
		t.Errorf("the first got %d: %s", a.status, a.body)
	}
	if a := waittest.Receive(t, second); a.status != 409 && a.status != 423 {
		t.Errorf("the second got %d: %s", a.status, a.body)
	}
	if v, reason := c.outcome(path); v.Status != "accepted" {
		t.Errorf("%s %s", v.Status, reason)
	}
	checkUsage(t, c.session(), 1, 3000)
}
