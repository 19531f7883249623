package handlers

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// entityTag is one of a header's list (RFC 9110, section 8.8.3).
type entityTag struct {
	weak   bool
	opaque string
}

// anyTag stands for "*", which matches whatever there is.
const anyTag = "*"

// notModified sets the tag of an answer, and makes it 304 where the client has
// that one already (RFC 9110, section 13.1.2). The comparison is the weak one.
func notModified(c *fiber.Ctx, tag string) bool {
	c.Set(fiber.HeaderETag, tag)
	own := entityTags(tag)
	for _, asked := range entityTags(header(c, fiber.HeaderIfNoneMatch)) {
		if asked.opaque == own[0].opaque || asked == (entityTag{opaque: anyTag}) {
			c.Status(fiber.StatusNotModified)
			return true
		}
	}
	return false
}

// header is the value of a header that may come in several lines.
func header(c *fiber.Ctx, name string) string {
	return string(bytes.Join(c.Request().Header.PeekAll(name), []byte(",")))
}

// entityTags reads a list of tags. One without quotes is taken as it stands. What
// follows a quote that is left open is no tag.
func entityTags(list string) []entityTag {
	var tags []entityTag
	for {
		if list = strings.TrimLeft(list, " \t,"); list == "" {
			return tags
		}
		var tag entityTag
		list, tag.weak = strings.CutPrefix(list, "W/")
		if quoted, ok := strings.CutPrefix(list, `"`); ok {
			if tag.opaque, list, ok = strings.Cut(quoted, `"`); !ok {
				return tags
			}
			tag.opaque = `"` + tag.opaque + `"`
		} else {
			tag.opaque, list, _ = strings.Cut(list, ",")
			tag.opaque = strings.TrimRight(tag.opaque, " \t")
		}
		tags = append(tags, tag)
	}
}
