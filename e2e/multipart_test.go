package e2e

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// Bodies are written by hand, because the refusals need bodies that no library
// would write.
const (
	boundary      = "e2e-7MA4YWxkTrZu0gW"
	multipartType = "multipart/form-data; boundary=" + boundary
	closing       = "--" + boundary + "--\r\n"
)

// part is one part of a multipart body: a file where it has a filename.
type part struct{ field, filename, data string }

func (p part) header() string {
	h := fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=%q", boundary, p.field)
	if p.filename != "" {
		h += fmt.Sprintf("; filename=\"%s\"\r\nContent-Type: application/octet-stream", p.filename)
	}
	return h + "\r\n\r\n"
}

// body is a whole multipart body.
func body(parts ...part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.header() + p.data + "\r\n")
	}
	return b.String() + closing
}

// upload sends one file and waits for the answer.
func (c *client) upload(name string, data []byte) *answer {
	c.t.Helper()
	return c.uploadBody(body(part{"file", name, string(data)}))
}

// uploadBody sends a body written by hand.
func (c *client) uploadBody(b string) *answer {
	c.t.Helper()
	return c.send("POST", "/upload-video", multipartType, strings.NewReader(b), -1)
}

// accepted uploads a file that must be taken.
func (c *client) accepted(name string, data []byte) uploaded {
	c.t.Helper()
	var u uploaded
	c.upload(name, data).want(201).decode(&u)
	return u
}

// tryStream uploads a file of a known size without holding it in memory.
func (c *client) tryStream(name string, file io.Reader, size int64) (*answer, error) {
	start := part{field: "file", filename: name}.header()
	end := "\r\n" + closing
	b := io.MultiReader(strings.NewReader(start), file, strings.NewReader(end))
	return c.try("POST", "/upload-video", multipartType, b, int64(len(start)+len(end))+size)
}

// running is an upload whose last bytes are held back.
type running struct {
	t    testing.TB
	pipe *io.PipeWriter
	rest string
	done chan *answer
}

// heldBytes is how much of a file begin sends. It is more than the sockets'
// buffers on loopback hold, so once it is written the server has let the
// upload in and reads it.
const heldBytes = 16 << 20

// begin starts an upload of a valid video and returns when the server reads it.
func (c *client) begin() *running {
	c.t.Helper()
	video := new(bytes.Buffer)
	if _, err := video.ReadFrom(padded(read(c.t, clip(c.t, 1)), heldBytes)); err != nil {
		c.t.Fatal(err)
	}
	all := body(part{"file", "held.mp4", video.String()})
	reader, writer := io.Pipe()
	r := &running{c.t, writer, all[len(all)-1000:], make(chan *answer, 1)}
	go func() {
		defer close(r.done)
		if a, err := c.try("POST", "/upload-video", multipartType, reader, int64(len(all))); err == nil {
			r.done <- a
		}
	}()
	_, _ = io.WriteString(writer, all[:len(all)-1000]) // A refusal shows in finish.
	return r
}

// finish sends the rest and returns the answer, nil where none came.
func (r *running) finish() *answer {
	_, _ = io.WriteString(r.pipe, r.rest) // A refusal shows in the answer.
	_ = r.pipe.Close()
	return waittest.Receive(r.t, r.done)
}

// cut breaks the connection off.
func (r *running) cut() {
	_ = r.pipe.CloseWithError(io.ErrUnexpectedEOF)
	waittest.Receive(r.t, r.done)
}
