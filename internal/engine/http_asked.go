package engine

import (
	"net/http"
	"regexp"
)

// asked is what an engine is asked for beside the text. Not every engine and
// model takes all of it.
type asked int32

const (
	askWords    asked = iota // the times of segments and words
	askSegments              // without words
	askVerbose               // whatever times it gives by itself
	askPlain                 // whatever it answers by itself
	askDiarized              // who speaks, which gpt-4o-transcribe-diarize gives times for
)

// format is the value of response_format.
func (a asked) format() string {
	switch a {
	case askPlain:
		return ""
	case askDiarized:
		return "diarized_json"
	}
	return "verbose_json"
}

func (a asked) granularities() []string {
	switch a {
	case askWords:
		return []string{"segment", "word"}
	case askSegments:
		return []string{"segment"}
	}
	return nil
}

var (
	aboutAsked       = regexp.MustCompile(`(?i)verbose_json|response[_ ]?format|granularit|timestamp`)
	aboutGranularity = regexp.MustCompile(`(?i)granularit|timestamp|word`)
	aboutDiarized    = regexp.MustCompile(`(?i)diarized_json`)
)

// without is what to ask for instead when an engine refuses it; ok is false where
// the refusal is about something else, or nothing is left to leave out.
func (a asked) without(status int, said string) (instead asked, ok bool) {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusNotImplemented:
	default:
		return a, false
	}
	switch {
	case !aboutAsked.MatchString(said) || a == askPlain:
		return a, false
	case a == askDiarized:
		return askPlain, true
	case aboutDiarized.MatchString(said):
		return askDiarized, true
	case a == askVerbose || !aboutGranularity.MatchString(said):
		return askPlain, true
	}
	return a + 1, true
}

// pickyError is a request that the engine would take in another form.
type pickyError struct{ instead asked }

func (*pickyError) Error() string { return "ask in another form" }
