package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What an upload may be refused for as long as others of its user are under way.
var (
	// ErrTooManyUploads: as many resumable ones are unfinished as are allowed.
	ErrTooManyUploads = errors.New("too many unfinished uploads")
	// ErrTooMuchReserved: they hold as much of the disk as is allowed.
	ErrTooMuchReserved = errors.New("unfinished uploads hold too much of the disk")
)

// Upload is an upload that is to be admitted.
type Upload struct {
	ID        string
	SessionID string
	Filename  string // of a resumable one; of another it is not known yet
	Metadata  string // of a resumable one: Upload-Metadata as it was sent
	SizeBytes int64  // that it holds of the disk from now on; 0 where that is not known
}

// Resumable is a resumable upload, whatever has become of it.
type Resumable struct {
	Video
	Metadata string // Upload-Metadata as it was sent
}

// AdmitResumable takes a slot of the session for an upload that may arrive in
// pieces, through any process. A *QuotaError says which limit leaves no room,
// ErrTooManyUploads that atMost others are unfinished, ErrTooMuchReserved that
// they hold too much of the disk.
func (d *DB) AdmitResumable(ctx context.Context, u Upload, atMost int64) error {
	return d.write(ctx, "admit resumable upload", func(tx *sql.Tx) error {
		if err := d.admit(ctx, tx, u); err != nil {
			return err
		}
		var unfinished int64
		if err := tx.QueryRowContext(ctx, `
			SELECT count(*) FROM videos
			WHERE session_id = $1 AND status = 'receiving' AND resumable = 1`, u.SessionID).Scan(&unfinished); err != nil {
			return err
		}
		if unfinished >= atMost {
			return ErrTooManyUploads
		}
		now := d.nowMillis()
		_, err := tx.ExecContext(ctx, `
			INSERT INTO videos (id, session_id, filename, metadata, size_bytes, status, process_id, resumable, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, 'receiving', '', 1, $6, $7)`,
			u.ID, u.SessionID, u.Filename, u.Metadata, u.SizeBytes, now, now)
		return err
	})
}

// ResumableUpload returns a resumable upload of a session, whatever has become
// of it; somebody else's, and one that came in one piece, is ErrNotFound.
func (d *DB) ResumableUpload(ctx context.Context, sessionID, videoID string) (Resumable, error) {
	var r Resumable
	row := d.reader.QueryRowContext(ctx, `
		SELECT `+videoColumns+`, metadata FROM videos WHERE id = $1 AND session_id = $2 AND resumable = 1`, videoID, sessionID)
	var err error
	r.Video, err = scanVideoAnd(row, &r.Metadata)
	if err != nil {
		return r, fmt.Errorf("read upload: %w", notFound(err))
	}
	return r, nil
}

// Complete notes that all bytes of a resumable upload are on disk and that
// this process measures it. ErrNotFound when it is no longer received, or gone.
func (d *DB) Complete(ctx context.Context, videoID, processID string) (Video, error) {
	var v Video
	err := d.write(ctx, "complete upload", func(tx *sql.Tx) error {
		var err error
		v, err = scanVideo(tx.QueryRowContext(ctx, `
			UPDATE videos SET status = 'measuring', process_id = $1, updated_at = $2
			WHERE id = $3 AND status = 'receiving' AND resumable = 1 RETURNING `+videoColumns,
			processID, d.nowMillis(), videoID))
		return notFound(err)
	})
	return v, err
}

// MeasureTries returns how often the measuring of a complete upload of this
// process was begun and not put off. ErrNotFound when the upload has ended, is
// gone, or another process has taken it over.
func (d *DB) MeasureTries(ctx context.Context, videoID, processID string) (int, error) {
	var tries int
	err := d.reader.QueryRowContext(ctx, `
		SELECT measure_tries FROM videos WHERE id = $1 AND status = 'measuring' AND process_id = $2`,
		videoID, processID).Scan(&tries)
	if err != nil {
		return 0, fmt.Errorf("read tries to measure: %w", notFound(err))
	}
	return tries, nil
}

// BeginMeasuring counts a try to measure an upload, just before what may end the
// process. Errors are those of MeasureTries.
func (d *DB) BeginMeasuring(ctx context.Context, videoID, processID string) error {
	return d.write(ctx, "begin measuring", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			UPDATE videos SET measure_tries = measure_tries + 1
			WHERE id = $1 AND status = 'measuring' AND process_id = $2`, videoID, processID))
	})
}

// PutOffMeasuring takes a try back that came to nothing for a reason of ours.
func (d *DB) PutOffMeasuring(ctx context.Context, videoID, processID string) error {
	return d.write(ctx, "put off measuring", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			UPDATE videos SET measure_tries = measure_tries - 1
			WHERE id = $1 AND status = 'measuring' AND process_id = $2 AND measure_tries > 0`, videoID, processID))
	})
}

// Reject ends an upload for a reason that will not change; the slot is free
// again, and its files are to be removed. The reason is a problem type without
// its prefix. ErrNotFound when it has ended meanwhile, or is gone.
func (d *DB) Reject(ctx context.Context, videoID, reason string) error {
	return d.write(ctx, "reject video", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			UPDATE videos SET status = 'rejected', reason = $1, updated_at = $2
			WHERE id = $3 AND status = 'measuring'`, reason, d.nowMillis(), videoID))
	})
}

// DropUpload forgets a resumable upload that is still received and gives its
// slot back; its files are to be removed. ErrNotFound when it is complete
// meanwhile, or gone.
func (d *DB) DropUpload(ctx context.Context, videoID string) error {
	return d.write(ctx, "drop upload", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			DELETE FROM videos WHERE id = $1 AND status = 'receiving' AND resumable = 1`, videoID))
	})
}

// DropRejected forgets what was rejected before a moment.
func (d *DB) DropRejected(ctx context.Context, before time.Time) error {
	return d.write(ctx, "drop rejected videos", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM videos WHERE status = 'rejected' AND updated_at < $1`, before.UnixMilli())
		return err
	})
}

// Unfinished lists the resumable uploads of all users that are still received.
func (d *DB) Unfinished(ctx context.Context) ([]Video, error) {
	return d.videos(ctx, "list unfinished uploads", `
		SELECT `+videoColumns+` FROM videos WHERE status = 'receiving' AND resumable = 1`)
}

// Unmeasured lists the uploads whose measuring this process has taken on.
func (d *DB) Unmeasured(ctx context.Context, processID string) ([]Video, error) {
	return d.videos(ctx, "list uploads to be measured", `
		SELECT `+videoColumns+` FROM videos WHERE status = 'measuring' AND resumable = 1 AND process_id = $1`, processID)
}

func (d *DB) videos(ctx context.Context, what, query string, args ...any) ([]Video, error) {
	rows, err := d.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, scanVideo)
}
