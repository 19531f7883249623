package handlers

import "sync"

// running counts the requests under way, so that a stop can wait for them.
type running struct {
	mu      sync.Mutex
	n       int
	waiting chan struct{} // closed when n falls to 0; nil when nobody waits
}

func (r *running) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
}

func (r *running) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n--
	if r.n == 0 && r.waiting != nil {
		close(r.waiting)
		r.waiting = nil
	}
}

func (r *running) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// idle returns a channel that is closed at the first moment without a request.
func (r *running) idle() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = make(chan struct{})
	}
	done := r.waiting
	if r.n == 0 {
		close(done)
		r.waiting = nil
	}
	return done
}
