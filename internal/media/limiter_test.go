package media

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func take(t *testing.T, turns *limiter, owner string) (release func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	release, err := turns.acquire(ctx, owner)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// TestTurnsGoByOwner queues the owners named by letters while the turns of those
// before the colon are taken, ends one turn after the other, and looks in which
// order they were served.
func TestTurnsGoByOwner(t *testing.T) {
	for _, test := range []struct {
		name            string
		total, perOwner int
		order, served   string
	}{
		{"first come", 1, 1, "a:bcd", "abcd"},
		{"one with many", 1, 1, "a:aaaab", "abaaaa"},
		{"round and round", 1, 1, "a:aaabbbccc", "abcabcabca"},
		{"nobody has all of them", 3, 2, "aa:aab", "aabaa"},
		{"the fewest first", 2, 2, "ab:aab", "ab" + "aba"},
	} {
		t.Run(test.name, func(t *testing.T) {
			turns := newLimiter(test.total, test.perOwner)
			had, waiting, _ := strings.Cut(test.order, ":")
			var ends []func()
			for _, owner := range had {
				ends = append(ends, take(t, turns, string(owner)))
			}
			served := had
			type turn struct {
				owner   string
				release func()
			}
			began := make(chan turn)
			queued := 0
			for _, owner := range strings.Split(waiting, "") {
				go func() {
					release, err := turns.acquire(t.Context(), owner)
					if err != nil {
						t.Error(err)
						release = func() {}
					}
					began <- turn{owner, release}
				}()
				queued++
				// One after the other, so that the order of arrival is known.
				waittest.Until(t, "the owners to wait", func() bool {
					turns.mu.Lock()
					waits := len(turns.queue)
					turns.mu.Unlock()
					if waits == queued {
						return true
					}
					select {
					case begun := <-began:
						served += begun.owner
						ends = append(ends, begun.release)
						queued--
					default:
					}
					return false
				})
			}
			for range queued {
				ends[0]()
				begun := waittest.Receive(t, began)
				served += begun.owner
				ends = append(ends[1:], begun.release)
			}
			for _, end := range ends {
				end()
			}
			if served != test.served {
				t.Errorf("served %s, want %s", served, test.served)
			}
			if turns.held != 0 || len(turns.owners) != 0 {
				t.Errorf("%d turns and %d owners are left", turns.held, len(turns.owners))
			}
		})
	}
}

func TestTurnsAreLeft(t *testing.T) {
	turns := newLimiter(1, 1)
	release := take(t, turns, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.acquire(ctx, "b"); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	release()
	take(t, turns, "b")()
	if turns.held != 0 || len(turns.owners) != 0 || len(turns.queue) != 0 {
		t.Errorf("left is %+v", turns)
	}
}

func TestRejections(t *testing.T) {
	now := time.Now()
	r := newRejections(time.Minute)
	r.now = func() time.Time { return now }
	wait := func(owner string) time.Duration {
		var refused *RejectionsError
		if errors.As(r.check(owner), &refused) {
			return refused.RetryAfter.Round(time.Second)
		}
		return 0
	}
	var waits []time.Duration
	for range 3 {
		r.add("a", 25*time.Second)
		waits = append(waits, wait("a"))
	}
	if want := []time.Duration{0, 0, 15 * time.Minute}; !slices.Equal(waits, want) {
		t.Errorf("waits are %v, want %v", waits, want)
	}
	if wait("b") > 0 {
		t.Error("somebody else waits too")
	}
	now = now.Add(10 * time.Minute)
	if got := wait("a"); got != 5*time.Minute {
		t.Errorf("after ten minutes, %v", got)
	}
	now = now.Add(5*time.Minute + time.Second)
	if got := wait("a"); got != 0 {
		t.Errorf("after a quarter of an hour, %v", got)
	}
	now = now.Add(time.Hour)
	if r.add("b", time.Second); len(r.debt) != 1 {
		t.Errorf("remembers %v", r.debt)
	}
	unlimited := newRejections(0)
	if unlimited.add("a", time.Hour); unlimited.check("a") != nil {
		t.Error("without a limit there is one")
	}
}

// TestOnlyRejectedFilesCost measures a file with as much left as it lasts, and
// with less, and one that is none.
func TestOnlyRejectedFilesCost(t *testing.T) {
	meter := NewMeter(Options{Rejections: time.Millisecond})
	path := tone1s(t)
	if _, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil); err != nil || meter.Allow("user_a") != nil {
		t.Errorf("an accepted file: %v, then %v", err, meter.Allow("user_a"))
	}
	var refused *RejectionsError
	for owner, file := range map[string]string{"user_b": path, "user_c": save(t, "x.mkv", []byte(ebml("matroska")+strings.Repeat("x", 5000)))} {
		if _, err := meter.Measure(t.Context(), owner, file, time.Millisecond, nil); err == nil || !errors.As(meter.Allow(owner), &refused) {
			t.Errorf("%s: %v, then %v", owner, err, meter.Allow(owner))
		}
	}
	if meter.Allow("user_a") != nil {
		t.Error("others pay for it")
	}
	for range 3 { // None of it needs a program.
		if _, err := meter.Measure(t.Context(), "user_d", save(t, "x", []byte("text")), time.Minute, nil); !errors.Is(err, ErrNotVideo) || meter.Allow("user_d") != nil {
			t.Errorf("a text: %v, then %v", err, meter.Allow("user_d"))
		}
	}
}
