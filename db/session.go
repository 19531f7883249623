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
	Disabled     bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastUploadAt *time.Time // nil: never
	sortValue    string     // what the list was sorted by, for the next page
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

// SessionCursor is where a page of the list ended.
type SessionCursor struct {
	Value     string // of the column that was sorted by
	SessionID string
}

// SessionQuery says which sessions to list and how.
type SessionQuery struct {
	Key        string // part of a username's key; empty for all
	Sort       SessionSort
	Descending bool
	After      *SessionCursor // nil for the first page
	Limit      int
}

// SessionPage is one page of the list.
type SessionPage struct {
	Sessions []Session
	Next     *SessionCursor // nil on the last page
	Total    int64          // of all pages
}

const (
	sessionColumns = `s.session_id, s.videos_count, s.duration_ms, s.max_videos, s.max_duration_ms, s.max_file_bytes,
		u.username, u.role, u.disabled OR u.deleted_at IS NOT NULL, s.created_at, s.updated_at, s.last_upload_at`
	sessionTables = "quota_sessions s JOIN users u ON u.id = s.user_id"
)

// ListSessions returns a page of all quota sessions.
func (d *DB) ListSessions(ctx context.Context, q SessionQuery) (SessionPage, error) {
	column, ok := q.Sort.column()
	if !ok {
		return SessionPage{}, fmt.Errorf("list sessions: no column %q", q.Sort)
	}
	var page SessionPage
	where, args := "1 = 1", []any{}
	if q.Key != "" {
		args = append(args, "%"+likeEscaper.Replace(q.Key)+"%")
		where = `u.username_key LIKE $1 ESCAPE '\'`
	}
	if err := d.reader.QueryRowContext(ctx, "SELECT count(*) FROM "+sessionTables+" WHERE "+where, args...).
		Scan(&page.Total); err != nil {
		return page, fmt.Errorf("count sessions: %w", classify(err))
	}
	direction, comparison := "ASC", ">"
	if q.Descending {
		direction, comparison = "DESC", "<"
	}
	if q.After != nil {
		n := len(args)
		// Every column but the name is a whole number; text would sort after all of them.
		value := fmt.Sprintf("CAST($%d AS INTEGER)", n+1)
		if q.Sort == SortUsername {
			value = fmt.Sprintf("$%d", n+1)
		}
		where += fmt.Sprintf(" AND (%s, s.session_id) %s (%s, $%d)", column, comparison, value, n+2)
		args = append(args, q.After.Value, q.After.SessionID)
	}
	args = append(args, q.Limit+1)
	query := fmt.Sprintf("SELECT %s, %s FROM %s WHERE %s ORDER BY %s %s, s.session_id %s LIMIT $%d",
		sessionColumns, column, sessionTables, where, column, direction, direction, len(args))
	rows, err := d.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return page, fmt.Errorf("list sessions: %w", classify(err))
	}
	list, more, err := collect(rows, q.Limit, "list sessions", func(row interface{ Scan(...any) error }) (Session, error) {
		var value string
		s, err := d.scanSession(row, &value)
		s.sortValue = value
		return s, err
	})
	if err != nil {
		return page, err
	}
	page.Sessions = list
	if more {
		last := list[len(list)-1]
		page.Next = &SessionCursor{Value: last.sortValue, SessionID: last.SessionID}
	}
	return page, nil
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

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

func (d *DB) scanSession(row interface{ Scan(...any) error }, more ...any) (Session, error) {
	var s Session
	var duration, created, updated int64
	var last sql.NullInt64
	var most *int64
	err := row.Scan(append([]any{
		&s.SessionID, &s.Usage.Videos, &duration, &s.Own.Videos, &most, &s.Own.FileBytes,
		&s.Username, &s.Role, &s.Disabled, &created, &updated, &last,
	}, more...)...)
	s.Usage.Duration = durationOf(duration)
	s.Own.Duration = durationOfPointer(most)
	s.Limits = s.Own.over(d.defaults)
	s.CreatedAt, s.UpdatedAt, s.LastUploadAt = timeOf(created), timeOf(updated), timeOfNull(last)
	return s, err
}
