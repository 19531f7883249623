package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/config"
)

type sessionExport struct {
	folderSettings
	config.Limits
	selection
	Format string `required:"" enum:"csv,json" help:"csv or json."`
	BOM    bool   `name:"bom" help:"CSV for a spreadsheet: begins with a byte order mark, without which Excel shows Thai names as nonsense, and has ' before names that begin with -."`
	Output string `short:"o" help:"File to write, which appears when it is whole. Without this: standard output."`
	Force  bool   `help:"Replace a file that is there."`
}

// Help is the longer text of --help.
func (sessionExport) Help() string {
	return `CSV has a line of column names, then a line for each quota session: session_id, username, role, disabled, videos_count, total_duration (seconds), remaining_videos, remaining_duration, maxVideos, maxDurationMinutes, maxFileSizeMB, created_at, updated_at, last_upload_at, deleted, own_max_videos, own_max_duration_minutes, own_max_file_size_mb. The last three are empty where the limit is the default. JSON has the shape of GET /admin/sessions, with every session in it.

"user import" takes the CSV as it is, with --bom or without, and makes the same users with the same usage and limits of their own. Passwords are not in it.

A spreadsheet may take a name such as 007 or 1e5 for a number and write another one when it saves the file; the import notices that by the session_id.`
}

// Run writes the sessions as they are read.
func (c *sessionExport) Run(ctx context.Context, sh *Shell) error {
	limits, err := c.Limits.Defaults("")
	if err != nil {
		return misuse("%w", err)
	}
	q, err := c.query()
	if err != nil {
		return err
	}
	if c.BOM && c.Format != "csv" {
		return misuse("--bom: is for --format=csv")
	}
	return c.withDB(ctx, limits, func(d *db.DB) error {
		write := c.writeCSV
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

// A spreadsheet takes what begins with one of formulaSigns for a formula, unless
// textSign comes before it. Of these, a name can only begin with "-".
const (
	formulaSigns = "=+-@"
	textSign     = "'"
)

// writeCSV leaves the names as they are unless it is for a spreadsheet: for every
// other program, the sign would make them other names.
func (c *sessionExport) writeCSV(ctx context.Context, out io.Writer, d *db.DB, q db.SessionQuery) error {
	if c.BOM {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return err
		}
	}
	w := csv.NewWriter(out)
	if err := w.Write([]string{
		"session_id", "username", "role", "disabled", "videos_count", "total_duration",
		"remaining_videos", "remaining_duration", "maxVideos", "maxDurationMinutes", "maxFileSizeMB",
		"created_at", "updated_at", "last_upload_at",
		columnDeleted, columnOwnVideos, columnOwnMinutes, columnOwnFileSize,
	}); err != nil {
		return err
	}
	_, err := eachSession(ctx, d, q, func(s db.Session) error {
		b := api.AdminSessionOf(s)
		last := ""
		if s.LastUploadAt != nil {
			last = stamp(*s.LastUploadAt)
		}
		name := b.Username
		if c.BOM && strings.ContainsRune(formulaSigns, rune(name[0])) {
			name = textSign + name
		}
		return w.Write([]string{
			b.SessionID, name, string(b.Role), strconv.FormatBool(b.Disabled),
			strconv.FormatInt(b.Usage.VideosCount, 10), plain(b.Usage.TotalDuration),
			strconv.FormatInt(b.Usage.RemainingVideos, 10), plain(b.Usage.RemainingDuration),
			strconv.FormatInt(b.Limits.MaxVideos, 10), plain(b.Limits.MaxDurationMinutes), plain(b.Limits.MaxFileSizeMB),
			stamp(s.CreatedAt), stamp(s.UpdatedAt), last, strconv.FormatBool(s.Deleted),
			own(s.Own.Videos != nil, float64(s.Limits.Videos)), own(s.Own.Duration != nil, b.Limits.MaxDurationMinutes),
			own(s.Own.FileBytes != nil, b.Limits.MaxFileSizeMB),
		})
	})
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}

// own is a limit that a session has of its own, empty for the default.
func own(has bool, limit float64) string {
	if !has {
		return ""
	}
	return plain(limit)
}
