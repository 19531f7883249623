package views

import (
	"net/url"
	"time"
)

// SubtitleQueue is what admins see of everybody's subtitles.
type SubtitleQueue struct {
	EngineSet  bool
	Engine     string         // as the operator named it: an address without its key, or a program
	Trouble    *EngineTrouble // nil when all is well
	Jobs       []SubtitleJob
	Cursor     string // of this page; empty for the first
	NextCursor string // empty on the last page
}

// EngineTrouble is a speech engine that cannot be had.
type EngineTrouble struct {
	Since, Again time.Time // Again is when it is asked next
	Says         string    // in its own words, or what kept us from asking
	Setup        string    // what must be changed first; empty where it may pass by itself
}

// SubtitleJob is one video that waits for the engine, is with it, or failed.
type SubtitleJob struct {
	VideoID   string
	SessionID string // of the owner, whose name is
	Username  string
	Filename  string
	Duration  time.Duration // of the video
	Status    string        // queued, running or failed
	Progress  int           // percent, while running
	Position  int           // from 1, while queued
	Error     string        // a code for Text.SubtitleError when failed
	Detail    string        // what the engine said when the last run came to nothing
	Waited    time.Duration // from being queued to being run, or until now
	Tries     int
	RetryAt   *time.Time // nil when no pause is to be waited for
}

func (j SubtitleJob) path() string { return "/admin/subtitles/" + url.PathEscape(j.VideoID) }

func (q SubtitleQueue) url(cursor string) string {
	if cursor == "" {
		return "/admin/subtitles"
	}
	return "/admin/subtitles?" + url.Values{"cursor": {cursor}}.Encode()
}

// moving queues change by themselves.
func (q SubtitleQueue) moving() bool {
	for _, j := range q.Jobs {
		if j.Status != "failed" {
			return true
		}
	}
	return false
}

func (t *Text) jobName(j SubtitleJob) string { return t.filename(Video{Filename: j.Filename}) }

// setupText is what an operator is to change, empty where nothing need be.
func (t *Text) setupText(setup string) string {
	w := &t.Subtitles.Queue
	switch setup {
	case "address":
		return w.SetupAddress
	case "key":
		return w.SetupKey
	case "model":
		return w.SetupModel
	case "times":
		return w.SetupTimes
	case "translation":
		return w.SetupTranslation
	}
	return ""
}

func engineHealth(q SubtitleQueue) string {
	if q.Trouble != nil {
		return "trouble"
	}
	return "well"
}
