package db

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

// ErrBelowZero refuses a correction that would leave less than no usage.
var ErrBelowZero = errors.New("usage cannot be less than nothing")

// QuotaChange is who changes a quota session, and why.
type QuotaChange struct {
	SessionID string
	Actor     string // a username
	Reason    string
	Request   *Request // that asks for it; nil: what is done twice is meant twice
}

// Reset sets the usage of a session to zero and writes the event.
// ErrNotFound when there is no such session.
func (d *DB) Reset(ctx context.Context, a QuotaChange) (Session, error) {
	return d.changeQuota(ctx, "reset quota", a, reset)
}

// Correct adds an amount, which may be negative, to the usage of a session and
// writes the event. ErrBelowZero when less than nothing would be left.
func (d *DB) Correct(ctx context.Context, a QuotaChange, by Usage) (Session, error) {
	return d.changeQuota(ctx, "correct usage", a, func(context.Context, *sql.Tx, Quota) (Event, error) {
		if by.Videos > math.MaxInt32 || by.Duration > math.MaxInt64/4 {
			return Event{}, ErrBelowZero
		}
		return Event{Kind: EventCorrection, Videos: by.Videos, Duration: by.Duration}, nil
	})
}

// SetLimits gives a session limits of its own, or the defaults where they are
// nil, and writes the event.
func (d *DB) SetLimits(ctx context.Context, a QuotaChange, own OwnLimits) (Session, error) {
	return d.AdjustLimits(ctx, a, func(OwnLimits) OwnLimits { return own })
}

// AdjustLimits changes the limits that a session has of its own and writes the
// event.
func (d *DB) AdjustLimits(ctx context.Context, a QuotaChange, to func(OwnLimits) OwnLimits) (Session, error) {
	return d.changeQuota(ctx, "set limits", a, d.adjust(to))
}

// change decides what happens to a session.
type change func(ctx context.Context, tx *sql.Tx, q Quota) (Event, error)

func reset(_ context.Context, _ *sql.Tx, q Quota) (Event, error) {
	return Event{Kind: EventReset, Videos: -q.Usage.Videos, Duration: -q.Usage.Duration}, nil
}

func (d *DB) adjust(to func(OwnLimits) OwnLimits) change {
	return func(ctx context.Context, tx *sql.Tx, q Quota) (Event, error) {
		s, err := d.session(ctx, tx, q.SessionID)
		if err != nil {
			return Event{}, err
		}
		return Event{Kind: EventLimits, Limits: to(s.Own)}, nil
	}
}

// changeQuota changes one session in a transaction of its own.
func (d *DB) changeQuota(ctx context.Context, what string, a QuotaChange, decide change) (Session, error) {
	var s Session
	err := d.write(ctx, what, func(tx *sql.Tx) error {
		return d.once(ctx, tx, a.Request, &s, func() error {
			if err := d.apply(ctx, tx, a, decide); err != nil {
				return err
			}
			var err error
			s, err = d.session(ctx, tx, a.SessionID)
			return err
		})
	})
	return s, err
}

// apply does what the event says and writes the event, unless that is the last
// one once more.
func (d *DB) apply(ctx context.Context, tx *sql.Tx, a QuotaChange, decide change) error {
	q, err := d.quota(ctx, tx, a.SessionID)
	if err != nil {
		return err
	}
	e, err := decide(ctx, tx, q)
	if err != nil {
		return err
	}
	now := d.nowMillis()
	e.SessionID, e.Actor, e.Reason, e.CreatedAt = a.SessionID, a.Actor, a.Reason, timeOf(now)
	if a.Request != nil && !a.Request.keyed() {
		if again, err := d.repeats(ctx, tx, e); err != nil || again {
			return err
		}
	}
	if q.Usage.Videos+e.Videos < 0 || q.Usage.Duration+e.Duration < 0 {
		return ErrBelowZero
	}
	if e.Kind == EventLimits {
		if err := setLimits(ctx, tx, a.SessionID, e.Limits); err != nil {
			return err
		}
	}
	if err := oneRow(tx.ExecContext(ctx, `
		UPDATE quota_sessions
		SET videos_count = videos_count + $1, duration_ms = duration_ms + $2, updated_at = $3
		WHERE session_id = $4`, e.Videos, e.Duration.Milliseconds(), now, a.SessionID)); err != nil {
		return err
	}
	return e.insert(ctx, tx)
}

func setLimits(ctx context.Context, tx *sql.Tx, sessionID string, own OwnLimits) error {
	return oneRow(tx.ExecContext(ctx, `
		UPDATE quota_sessions SET max_videos = $1, max_duration_ms = $2, max_file_bytes = $3 WHERE session_id = $4`,
		own.Videos, milliseconds(own.Duration), own.FileBytes, sessionID))
}

// OwnLimits are a session's own; nil stands for the default.
type OwnLimits struct {
	Videos    *int64
	Duration  *time.Duration // whole milliseconds
	FileBytes *int64
}

func (o OwnLimits) over(defaults Limits) Limits {
	l := defaults
	if o.Videos != nil {
		l.Videos = *o.Videos
	}
	if o.Duration != nil {
		l.Duration = *o.Duration
	}
	if o.FileBytes != nil {
		l.FileBytes = *o.FileBytes
	}
	return l
}

func (o OwnLimits) equal(other OwnLimits) bool {
	return equal(o.Videos, other.Videos) && equal(o.Duration, other.Duration) && equal(o.FileBytes, other.FileBytes)
}

func equal[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func milliseconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

func durationOfPointer(ms *int64) *time.Duration {
	if ms == nil {
		return nil
	}
	d := durationOf(*ms)
	return &d
}
