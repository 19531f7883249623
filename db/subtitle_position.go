package db

import (
	"context"
	"database/sql"
)

// lineShare is what one session has in the line.
type lineShare struct {
	sessionID        string
	running, waiting int
	turn             int64 // as in lineJob
	first            int64 // as in lineJob
}

// sharesQuery counts the line by session, from an index alone.
const sharesQuery = `
	SELECT j.session_id,
	       count(CASE WHEN j.status = 'running' AND j.due_at > $1 THEN 1 END),
	       count(CASE WHEN j.status = 'running' AND j.due_at > $1 THEN NULL ELSE 1 END),
	       coalesce(min(CASE WHEN j.status = 'running' AND j.due_at > $1 THEN NULL ELSE j.queued_at END), 0),
	       coalesce(t.turn, 0)
	FROM subtitle_jobs j LEFT JOIN subtitle_turns t ON t.session_id = j.session_id
	WHERE j.` + inQueue + ` GROUP BY j.session_id`

func lineShares(ctx context.Context, q queryer, now int64) (map[string]lineShare, error) {
	rows, err := q.QueryContext(ctx, sharesQuery, now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	shares := map[string]lineShare{}
	for rows.Next() {
		var s lineShare
		if err := rows.Scan(&s.sessionID, &s.running, &s.waiting, &s.first, &s.turn); err != nil {
			return nil, err
		}
		shares[s.sessionID] = s
	}
	return shares, rows.Err()
}

// nth is the session's waiting job with this number.
func (s lineShare) nth(n int) lineJob {
	return lineJob{sessionID: s.sessionID, place: s.running + n, nth: n, turn: s.turn, first: s.first}
}

// positionIn is the place in the queue, from 1, of the session's waiting job with
// this number. Nothing is sorted: each session has one job in each place, so it
// is known of how many that job comes after.
func (s lineShare) positionIn(shares map[string]lineShare, n int) int {
	job := s.nth(n)
	position := 1
	for _, other := range shares {
		same := job.place - other.running // the number of the other's job in that place
		position += max(0, min(other.waiting, same-1))
		if same >= 1 && same <= other.waiting && other.nth(same).compare(job) < 0 {
			position++
		}
	}
	return position
}

// numbersQuery counts, for some jobs, the jobs of their session that wait before
// each, itself included.
const numbersQuery = `
	SELECT j.video_id, (
		SELECT count(*) FROM subtitle_jobs
		WHERE ` + waits + ` AND session_id = j.session_id
		  AND (queued_at < j.queued_at OR queued_at = j.queued_at AND video_id <= j.video_id))
	FROM subtitle_jobs j WHERE j.status = 'queued' AND j.video_id IN (`

// setPositions tells those of some videos that wait their place in the queue.
// How much the others have before it may have been counted by another reader, in
// the last second or since the last commit.
func (d *DB) setPositions(ctx context.Context, tx *sql.Tx, all map[string]Subtitles, now int64) error {
	args := []any{now}
	for id, s := range all {
		if s.Status == SubtitlesQueued {
			args = append(args, id)
		}
	}
	if len(args) == 1 {
		return nil
	}
	shares, err := d.shares.get(struct{}{}, func() (map[string]lineShare, error) { return lineShares(ctx, tx, now) })
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, numbersQuery+numberedFrom(2, len(args)-1)+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		s := all[id]
		share := shares[s.SessionID]
		share.sessionID = s.SessionID // It may have nothing in the line as it was counted.
		s.Position = share.positionIn(shares, n)
		all[id] = s
	}
	return rows.Err()
}
