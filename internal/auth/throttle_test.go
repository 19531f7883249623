package auth

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gensubtitle/internal/waittest"
)

const (
	testLimit  = 5
	testWindow = 15 * time.Minute
)

// testClock is a clock that stands still until it is moved.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func newTestClock() *testClock {
	return &testClock{now: testTime}
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// attempt makes one attempt that must be let through.
func attempt(t *testing.T, throttle *Throttle, key string, failed bool) {
	t.Helper()
	a, err := throttle.Begin(t.Context(), key)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	a.End(failed)
}

// refused checks that an attempt is refused, and for how long.
func refused(t *testing.T, throttle *Throttle, key string, want time.Duration) {
	t.Helper()
	a, err := throttle.Begin(t.Context(), key)
	var throttled *ThrottledError
	if !errors.As(err, &throttled) || a != nil {
		t.Fatalf("%s: got %v, %v; want a ThrottledError", key, a, err)
	}
	if throttled.RetryAfter != want {
		t.Errorf("%s: retry after %s, want %s", key, throttled.RetryAfter, want)
	}
}

func TestThrottleWindowSlides(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(testLimit, testWindow, clock.Now)
	for range testLimit {
		attempt(t, throttle, "john", true)
		clock.move(time.Minute)
	}
	// The failures are 5, 4, 3, 2 and 1 minutes old.
	refused(t, throttle, "john", 10*time.Minute)
	attempt(t, throttle, "jane", true)
	clock.move(10*time.Minute - time.Nanosecond)
	refused(t, throttle, "john", time.Nanosecond)
	clock.move(time.Nanosecond)
	attempt(t, throttle, "john", true)
	refused(t, throttle, "john", time.Minute)
	clock.move(time.Minute)
	attempt(t, throttle, "john", false)
	attempt(t, throttle, "john", false)
	attempt(t, throttle, "john", true)
	refused(t, throttle, "john", time.Minute)
}

func TestThrottleSuccessForgivesNothing(t *testing.T) {
	throttle := NewThrottle(2, testWindow, newTestClock().Now)
	for _, failed := range []bool{false, false, false, true, false, true} {
		attempt(t, throttle, "john", failed)
	}
	refused(t, throttle, "john", testWindow)
}

func TestThrottleNoLimit(t *testing.T) {
	throttle := NewThrottle(0, testWindow, newTestClock().Now)
	for range 1000 {
		attempt(t, throttle, "john", true)
	}
	if len(throttle.counters) != 0 {
		t.Errorf("%d keys are remembered", len(throttle.counters))
	}
}

// TestThrottleCountsFromTheEnd: the window is that of the answers, so that slow
// attempts do not fall out of it while they run.
func TestThrottleCountsFromTheEnd(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(1, testWindow, clock.Now)
	a, err := throttle.Begin(t.Context(), "john")
	if err != nil {
		t.Fatal(err)
	}
	clock.move(time.Hour)
	a.End(true)
	refused(t, throttle, "john", testWindow)
}

func TestAttemptEndsOnce(t *testing.T) {
	throttle := NewThrottle(3, testWindow, newTestClock().Now)
	a, err := throttle.Begin(t.Context(), "john")
	if err != nil {
		t.Fatal(err)
	}
	for _, failed := range []bool{true, true, false, true} {
		a.End(failed)
	}
	attempt(t, throttle, "john", true)
	attempt(t, throttle, "john", true)
	refused(t, throttle, "john", testWindow)
}

// TestThrottleLetsExactlyTheLimitFail has many guess at once. Some of them are
// right, which must not cost anybody a guess.
func TestThrottleLetsExactlyTheLimitFail(t *testing.T) {
	for _, limit := range []int{1, 5, 30} {
		throttle := NewThrottle(limit, testWindow, newTestClock().Now)
		var failed, refused, running, most atomic.Int32
		var group sync.WaitGroup
		for i := range 300 {
			group.Go(func() {
				a, err := throttle.Begin(t.Context(), "john")
				var throttled *ThrottledError
				if errors.As(err, &throttled) {
					refused.Add(1)
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				now := running.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				wrong := i%3 != 0
				if wrong {
					failed.Add(1)
				}
				running.Add(-1)
				a.End(wrong)
			})
		}
		waittest.Group(t, &group)
		if got := int(failed.Load()); got != limit {
			t.Errorf("limit %d: %d failures got through", limit, got)
		}
		if got := int(most.Load()); got > limit {
			t.Errorf("limit %d: %d ran at once", limit, got)
		}
		if refused.Load() == 0 {
			t.Errorf("limit %d: nobody was refused", limit)
		}
	}
}

// TestThrottleRefusesNoHonestAttempt is two hundred right passwords at once.
func TestThrottleRefusesNoHonestAttempt(t *testing.T) {
	for _, failures := range []int{0, testLimit - 1} {
		throttle := NewThrottle(testLimit, testWindow, time.Now)
		for range failures {
			attempt(t, throttle, "john", true)
		}
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() {
				a, err := throttle.Begin(t.Context(), "john")
				if err != nil {
					t.Error(err)
					return
				}
				a.End(false)
			})
		}
		waittest.Group(t, &group)
		for range testLimit - failures {
			attempt(t, throttle, "john", true)
		}
		if _, err := throttle.Begin(t.Context(), "john"); err == nil {
			t.Errorf("after %d failures the limit is not what it was", failures)
		}
	}
}

// TestThrottleWaits follows waiters one by one, in a bubble in which it can be
// told that a goroutine waits.
func TestThrottleWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		throttle := NewThrottle(2, testWindow, time.Now)
		running := make([]*Attempt, 2)
		for i := range running {
			running[i], _ = throttle.Begin(t.Context(), "john")
		}
		type answer struct {
			order   int
			attempt *Attempt
			err     error
		}
		answers := make(chan answer, 10)
		ctx, cancel := context.WithCancel(t.Context())
		for i := range 5 {
			waiting := t.Context()
			if i == 1 {
				waiting = ctx
			}
			go func() {
				a, err := throttle.Begin(waiting, "john")
				answers <- answer{i, a, err}
			}()
			synctest.Wait()
		}
		if len(answers) != 0 {
			t.Fatal("an attempt went ahead while two were running")
		}

		// Another key does not wait.
		attempt(t, throttle, "jane", false)

		full := errors.New("full")
		waiting, stop := context.WithTimeoutCause(t.Context(), time.Second, full)
		if _, err := throttle.Begin(waiting, "john"); !errors.Is(err, full) {
			t.Errorf("got %v, want the cause of the end", err)
		}
		stop()

		// Who goes away leaves the line.
		cancel()
		if got := waittest.Receive(t, answers); got.order != 1 || !errors.Is(got.err, context.Canceled) || got.attempt != nil {
			t.Fatalf("got %+v, want the cancelled one", got)
		}

		// A success lets exactly the first in line go ahead.
		running[0].End(false)
		synctest.Wait()
		if len(answers) != 1 {
			t.Fatalf("%d went ahead, want 1", len(answers))
		}
		first := waittest.Receive(t, answers)
		if first.order != 0 || first.err != nil {
			t.Fatalf("got %+v, want the first", first)
		}

		// A failure leaves one place, which is taken.
		running[1].End(true)
		synctest.Wait()
		if len(answers) != 0 {
			t.Fatal("an attempt went ahead that could have been a failure too many")
		}

		// With the last failure everybody else is refused at once.
		first.attempt.End(true)
		for range 2 {
			got := waittest.Receive(t, answers)
			var throttled *ThrottledError
			if !errors.As(got.err, &throttled) || throttled.RetryAfter != testWindow {
				t.Errorf("got %+v, want a ThrottledError", got)
			}
		}
	})
}

// TestThrottleGivesBackUnusedPlaces has waiters leave at the very moment at which
// they may be let through.
func TestThrottleGivesBackUnusedPlaces(t *testing.T) {
	throttle := NewThrottle(1, testWindow, time.Now)
	for range 500 {
		a, err := throttle.Begin(t.Context(), "john")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if a, err := throttle.Begin(ctx, "john"); err == nil {
					a.End(false)
				}
			})
		}
		group.Go(cancel)
		group.Go(func() { a.End(false) })
		waittest.Group(t, &group)
	}
	attempt(t, throttle, "john", false)
	if len(throttle.counters) != 0 {
		t.Errorf("%d keys are remembered", len(throttle.counters))
	}
}

func TestThrottleForgets(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(testLimit, testWindow, clock.Now)
	for i := range 1000 {
		attempt(t, throttle, fmt.Sprint("right", i), false)
	}
	if len(throttle.counters) != 0 {
		t.Errorf("%d keys are remembered that never failed", len(throttle.counters))
	}
	for i := range 1000 {
		attempt(t, throttle, fmt.Sprint("wrong", i), true)
	}
	clock.move(testWindow / 2)
	attempt(t, throttle, "wrong7", true)
	if len(throttle.counters) != 1000 {
		t.Errorf("%d keys are remembered, want 1000", len(throttle.counters))
	}
	clock.move(testWindow / 2)
	attempt(t, throttle, "right", false)
	if len(throttle.counters) != 1 || throttle.failed.Len() != 1 {
		t.Errorf("%d keys are remembered, %d with failures; want the one with a later failure", len(throttle.counters), throttle.failed.Len())
	}
	clock.move(testWindow)
	attempt(t, throttle, "right", false)
	if len(throttle.counters) != 0 || throttle.failed.Len() != 0 {
		t.Errorf("%d keys are remembered", len(throttle.counters))
	}
}

// TestThrottleKeepsARunningAttempt: a key whose failures are forgotten while an
// attempt runs must not lose that attempt.
func TestThrottleKeepsARunningAttempt(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(2, testWindow, clock.Now)
	attempt(t, throttle, "john", true)
	a, err := throttle.Begin(t.Context(), "john")
	if err != nil {
		t.Fatal(err)
	}
	clock.move(testWindow)
	attempt(t, throttle, "jane", true)
	attempt(t, throttle, "john", true)
	a.End(true)
	refused(t, throttle, "john", testWindow)
}

// TestThrottleFull has an attacker fill the memory with keys.
func TestThrottleFull(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(testLimit, testWindow, clock.Now)
	throttle.maxKeys = 100
	for range testLimit {
		attempt(t, throttle, "victim", true)
	}
	guesses := map[string]int{}
	flood := func() {
		for i := range 20000 {
			key := fmt.Sprint("flood", i)
			if a, err := throttle.Begin(t.Context(), key); err == nil {
				a.End(true)
				guesses[key]++
			}
		}
	}
	flood()
	if most := throttle.maxKeys + throttleSharedKeys; len(throttle.counters) > most {
		t.Errorf("%d keys are remembered, want at most %d", len(throttle.counters), most)
	}
	refused(t, throttle, "victim", testWindow)
	total := 0
	for _, n := range guesses {
		total += n
	}
	if most := (throttle.maxKeys + throttleSharedKeys) * testLimit; total > most {
		t.Errorf("%d guesses got through, want at most %d", total, most)
	}

	// A key that was counted in a shared counter stays there while that counts,
	// also when there is room for it again: else it would start over.
	clock.move(testWindow - time.Nanosecond)
	for range testLimit {
		flood()
	}
	for key, n := range guesses {
		if n > testLimit {
			t.Fatalf("%s had %d guesses in one window", key, n)
		}
	}
	clock.move(testWindow)
	attempt(t, throttle, "victim", false)
	if len(throttle.counters) != 0 {
		t.Errorf("%d keys are remembered after the window", len(throttle.counters))
	}
}

// TestThrottleRoomAgain: the keys that had a counter of their own go, and those
// that share one do not start over.
func TestThrottleRoomAgain(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(2, testWindow, clock.Now)
	throttle.maxKeys = 1
	attempt(t, throttle, "early", true)
	clock.move(time.Minute)
	attempt(t, throttle, "late", true) // In a shared counter.
	clock.move(testWindow - time.Minute)
	attempt(t, throttle, "late", true) // There is room for it now.
	refused(t, throttle, "late", time.Minute)
}

// TestThrottleForgetsBeforeItIsFull: keys that are over do not take the room of
// a new one.
func TestThrottleForgetsBeforeItIsFull(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(1, testWindow, clock.Now)
	throttle.maxKeys = 2
	for i := range 10 {
		key := fmt.Sprint(i)
		attempt(t, throttle, key, true)
		own, _ := throttle.keys(key)
		if throttle.counters[own] == nil {
			t.Errorf("key %s has no counter of its own", key)
		}
		clock.move(testWindow)
	}
}

func TestThrottleClockSetBack(t *testing.T) {
	clock := newTestClock()
	throttle := NewThrottle(2, testWindow, clock.Now)
	attempt(t, throttle, "john", true)
	clock.move(-time.Hour)
	attempt(t, throttle, "john", true)
	refused(t, throttle, "john", testWindow)
	clock.move(time.Hour + testWindow)
	attempt(t, throttle, "john", false)
}

// TestThrottleAgainstModel plays random attempts, one after another, against the
// plainest way to count.
func TestThrottleAgainstModel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	clock := newTestClock()
	throttle := NewThrottle(3, testWindow, clock.Now)
	failures := map[string][]time.Time{}
	for range 20000 {
		clock.move(time.Duration(random.Int64N(int64(2 * time.Minute))))
		key := fmt.Sprint(random.IntN(8))
		failed := random.IntN(3) > 0
		var live []time.Time
		for _, at := range failures[key] {
			if clock.Now().Before(at.Add(testWindow)) {
				live = append(live, at)
			}
		}
		if len(live) == 3 {
			refused(t, throttle, key, live[0].Add(testWindow).Sub(clock.Now()))
		} else {
			attempt(t, throttle, key, failed)
			if failed {
				live = append(live, clock.Now())
			}
		}
		failures[key] = live
	}
}

func BenchmarkThrottle(b *testing.B) {
	throttle := NewThrottle(30, testWindow, time.Now)
	b.ReportAllocs()
	for b.Loop() {
		a, err := throttle.Begin(b.Context(), "203.0.113.7")
		if err != nil {
			b.Fatal(err)
		}
		a.End(false)
	}
}
