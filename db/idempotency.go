package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	// keyLife is how long a request is answered like the first with its key.
	keyLife = 24 * time.Hour
	// repeatWindow is how long a change without a key that was just made is taken
	// for the same request, sent again.
	repeatWindow = 10 * time.Second
)

var (
	// ErrKeyInUse refuses a request while one with its key is under way.
	ErrKeyInUse = errors.New("a request with this key is under way")
	// ErrKeyReused refuses a request whose key was used with another body.
	ErrKeyReused = errors.New("the key was used for another request")
)

// Request identifies a request, so that a repetition is recognized.
type Request struct {
	UserID    int64
	Path      string // what it is sent to
	Key       string // "" for none
	BodyHash  string // "" where bodies are not compared
	ProcessID string // who works on it
}

// keyed is true for a request that is known by a key.
func (r *Request) keyed() bool { return r != nil && r.Key != "" }

// keyState is what is known of a key.
type keyState struct {
	answer      sql.NullString
	done, after int64 // of a change of many sessions that was cut off
}

// keyState looks a key up. ErrNotFound where it is new, ErrKeyInUse or
// ErrKeyReused where it cannot be used.
func (d *DB) keyState(ctx context.Context, tx *sql.Tx, r *Request) (keyState, error) {
	var s keyState
	var hash, process string
	err := tx.QueryRowContext(ctx, `
		SELECT body_hash, process_id, answer, done, after FROM idempotency_keys
		WHERE user_id = $1 AND path = $2 AND key = $3 AND created_at > $4`,
		r.UserID, r.Path, r.Key, d.keysSince()).Scan(&hash, &process, &s.answer, &s.done, &s.after)
	switch {
	case err != nil:
		return s, notFound(err)
	case hash != r.BodyHash:
		return s, ErrKeyReused
	case process != "":
		return s, ErrKeyInUse
	}
	return s, nil
}

func (d *DB) keysSince() int64 { return d.now().Add(-keyLife).UnixMilli() }

// putKey stores a key with its answer, or as in progress if answer is nil.
func (d *DB) putKey(ctx context.Context, tx *sql.Tx, r *Request, videoID string, answer any) error {
	var text sql.NullString
	process := r.ProcessID
	if answer != nil {
		data, err := json.Marshal(answer)
		if err != nil {
			return fmt.Errorf("write an answer: %w", err)
		}
		text, process = sql.NullString{String: string(data), Valid: true}, ""
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO idempotency_keys (user_id, path, key, body_hash, video_id, process_id, answer, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (user_id, path, key) DO UPDATE SET body_hash = excluded.body_hash, video_id = excluded.video_id,
			process_id = excluded.process_id, done = 0, after = 0, answer = excluded.answer, created_at = excluded.created_at`,
		r.UserID, r.Path, r.Key, r.BodyHash, sql.NullString{String: videoID, Valid: videoID != ""}, process, text, d.nowMillis())
	return err
}

// once does what a request asks for and fills result, or fills it with the result
// of the first request with the key. It is done in one transaction, and so never
// under way for others.
func (d *DB) once(ctx context.Context, tx *sql.Tx, r *Request, result any, do func() error) error {
	if !r.keyed() {
		return do()
	}
	state, err := d.keyState(ctx, tx, r)
	if err == nil && state.answer.Valid {
		return json.Unmarshal([]byte(state.answer.String), result)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return d.putKey(ctx, tx, r, "", result)
}

// AcceptedUpload is what an upload in one piece came to.
type AcceptedUpload struct {
	Video Video
	Quota Quota
}

// AdmitOnce is Admit for a request with a key. It returns what the first one came
// to where that was accepted; ErrKeyInUse while it is under way. The key is free
// again when the upload is abandoned.
func (d *DB) AdmitOnce(ctx context.Context, u Upload, r *Request) (*AcceptedUpload, error) {
	var first *AcceptedUpload
	err := d.write(ctx, "admit upload", func(tx *sql.Tx) error {
		state, err := d.keyState(ctx, tx, r)
		if err == nil && state.answer.Valid {
			first = &AcceptedUpload{}
			return json.Unmarshal([]byte(state.answer.String), first)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := d.admitWhole(ctx, tx, u, r.ProcessID); err != nil {
			return err
		}
		return d.putKey(ctx, tx, r, u.ID, nil)
	})
	return first, err
}

// keepUpload writes down what an upload with a key came to.
func keepUpload(ctx context.Context, tx *sql.Tx, a AcceptedUpload) error {
	answer, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	_, err = tx.ExecContext(ctx, "UPDATE idempotency_keys SET answer = $1, process_id = '' WHERE video_id = $2", string(answer), a.Video.ID)
	return err
}

// freeUploadKey forgets the key of an upload that came to nothing.
func freeUploadKey(ctx context.Context, tx *sql.Tx, videoID string) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM idempotency_keys WHERE video_id = $1 AND answer IS NULL", videoID)
	return err
}

// freeKeys gives up what a process had under way. Of a change of many sessions it
// keeps how far that has come, so that the next request goes on there.
func freeKeys(ctx context.Context, tx *sql.Tx, processID string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM idempotency_keys WHERE process_id = $1 AND process_id <> '' AND done = 0", processID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE idempotency_keys SET process_id = '' WHERE process_id = $1 AND process_id <> ''", processID)
	return err
}

// repeats reports whether e equals the session's last event, made within repeatWindow.
func (d *DB) repeats(ctx context.Context, tx *sql.Tx, e Event) (bool, error) {
	last, err := scanEvent(tx.QueryRowContext(ctx, `
		SELECT `+eventColumns+` FROM events WHERE session_id = $1 ORDER BY id DESC LIMIT 1`, e.SessionID))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && last.Kind == e.Kind && last.Actor == e.Actor && last.Reason == e.Reason &&
		e.CreatedAt.Sub(last.CreatedAt).Abs() < repeatWindow &&
		// After a reset nothing is left, so that the next one takes nothing away.
		(e.Kind == EventReset || last.Videos == e.Videos && last.Duration == e.Duration) &&
		last.Limits.equal(e.Limits), err
}
