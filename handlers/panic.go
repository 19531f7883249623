package handlers

import (
	"runtime/debug"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// logPanic logs what a handler panicked with. Fiber's recover calls it.
func (s *Server) logPanic(c *fiber.Ctx, value any) {
	s.logOf(c).Error("panic", "method", c.Method(), "path", c.Path(), "value", value, "stack", string(debug.Stack()))
}

// survive keeps a panic outside the handlers, such as one in an error page, from
// ending the process. The answer is a plain one: whatever makes the others may
// be what panicked.
func (s *Server) survive(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			s.Log.Error("panic", "method", string(ctx.Method()), "path", string(ctx.Path()), "value", value, "stack", string(debug.Stack()))
			ctx.Error(fasthttp.StatusMessage(fasthttp.StatusInternalServerError), fasthttp.StatusInternalServerError)
			ctx.SetConnectionClose() // Its body may not have been read.
			c := s.app.AcquireCtx(ctx)
			defer s.app.ReleaseCtx(c)
			s.secure(c)
		}()
		next(ctx)
	}
}
