package subtitles

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// CueError says which field of which cue is not as it must be. It unwraps to
// ErrUnreadable.
type CueError struct {
	Cue     int    // from 1
	Field   string // "start", "end" or "text"; "" for the cue as a whole
	Problem Problem
}

func (e *CueError) Error() string {
	return fmt.Sprintf("%v: cue %d: %s: %s", ErrUnreadable, e.Cue, e.Field, e.Problem)
}

func (e *CueError) Unwrap() error { return ErrUnreadable }

// storedCue is a cue in JSON. Times are seconds.
type storedCue struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"`
}

// MarshalCues writes cues as [{"start":1.5,"end":2.25,"text":"…"}], with times
// in seconds, "<", ">" and "&" as \u003c and so on, and without their words, in
// order of Start. It keeps cues without text: somebody may be about to write it.
func MarshalCues(cues []Cue) []byte {
	cues = slices.Clone(cues)
	SortCues(cues)
	stored := make([]storedCue, len(cues))
	for i, c := range cues {
		stored[i] = storedCue{
			Start: float64(c.Start.Milliseconds()) / 1000,
			End:   float64(c.End.Milliseconds()) / 1000,
			Text:  strings.ToValidUTF8(c.Text, "\uFFFD"),
		}
	}
	data, err := json.Marshal(stored)
	if err != nil {
		panic("subtitles: numbers and strings that are no JSON: " + err.Error())
	}
	return data
}

// UnmarshalCues reads what MarshalCues writes, strictly: each cue has a start,
// an end and a text and nothing else, with 0 <= start < end <= MaxEnd and no more
// text than Read takes. Times become whole milliseconds and texts lose what
// cannot be kept: space at the ends of lines, empty lines, control characters.
// The cues come back sorted by Start.
//
// Errors: *CueError for the first cue that is wrong, *ReadError for what is no
// list of cues, or more than Read takes. Both are ErrUnreadable.
func UnmarshalCues(data []byte) ([]Cue, error) {
	if len(data) > MaxFileBytes {
		return nil, &ReadError{Problem: ProblemTooLarge}
	}
	if !json.Valid(data) || bytes.HasPrefix(bytes.TrimSpace(data), []byte("null")) {
		return nil, &ReadError{Problem: ProblemMalformed}
	}
	var c collector
	number := 0
	err := eachItem(data, func(dec *json.Decoder) (more bool, err error) {
		number++
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return false, err
		}
		cue, field, problem := decodeCue(raw)
		if problem != "" {
			return false, &CueError{number, field, problem}
		}
		problem, ok := c.add(0, cue)
		if problem == ProblemTooLong {
			return false, &CueError{number, "text", problem}
		}
		if !ok {
			return false, &boundsError{problem}
		}
		return true, nil
	})
	var wrong *CueError
	if errors.As(err, &wrong) {
		return nil, wrong
	}
	if err != nil {
		return nil, jsonError(string(data), err)
	}
	cues := make([]Cue, len(c.cues))
	for i, f := range c.cues {
		cues[i] = f.Cue
	}
	SortCues(cues)
	return cues, nil
}

// decodeCue reads one cue, or tells which field is wrong.
func decodeCue(raw json.RawMessage) (cue Cue, field string, problem Problem) {
	var fields struct {
		Start json.RawMessage `json:"start"`
		End   json.RawMessage `json:"end"`
		Text  json.RawMessage `json:"text"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&fields); err != nil {
		return cue, "", ProblemMalformed
	}
	if cue.Start, problem = decodeTime(fields.Start); problem != "" {
		return cue, "start", problem
	}
	if cue.End, problem = decodeTime(fields.End); problem != "" {
		return cue, "end", problem
	}
	if cue.Text, problem = decodeCueText(fields.Text); problem != "" {
		return cue, "text", problem
	}
	if cue.End <= cue.Start {
		return cue, "end", ProblemBackwards
	}
	return cue, "", ""
}

func decodeTime(raw json.RawMessage) (time.Duration, Problem) {
	var seconds *float64
	if raw == nil {
		return 0, ProblemMissing
	}
	if err := json.Unmarshal(raw, &seconds); err != nil || seconds == nil {
		return 0, ProblemNotATime
	}
	ms := math.Round(*seconds * 1000)
	switch {
	case ms < 0:
		return 0, ProblemNegative
	case ms > float64(MaxEnd.Milliseconds()):
		return 0, ProblemTooLate
	}
	return time.Duration(ms) * time.Millisecond, ""
}

func decodeCueText(raw json.RawMessage) (string, Problem) {
	var text *string
	switch err := json.Unmarshal(raw, &text); {
	case raw == nil:
		return "", ProblemMissing
	case err != nil || text == nil:
		return "", ProblemMalformed
	case !utf8.Valid(raw):
		return "", ProblemNotUTF8
	}
	return *text, ""
}

// WriteJSON writes {"language":"th","cues":[…]}, the cues as MarshalCues does.
// Read and encoding/json with UnmarshalCues read it.
func WriteJSON(w io.Writer, t Transcript) error {
	file := struct {
		Language string          `json:"language"`
		Cues     json.RawMessage `json:"cues"`
	}{t.Language, MarshalCues(t.Cues)}
	if err := json.NewEncoder(w).Encode(file); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
