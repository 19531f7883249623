package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Session is a quota session as an admin sees it.
type Session struct {
	Quota
	Own          OwnLimits // those that are not the defaults
	Username     string
	Role         Role
	Disabled     bool // or deleted
	Deleted      bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastUploadAt *time.Time // nil: never
}

// SessionSort is a column that the list of sessions can be sorted by.
type SessionSort string

// The columns there are.
const (
	SortUsername   SessionSort = "username"
	SortVideos     SessionSort = "videos"
	SortDuration   SessionSort = "duration"
	SortLastUpload SessionSort = "last_upload"
	SortCreated    SessionSort = "created"
)

// column is the expression behind a sort; it is never NULL, so that a
// keyset comparison always has an answer.
func (s SessionSort) column() (string, bool) {
	switch s {
	case SortUsername:
		return "u.username_key", true
	case SortVideos:
		return "s.videos_count", true
	case SortDuration:
		return "s.duration_ms", true
	case SortLastUpload:
		return "coalesce(s.last_upload_at, 0)", true
	case SortCreated:
		return "s.created_at", true
	}
	return "", false
}

// Valid reports whether there is such a column.
func (s SessionSort) Valid() bool { _, ok := s.column(); return ok }

// SessionFilter narrows the list of sessions.
type SessionFilter string

// The filters there are.
const (
	FilterNone     SessionFilter = ""
	FilterOver     SessionFilter = "over"     // nothing more fits: a limit is reached
	FilterNear     SessionFilter = "near"     // four fifths of a limit are used, none is reached
	FilterDisabled SessionFilter = "disabled" // the user is disabled or deleted
	FilterUnused   SessionFilter = "unused"   // nothing was ever uploaded or counted
)

// Valid reports whether there is such a filter.
func (f SessionFilter) Valid() bool {
	_, ok := f.condition()
	return ok || f == FilterNone
}

// SessionMatch says which sessions are meant; the zero value means all.
type SessionMatch struct {
	Key    string // part of a username's key
	Filter SessionFilter
}

// SessionCursor is where a page of the list ended.
type SessionCursor struct {
	Value  string // of the column that was sorted by
	UserID int64
}

// SessionQuery says which sessions to list and how.
type SessionQuery struct {
	SessionMatch
	Sort       SessionSort
	Descending bool
	After      *SessionCursor // nil for the first page
	Limit      int
}

// SessionPage is one page of the list.
type SessionPage struct {
	Sessions  []Session
	Next      *SessionCursor // nil on the last page
	Total     int64          // of all pages
	TotalOver bool           // there are more than Total: counting stopped there
}

const (
	sessionColumns = `s.session_id, s.videos_count, s.duration_ms, s.max_videos, s.max_duration_ms, s.max_file_bytes,
		u.username, u.role, u.disabled OR u.deleted_at IS NOT NULL, u.deleted_at IS NOT NULL, s.created_at, s.updated_at, s.last_upload_at`
	sessionTables = "quota_sessions s JOIN users u ON u.id = s.user_id"
)

// ListSessions returns a page of quota sessions.
func (d *DB) ListSessions(ctx context.Context, q SessionQuery) (SessionPage, error) {
	column, ok := q.Sort.column()
	if !ok {
		return SessionPage{}, fmt.Errorf("list sessions: no column %q", q.Sort)
	}
	var page SessionPage
	err := d.read(ctx, "list sessions", func(tx *sql.Tx) error {
		w, err := d.way(ctx, tx, q)
		if err != nil {
			return err
		}
		if page.Total, page.TotalOver, err = d.countSessions(ctx, tx, q.SessionMatch, w); err != nil {
			return err
		}
		page.Sessions, page.Next, err = d.pageOfSessions(ctx, tx, q, column, w.sources)
		return err
	})
	return page, err
}

func (d *DB) pageOfSessions(
	ctx context.Context, tx *sql.Tx, q SessionQuery, column string, sources []string,
) ([]Session, *SessionCursor, error) {
	direction, comparison := "ASC", ">"
	if q.Descending {
		direction, comparison = "DESC", "<"
	}
	args := d.matchArgs(q.SessionMatch)
	after := ""
	if q.After != nil {
		// Every column but the name is a whole number; text would sort after all of them.
		value := "CAST(:after AS INTEGER)"
		if q.Sort == SortUsername {
			value = ":after"
		}
		after = fmt.Sprintf(" AND (%s, s.user_id) %s (%s, CAST(:after_id AS INTEGER))", column, comparison, value)
		args = append(args, sql.Named("after", q.After.Value), sql.Named("after_id", q.After.UserID))
	}
	var parts []string
	for _, source := range sources {
		parts = append(parts, fmt.Sprintf("SELECT * FROM (SELECT %s, s.user_id, %s AS sorted %s%s ORDER BY %s %s, s.user_id %s LIMIT %d)",
			sessionColumns, column, source, after, column, direction, direction, q.Limit+1))
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("%s ORDER BY sorted %s, user_id %s LIMIT %d",
		strings.Join(parts, " UNION ALL "), direction, direction, q.Limit+1), args...)
	if err != nil {
		return nil, nil, err
	}
	var cursors []SessionCursor
	list, more, err := collect(rows, q.Limit, "read sessions", func(row scanner) (Session, error) {
		var at SessionCursor
		s, err := d.scanSession(row, &at.UserID, &at.Value)
		cursors = append(cursors, at)
		return s, err
	})
	if err != nil || !more {
		return list, nil, err
	}
	return list, &cursors[len(list)-1], nil
}

// Session returns one quota session, or ErrNotFound.
func (d *DB) Session(ctx context.Context, sessionID string) (Session, error) {
	s, err := d.session(ctx, d.reader, sessionID)
	if err != nil {
		return s, fmt.Errorf("read session: %w", err)
	}
	return s, nil
}

// SessionByKey returns the quota session of the user with this key, or
// ErrNotFound.
func (d *DB) SessionByKey(ctx context.Context, key string) (Session, error) {
	s, err := d.scanSession(d.reader.QueryRowContext(ctx,
		"SELECT "+sessionColumns+" FROM "+sessionTables+" WHERE u.username_key = $1", key))
	if err != nil {
		return s, fmt.Errorf("read session: %w", notFound(err))
	}
	return s, nil
}

func (d *DB) session(ctx context.Context, q queryer, sessionID string) (Session, error) {
	s, err := d.scanSession(q.QueryRowContext(ctx,
		"SELECT "+sessionColumns+" FROM "+sessionTables+" WHERE s.session_id = $1", sessionID))
	return s, notFound(err)
}

func (d *DB) scanSession(row scanner, more ...any) (Session, error) {
	var s Session
	var duration, created, updated int64
	var last sql.NullInt64
	var most *int64
	err := row.Scan(append([]any{
		&s.SessionID, &s.Usage.Videos, &duration, &s.Own.Videos, &most, &s.Own.FileBytes,
		&s.Username, &s.Role, &s.Disabled, &s.Deleted, &created, &updated, &last,
	}, more...)...)
	s.Usage.Duration = durationOf(duration)
	s.Own.Duration = durationOfPointer(most)
	s.Limits = s.Own.over(d.defaults)
	s.CreatedAt, s.UpdatedAt, s.LastUploadAt = timeOf(created), timeOf(updated), timeOfNull(last)
	return s, err
}
