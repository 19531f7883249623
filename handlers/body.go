package handlers

import (
	"encoding/json"
	"mime"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/views"
)

// The shapes of the API, as the contract gives them.

type videoBody struct {
	ID              string    `json:"id"`
	Filename        string    `json:"filename"`
	SizeBytes       int64     `json:"size_bytes"`
	DurationSeconds float64   `json:"duration_seconds"`
	Container       string    `json:"container"`
	Status          db.Status `json:"status"`
	Reason          string    `json:"reason,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
	// DeclaredDuration is in seconds, and null unless the file says that it lasts
	// longer than could be read of it.
	DeclaredDuration *float64  `json:"declared_duration_seconds"`
	Tracks           db.Tracks `json:"tracks"`

	Subtitles subtitlesBody `json:"subtitles"`
}

type tokenBody struct {
	Username    string `json:"username"`
	SessionID   string `json:"session_id"`
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// readBody reads a JSON or form body, whichever was sent.
func readBody(c *fiber.Ctx, into any, form func()) error {
	switch contentType(c) {
	case fiber.MIMEApplicationForm, fiber.MIMEMultipartForm:
		form()
		return nil
	case fiber.MIMEApplicationJSON:
		return readJSON(c, into)
	}
	return errContentType
}

// contentType is that of the body without its parameters; empty where there is
// none that can be read.
func contentType(c *fiber.Ctx) string {
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil {
		return ""
	}
	return kind
}

// isForm tells what a page sent from JSON.
func isForm(c *fiber.Ctx) bool {
	kind := contentType(c)
	return kind == fiber.MIMEApplicationForm || kind == fiber.MIMEMultipartForm
}

// readJSON reads the body of a request that smallBody has let in.
func readJSON(c *fiber.Ctx, into any) error {
	if json.Unmarshal(c.Request().Body(), into) != nil {
		return invalidField("body", func(f *views.Fields) string { return f.JSONMalformed })
	}
	return nil
}

func videoOf(v captioned) videoBody {
	body := videoBody{
		ID: v.ID, Filename: v.Filename, SizeBytes: v.SizeBytes, DurationSeconds: api.Seconds(v.Duration),
		Container: v.Container, Status: v.Status, Reason: v.Reason, CreatedAt: v.CreatedAt,
		Tracks: v.Tracks, Subtitles: subtitlesOf(v.Subtitles),
	}
	if v.Declared > 0 {
		declared := api.Seconds(v.Declared)
		body.DeclaredDuration = &declared
	}
	return body
}
