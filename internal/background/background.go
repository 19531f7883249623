// Package background runs the work that no request waits for.
package background

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// ErrPanic says that work panicked.
var ErrPanic = errors.New("panic")

// Recover is deferred where a panic must not go on: it logs the panic and makes
// it an error.
func Recover(log *slog.Logger, what string, err *error) {
	if value := recover(); value != nil {
		log.Error("panic", "what", what, "value", value, "stack", string(debug.Stack()))
		*err = fmt.Errorf("%s: %w: %v", what, ErrPanic, value)
	}
}

// Attempt does work that is tried again later, and logs a failure or a panic unless
// ctx has ended.
func Attempt(ctx context.Context, log *slog.Logger, what string, work func(context.Context) error) {
	err := func() (err error) {
		defer Recover(log, what, &err)
		return work(ctx)
	}()
	if err != nil && ctx.Err() == nil {
		log.Error("not done yet", "what", what, "error", err)
	}
}

// Group is work under way, one piece of each name.
type Group struct {
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	names  map[string]bool
	all    sync.WaitGroup
}

// NewGroup makes a group that logs panics.
func NewGroup(log *slog.Logger) *Group {
	ctx, cancel := context.WithCancel(context.Background())
	return &Group{log: log, ctx: ctx, cancel: cancel, names: map[string]bool{}}
}

// Start does work unless the group is stopped or work of the same name is under
// way.
func (g *Group) Start(name string, work func(context.Context)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() != nil || g.names[name] {
		return
	}
	g.names[name] = true
	g.all.Go(func() {
		defer g.end(name)
		defer Recover(g.log, name, new(error))
		work(g.ctx)
	})
}

func (g *Group) end(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.names, name)
}

// Within returns a context that also ends with the group, for what no client
// can cancel.
func (g *Group) Within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(g.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// Wait returns when no work is left.
func (g *Group) Wait() { g.all.Wait() }

// Stop cuts all work short and returns when none is left.
func (g *Group) Stop() {
	g.mu.Lock()
	g.cancel()
	g.mu.Unlock()
	g.all.Wait()
}
