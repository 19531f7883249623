package handlers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"

	"gensubtitle/db"
)

const (
	// The page reads the length of a chosen video before it is sent, through a
	// blob: URL of its own; nothing else leaves this origin.
	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"font-src 'self'; connect-src 'self'; media-src 'self' blob:; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'"
	strictTransport = "max-age=31536000"
	// What most answers depend on beside their address.
	varied = "Accept, Accept-Language, Authorization, Cookie, HX-Request"
)

type localKey int

const (
	visitorKey  localKey = iota // *visitor
	requestKey                  // string: the request's id
	accountKey                  // db.User: whom a request without a visitor is about
	bodyReadKey                 // any: nothing more of the body is to come
	cookiesKey                  // []string: the login cookies that were sent
	formKey                     // formAgain: how to show the form that was sent
	unreadKey                   // any: the answer did not wait for the body
)

// observe surrounds every request: headers, errors, the log line.
func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	ctx, running := s.running.begin(c.Context().Conn(), start)
	defer s.running.end(running)
	c.SetUserContext(db.WithPatience(ctx))
	id := utils.UUID()
	c.Locals(requestKey, id)
	c.Set(fiber.HeaderXRequestID, id)
	s.secure(c)
	err := c.Next()
	var answered error
	if err != nil {
		answered = answerError(c, err)
	}
	took := time.Since(start)
	s.logRequest(c, took, err)
	s.Metrics.request(c, took, err)
	if err != nil || c.Locals(unreadKey) != nil {
		linger(c)
	}
	return answered
}

// toItsEnd is the context of work in several transactions, which is not to stop half
// way because the client has gone.
func toItsEnd(c *fiber.Ctx) context.Context { return context.WithoutCancel(c.UserContext()) }

// secure sets the headers that every answer carries.
func (s *Server) secure(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, contentSecurityPolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderVary, varied)
	if s.PublicURL != nil {
		c.Set(fiber.HeaderStrictTransportSecurity, strictTransport)
	}
}

func (s *Server) logRequest(c *fiber.Ctx, took time.Duration, err error) {
	status := c.Response().StatusCode()
	attrs := append(requestAttrs(c),
		slog.String("method", c.Method()),
		slog.String("path", c.Path()),
		slog.Int("status", status),
		slog.Duration("took", took),
		slog.String("address", s.address(c).String()),
	)
	level := slog.LevelInfo
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	switch {
	case problemOf(err) == errBusy:
		level = slog.LevelWarn // Expected under load, so not logged as an error.
	case errors.Is(context.Cause(c.UserContext()), errClientGone):
	case status >= fiber.StatusInternalServerError:
		level = slog.LevelError
	}
	if status == fiber.StatusOK && (c.Path() == "/healthz" || c.Path() == "/readyz") {
		level = slog.LevelDebug
	}
	s.Log.LogAttrs(c.UserContext(), level, "request", attrs...)
}

// requestAttrs is what every log line of a request carries: its id, and who
// asks. A name that was only typed is not there, for it may be a password.
func requestAttrs(c *fiber.Ctx) []slog.Attr {
	id, _ := c.Locals(requestKey).(string)
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs, slog.String("request_id", id))
	if v, ok := c.Locals(visitorKey).(*visitor); ok {
		return append(attrs, slog.String("user", v.Name), slog.String("session_id", v.SessionID))
	}
	if u, ok := c.Locals(accountKey).(db.User); ok {
		return append(attrs, slog.String("user", u.Name), slog.String("session_id", u.SessionID))
	}
	return attrs
}

// logOf is the log for lines that are written while a request is answered.
func (s *Server) logOf(c *fiber.Ctx) *slog.Logger {
	return slog.New(s.Log.Handler().WithAttrs(requestAttrs(c)))
}
