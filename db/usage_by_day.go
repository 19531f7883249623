package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// DayUsage is what the ledger tells of one day of a quota session.
type DayUsage struct {
	Start   time.Time
	Uploads int64         // counted that day
	Used    time.Duration // at the end of the day, whole milliseconds
}

// UsageByDay tells of the days that begin at starts, oldest first; each lasts
// until the next, and the last until now. ErrNotFound when there is no such
// session.
//
// It starts from what is used now and takes back what each day added. Usage
// and ledger are read in one statement, so that no upload comes in between.
func (d *DB) UsageByDay(ctx context.Context, sessionID string, starts []time.Time) ([]DayUsage, error) {
	rows, err := d.reader.QueryContext(ctx, `
		SELECT s.duration_ms, e.kind, e.duration_delta_ms, e.created_at
		FROM quota_sessions s LEFT JOIN events e
		  ON e.session_id = s.session_id AND e.created_at >= CAST($1 AS INTEGER)
		WHERE s.session_id = $2`, starts[0].UnixMilli(), sessionID)
	if err != nil {
		return nil, fmt.Errorf("read usage by day: %w", classify(err))
	}
	var used int64
	changes, err := collectAll(rows, "read usage by day", func(row scanner) (usageChange, error) {
		var c usageChange
		err := row.Scan(&used, &c.kind, &c.duration, &c.at)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 {
		return nil, fmt.Errorf("read usage by day: %w", ErrNotFound)
	}
	return byDay(starts, used, changes), nil
}

// usageChange is an entry of the ledger; nothing in it is valid where there is none.
type usageChange struct {
	kind         sql.Null[EventKind]
	duration, at sql.NullInt64
}

func byDay(starts []time.Time, used int64, changes []usageChange) []DayUsage {
	days := make([]DayUsage, len(starts))
	added := make([]int64, len(starts))
	for i, start := range starts {
		days[i].Start = start
	}
	for _, c := range changes {
		if !c.at.Valid {
			continue
		}
		day, exact := slices.BinarySearchFunc(starts, timeOf(c.at.Int64), time.Time.Compare)
		if !exact {
			day--
		}
		added[day] += c.duration.Int64
		if c.kind.V == EventUpload {
			days[day].Uploads++
		}
	}
	for i := range slices.Backward(days) {
		days[i].Used = durationOf(used)
		used -= added[i]
	}
	return days
}
