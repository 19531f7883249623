package handlers

import (
	"maps"
	"net"
	"slices"
	"sync"

	"github.com/valyala/fasthttp"
)

// connections are those that the server reads requests from.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// changed is told by the server what becomes of a connection.
func (c *connections) changed(conn net.Conn, state fasthttp.ConnState) {
	if state == fasthttp.StateActive || state == fasthttp.StateIdle {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if state != fasthttp.StateNew {
		delete(c.open, conn)
		return
	}
	if c.open == nil {
		c.open = map[net.Conn]struct{}{}
	}
	c.open[conn] = struct{}{}
}

// close closes all of them, whatever is read or written there.
func (c *connections) close() {
	c.mu.Lock()
	open := slices.Collect(maps.Keys(c.open))
	c.mu.Unlock()
	for _, conn := range open {
		_ = conn.Close() // It may have been closed meanwhile.
	}
}
