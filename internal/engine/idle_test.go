package engine

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestIdleConnection has answerRaw answer beside a connection that nobody uses,
// such as net/http dials ahead.
func TestIdleConnection(t *testing.T) {
	t.Parallel()
	url := answerRaw(t, func(connection net.Conn, _ *bufio.Reader) {
		_, _ = io.WriteString(connection, "HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
	})
	waittest.Dial(t, strings.TrimPrefix(url, "http://"))
	if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
}
