package handlers

import (
	"context"
	"sync"
)

// limiter bounds how much of something each quota session does at once.
type limiter struct {
	most int
	mu   sync.Mutex
	of   map[string]*slots
}

// slots are those of one session.
type slots struct {
	taken chan struct{}
	users int // requests that hold one or wait
}

// acquire waits for a slot until ctx ends, with errBusy then. The caller calls
// release once.
func (l *limiter) acquire(ctx context.Context, sessionID string) (release func(), err error) {
	own := l.enter(sessionID)
	select {
	case own.taken <- struct{}{}:
		return func() { <-own.taken; l.leave(sessionID) }, nil
	case <-ctx.Done():
		l.leave(sessionID)
		return nil, errBusy
	}
}

func (l *limiter) enter(sessionID string) *slots {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[string]*slots{}
	}
	own := l.of[sessionID]
	if own == nil {
		own = &slots{taken: make(chan struct{}, l.most)}
		l.of[sessionID] = own
	}
	own.users++
	return own
}

func (l *limiter) leave(sessionID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[sessionID].users--; l.of[sessionID].users == 0 {
		delete(l.of, sessionID)
	}
}
