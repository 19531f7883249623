package views

import "time"

// EngineNote is what was odd in a place of the engine's answer.
type EngineNote struct {
	Kind string // time-repaired, time-dropped, no-speech, refused or repeated
	At   time.Duration
	Text string
}

// note says what became of it.
func (t *Text) note(kind string) string {
	w := &t.Subtitles.Notes
	switch kind {
	case "time-dropped":
		return w.Dropped
	case "no-speech":
		return w.Silence
	case "refused":
		return w.Refused
	case "repeated":
		return w.Repeated
	}
	return w.Repaired
}
