package db

import (
	"context"
	"database/sql"
	"fmt"
)

// Drift is a quota session whose usage is not the sum of its ledger.
type Drift struct {
	SessionID       string
	Counted, Ledger Usage
}

// Damage is what SQLite finds wrong with the database file; none for a sound
// one. A quick_check would not do: it does not see that a row cannot be found
// by its id.
func (d *DB) Damage(ctx context.Context) ([]string, error) {
	problems, err := d.texts(ctx, "check the database file", "PRAGMA integrity_check")
	if len(problems) == 1 && problems[0] == "ok" {
		return nil, err
	}
	return problems, err
}

// DriftedSessions lists the quota sessions that disagree with their ledger.
func (d *DB) DriftedSessions(ctx context.Context) ([]Drift, error) {
	const what = "compare usage with the ledger"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT s.session_id, s.videos_count, s.duration_ms, coalesce(e.videos, 0), coalesce(e.duration_ms, 0)
		FROM quota_sessions s LEFT JOIN (
			SELECT session_id, sum(videos_delta) AS videos, sum(duration_delta_ms) AS duration_ms
			FROM events GROUP BY session_id) e ON e.session_id = s.session_id
		WHERE s.videos_count <> coalesce(e.videos, 0) OR s.duration_ms <> coalesce(e.duration_ms, 0)
		ORDER BY s.session_id`)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, func(row scanner) (Drift, error) {
		var drift Drift
		var counted, ledger int64
		err := row.Scan(&drift.SessionID, &drift.Counted.Videos, &counted, &drift.Ledger.Videos, &ledger)
		drift.Counted.Duration, drift.Ledger.Duration = durationOf(counted), durationOf(ledger)
		return drift, err
	})
}

// MendUsage sets the usage of a session to the sum of its ledger, from which
// alone it is derived.
func (d *DB) MendUsage(ctx context.Context, sessionID string) error {
	return d.write(ctx, "mend usage", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			UPDATE quota_sessions SET updated_at = $1,
				videos_count = (SELECT coalesce(sum(videos_delta), 0) FROM events e WHERE e.session_id = quota_sessions.session_id),
				duration_ms = (SELECT coalesce(sum(duration_delta_ms), 0) FROM events e WHERE e.session_id = quota_sessions.session_id)
			WHERE session_id = $2`, d.nowMillis(), sessionID))
	})
}

// actualTotals is what the row of totals should hold, in the order of its columns.
const actualTotals = `
	SELECT (SELECT count(*) FROM users WHERE deleted_at IS NULL), (SELECT count(*) FROM quota_sessions),
	       count(*), coalesce(sum(duration_ms), 0), coalesce(sum(size_bytes), 0)
	FROM videos WHERE status = 'accepted'`

// TotalsDrifted reports whether the totals of the installation are not what is there.
func (d *DB) TotalsDrifted(ctx context.Context) (bool, error) {
	var drifted bool
	err := d.reader.QueryRowContext(ctx, `
		SELECT NOT EXISTS (SELECT users, sessions, videos, duration_ms, size_bytes FROM totals INTERSECT `+actualTotals+")").
		Scan(&drifted)
	if err != nil {
		return false, fmt.Errorf("compare the totals: %w", classify(err))
	}
	return drifted, nil
}

// MendTotals counts the totals anew.
func (d *DB) MendTotals(ctx context.Context) error {
	return d.write(ctx, "mend totals", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE totals SET (users, sessions, videos, duration_ms, size_bytes) = ("+actualTotals+")")
		return err
	})
}

// UsersWithoutSession lists the users whose quota session is missing.
func (d *DB) UsersWithoutSession(ctx context.Context) ([]User, error) {
	const what = "look for missing quota sessions"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT id, username FROM users u
		WHERE NOT EXISTS (SELECT 1 FROM quota_sessions s WHERE s.user_id = u.id) ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, func(row scanner) (User, error) {
		var u User
		err := row.Scan(&u.ID, &u.Name)
		u.SessionID = sessionIDOf(u.Name)
		return u, err
	})
}

// MendSession makes the quota session of a user who has none.
func (d *DB) MendSession(ctx context.Context, u User) error {
	return d.createSession(ctx, u.ID, u.SessionID)
}

// VideosWithoutEvent lists accepted videos that the ledger does not know, or
// knows with another duration.
func (d *DB) VideosWithoutEvent(ctx context.Context) ([]string, error) {
	return d.texts(ctx, "compare videos with the ledger", `
		SELECT v.id FROM videos v
		WHERE v.status = 'accepted' AND NOT EXISTS (
			SELECT 1 FROM events e
			WHERE e.video_id = v.id AND e.session_id = v.session_id AND e.kind = 'upload'
			  AND e.videos_delta = 1 AND e.duration_delta_ms = v.duration_ms)
		ORDER BY v.id`)
}

// SubtitleDrift is a video whose subtitles disagree with it or with themselves.
type SubtitleDrift struct {
	VideoID string
	Problem string
}

// SharedName is a user whose name has become that of another one, by rules that
// came later than both.
type SharedName struct{ Name, Other string }

// SharedNames lists the users whose names have become those of others.
func (d *DB) SharedNames(ctx context.Context) ([]SharedName, error) {
	const what = "look for names that two users have"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT u.username, o.username FROM username_key_changes c
		JOIN users u ON u.id = c.user_id AND u.username_key = c.former
		JOIN users o ON o.username_key = c.wanted
		WHERE u.deleted_at IS NULL AND o.deleted_at IS NULL ORDER BY u.id`)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, func(row scanner) (SharedName, error) {
		var n SharedName
		err := row.Scan(&n.Name, &n.Other)
		return n, err
	})
}

// DriftedSubtitles lists the disagreements of videos, the jobs of their
// subtitles and the texts.
func (d *DB) DriftedSubtitles(ctx context.Context) ([]SubtitleDrift, error) {
	const what = "compare subtitles with videos"
	rows, err := d.reader.QueryContext(ctx, `
		SELECT j.video_id, 'has a job of subtitles, but is not accepted' AS problem
		FROM subtitle_jobs j LEFT JOIN videos v ON v.id = j.video_id AND v.status = 'accepted' WHERE v.id IS NULL
		UNION ALL SELECT j.video_id, 'has a job of subtitles in another session'
		FROM subtitle_jobs j JOIN videos v ON v.id = j.video_id WHERE v.session_id <> j.session_id
		UNION ALL SELECT j.video_id, 'has done subtitles, but no text of them'
		FROM subtitle_jobs j WHERE j.status = 'done' AND NOT EXISTS (SELECT 1 FROM subtitle_texts t WHERE t.video_id = j.video_id)
		UNION ALL SELECT t.video_id, 'has subtitles, but no job of them'
		FROM subtitle_texts t WHERE NOT EXISTS (SELECT 1 FROM subtitle_jobs j WHERE j.video_id = t.video_id)
		ORDER BY 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return collectAll(rows, what, func(row scanner) (SubtitleDrift, error) {
		var drift SubtitleDrift
		err := row.Scan(&drift.VideoID, &drift.Problem)
		return drift, err
	})
}

// AcceptedVideos returns at most limit accepted videos of all users whose ids
// follow after, oldest first.
func (d *DB) AcceptedVideos(ctx context.Context, after string, limit int) ([]Video, error) {
	return d.videos(ctx, "list accepted videos", `
		SELECT `+videoColumns+` FROM videos WHERE id > $1 AND status = 'accepted' ORDER BY id LIMIT $2`, after, limit)
}

// VideoByID returns an upload, whosever it is, or ErrNotFound.
func (d *DB) VideoByID(ctx context.Context, id string) (Video, error) {
	v, err := scanVideo(d.reader.QueryRowContext(ctx, `
		SELECT `+videoColumns+` FROM videos WHERE id = $1`, id))
	if err != nil {
		return v, fmt.Errorf("read video: %w", notFound(err))
	}
	return v, nil
}

// Unsettled lists the resumable uploads of all users that are received or measured.
func (d *DB) Unsettled(ctx context.Context) ([]Video, error) {
	return d.videos(ctx, "list unsettled uploads", `
		SELECT `+videoColumns+` FROM videos WHERE `+holdsSlot+` AND resumable = 1`)
}

// HeldBy lists the uploads in one piece for which a process holds slots: they
// end with it.
func (d *DB) HeldBy(ctx context.Context, processID string) ([]Video, error) {
	return d.videos(ctx, "list uploads of a process", `
		SELECT `+videoColumns+` FROM videos WHERE `+holdsSlot+` AND resumable = 0 AND process_id = $1`, processID)
}
