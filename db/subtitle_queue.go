package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// SubtitleJob is a job as an admin sees it.
type SubtitleJob struct {
	Subtitles
	Username string
	Filename string
	Duration time.Duration // of the video
	Detail   string        // what the engine said when the last run came to nothing
}

const (
	jobColumns = subtitleColumns + ", u.username, v.filename, v.duration_ms, coalesce(j.detail, '')"
	jobTables  = subtitleTables + `
		JOIN quota_sessions s ON s.session_id = v.session_id JOIN users u ON u.id = s.user_id`
)

// SubtitleQueue returns at most limit jobs of all users, those that run first
// and then those that wait, in the order in which they will run, that come
// after the job of the video after, and whether more follow. It begins with the
// first job where after is "" or that job is not in the queue any more.
func (d *DB) SubtitleQueue(ctx context.Context, after string, limit int) ([]SubtitleJob, bool, error) {
	var jobs []SubtitleJob
	more := false
	err := d.read(ctx, "list the queue of subtitles", func(tx *sql.Tx) error {
		now := d.nowMillis()
		l, err := lineUp(ctx, tx, now)
		if err != nil {
			return err
		}
		ids := l.videoIDs()
		ids = ids[slices.Index(ids, after)+1:]
		if len(ids) > limit {
			ids, more = ids[:limit], true
		}
		jobs, err = readJobs(ctx, tx, ids, now)
		positions := l.positions()
		for i, j := range jobs {
			if j.Status == SubtitlesQueued {
				jobs[i].Position = positions[j.VideoID]
			}
		}
		return err
	})
	return jobs, more, err
}

// readJobs reads the jobs of some videos, in that order.
func readJobs(ctx context.Context, tx *sql.Tx, ids []string, now int64) ([]SubtitleJob, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+jobColumns+" FROM "+jobTables+" WHERE v.id IN ("+numbered(len(ids))+")", anys(ids)...)
	if err != nil {
		return nil, err
	}
	jobs, err := collectAll(rows, "read jobs", func(row scanner) (SubtitleJob, error) {
		return scanJob(row, now)
	})
	slices.SortFunc(jobs, func(a, b SubtitleJob) int {
		return slices.Index(ids, a.VideoID) - slices.Index(ids, b.VideoID)
	})
	return jobs, err
}

func scanJob(row scanner, now int64) (SubtitleJob, error) {
	var j SubtitleJob
	var duration int64
	var err error
	j.Subtitles, err = scanSubtitles(row, now, &j.Username, &j.Filename, &duration, &j.Detail)
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
	return collectAll(rows, what, func(row scanner) (SubtitleJob, error) {
		return scanJob(row, d.nowMillis())
	})
}

// QueueLength counts the jobs that wait and those that run.
func (d *DB) QueueLength(ctx context.Context) (map[SubtitleStatus]int64, error) {
	var queued, running int64
	err := d.reader.QueryRowContext(ctx, `
		SELECT count(CASE status WHEN 'queued' THEN 1 END), count(CASE status WHEN 'running' THEN 1 END)
		FROM subtitle_jobs WHERE `+inQueue).Scan(&queued, &running)
	if err != nil {
		return nil, fmt.Errorf("count the queue of subtitles: %w", classify(err))
	}
	return map[SubtitleStatus]int64{SubtitlesQueued: queued, SubtitlesRunning: running}, nil
}
