package views

import "time"

// Page is what every page needs to know of its reader.
type Page struct {
	Language Language
	Zone     *time.Location // of the reader; nil where it is not known
	Path     string         // path and query of this page; where the language switch leads back to
	Username string         // empty when signed out
	Admin    bool
}

func (p Page) text() *Text { return Messages(p.Language) }

// ZoneOrServers is the time zone that the page is in.
func (p Page) ZoneOrServers() *time.Location {
	if p.Zone == nil {
		return time.Local
	}
	return p.Zone
}

// zoneName names the zone of the page's times and days at a moment.
func (p Page) zoneName(at time.Time) string {
	if p.Zone != nil {
		return p.Zone.String()
	}
	at = at.In(time.Local)
	if _, offset := at.Zone(); offset == 0 {
		return "UTC"
	}
	return at.Format("UTC-07:00")
}

// dateTime writes a moment. Readers need not be told their own zone.
func (p Page) dateTime(at time.Time) string {
	text := p.text().DateTime(at.In(p.ZoneOrServers()))
	if p.Zone == nil {
		text += " " + p.zoneName(at)
	}
	return text
}

// Form is the login or registration form with what was typed and what was
// wrong with it. The password is never sent back.
type Form struct {
	Username         string
	Next             string            // where to go afterwards; a path of this site
	Alert            string            // empty when nothing is wrong
	Errors           map[string]string // by field name
	RegistrationOpen bool
}

// Quota is a quota session as its owner sees it.
type Quota struct {
	SessionID             string
	Videos, MaxVideos     int
	Duration, MaxDuration time.Duration
	MaxFileBytes          int64
	InFlight              int // uploads under way, each of which holds a video
}

func (q Quota) remainingVideos() int { return max(0, q.MaxVideos-q.Videos-q.InFlight) }

func (q Quota) remainingDuration() time.Duration { return max(0, q.MaxDuration-q.Duration) }

// shownDuration is what is left in the whole seconds that people read, so that
// what is shown as used and as left adds up to the limit.
func (q Quota) shownDuration() time.Duration {
	return max(0, wholeSeconds(q.MaxDuration)-wholeSeconds(q.Duration))
}

// Video is one upload, accepted or not.
type Video struct {
	ID            string
	Filename      string
	SizeBytes     int64
	ReceivedBytes int64 // of them, while it is received
	Duration      time.Duration
	Container     string
	HasPicture    bool   // there are moving pictures, of which there is a thumbnail
	Resumable     bool   // it can go on where it stopped
	Status        string // receiving, measuring, accepted or rejected
	Reason        string // a code for Text.Reason when rejected
	CreatedAt     time.Time
	Declared      time.Duration // by the file's own word, where less could be read; else zero
	Tracks        []Track
	Subtitles     SubtitleState // of an accepted one
}

// Track is one track of sound or subtitles of a video.
type Track struct {
	Kind     string // audio or subtitle
	Number   int    // among those of its kind, from 1
	Language string // code, empty while unknown
	Name     string // empty when it has none
	Default  bool   // players begin with it
	Text     bool   // subtitles that are text, and no pictures
	Unknown  bool   // nothing here can read it
	MKVOnly  bool   // sound that a download as MP4 goes without
}

// Home is the page of a signed-in user.
type Home struct {
	Quota      Quota
	Videos     []Video // newest first
	NextCursor string  // of older videos; empty when there are none
	Alert      string  // why an upload sent without JavaScript was refused
}

// Session is a quota session as an admin sees it.
type Session struct {
	Quota
	Username             string
	Role                 string // user or admin
	Disabled, Deleted    bool
	CreatedAt, UpdatedAt time.Time
	LastUploadAt         *time.Time // nil when nothing was ever uploaded
}

// Sessions is one page of all quota sessions.
type Sessions struct {
	Rows       []Session
	Query      string
	Filter     string // over, near, disabled, unused or empty
	Sort       string // a column of sortColumns, after '-' when descending
	Cursor     string // of this page; empty for the first
	NextCursor string // empty on the last page
	Total      int    // rows that match, on all pages
	TotalOver  bool   // there are more than that
	Overview   Overview
}

// Overview is what the whole installation holds.
type Overview struct {
	Users, Videos int
	Duration      time.Duration // of the videos
	SizeBytes     int64         // of the videos
	Days          []UploadDay   // oldest first
}

// UploadDay is how much was accepted on one day.
type UploadDay struct {
	Day     time.Time
	Uploads int
}

// ManySessions is what is about to happen to many quota sessions.
type ManySessions struct {
	Count  int
	Limits bool     // they get limits; else they are reset
	All    bool     // everybody who matches; else those in Chosen
	Chosen []string // session ids
	Query  string
	Filter string
	Values map[string]string // what was typed, by field
	Errors map[string]string // by field
	Alert  string
}

// Confirm asks once more before something is done, where there is no JavaScript.
type Confirm struct {
	Title, Detail string
	Action        string // where the form is posted to
	Yes           string // label of the button that does it
	Back          string // path of the link that does not
	Field, Value  string // sent along, where there is a field
	Once          bool   // sent twice, it is done once
	AsksReason    bool
	Reason        string // typed already
}
