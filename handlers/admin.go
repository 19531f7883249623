package handlers

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/auth"
	"gensubtitle/views"
)

const (
	maxSearch = 100
	// overviewDays is how far back the overview looks, today included.
	overviewDays = 30
	maxReason    = 500 // characters
)

// listSessions answers with a page of all quota sessions.
func (s *Server) listSessions(c *fiber.Ctx) error {
	q, err := sessionQuery(c)
	if err != nil {
		return err
	}
	list, err := s.DB.ListSessions(c.UserContext(), q)
	if err != nil {
		return err
	}
	next := encodeCursor(list.Next)
	if !wantsHTML(c) {
		return c.JSON(fiber.Map{
			"sessions": mapped(list.Sessions, api.AdminSessionOf), "next_cursor": cursorOrNull(next),
			"total": list.Total, "total_exact": !list.TotalOver,
		})
	}
	shown := views.Sessions{
		Rows: mapped(list.Sessions, sessionView), Query: c.Query("q"), Filter: string(q.Filter), Sort: sortParam(q),
		Cursor: c.Query("cursor"), NextCursor: next, Total: int(list.Total), TotalOver: list.TotalOver,
	}
	if wantsPart(c) {
		return render(c, fiber.StatusOK, views.SessionsList(page(c), shown))
	}
	overview, err := s.DB.Overview(c.UserContext(), lastDays(time.Now().In(page(c).ZoneOrServers()), overviewDays))
	if err != nil {
		return err
	}
	shown.Overview = overviewView(overview)
	return render(c, fiber.StatusOK, views.SessionsPage(page(c), shown))
}

// overview tells what the whole installation holds.
func (s *Server) overview(c *fiber.Ctx) error {
	o, err := s.DB.Overview(c.UserContext(), lastDays(time.Now().UTC(), overviewDays))
	if err != nil {
		return err
	}
	return c.JSON(overviewOf(o))
}

// overviewBody is what the whole installation holds.
type overviewBody struct {
	Users         int64     `json:"users"`
	Sessions      int64     `json:"sessions"`
	Videos        int64     `json:"videos"`
	TotalDuration float64   `json:"total_duration"` // seconds
	SizeBytes     int64     `json:"size_bytes"`
	Days          []dayBody `json:"days"`
}

// dayBody is what was accepted on one day in UTC.
type dayBody struct {
	Day           string  `json:"day"` // such as 2026-11-24
	Uploads       int64   `json:"uploads"`
	TotalDuration float64 `json:"total_duration"` // seconds
}

func overviewOf(o db.Overview) overviewBody {
	return overviewBody{
		Users: o.Users, Sessions: o.Sessions, Videos: o.Videos,
		TotalDuration: api.Seconds(o.Duration), SizeBytes: o.SizeBytes,
		Days: mapped(o.Days, func(d db.UploadDay) dayBody {
			return dayBody{Day: d.Day.Format(time.DateOnly), Uploads: d.Uploads, TotalDuration: api.Seconds(d.Duration)}
		}),
	}
}

func overviewView(o db.Overview) views.Overview {
	return views.Overview{
		Users: int(o.Users), Videos: int(o.Videos), Duration: o.Duration, SizeBytes: o.SizeBytes,
		Days: mapped(o.Days, func(d db.UploadDay) views.UploadDay {
			return views.UploadDay{Day: d.Day, Uploads: int(d.Uploads)}
		}),
	}
}

// sessionQuery reads q, filter, sort (a column, after "-" when descending),
// cursor and limit.
func sessionQuery(c *fiber.Ctx) (db.SessionQuery, error) {
	var q db.SessionQuery
	var err error
	if q.Limit, err = pageLimit(c); err != nil {
		return q, err
	}
	if q.SessionMatch, err = sessionMatch(c.Query("q"), c.Query("filter")); err != nil {
		return q, err
	}
	column, descending := strings.CutPrefix(c.Query("sort", string(db.SortUsername)), "-")
	q.Sort, q.Descending = db.SessionSort(column), descending
	if !q.Sort.Valid() {
		return q, invalidField("sort", func(f *views.Fields) string { return f.SortInvalid })
	}
	if q.After, err = decodeCursor(c.Query("cursor")); err != nil {
		return q, invalidField("cursor", func(f *views.Fields) string { return f.CursorInvalid })
	}
	return q, nil
}

// sessionMatch is what a search and a filter ask for.
func sessionMatch(search, filter string) (db.SessionMatch, error) {
	var m db.SessionMatch
	if utf8.RuneCountInString(search) > maxSearch {
		return m, invalidField("q", func(f *views.Fields) string { return f.SearchTooLong })
	}
	m.Key = auth.UsernameKey(search)
	m.Filter = db.SessionFilter(filter)
	if !m.Filter.Valid() {
		return m, invalidField("filter", func(f *views.Fields) string { return f.FilterInvalid })
	}
	return m, nil
}

func sortParam(q db.SessionQuery) string {
	if q.Descending {
		return "-" + string(q.Sort)
	}
	return string(q.Sort)
}

func encodeCursor(at *db.SessionCursor) string {
	if at == nil {
		return ""
	}
	// Two strings always encode.
	encoded, _ := json.Marshal(at)
	return base64.RawURLEncoding.EncodeToString(encoded)
}

func decodeCursor(cursor string) (*db.SessionCursor, error) {
	if cursor == "" {
		return nil, nil
	}
	encoded, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, err
	}
	var at db.SessionCursor
	if err := json.Unmarshal(encoded, &at); err != nil {
		return nil, err
	}
	return &at, nil
}

// resetSession sets a session's usage to zero.
func (s *Server) resetSession(c *fiber.Ctx) error {
	return s.changeSession(c, views.FormReset, func(a db.QuotaChange) (db.Session, error) {
		var err error
		if a.Reason, err = readReason(c); err != nil {
			return db.Session{}, err
		}
		return s.DB.Reset(c.UserContext(), a)
	})
}

// confirmReset asks first, for those without JavaScript.
func (s *Server) confirmReset(c *fiber.Ctx) error {
	id, err := pathParam(c, "id")
	if err != nil {
		return err
	}
	session, err := s.DB.Session(c.UserContext(), id)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.ConfirmPage(page(c), views.ResetConfirm(language(c), sessionView(session), c.Query("reason"))))
}

// readReason reads the optional reason of a JSON or form body.
func readReason(c *fiber.Ctx) (string, error) {
	var in struct {
		Reason string `json:"reason"`
	}
	switch {
	case isForm(c):
		in.Reason = formValue(c, "reason")
	case len(c.Request().Body()) > 0:
		if err := readJSON(c, &in); err != nil {
			return "", err
		}
	}
	return in.Reason, checkReason(in.Reason)
}

func checkReason(reason string) error {
	if utf8.RuneCountInString(reason) > maxReason {
		return invalidField("reason", func(f *views.Fields) string { return f.ReasonTooLong })
	}
	return nil
}
