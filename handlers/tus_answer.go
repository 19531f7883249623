package handlers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

type tusKey struct{}

// tusRequest is what a request takes with it through the tus library.
type tusRequest struct {
	c       *fiber.Ctx
	visitor *visitor
	id      string // of the upload, once it is admitted
	room    int64  // how many bytes the upload lacks
	made    bool   // the upload has its place
	problem error  // what went wrong where the library has only its own words
	answer  *tusAnswer
}

func tusRequestOf(ctx context.Context) *tusRequest {
	return ctx.Value(tusKey{}).(*tusRequest)
}

func reportTus(ctx context.Context, err error) {
	if r := tusRequestOf(ctx); r.problem == nil {
		r.problem = err
	}
}

// interrupter returns what ends a request whose upload another request waits
// for, most likely because the connection of this one is gone.
func interrupter(ctx context.Context) func() {
	return tusRequestOf(ctx).answer.giveWay
}

// checker returns what checks the bytes of a request that came with a checksum.
func checker(ctx context.Context) func() error {
	if a := tusRequestOf(ctx).answer; a.body.sum != nil {
		return a.checkBody
	}
	return nil
}

// serveTus has the library, which is made for net/http, answer a request, body
// and all as it arrives. Fiber's own adaptor reads the whole body first.
func (s *Server) serveTus(r *tusRequest, id string, method http.HandlerFunc) error {
	c := r.c
	body, err := s.newTusBody(c, r.room)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithValue(c.UserContext(), tusKey{}, r))
	defer cancel()
	request := (&http.Request{
		Method: c.Method(), URL: &url.URL{Path: "/" + id}, Host: string(c.Request().Host()),
		Header: tusHeaders(c), Body: body, ContentLength: max(body.length, -1),
	}).WithContext(ctx)
	answer := &tusAnswer{
		conn: c.Context().Conn(), body: body, done: make(chan struct{}), header: http.Header{}, status: http.StatusOK,
	}
	r.answer = answer
	defer answer.finish()
	s.tus.Middleware(method).ServeHTTP(answer, request)
	r.made = answer.header.Get(fiber.HeaderLocation) != ""
	if body.ended {
		c.Locals(bodyReadKey, true)
	}
	if answer.status >= fiber.StatusBadRequest {
		return answer.problem(r)
	}
	for _, name := range []string{"Upload-Offset", "Upload-Length", "Upload-Metadata"} {
		if value := answer.header.Get(name); value != "" {
			c.Set(name, value)
		}
	}
	c.Status(answer.status)
	return nil
}

// tusHeaders are those that the library looks at.
func tusHeaders(c *fiber.Ctx) http.Header {
	header := http.Header{}
	for _, name := range []string{"Upload-Length", "Upload-Offset", "Upload-Metadata"} {
		if value := c.Get(name); value != "" {
			header.Set(name, value)
		}
	}
	header.Set("Tus-Resumable", tusVersion) // Those who only ask may leave it out.
	if isChunk(c) {
		header.Set(fiber.HeaderContentType, chunkType)
	}
	return header
}

// tusBody is a body as it arrives, and what became of it.
type tusBody struct {
	stream   io.Reader
	received prometheus.Counter // of bytes
	pace     pace
	room     int64     // how many bytes may still come
	sum      *checksum // what they have to come to; nil: anything
	length   int64     // Content-Length; negative for a chunked body
	read     int64
	heard    atomic.Int64 // when something came, in Unix nanoseconds
	ended    bool
	failed   error // why it did not come whole
}

func (s *Server) newTusBody(c *fiber.Ctx, room int64) (*tusBody, error) {
	sum, err := checksumOf(c)
	if err != nil {
		return nil, err
	}
	b := &tusBody{
		stream: c.Context().RequestBodyStream(), pace: s.newPace(), room: room, sum: sum,
		received: s.Metrics.received.WithLabelValues(string(resumableUpload)),
	}
	b.length = int64(c.Request().Header.ContentLength())
	b.ended = !hasBody(c)
	b.heard.Store(b.pace.began.UnixNano())
	if !b.ended && !isChunk(c) {
		return nil, errContentType
	}
	return b, nil
}

func (b *tusBody) Read(p []byte) (int, error) {
	if b.ended || b.failed != nil {
		return 0, io.EOF
	}
	n, err := b.readStream(p[:min(int64(len(p)), max(b.room, 1))])
	if n > 0 && b.room == 0 {
		b.failed = errBodyTooLarge
		return 0, b.failed
	}
	b.room -= int64(n)
	if b.sum != nil {
		b.sum.Write(p[:n])
	}
	if err != nil || b.room > 0 {
		return n, err
	}
	// The last byte that fits must not count before it is known that none follows.
	more, err := b.readStream(make([]byte, 1))
	if more > 0 {
		b.failed = errBodyTooLarge
		return 0, b.failed
	}
	return n, err
}

func (b *tusBody) readStream(p []byte) (int, error) {
	n, err := b.stream.Read(p)
	b.ended = err != nil
	b.read += int64(n)
	b.received.Add(float64(n))
	if n > 0 {
		b.heard.Store(time.Now().UnixNano())
	}
	err = b.pace.orTooSlow(err, b.read, b.length)
	if err != io.EOF {
		b.failed = err
	}
	return n, err
}

func (b *tusBody) Close() error { return nil }

// tusAnswer is a ResponseWriter that also lets the library set the deadlines
// of the connection, with which it ends a stalled body (http.ResponseController).
type tusAnswer struct {
	conn   net.Conn
	body   *tusBody
	header http.Header
	status int
	done   chan struct{} // closed when the connection may serve another request

	mu          sync.Mutex
	interrupted bool
}

func (a *tusAnswer) Header() http.Header { return a.header }

func (a *tusAnswer) WriteHeader(status int) { a.status = status }

// Write drops the text: an answer that is no error has none.
func (a *tusAnswer) Write(b []byte) (int, error) { return len(b), nil }

// SetReadDeadline gives an interrupted request no more time, and another one no
// more than its pace does.
func (a *tusAnswer) SetReadDeadline(t time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.interrupted {
		return nil
	}
	if end := a.body.pace.deadline(); end.Before(t) {
		t = end
	}
	return a.conn.SetReadDeadline(t)
}

// giveWay ends the request once nothing more comes. One that is being sent goes
// on, and it is the other that has to wait.
func (a *tusAnswer) giveWay() {
	for {
		quiet := time.Since(time.Unix(0, a.body.heard.Load()))
		if quiet >= tusQuiet {
			a.interrupt()
			return
		}
		select {
		case <-a.done:
			return
		case <-time.After(tusQuiet - quiet):
		}
	}
}

// interrupt lets a read of the body that waits, and all later ones, time out.
func (a *tusAnswer) interrupt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.done:
		return
	default:
	}
	a.interrupted = true
	_ = a.conn.SetReadDeadline(time.Now()) // A connection that is closed ends the read as well.
}

func (a *tusAnswer) finish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.done)
}

func (a *tusAnswer) gaveWay() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.interrupted
}

func (a *tusAnswer) SetWriteDeadline(t time.Time) error { return a.conn.SetWriteDeadline(t) }

// bodyProblem is why the body did not come whole, or nil.
func (a *tusAnswer) bodyProblem() error {
	var p *problem
	switch failed := a.body.failed; {
	case failed == nil:
		return nil
	case errors.As(failed, &p):
		return p
	case os.IsTimeout(failed) && a.gaveWay():
		return errUploadLocked
	case os.IsTimeout(failed):
		return errStalled
	}
	return errIncomplete
}

// checkBody is an error unless the body came whole and is what its checksum says.
func (a *tusAnswer) checkBody() error {
	if err := a.bodyProblem(); err != nil {
		return err
	}
	if !a.body.sum.matches() {
		return errChecksum
	}
	return nil
}

// problem says in our words what the library refused.
func (a *tusAnswer) problem(r *tusRequest) error {
	if r.problem != nil {
		return r.problem
	}
	if err := a.bodyProblem(); err != nil {
		return err
	}
	switch a.status {
	case fiber.StatusNotFound:
		return errNoRoute
	case fiber.StatusConflict:
		return errOffsetMismatch
	case fiber.StatusRequestEntityTooLarge:
		return errBodyTooLarge
	case fiber.StatusBadRequest, fiber.StatusNotImplemented:
		return errTusHeaders
	}
	return errInternal
}
