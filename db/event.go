package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// EventKind is what an entry of the ledger tells of.
type EventKind string

// The kinds there are.
const (
	EventUpload     EventKind = "upload"
	EventReset      EventKind = "reset"
	EventLimits     EventKind = "limits"
	EventCorrection EventKind = "correction"
)

// Event is one entry of the ledger; it is only ever added.
type Event struct {
	ID        int64
	SessionID string
	Kind      EventKind
	Actor     string // the username of who did it
	Reason    string
	VideoID   string        // of an upload
	Videos    int64         // change of usage
	Duration  time.Duration // change of usage, whole milliseconds
	Limits    OwnLimits     // what an event of limits set
	CreatedAt time.Time
}

func (e Event) insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO events (session_id, kind, actor, reason, video_id, videos_delta, duration_delta_ms,
			max_videos, max_duration_ms, max_file_bytes, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.SessionID, e.Kind, e.Actor, e.Reason, sql.NullString{String: e.VideoID, Valid: e.VideoID != ""},
		e.Videos, e.Duration.Milliseconds(), e.Limits.Videos, milliseconds(e.Limits.Duration), e.Limits.FileBytes,
		e.CreatedAt.UnixMilli())
	return err
}

// ListEvents returns at most limit entries of a session's ledger, newest
// first, that are older than the id before (0 for the newest), and whether
// more follow.
func (d *DB) ListEvents(ctx context.Context, sessionID string, before int64, limit int) ([]Event, bool, error) {
	rows, err := d.reader.QueryContext(ctx, `
		SELECT `+eventColumns+`
		FROM events WHERE session_id = $1 AND ($2 = 0 OR id < $2)
		ORDER BY id DESC LIMIT $3`, sessionID, before, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list events: %w", classify(err))
	}
	return collect(rows, limit, "list events", scanEvent)
}

const eventColumns = `id, session_id, kind, actor, reason, coalesce(video_id, ''), videos_delta, duration_delta_ms,
	max_videos, max_duration_ms, max_file_bytes, created_at`

func scanEvent(row scanner) (Event, error) {
	var e Event
	var duration, created int64
	var most *int64
	err := row.Scan(&e.ID, &e.SessionID, &e.Kind, &e.Actor, &e.Reason, &e.VideoID, &e.Videos, &duration,
		&e.Limits.Videos, &most, &e.Limits.FileBytes, &created)
	e.Duration, e.Limits.Duration, e.CreatedAt = durationOf(duration), durationOfPointer(most), timeOf(created)
	return e, err
}
