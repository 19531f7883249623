package handlers

import (
	"bytes"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"golang.org/x/net/http/httpguts"
)

// knownHeads refuses requests that a proxy may parse differently (RFC 9112,
// sections 3.2, 6.1 and 6.3), and unknown methods.
func (s *Server) knownHeads(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		var refused error
		switch {
		case isFaulty(&ctx.Request.Header):
			ctx.SetConnectionClose()
			refused = errMalformed
		case !slices.Contains(fiber.DefaultMethods, string(ctx.Method())):
			refused = errMethod
		default:
			next(ctx)
			return
		}
		c := s.app.AcquireCtx(ctx)
		defer s.app.ReleaseCtx(c)
		if err := s.answerUnrouted(c, refused); err != nil {
			s.Log.Error("answer a request that cannot be routed", "error", err)
		}
		linger(c)
	}
}

// isFaulty is true for a head that leaves open where the body ends or whom the
// request is for. The framework has refused a repeated Content-Length, Host or
// Transfer-Encoding by then.
func isFaulty(h *fasthttp.RequestHeader) bool {
	if host := h.Host(); h.IsHTTP11() && len(host) == 0 || !httpguts.ValidHostHeader(string(host)) {
		return true
	}
	hasLength := false
	for line := range bytes.Lines(h.RawHeaders()) {
		if line[0] == ' ' || line[0] == '\t' {
			return true // A folded line.
		}
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte(fiber.HeaderContentLength)):
			hasLength = true
		case bytes.EqualFold(name, []byte(fiber.HeaderTransferEncoding)):
			if h.ContentLength() != chunkedLength {
				return true // It is "identity", which there is no longer.
			}
		}
	}
	return hasLength && h.ContentLength() == chunkedLength
}

// chunkedLength is what the framework calls the length of a chunked body.
const chunkedLength = -1
