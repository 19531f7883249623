package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gensubtitle/internal/subtitles"
)

// number is a number as engines write it, NaN where it is not known: a JSON
// number, a string of one, or "00:01:02.5" for seconds.
type number float64

var unknown = number(math.NaN())

func (n *number) UnmarshalJSON(data []byte) error {
	*n = unknown
	if data[0] != '"' {
		if f, err := strconv.ParseFloat(string(data), 64); err == nil {
			*n = number(f)
		}
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*n = number(looseSeconds(text))
	}
	return nil
}

// looseSeconds reads "1.5", "1,5", "1.5s", "01:02.5" and "00:01:02,500", NaN for
// all else.
func looseSeconds(text string) float64 {
	text = strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), ",", ".")), "s")
	sign := 1.0
	if rest, found := strings.CutPrefix(text, "-"); found {
		text, sign = rest, -1
	}
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return math.NaN()
	}
	seconds := 0.0
	for _, part := range parts {
		f, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || f < 0 || math.IsInf(f, 0) {
			return math.NaN()
		}
		seconds = 60*seconds + f
	}
	return sign * seconds
}

// span is [1.5, 2] or {"from": 1.5, "to": 2}.
type span struct{ start, end number }

func (s *span) UnmarshalJSON(data []byte) error {
	*s = span{unknown, unknown}
	list := []number{}
	if json.Unmarshal(data, &list) == nil && len(list) == 2 {
		*s = span{list[0], list[1]}
		return nil
	}
	object := struct{ From, To number }{unknown, unknown}
	if json.Unmarshal(data, &object) == nil {
		*s = span{object.From, object.To}
	}
	return nil
}

// jsonSpoken is a segment or a word as engines describe it: OpenAI and most
// others have start and end, transformers a timestamp, whisper.cpp's files
// offsets in milliseconds.
type jsonSpoken struct {
	Start       number    `json:"start"`
	End         number    `json:"end"`
	Timestamp   span      `json:"timestamp"`
	Offsets     span      `json:"offsets"`
	Timestamps  span      `json:"timestamps"`
	Text        string    `json:"text"`
	Word        string    `json:"word"`
	Words       toldWords `json:"words"`
	NoSpeech    number    `json:"no_speech_prob"`
	LogProb     number    `json:"avg_logprob"`
	Compression number    `json:"compression_ratio"`
}

func newJSONSpoken() jsonSpoken {
	never := span{unknown, unknown}
	return jsonSpoken{
		Start: unknown, End: unknown, Timestamp: never, Offsets: never, Timestamps: never,
		NoSpeech: unknown, LogProb: unknown, Compression: unknown,
	}
}

// times are seconds.
func (j *jsonSpoken) times() (start, end float64) {
	for _, s := range []span{{j.Start, j.End}, j.Timestamp, {j.Offsets.start / 1000, j.Offsets.end / 1000}, j.Timestamps} {
		if known(float64(s.start)) || known(float64(s.end)) {
			return float64(s.start), float64(s.end)
		}
	}
	return math.NaN(), math.NaN()
}

func (j *jsonSpoken) hasTimes() bool {
	start, end := j.times()
	return known(start) || known(end)
}

func (j *jsonSpoken) segment() segment {
	s := segment{text: j.Text, words: j.Words, noSpeech: float64(j.NoSpeech), logProb: float64(j.LogProb), compression: float64(j.Compression)}
	s.start, s.end = j.times()
	return s
}

func (j *jsonSpoken) word() toldWord {
	w := toldWord{text: j.Word}
	if w.text == "" {
		w.text = j.Text
	}
	w.start, w.end = j.times()
	return w
}

// toldWords are the words of a list. What is no word is left out.
type toldWords []toldWord

func (l *toldWords) UnmarshalJSON(data []byte) error {
	*l = nil
	eachSpoken(data, func(j *jsonSpoken) bool {
		if word := j.word(); word.text != "" {
			*l = append(*l, word)
		}
		return true
	})
	return nil
}

// eachSpoken calls take for each object of a list, until it is false.
func eachSpoken(data []byte, take func(*jsonSpoken) bool) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	if token, err := dec.Token(); err != nil || token != json.Delim('[') {
		return false
	}
	for dec.More() {
		item := newJSONSpoken()
		// A field of another type is left out, and the others are read.
		var other *json.UnmarshalTypeError
		if err := dec.Decode(&item); err != nil && !errors.As(err, &other) {
			return false
		}
		if !take(&item) {
			return false
		}
	}
	return true
}

// jsonAnswer is what JSON may hold at the top, whoever writes it.
type jsonAnswer struct {
	Type          string          `json:"type"` // of an event
	Language      string          `json:"language"`
	Detected      string          `json:"detected_language"`
	Text          *string         `json:"text"`
	Delta         string          `json:"delta"`
	Segments      json.RawMessage `json:"segments"`      // OpenAI and most others; diarized_json
	Cues          json.RawMessage `json:"cues"`          // WriteJSON
	Chunks        json.RawMessage `json:"chunks"`        // transformers
	Transcription json.RawMessage `json:"transcription"` // whisper.cpp
	Words         toldWords       `json:"words"`
	// Some put the whole into another object.
	Result json.RawMessage `json:"result"`
	Data   json.RawMessage `json:"data"`
	Output json.RawMessage `json:"output"`
}

// maxWraps is how deep the answer may lie in other objects.
const maxWraps = 3

// readJSON reads one value after the other. Python writes NaN where JSON has no
// such number.
func (a *answer) readJSON(data []byte) error {
	if !json.Valid(data) {
		data = withoutNaN(data)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var value json.RawMessage
		err := dec.Decode(&value)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		a.add(value, 0)
	}
}

func (a *answer) add(value json.RawMessage, depth int) {
	switch value = bytes.TrimSpace(value); {
	case len(value) > 0 && value[0] == '[':
		a.addList(value)
		return
	case len(value) == 0 || value[0] != '{' || depth > maxWraps:
		return
	}
	var j jsonAnswer
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(value, &j); err != nil && !errors.As(err, &other) {
		return
	}
	if j.failed(value) {
		a.problem = complaintOf(value)
	}
	for _, name := range []string{j.Language, j.Detected} {
		if code := subtitles.LanguageCode(name); code != "" && a.language == "" {
			a.language = code
		}
	}
	lists := false
	if words := chunkWords(j.Chunks); words != nil {
		j.Words, j.Chunks = words, nil
	}
	for _, list := range []json.RawMessage{j.Segments, j.Cues, j.Chunks, j.Transcription} {
		lists = a.addList(list) || lists
	}
	switch one := newJSONSpoken(); {
	case lists:
	case (json.Unmarshal(value, &one) == nil || one.Text != "") && one.hasTimes(): // a segment as an event or a line
		a.addSegment(&one)
		a.lone++
		return
	default:
		for _, inner := range []json.RawMessage{j.Result, j.Data, j.Output, j.Transcription} {
			a.add(inner, depth+1)
		}
	}
	a.words = append(a.words, j.Words...)
	if j.Text != nil {
		a.text, a.hasText = *j.Text, true
	}
	a.text += j.Delta
	var result struct{ Language string }
	if json.Unmarshal(j.Result, &result) == nil && a.language == "" {
		a.language = subtitles.LanguageCode(result.Language)
	}
	var text string
	if json.Unmarshal(j.Transcription, &text) == nil {
		a.text, a.hasText = text, true
	}
}

// chunkWords are the words of the chunks of transformers where each is one, as its
// return_timestamps="word" has it.
func chunkWords(chunks json.RawMessage) toldWords {
	var words toldWords
	if json.Unmarshal(chunks, &words) != nil || len(words) < 3 {
		return nil
	}
	brief := 0
	for _, w := range words {
		if strings.Contains(strings.TrimSpace(w.text), " ") {
			return nil
		}
		if w.end-w.start < 1 {
			brief++
		}
	}
	if 4*brief < 3*len(words) {
		return nil
	}
	return words
}

// failed reports whether an object says that something went wrong.
func (j *jsonAnswer) failed(value json.RawMessage) bool {
	var fields struct{ Error, Errors, Detail, Message json.RawMessage }
	if json.Unmarshal(value, &fields) != nil {
		return false
	}
	for _, field := range []json.RawMessage{fields.Error, fields.Errors} {
		if !slices.Contains([]string{"", "null", "false", "0", `""`, "[]", "{}"}, string(field)) {
			return true
		}
	}
	empty := j.Text == nil && j.Segments == nil && j.Chunks == nil && j.Transcription == nil && j.Result == nil && j.Data == nil && j.Output == nil
	return j.Type == "error" || empty && (fields.Detail != nil || fields.Message != nil)
}

// addList adds the segments of a list; it is false where there is none.
func (a *answer) addList(list json.RawMessage) bool {
	if len(list) == 0 || list[0] != '[' {
		return false
	}
	if a.lone > 0 { // What came one by one comes again as a whole.
		a.segments, a.lone = nil, 0
	}
	a.hasList = true
	eachSpoken(list, func(j *jsonSpoken) bool {
		a.addSegment(j)
		return len(a.segments) < subtitles.MaxCues
	})
	return true
}

func (a *answer) addSegment(j *jsonSpoken) {
	if j.Text == "" {
		j.Text = j.Word
	}
	if s := j.segment(); s.text != "" || len(s.words) > 0 {
		a.segments = append(a.segments, s)
	}
}

// withoutNaN writes null for what Python and JavaScript write for numbers that
// JSON has not.
func withoutNaN(data []byte) []byte {
	clean := make([]byte, 0, len(data))
	quoted := false
next:
	for i := 0; i < len(data); i++ {
		switch {
		case quoted && data[i] == '\\' && i+1 < len(data):
			clean = append(clean, data[i])
			i++
		case data[i] == '"':
			quoted = !quoted
		case !quoted:
			for _, name := range []string{"NaN", "-NaN", "nan", "-nan", "Infinity", "-Infinity", "inf", "-inf", "None", "undefined"} {
				if bytes.HasPrefix(data[i:], []byte(name)) {
					clean = append(clean, "null"...)
					i += len(name) - 1
					continue next
				}
			}
		}
		clean = append(clean, data[i])
	}
	return clean
}

func known(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
