package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Status is where a video stands.
type Status string

// The statuses there are. The first two hold a slot.
const (
	Receiving Status = "receiving"
	Measuring Status = "measuring"
	Accepted  Status = "accepted"
	Rejected  Status = "rejected"
)

// ErrSignedOut refuses to count a video whose user was disabled or deleted
// while it was uploaded.
var ErrSignedOut = errors.New("the user may not sign in any more")

// Video is one upload, under way or ended.
type Video struct {
	ID         string // UUIDv7, so ids sort by age
	SessionID  string
	Filename   string
	SizeBytes  int64
	Duration   time.Duration // whole milliseconds
	Container  string
	Status     Status
	Reason     string // why it was rejected: a problem type without its prefix
	Resumable  bool   // it may arrive in pieces
	HasPicture bool   // there are moving pictures, of which there can be a thumbnail
	Tracks     Tracks // of sound and subtitles; empty where they are not known
	// Declared is how long the file lasts by its own word where less of it could be
	// read; else zero.
	Declared  time.Duration
	CreatedAt time.Time
}

const videoColumns = "id, session_id, filename, size_bytes, duration_ms, container, status, reason, resumable, has_picture, tracks, declared_ms, created_at"

func scanVideo(row scanner) (Video, error) { return scanVideoAnd(row) }

// scanVideoAnd reads videoColumns, and what more was asked for after them.
func scanVideoAnd(row scanner, more ...any) (Video, error) {
	var v Video
	var duration, declared, created int64
	err := row.Scan(append([]any{
		&v.ID, &v.SessionID, &v.Filename, &v.SizeBytes, &duration, &v.Container, &v.Status, &v.Reason,
		&v.Resumable, &v.HasPicture, &v.Tracks, &declared, &created,
	}, more...)...)
	v.Duration, v.Declared = durationOf(duration), durationOf(declared)
	v.CreatedAt = timeOf(created)
	return v, err
}

// Admit takes a slot of the session for an upload of this process.
// A *QuotaError says which limit leaves no room, ErrTooMuchReserved that other
// uploads hold too much of the disk.
func (d *DB) Admit(ctx context.Context, u Upload, processID string) error {
	return d.write(ctx, "admit upload", func(tx *sql.Tx) error {
		return d.admitWhole(ctx, tx, u, processID)
	})
}

func (d *DB) admitWhole(ctx context.Context, tx *sql.Tx, u Upload, processID string) error {
	if err := d.admit(ctx, tx, u); err != nil {
		return err
	}
	now := d.nowMillis()
	_, err := tx.ExecContext(ctx, `
		INSERT INTO videos (id, session_id, size_bytes, status, process_id, created_at, updated_at)
		VALUES ($1, $2, $3, 'receiving', $4, $5, $6)`, u.ID, u.SessionID, u.SizeBytes, processID, now, now)
	return err
}

// admit requires that a slot of the session is free, and room for the upload.
func (d *DB) admit(ctx context.Context, tx *sql.Tx, u Upload) error {
	q, err := d.quota(ctx, tx, u.SessionID)
	if err != nil {
		return err
	}
	running, err := slots(ctx, tx, u.SessionID)
	if err != nil {
		return err
	}
	if q.Usage.Videos+running >= q.Limits.Videos {
		return &QuotaError{Resource: Videos, Quota: q}
	}
	if q.RemainingDuration() <= 0 {
		return &QuotaError{Resource: Duration, Quota: q}
	}
	if d.maxReserved == 0 {
		return nil
	}
	var reserved int64
	if err := tx.QueryRowContext(ctx, `
		SELECT coalesce(sum(size_bytes), 0) FROM videos
		WHERE session_id = $1 AND status = 'receiving'`, u.SessionID).Scan(&reserved); err != nil {
		return err
	}
	// One file of the largest size that is allowed always has room.
	if reserved+u.SizeBytes > max(d.maxReserved, q.Limits.FileBytes) {
		return ErrTooMuchReserved
	}
	return nil
}

// Received notes that all bytes of an upload have come and returns the
// quota as it stands, which tells how long the video may be.
func (d *DB) Received(ctx context.Context, videoID, filename string, size int64) (Quota, error) {
	var q Quota
	err := d.write(ctx, "note received upload", func(tx *sql.Tx) error {
		var sessionID string
		if err := tx.QueryRowContext(ctx, `
			UPDATE videos SET status = 'measuring', filename = $1, size_bytes = $2, updated_at = $3
			WHERE id = $4 AND status = 'receiving' RETURNING session_id`,
			filename, size, d.nowMillis(), videoID).Scan(&sessionID); err != nil {
			return notFound(err)
		}
		var err error
		q, err = d.quota(ctx, tx, sessionID)
		return err
	})
	return q, err
}

// Measured is what a file was found to hold.
type Measured struct {
	Duration   time.Duration // whole milliseconds
	Container  string
	HasPicture bool
	Tracks     Tracks
	Declared   time.Duration  // as in Video
	Subtitles  *SubtitleOrder // nil: nobody is to write any
}

// Accept counts a measured video: usage, event and status change together, and
// its subtitles are queued.
// A *QuotaError says that other uploads left no room for its duration;
// ErrSignedOut that the user was disabled or deleted meanwhile.
func (d *DB) Accept(ctx context.Context, videoID string, m Measured) (Video, Quota, error) {
	var v Video
	var q Quota
	tracks, err := m.Tracks.text()
	if err != nil {
		return v, q, fmt.Errorf("accept video: %w", err)
	}
	err = d.write(ctx, "accept video", func(tx *sql.Tx) error {
		now := d.nowMillis()
		var err error
		v, err = scanVideo(tx.QueryRowContext(ctx, `
			UPDATE videos SET status = 'accepted', duration_ms = $1, container = $2, has_picture = $3, tracks = $4,
				declared_ms = $5, updated_at = $6
			WHERE id = $7 AND status = 'measuring' RETURNING `+videoColumns,
			m.Duration.Milliseconds(), m.Container, m.HasPicture, tracks, m.Declared.Milliseconds(), now, videoID))
		if err != nil {
			return notFound(err)
		}
		actor, err := uploader(ctx, tx, v.SessionID)
		if err != nil {
			return err
		}
		if q, err = d.quota(ctx, tx, v.SessionID); err != nil {
			return err
		}
		if q.Usage.Videos >= q.Limits.Videos {
			return &QuotaError{Resource: Videos, Quota: q, Asked: v.Duration}
		}
		if v.Duration > q.RemainingDuration() {
			return &QuotaError{Resource: Duration, Quota: q, Asked: v.Duration}
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE quota_sessions
			SET videos_count = videos_count + 1, duration_ms = duration_ms + $1, updated_at = $2, last_upload_at = $3
			WHERE session_id = $4`, v.Duration.Milliseconds(), now, now, v.SessionID); err != nil {
			return err
		}
		q.Usage.Videos++
		q.Usage.Duration += v.Duration
		e := Event{
			SessionID: v.SessionID, Kind: EventUpload, Actor: actor,
			VideoID: v.ID, Videos: 1, Duration: v.Duration, CreatedAt: timeOf(now),
		}
		if err := e.insert(ctx, tx); err != nil {
			return err
		}
		if m.Subtitles != nil {
			if err := queueSubtitles(ctx, tx, v.SessionID, v.ID, *m.Subtitles, now); err != nil {
				return err
			}
		}
		if err := keepUpload(ctx, tx, AcceptedUpload{v, q}); err != nil {
			return err
		}
		return d.tell(ctx, tx, WebhookVideoAccepted, v.ID, webhookData{})
	})
	return v, q, err
}

func uploader(ctx context.Context, tx *sql.Tx, sessionID string) (string, error) {
	var name string
	err := tx.QueryRowContext(ctx, `
		SELECT u.username FROM users u JOIN quota_sessions s ON s.user_id = u.id
		WHERE s.session_id = $1 AND u.disabled = 0 AND u.deleted_at IS NULL`, sessionID).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrSignedOut
	}
	return name, err
}

// Abandon forgets an upload under way and gives its slot and key back; its files
// are to be removed. ErrNotFound when it has ended meanwhile, or is gone: its
// files are then somebody else's concern.
func (d *DB) Abandon(ctx context.Context, videoID string) error {
	return d.write(ctx, "abandon upload", func(tx *sql.Tx) error {
		if err := freeUploadKey(ctx, tx, videoID); err != nil {
			return err
		}
		return oneRow(tx.ExecContext(ctx, "DELETE FROM videos WHERE id = $1 AND "+holdsSlot, videoID))
	})
}

// Video returns one video of a session; somebody else's is ErrNotFound.
func (d *DB) Video(ctx context.Context, sessionID, videoID string) (Video, error) {
	v, err := scanVideo(d.reader.QueryRowContext(ctx, `
		SELECT `+videoColumns+` FROM videos WHERE id = $1 AND session_id = $2`, videoID, sessionID))
	if err != nil {
		return v, fmt.Errorf("read video: %w", notFound(err))
	}
	return v, nil
}

// ListVideos returns at most limit videos of a session, newest first, that
// are older than the id before ("" for the newest), and whether more follow.
func (d *DB) ListVideos(ctx context.Context, sessionID, before string, limit int) ([]Video, bool, error) {
	rows, err := d.reader.QueryContext(ctx, `
		SELECT `+videoColumns+` FROM videos
		WHERE session_id = $1 AND ($2 = '' OR id < $2)
		ORDER BY id DESC LIMIT $3`, sessionID, before, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list videos: %w", classify(err))
	}
	return collect(rows, limit, "list videos", scanVideo)
}

// DeleteVideo forgets an accepted or rejected video of a session; the usage
// and the event stay, and its files are to be removed.
func (d *DB) DeleteVideo(ctx context.Context, sessionID, videoID string) error {
	return d.write(ctx, "delete video", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			DELETE FROM videos WHERE id = $1 AND session_id = $2 AND status IN ('accepted', 'rejected')`,
			videoID, sessionID))
	})
}

// collect reads rows that were asked for with LIMIT limit+1.
func collect[T any](rows *sql.Rows, limit int, what string, scan func(scanner) (T, error)) ([]T, bool, error) {
	list, err := collectAll(rows, what, scan)
	if len(list) > limit {
		return list[:limit], true, err
	}
	return list, false, err
}

// collectAll reads all rows.
func collectAll[T any](rows *sql.Rows, what string, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, classify(err))
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return list, nil
}
