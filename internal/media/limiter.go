package media

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// limiter bounds how much runs at once, in all and for each owner. Waiters are
// served by owner: the one with the fewest running first, then the one served
// longest ago. So a user with many files delays another by one of them at most.
type limiter struct {
	total, perOwner int

	mu     sync.Mutex
	held   int
	served int // counts what was admitted, for order
	owners map[string]*owner
	queue  []*waiter // in order of arrival
}

// owner is kept while something of it runs or waits.
type owner struct {
	held, waiting int
	served        int // of the limiter, when this owner was admitted last
}

type waiter struct {
	owner string
	ready chan struct{} // closed when it is admitted
}

func newLimiter(total, perOwner int) *limiter {
	return &limiter{total: total, perOwner: perOwner, owners: map[string]*owner{}}
}

// acquire waits until ctx ends, with ErrUnavailable then. The caller calls release
// once.
func (l *limiter) acquire(ctx context.Context, name string) (release func(), err error) {
	w := &waiter{owner: name, ready: make(chan struct{})}
	l.enter(w)
	select {
	case <-w.ready:
		return func() { l.end(name) }, nil
	case <-ctx.Done():
		l.leave(w)
		return nil, fmt.Errorf("%w: wait for others to end: %w", ErrUnavailable, context.Cause(ctx))
	}
}

func (l *limiter) enter(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owners[w.owner] == nil {
		l.owners[w.owner] = &owner{}
	}
	l.owners[w.owner].waiting++
	l.queue = append(l.queue, w)
	l.serve()
}

func (l *limiter) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.owners[w.owner]
	if i := slices.Index(l.queue, w); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
		own.waiting--
	} else { // It was served in the meantime.
		own.held--
		l.held--
	}
	l.forget(w.owner)
	l.serve()
}

func (l *limiter) end(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owners[name].held--
	l.held--
	l.forget(name)
	l.serve()
}

func (l *limiter) forget(name string) {
	if own := l.owners[name]; own.held == 0 && own.waiting == 0 {
		delete(l.owners, name)
	}
}

// serve admits waiters up to the limit.
func (l *limiter) serve() {
	for l.held < l.total {
		next := -1
		for i, w := range l.queue {
			if l.owners[w.owner].held < l.perOwner && (next < 0 || l.before(w.owner, l.queue[next].owner)) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := l.queue[next]
		l.queue = slices.Delete(l.queue, next, next+1)
		own := l.owners[w.owner]
		own.waiting--
		own.held++
		l.held++
		l.served++
		own.served = l.served
		close(w.ready)
	}
}

// before reports whether a is served before b.
func (l *limiter) before(a, b string) bool {
	x, y := l.owners[a], l.owners[b]
	if x.held != y.held {
		return x.held < y.held
	}
	return x.served < y.served
}
