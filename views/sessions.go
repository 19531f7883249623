package views

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// sortColumn is a heading that the sessions can be sorted by.
type sortColumn struct {
	Name  string // as in the sort parameter
	Label string
	first string // what the first click on it asks for
}

func sortColumns(t *Text) []sortColumn {
	return []sortColumn{
		{Name: "username", Label: t.User, first: "username"},
		{Name: "videos", Label: t.Videos, first: "-videos"},
		{Name: "duration", Label: t.Duration, first: "-duration"},
		{Name: "last_upload", Label: t.LastUpload, first: "-last_upload"},
		{Name: "created", Label: t.Created, first: "-created"},
	}
}

// direction is the aria-sort of a column.
func (s Sessions) direction(c sortColumn) string {
	switch s.Sort {
	case c.Name:
		return "ascending"
	case "-" + c.Name:
		return "descending"
	default:
		return "none"
	}
}

// nextSort turns the column round when it is the one sorted by already.
func (s Sessions) nextSort(c sortColumn) string {
	switch s.Sort {
	case c.Name:
		return "-" + c.Name
	case "-" + c.Name:
		return c.Name
	default:
		return c.first
	}
}

func (s Sessions) url(sort, cursor string) string {
	return sessionsURL(map[string]string{"q": s.Query, "filter": s.Filter, "sort": sort, "cursor": cursor})
}

func (s Sessions) filterURL(filter string) string {
	return sessionsURL(map[string]string{"q": s.Query, "filter": filter, "sort": s.Sort})
}

func (m ManySessions) back() string {
	return sessionsURL(map[string]string{"q": m.Query, "filter": m.Filter})
}

func (m ManySessions) action() string {
	if m.Limits {
		return "/admin/sessions/limits"
	}
	return "/admin/sessions/reset"
}

func sessionsURL(values map[string]string) string {
	query := url.Values{}
	for name, value := range values {
		if value != "" {
			query.Set(name, value)
		}
	}
	return strings.TrimSuffix("/admin/sessions?"+query.Encode(), "?")
}

// sessionFilter is a link that narrows the list.
type sessionFilter struct{ Name, Label string }

func sessionFilters(t *Text) []sessionFilter {
	return []sessionFilter{
		{"", t.Sessions.Everybody},
		{"over", t.Sessions.Over},
		{"near", t.Sessions.Near},
		{"disabled", t.Sessions.OffFilter},
		{"unused", t.Sessions.Unused},
	}
}

func (s Sessions) total(t *Text) string {
	if s.TotalOver {
		return t.Sessions.MoreThan.With(s.Total)
	}
	return t.SessionsTotal.With(s.Total)
}

// hours writes a length in hours, with a digit after the point below a hundred.
func hours(d time.Duration) string {
	digits := 1
	if d >= 100*time.Hour {
		digits = 0
	}
	return strconv.FormatFloat(d.Hours(), 'f', digits, 64)
}

func uploadsPlot(p Page, days []UploadDay) Plot {
	t := p.text()
	plot := Plot{Title: t.Sessions.UploadsPerDay, Zone: p.zoneName(time.Now())}
	for _, d := range days {
		plot.Points = append(plot.Points, PlotPoint{Label: t.Day(d.Day), Text: strconv.Itoa(d.Uploads), Value: float64(d.Uploads)})
	}
	return plot
}

// named is how many of those chosen are listed before it is done.
const named = 20

func (m ManySessions) usernames() []string {
	var names []string
	for _, id := range m.Chosen[:min(len(m.Chosen), named)] {
		names = append(names, strings.TrimPrefix(id, "user_"))
	}
	return names
}

func (s Session) path() string { return SessionPath(s.SessionID) }

func (t *Text) ratio(used, limit int) string {
	return fmt.Sprintf("%d/%d", used, limit)
}

func (m ManySessions) words(t *Text) (title Plural[Format], detail, label string, done Plural[Format]) {
	if m.Limits {
		return t.Sessions.AboutToLimit, t.Sessions.ManyLimitDetail, t.Sessions.DoLimit, t.Sessions.WereLimited
	}
	return t.Sessions.AboutToReset, t.Sessions.ManyResetDetail, t.Sessions.DoReset, t.Sessions.WereReset
}

func (m ManySessions) title(t *Text) string {
	title, _, _, _ := m.words(t)
	return title.Of(m.Count).With(m.Count)
}

func (m ManySessions) detail(t *Text) string {
	_, detail, _, _ := m.words(t)
	return detail
}

func (m ManySessions) label(t *Text) string {
	_, _, label, _ := m.words(t)
	return label
}

func (m ManySessions) done(t *Text) string {
	_, _, _, done := m.words(t)
	return done.Of(m.Count).With(m.Count)
}
