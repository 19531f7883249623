package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// SubtitleRun is one try to make the subtitles of a video, by one process.
type SubtitleRun struct {
	RunID     string
	VideoID   string
	SessionID string
	Order     SubtitleOrder
	Prompt    string        // what the user has engines expect in all their videos
	Attempts  int           // runs of this order that came to nothing before this one
	Duration  time.Duration // of the video
}

// ClaimSubtitles takes the first due job of the line for a process, false when
// there is none or when atMost are under way in the whole database. It is the
// process's until the lease passes; then anybody may claim it anew, as one more
// attempt. Of jobs that may have crashed their process, each process runs one at
// a time, so that none fails for the sake of another.
func (d *DB) ClaimSubtitles(ctx context.Context, processID string, lease time.Duration, atMost int) (SubtitleRun, bool, error) {
	const what = "claim subtitles"
	can, err := d.canClaim(ctx, atMost)
	if err != nil {
		return SubtitleRun{}, false, fmt.Errorf("%s: %w", what, classify(err))
	}
	if !can {
		return SubtitleRun{}, false, nil
	}
	var run SubtitleRun
	claimed := false
	err = d.write(ctx, what, func(tx *sql.Tx) error {
		claimed = false // It may run twice.
		now := d.nowMillis()
		runs, err := runningJobs(ctx, tx, processID, now)
		if err != nil || runs.count >= atMost {
			return err
		}
		job, ok, err := d.nextJob(ctx, tx, runs, now)
		if err != nil || !ok {
			return err // Another was faster.
		}
		run, err = startRun(ctx, tx, job.videoID, processID, now, now+lease.Milliseconds())
		claimed = err == nil
		return err
	})
	return run, claimed && err == nil, err
}

// nextJob is the first job of the line that may run now. A run whose lease passed
// is taken for one that crashed: where it is not the first, the job fails.
func (d *DB) nextJob(ctx context.Context, tx *sql.Tx, runs runningLine, now int64) (lineJob, bool, error) {
	for {
		job, ok, err := firstDue(ctx, tx, runs, now)
		if err != nil || !ok || !job.lapsed || job.crashes < maxCrashes {
			return job, ok, err
		}
		if _, _, err := d.crash(ctx, tx, now, "video_id = $3", job.videoID); err != nil {
			return job, false, err
		}
	}
}

// claimableQuery asks whether a job is due and fewer than so many run.
const claimableQuery = `
	SELECT EXISTS (SELECT 1 FROM subtitle_jobs WHERE ` + inQueue + ` AND due_at <= CAST($1 AS INTEGER))
	   AND (SELECT count(*) FROM subtitle_jobs WHERE status = 'running' AND due_at > CAST($1 AS INTEGER)) < $2`

// canClaim looks without writing whether a claim may succeed, so that nobody
// waits for those that cannot.
func (d *DB) canClaim(ctx context.Context, atMost int) (can bool, err error) {
	err = d.reader.QueryRowContext(ctx, claimableQuery, d.nowMillis(), atMost).Scan(&can)
	return can, err
}

// startRun gives a job to a process, and its session's turn is over.
func startRun(ctx context.Context, tx *sql.Tx, videoID, processID string, now, until int64) (SubtitleRun, error) {
	r := SubtitleRun{RunID: uuid.NewString(), VideoID: videoID}
	var duration int64
	if err := tx.QueryRowContext(ctx, `
		UPDATE subtitle_jobs SET
			attempts = attempts + CASE status WHEN 'running' THEN 1 ELSE 0 END,
			crashes = crashes + CASE status WHEN 'running' THEN 1 ELSE 0 END,
			status = 'running', run_id = $1, process_id = $2, due_at = $3, progress = `+progressKept+`, error = '', detail = '', started_at = $4
		WHERE video_id = $5
		RETURNING session_id, language, translate, track, prompt, attempts,
			(SELECT v.duration_ms FROM videos v WHERE v.id = subtitle_jobs.video_id),
			coalesce((SELECT u.engine_prompt FROM users u JOIN quota_sessions s ON s.user_id = u.id
				WHERE s.session_id = subtitle_jobs.session_id), '')`,
		r.RunID, processID, until, now, videoID).
		Scan(&r.SessionID, &r.Order.Language, &r.Order.Translate, &r.Order.Track, &r.Order.Prompt, &r.Attempts, &duration, &r.Prompt); err != nil {
		return r, err
	}
	r.Duration = durationOf(duration)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subtitle_turns (session_id, turn) VALUES ($1, (SELECT coalesce(max(turn), 0) + 1 FROM subtitle_turns))
		ON CONFLICT (session_id) DO UPDATE SET turn = excluded.turn`, r.SessionID)
	return r, err
}

// RenewSubtitles keeps a run for another lease and notes how far it is, 0 to
// 100. ErrNotFound when the run is not the job's any more: it was cancelled,
// superseded or claimed by another, or the video is gone.
func (d *DB) RenewSubtitles(ctx context.Context, runID string, progress int, lease time.Duration) error {
	// Every run does this every few seconds.
	return d.writeUncounted(ctx, "renew subtitles", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, "UPDATE subtitle_jobs SET progress = $1, due_at = $2 WHERE run_id = $3",
			progress, d.nowMillis()+lease.Milliseconds(), runID))
	})
}

// FinishSubtitles ends a run with what the engine wrote, cues and notes on them as
// JSON that only others understand: it is the text and the original from now on. ErrNotFound
// as in RenewSubtitles, and nothing has changed then.
func (d *DB) FinishSubtitles(ctx context.Context, runID, language, cues, notes string) error {
	return d.write(ctx, "finish subtitles", func(tx *sql.Tx) error {
		now := d.nowMillis()
		var videoID string
		if err := tx.QueryRowContext(ctx, `
			UPDATE subtitle_jobs SET status = 'done', run_id = NULL, process_id = '', progress = 100, runs = runs + 1, error = '', detail = '', ended_at = $1
			WHERE run_id = $2 RETURNING video_id`, now, runID).Scan(&videoID); err != nil {
			return notFound(err)
		}
		if _, err := tx.ExecContext(ctx, dropPieces+"= $1", videoID); err != nil {
			return err
		}
		if err := writeOriginal(ctx, tx, videoID, language, cues, notes, now); err != nil {
			return err
		}
		return d.tell(ctx, tx, WebhookSubtitlesDone, videoID, webhookData{Language: language})
	})
}

// PostponeSubtitles gives a run up for a reason that may pass: the job waits in
// its place and is due at a moment. Without a reason it was nothing about this
// job, and the run is no attempt. Detail is for admins, in whatever words.
// ErrNotFound as in RenewSubtitles.
func (d *DB) PostponeSubtitles(ctx context.Context, runID, reason, detail string, at time.Time) error {
	return d.write(ctx, "postpone subtitles", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			UPDATE subtitle_jobs SET status = 'queued', run_id = NULL, process_id = '', progress = `+progressKept+`, started_at = NULL,
				error = $1, attempts = attempts + CASE $2 WHEN '' THEN 0 ELSE 1 END, detail = $3, due_at = $4
			WHERE run_id = $5`, reason, reason, detail, at.UnixMilli(), runID))
	})
}

// FailSubtitles ends a run for a reason that will not pass, with a detail for
// admins. ErrNotFound as in RenewSubtitles.
func (d *DB) FailSubtitles(ctx context.Context, runID, reason, detail string) error {
	return d.write(ctx, "fail subtitles", func(tx *sql.Tx) error {
		now := d.nowMillis()
		var videoID string
		if err := tx.QueryRowContext(ctx, `
			UPDATE subtitle_jobs SET status = 'failed', run_id = NULL, process_id = '', error = $1,
				detail = $2, attempts = attempts + 1, runs = runs + 1, ended_at = $3
			WHERE run_id = $4 RETURNING video_id`, reason, detail, now, runID).Scan(&videoID); err != nil {
			return notFound(err)
		}
		return d.tell(ctx, tx, WebhookSubtitlesFailed, videoID, webhookData{Error: reason})
	})
}

// ReturnSubtitles queues again, in their places, what this process has claimed and
// does not end since it stops. These runs are no attempts.
func (d *DB) ReturnSubtitles(ctx context.Context, processID string) error {
	return d.write(ctx, "return subtitles", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE subtitle_jobs SET status = 'queued', run_id = NULL, process_id = '', progress = `+progressKept+`, started_at = NULL, due_at = $1
			WHERE status = 'running' AND process_id = $2`, d.nowMillis(), processID)
		return err
	})
}

const (
	// maxCrashes is how many runs of an order may crash before the job fails.
	maxCrashes = 2
	// SubtitlesCrashed is why such a job failed.
	SubtitlesCrashed = "crashed"
)

// crashRuns begins a statement whose $1 is now and $2 when a job is tried again,
// and which ends by saying which runs crashed. Such a run is no attempt, since the
// process may have died of something else.
var crashRuns = fmt.Sprintf(`
	UPDATE subtitle_jobs SET crashes = crashes + 1, run_id = NULL, process_id = '', progress = `+progressKept+`,
		status = CASE WHEN crashes + 1 < %[1]d THEN 'queued' ELSE 'failed' END,
		error = CASE WHEN crashes + 1 < %[1]d THEN error ELSE '%[2]s' END,
		runs = runs + CASE WHEN crashes + 1 < %[1]d THEN 0 ELSE 1 END,
		started_at = CASE WHEN crashes + 1 < %[1]d THEN NULL ELSE started_at END,
		ended_at = CASE WHEN crashes + 1 < %[1]d THEN ended_at ELSE $1 END,
		due_at = CASE WHEN crashes + 1 < %[1]d THEN $2 ELSE due_at END
	WHERE status = 'running' AND `, maxCrashes, SubtitlesCrashed)

// crash ends runs, by a condition on $3. It returns how many jobs are queued
// again and how many have failed.
func (d *DB) crash(ctx context.Context, tx *sql.Tx, at int64, condition, arg string) (queued, failed int64, err error) {
	rows, err := tx.QueryContext(ctx, crashRuns+condition+" RETURNING video_id, status = 'failed'", d.nowMillis(), at, arg)
	if err != nil {
		return 0, 0, err
	}
	type ended struct {
		videoID string
		failed  bool
	}
	all, err := collectAll(rows, "end runs", func(row scanner) (ended, error) {
		var e ended
		err := row.Scan(&e.videoID, &e.failed)
		return e, err
	})
	if err != nil {
		return 0, 0, err
	}
	for _, e := range all {
		if !e.failed {
			queued++
			continue
		}
		failed++
		if err := d.tell(ctx, tx, WebhookSubtitlesFailed, e.videoID, webhookData{Error: SubtitlesCrashed}); err != nil {
			return 0, 0, err
		}
	}
	return queued, failed, nil
}

// CrashSubtitles ends a run that panicked: the job waits in its place and is due
// at a moment, or has failed where that happened before. ErrNotFound as in
// RenewSubtitles.
func (d *DB) CrashSubtitles(ctx context.Context, runID string, at time.Time) (failed bool, err error) {
	err = d.write(ctx, "crash subtitles", func(tx *sql.Tx) error {
		queued, ended, err := d.crash(ctx, tx, at.UnixMilli(), "run_id = $3", runID)
		if failed = ended > 0; err == nil && queued+ended == 0 {
			err = ErrNotFound
		}
		return err
	})
	return failed, err
}

// ReleaseSubtitles queues again, in their places, what ran in a process that is
// known to be dead, and returns how much that was. A job with which a process
// died before fails instead: most likely the job is why.
func (d *DB) ReleaseSubtitles(ctx context.Context, processID string) (queued int64, err error) {
	err = d.write(ctx, "release subtitles", func(tx *sql.Tx) error {
		queued, _, err = d.crash(ctx, tx, d.nowMillis(), "process_id = $3", processID)
		return err
	})
	return queued, err
}

// SubtitleHolders lists the processes for which subtitles run, alive or dead.
func (d *DB) SubtitleHolders(ctx context.Context) ([]string, error) {
	return d.texts(ctx, "list subtitle holders", "SELECT DISTINCT process_id FROM subtitle_jobs WHERE status = 'running'")
}
