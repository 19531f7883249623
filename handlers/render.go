package handlers

import (
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/views"
)

const languageCookie = "lang"

// wantsHTML tells a browser from a script: only the former asks for HTML.
func wantsHTML(c *fiber.Ctx) bool {
	return isHTMX(c) || strings.Contains(c.Get(fiber.HeaderAccept), fiber.MIMETextHTML)
}

func isHTMX(c *fiber.Ctx) bool { return c.Get("HX-Request") != "" }

// wantsPart is true for a swap of a part of the page. A boosted link or form
// is htmx too, and gets whole pages.
func wantsPart(c *fiber.Ctx) bool { return isHTMX(c) && c.Get("HX-Boosted") == "" }

// render answers with HTML, a whole page or a part of one.
func render(c *fiber.Ctx, status int, component templ.Component) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Status(status)
	return component.Render(c.UserContext(), c.Response().BodyWriter())
}

// lead sends a browser to another page. htmx would swap what it finds there
// into a part of this one, unless it is told.
func lead(c *fiber.Ctx, path string) error {
	if wantsPart(c) {
		c.Set("HX-Redirect", path)
		return c.SendStatus(fiber.StatusOK)
	}
	return c.Redirect(path, fiber.StatusSeeOther)
}

func language(c *fiber.Ctx) views.Language {
	return views.MatchLanguage(c.Cookies(languageCookie), c.Get(fiber.HeaderAcceptLanguage))
}

func text(c *fiber.Ctx) *views.Text { return views.Messages(language(c)) }

// page is what a page needs to know of its reader.
func page(c *fiber.Ctx) views.Page {
	p := views.Page{Language: language(c), Zone: zoneOf(c), Path: "/"}
	if c.Method() == fiber.MethodGet {
		p.Path = c.OriginalURL()
	}
	if v, ok := c.Locals(visitorKey).(*visitor); ok {
		p.Username, p.Admin = v.Name, v.admin()
	}
	return p
}

func quotaView(q db.Quota) views.Quota {
	return views.Quota{
		SessionID: q.SessionID,
		Videos:    int(q.Usage.Videos), MaxVideos: int(q.Limits.Videos),
		Duration: q.Usage.Duration, MaxDuration: q.Limits.Duration,
		MaxFileBytes: q.Limits.FileBytes,
	}
}

func videoView(v captioned) views.Video {
	return views.Video{
		ID: v.ID, Filename: v.Filename, SizeBytes: v.SizeBytes, Duration: v.Duration,
		Container: v.Container, Status: string(v.Status), Reason: v.Reason, HasPicture: v.HasPicture, CreatedAt: v.CreatedAt,
		Declared: v.Declared, Tracks: mapped(v.Tracks, func(t db.Track) views.Track { return views.Track(t) }),
		Subtitles: subtitleState(v.Subtitles),
	}
}

func sessionView(s db.Session) views.Session {
	return views.Session{
		Quota: quotaView(s.Quota), Username: s.Username, Role: string(s.Role), Disabled: s.Disabled, Deleted: s.Deleted,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, LastUploadAt: s.LastUploadAt,
	}
}

func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, item := range list {
		out[i] = f(item)
	}
	return out
}
