package db

import (
	"cmp"
	"context"
	"slices"
)

// inQueue is the condition of a job that waits or runs. It is that of the
// indexes too, which SQLite uses only for a query that has it word for word.
const inQueue = "status IN ('queued', 'running')"

// lineQuery reads the jobs of the line by session, each session's in their order.
const lineQuery = `
	SELECT j.video_id, j.session_id, j.due_at, j.queued_at, coalesce(j.started_at, 0),
	       j.status = 'running' AND j.due_at > $1, coalesce(t.turn, 0)
	FROM subtitle_jobs j LEFT JOIN subtitle_turns t ON t.session_id = j.session_id
	WHERE j.` + inQueue + ` ORDER BY j.session_id, j.queued_at, j.video_id`

// line is the jobs that run and those that wait for their turn, in their order.
type line struct {
	running []lineJob // whose lease holds, the oldest first
	waiting []lineJob
}

// lineJob is a job in the line.
type lineJob struct {
	videoID   string
	due       int64
	lapsed    bool  // it ran, and its lease passed
	crashes   int   // with the lapsed run
	started   int64 // of one that runs
	place     int   // counts the session's runs and its waiting jobs up to this one
	nth       int   // of the session's waiting jobs
	sessionID string
	turn      int64 // of the session, when it was last served; 0 for never
	first     int64 // when the session's first waiting job was queued
}

// lineUp reads the line. Sessions take turns: the first job of everybody comes
// before the second of anybody, what runs being counted, so that the ten videos
// of one session keep another's one waiting for no more than the job that runs.
//
// In one place, those come first that have fewer jobs of their session before
// them, which all have to be served yet; then those whose session was served
// longest ago or never. So the positions are those in which one worker claims.
// A run whose lease has passed waits like any other, where it was queued.
func lineUp(ctx context.Context, q queryer, now int64) (line, error) {
	rows, err := q.QueryContext(ctx, lineQuery, now)
	if err != nil {
		return line{}, err
	}
	defer rows.Close()
	var l line
	runs := map[string]int{} // by session
	for rows.Next() {
		var j lineJob
		var running bool
		if err := rows.Scan(&j.videoID, &j.sessionID, &j.due, &j.first, &j.started, &running, &j.turn); err != nil {
			return line{}, err
		}
		if running {
			l.running = append(l.running, j)
			runs[j.sessionID]++
			continue
		}
		j.nth = 1
		if n := len(l.waiting); n > 0 && l.waiting[n-1].sessionID == j.sessionID {
			j.nth, j.first = l.waiting[n-1].nth+1, l.waiting[n-1].first
		}
		l.waiting = append(l.waiting, j)
	}
	if err := rows.Err(); err != nil {
		return line{}, err
	}
	for i, j := range l.waiting {
		l.waiting[i].place = runs[j.sessionID] + j.nth
	}
	slices.SortFunc(l.waiting, lineJob.compare)
	slices.SortFunc(l.running, func(a, b lineJob) int {
		return cmp.Or(cmp.Compare(a.started, b.started), cmp.Compare(a.videoID, b.videoID))
	})
	return l, nil
}

func (j lineJob) compare(other lineJob) int {
	return cmp.Or(
		cmp.Compare(j.place, other.place), cmp.Compare(j.nth, other.nth), cmp.Compare(j.turn, other.turn),
		cmp.Compare(j.first, other.first), cmp.Compare(j.sessionID, other.sessionID))
}

// positions numbers what waits, from 1, by video.
func (l line) positions() map[string]int {
	positions := make(map[string]int, len(l.waiting))
	for i, j := range l.waiting {
		positions[j.videoID] = i + 1
	}
	return positions
}

// videoIDs are those of all jobs, what runs first.
func (l line) videoIDs() []string {
	ids := make([]string, 0, len(l.running)+len(l.waiting))
	for _, j := range slices.Concat(l.running, l.waiting) {
		ids = append(ids, j.videoID)
	}
	return ids
}
