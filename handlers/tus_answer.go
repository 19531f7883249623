package handlers

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

type tusKey struct{}

// tusRequest is what a request takes with it through the tus library.
type tusRequest struct {
	c       *fiber.Ctx
	visitor *visitor
	id      string // of the upload that was admitted
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
	return tusRequestOf(ctx).answer.interrupt
}

// serveTus has the library, which is made for net/http, answer a request, body
// and all as it arrives. Fiber's own adaptor reads the whole body first.
func (s *Server) serveTus(r *tusRequest, id string, method http.HandlerFunc) error {
	c := r.c
	ctx, cancel := context.WithCancel(context.WithValue(c.UserContext(), tusKey{}, r))
	defer cancel()
	body := newTusBody(c, s.Metrics.received.WithLabelValues(string(resumableUpload)))
	request := (&http.Request{
		Method: c.Method(), URL: &url.URL{Path: "/" + id}, Host: string(c.Request().Host()),
		Header: tusHeaders(c), Body: body, ContentLength: max(int64(c.Request().Header.ContentLength()), -1),
	}).WithContext(ctx)
	answer := &tusAnswer{conn: c.Context().Conn(), header: http.Header{}, status: http.StatusOK}
	r.answer = answer
	defer answer.finish()
	s.tus.Middleware(method).ServeHTTP(answer, request)
	r.made = answer.header.Get(fiber.HeaderLocation) != ""
	if body.ended {
		c.Locals(bodyReadKey, true)
	}
	if answer.status >= fiber.StatusBadRequest {
		return answer.problem(r, body)
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
	for _, name := range []string{
		"Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata", fiber.HeaderContentType,
	} {
		if value := c.Get(name); value != "" {
			header.Set(name, value)
		}
	}
	return header
}

// tusBody is a body as it arrives, and what became of it.
type tusBody struct {
	stream   io.Reader
	received prometheus.Counter // of bytes
	ended    bool
	failed   error
}

func newTusBody(c *fiber.Ctx, received prometheus.Counter) *tusBody {
	b := &tusBody{stream: c.Context().RequestBodyStream(), received: received}
	b.ended = b.stream == nil || c.Request().Header.ContentLength() == 0
	return b
}

func (b *tusBody) Read(p []byte) (int, error) {
	if b.stream == nil {
		return 0, io.EOF
	}
	n, err := b.stream.Read(p)
	b.received.Add(float64(n))
	if err != nil {
		b.ended = true
	}
	if err != nil && err != io.EOF {
		b.failed = err
	}
	return n, err
}

func (b *tusBody) Close() error { return nil }

// tusAnswer is a ResponseWriter that also lets the library set the deadlines
// of the connection, with which it ends a stalled body (http.ResponseController).
type tusAnswer struct {
	conn   net.Conn
	header http.Header
	status int

	mu          sync.Mutex
	interrupted bool
	finished    bool // the connection may serve another request
}

func (a *tusAnswer) Header() http.Header { return a.header }

func (a *tusAnswer) WriteHeader(status int) { a.status = status }

// Write drops the text: an answer that is no error has none.
func (a *tusAnswer) Write(b []byte) (int, error) { return len(b), nil }

// SetReadDeadline gives an interrupted request no more time.
func (a *tusAnswer) SetReadDeadline(t time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.interrupted {
		return nil
	}
	return a.conn.SetReadDeadline(t)
}

// interrupt lets a read of the body that waits, and all later ones, time out.
func (a *tusAnswer) interrupt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.finished || a.interrupted {
		return
	}
	a.interrupted = true
	_ = a.conn.SetReadDeadline(time.Now()) // A connection that is closed ends the read as well.
}

func (a *tusAnswer) finish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.finished = true
}

func (a *tusAnswer) SetWriteDeadline(t time.Time) error { return a.conn.SetWriteDeadline(t) }

// problem says in our words what the library refused.
func (a *tusAnswer) problem(r *tusRequest, body *tusBody) error {
	switch {
	case r.problem != nil:
		return r.problem
	case os.IsTimeout(body.failed):
		return errStalled
	case body.failed != nil:
		return errIncomplete
	}
	switch a.status {
	case fiber.StatusNotFound:
		return errNoRoute
	case fiber.StatusConflict:
		return errOffsetMismatch
	case fiber.StatusRequestEntityTooLarge:
		return errBodyTooLarge
	case fiber.StatusPreconditionFailed:
		return errTusVersion
	case fiber.StatusBadRequest, fiber.StatusNotImplemented:
		return errTusHeaders
	}
	return errInternal
}
