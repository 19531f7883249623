package db

import (
	"context"
	"database/sql"
	"fmt"
)

// holdsSlot is the condition of a video that holds a slot.
const holdsSlot = "status IN ('receiving', 'measuring')"

// SlotHolders lists the processes that hold slots or idempotency keys, alive or
// dead. A resumable upload that is received is held by none.
func (d *DB) SlotHolders(ctx context.Context) ([]string, error) {
	return d.texts(ctx, "list slot holders", `
		SELECT DISTINCT process_id FROM videos WHERE `+holdsSlot+` AND process_id <> ''
		UNION SELECT process_id FROM idempotency_keys WHERE process_id <> ''`)
}

// Slots counts the uploads of a session that are under way.
func (d *DB) Slots(ctx context.Context, sessionID string) (int64, error) {
	n, err := slots(ctx, d.reader, sessionID)
	if err != nil {
		return 0, fmt.Errorf("count slots: %w", classify(err))
	}
	return n, nil
}

func slots(ctx context.Context, q queryer, sessionID string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `
		SELECT count(*) FROM videos
		WHERE session_id = $1 AND `+holdsSlot, sessionID).Scan(&n)
	return n, err
}

// SlotsInUse counts the uploads of all sessions that are under way, by status.
func (d *DB) SlotsInUse(ctx context.Context) (map[Status]int64, error) {
	rows, err := d.reader.QueryContext(ctx, `SELECT status, count(*) FROM videos WHERE `+holdsSlot+` GROUP BY status`)
	if err != nil {
		return nil, fmt.Errorf("count slots: %w", classify(err))
	}
	defer rows.Close()
	counts := map[Status]int64{}
	for rows.Next() {
		var status Status
		var n int64
		if err := rows.Scan(&status, &n); err != nil {
			return nil, fmt.Errorf("count slots: %w", classify(err))
		}
		counts[status] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count slots: %w", classify(err))
	}
	return counts, nil
}

// ReleaseSlots gives back the slots and keys of a process that is known to be dead
// and returns the ids of those uploads, whose files are to be removed. The process
// heir takes over resumable uploads, which are whole and keep their slots.
func (d *DB) ReleaseSlots(ctx context.Context, processID, heir string) ([]string, error) {
	var ids []string
	err := d.write(ctx, "release slots", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			UPDATE videos SET process_id = $1
			WHERE process_id = $2 AND status = 'measuring' AND resumable = 1`, heir, processID); err != nil {
			return err
		}
		if err := freeKeys(ctx, tx, processID); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `
			DELETE FROM videos WHERE process_id = $1 AND `+holdsSlot+` RETURNING id`, processID)
		if err != nil {
			return err
		}
		ids, err = scanTexts(rows)
		return err
	})
	return ids, err
}

// HasVideo reports whether any row, of whatever status, has the id.
func (d *DB) HasVideo(ctx context.Context, videoID string) (bool, error) {
	return d.exists(ctx, "look for video", "SELECT 1 FROM videos WHERE id = $1", videoID)
}

func (d *DB) texts(ctx context.Context, what, query string) ([]string, error) {
	rows, err := d.reader.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	list, err := scanTexts(rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, classify(err))
	}
	return list, nil
}

func scanTexts(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
