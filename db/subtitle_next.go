package db

import "context"

// mayRun is true for a job that can be claimed.
func (j lineJob) mayRun(runs runningLine, now int64) bool {
	return j.due <= now && !(runs.suspect && j.crashes > 0)
}

// runningLine is what runs.
type runningLine struct {
	count   int
	of      map[string]int // by session
	suspect bool           // one that crashed before runs in the process that asks
}

const runningQuery = `
	SELECT session_id, count(*), max(CASE process_id WHEN $1 THEN crashes ELSE 0 END) FROM subtitle_jobs
	WHERE status = 'running' AND due_at > $2 GROUP BY session_id`

func runningJobs(ctx context.Context, q queryer, processID string, now int64) (runningLine, error) {
	runs := runningLine{of: map[string]int{}}
	rows, err := q.QueryContext(ctx, runningQuery, processID, now)
	if err != nil {
		return runs, err
	}
	defer rows.Close()
	for rows.Next() {
		var sessionID string
		var n, crashes int
		if err := rows.Scan(&sessionID, &n, &crashes); err != nil {
			return runs, err
		}
		runs.of[sessionID] = n
		runs.count += n
		runs.suspect = runs.suspect || crashes > 0
	}
	return runs, rows.Err()
}

// waits is the condition of a job that waits, or whose lease has passed at $1.
const waits = inQueue + " AND NOT (status = 'running' AND due_at > $1)"

// frontsQuery reads the first waiting job of every session, without reading the others:
// it leaps from one session to the next in the index.
const frontsQuery = `
	WITH RECURSIVE sessions (id) AS (
		SELECT (SELECT session_id FROM subtitle_jobs WHERE ` + inQueue + ` ORDER BY session_id LIMIT 1)
		UNION ALL
		SELECT (SELECT session_id FROM subtitle_jobs WHERE ` + inQueue + ` AND session_id > sessions.id ORDER BY session_id LIMIT 1)
		FROM sessions WHERE sessions.id IS NOT NULL)
	SELECT j.video_id, j.session_id, j.due_at, j.queued_at, j.status = 'running', j.crashes + (j.status = 'running'), coalesce(t.turn, 0)
	FROM sessions CROSS JOIN subtitle_jobs j ON j.video_id = (
		SELECT video_id FROM subtitle_jobs WHERE ` + waits + ` AND session_id = sessions.id ORDER BY queued_at, video_id LIMIT 1)
	LEFT JOIN subtitle_turns t ON t.session_id = j.session_id`

// behindQuery reads the waiting jobs of one session in their order.
const behindQuery = `
	SELECT video_id, due_at, status = 'running', crashes + (status = 'running') FROM subtitle_jobs
	WHERE ` + waits + ` AND session_id = $2 ORDER BY queued_at, video_id`

// firstDue is the first job of lineUp's order that may run now. It reads the first
// job of each session, and more of those only whose first may not and who may come
// before what was found.
func firstDue(ctx context.Context, q queryer, runs runningLine, now int64) (lineJob, bool, error) {
	rows, err := q.QueryContext(ctx, frontsQuery, now)
	if err != nil {
		return lineJob{}, false, err
	}
	fronts, err := collectAll(rows, "read the fronts of the line", func(row scanner) (lineJob, error) {
		j := lineJob{nth: 1}
		err := row.Scan(&j.videoID, &j.sessionID, &j.due, &j.first, &j.lapsed, &j.crashes, &j.turn)
		j.place = runs.of[j.sessionID] + j.nth
		return j, err
	})
	if err != nil {
		return lineJob{}, false, err
	}
	var best lineJob
	found := false
	for _, j := range fronts {
		if j.mayRun(runs, now) && (!found || j.compare(best) < 0) {
			best, found = j, true
		}
	}
	for _, j := range fronts {
		if j.mayRun(runs, now) {
			continue
		}
		if best, found, err = dueBehind(ctx, q, runs, j, best, found, now); err != nil {
			return lineJob{}, false, err
		}
	}
	return best, found, nil
}

// dueBehind looks behind the front of a session for a job that may run, until there
// is none that comes before the best found.
func dueBehind(
	ctx context.Context, q queryer, runs runningLine, j, best lineJob, found bool, now int64,
) (lineJob, bool, error) {
	next := j
	next.place, next.nth = j.place+1, j.nth+1
	if found && next.compare(best) > 0 {
		return best, found, nil
	}
	rows, err := q.QueryContext(ctx, behindQuery, now, j.sessionID)
	if err != nil {
		return best, found, err
	}
	defer rows.Close()
	for ; rows.Next(); j.place, j.nth = j.place+1, j.nth+1 {
		if found && j.compare(best) > 0 {
			break
		}
		if err := rows.Scan(&j.videoID, &j.due, &j.lapsed, &j.crashes); err != nil {
			return best, found, err
		}
		if j.mayRun(runs, now) {
			return j, true, rows.Err()
		}
	}
	return best, found, rows.Err()
}
