package subtitles

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// readSRT reads what players read: https://wiki.videolan.org/SubRip. Numbers
// may be missing or wrong, and a cue's text may hold empty lines.
func readSRT(lines []string) (Transcript, error) {
	var c collector
	cue, from := Cue{}, 0 // from is the line below the cue's times, 0 before the first
	finish := func(to int) *ReadError {
		text := strings.Join(lines[from:to], "\n")
		if from == 0 {
			return strayText(lines[:to])
		}
		cue.Text = srtEntities.Replace(withoutOverrides(withoutTags(text, srtTag)))
		if problem, ok := c.add(cue); !ok {
			return &ReadError{Line: from, Problem: problem}
		}
		return nil
	}
	for at, line := range lines {
		if !isTimeLine(line) {
			continue
		}
		start, end, problem := parseTimeLine(line)
		if problem != "" {
			return Transcript{}, &ReadError{Line: at + 1, Problem: problem}
		}
		if err := finish(aboveNumber(lines, from, at)); err != nil {
			return Transcript{}, err
		}
		cue, from = Cue{Start: start, End: end}, at+1
	}
	if from == 0 {
		return Transcript{}, &ReadError{Problem: ProblemUnknownKind}
	}
	if err := finish(len(lines)); err != nil {
		return Transcript{}, err
	}
	return Transcript{Cues: c.cues}, nil
}

// aboveNumber returns where the text that began at from ends: before the number
// of the cue whose times are at a line.
func aboveNumber(lines []string, from, at int) int {
	if at > from && isNumber(strings.TrimSpace(lines[at-1])) {
		return at - 1
	}
	return at
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// strayText finds text that no time belongs to, and that would be lost.
func strayText(lines []string) *ReadError {
	for i, line := range lines {
		if line = cleanText(line); line != "" && !isNumber(line) {
			return &ReadError{Line: i + 1, Problem: ProblemStrayText}
		}
	}
	return nil
}

// WriteSRT writes SubRip in UTF-8, with the comma that it wants before the
// milliseconds. The format has no escapes, so a word joiner, which cannot be
// seen, keeps text from being read as a tag, an entity or a time line: it is set
// within "<b", "{b", "\N", "&lt;" and "-->".
//
// Cues without text are left out. Where none is left, one of 1 ms without text
// is written: ffmpeg does not take an empty file for subtitles. Read leaves it
// out.
func WriteSRT(w io.Writer, t Transcript) error {
	b := bufio.NewWriter(w)
	cues := tidy(t.Cues)
	if len(cues) == 0 {
		cues = []Cue{{End: time.Millisecond}}
	}
	for i, c := range cues {
		fmt.Fprintf(b, "%d\n%s %s %s\n%s\n\n", i+1, timestamp(c.Start, ","), arrow, timestamp(c.End, ","), srtText(c.Text))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write SRT: %w", err)
	}
	return nil
}
