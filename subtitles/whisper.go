package subtitles

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// jsonFile is any of the JSON files that Read knows. Each has one of the lists.
type jsonFile struct {
	Language string                    `json:"language"`
	Cues     *boundedList[jsonCue]     `json:"cues"`     // WriteJSON
	Segments *boundedList[jsonCue]     `json:"segments"` // openai-whisper, whisper-ctranslate2
	Result   struct{ Language string } `json:"result"`
	Cpp      *boundedList[cppSegment]  `json:"transcription"` // whisper.cpp
}

// jsonCue has seconds.
type jsonCue struct {
	Start *float64  `json:"start"`
	End   *float64  `json:"end"`
	Text  string    `json:"text"`
	Words jsonWords `json:"words"`
}

// cppSegment has milliseconds.
type cppSegment struct {
	Offsets struct {
		From *float64 `json:"from"`
		To   *float64 `json:"to"`
	} `json:"offsets"`
	Text string `json:"text"`
}

// readJSON reads what engines write. Nothing in it is markup.
func readJSON(text string) (Transcript, error) {
	var file jsonFile
	if err := json.Unmarshal([]byte(text), &file); err != nil {
		return Transcript{}, jsonError(text, err)
	}
	t := Transcript{Language: languageCode(file.Language)}
	var c collector
	var problem Problem
	switch {
	case file.Cues != nil:
		problem = c.addAll(*file.Cues)
	case file.Segments != nil:
		problem = c.addAll(*file.Segments)
	case file.Cpp != nil:
		t.Language = languageCode(file.Result.Language)
		problem = c.addAll(seconds(*file.Cpp))
	default:
		problem = ProblemUnknownKind
	}
	if problem != "" {
		return Transcript{}, &ReadError{Problem: problem}
	}
	t.Cues = c.cues
	return t, nil
}

// jsonError tells what encoding/json did not like, and in which line where the
// text is no JSON at all.
func jsonError(text string, err error) error {
	failed := &ReadError{Problem: ProblemMalformed}
	var bounds *boundsError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &bounds):
		failed.Problem = bounds.problem
	case errors.As(err, &syntax):
		failed.Line = strings.Count(text[:syntax.Offset], "\n") + 1
	}
	return failed
}

func seconds(segments []cppSegment) []jsonCue {
	cues := make([]jsonCue, len(segments))
	for i, s := range segments {
		cues[i] = jsonCue{Start: thousandth(s.Offsets.From), End: thousandth(s.Offsets.To), Text: s.Text}
	}
	return cues
}

func thousandth(ms *float64) *float64 {
	if ms == nil {
		return nil
	}
	s := *ms / 1000
	return &s
}

func (c *collector) addAll(cues []jsonCue) Problem {
	for _, j := range cues {
		if j.Start == nil || j.End == nil {
			return ProblemMissing
		}
		cue := Cue{Start: durationOf(*j.Start), End: durationOf(*j.End), Text: j.Text, Words: j.Words}
		if problem, ok := c.add(cue); !ok {
			return problem
		}
	}
	return ""
}

// durationOf gives whole milliseconds, within what a duration can hold.
func durationOf(seconds float64) time.Duration {
	limit := 2 * MaxEnd.Seconds()
	return time.Duration(math.Round(min(max(seconds, -limit), limit)*1000)) * time.Millisecond
}

// boundedList is a list that is not read further than MaxCues: a few bytes of
// JSON make an item of a hundred.
type boundedList[T any] []T

type boundsError struct{ problem Problem }

func (e *boundsError) Error() string { return string(e.problem) }

func (l *boundedList[T]) UnmarshalJSON(data []byte) error {
	*l = nil // Where a name comes twice, the last counts.
	return eachItem(data, func(dec *json.Decoder) (more bool, err error) {
		if len(*l) == MaxCues {
			return false, &boundsError{ProblemTooMany}
		}
		var item T
		if err := dec.Decode(&item); err != nil {
			return false, fmt.Errorf("item %d: %w", len(*l)+1, err)
		}
		*l = append(*l, item)
		return true, nil
	})
}

// jsonWords are a segment's words, or none where any has no time or there are
// more of them than its text could have.
type jsonWords []Word

func (w *jsonWords) UnmarshalJSON(data []byte) error {
	*w = nil
	return eachItem(data, func(dec *json.Decoder) (more bool, err error) {
		var word struct {
			Start, End *float64
			Word       string
		}
		if err := dec.Decode(&word); err != nil || word.Start == nil || word.End == nil || len(*w) == MaxCueBytes {
			*w = nil
			return false, nil
		}
		*w = append(*w, Word{Start: durationOf(*word.Start), End: durationOf(*word.End), Text: word.Word})
		return true, nil
	})
}

// eachItem calls take for each item of a JSON list. It takes null for an empty
// one, as encoding/json does.
func eachItem(data []byte, take func(*json.Decoder) (more bool, err error)) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	token, err := dec.Token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return &boundsError{ProblemMalformed}
	}
	for dec.More() {
		if more, err := take(dec); err != nil || !more {
			return err
		}
	}
	return nil
}
