package handlers

import (
	"context"
	"sync"
)

// turns let each quota session do few of something at once; the rest wait.
type turns struct {
	most int
	mu   sync.Mutex
	of   map[string]*turn
}

// turn is the turns of one session.
type turn struct {
	taken chan struct{}
	users int // those that have one or wait
}

// take waits for a turn until ctx ends, with errBusy then. The caller releases
// it, once.
func (t *turns) take(ctx context.Context, sessionID string) (release func(), err error) {
	own := t.enter(sessionID)
	select {
	case own.taken <- struct{}{}:
		return func() { <-own.taken; t.leave(sessionID) }, nil
	case <-ctx.Done():
		t.leave(sessionID)
		return nil, errBusy
	}
}

func (t *turns) enter(sessionID string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[string]*turn{}
	}
	own := t.of[sessionID]
	if own == nil {
		own = &turn{taken: make(chan struct{}, t.most)}
		t.of[sessionID] = own
	}
	own.users++
	return own
}

func (t *turns) leave(sessionID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of[sessionID].users--; t.of[sessionID].users == 0 {
		delete(t.of, sessionID)
	}
}
