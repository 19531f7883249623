package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Usage is what a quota session has used since the last reset.
type Usage struct {
	Videos   int64
	Duration time.Duration // whole milliseconds
}

// Limits are what a quota session may use.
type Limits struct {
	Videos    int64
	Duration  time.Duration // whole milliseconds
	FileBytes int64         // of a single file
}

// Quota is a quota session: whose it is, what is used and what is allowed.
type Quota struct {
	SessionID string
	Usage     Usage
	Limits    Limits
}

// RemainingVideos is never negative, also where limits were lowered below the usage.
func (q Quota) RemainingVideos() int64 { return max(0, q.Limits.Videos-q.Usage.Videos) }

// RemainingDuration is never negative.
func (q Quota) RemainingDuration() time.Duration {
	return max(0, q.Limits.Duration-q.Usage.Duration)
}

// QuotaError refuses an upload that would pass a limit.
type QuotaError struct {
	Resource Resource
	Quota    Quota
	Asked    time.Duration // the video's duration; zero where it is not known
}

// Resource is what a quota session counts.
type Resource string

// The resources there are.
const (
	Videos   Resource = "videos"
	Duration Resource = "duration"
)

func (e *QuotaError) Error() string {
	return fmt.Sprintf("quota of %s used up in %s", e.Resource, e.Quota.SessionID)
}

func insertSession(ctx context.Context, tx *sql.Tx, userID int64, sessionID string, now int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO quota_sessions (session_id, user_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT (session_id) DO NOTHING`, sessionID, userID, now, now)
	return err
}

func (d *DB) createSession(ctx context.Context, userID int64, sessionID string) error {
	return d.write(ctx, "create quota session", func(tx *sql.Tx) error {
		return insertSession(ctx, tx, userID, sessionID, d.nowMillis())
	})
}

// Quota reads the quota of one session. ErrNotFound when there is none.
func (d *DB) Quota(ctx context.Context, sessionID string) (Quota, error) {
	return d.quota(ctx, d.reader, sessionID)
}

// quota reads one session; in a writing transaction the answer holds until it ends.
func (d *DB) quota(ctx context.Context, q queryer, sessionID string) (Quota, error) {
	var duration int64
	var own OwnLimits
	var most *int64
	s := Quota{SessionID: sessionID}
	err := q.QueryRowContext(ctx, `
		SELECT videos_count, duration_ms, max_videos, max_duration_ms, max_file_bytes
		FROM quota_sessions WHERE session_id = $1`, sessionID).
		Scan(&s.Usage.Videos, &duration, &own.Videos, &most, &own.FileBytes)
	if err != nil {
		return s, fmt.Errorf("read quota session: %w", notFound(err))
	}
	s.Usage.Duration = durationOf(duration)
	own.Duration = durationOfPointer(most)
	s.Limits = own.over(d.defaults)
	return s, nil
}
