package db

import (
	"context"
	"database/sql"
	"time"
)

// Overview is what the whole installation holds.
type Overview struct {
	Users     int64         // not deleted
	Sessions  int64         // quota sessions, of deleted users too
	Videos    int64         // accepted and still there
	Duration  time.Duration // of those
	SizeBytes int64         // of those
	Days      []UploadDay   // oldest first, today last
}

// UploadDay is what was accepted on one day.
type UploadDay struct {
	Day      time.Time // its beginning
	Uploads  int64
	Duration time.Duration
}

// Overview reads the totals and what was accepted on each of the days that
// begin at starts, oldest first; each lasts until the next, and the last until
// now. It costs the same however much there is. Where a day does not begin on
// the hour in UTC, an hour counts for the day that it begins in.
func (d *DB) Overview(ctx context.Context, starts []time.Time) (Overview, error) {
	var o Overview
	for _, start := range starts {
		o.Days = append(o.Days, UploadDay{Day: start})
	}
	err := d.read(ctx, "read the overview", func(tx *sql.Tx) error {
		var duration int64
		if err := tx.QueryRowContext(ctx, "SELECT users, sessions, videos, duration_ms, size_bytes FROM totals").
			Scan(&o.Users, &o.Sessions, &o.Videos, &duration, &o.SizeBytes); err != nil {
			return err
		}
		o.Duration = durationOf(duration)
		return o.readDays(ctx, tx)
	})
	return o, err
}

func (o *Overview) readDays(ctx context.Context, tx *sql.Tx) error {
	const hour = int64(time.Hour / time.Second)
	rows, err := tx.QueryContext(ctx, "SELECT hour, uploads, duration_ms FROM upload_hours WHERE hour >= $1 ORDER BY hour",
		o.Days[0].Day.Unix()/hour)
	if err != nil {
		return err
	}
	defer rows.Close()
	i := 0
	for rows.Next() {
		var at, uploads, duration int64
		if err := rows.Scan(&at, &uploads, &duration); err != nil {
			return err
		}
		for i+1 < len(o.Days) && at*hour >= o.Days[i+1].Day.Unix() {
			i++
		}
		o.Days[i].Uploads += uploads
		o.Days[i].Duration += durationOf(duration)
	}
	return rows.Err()
}
