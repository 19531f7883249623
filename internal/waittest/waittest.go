// Package waittest holds the waits of tests. Each wait has a limit. A test that
// passes it fails with what it waited for and where every goroutine stands,
// long before the timeout of go test ends the whole run.
//
// TestWaitsHaveLimits, in this package, finds waits in tests that have none, and
// sleeps.
package waittest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Limit is how long a wait may take. It is wide enough for a busy machine.
const Limit = 2 * time.Minute

// Receive returns the next value of a channel, the zero value if it is closed.
// It must be called from the goroutine of the test.
func Receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	timer := time.NewTimer(Limit)
	defer timer.Stop()
	select {
	case v := <-ch:
		return v
	case <-timer.C:
		t.Fatalf("waited %v for a channel\n%s", Limit, stacks())
		panic("unreachable")
	}
}

// Group waits for the goroutines of a group. It must be called from the
// goroutine of the test.
func Group(t testing.TB, group interface{ Wait() }) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	Receive(t, done)
}

// untilTick is how often Until looks. What it asks may be a server.
const untilTick = 20 * time.Millisecond

// Until polls until ok holds. It must be called from the goroutine of the test.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	UntilWithin(t, Limit, what, ok)
}

// UntilWithin is Until with a limit of its own.
func UntilWithin(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(untilTick)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); !ok(); <-tick.C {
		if !time.Now().Before(deadline) {
			t.Fatalf("waited %v for %s\n%s", limit, what, stacks())
		}
	}
}

// Slow leaves a test out of a short run (go test -short), which is to take less than a
// minute for all packages; why says what takes so long.
func Slow(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("slow: " + why)
	}
}

// Command is exec.Command for a program that ends within the limit. What still
// runs then, or when the test ends, is killed.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	return CommandWithin(t, Limit, name, args...)
}

// CommandWithin is Command with a limit of its own.
func CommandWithin(t testing.TB, limit time.Duration, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("%s still ran after %v", name, limit)
		}
		return cmd.Process.Kill()
	}
	cmd.WaitDelay = 10 * time.Second // Children of a killed program may hold its output open.
	return cmd
}

// Server is httptest.NewServer for a handler that may hang. When the test ends,
// so do the contexts of the requests and their connections.
func Server(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(handler)
	// A request whose body was not read hears nothing of a connection that ends.
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	server.Start()
	t.Cleanup(func() {
		cancel()
		closed := make(chan struct{})
		go func() {
			server.CloseClientConnections()
			server.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(Limit):
			t.Errorf("waited %v for the handlers of a server\n%s", Limit, stacks())
		}
	})
	return server
}

// Listen listens on a free port of loopback. When the test ends, the listener
// and its connections are closed. Each read and write of those has the limit.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := &listener{Listener: l}
	t.Cleanup(own.end)
	return own
}

// Dial connects to an address. Each read and write has the limit.
func Dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, Limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return conn{c}
}

// listener keeps its connections, so that it can close them.
type listener struct {
	net.Listener
	mu    sync.Mutex
	ended bool
	conns []net.Conn
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	l.conns = append(l.conns, c)
	return conn{c}, nil
}

func (l *listener) end() {
	_ = l.Close() // The test may have closed it.
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// conn begins the limit anew with each read and write.
type conn struct{ net.Conn }

// SyscallConn is that of the connection itself.
func (c conn) SyscallConn() (syscall.RawConn, error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return socket.SyscallConn()
}

func (c conn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(Limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c conn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(Limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// stacks says where every goroutine stands.
func stacks() []byte {
	all := make([]byte, 64<<10)
	return all[:runtime.Stack(all, true)]
}
