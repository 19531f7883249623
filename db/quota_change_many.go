package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// changeBatch is how many sessions are changed in one transaction. Uploads wait
// for the writer meanwhile, for some tens of milliseconds.
const changeBatch = 500

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
		var err error
		n, err = d.countSelected(ctx, tx, sel)
		return err
	})
	return n, err
}

func (d *DB) countSelected(ctx context.Context, tx *sql.Tx, sel Selection) (n int64, err error) {
	if sel.SessionIDs != nil {
		for _, id := range sel.SessionIDs {
			if _, err := d.quota(ctx, tx, id); err != nil {
				return 0, err
			}
		}
		return int64(len(sel.SessionIDs)), nil
	}
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM "+sessionTables+" WHERE "+sel.Match.where(),
		d.matchArgs(sel.Match)...).Scan(&n)
	return n, err
}

// ResetMany resets each session of a selection and writes an event for each.
// a.SessionID is ignored. It returns how many were changed, which is less than
// were meant only together with an error: they are changed in batches, each as a
// whole, so that uploads need not wait for all of them. ErrSelectionChanged, with
// nothing changed, when there are not expected many. A request with a key that was
// cut off goes on where it was.
func (d *DB) ResetMany(ctx context.Context, sel Selection, a QuotaChange, expected int64) (int64, error) {
	return d.changeMany(ctx, "reset many quotas", sel, a, expected, reset)
}

// SetLimitsMany gives each session of a selection these limits, as ResetMany
// resets them.
func (d *DB) SetLimitsMany(ctx context.Context, sel Selection, a QuotaChange, expected int64, own OwnLimits) (int64, error) {
	return d.changeMany(ctx, "set many limits", sel, a, expected, d.adjust(func(OwnLimits) OwnLimits { return own }))
}

func (d *DB) changeMany(
	ctx context.Context, what string, sel Selection, a QuotaChange, expected int64, decide change,
) (changed int64, err error) {
	p, err := d.beginMany(ctx, what, sel, a.Request, expected)
	if err != nil || p.answered {
		return p.done, err
	}
	ended := false
	defer func() {
		if !ended { // It failed, or panics.
			err = errors.Join(err, d.leaveMany(context.WithoutCancel(ctx), what, a.Request))
		}
	}()
	for {
		next, last := p, false
		err := d.write(ctx, what, func(tx *sql.Tx) error {
			var ids []string
			var err error
			if ids, next.after, err = d.batch(ctx, tx, sel, p.done, p.after); err != nil {
				return err
			}
			for _, id := range ids {
				a.SessionID = id
				if err := d.apply(ctx, tx, a, decide); err != nil {
					return err
				}
			}
			next.done, last = p.done+int64(len(ids)), len(ids) == 0
			return d.noteMany(ctx, tx, a.Request, next, last)
		})
		if err != nil {
			return p.done, err
		}
		if p = next; last {
			ended = true
			return p.done, nil
		}
	}
}

// manyProgress is how far a change of many sessions has come.
type manyProgress struct {
	done, after int64
	answered    bool // all of it was done by an earlier request with the key
}

// beginMany requires that as many are meant as were agreed to, and takes the key
// where the request has one.
func (d *DB) beginMany(ctx context.Context, what string, sel Selection, r *Request, expected int64) (manyProgress, error) {
	check := func(tx *sql.Tx) error {
		n, err := d.countSelected(ctx, tx, sel)
		if err == nil && n != expected {
			err = fmt.Errorf("%w: %d, not %d", ErrSelectionChanged, n, expected)
		}
		return err
	}
	var p manyProgress
	if !r.keyed() {
		return p, d.read(ctx, what, check)
	}
	err := d.write(ctx, what, func(tx *sql.Tx) error {
		state, err := d.keyState(ctx, tx, r)
		switch {
		case errors.Is(err, ErrNotFound):
			if err := check(tx); err != nil {
				return err
			}
			return d.putKey(ctx, tx, r, "", nil)
		case err != nil:
			return err
		}
		p = manyProgress{state.done, state.after, state.answer.Valid}
		if p.answered {
			return nil
		}
		return d.updateKey(ctx, tx, r, "process_id = $1", r.ProcessID)
	})
	return p, err
}

// noteMany keeps with the key how far the request has come, in the transaction of
// each batch.
func (d *DB) noteMany(ctx context.Context, tx *sql.Tx, r *Request, p manyProgress, ended bool) error {
	if !r.keyed() {
		return nil
	}
	if ended {
		return d.updateKey(ctx, tx, r, "done = $1, process_id = '', answer = ''", p.done)
	}
	return d.updateKey(ctx, tx, r, "done = $1, after = $2", p.done, p.after)
}

// leaveMany lets the next request with the key go on, or begin where nothing was
// done.
func (d *DB) leaveMany(ctx context.Context, what string, r *Request) error {
	if !r.keyed() {
		return nil
	}
	return d.write(ctx, what, func(tx *sql.Tx) error {
		if err := d.updateKey(ctx, tx, r, "process_id = $1", ""); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			DELETE FROM idempotency_keys WHERE user_id = $1 AND path = $2 AND key = $3 AND done = 0 AND answer IS NULL`,
			r.UserID, r.Path, r.Key)
		return err
	})
}

func (d *DB) updateKey(ctx context.Context, tx *sql.Tx, r *Request, set string, args ...any) error {
	n := len(args)
	return oneRow(tx.ExecContext(ctx, fmt.Sprintf(
		"UPDATE idempotency_keys SET %s WHERE user_id = $%d AND path = $%d AND key = $%d", set, n+1, n+2, n+3),
		append(args, r.UserID, r.Path, r.Key)...))
}

// batch is the next part of a selection: by name after the first done, else by
// match after the user with the id after. Each session is met once, although
// what it matched may hold no longer.
func (d *DB) batch(ctx context.Context, tx *sql.Tx, sel Selection, done, after int64) ([]string, int64, error) {
	if sel.SessionIDs != nil {
		rest := sel.SessionIDs[done:]
		return rest[:min(len(rest), changeBatch)], after, nil
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`
		SELECT s.session_id, u.id FROM users u CROSS JOIN quota_sessions s ON s.user_id = u.id
		WHERE u.id > CAST(:after AS INTEGER) AND %s ORDER BY u.id LIMIT %d`, sel.Match.where(), changeBatch),
		append(d.matchArgs(sel.Match), sql.Named("after", after))...)
	if err != nil {
		return nil, after, err
	}
	ids, err := collectAll(rows, "select sessions", func(row scanner) (string, error) {
		var id string
		err := row.Scan(&id, &after)
		return id, err
	})
	return ids, after, err
}
