package subtitles

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
)

var (
	vttHeader   = regexp.MustCompile(`^WEBVTT(?:[ \t].*)?$`)
	vttLanguage = regexp.MustCompile(`^Language:\s*(\S+)$`)
)

func isVTT(lines []string) bool { return vttHeader.MatchString(lines[0]) }

// readVTT follows https://www.w3.org/TR/webvtt1/#file-parsing, but for two
// things: a line of text may hold an arrow, and a time line that is wrong is an
// error, where a browser would leave the cue out without a word.
func readVTT(lines []string) (Transcript, error) {
	var t Transcript
	var c collector
	at := 1
	for ; at < len(lines) && lines[at] != "" && !isTimeLine(lines[at]); at++ {
		if m := vttLanguage.FindStringSubmatch(lines[at]); m != nil {
			t.Language = languageCode(m[1])
		}
	}
	for at < len(lines) {
		times := vttTimes(lines, at)
		if times < 0 {
			at = blockEnd(lines, at)
			continue
		}
		start, end, problem := parseTimeLine(lines[times])
		if problem != "" {
			return Transcript{}, &ReadError{Line: times + 1, Problem: problem}
		}
		at = times + 1
		for at < len(lines) && lines[at] != "" && !isTimeLine(lines[at]) {
			at++
		}
		text := html.UnescapeString(withoutTags(strings.Join(lines[times+1:at], "\n"), vttTag))
		if problem, ok := c.add(Cue{Start: start, End: end, Text: text}); !ok {
			return Transcript{}, &ReadError{Line: times + 1, Problem: problem}
		}
	}
	t.Cues = c.cues
	return t, nil
}

// vttTimes returns where the block that begins at a line has its times: there,
// or below an identifier. It is -1 for comments, styles and regions.
func vttTimes(lines []string, at int) int {
	if isTimeLine(lines[at]) {
		return at
	}
	switch name := firstField(lines[at]); {
	case name == "NOTE", lines[at] == "STYLE", lines[at] == "REGION":
		return -1
	case at+1 < len(lines) && lines[at] != "" && isTimeLine(lines[at+1]):
		return at + 1
	}
	return -1
}

// blockEnd returns the line after the empty line that ends a block.
func blockEnd(lines []string, at int) int {
	for at < len(lines) && lines[at] != "" {
		at++
	}
	return at + 1
}

// WriteVTT writes WebVTT (https://www.w3.org/TR/webvtt1/) in UTF-8. Cues without
// text are left out; a file without any cue is whole too. No text can be read
// as a tag, an entity or a time line. A word joiner, which cannot be seen,
// follows each backslash and brace: ffmpeg would else break the line at \N and
// leave {\an8} out.
func WriteVTT(w io.Writer, t Transcript) error {
	b := bufio.NewWriter(w)
	b.WriteString("WEBVTT\n")
	for _, c := range tidy(t.Cues) {
		fmt.Fprintf(b, "\n%s %s %s\n%s\n", timestamp(c.Start, "."), arrow, timestamp(c.End, "."), vttText(c.Text))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write VTT: %w", err)
	}
	return nil
}
