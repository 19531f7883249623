package auth

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

const (
	// throttleKeys is how many keys a Throttle counts apart. A key takes about
	// 300 bytes and 8 more for each failure.
	throttleKeys = 32768
	// throttleSharedKeys is how many counters the keys beyond those share.
	throttleSharedKeys = 1024
)

// ThrottledError refuses an attempt because there were too many failures.
type ThrottledError struct {
	// RetryAfter is how long it takes until the next attempt can be let through,
	// above 0.
	RetryAfter time.Duration
}

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many failed attempts, retry after %s", e.RetryAfter)
}

// Throttle limits how many attempts may fail for one key (an account, an address)
// in a sliding window of time. It never lets more than that many through, however
// many come at once, and it never refuses one for attempts that go on to succeed:
// an attempt holds a place while it runs, and when failures and running attempts
// together fill all places, the next one waits, first come first served, until a
// running one has ended.
//
// Memory is bounded. A key is forgotten when its last failure leaves the window.
// While 32,768 keys are remembered, keys not among them share 1,024 counters,
// picked by a secret hash. So under such an attack a key can be refused for the
// failures of others, but nothing is forgotten early and no key ever gets more
// failures than it should.
type Throttle struct {
	limit   int
	window  time.Duration
	now     func() time.Time
	start   time.Time
	seed    maphash.Seed
	maxKeys int

	mu       sync.Mutex
	latest   time.Duration // The latest time seen, since start.
	counters map[counterKey]*counter
	failed   *list.List // The *counter that have failures, longest without a new one first.
}

// counterKey is the hash of a key, so that long keys take no more memory, or the
// number of a shared counter.
type counterKey [sha256.Size]byte

// counter is the state of one key. It stays in the map for as long as it has
// failures, running attempts or waiters. Failures and running attempts together
// never exceed the throttle's limit.
type counter struct {
	key      counterKey
	failures []time.Duration // When each failed, since the throttle's start; oldest first.
	running  int
	waiters  []*waiter
	place    *list.Element // In Throttle.failed; nil without failures.
}

// waiter is a Begin that has no answer yet. When ready is closed it has either a
// place or an error.
type waiter struct {
	ready chan struct{}
	err   error
}

// Attempt is one attempt that was let through. It must be ended.
type Attempt struct {
	throttle *Throttle // nil where there is no limit.
	counter  *counter
	ended    bool
}

// NewThrottle returns a Throttle that lets at most limit attempts fail per key in
// any stretch of time as long as window. A limit of 0 lets everything through. The
// time is told by now, usually time.Now.
func NewThrottle(limit int, window time.Duration, now func() time.Time) *Throttle {
	return &Throttle{
		limit:    limit,
		window:   window,
		now:      now,
		start:    now(),
		seed:     maphash.MakeSeed(),
		maxKeys:  throttleKeys,
		counters: make(map[counterKey]*counter),
		failed:   list.New(),
	}
}

// Begin asks to make an attempt for key. It waits while the attempts that run
// might use up what is left. The error is a *ThrottledError, or the cause of ctx's
// end if it ends first. An attempt that is let through must be ended, also when the code
// that makes it panics: put "defer attempt.End(false)" behind Begin and call
// End(true) where it has failed.
//
// Who needs a place in several throttles begins in all of them in one order, the
// narrowest key first, so that waiting for it does not hold a place of the wider.
func (t *Throttle) Begin(ctx context.Context, key string) (*Attempt, error) {
	if t.limit == 0 {
		return &Attempt{}, nil
	}
	own, shared := t.keys(key)
	w := &waiter{ready: make(chan struct{})}

	t.mu.Lock()
	now := t.elapsed()
	t.forget(now)
	c := t.counter(own, shared)
	c.waiters = append(c.waiters, w)
	t.settle(c, now)
	t.mu.Unlock()

	select {
	case <-w.ready:
		if w.err != nil {
			return nil, w.err
		}
		return &Attempt{throttle: t, counter: c}, nil
	case <-ctx.Done():
		t.leave(c, w)
		return nil, fmt.Errorf("wait to attempt: %w", context.Cause(ctx))
	}
}

// End says how the attempt went. A failure counts from this moment on. Only the
// first call has an effect.
func (a *Attempt) End(failed bool) {
	if a.throttle == nil {
		return
	}
	a.throttle.mu.Lock()
	defer a.throttle.mu.Unlock()
	if a.ended {
		return
	}
	a.ended = true
	a.throttle.end(a.counter, failed)
}

// end gives back the place of an attempt that ran. The caller holds the lock.
func (t *Throttle) end(c *counter, failed bool) {
	now := t.elapsed()
	c.running--
	if failed {
		c.failures = append(c.failures, now)
		if c.place == nil {
			c.place = t.failed.PushBack(c)
		} else {
			t.failed.MoveToBack(c.place)
		}
	}
	t.settle(c, now)
}

// leave takes a waiter out that will not wait any longer.
func (t *Throttle) leave(c *counter, w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(c.waiters, w); i >= 0 {
		c.waiters = slices.Delete(c.waiters, i, i+1)
	} else if w.err == nil {
		// It was given a place in the meantime.
		t.end(c, false)
	}
}

// settle answers the waiters of c in their order, as far as they can be answered,
// and drops c when nothing is left in it. The caller holds the lock.
func (t *Throttle) settle(c *counter, now time.Duration) {
	t.expire(c, now)
	for len(c.waiters) > 0 {
		w := c.waiters[0]
		switch {
		case len(c.failures) >= t.limit:
			w.err = &ThrottledError{RetryAfter: c.failures[0] + t.window - now}
		case len(c.failures)+c.running < t.limit:
			c.running++
		default:
			return
		}
		c.waiters = slices.Delete(c.waiters, 0, 1)
		close(w.ready)
	}
	if len(c.failures) == 0 && c.running == 0 {
		delete(t.counters, c.key)
	}
}

// expire takes the failures out of c that have left the window. The caller holds
// the lock.
func (t *Throttle) expire(c *counter, now time.Duration) {
	live := slices.IndexFunc(c.failures, func(at time.Duration) bool { return now < at+t.window })
	if live < 0 {
		live = len(c.failures)
	}
	c.failures = slices.Delete(c.failures, 0, live)
	if len(c.failures) == 0 && c.place != nil {
		t.failed.Remove(c.place)
		c.place = nil
	}
}

// forget drops the counters whose last failure has left the window. The caller
// holds the lock.
func (t *Throttle) forget(now time.Duration) {
	for first := t.failed.Front(); first != nil; first = t.failed.Front() {
		c := first.Value.(*counter)
		if now < c.failures[len(c.failures)-1]+t.window {
			return
		}
		t.settle(c, now)
	}
}

// counter finds or makes the counter for a key: its own if it has one; else the
// shared one if that is in use, since failures of this key may be in it; else a
// new one, of its own while there is room. The caller holds the lock.
func (t *Throttle) counter(own, shared counterKey) *counter {
	if c := t.counters[own]; c != nil {
		return c
	}
	if c := t.counters[shared]; c != nil {
		return c
	}
	c := &counter{key: own}
	if len(t.counters) >= t.maxKeys {
		c.key = shared
	}
	t.counters[c.key] = c
	return c
}

// keys returns the key of the counter that key has for itself and of the one that
// it shares with others.
func (t *Throttle) keys(key string) (own, shared counterKey) {
	binary.BigEndian.PutUint64(shared[:], maphash.String(t.seed, key)%throttleSharedKeys)
	return sha256.Sum256([]byte(key)), shared
}

// elapsed tells the time since the throttle's start. It never goes back, whatever
// the clock does, because failures have to stay in the order in which they leave
// the window. The caller holds the lock.
func (t *Throttle) elapsed() time.Duration {
	t.latest = max(t.latest, t.now().Sub(t.start))
	return t.latest
}
