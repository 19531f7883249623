package db

import (
	"context"
	"database/sql"
	"time"
)

const (
	eventUpload = "upload"
	eventReset  = "reset"
)

// event is one entry of the ledger; it is only ever added.
type event struct {
	sessionID string
	kind      string
	actor     string // the username of who did it
	reason    string
	videoID   sql.NullString
	videos    int64         // change of usage
	duration  time.Duration // change of usage
	at        int64         // Unix milliseconds
}

func (e event) insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO events (session_id, kind, actor, reason, video_id, videos_delta, duration_delta_ms, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.sessionID, e.kind, e.actor, e.reason, e.videoID, e.videos, e.duration.Milliseconds(), e.at)
	return err
}
