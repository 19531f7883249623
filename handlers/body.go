package handlers

import (
	"encoding/json"
	"mime"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/views"
)

// The shapes of the API, as the contract gives them.

type usageBody struct {
	VideosCount       int64   `json:"videos_count"`
	TotalDuration     float64 `json:"total_duration"` // seconds
	RemainingVideos   int64   `json:"remaining_videos"`
	RemainingDuration float64 `json:"remaining_duration"` // seconds
}

type limitsBody struct {
	MaxVideos          int64   `json:"maxVideos"`
	MaxDurationMinutes float64 `json:"maxDurationMinutes"`
	MaxFileSizeMB      float64 `json:"maxFileSizeMB"`
}

type sessionBody struct {
	SessionID string     `json:"session_id"`
	Username  string     `json:"username"`
	Usage     usageBody  `json:"usage"`
	Limits    limitsBody `json:"limits"`
}

type adminSessionBody struct {
	sessionBody
	Role         db.Role    `json:"role"`
	Disabled     bool       `json:"disabled"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	LastUploadAt *time.Time `json:"last_upload_at"`
}

type videoBody struct {
	ID              string    `json:"id"`
	Filename        string    `json:"filename"`
	SizeBytes       int64     `json:"size_bytes"`
	DurationSeconds float64   `json:"duration_seconds"`
	Container       string    `json:"container"`
	Status          db.Status `json:"status"`
	Reason          string    `json:"reason,omitempty"`
	CreatedAt       time.Time `json:"created_at"`
}

type tokenBody struct {
	Username    string `json:"username"`
	SessionID   string `json:"session_id"`
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// isForm tells what a page sent from JSON.
func isForm(c *fiber.Ctx) bool {
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	return err == nil && (kind == fiber.MIMEApplicationForm || kind == fiber.MIMEMultipartForm)
}

// readJSON reads the body of a request that smallBody has let in.
func readJSON(c *fiber.Ctx, into any) error {
	if json.Unmarshal(c.Request().Body(), into) != nil {
		return invalidField("body", func(f *views.Fields) string { return f.JSONMalformed })
	}
	return nil
}

// seconds is exact for whole milliseconds.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

func usageOf(q db.Quota) usageBody {
	return usageBody{
		VideosCount: q.Usage.Videos, TotalDuration: seconds(q.Usage.Duration),
		RemainingVideos: q.RemainingVideos(), RemainingDuration: seconds(q.RemainingDuration()),
	}
}

func limitsOf(l db.Limits) limitsBody {
	return limitsBody{
		MaxVideos:          l.Videos,
		MaxDurationMinutes: float64(l.Duration.Milliseconds()) / 60_000,
		MaxFileSizeMB:      float64(l.FileBytes) / (1 << 20),
	}
}

func sessionOf(username string, q db.Quota) sessionBody {
	return sessionBody{SessionID: q.SessionID, Username: username, Usage: usageOf(q), Limits: limitsOf(q.Limits)}
}

func adminSessionOf(s db.Session) adminSessionBody {
	return adminSessionBody{
		sessionBody: sessionOf(s.Username, s.Quota), Role: s.Role, Disabled: s.Disabled,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, LastUploadAt: s.LastUploadAt,
	}
}

func videoOf(v db.Video) videoBody {
	return videoBody{
		ID: v.ID, Filename: v.Filename, SizeBytes: v.SizeBytes, DurationSeconds: seconds(v.Duration),
		Container: v.Container, Status: v.Status, Reason: v.Reason, CreatedAt: v.CreatedAt,
	}
}
