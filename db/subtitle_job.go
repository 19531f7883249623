package db

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"
)

// SubtitleStatus is where the subtitles of a video stand.
type SubtitleStatus string

// The statuses there are.
const (
	SubtitlesNone      SubtitleStatus = "none" // never asked for: there is no row
	SubtitlesQueued    SubtitleStatus = "queued"
	SubtitlesRunning   SubtitleStatus = "running"
	SubtitlesDone      SubtitleStatus = "done"
	SubtitlesFailed    SubtitleStatus = "failed"
	SubtitlesCancelled SubtitleStatus = "cancelled"
)

// ErrTooManyRuns refuses to have subtitles made again of a video that has had
// them made as often as is allowed.
var ErrTooManyRuns = errors.New("too many runs for this video")

// SubtitleOrder is what a user asks the engine for.
type SubtitleOrder struct {
	Language  string // "" lets the engine find out
	Translate bool   // into English
	Track     int    // of sound, by its number; 0 for the default one
	Prompt    string // names and terms that the engine is told to expect
}

// Subtitles are where a video's subtitles stand: its job and its text, either
// of which may be missing.
type Subtitles struct {
	VideoID   string
	SessionID string
	Status    SubtitleStatus
	Order     SubtitleOrder
	// Language is that of the order while the job waits or runs, and otherwise
	// that of the text where there is one; "" while it is not known.
	Language    string
	Progress    int        // of the job, 0 to 100
	Error       string     // why the last run came to nothing
	Position    int        // of a queued job: its place in the queue from 1, else 0
	Attempts    int        // runs of this order that came to nothing
	RetryAt     *time.Time // of a queued job that was put off: when it is due
	QueuedAt    *time.Time
	StartedAt   *time.Time
	EndedAt     *time.Time
	Revision    int64 // of the text, 0 where there is none
	Edited      bool  // the text is a person's, who changed the engine's or brought their own
	HasOriginal bool  // an engine has written a text, which can be restored
}

const (
	subtitleColumns = `v.id, v.session_id, coalesce(j.status, 'none'), coalesce(j.language, ''), coalesce(j.translate, 0),
		coalesce(j.track, 0), coalesce(j.prompt, ''), coalesce(t.language, ''), coalesce(j.progress, 0), coalesce(j.error, ''), coalesce(j.attempts, 0), coalesce(j.due_at, 0),
		j.queued_at, j.started_at, j.ended_at, coalesce(t.revision, 0), coalesce(t.source, ''), t.original_language IS NOT NULL`
	subtitleTables = `videos v LEFT JOIN subtitle_jobs j ON j.video_id = v.id LEFT JOIN subtitle_texts t ON t.video_id = v.id`
)

// scanSubtitles reads subtitleColumns, and what more was asked for after them.
func scanSubtitles(row scanner, now int64, more ...any) (Subtitles, error) {
	var s Subtitles
	var ofText, source string
	var due int64
	var queued, started, ended sql.NullInt64
	err := row.Scan(append([]any{
		&s.VideoID, &s.SessionID, &s.Status, &s.Order.Language, &s.Order.Translate,
		&s.Order.Track, &s.Order.Prompt, &ofText, &s.Progress, &s.Error, &s.Attempts, &due,
		&queued, &started, &ended, &s.Revision, &source, &s.HasOriginal,
	}, more...)...)
	s.QueuedAt, s.StartedAt, s.EndedAt = timeOfNull(queued), timeOfNull(started), timeOfNull(ended)
	s.Edited = source == SourceUser
	s.Language = s.Order.Language
	if s.Revision > 0 && s.Status != SubtitlesQueued && s.Status != SubtitlesRunning {
		s.Language = ofText
	}
	if s.Status == SubtitlesQueued && due > now {
		at := timeOf(due)
		s.RetryAt = &at
	}
	return s, err
}

// SubtitlesOf tells of each of some videos, whosever they are, where its
// subtitles stand. What is no video is missing from the answer.
func (d *DB) SubtitlesOf(ctx context.Context, videoIDs []string) (map[string]Subtitles, error) {
	all := map[string]Subtitles{}
	if len(videoIDs) == 0 {
		return all, nil
	}
	err := d.read(ctx, "read subtitles", func(tx *sql.Tx) error {
		now := d.nowMillis()
		rows, err := tx.QueryContext(ctx,
			"SELECT "+subtitleColumns+" FROM "+subtitleTables+" WHERE v.id IN ("+numbered(len(videoIDs))+")", anys(videoIDs)...)
		if err != nil {
			return err
		}
		list, err := collectAll(rows, "read rows", func(row scanner) (Subtitles, error) {
			return scanSubtitles(row, now)
		})
		if err != nil {
			return err
		}
		for _, s := range list {
			all[s.VideoID] = s
		}
		return d.setPositions(ctx, tx, all, now)
	})
	return all, err
}

// numbered lists as many placeholders, from $1 on.
func numbered(n int) string { return numberedFrom(1, n) }

func numberedFrom(first, n int) string {
	var list strings.Builder
	for i := range n {
		if i > 0 {
			list.WriteString(", ")
		}
		list.WriteString("$" + strconv.Itoa(first+i))
	}
	return list.String()
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	return list
}

// runsEnded counts a run that is cut off, too, and one that failed and is to be
// tried again: the engine has worked for it.
const runsEnded = `subtitle_jobs.runs + CASE WHEN subtitle_jobs.status = 'running'
	OR subtitle_jobs.status = 'queued' AND subtitle_jobs.attempts > 0 THEN 1 ELSE 0 END`

// QueueSubtitles asks for the subtitles of an accepted video of the session,
// again where they were asked for before. A job that runs is superseded, unless
// the same was asked for a moment ago; one that waits keeps its place. ErrNotFound
// when there is no such video, ErrTooManyRuns after atMost runs; 0 means no limit.
func (d *DB) QueueSubtitles(ctx context.Context, sessionID, videoID string, o SubtitleOrder, atMost int) error {
	return d.write(ctx, "queue subtitles", func(tx *sql.Tx) error {
		var runs int
		var again bool
		now := d.nowMillis()
		err := tx.QueryRowContext(ctx, `
			SELECT coalesce(`+runsEnded+`, 0),
			       coalesce(subtitle_jobs.status = 'running' AND subtitle_jobs.queued_at > $1
			           AND subtitle_jobs.language = $2 AND subtitle_jobs.translate = $3
			           AND subtitle_jobs.track = $4 AND subtitle_jobs.prompt = $5, 0)
			FROM videos v LEFT JOIN subtitle_jobs ON subtitle_jobs.video_id = v.id
			WHERE v.id = $6 AND v.session_id = $7 AND v.status = 'accepted'`,
			now-repeatWindow.Milliseconds(), o.Language, o.Translate, o.Track, o.Prompt, videoID, sessionID).Scan(&runs, &again)
		if err != nil {
			return notFound(err)
		}
		if again {
			return nil // The second of two clicks; the first is being done already.
		}
		if atMost > 0 && runs >= atMost {
			return ErrTooManyRuns
		}
		return queueSubtitles(ctx, tx, sessionID, videoID, o, now)
	})
}

// queueSubtitles leaves a waiting job due when it was: the engine that did not
// answer to the old order will not answer to the new one.
func queueSubtitles(ctx context.Context, tx *sql.Tx, sessionID, videoID string, o SubtitleOrder, now int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subtitle_jobs (video_id, session_id, status, language, translate, track, prompt, due_at, queued_at)
		VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8)
		ON CONFLICT (video_id) DO UPDATE SET
			status = 'queued', language = excluded.language, translate = excluded.translate, track = excluded.track, prompt = excluded.prompt,
			due_at = CASE subtitle_jobs.status WHEN 'queued' THEN subtitle_jobs.due_at ELSE excluded.due_at END,
			queued_at = CASE subtitle_jobs.status WHEN 'queued' THEN subtitle_jobs.queued_at ELSE excluded.queued_at END,
			runs = `+runsEnded+`, run_id = NULL, process_id = '', progress = 0, attempts = 0, crashes = 0, error = '', detail = '', started_at = NULL, ended_at = NULL`,
		videoID, sessionID, o.Language, o.Translate, o.Track, o.Prompt, now, now)
	return err
}

// cancelJobs begins a statement whose $1 is now, and which ends by saying whose
// jobs that wait or run are cancelled.
const cancelJobs = `
	UPDATE subtitle_jobs SET runs = ` + runsEnded + `, status = 'cancelled', run_id = NULL, process_id = '', ended_at = $1
	WHERE ` + inQueue + ` AND `

// CancelSubtitles ends the job of a video of the session, or of anybody's for
// an admin, who gives no session. It does nothing where none waits or runs.
// ErrNotFound when there is no such accepted video.
func (d *DB) CancelSubtitles(ctx context.Context, sessionID, videoID string) error {
	return d.write(ctx, "cancel subtitles", func(tx *sql.Tx) error {
		var id string
		err := tx.QueryRowContext(ctx, `
			SELECT id FROM videos WHERE id = $1 AND ($2 = '' OR session_id = $2) AND status = 'accepted'`,
			videoID, sessionID).Scan(&id)
		if err != nil {
			return notFound(err)
		}
		_, err = tx.ExecContext(ctx, cancelJobs+"video_id = $2", d.nowMillis(), videoID)
		return err
	})
}

// RetrySubtitlesNow queues a failed or cancelled job again with the order that
// it had, and makes one that was put off due at once. It leaves any other job
// as it is; ErrNotFound when there is none.
func (d *DB) RetrySubtitlesNow(ctx context.Context, videoID string) error {
	return d.write(ctx, "retry subtitles", func(tx *sql.Tx) error {
		var status SubtitleStatus
		var sessionID string
		var o SubtitleOrder
		err := tx.QueryRowContext(ctx, `
			SELECT status, session_id, language, translate, track, prompt FROM subtitle_jobs WHERE video_id = $1`, videoID).
			Scan(&status, &sessionID, &o.Language, &o.Translate, &o.Track, &o.Prompt)
		if err != nil {
			return notFound(err)
		}
		switch status {
		case SubtitlesQueued:
			_, err = tx.ExecContext(ctx, "UPDATE subtitle_jobs SET due_at = $1 WHERE video_id = $2", d.nowMillis(), videoID)
		case SubtitlesFailed, SubtitlesCancelled:
			err = queueSubtitles(ctx, tx, sessionID, videoID, o, d.nowMillis())
		}
		return err
	})
}
