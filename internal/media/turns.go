package media

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// turns bound how much is done at once, for all owners and for each of them.
// Who waits is served by owner: the one who has the fewest first, then the one
// who was served longest ago. So a user with many files holds nobody up for
// longer than one of them takes.
type turns struct {
	total, perOwner int

	mu     sync.Mutex
	taken  int
	served int // counts turns, for order
	owners map[string]*owner
	queue  []*waiter // in order of arrival
}

// owner is there while somebody has turns or waits for one.
type owner struct {
	taken, waiting int
	served         int // of turns, when this owner had the last one
}

type waiter struct {
	owner string
	ready chan struct{} // closed once it has a turn
}

func newTurns(total, perOwner int) *turns {
	return &turns{total: total, perOwner: perOwner, owners: map[string]*owner{}}
}

// take waits for a turn until ctx ends, with ErrUnavailable then. The caller
// gives it back, once.
func (t *turns) take(ctx context.Context, name string) (giveBack func(), err error) {
	w := &waiter{owner: name, ready: make(chan struct{})}
	t.enter(w)
	select {
	case <-w.ready:
		return func() { t.end(name) }, nil
	case <-ctx.Done():
		t.leave(w)
		return nil, fmt.Errorf("%w: wait for a turn: %w", ErrUnavailable, context.Cause(ctx))
	}
}

func (t *turns) enter(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owners[w.owner] == nil {
		t.owners[w.owner] = &owner{}
	}
	t.owners[w.owner].waiting++
	t.queue = append(t.queue, w)
	t.serve()
}

func (t *turns) leave(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.owners[w.owner]
	if i := slices.Index(t.queue, w); i >= 0 {
		t.queue = slices.Delete(t.queue, i, i+1)
		own.waiting--
	} else { // It was served in the meantime.
		own.taken--
		t.taken--
	}
	t.forget(w.owner)
	t.serve()
}

func (t *turns) end(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owners[name].taken--
	t.taken--
	t.forget(name)
	t.serve()
}

func (t *turns) forget(name string) {
	if own := t.owners[name]; own.taken == 0 && own.waiting == 0 {
		delete(t.owners, name)
	}
}

// serve gives turns to those who wait, as far as there are any.
func (t *turns) serve() {
	for t.taken < t.total {
		next := -1
		for i, w := range t.queue {
			if t.owners[w.owner].taken < t.perOwner && (next < 0 || t.before(w.owner, t.queue[next].owner)) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := t.queue[next]
		t.queue = slices.Delete(t.queue, next, next+1)
		own := t.owners[w.owner]
		own.waiting--
		own.taken++
		t.taken++
		t.served++
		own.served = t.served
		close(w.ready)
	}
}

// before reports whether a is served before b.
func (t *turns) before(a, b string) bool {
	x, y := t.owners[a], t.owners[b]
	if x.taken != y.taken {
		return x.taken < y.taken
	}
	return x.served < y.served
}
