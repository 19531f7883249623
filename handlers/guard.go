package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"gensubtitle/db"
	"gensubtitle/internal/subtitles"
)

const (
	smallBodyBytes = 64 << 10
	// textBodyBytes are enough for the subtitles of twelve hours, but not for
	// whisper's JSON, which tells all about each word.
	textBodyBytes = 1 << 20
	// largeTextBytes are that of six hours and more. Few are read at once.
	largeTextBytes = subtitles.MaxFileBytes
	maxLargeTexts  = 2
	everybody      = "" // whose limit that is
	// maxParts are more than any form of ours has.
	maxParts = 100

	// maxTexts is how many answers with a text one user may have at once.
	maxTexts = 4
	// smallAnswer is what the system takes of an answer that nobody reads.
	smallAnswer = 64 << 10
	// turnTime is how long somebody waits for their own requests to end.
	turnTime = 5 * time.Second
)

// guardHost refuses requests that were sent to another name than the public
// one, so that no link we make and no cookie we set serves somebody else's.
func (s *Server) guardHost(c *fiber.Ctx) error {
	if s.PublicURL != nil && !strings.EqualFold(string(c.Request().Host()), s.PublicURL.Host) {
		return errMisdirected
	}
	return c.Next()
}

// guardOrigin refuses writes that a page of another site makes a browser
// send. A request with a token is none of those: a browser asks before it
// sends one across origins, and we never allow it. Other schemes may be for a
// proxy in front, and a browser adds those by itself.
func (s *Server) guardOrigin(c *fiber.Ctx) error {
	if scheme, _, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " "); strings.EqualFold(scheme, "Bearer") {
		return c.Next()
	}
	r := http.Request{Method: c.Method(), Host: string(c.Request().Host()), Header: http.Header{}}
	for _, name := range []string{"Sec-Fetch-Site", fiber.HeaderOrigin} {
		if value := c.Get(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	if s.origins.Check(&r) != nil || s.isForeign(r.Header.Get(fiber.HeaderOrigin)) && !isSafe(r.Method) {
		return errCrossOrigin
	}
	return c.Next()
}

// isForeign tells https from http as well, which the check above cannot: it
// does not know how the site is reached.
func (s *Server) isForeign(origin string) bool {
	return s.PublicURL != nil && origin != "" && !strings.EqualFold(origin, s.PublicURL.Scheme+"://"+s.PublicURL.Host)
}

func isSafe(method string) bool {
	return method == fiber.MethodGet || method == fiber.MethodHead || method == fiber.MethodOptions
}

// smallBody reads the JSON or form of a request that has no reason to be large.
// With streamed bodies the server's own limit does not apply.
//
// It takes no compressed body: the framework unpacks one without a limit.
func smallBody(c *fiber.Ctx) error {
	if err := readWhole(c, c.Context().RequestBodyStream(), smallBodyBytes, errBodyTooLarge); err != nil {
		return err
	}
	if len(c.Request().Body()) > 0 && !isForm(c) && contentType(c) != fiber.MIMEApplicationJSON {
		return errContentType
	}
	return c.Next()
}

// textBody is smallBody where subtitles come, of whatever type. One user sends
// one that is large at a time, and all of them few: each is in memory while it
// comes and is read.
func (s *Server) textBody(c *fiber.Ctx) error {
	if n := c.Request().Header.ContentLength(); n >= 0 && n <= textBodyBytes {
		if err := readWhole(c, c.Context().RequestBodyStream(), textBodyBytes, errTextTooLarge); err != nil {
			return err
		}
		return c.Next()
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), turnTime)
	defer cancel()
	endOwn, err := s.ownLarge.acquire(ctx, signedIn(c).SessionID)
	if err != nil {
		return err
	}
	defer endOwn()
	end, err := s.large.acquire(ctx, everybody)
	if err != nil {
		return err
	}
	defer end()
	var body io.Reader
	if stream := c.Context().RequestBodyStream(); stream != nil {
		body = &pacedBody{ctx: c.Context(), stream: stream, pace: s.newPace()}
	}
	if err := readWhole(c, body, largeTextBytes, errTextTooLarge); err != nil {
		return err
	}
	return c.Next()
}

// pacedBody is a body that may take longer than small ones if it keeps its pace.
type pacedBody struct {
	ctx    *fasthttp.RequestCtx
	stream io.Reader
	pace   pace
	read   int64
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if err := b.ctx.SetReadDeadline(b.pace.deadline()); err != nil {
		return 0, err
	}
	n, err := b.stream.Read(p)
	b.read += int64(n)
	if err == nil {
		err = b.pace.check(b.read)
	}
	return n, err
}

// readWhole reads the body from its stream, which may be nil, of at most so many
// bytes.
func readWhole(c *fiber.Ctx, stream io.Reader, most int, tooLarge *problem) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return errEncoded
	}
	if c.Request().Header.ContentLength() > most {
		return tooLarge
	}
	if stream == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(most)+1))
	if errors.Is(err, errTooSlow) {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("read body: %w: %w", errTimeout, err)
	}
	if err != nil {
		return fmt.Errorf("read body: %w: %w", errIncomplete, err)
	}
	if len(body) > most {
		return tooLarge
	}
	if n := c.Request().Header.ContentLength(); n >= 0 && len(body) < n {
		return errIncomplete
	}
	c.Request().SetBodyRaw(body)
	return checkForm(c)
}

// checkForm parses a multipart form. Reading a field would take a broken form for
// an empty one.
func checkForm(c *fiber.Ctx) error {
	if contentType(c) != fiber.MIMEMultipartForm || len(c.Request().Body()) == 0 {
		return nil
	}
	form, err := c.Request().MultipartForm()
	if err != nil {
		return fmt.Errorf("read form: %w: %w", errMalformed, err)
	}
	parts := 0
	for _, values := range form.Value {
		parts += len(values)
	}
	for _, files := range form.File {
		parts += len(files)
	}
	if parts > maxParts {
		return errMalformed
	}
	return nil
}

// holdText lets one user have few answers at once that may hold a whole text:
// each is in memory until the client has read it. It comes after who asks is
// known, and before what packs the answer.
func (s *Server) holdText(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), turnTime)
	defer cancel()
	release, err := s.texts.acquire(ctx, signedIn(c).SessionID)
	if err != nil {
		return err
	}
	handedOver := false
	defer func() {
		if !handedOver {
			release()
		}
	}()
	if err := c.Next(); err != nil || len(c.Response().Body()) < smallAnswer {
		return err
	}
	text := c.Response().Body()
	if written := c.Response().SwapBody(nil); len(written) > 0 {
		text = written // It is no longer in the buffer that others get next.
	}
	body := s.paced(c, bytes.NewReader(text), func() error { release(); return nil })
	c.Context().Response.SetBodyStream(body, len(text))
	handedOver = true
	return nil
}

// visit finds out who asks, where anybody may read what everybody may.
func (s *Server) visit(c *fiber.Ctx) error {
	v, err := s.visitor(c)
	if err != nil {
		return err
	}
	if v != nil {
		c.Locals(visitorKey, v)
	}
	return c.Next()
}

// signIn lets only those pass who are signed in themselves, and no personal
// token: such a token may do what routes.go says, and nothing else.
func (s *Server) signIn(c *fiber.Ctx) error {
	v, err := s.require(c)
	if err != nil {
		return err
	}
	if v.personal {
		return errSignInNeeded
	}
	return c.Next()
}

// signInOr also lets personal tokens pass that have this scope.
func (s *Server) signInOr(scope db.Scope) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := s.require(c)
		if err != nil {
			return err
		}
		if !v.may(scope) {
			return insufficientScope(scope)
		}
		return c.Next()
	}
}

// require finds out who asks, where nobody may without having signed in.
func (s *Server) require(c *fiber.Ctx) (*visitor, error) {
	v, err := s.visitor(c)
	if err != nil {
		return nil, err
	}
	if v == nil {
		s.logins.clear(c)
		return nil, errUnauthenticated
	}
	c.Locals(visitorKey, v)
	return v, nil
}

// adminOnly lets only admins pass; it stands behind signIn or signInOr.
func adminOnly(c *fiber.Ctx) error {
	if !signedIn(c).admin() {
		return errForbidden
	}
	return c.Next()
}
