package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/internal/waittest"
)

// TestRequestContext ends when the client has gone or the server stops, and not
// while the client waits.
func TestRequestContext(t *testing.T) {
	for _, test := range []struct {
		name string
		act  func(*testing.T, *Server, io.Closer)
		want error
	}{
		{"the client goes", func(t *testing.T, s *Server, client io.Closer) {
			if err := client.Close(); err != nil {
				t.Fatal(err)
			}
		}, errClientGone},
		{"the server stops", func(t *testing.T, s *Server, _ io.Closer) {
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := s.Stop(ended); err != nil {
				t.Error(err)
			}
		}, errStopped},
		{"neither", func(*testing.T, *Server, io.Closer) {}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := apiServer(t)
			begun, causes, end := make(chan struct{}), make(chan error, 1), make(chan struct{})
			s.app.Get("/test/wait", func(c *fiber.Ctx) error {
				close(begun)
				select {
				case <-c.UserContext().Done():
					causes <- context.Cause(c.UserContext())
				case <-end:
					causes <- nil
				}
				return nil
			})
			addr := listen(t, s)[len("http://"):]
			client := waittest.Dial(t, addr)
			if _, err := fmt.Fprintf(client, "GET /test/wait HTTP/1.1\r\nHost: %s\r\n\r\n", addr); err != nil {
				t.Fatal(err)
			}
			waittest.Receive(t, begun)
			test.act(t, s, client)
			looked := time.Now()
			waittest.Until(t, "the client to be looked at", func() bool {
				s.running.leave()
				return len(causes) > 0 || time.Since(looked) > 2*lookAfter
			})
			close(end)
			if cause := waittest.Receive(t, causes); !errors.Is(cause, test.want) {
				t.Errorf("got %v, want %v", cause, test.want)
			}
		})
	}
}
