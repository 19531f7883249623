package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"gensubtitle/api"
	"gensubtitle/db"
)

type sessionExport struct {
	folderSettings
	LimitSettings
	selection
	Format string `required:"" enum:"csv,json" help:"csv or json."`
	Output string `short:"o" help:"File to write, which appears when it is whole. Without this: standard output."`
	Force  bool   `help:"Replace a file that is there."`
}

// Help is the longer text of --help.
func (sessionExport) Help() string {
	return `CSV has a line of column names, then a line for each quota session: session_id, username, role, disabled, videos_count, total_duration (seconds), remaining_videos, remaining_duration, maxVideos, maxDurationMinutes, maxFileSizeMB, created_at, updated_at, last_upload_at. JSON has the shape of GET /admin/sessions, with every session in it.

A spreadsheet may show a name such as -1 or 007 as a number; no name can hold what a formula that does something needs.`
}

// Run writes the sessions as they are read.
func (c *sessionExport) Run(ctx context.Context, sh *Shell) error {
	limits, err := c.Limits("")
	if err != nil {
		return misuse("%w", err)
	}
	q, err := c.query()
	if err != nil {
		return err
	}
	return c.withDB(ctx, limits, func(d *db.DB) error {
		write := writeSessionsCSV
		if c.Format == "json" {
			write = writeSessionsJSON
		}
		if c.Output == "" {
			return write(ctx, sh.Out, d, q)
		}
		return writeFile(c.Output, c.Force, func(out io.Writer) error { return write(ctx, out, d, q) })
	})
}

// writeSessionsJSON writes the shape of the API's list, in one page.
func writeSessionsJSON(ctx context.Context, out io.Writer, d *db.DB, q db.SessionQuery) error {
	l, err := newList(out, "sessions")
	if err != nil {
		return err
	}
	total, err := eachSession(ctx, d, q, func(s db.Session) error { return l.add(api.AdminSessionOf(s)) })
	if err != nil {
		return err
	}
	return l.close(fmt.Sprintf(`, "next_cursor": null, "total": %d`, total))
}

// writeSessionsCSV leaves the names as they are: a quote before those that begin
// with "-" would make them other names for every program but a spreadsheet.
func writeSessionsCSV(ctx context.Context, out io.Writer, d *db.DB, q db.SessionQuery) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{
		"session_id", "username", "role", "disabled", "videos_count", "total_duration",
		"remaining_videos", "remaining_duration", "maxVideos", "maxDurationMinutes", "maxFileSizeMB",
		"created_at", "updated_at", "last_upload_at",
	}); err != nil {
		return err
	}
	_, err := eachSession(ctx, d, q, func(s db.Session) error {
		b := api.AdminSessionOf(s)
		last := ""
		if s.LastUploadAt != nil {
			last = stamp(*s.LastUploadAt)
		}
		return w.Write([]string{
			b.SessionID, b.Username, string(b.Role), strconv.FormatBool(b.Disabled),
			strconv.FormatInt(b.Usage.VideosCount, 10), plain(b.Usage.TotalDuration),
			strconv.FormatInt(b.Usage.RemainingVideos, 10), plain(b.Usage.RemainingDuration),
			strconv.FormatInt(b.Limits.MaxVideos, 10), plain(b.Limits.MaxDurationMinutes), plain(b.Limits.MaxFileSizeMB),
			stamp(s.CreatedAt), stamp(s.UpdatedAt), last,
		})
	})
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}
