package views

import (
	"fmt"
	"net/url"
	"strings"
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
	query := url.Values{}
	for name, value := range map[string]string{"q": s.Query, "sort": sort, "cursor": cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return strings.TrimSuffix("/admin/sessions?"+query.Encode(), "?")
}

func (s Session) path() string { return SessionPath(s.SessionID) }

func (t *Text) ratio(used, limit int) string {
	return fmt.Sprintf("%d/%d", used, limit)
}
