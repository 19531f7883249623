package handlers

import (
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

const (
	lingerIdle  = 5 * time.Second
	lingerTotal = 30 * time.Second
)

// linger sends an answer that was found before the whole body was read, and
// goes on reading for a while before it closes the connection. A client that
// writes all it has before it reads would otherwise meet a reset instead of
// the answer. What is read here is thrown away and never parsed.
func linger(c *fiber.Ctx) {
	if c.Context().RequestBodyStream() == nil || c.Locals(bodyReadKey) != nil {
		return
	}
	answer := fasthttp.AcquireResponse()
	c.Response().CopyTo(answer)
	answer.SetConnectionClose()
	answer.SkipBody = c.Method() == fiber.MethodHead
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) {
		defer fasthttp.ReleaseResponse(answer)
		if conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
			return
		}
		if _, err := answer.WriteTo(conn); err != nil {
			return
		}
		discard(conn)
	})
}

// discard reads until the client closes, falls silent or takes too long.
func discard(conn net.Conn) {
	buffer := make([]byte, 32<<10)
	end := time.Now().Add(lingerTotal)
	for now := time.Now(); now.Before(end); now = time.Now() {
		if conn.SetReadDeadline(now.Add(lingerIdle)) != nil {
			return
		}
		if _, err := io.ReadAtLeast(conn, buffer, 1); err != nil {
			return
		}
	}
}
