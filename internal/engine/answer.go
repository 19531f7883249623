package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"gensubtitle/internal/subtitles"
)

var (
	// errNoTimes is an answer of text alone.
	errNoTimes = errors.New("text without times")
	errNoText  = errors.New("neither text nor segments")
	// errNoSegments is an answer with a list of segments, which is empty.
	errNoSegments = errors.New("text, but no segments")
)

// answer is what an engine said in one of its answers, before it is checked.
type answer struct {
	language string
	text     string
	hasText  bool // it may be empty: nothing was said
	hasList  bool // of segments, which may be empty
	segments []segment
	lone     int        // segments that came each as a line or an event
	words    []toldWord // beside the segments
	problem  string     // the engine's own words for what went wrong
}

// answerError is an answer in which the engine says what went wrong.
type answerError struct{ said string }

func (e *answerError) Error() string { return "the engine says: " + e.said }

// senselessError is an answer that was read whole and makes no sense. The same
// request would get the same answer.
type senselessError struct{ err error }

func (e *senselessError) Error() string { return e.err.Error() }
func (e *senselessError) Unwrap() error { return e.err }

// readAnswer reads what an engine heard in a sound that is length long, in any
// of the forms that engines answer in: the JSON of OpenAI's API, of whisper.cpp
// or of transformers, lines or events of such JSON, WebVTT, SRT.
func readAnswer(data []byte, length time.Duration, f filter) (subtitles.Transcript, []Note, error) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\uFEFF")))
	var a answer
	var err error
	switch {
	case len(data) == 0:
		err = errNoText
	case data[0] == '{' || data[0] == '[':
		err = a.readJSON(data)
	case isEvents(data):
		data = eventData(data)
		if err = a.readJSON(data); err != nil && !bytes.HasPrefix(data, []byte("{")) {
			a.text, err = string(data), nil
		}
	case json.Valid(data): // a string, or what holds nothing
		if err = json.Unmarshal(data, &a.text); a.text == "" {
			err = errNoText
		}
	case isHTML(data):
		err = &answerError{complaintOf(data)}
	default:
		err = a.readCaptions(data)
	}
	switch {
	case a.problem != "":
		return subtitles.Transcript{}, nil, &answerError{a.problem}
	case err != nil:
		return subtitles.Transcript{}, nil, err
	}
	cues, notes, err := a.cues(length, f)
	return subtitles.Transcript{Language: a.language, Cues: cues}, notes, err
}

// cues are the captions of an answer, mended where they must be.
func (a *answer) cues(length time.Duration, f filter) ([]subtitles.Cue, []Note, error) {
	said := len(a.segments) > 0 || len(a.words) > 0
	switch {
	case len(a.segments) > 1 && !slices.ContainsFunc(a.segments, segment.nonzero):
		return nil, nil, &senselessError{errNoTimes}
	case said && !slices.ContainsFunc(a.segments, segment.timed) && !slices.ContainsFunc(a.words, toldWord.timed):
		return nil, nil, &senselessError{errNoTimes}
	case !said && a.hasList && strings.TrimSpace(a.text) != "":
		return nil, nil, &senselessError{errNoSegments}
	case !said && strings.TrimSpace(a.text) != "":
		return nil, nil, &senselessError{errNoTimes}
	case !said && !a.hasText && !a.hasList:
		return nil, nil, errNoText
	case len(a.segments) == 0 && len(a.words) > 0:
		a.segments, a.words = segmentsOf(a.text, a.words), nil
	}
	m := mender{length: length.Seconds()}
	cues, err := m.mend(a.segments, a.words, f)
	if err != nil {
		return nil, nil, &senselessError{err}
	}
	return cues, m.notes, nil
}

// isEvents reports whether data are server-sent events.
func isEvents(data []byte) bool {
	for _, field := range []string{"data:", "event:", "id:", "retry:", ":"} {
		if bytes.HasPrefix(data, []byte(field)) {
			return bytes.HasPrefix(data, []byte("data:")) || bytes.Contains(data, []byte("\ndata:"))
		}
	}
	return false
}

// eventData is what server-sent events carry, one after the other.
func eventData(data []byte) []byte {
	var all []byte
	for line := range bytes.Lines(data) {
		value, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data:"))
		if value = bytes.TrimSpace(value); found && !bytes.Equal(value, []byte("[DONE]")) {
			all = append(append(all, value...), '\n')
		}
	}
	return all
}
