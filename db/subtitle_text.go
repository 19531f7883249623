package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SubtitleText is the text of a video's subtitles.
type SubtitleText struct {
	VideoID     string
	Revision    int64 // grows by one with every change, from 1
	Language    string
	Cues        string // JSON that only others understand
	Notes       string // on the engine's cues, as JSON
	Source      string // who wrote this revision: SourceEngine or SourceUser
	Edited      bool   // the source is a user
	HasOriginal bool   // an engine has written a text, which can be restored
	UpdatedAt   time.Time
}

// Who writes subtitles.
const (
	SourceEngine = "engine"
	SourceUser   = "user"
)

// RevisionError refuses a change that was made to another revision than the
// current one, which is 0 where there is no text.
type RevisionError struct{ Current int64 }

func (e *RevisionError) Error() string {
	return fmt.Sprintf("the subtitles have changed: revision %d is current", e.Current)
}

const textColumns = "video_id, revision, language, cues, source, original_language IS NOT NULL, subtitle_texts.updated_at, original_notes"

func scanText(row scanner) (SubtitleText, error) {
	var t SubtitleText
	var updated int64
	err := row.Scan(&t.VideoID, &t.Revision, &t.Language, &t.Cues, &t.Source, &t.HasOriginal, &updated, &t.Notes)
	t.Edited = t.Source == SourceUser
	t.UpdatedAt = timeOf(updated)
	return t, notFound(err)
}

// SubtitleText returns the text of a video of the session, or ErrNotFound.
func (d *DB) SubtitleText(ctx context.Context, sessionID, videoID string) (SubtitleText, error) {
	t, err := scanText(d.reader.QueryRowContext(ctx, `
		SELECT `+textColumns+` FROM subtitle_texts JOIN videos v ON v.id = video_id
		WHERE video_id = $1 AND session_id = $2`, videoID, sessionID))
	if err != nil {
		return t, fmt.Errorf("read subtitles: %w", err)
	}
	return t, nil
}

// writeOriginal makes what an engine wrote the text.
func writeOriginal(ctx context.Context, tx *sql.Tx, videoID, language, cues, notes string, now int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subtitle_texts (video_id, revision, language, cues, source, original_language, original_cues, original_notes, updated_at)
		VALUES ($1, 1, $2, $3, 'engine', $4, $5, $6, $7)
		ON CONFLICT (video_id) DO UPDATE SET
			revision = subtitle_texts.revision + 1, language = excluded.language, cues = excluded.cues, source = excluded.source,
			original_language = excluded.original_language, original_cues = excluded.original_cues,
			original_notes = excluded.original_notes, updated_at = excluded.updated_at`,
		videoID, language, cues, language, cues, notes, now)
	return err
}

// SaveSubtitles makes a person's language and cues the text of an accepted video
// of the session; an engine's original stays, and so does the language where none
// is given. The person's text wins: a job that
// waits or runs ends, as done. With ifRevision, a *RevisionError says that another
// revision is current. ErrNotFound when there is no such video.
func (d *DB) SaveSubtitles(ctx context.Context, sessionID, videoID string, t SubtitleText, ifRevision *int64) (SubtitleText, error) {
	return d.changeText(ctx, "save subtitles", sessionID, videoID, ifRevision, func(tx *sql.Tx, now int64) (SubtitleText, error) {
		return scanText(tx.QueryRowContext(ctx, `
			INSERT INTO subtitle_texts (video_id, revision, language, cues, source, updated_at)
			VALUES ($1, 1, $2, $3, 'user', $4)
			ON CONFLICT (video_id) DO UPDATE SET
				revision = subtitle_texts.revision + 1, cues = excluded.cues,
				language = CASE excluded.language WHEN '' THEN subtitle_texts.language ELSE excluded.language END,
				source = excluded.source, updated_at = excluded.updated_at
			RETURNING `+textColumns, videoID, t.Language, t.Cues, now))
	})
}

// RestoreSubtitles makes what an engine wrote last the text again, as a new
// revision. It ends a job as SaveSubtitles does, and has its errors; ErrNotFound
// also when no engine has written any.
func (d *DB) RestoreSubtitles(ctx context.Context, sessionID, videoID string, ifRevision *int64) (SubtitleText, error) {
	return d.changeText(ctx, "restore subtitles", sessionID, videoID, ifRevision, func(tx *sql.Tx, now int64) (SubtitleText, error) {
		return scanText(tx.QueryRowContext(ctx, `
			UPDATE subtitle_texts SET revision = revision + 1, language = original_language, cues = original_cues,
				source = 'engine', updated_at = $1
			WHERE video_id = $2 AND original_language IS NOT NULL RETURNING `+textColumns, now, videoID))
	})
}

// changeText requires the revision, changes the text and ends the job.
func (d *DB) changeText(
	ctx context.Context, what, sessionID, videoID string, ifRevision *int64, change func(*sql.Tx, int64) (SubtitleText, error),
) (SubtitleText, error) {
	var t SubtitleText
	err := d.write(ctx, what, func(tx *sql.Tx) error {
		var current int64
		err := tx.QueryRowContext(ctx, `
			SELECT coalesce(t.revision, 0) FROM videos v LEFT JOIN subtitle_texts t ON t.video_id = v.id
			WHERE v.id = $1 AND v.session_id = $2 AND v.status = 'accepted'`, videoID, sessionID).Scan(&current)
		if err != nil {
			return notFound(err)
		}
		if ifRevision != nil && *ifRevision != current {
			return &RevisionError{Current: current}
		}
		now := d.nowMillis()
		if t, err = change(tx, now); err != nil {
			return err
		}
		return settleJob(ctx, tx, sessionID, videoID, now)
	})
	return t, err
}

// settleJob ends the job of a video as done, whether or not there was one.
func settleJob(ctx context.Context, tx *sql.Tx, sessionID, videoID string, now int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subtitle_jobs (video_id, session_id, status, progress, ended_at) VALUES ($1, $2, 'done', 100, $3)
		ON CONFLICT (video_id) DO UPDATE SET
			runs = `+runsEnded+`, status = 'done', run_id = NULL, process_id = '', progress = 100, error = '', detail = '', ended_at = excluded.ended_at
		WHERE subtitle_jobs.status <> 'done'`, videoID, sessionID, now)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, dropPieces+"= $1", videoID)
	return err
}
