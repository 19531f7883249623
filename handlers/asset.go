package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/static"
)

// immutable lasts a year: an asset with another content has another name.
const immutable = "public, max-age=31536000, immutable"

func (s *Server) asset(c *fiber.Ctx) error {
	content, contentType, ok := static.File(c.Params("name"))
	if !ok {
		return errNoRoute
	}
	c.Set(fiber.HeaderCacheControl, immutable)
	c.Response().Header.Del(fiber.HeaderVary)
	// It is weak, since the answer may be compressed.
	if notModified(c, `W/"`+c.Params("name")+`"`) {
		return nil
	}
	c.Set(fiber.HeaderContentType, contentType)
	return c.Send(content)
}

// favicon is for what asks for one without reading the page.
func (s *Server) favicon(c *fiber.Ctx) error {
	return c.Redirect(static.URL("favicon.svg"), fiber.StatusSeeOther)
}

func (s *Server) openAPI(c *fiber.Ctx) error {
	// It is the same for everybody, and may be kept as long as it is asked for again.
	c.Set(fiber.HeaderCacheControl, "no-cache")
	c.Response().Header.Del(fiber.HeaderVary)
	if notModified(c, "W/"+hashTag(static.OpenAPI())) {
		return nil
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(static.OpenAPI())
}

// hashTag is the entity tag of a content that nothing else tells from another.
func hashTag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// pathParam decodes one piece of the path: a session id can hold Thai letters.
func pathParam(c *fiber.Ctx, name string) (string, error) {
	value, err := url.PathUnescape(c.Params(name))
	if err != nil {
		return "", errNoRoute
	}
	return value, nil
}
