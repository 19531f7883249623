package handlers

import (
	"errors"
	"log/slog"
	"net"
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
	log *slog.Logger
}

// newPatientListener also keeps connections from using up all open files.
func newPatientListener(l net.Listener, log *slog.Logger) (net.Listener, error) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return nil, err
	}
	most := max(1, int(float64(min(files.Cur, 1<<20))*connectionShare))
	return netutil.LimitListener(patientListener{l, log}, most), nil
}

func (l patientListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if !passes(err) {
			return conn, err
		}
		l.log.Warn("no connection can be taken for a moment", "error", err)
		time.Sleep(acceptPause)
	}
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
