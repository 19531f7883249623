package handlers

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// wornListener fails with each of its errors in turn, and then accepts.
type wornListener struct {
	net.Listener
	errs []error
	conn net.Conn
}

func (l *wornListener) Accept() (net.Conn, error) {
	if len(l.errs) == 0 {
		return l.conn, nil
	}
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, err
}

func TestPatientListener(t *testing.T) {
	accept := func(err error) error { return &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)} }
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	for _, test := range []struct {
		name string
		errs []error
		want error
	}{
		{"no trouble", nil, nil},
		{"no open files left", []error{accept(unix.EMFILE), accept(unix.ENFILE)}, nil},
		{"no memory left", []error{accept(unix.ENOMEM), accept(unix.ENOBUFS)}, nil},
		{"gone before it was taken", []error{accept(unix.ECONNABORTED)}, nil},
		{"closed", []error{net.ErrClosed}, net.ErrClosed},
		{"anything else", []error{accept(unix.EMFILE), accept(unix.EBADF)}, unix.EBADF},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &patientListener{Listener: &wornListener{errs: test.errs, conn: here}, log: slog.New(slog.DiscardHandler)}
			conn, err := l.Accept()
			if !errors.Is(err, test.want) || (test.want == nil) != (conn == here) {
				t.Errorf("got %v, %v, want %v", conn, err, test.want)
			}
		})
	}
}
