// Package api holds the JSON shapes that the web service and the command line
// both answer with, so that the two cannot tell different figures.
package api

import (
	"time"

	"gensubtitle/db"
)

// Usage is what a quota session has used and has left.
type Usage struct {
	VideosCount       int64   `json:"videos_count"`
	TotalDuration     float64 `json:"total_duration"` // seconds
	RemainingVideos   int64   `json:"remaining_videos"`
	RemainingDuration float64 `json:"remaining_duration"` // seconds
}

// Session is a quota session as its user sees it.
type Session struct {
	SessionID string `json:"session_id"`
	Username  string `json:"username"`
	Usage     Usage  `json:"usage"`
	Limits    Limits `json:"limits"`
}

// AdminSession is a quota session as an admin sees it.
type AdminSession struct {
	Session
	Role         db.Role    `json:"role"`
	Disabled     bool       `json:"disabled"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	LastUploadAt *time.Time `json:"last_upload_at"`
}

// Account is the answer to an admin's change of a user. It shows a password
// that was made up, this once.
type Account struct {
	AdminSession
	Password string `json:"password,omitempty"`
}

// Seconds is exact for whole milliseconds.
func Seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// UsageOf is the usage of a quota.
func UsageOf(q db.Quota) Usage {
	return Usage{
		VideosCount: q.Usage.Videos, TotalDuration: Seconds(q.Usage.Duration),
		RemainingVideos: q.RemainingVideos(), RemainingDuration: Seconds(q.RemainingDuration()),
	}
}

// SessionOf is the quota session of the user with this name.
func SessionOf(username string, q db.Quota) Session {
	return Session{SessionID: q.SessionID, Username: username, Usage: UsageOf(q), Limits: LimitsOf(q.Limits)}
}

// AdminSessionOf is a quota session with what an admin may know of its user.
func AdminSessionOf(s db.Session) AdminSession {
	return AdminSession{
		Session: SessionOf(s.Username, s.Quota), Role: s.Role, Disabled: s.Disabled,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, LastUploadAt: s.LastUploadAt,
	}
}
