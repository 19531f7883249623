package subtitles

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// What Read takes at most. An hour of speech has some 1,200 cues, 60 kB of
// text and, as JSON that times every word, 1 MB.
const (
	MaxFileBytes = 32 << 20
	MaxCues      = 100_000
	MaxCueBytes  = 64 << 10 // of one cue's text
	MaxTextBytes = 4 << 20  // of all texts together
)

// ErrUnreadable says that a file holds no subtitles that can be read. It is
// wrapped in a *ReadError or *CueError, which know more.
var ErrUnreadable = errors.New("these subtitles cannot be read")

// Problem says what is wrong with a file or a cue, for a page to explain.
type Problem string

const (
	ProblemUnknownKind Problem = "unknown-kind"      // neither VTT nor SRT nor a JSON that is known
	ProblemMalformed   Problem = "malformed"         // JSON that is none, or of other types
	ProblemNotUTF8     Problem = "not-utf-8"         // most likely another encoding
	ProblemTooLarge    Problem = "too-large"         // more bytes or text than is taken
	ProblemTooMany     Problem = "too-many-cues"     //
	ProblemTooLong     Problem = "text-too-long"     // one cue's
	ProblemStrayText   Problem = "text-without-time" // before the first time of an SRT
	ProblemMissing     Problem = "missing"           // a field that must be there
	ProblemNotATime    Problem = "not-a-time"
	ProblemNegative    Problem = "negative"
	ProblemTooLate     Problem = "too-late" // beyond MaxEnd
	ProblemBackwards   Problem = "ends-before-start"
)

// ReadError tells where a file stops making sense. It unwraps to ErrUnreadable.
type ReadError struct {
	Line    int // from 1; 0 where it is not known
	Problem Problem
}

func (e *ReadError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v: %s", ErrUnreadable, e.Problem)
	}
	return fmt.Sprintf("%v: line %d: %s", ErrUnreadable, e.Line, e.Problem)
}

func (e *ReadError) Unwrap() error { return ErrUnreadable }

// Read reads the subtitles of a stranger. It tells by the content whether they
// are WebVTT, SRT, or JSON: that of openai-whisper and whisper-ctranslate2, of
// whisper.cpp, or of WriteJSON. They may be UTF-8, or UTF-16 with a byte order
// mark; lines may end as they do on any system.
//
// What comes back keeps the promises of Cue: tags like <b>, <v Ann> or {\an8}
// are taken out, entities are put back, cues without text are left out, a cue
// that ends when it starts lasts 1 ms. In VTT and SRT, which people write, a
// cue that ends before it starts is an error; in JSON, which engines write, it
// lasts 1 ms as well, since the words matter more.
//
// go-astisub does not serve here. A time line without an end makes it panic,
// text after a thousand open tags costs memory by the square, a line of 64 KiB
// ends the file without an error, and a cue's own line that begins with "STYLE"
// or "NOTE ", or holds an arrow, is not taken for text.
//
// Errors: ErrUnreadable, as a *ReadError.
func Read(data []byte) (Transcript, error) {
	if len(data) > MaxFileBytes {
		return Transcript{}, &ReadError{Problem: ProblemTooLarge}
	}
	text, err := decodeText(data)
	if err != nil {
		return Transcript{}, err
	}
	t, err := readText(text)
	if err != nil {
		return Transcript{}, err
	}
	t.Cues = tidy(t.Cues)
	return t, nil
}

func readText(text string) (Transcript, error) {
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && !strings.HasPrefix(text, `{\`) {
		return readJSON(text)
	}
	lines := splitLines(text)
	if isVTT(lines) {
		return readVTT(lines)
	}
	return readSRT(lines)
}

// decodeText gives the file's text as UTF-8 without a byte order mark.
func decodeText(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		utf8, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", &ReadError{Problem: ProblemNotUTF8}
		}
		data = utf8
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	if line := brokenUTF8(text); line != 0 {
		if thai, ok := DecodeThai(data); ok {
			return thai, nil
		}
		return "", &ReadError{Line: line, Problem: ProblemNotUTF8}
	}
	return strings.ToValidUTF8(text, "\uFFFD"), nil
}

// DecodeThai reads Windows-874, which Thai editors on Windows still write. It is
// false for what is more likely something else: bytes that Windows-874 has no
// letter for, letters of Western Europe, which stand alone among ASCII, and
// UTF-8 in which many letters are broken.
func DecodeThai(data []byte) (string, bool) {
	high, joined, utf8Leads := 0, 0, 0
	for i, b := range data {
		if b < utf8.RuneSelf {
			continue
		}
		high++
		if i > 0 && data[i-1] >= utf8.RuneSelf || i+1 < len(data) && data[i+1] >= utf8.RuneSelf {
			joined++
		}
		if i > 0 && data[i-1] == 0xE0 && (b == 0xB8 || b == 0xB9) { // of Thai in UTF-8, each third
			utf8Leads++
		}
	}
	text, err := charmap.Windows874.NewDecoder().Bytes(data)
	if err != nil || joined*10 < high*9 || utf8Leads*6 > high || bytes.ContainsRune(text, utf8.RuneError) {
		return "", false
	}
	return string(text), true
}

// brokenUTF8 returns the first line that is not UTF-8, from 1, where the file
// is in another encoding; else 0. Engines do cut a letter in two where a cue
// ends, so a few broken letters among whole ones are let pass.
func brokenUTF8(text string) (line int) {
	broken, whole, at := 0, 0, 0
	for i, r := range text {
		if r == utf8.RuneError && text[i] != "\uFFFD"[0] {
			if broken == 0 {
				at = i
			}
			broken++
		} else if r >= utf8.RuneSelf {
			whole++
		}
	}
	if broken <= whole {
		return 0
	}
	return strings.Count(text[:at], "\n") + 1
}

// splitLines splits a text at the line ends of any system.
func splitLines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}

// collector gathers cues while it keeps to the bounds.
type collector struct {
	cues  []Cue
	bytes int
}

// add takes a cue and cleans its text, or says what is too much.
func (c *collector) add(cue Cue) (Problem, bool) {
	cue.Text = cleanText(cue.Text)
	c.bytes += len(cue.Text)
	switch {
	case len(c.cues) == MaxCues:
		return ProblemTooMany, false
	case len(cue.Text) > MaxCueBytes:
		return ProblemTooLong, false
	case c.bytes > MaxTextBytes:
		return ProblemTooLarge, false
	}
	c.cues = append(c.cues, cue)
	return "", true
}
