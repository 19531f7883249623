package subtitles

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

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

// jsonReader reads any of the JSON files that Read knows, item by item. Each has
// one of the lists.
type jsonReader struct {
	text     string
	dec      *json.Decoder
	c        *collector
	language string
	found    string // the name of the list
	line, at int    // the line of an offset
}

// readJSON reads what engines write. Nothing in it is markup.
func readJSON(text string, c *collector) (language string, err error) {
	r := &jsonReader{text: text, dec: json.NewDecoder(strings.NewReader(text)), c: c, line: 1}
	if err := r.read(); err != nil {
		return "", err
	}
	if r.found == "" {
		return "", &ReadError{Problem: ProblemUnknownKind}
	}
	return LanguageCode(r.language), nil
}

func (r *jsonReader) read() error {
	if _, err := r.dec.Token(); err != nil {
		return r.malformed(err)
	}
	for r.dec.More() {
		name, err := r.dec.Token()
		if err == nil {
			err = r.field(name)
		}
		if err != nil {
			return r.malformed(err)
		}
	}
	if _, err := r.dec.Token(); err != nil {
		return r.malformed(err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return r.malformed(cmp.Or(err, errTrailing))
	}
	return nil
}

var errTrailing = errors.New("something follows the JSON")

// field reads the value of a name. Where a name comes twice, the last counts.
func (r *jsonReader) field(name json.Token) error {
	switch name, _ := name.(string); name {
	case "language":
		return r.dec.Decode(&r.language)
	case "result": // whisper.cpp
		var result struct{ Language string }
		err := r.dec.Decode(&result)
		r.language = cmp.Or(result.Language, r.language)
		return err
	case "cues", "segments": // WriteJSON; openai-whisper, whisper-ctranslate2
		return r.list(name, func() (item jsonCue, err error) { return item, r.dec.Decode(&item) })
	case "transcription": // whisper.cpp
		return r.list("transcription", func() (item jsonCue, err error) {
			var segment cppSegment
			err = r.dec.Decode(&segment)
			return segment.seconds(), err
		})
	}
	var other json.RawMessage
	return r.dec.Decode(&other)
}

// list reads cues. It takes null for no list, as encoding/json does. Where there
// are lists of several names, the first counts.
func (r *jsonReader) list(name string, next func() (jsonCue, error)) error {
	if r.found != "" && r.found != name {
		var other json.RawMessage
		return r.dec.Decode(&other)
	}
	token, err := r.dec.Token()
	if err != nil || token == nil {
		return err
	}
	if token != json.Delim('[') {
		return r.problem(ProblemMalformed)
	}
	r.found = name
	r.c.cues, r.c.bytes = nil, 0
	for r.dec.More() {
		line := r.lineAt(r.dec.InputOffset())
		item, err := next()
		problem, ok := ProblemMissing, false
		if err != nil {
			problem = ProblemMalformed
		} else if item.Start != nil && item.End != nil {
			problem, ok = r.c.add(line, Cue{Start: durationOf(*item.Start), End: durationOf(*item.End), Text: item.Text, Words: item.Words})
		}
		if !ok {
			return &ReadError{Line: line, Content: r.contentAt(r.at), Problem: problem}
		}
	}
	_, err = r.dec.Token()
	return err
}

// lineAt is the line of what comes after an offset, which never goes back.
func (r *jsonReader) lineAt(offset int64) int {
	at := int(offset)
	for at < len(r.text) && strings.IndexByte(", \t\r\n", r.text[at]) >= 0 {
		at++
	}
	r.line += strings.Count(r.text[r.at:at], "\n")
	r.at = at
	return r.line
}

func (r *jsonReader) problem(p Problem) *ReadError {
	line := r.lineAt(r.dec.InputOffset())
	return &ReadError{Line: line, Content: r.contentAt(r.at), Problem: p}
}

func (r *jsonReader) contentAt(at int) string {
	line, _, _ := strings.Cut(r.text[at:min(len(r.text), at+maxContent*utf8.UTFMax)], "\n")
	return content(line)
}

// malformed tells where the decoder stopped.
func (r *jsonReader) malformed(err error) error {
	var known *ReadError
	if errors.As(err, &known) {
		return known
	}
	return r.problem(ProblemMalformed)
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

func (s cppSegment) seconds() jsonCue {
	return jsonCue{Start: thousandth(s.Offsets.From), End: thousandth(s.Offsets.To), Text: s.Text}
}

func thousandth(ms *float64) *float64 {
	if ms == nil {
		return nil
	}
	s := *ms / 1000
	return &s
}

// durationOf gives whole milliseconds, within what a duration can hold.
func durationOf(seconds float64) time.Duration {
	limit := 2 * MaxEnd.Seconds()
	return time.Duration(math.Round(min(max(seconds, -limit), limit)*1000)) * time.Millisecond
}

type boundsError struct{ problem Problem }

func (e *boundsError) Error() string { return string(e.problem) }

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
