package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/config"
)

const maxReason = 500 // characters

type sessionCommands struct {
	List   sessionList   `cmd:"" help:"List the quota sessions: what every user has used."`
	Show   sessionShow   `cmd:"" help:"Show one quota session."`
	Reset  sessionReset  `cmd:"" help:"Set the usage of a quota session to zero."`
	Limits sessionLimits `cmd:"" help:"Give a quota session limits of its own."`
	Export sessionExport `cmd:"" help:"Write every quota session as CSV or JSON."`
}

// oneSession are the settings of the commands about one quota session.
type oneSession struct {
	folderSettings
	outputSettings
	ID string `arg:"" name:"id" help:"The quota session, such as user_john, or the name of its user."`
}

// with has f work on the session that was meant. An id goes before a name that
// is spelt the same.
func (o oneSession) with(ctx context.Context, defaults db.Limits, f func(*db.DB, db.Session) error) error {
	return o.withDB(ctx, defaults, func(d *db.DB) error {
		s, err := d.Session(ctx, o.ID)
		if name, invalid := auth.ParseUsername(o.ID); errors.Is(err, db.ErrNotFound) && invalid == nil {
			var key string
			if key, err = d.KeyOf(ctx, name.Key, name.Former); err == nil {
				s, err = d.SessionByKey(ctx, key)
			}
		}
		if errors.Is(err, db.ErrNotFound) {
			return fmt.Errorf("there is no quota session and no user %q", o.ID)
		}
		if err != nil {
			return err
		}
		return f(d, s)
	})
}

// print shows a session, as JSON or a name and a value a line.
func (o oneSession) print(sh *Shell, s db.Session) error {
	if o.JSON {
		return writeJSON(sh.Out, api.AdminSessionOf(s))
	}
	t := newTable(sh.Out, "SESSION", s.SessionID)
	for _, row := range [][2]string{
		{"user", s.Username},
		{"role", string(s.Role)},
		{"state", sessionState(s)},
		{"videos", fmt.Sprintf("%d of %d%s", s.Usage.Videos, s.Limits.Videos, ownNote(s.Own.Videos != nil))},
		{"seconds", fmt.Sprintf("%s of %s%s", seconds(s.Usage.Duration), seconds(s.Limits.Duration), ownNote(s.Own.Duration != nil))},
		{"file size", fmt.Sprintf("at most %s MB%s", plain(api.LimitsOf(s.Limits).MaxFileSizeMB), ownNote(s.Own.FileBytes != nil))},
		{"created", stamp(s.CreatedAt)},
		{"changed", stamp(s.UpdatedAt)},
		{"last upload", lastUpload(s)},
	} {
		if err := t.add(row[0], row[1]); err != nil {
			return err
		}
	}
	return t.flush()
}

func ownNote(own bool) string {
	if own {
		return " (own limit)"
	}
	return ""
}

func sessionState(s db.Session) string {
	if s.Deleted {
		return "deleted"
	}
	if s.Disabled {
		return "disabled"
	}
	return "enabled"
}

func lastUpload(s db.Session) string {
	if s.LastUploadAt == nil {
		return "-"
	}
	return stamp(*s.LastUploadAt)
}

// seconds writes a duration exactly.
func seconds(d time.Duration) string { return plain(api.Seconds(d)) }

func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

type sessionShow struct {
	oneSession
	config.Limits
}

// Run shows the session.
func (c *sessionShow) Run(ctx context.Context, sh *Shell) error {
	limits, err := c.Limits.Defaults("")
	if err != nil {
		return misuse("%w", err)
	}
	return c.with(ctx, limits, func(_ *db.DB, s db.Session) error { return c.print(sh, s) })
}

// reasonSettings say why something is done, for the ledger.
type reasonSettings struct {
	Reason string `help:"Why, for the ledger: at most 500 characters."`
}

func (r reasonSettings) act(sessionID string) db.QuotaChange {
	return db.QuotaChange{SessionID: sessionID, Actor: actor(), Reason: r.Reason}
}

func (r reasonSettings) check() error {
	if !utf8.ValidString(r.Reason) || utf8.RuneCountInString(r.Reason) > maxReason {
		return misuse("--reason: needs valid UTF-8 of at most %d characters", maxReason)
	}
	return nil
}

type sessionReset struct {
	oneSession
	config.Limits
	reasonSettings
}

// Help is the longer text of --help.
func (sessionReset) Help() string {
	return "The ledger keeps what was used, with the reason and \"cli:\" and your account on this machine as who did it. Videos stay."
}

// Run sets the usage to zero.
func (c *sessionReset) Run(ctx context.Context, sh *Shell) error {
	limits, err := c.Limits.Defaults("")
	if err != nil {
		return misuse("%w", err)
	}
	if err := c.check(); err != nil {
		return err
	}
	return c.with(ctx, limits, func(d *db.DB, s db.Session) error {
		now, err := d.Reset(ctx, c.act(s.SessionID))
		if err != nil {
			return err
		}
		return c.print(sh, now)
	})
}

type sessionLimits struct {
	oneSession
	reasonSettings
	MaxVideos          *string       `placeholder:"N|default" help:"Videos of this user."`
	MaxDurationMinutes *string       `placeholder:"N|default" help:"Minutes of this user; may be fractional."`
	MaxFileSizeMB      *string       `name:"max-file-size-mb" placeholder:"N|default" help:"Size of a file of this user; MB = 1,048,576 bytes."`
	Defaults           config.Limits `embed:"" prefix:"default-"`
}

// Help is the longer text of --help.
func (sessionLimits) Help() string {
	return "What is not given stays as it is; \"default\" takes the user's own limit away. The flags that begin with --default- are the limits of the service, to show them: they are set by its variables."
}

// Run changes the limits that were given.
func (c *sessionLimits) Run(ctx context.Context, sh *Shell) error {
	defaults, err := c.Defaults.Defaults("default-")
	if err != nil {
		return misuse("%w", err)
	}
	if err := c.check(); err != nil {
		return err
	}
	change, err := c.changes()
	if err != nil {
		return err
	}
	return c.with(ctx, defaults, func(d *db.DB, s db.Session) error {
		now, err := d.AdjustLimits(ctx, c.act(s.SessionID), change)
		if err != nil {
			return err
		}
		return c.print(sh, now)
	})
}

// changes is what the flags do to the limits of a session.
func (c *sessionLimits) changes() (func(db.OwnLimits) db.OwnLimits, error) {
	if c.MaxVideos == nil && c.MaxDurationMinutes == nil && c.MaxFileSizeMB == nil {
		return nil, misuse("give at least one of --max-videos, --max-duration-minutes and --max-file-size-mb")
	}
	var limits api.OwnLimits
	flags := map[string]string{"maxVideos": "--max-videos", "maxDurationMinutes": "--max-duration-minutes", "maxFileSizeMB": "--max-file-size-mb"}
	for _, l := range []struct {
		field string
		given *string
		limit **float64
	}{
		{"maxVideos", c.MaxVideos, &limits.MaxVideos},
		{"maxDurationMinutes", c.MaxDurationMinutes, &limits.MaxDurationMinutes},
		{"maxFileSizeMB", c.MaxFileSizeMB, &limits.MaxFileSizeMB},
	} {
		if l.given == nil || *l.given == "default" {
			continue
		}
		n, err := strconv.ParseFloat(*l.given, 64)
		if err != nil {
			return nil, misuse("%s: %q is neither a number nor \"default\"", flags[l.field], *l.given)
		}
		*l.limit = &n
	}
	given, wrong := limits.Parse()
	if len(wrong) > 0 {
		return nil, misuse("%s: %w", flags[wrong[0].Field], wrong[0])
	}
	return func(own db.OwnLimits) db.OwnLimits {
		if c.MaxVideos != nil {
			own.Videos = given.Videos
		}
		if c.MaxDurationMinutes != nil {
			own.Duration = given.Duration
		}
		if c.MaxFileSizeMB != nil {
			own.FileBytes = given.FileBytes
		}
		return own
	}, nil
}

// selection says which sessions a list holds, and in which order.
type selection struct {
	Search string `short:"q" help:"Only sessions of users with this in their names."`
	Sort   string `default:"username" help:"username, videos, duration, last_upload or created; with \"-\" before it, descending."`
}

func (s selection) query() (db.SessionQuery, error) {
	column, descending := strings.CutPrefix(s.Sort, "-")
	q := db.SessionQuery{SessionMatch: db.SessionMatch{Key: auth.UsernameKey(s.Search)}, Sort: db.SessionSort(column), Descending: descending, Limit: listPage}
	if !q.Sort.Valid() {
		return q, misuse("--sort: %q is not one of username, videos, duration, last_upload and created", s.Sort)
	}
	return q, nil
}

type sessionList struct {
	folderSettings
	outputSettings
	config.Limits
	selection
}

// Help is the longer text of --help.
func (sessionList) Help() string { return tableHelp }

// Run prints the sessions page by page.
func (c *sessionList) Run(ctx context.Context, sh *Shell) error {
	limits, err := c.Limits.Defaults("")
	if err != nil {
		return misuse("%w", err)
	}
	q, err := c.query()
	if err != nil {
		return err
	}
	return c.withDB(ctx, limits, func(d *db.DB) error {
		if c.JSON {
			return writeSessionsJSON(ctx, sh.Out, d, q)
		}
		t := newTable(sh.Out, "SESSION", "ROLE", "STATE", "VIDEOS", "OF", "SECONDS", "OF", "LAST UPLOAD")
		_, err := eachSession(ctx, d, q, func(s db.Session) error {
			return t.add(s.SessionID, string(s.Role), sessionState(s),
				strconv.FormatInt(s.Usage.Videos, 10), strconv.FormatInt(s.Limits.Videos, 10),
				seconds(s.Usage.Duration), seconds(s.Limits.Duration), lastUpload(s))
		})
		if err != nil {
			return err
		}
		return t.flush()
	})
}

// eachSession goes through the sessions of all pages and returns how many there
// were when it began.
func eachSession(ctx context.Context, d *db.DB, q db.SessionQuery, f func(db.Session) error) (total int64, err error) {
	for first := true; first || q.After != nil; first = false {
		page, err := d.ListSessions(ctx, q)
		if err != nil {
			return total, err
		}
		if first {
			total = page.Total
		}
		for _, s := range page.Sessions {
			if err := f(s); err != nil {
				return total, err
			}
		}
		q.After = page.Next
	}
	return total, nil
}
