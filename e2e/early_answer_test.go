package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// longBody is more than all buffers on the way can hold: nobody writes it to
// the end unless the other side reads.
const longBody = 64 << 20

// TestAnswerToWriter uploads with a client that reads nothing before it has
// written all. It gets to read also an answer that was found early, since the
// server reads on; if it closed instead, writing would fail.
func TestAnswerToWriter(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=1", "--max-file-size-mb=1")
	full, free := s.register("full"), s.register("free")
	full.accepted("a.wav", wav(100, 1))
	nobody := &client{s: s, header: http.Header{}}
	for name, test := range map[string]struct {
		c       *client
		chunked bool
		status  int
		kind    string
	}{
		"too large by its length": {free, false, 413, "file-too-large"},
		"too large by its chunks": {free, true, 413, "file-too-large"},
		"no videos left":          {full, true, 403, "quota-videos"},
		"signed out":              {nobody, false, 401, "unauthenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial()
			head := test.c.rawHead() + fmt.Sprintf("Content-Length: %d\r\n\r\n", longBody)
			b := io.LimitReader(zeros{}, longBody)
			if test.chunked {
				head = test.c.rawHead() + "Transfer-Encoding: chunked\r\n\r\n"
				b = chunks(part{field: "file", filename: "a.mp4"}.header(), longBody)
			}
			if _, err := io.Copy(conn, io.MultiReader(strings.NewReader(head), b)); err != nil {
				t.Fatalf("the server does not read on: %v", err)
			}
			res := readResponse(t, conn)
			if res.StatusCode != test.status || !strings.Contains(res.text, `"urn:gensubtitle:`+test.kind+`"`) {
				t.Errorf("status %d: %s", res.StatusCode, res.text)
			}
		})
	}
}

// chunks is a chunked body that begins with a text and goes on with zeros.
func chunks(text string, size int) io.Reader {
	const step = 1 << 16
	readers := []io.Reader{strings.NewReader(fmt.Sprintf("%x\r\n%s\r\n", len(text), text))}
	for range size / step {
		readers = append(readers, strings.NewReader(fmt.Sprintf("%x\r\n", step)), io.LimitReader(zeros{}, step), strings.NewReader("\r\n"))
	}
	return io.MultiReader(append(readers, strings.NewReader("0\r\n\r\n"))...)
}

// TestRefusedBeforeBody sends the head of an upload and one byte of its body:
// what the quota says is known by then, uploads under way included.
func TestRefusedBeforeBody(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=3", "--max-duration-minutes=0.05") // 3 seconds.
	for name, test := range map[string]struct {
		counted  []int // milliseconds of each
		underWay int
		kind     string
	}{
		"videos":   {[]int{100, 100, 100}, 0, "quota-videos"},
		"duration": {[]int{3000}, 0, "quota-duration"},
		"slots":    {[]int{100}, 2, "quota-videos"},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.register(name)
			for i, ms := range test.counted {
				c.accepted("a.wav", wav(ms, i))
			}
			var held []*running
			for range test.underWay {
				held = append(held, c.begin())
			}
			p := c.refusal(t, "Content-Length: 100000\r\n\r\n-").problem(403, test.kind)
			if p.Usage == nil || p.Usage.Videos != len(test.counted) || p.Limits == nil || p.Limits.Videos != 3 {
				t.Errorf("problem %+v", p)
			}
			// Each that is dropped makes room for one more, and no second.
			for _, upload := range held {
				upload.cut()
				c.settles(func() *answer { return c.upload("a.wav", wav(100, 2)) }, 201)
				c.upload("a.wav", wav(100, 3)).problem(403, "quota-videos")
			}
		})
	}
}

// refusal sends the head of an upload, its framing and the very beginning of
// its body, and returns what the server answers before it could read more.
func (c *client) refusal(t *testing.T, framing string) *answer {
	t.Helper()
	conn := c.s.dial()
	defer conn.Close()
	// Less than a client that stops in the middle is borne.
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, c.rawHead()+framing)
	res := readResponse(t, conn)
	return &answer{t, "POST /upload-video", res.StatusCode, res.Header, []byte(res.text)}
}
