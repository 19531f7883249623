package subtitles

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrUnreadable says that a file holds no subtitles that can be read. It is
// wrapped in a *ReadError or *CueError, which know more.
var ErrUnreadable = errors.New("these subtitles cannot be read")

// Problem says what is wrong with a file or a cue, for a page to explain.
type Problem string

// The problems there are.
const (
	ProblemUnknownKind Problem = "unknown-kind"      // none of the formats
	ProblemNoCues      Problem = "no-captions"       // nothing at all, or a format without any
	ProblemMalformed   Problem = "malformed"         // JSON that is none, or of other types
	ProblemNotUTF8     Problem = "not-utf-8"         // most likely another encoding
	ProblemEncodedUTF8 Problem = "encoded-twice"     // UTF-8 that was read as something else and lost letters
	ProblemTooLarge    Problem = "too-large"         // more bytes or text than is taken
	ProblemTooMany     Problem = "too-many-cues"     //
	ProblemTooLong     Problem = "text-too-long"     // one cue's
	ProblemStrayText   Problem = "text-without-time" // before the first time
	ProblemHeader      Problem = "not-webvtt"        // a first line that is almost WEBVTT
	ProblemMissing     Problem = "missing"           // a field that must be there
	ProblemNotATime    Problem = "not-a-time"
	ProblemNegative    Problem = "negative"
	ProblemTooLate     Problem = "too-late" // beyond MaxEnd
	ProblemBackwards   Problem = "ends-before-start"
	ProblemFrameRate   Problem = "no-frame-rate" // of times that count frames
)

// maxContent is how many characters of a line are repeated.
const maxContent = 80

// ReadError tells where a file stops making sense. It unwraps to ErrUnreadable.
type ReadError struct {
	Line    int    // from 1; 0 where it is not known
	Content string // what stands there, or its begin
	Problem Problem
}

func (e *ReadError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v: %s", ErrUnreadable, e.Problem)
	}
	return fmt.Sprintf("%v: line %d: %s", ErrUnreadable, e.Line, e.Problem)
}

func (e *ReadError) Unwrap() error { return ErrUnreadable }

// unreadableLine is the error of the line at an index.
func unreadableLine(lines []string, at int, problem Problem) *ReadError {
	return &ReadError{Line: at + 1, Content: content(lines[at]), Problem: problem}
}

// content is the begin of a line as it is shown.
func content(line string) string {
	if len(line) > maxContent*utf8.UTFMax {
		line = line[:maxContent*utf8.UTFMax] // The rest is not shown.
	}
	line = strings.Join(strings.Fields(CleanText(line)), " ")
	n := 0
	for i := range line {
		if n == maxContent {
			return line[:i] + "…"
		}
		n++
	}
	return line
}
