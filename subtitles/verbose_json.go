package subtitles

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// verboseJSON is the answer of the OpenAI transcription API in the format
// "verbose_json", as far as we read it, and as it is really spoken:
//
//	{"language": "english", "text": "Hello.", "segments": [
//	  {"start": 0.0, "end": 1.2, "text": " Hello.", "words": […]}],
//	 "words": [{"word": "Hello", "start": 0.0, "end": 1.1}]}
//
// Language is a name or a code. Words are missing, or beside the segments (OpenAI,
// Groq), or in them (whisper.cpp, whose words are parts of such), or both
// (speaches). Times are seconds; LocalAI's were nanoseconds for a while.
type verboseJSON struct {
	Language string           `json:"language"`
	Text     *string          `json:"text"`
	Segments []verboseSegment `json:"segments"`
	Words    []verboseWord    `json:"words"`
}

type verboseSegment struct {
	Start *float64      `json:"start"`
	End   *float64      `json:"end"`
	Text  string        `json:"text"`
	Words []verboseWord `json:"words"`
}

type verboseWord struct {
	Start *float64 `json:"start"`
	End   *float64 `json:"end"`
	Word  string   `json:"word"`
}

var errNoSegments = errors.New("no segments with times")

// maxSeconds is far more than any sound has; what is more counts nanoseconds.
const maxSeconds = 1e6

// readVerboseJSON reads what an engine heard in a sound that is length long.
func readVerboseJSON(data []byte, length time.Duration) (Transcript, error) {
	var answer verboseJSON
	if err := json.Unmarshal(data, &answer); err != nil {
		return Transcript{}, fmt.Errorf("read JSON: %w", err)
	}
	// A null or no list says that nothing was heard, if the text says so too.
	if len(answer.Segments) == 0 && (answer.Segments == nil && answer.Text == nil ||
		answer.Text != nil && strings.TrimSpace(*answer.Text) != "") {
		return Transcript{}, errNoSegments
	}
	unit := answer.unit()
	cues := make([]Cue, 0, len(answer.Segments))
	rest := answer.Words
	for _, segment := range answer.Segments {
		if segment.Start == nil || segment.End == nil {
			return Transcript{}, errNoSegments
		}
		cue := Cue{Text: oneLine(segment.Text)}
		var sane [2]bool
		cue.Start, sane[0] = inUnits(*segment.Start, unit)
		cue.End, sane[1] = inUnits(*segment.End, unit)
		if !sane[0] || !sane[1] {
			return Transcript{}, fmt.Errorf("a segment from %g to %g", *segment.Start, *segment.End)
		}
		if len(segment.Words) > 0 {
			cue.Words, _ = matchWords(cue.Text, segment.Words, unit)
		} else if cue.Words, rest = matchWords(cue.Text, rest, unit); cue.Words == nil {
			cue.Words, rest = matchWords(cue.Text, wordsFrom(rest, *segment.Start), unit)
		}
		cues = append(cues, cue)
	}
	cues, err := mend(cues, length)
	return Transcript{Language: languageCode(answer.Language), Cues: cues}, err
}

// unit is what the answer's times count.
func (v verboseJSON) unit() time.Duration {
	for _, segment := range v.Segments {
		if segment.End != nil && *segment.End > maxSeconds {
			return time.Nanosecond
		}
	}
	return time.Second
}

// inUnits is a time in whole milliseconds, or false where no clock shows it.
func inUnits(number float64, unit time.Duration) (time.Duration, bool) {
	seconds := number * unit.Seconds()
	if math.Abs(seconds) > maxSeconds {
		return 0, false
	}
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond, true
}

// wordsFrom drops the words that end before a segment begins: those of one
// before it that did not match.
func wordsFrom(words []verboseWord, start float64) []verboseWord {
	for len(words) > 0 && (words[0].End == nil || *words[0].End <= start) {
		words = words[1:]
	}
	return words
}

// matchWords finds the words that a text begins with and goes through, and
// returns them with what stands around them, so that together they are the text;
// and the words that are left. There are none where text and words do not agree
// in their letters: whisper.cpp cuts letters of several bytes, as in Thai, apart.
func matchWords(text string, words []verboseWord, unit time.Duration) (matched []Word, rest []verboseWord) {
	rest = words
	var begins []int // of each word in the text
	end := 0         // of what has been found
	for hasLetters(text[end:]) {
		for len(rest) > 0 && !hasLetters(rest[0].Word) {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0].Start == nil || rest[0].End == nil {
			return nil, words
		}
		name := oneLine(rest[0].Word)
		at := strings.Index(text[end:], name)
		if at < 0 || hasLetters(text[end:end+at]) {
			return nil, words
		}
		start, saneStart := inUnits(*rest[0].Start, unit)
		until, saneEnd := inUnits(*rest[0].End, unit)
		if !saneStart || !saneEnd {
			return nil, words
		}
		matched = append(matched, Word{Start: start, End: until})
		begins = append(begins, end+wordBreak(text[end:end+at]))
		end += at + len(name)
		rest = rest[1:]
	}
	for i := range matched {
		from, to := begins[i], len(text)
		if i == 0 {
			from = 0
		}
		if i+1 < len(matched) {
			to = begins[i+1]
		}
		matched[i].Text = text[from:to]
	}
	return matched, rest
}

// wordBreak is where, in what stands between two words, the second one's part
// begins: at the space, or at its end, so that a comma stays with the first.
func wordBreak(between string) int {
	if at := strings.IndexByte(between, ' '); at >= 0 {
		return at
	}
	return len(between)
}

func hasLetters(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// oneLine is an engine's text without line breaks, which are not its to choose.
func oneLine(text string) string {
	return strings.Join(strings.Fields(cleanText(text)), " ")
}
