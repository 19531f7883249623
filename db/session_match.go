package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// searchReach is how many sessions a search gathers and counts before it goes
// over to walking along the list. Gathering costs as much as there are matches;
// walking costs as much as lies between two of them, and so is for the many.
const searchReach = 1000

// condition is one thing that is asked of a session.
type condition struct {
	predicate string // over s and u
	// candidates select ids of users, none twice, each by way of an index:
	// together all that the predicate holds for, and perhaps others.
	candidates []string
	exact      bool // there are no others
}

const (
	reached = `(s.videos_count >= coalesce(s.max_videos, CAST(:videos AS INTEGER))
		OR s.duration_ms >= coalesce(s.max_duration_ms, CAST(:duration AS INTEGER)))`
	nearly = `(s.videos_count * 5 >= coalesce(s.max_videos, CAST(:videos AS INTEGER)) * 4
		OR s.duration_ms * 5 >= coalesce(s.max_duration_ms, CAST(:duration AS INTEGER)) * 4)`
	withOwnLimits = "SELECT user_id AS id FROM quota_sessions WHERE max_videos IS NOT NULL OR max_duration_ms IS NOT NULL"

	prefixed = "u.username_key >= :key AND u.username_key < :key_end"
	starts   = "SELECT u.id FROM users u WHERE " + prefixed
	endings  = "SELECT DISTINCT user_id AS id FROM username_endings WHERE ending >= :key AND ending < :key_end"
)

// condition is what the filter asks for.
func (f SessionFilter) condition() (condition, bool) {
	switch f {
	case FilterOver:
		return condition{predicate: reached, candidates: []string{
			"SELECT user_id AS id FROM quota_sessions WHERE videos_count >= CAST(:videos AS INTEGER)",
			"SELECT user_id AS id FROM quota_sessions WHERE duration_ms >= CAST(:duration AS INTEGER)",
			withOwnLimits,
		}}, true
	case FilterNear:
		return condition{predicate: nearly + " AND NOT " + reached, candidates: []string{
			"SELECT user_id AS id FROM quota_sessions WHERE videos_count >= CAST(:videos AS INTEGER) * 4 / 5",
			"SELECT user_id AS id FROM quota_sessions WHERE duration_ms >= CAST(:duration AS INTEGER) * 4 / 5",
			withOwnLimits,
		}}, true
	case FilterDisabled:
		return condition{
			predicate:  "(u.disabled = 1 OR u.deleted_at IS NOT NULL)",
			candidates: []string{"SELECT id FROM users WHERE disabled = 1 OR deleted_at IS NOT NULL"},
			exact:      true,
		}, true
	case FilterUnused:
		return condition{
			predicate:  "s.last_upload_at IS NULL AND s.videos_count = 0 AND s.duration_ms = 0",
			candidates: []string{"SELECT user_id AS id FROM quota_sessions WHERE coalesce(last_upload_at, 0) = 0"},
		}, true
	}
	return condition{}, false
}

// conditions lists what the match asks for, the narrowest first as a rule.
func (m SessionMatch) conditions() []condition {
	var all []condition
	if m.Key != "" {
		all = append(all, condition{
			predicate:  "instr(u.username_key, :key) > 0",
			candidates: []string{starts, endings},
			exact:      true,
		})
	}
	if c, ok := m.Filter.condition(); ok {
		all = append(all, c)
	}
	return all
}

// where joins the predicates.
func (m SessionMatch) where() string {
	where := []string{"1 = 1"}
	for _, c := range m.conditions() {
		where = append(where, c.predicate)
	}
	return strings.Join(where, " AND ")
}

func (d *DB) matchArgs(m SessionMatch) []any {
	return []any{
		sql.Named("key", m.Key), sql.Named("key_end", m.Key+"\U0010FFFF"),
		sql.Named("videos", d.defaults.Videos), sql.Named("duration", d.defaults.Duration.Milliseconds()),
	}
}

// way is how the sessions of a list are found.
type way struct {
	// sources are the FROM and WHERE of one or more selects that together give
	// each session of the list once, each by the way that is short for it.
	sources []string
	over    bool // there are more than are counted, so that nobody need count
}

func (d *DB) way(ctx context.Context, tx *sql.Tx, q SessionQuery) (way, error) {
	where, conditions := q.where(), q.conditions()
	for _, c := range conditions {
		few, err := d.few(ctx, tx, c.candidates, q.SessionMatch)
		if err != nil {
			return way{}, err
		}
		if few {
			return way{sources: []string{d.gathered(c.candidates, where)}}, nil
		}
	}
	// Not few of the only thing that is asked for.
	over := len(conditions) == 1 && conditions[0].exact
	if q.Sort != SortUsername {
		return way{[]string{"FROM quota_sessions s CROSS JOIN users u ON u.id = s.user_id WHERE " + where}, over}, nil
	}
	const walk = "FROM users u CROSS JOIN quota_sessions s ON s.user_id = u.id WHERE "
	if q.Key != "" {
		// Names that begin alike lie together, perhaps far down the list.
		few, err := d.few(ctx, tx, []string{endings}, q.SessionMatch)
		if err != nil {
			return way{}, err
		}
		if few {
			return way{[]string{
				walk + prefixed + " AND " + where,
				d.gathered([]string{endings}, where+" AND NOT ("+prefixed+")"),
			}, over}, nil
		}
	}
	return way{[]string{walk + where}, over}, nil
}

// gathered takes each candidate and looks at its session.
func (d *DB) gathered(candidates []string, where string) string {
	return fmt.Sprintf("FROM (%s) c CROSS JOIN users u ON u.id = c.id CROSS JOIN quota_sessions s ON s.user_id = u.id WHERE %s",
		d.union(candidates), where)
}

// union selects the candidates where they are few, and else some more than
// few. Each select is bounded by itself: SQLite would otherwise collect all that
// it finds, or go through whole tables in the order of the ids to merge them.
func (d *DB) union(candidates []string) string {
	var parts []string
	for _, c := range candidates {
		parts = append(parts, fmt.Sprintf("SELECT id FROM (%s LIMIT %d)", c, d.reach+1))
	}
	return strings.Join(parts, " UNION ")
}

// few reports whether there are so few candidates that they can be gathered.
// The first select alone often says that there are not, and costs the least.
func (d *DB) few(ctx context.Context, tx *sql.Tx, candidates []string, m SessionMatch) (bool, error) {
	for i := range candidates {
		var n int64
		query := fmt.Sprintf("SELECT count(*) FROM (%s)", d.union(candidates[:i+1]))
		if err := tx.QueryRowContext(ctx, query, d.matchArgs(m)...).Scan(&n); err != nil || n > d.reach {
			return false, err
		}
	}
	return true, nil
}

// countSessions counts the sessions of the list, up to searchReach where
// something is asked of them; over is true when there are more.
func (d *DB) countSessions(ctx context.Context, tx *sql.Tx, m SessionMatch, w way) (n int64, over bool, err error) {
	if m == (SessionMatch{}) {
		err = tx.QueryRowContext(ctx, "SELECT sessions FROM totals").Scan(&n)
		return n, false, err
	}
	if w.over {
		return d.reach, true, nil
	}
	query := fmt.Sprintf("SELECT count(*) FROM (SELECT 1 %s LIMIT %d)", strings.Join(w.sources, " UNION ALL SELECT 1 "), d.reach+1)
	err = tx.QueryRowContext(ctx, query, d.matchArgs(m)...).Scan(&n)
	return min(n, d.reach), n > d.reach, err
}

// indexNames makes the names of the users above an id findable by each part.
func indexNames(ctx context.Context, tx *sql.Tx, aboveID int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO username_endings
		WITH RECURSIVE starts (n) AS (
			SELECT 2 UNION ALL SELECT n + 1 FROM starts
			WHERE n < (SELECT max(length(username_key)) FROM users WHERE id > CAST($1 AS INTEGER)))
		SELECT substr(u.username_key, n), u.id FROM users u JOIN starts ON n <= length(u.username_key)
		WHERE u.id > CAST($1 AS INTEGER) ORDER BY 1, 2`, aboveID)
	return err
}
