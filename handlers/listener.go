package handlers

import (
	"errors"
	"log/slog"
	"net"
	"syscall"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sys/unix"
)

const (
	// connectionShare is how much of the files that the process may open go to
	// connections: each upload also needs a file, and ffmpeg needs pipes.
	connectionShare = 0.75
	acceptPause     = 100 * time.Millisecond
)

// patientListener waits where the machine has no more to give, instead of
// ending the service as the server does with an error that it does not know.
type patientListener struct {
	net.Listener
	log  *slog.Logger
	last net.Conn // that was accepted
}

func (l *patientListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if !passes(err) {
			l.last = conn
			return conn, err
		}
		l.log.Warn("no connection can be taken for a moment", "error", err)
		time.Sleep(acceptPause)
	}
}

// clientListener accepts clients. One goroutine calls Accept.
type clientListener struct {
	net.Listener // limits how many there are, and hides their sockets
	patient      *patientListener
}

// newClientListener also keeps connections from using up all open files.
func newClientListener(l net.Listener, log *slog.Logger) (net.Listener, error) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return nil, err
	}
	most := max(1, int(float64(min(files.Cur, 1<<20))*connectionShare))
	patient := &patientListener{Listener: l, log: log}
	return clientListener{netutil.LimitListener(patient, most), patient}, nil
}

func (l clientListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	client := &clientConn{Conn: conn}
	if socket, ok := l.patient.last.(syscall.Conn); ok {
		if client.socket, err = socket.SyscallConn(); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return client, nil
}

// clientConn is a connection whose end can be seen without reading from it.
type clientConn struct {
	net.Conn
	socket syscall.RawConn // nil: it cannot be looked at
}

// gone reports whether the client has closed the connection and everything that it
// sent before has been read.
func (c *clientConn) gone() bool {
	if c.socket == nil {
		return false
	}
	closed := false
	if err := c.socket.Control(func(fd uintptr) {
		n, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		closed = n == 0 && err == nil || errors.Is(err, unix.ECONNRESET)
	}); err != nil {
		return true // It was closed here.
	}
	return closed
}

// passes is true for errors that say nothing about the listener itself.
func passes(err error) bool {
	for _, errno := range []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.ECONNABORTED} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
