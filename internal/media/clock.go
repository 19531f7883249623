package media

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errTooSlow = errors.New("took too long by the clock")

// clock ends the work on a file after a while. It stands still while one of the
// file's programs waits for memory.
type clock struct {
	timer *time.Timer

	mu      sync.Mutex
	left    time.Duration
	since   time.Time // it has been running, unless somebody waits
	waiting int
}

// startClock returns a context that ends with errTooSlow.
func startClock(ctx context.Context, length time.Duration) (context.Context, *clock, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := &clock{left: length, since: time.Now(), timer: time.AfterFunc(length, func() { cancel(errTooSlow) })}
	return ctx, c, func() { c.stop(); cancel(nil) }
}

func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting++ // It never runs again.
	c.timer.Stop()
}

func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting++; c.waiting == 1 {
		c.timer.Stop()
		c.left -= time.Since(c.since)
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		c.since = time.Now()
		c.timer.Reset(max(0, c.left))
	}
}
