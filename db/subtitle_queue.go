package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// subtitleQueue begins a statement whose $1 is now; its table queue has a row
// for each job that nobody runs, with the position from 1 in which they run if
// all are due. A run whose lease has passed is one of them.
//
// Sessions take turns. A job's place counts its session's runs and its session's
// jobs before it, so that the first of everybody comes before the second of
// anybody. In one place comes first who has fewer jobs before this one, since
// those are yet to be served; and then whose last turn is longest ago, or who
// never had one. All that stays as it is until it changes, so that the positions
// are those in which one worker claims.
const subtitleQueue = `
	WITH waiting AS (
		SELECT video_id, session_id, due_at,
		       row_number() OVER session AS nth, first_value(queued_at) OVER session AS first_queued_at
		FROM subtitle_jobs
		WHERE status IN ('queued', 'running') AND (status = 'queued' OR due_at <= $1)
		WINDOW session AS (PARTITION BY session_id ORDER BY queued_at, video_id)
	), running AS (
		SELECT session_id, count(*) AS runs FROM subtitle_jobs
		WHERE status IN ('queued', 'running') AND status = 'running' AND due_at > $1 GROUP BY session_id
	), queue AS (
		SELECT w.video_id, w.due_at, row_number() OVER (
			ORDER BY w.nth + coalesce(r.runs, 0), w.nth, coalesce(t.turn, 0), w.first_queued_at, w.session_id) AS position
		FROM waiting w LEFT JOIN running r ON r.session_id = w.session_id
		LEFT JOIN subtitle_turns t ON t.session_id = w.session_id
	)`

// SubtitleJob is a job as an admin sees it.
type SubtitleJob struct {
	Subtitles
	Username string
	Filename string
	Duration time.Duration // of the video
}

const (
	jobColumns = subtitleColumns + ", u.username, v.filename, v.duration_ms"
	jobTables  = subtitleTables + `
		JOIN quota_sessions s ON s.session_id = v.session_id JOIN users u ON u.id = s.user_id`
)

// SubtitleQueue returns at most limit jobs of all users, those that run first
// and then those that wait, in the order in which they will run, that come
// after the job of the video after, and whether more follow. It begins with the
// first job where after is "" or that job is not in the queue any more.
func (d *DB) SubtitleQueue(ctx context.Context, after string, limit int) ([]SubtitleJob, bool, error) {
	const what = "list the queue of subtitles"
	now := d.nowMillis()
	rows, err := d.reader.QueryContext(ctx, subtitleQueue+`, lines AS (
			SELECT video_id, position, row_number() OVER (ORDER BY position, started_at, video_id) AS line
			FROM (
				SELECT video_id, 0 AS position, started_at FROM subtitle_jobs
				WHERE status IN ('queued', 'running') AND status = 'running' AND due_at > $1
				UNION ALL SELECT video_id, position, 0 FROM queue) both
		)
		SELECT `+jobColumns+`, l.position FROM (
			SELECT video_id, position, line FROM lines
			WHERE line > coalesce((SELECT line FROM lines WHERE video_id = $2), 0) ORDER BY line LIMIT $3) l
		JOIN `+jobTables+` ON v.id = l.video_id ORDER BY l.line`, now, after, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collect(rows, limit, what, func(row interface{ Scan(...any) error }) (SubtitleJob, error) {
		var position int
		j, err := scanJob(row, now, &position)
		if j.Status == SubtitlesQueued {
			j.Position = position
		}
		return j, err
	})
}

func scanJob(row interface{ Scan(...any) error }, now int64, more ...any) (SubtitleJob, error) {
	var j SubtitleJob
	var duration int64
	var err error
	j.Subtitles, err = scanSubtitles(row, now, append([]any{&j.Username, &j.Filename, &duration}, more...)...)
	j.Duration = durationOf(duration)
	return j, err
}

// FailedSubtitles returns at most limit jobs of all users that have failed for
// good since a moment, the last first.
func (d *DB) FailedSubtitles(ctx context.Context, since time.Time, limit int) ([]SubtitleJob, error) {
	const what = "list failed subtitles"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT `+jobColumns+` FROM `+jobTables+`
		WHERE j.status = 'failed' AND j.ended_at >= CAST($1 AS INTEGER)
		ORDER BY j.ended_at DESC, j.video_id DESC LIMIT $2`, since.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, func(row interface{ Scan(...any) error }) (SubtitleJob, error) {
		return scanJob(row, d.nowMillis())
	})
}

// QueueLength counts the jobs that wait and those that run.
func (d *DB) QueueLength(ctx context.Context) (map[SubtitleStatus]int64, error) {
	var queued, running int64
	err := d.reader.QueryRowContext(ctx, `
		SELECT count(CASE status WHEN 'queued' THEN 1 END), count(CASE status WHEN 'running' THEN 1 END)
		FROM subtitle_jobs WHERE status IN ('queued', 'running')`).Scan(&queued, &running)
	if err != nil {
		return nil, fmt.Errorf("count the queue of subtitles: %w", classify(err))
	}
	return map[SubtitleStatus]int64{SubtitlesQueued: queued, SubtitlesRunning: running}, nil
}

// NextDue is the first moment at which a job may be claimed, false where none
// waits or runs: a job that runs counts with the end of its lease, since its
// process may be dead. It may have passed.
func (d *DB) NextDue(ctx context.Context) (time.Time, bool, error) {
	var due sql.NullInt64
	err := d.reader.QueryRowContext(ctx, `
		SELECT min(due_at) FROM subtitle_jobs WHERE status IN ('queued', 'running')`).Scan(&due)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read when subtitles are due: %w", classify(err))
	}
	return timeOf(due.Int64), due.Valid, nil
}
