package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// SubtitlePiece is a piece of a video's sound as an engine is asked to hear it.
type SubtitlePiece struct {
	Key          string // of what was asked for
	Begins, Ends int64  // bytes of the sound
}

// KeepSubtitlePiece keeps what an engine answered to a piece until the job ends.
// ErrNotFound as in RenewSubtitles.
func (d *DB) KeepSubtitlePiece(ctx context.Context, runID string, p SubtitlePiece, answer string) error {
	return d.write(ctx, "keep a piece of subtitles", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			INSERT INTO subtitle_pieces (video_id, key, begins, ends, answer)
			SELECT video_id, $1, $2, $3, $4 FROM subtitle_jobs WHERE run_id = $5
			ON CONFLICT DO UPDATE SET answer = excluded.answer`, p.Key, p.Begins, p.Ends, answer, runID))
	})
}

// KeptSubtitlePiece is what an engine answered to a piece in this or an earlier
// run, false where it was not asked.
func (d *DB) KeptSubtitlePiece(ctx context.Context, videoID string, p SubtitlePiece) (answer string, ok bool, err error) {
	err = d.reader.QueryRowContext(ctx, `
		SELECT answer FROM subtitle_pieces WHERE video_id = $1 AND key = $2 AND begins = $3 AND ends = $4`,
		videoID, p.Key, p.Begins, p.Ends).Scan(&answer)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read a piece of subtitles: %w", classify(err))
	}
	return answer, true, nil
}

// dropPieces ends a statement that says of which videos the pieces are of no use
// any more.
const dropPieces = "DELETE FROM subtitle_pieces WHERE video_id "

// progressKept is how far a job is that waits again: where it was, where what it
// has is kept.
const progressKept = `CASE WHEN EXISTS (SELECT 1 FROM subtitle_pieces p WHERE p.video_id = subtitle_jobs.video_id) THEN progress ELSE 0 END`
