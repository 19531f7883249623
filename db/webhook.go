package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// What a webhook is told of.
const (
	WebhookVideoAccepted   = "video.accepted"
	WebhookSubtitlesDone   = "subtitles.done"
	WebhookSubtitlesFailed = "subtitles.failed"
)

// Webhook is an event that is to be delivered.
type Webhook struct {
	ID       string // the same at every attempt
	Event    string
	Body     string // JSON, as in webhookBody
	Attempts int    // before this one
}

// webhookBody is what is delivered: https://www.standardwebhooks.com/ gives the
// outer shape.
type webhookBody struct {
	Type      string      `json:"type"`
	Timestamp string      `json:"timestamp"` // RFC 3339, of the event
	Data      webhookData `json:"data"`
}

type webhookData struct {
	VideoID         string  `json:"video_id"`
	SessionID       string  `json:"session_id"`
	Username        string  `json:"username"`
	Filename        string  `json:"filename"`
	DurationSeconds float64 `json:"duration_seconds"`
	Language        string  `json:"language,omitempty"`
	Error           string  `json:"error,omitempty"`
}

// tell writes down what is to be delivered, in the transaction of what happens,
// unless there is no webhook. The caller sets what is special about the event.
func (d *DB) tell(ctx context.Context, tx *sql.Tx, event, videoID string, special webhookData) error {
	if !d.webhooks {
		return nil
	}
	data, duration := special, int64(0)
	err := tx.QueryRowContext(ctx, `
		SELECT v.id, v.session_id, u.username, v.filename, v.duration_ms
		FROM videos v JOIN quota_sessions s ON s.session_id = v.session_id JOIN users u ON u.id = s.user_id
		WHERE v.id = $1`, videoID).Scan(&data.VideoID, &data.SessionID, &data.Username, &data.Filename, &duration)
	if err != nil {
		return fmt.Errorf("read what to tell: %w", err)
	}
	data.DurationSeconds = durationOf(duration).Seconds()
	now := d.nowMillis()
	body, err := json.Marshal(webhookBody{Type: event, Timestamp: timeOf(now).Format(time.RFC3339Nano), Data: data})
	if err != nil {
		return fmt.Errorf("write what to tell: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("name what to tell: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO webhooks (id, event, body, due_at, created_at) VALUES ($1, $2, $3, $4, $5)`,
		id.String(), event, string(body), now, now)
	return err
}

// NextWebhook takes the due event that waits longest for the caller to deliver,
// false when there is none. When the lease passes before it was delivered,
// postponed or dropped, anybody may take it again, so that it may be delivered
// twice but is never lost.
func (d *DB) NextWebhook(ctx context.Context, lease time.Duration) (Webhook, bool, error) {
	const what = "take a webhook"
	if due, err := webhookDue(ctx, d.reader, d.nowMillis()); err != nil || !due {
		if err != nil {
			err = fmt.Errorf("%s: %w", what, classify(err))
		}
		return Webhook{}, false, err // Nobody waits for a write that does nothing.
	}
	w, due := Webhook{}, false
	err := d.write(ctx, what, func(tx *sql.Tx) error {
		now := d.nowMillis()
		var err error
		if due, err = webhookDue(ctx, tx, now); err != nil || !due {
			return err
		}
		return tx.QueryRowContext(ctx, `
			UPDATE webhooks SET attempts = attempts + 1, due_at = $1
			WHERE id = (SELECT id FROM webhooks WHERE due_at <= $2 ORDER BY due_at, id LIMIT 1)
			RETURNING id, event, body, attempts - 1`, now+lease.Milliseconds(), now).
			Scan(&w.ID, &w.Event, &w.Body, &w.Attempts)
	})
	if err != nil {
		return Webhook{}, false, err
	}
	return w, due, nil
}

func webhookDue(ctx context.Context, q queryer, now int64) (due bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM webhooks WHERE due_at <= $1)", now).Scan(&due)
	return due, err
}

// WebhookDelivered forgets an event that was delivered.
func (d *DB) WebhookDelivered(ctx context.Context, id string) error {
	return d.forgetWebhook(ctx, "note a delivered webhook", id)
}

// WebhookDropped forgets an event that cannot be delivered.
func (d *DB) WebhookDropped(ctx context.Context, id string) error {
	return d.forgetWebhook(ctx, "drop a webhook", id)
}

func (d *DB) forgetWebhook(ctx context.Context, what, id string) error {
	return d.write(ctx, what, func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, "DELETE FROM webhooks WHERE id = $1", id))
	})
}

// WebhookPostponed has an event that was not delivered wait until a moment.
func (d *DB) WebhookPostponed(ctx context.Context, id string, at time.Time) error {
	return d.write(ctx, "postpone a webhook", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, "UPDATE webhooks SET due_at = $1 WHERE id = $2", at.UnixMilli(), id))
	})
}

// WebhookReturned has an event wait again whose delivery a stop in good order cut
// off. That was no attempt.
func (d *DB) WebhookReturned(ctx context.Context, id string) error {
	return d.write(ctx, "return a webhook", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, "UPDATE webhooks SET attempts = attempts - 1, due_at = $1 WHERE id = $2", d.nowMillis(), id))
	})
}

// WebhookWaiting counts the events that are still to be delivered.
func (d *DB) WebhookWaiting(ctx context.Context) (int64, error) {
	var n int64
	if err := d.reader.QueryRowContext(ctx, "SELECT count(*) FROM webhooks").Scan(&n); err != nil {
		return 0, fmt.Errorf("count webhooks: %w", classify(err))
	}
	return n, nil
}
