package subtitles

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// tidy gives cues the form that Cue promises: clean text in each, whole
// milliseconds, 0 <= Start < End, sorted by Start. Cues without text are left
// out. The given cues stay as they are.
func tidy(cues []Cue) []Cue {
	tidied := make([]Cue, 0, len(cues))
	for _, c := range cues {
		c.Text = CleanText(c.Text)
		if c.Text == "" {
			continue
		}
		c.Start = min(max(c.Start.Truncate(time.Millisecond), 0), MaxEnd-time.Millisecond)
		c.End = min(max(c.End.Truncate(time.Millisecond), c.Start+time.Millisecond), MaxEnd)
		tidied = append(tidied, c)
	}
	SortCues(tidied)
	return tidied
}

// SortCues sorts by Start and keeps the order of what starts together.
func SortCues(cues []Cue) {
	slices.SortStableFunc(cues, func(a, b Cue) int { return cmp.Compare(a.Start, b.Start) })
}

// CleanText gives a text the form in which it is kept: valid UTF-8, lines ended
// by "\n", none of them empty or with space around it, no control characters.
// A file format has no way to say an empty line, where a cue ends.
func CleanText(text string) string {
	text = composeSaraAm(strings.Map(cleanRune, strings.ToValidUTF8(text, "\uFFFD")))
	if !strings.Contains(text, "\n") {
		return strings.TrimSpace(text)
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// cleanRune maps a character to the one that is kept, or to -1. The word joiner
// and the byte order mark cannot be seen; the first is what WriteSRT sets between
// characters that would else be markup. ffmpeg takes text with U+FFFE for broken.
func cleanRune(r rune) rune {
	switch {
	case r == '\n', r == '\r', r == '\v', r == '\f', r == '\u0085', r == '\u2028', r == '\u2029':
		return '\n'
	case r == '\t':
		return ' '
	case r == '\u2060', r == '\uFEFF', unicode.Is(unicode.Cc, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
		return -1
	}
	return r
}

var (
	nikhahitFirst = regexp.MustCompile("\u0E4D([\u0E48-\u0E4B]*)\u0E32")
	saraAaFirst   = regexp.MustCompile("\u0E32([\u0E48-\u0E4B]*)\u0E4D")
)

// composeSaraAm writes SARA AM for its two halves, NIKHAHIT and SARA AA, in
// whatever order they and a tone stand: they look the same, and who searches for
// the one would not find the other.
func composeSaraAm(text string) string {
	if !strings.Contains(text, "\u0E4D") {
		return text
	}
	return saraAaFirst.ReplaceAllString(nikhahitFirst.ReplaceAllString(text, "${1}\u0E33"), "${1}\u0E33")
}
