package views

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// SessionPath is where an admin finds a quota session.
func SessionPath(sessionID string) string {
	return "/admin/sessions/" + url.PathEscape(sessionID)
}

// AdminSession is the page of one quota session, for admins.
type AdminSession struct {
	Session
	Self     bool // it is the reader's own
	Own      OwnLimits
	Defaults OwnLimits // what holds where the session has no limit of its own
	Days     []UsageDay
	Events   EventPage
	Videos   VideoPart
	Sent     SentForm
}

// OwnLimits are limits of one session; nil stands for the default.
type OwnLimits struct {
	Videos    *int
	Duration  *time.Duration
	FileBytes *int64
}

// UsageDay is what happened on one day.
type UsageDay struct {
	At      time.Time
	Used    time.Duration // at the end of the day
	Uploads int
}

// Event is one entry of the ledger.
type Event struct {
	ID        int64
	Kind      string // upload, reset, limits or correction
	Actor     string
	Reason    string
	Videos    int           // change of usage
	Duration  time.Duration // change of usage
	Limits    OwnLimits     // what an event of limits set
	CreatedAt time.Time
}

// EventPage is a page of a session's ledger.
type EventPage struct {
	SessionID string
	Events    []Event // newest first
	Cursor    string  // of this page; empty for the newest
	Next      string  // empty where none are older
}

// VideoPart is a page of a session's videos.
type VideoPart struct {
	SessionID string
	Videos    []Video // newest first
	Cursor    string  // of this page; empty for the newest
	Next      string  // empty where none are older
}

// The forms of the page, which are named by their id.
const (
	FormReset   = "reset"
	FormLimits  = "limits"
	FormCorrect = "correct"
	FormAccount = "account"
)

// SentForm is a form that was refused, with what was typed and what is wrong.
// The zero value is none.
type SentForm struct {
	Form   string
	Alert  string
	Values map[string]string
	Errors map[string]string
}

// of is empty for any other form of the page.
func (f SentForm) of(form string) SentForm {
	if f.Form != form {
		return SentForm{}
	}
	return f
}

// value is what was typed into a field, or else what it holds anyway.
func (f SentForm) value(field, otherwise string) string {
	if f.Form == "" {
		return otherwise
	}
	return f.Values[field]
}

// fields are those of a form that can say what is wrong with them.
func (f SentForm) fields() []string {
	switch f.Form {
	case FormReset:
		return []string{"reason"}
	case FormLimits:
		return []string{"maxVideos", "maxDurationMinutes", "maxFileSizeMB", "reason"}
	case FormCorrect:
		return []string{"videos_count", "total_duration", "reason"}
	default:
		return nil
	}
}

// CardID is the part of the page that a form takes.
func CardID(form string) string { return form + "-card" }

// AlertID is where a form of the page tells what went wrong.
func AlertID(form string) string { return form + "-alert" }

// maxReason is in UTF-16 units, which browsers count; the server counts
// characters and takes no fewer.
const maxReason = 500

// fieldOf is one input of a form.
type fieldOf struct {
	Form, Name, Label, Value, Placeholder string
	Error, Required                       string // Required is said when it is empty
	MaxLength                             int
	Numeric                               bool // digits and a point, without a sign
}

func (f fieldOf) id() string { return f.Form + "-" + f.Name }

// inputs are the limits as they are typed: the sizes in the units of the API.
func (o OwnLimits) inputs() map[string]string {
	in := map[string]string{}
	if o.Videos != nil {
		in["maxVideos"] = strconv.Itoa(*o.Videos)
	}
	if o.Duration != nil {
		in["maxDurationMinutes"] = plain(o.Duration.Minutes())
	}
	if o.FileBytes != nil {
		in["maxFileSizeMB"] = plain(float64(*o.FileBytes) / (1 << 20))
	}
	return in
}

// plain writes a number as it is typed, without more digits than matter.
func plain(n float64) string {
	short := strconv.FormatFloat(n, 'f', 6, 64)
	if f, err := strconv.ParseFloat(short, 64); err == nil {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return short
}

// limitTexts say what an event of limits set, one after another.
func (t *Text) limitTexts(o OwnLimits) []string {
	videos, duration, file := t.Session.ByDefault, t.Session.ByDefault, t.Session.ByDefault
	if o.Videos != nil {
		videos = strconv.Itoa(*o.Videos)
	}
	if o.Duration != nil {
		duration = Clock(*o.Duration)
	}
	if o.FileBytes != nil {
		file = Size(*o.FileBytes)
	}
	return []string{t.Session.LimitVideos.With(videos), t.Session.LimitTime.With(duration), t.Session.LimitFile.With(file)}
}

// changeTexts say what an entry of the ledger did, one after another.
func (t *Text) changeTexts(e Event) []string {
	if e.Kind == "limits" {
		return t.limitTexts(e.Limits)
	}
	var texts []string
	if e.Videos != 0 || e.Duration == 0 {
		texts = append(texts, t.Session.VideosBy.With(signedCount(e.Videos)))
	}
	if e.Duration != 0 || e.Videos == 0 {
		texts = append(texts, t.Session.TimeBy.With(signedClock(e.Duration)))
	}
	return texts
}

const minus = "−" // the sign, which is as wide as the plus

func signedCount(n int) string {
	switch {
	case n < 0:
		return minus + strconv.Itoa(-n)
	case n > 0:
		return "+" + strconv.Itoa(n)
	default:
		return "0"
	}
}

func signedClock(d time.Duration) string {
	switch {
	case d < 0:
		return minus + Clock(-d)
	case d > 0:
		return "+" + Clock(d)
	default:
		return Clock(0)
	}
}

// kindText names the kind of an entry of the ledger.
func (t *Text) kindText(kind string) string {
	switch kind {
	case "reset":
		return t.Session.KindReset
	case "limits":
		return t.Session.KindLimits
	case "correction":
		return t.Session.KindCorrection
	default:
		return t.Session.KindUpload
	}
}

// usedPlot draws how the minutes came to be what they are.
func (s AdminSession) usedPlot(p Page) Plot {
	t := p.text()
	plot := Plot{Title: t.Session.UsedByDay, Zone: p.zoneName(time.Now()), Limit: s.MaxDuration.Seconds(), LimitText: Clock(s.MaxDuration)}
	for _, d := range s.Days {
		plot.Points = append(plot.Points, PlotPoint{Label: t.Day(d.At), Text: Clock(d.Used), Value: d.Used.Seconds()})
	}
	return plot
}

func (s AdminSession) uploadsPlot(p Page) Plot {
	t := p.text()
	plot := Plot{Title: t.Session.UploadsByDay, Zone: p.zoneName(time.Now())}
	for _, d := range s.Days {
		plot.Points = append(plot.Points, PlotPoint{Label: t.Day(d.At), Text: strconv.Itoa(d.Uploads), Value: float64(d.Uploads)})
	}
	return plot
}

// older leads to the page with another part of one of its lists, and to that
// part alone.
func older(sessionID, list, cursor string) (page, part string) {
	path := SessionPath(sessionID)
	page = fmt.Sprintf("%s?%s#%s", path, url.Values{list: {cursor}}.Encode(), list)
	return page, fmt.Sprintf("%s/%s?%s", path, list, url.Values{"cursor": {cursor}}.Encode())
}
