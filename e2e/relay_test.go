package e2e

import (
	"io"
	"net"
	"sync"

	"gensubtitle/internal/waittest"
)

// relay is a way to a server that can be cut while bytes are on it.
type relay struct {
	addr  string
	mu    sync.Mutex
	up    bool
	conns []net.Conn
}

func (s *server) relay() *relay {
	s.t.Helper()
	entry := waittest.Listen(s.t)
	r := &relay{addr: entry.Addr().String(), up: true}
	s.t.Cleanup(func() {
		_ = entry.Close()
		r.set(false)
	})
	go func() {
		for {
			near, err := entry.Accept()
			if err != nil {
				return
			}
			r.connect(near, s.addr)
		}
	}()
	return r
}

func (r *relay) connect(near net.Conn, addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.up {
		_ = near.Close()
		return
	}
	far, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		_ = near.Close()
		return
	}
	r.conns = append(r.conns, near, far)
	for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // It ends when either is closed.
			_ = pair[0].Close()
		}()
	}
}

// set cuts the line, or mends it for new connections.
func (r *relay) set(up bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up = up
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}
