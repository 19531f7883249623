package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// steerBatch is how many sessions are changed in one transaction. Uploads wait
// for the writer meanwhile, for some tens of milliseconds.
const steerBatch = 500

// ErrSelectionChanged says that other sessions are meant by now than those
// that were agreed to.
var ErrSelectionChanged = errors.New("the selection has changed")

// Selection is a set of sessions: those named, or else all that match.
type Selection struct {
	SessionIDs []string // nil: by Match
	Match      SessionMatch
}

// CountSelected counts the sessions of a selection. ErrNotFound when one that
// is named does not exist.
func (d *DB) CountSelected(ctx context.Context, sel Selection) (int64, error) {
	var n int64
	err := d.read(ctx, "count the selected sessions", func(tx *sql.Tx) error {
		if sel.SessionIDs != nil {
			for _, id := range sel.SessionIDs {
				if _, err := d.quota(ctx, tx, id); err != nil {
					return err
				}
			}
			n = int64(len(sel.SessionIDs))
			return nil
		}
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM "+sessionTables+" WHERE "+sel.Match.where(),
			d.matchArgs(sel.Match)...).Scan(&n)
	})
	return n, err
}

// ResetMany resets each session of a selection and writes an event for each.
// Of a is the session id not used. It returns how many were changed, which is
// less than were meant only together with an error: they are changed in
// batches, each as a whole, so that uploads need not wait for all of them.
// ErrSelectionChanged, with nothing changed, when there are not expected many.
func (d *DB) ResetMany(ctx context.Context, sel Selection, a Act, expected int64) (int64, error) {
	return d.steerMany(ctx, "reset many quotas", sel, a, expected, reset)
}

// SetLimitsMany gives each session of a selection these limits, as ResetMany
// resets them.
func (d *DB) SetLimitsMany(ctx context.Context, sel Selection, a Act, expected int64, own OwnLimits) (int64, error) {
	return d.steerMany(ctx, "set many limits", sel, a, expected, d.adjust(func(OwnLimits) OwnLimits { return own }))
}

func (d *DB) steerMany(
	ctx context.Context, what string, sel Selection, a Act, expected int64, decide change,
) (int64, error) {
	n, err := d.CountSelected(ctx, sel)
	if err != nil {
		return 0, err
	}
	if n != expected {
		return 0, fmt.Errorf("%s: %w: %d, not %d", what, ErrSelectionChanged, n, expected)
	}
	var changed, after int64
	for {
		var ids []string
		var next int64
		err := d.write(ctx, what, func(tx *sql.Tx) error {
			var err error
			if ids, next, err = d.batch(ctx, tx, sel, changed, after); err != nil {
				return err
			}
			for _, id := range ids {
				a.SessionID = id
				if err := d.apply(ctx, tx, a, decide); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return changed, err
		}
		changed += int64(len(ids))
		after = next
	}
}

// batch is the next part of a selection: by name after the first done, else by
// match after the user with the id after. Each session is met once, although
// what it matched may hold no longer.
func (d *DB) batch(ctx context.Context, tx *sql.Tx, sel Selection, done, after int64) ([]string, int64, error) {
	if sel.SessionIDs != nil {
		rest := sel.SessionIDs[done:]
		return rest[:min(len(rest), steerBatch)], after, nil
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`
		SELECT s.session_id, u.id FROM users u CROSS JOIN quota_sessions s ON s.user_id = u.id
		WHERE u.id > CAST(:after AS INTEGER) AND %s ORDER BY u.id LIMIT %d`, sel.Match.where(), steerBatch),
		append(d.matchArgs(sel.Match), sql.Named("after", after))...)
	if err != nil {
		return nil, after, err
	}
	ids, err := collectAll(rows, "select sessions", func(row interface{ Scan(...any) error }) (string, error) {
		var id string
		err := row.Scan(&id, &after)
		return id, err
	})
	return ids, after, err
}
