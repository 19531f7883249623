package views

import (
	"fmt"
	"strings"
	"time"
)

// What the handlers render of subtitles:
//
//	VideoPage(p, v, s)         GET /videos/{id}: the page; s is read for accepted videos alone
//	SubtitlesSection(p, v, s)  htmx: GET and POST /videos/{id}/subtitles, and the posts below it
//	SubtitleQueuePage(p, q)    GET /admin/subtitles: the page
//	SubtitleQueueList(p, q)    htmx: GET /admin/subtitles, and the posts cancel and retry below it

// SubtitleState is how far the subtitles of a video are.
type SubtitleState struct {
	Status    string     // none, queued, running, done, failed or cancelled; empty is none
	Language  string     // code that was found or asked for, empty while unknown
	Translate bool       // into English
	Track     int        // of sound that was asked for, 0 for the default one
	Prompt    string     // what the engine was told to expect
	Progress  int        // percent, while running
	Position  int        // in the queue, from 1, while queued
	Error     string     // a code for Text.SubtitleError when failed
	RetryAt   *time.Time // the engine did not answer and is asked again then; else nil
	Revision  int64      // of the text; 0 when there is none
}

// Subtitles are what the page of a video shows of them besides Video.Subtitles.
type Subtitles struct {
	EngineSet  bool     // the operator has set an engine
	Translates bool     // it can translate into English
	Prompts    bool     // it can be told what to expect
	Languages  []string // codes of what it can be told is spoken
	Edited     bool     // the text is not what the engine wrote
	Original   bool     // what the engine wrote is kept, and can be restored
	Cues       []Cue    // by start; not shown while queued or running
	VTT        string   // the same as a WebVTT file, to be edited without JavaScript
	Alert      string   // why a form was refused
	Notices    []string // what was changed or dropped of a file that was just taken
	Notes      []EngineNote
}

// Cue is one caption.
type Cue struct {
	Start, End time.Duration
	Text       string // plain, lines ended by "\n"
}

// SubtitlesAlertID is where the section says why something was refused.
const SubtitlesAlertID = "subtitles-alert"

// status is none for the zero value, too.
func (s SubtitleState) status() string {
	if s.Status == "" {
		return "none"
	}
	return s.Status
}

// busy subtitles change by themselves.
func (s SubtitleState) busy() bool { return s.Status == "queued" || s.Status == "running" }

func (v Video) subtitlesPath() string { return v.path() + "/subtitles" }

// captionsURL names the revision, so that no browser shows an old one.
func (v Video) captionsURL() string {
	return fmt.Sprintf("%s.vtt?v=%d", v.subtitlesPath(), v.Subtitles.Revision)
}

// textShown is false while the text is about to be replaced.
func (s SubtitleState) textShown() bool { return s.Revision > 0 && !s.busy() }

// headline says how far the subtitles are. It is what a screen reader is told
// when it changes, so the percent are not in it.
func (t *Text) headline(v Video, s Subtitles) string {
	state, words := v.Subtitles, &t.Subtitles
	switch {
	case state.busy() && state.RetryAt != nil:
		return words.Waiting
	case state.Status == "queued":
		return words.Queued.With(state.Position)
	case state.Status == "running":
		return words.Running
	case state.Status == "failed":
		return words.Failed
	case state.Status == "cancelled":
		return words.Cancelled
	case state.Status == "done" && len(s.Cues) == 0 && !s.Edited:
		return words.DoneEmpty
	case state.Revision > 0:
		return words.Done
	default:
		return words.None
	}
}

// makeLabel names the button that has subtitles made.
func (t *Text) makeLabel(state SubtitleState) string {
	switch {
	case state.Revision > 0:
		return t.Subtitles.MakeAgain
	case state.Status == "failed":
		return t.Subtitles.Retry
	default:
		return t.Subtitles.Make
	}
}

// key is one line of the editor's help.
type key struct{ Press, Does string }

func editorKeys(t *EditorText) []key {
	return []key{
		{"Alt+↑ Alt+↓", t.KeyMove},
		{"Ctrl+Enter", t.KeySplit},
		{"Ctrl+Backspace", t.KeyMerge},
		{"Ctrl+Delete", t.KeyDelete},
		{"Ctrl+Shift+Enter", t.KeyAdd},
		{"Ctrl+Z", t.KeyUndo},
		{"Ctrl+Shift+Z", t.KeyRedo},
		{"Ctrl+Space", t.KeyPlay},
		{"Ctrl+[ Ctrl+]", t.KeyTimes},
		{"Enter", t.KeySeek},
	}
}

// captionsLabel names the language of the text, or of what is spoken while
// there is none.
func (t *Text) captionsLabel(l Language, state SubtitleState) string {
	switch {
	case state.Language == "":
		return t.Subtitles.Title
	case state.Translate:
		return l.nameOf(state.Language) + " · " + t.Subtitles.TranslateShort
	default:
		return l.nameOf(state.Language)
	}
}

// fileKind is how a kind of file is written in every language.
func fileKind(extension string) string { return strings.ToUpper(extension) }

// The looks of a badge in the list of videos.
const (
	badgeWaits   = "badge"
	badgeRunning = "badge badge-accent"
	badgeDone    = "badge badge-accent gap-1"
	badgeFailed  = "badge badge-danger"
)

// badge says in a few words how far subtitles are, nothing when there are none.
func (t *Text) badge(state SubtitleState) (class, words string) {
	switch w := &t.Subtitles; {
	case state.busy() && state.RetryAt != nil:
		return badgeWaits, w.BadgeWaiting
	case state.Status == "queued":
		return badgeWaits, w.BadgeQueued.With(state.Position)
	case state.Status == "running":
		return badgeRunning, w.BadgeRunning.With(state.Progress)
	case state.Status == "failed":
		return badgeFailed, w.BadgeNot
	case state.Revision > 0:
		return badgeDone, w.BadgeDone
	default:
		return "", ""
	}
}
