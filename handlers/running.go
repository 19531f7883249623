package handlers

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"gensubtitle/internal/background"
)

const (
	// lookInterval is how often clients are looked at that wait for an answer.
	lookInterval = time.Second
	// lookAfter is how long a request runs before its client is looked at.
	lookAfter = time.Second
)

var (
	errClientGone = errors.New("the client has gone")
	errStopped    = errors.New("the server stops")
)

// running are the requests under way, so that a stop can wait for them.
type running struct {
	mu       sync.Mutex
	requests []*request    // each knows its place
	waiting  chan struct{} // closed when no request is left; nil when nobody waits
}

// request is one of them.
type request struct {
	conn  net.Conn
	begun time.Time
	end   context.CancelCauseFunc
	place int
}

// begin returns a context that ends when the server stops, or the client has gone.
func (r *running) begin(conn net.Conn, now time.Time) (context.Context, *request) {
	ctx, end := context.WithCancelCause(context.Background())
	q := &request{conn: conn, begun: now, end: end}
	r.mu.Lock()
	defer r.mu.Unlock()
	q.place = len(r.requests)
	r.requests = append(r.requests, q)
	return ctx, q
}

func (r *running) end(q *request) {
	q.end(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.requests) - 1
	r.requests[q.place] = r.requests[last]
	r.requests[q.place].place = q.place
	r.requests[last] = nil
	r.requests = r.requests[:last]
	if len(r.requests) == 0 && r.waiting != nil {
		close(r.waiting)
		r.waiting = nil
	}
}

func (r *running) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.requests)
}

// idle returns a channel that is closed at the first moment without a request.
func (r *running) idle() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = make(chan struct{})
	}
	done := r.waiting
	if len(r.requests) == 0 {
		close(done)
		r.waiting = nil
	}
	return done
}

// stop ends the contexts of all requests.
func (r *running) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		q.end(errStopped)
	}
}

// leave ends the contexts of requests whose clients have gone.
func (r *running) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		if conn, ok := q.conn.(interface{ gone() bool }); ok && time.Since(q.begun) > lookAfter && conn.gone() {
			q.end(errClientGone)
		}
	}
}

// WatchClients ends the contexts of requests whose clients have gone, until ctx ends.
func (s *Server) WatchClients(ctx context.Context) {
	tick := time.NewTicker(lookInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			background.Attempt(ctx, s.Log, "look at waiting clients", func(context.Context) error {
				s.running.leave()
				return nil
			})
		}
	}
}
