package subtitles

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	lrcTime   = regexp.MustCompile(`^\s*\[\s*` + clockSource + `\s*\]`)
	lrcTag    = regexp.MustCompile(`^\s*\[([A-Za-z#]+)\s*:(.*)\]\s*$`)
	lrcWord   = regexp.MustCompile(`<\s*\d+:\d\d(?:[.:]\d+)?\s*>`)
	lrcBroken = regexp.MustCompile(`^\s*\[\s*\d`)
	lrcOffset = regexp.MustCompile(`^\s*([+-]?\d{1,7})\s*$`)
)

// lastLine is how long the last line of a song stays, where nothing says it.
const lastLine = 5 * time.Second

// isLRC reports whether the file is lyrics: tags like [ti:…], then lines that
// begin with a time between brackets.
func isLRC(lines []string, first int) bool {
	for _, line := range lines[first:] {
		line = skeleton(line)
		if lrcTime.MatchString(line) {
			return !arrowPattern.MatchString(line)
		}
		if line != "" && !lrcTag.MatchString(line) {
			return false
		}
	}
	return false
}

// readLRC reads lyrics: https://en.wikipedia.org/wiki/LRC_(file_format). A line
// stays until the next one. One with several times is sung as often, one without
// words ends the one before it, and one without a time goes on with it.
func readLRC(lines []string, c *collector) error {
	var song []fileCue
	var offset time.Duration
	last := 0 // how many cues the line before has
	for at, line := range lines {
		bare := skeleton(line)
		var starts []time.Duration
		for {
			m := lrcTime.FindStringSubmatch(bare)
			if m == nil {
				break
			}
			written := clockOf(m[1:])
			start, problem := written.time()
			if written.hours != "" && written.fraction == "" {
				problem = ProblemNotATime // Hours for some, hundredths for others.
			}
			if problem != "" {
				return unreadableLine(lines, at, problem)
			}
			starts = append(starts, start)
			bare = bare[len(m[0]):]
		}
		words := strings.TrimSpace(lrcWord.ReplaceAllString(suffix(line, strings.TrimSpace(bare)), ""))
		switch tag := lrcTag.FindStringSubmatch(bare); {
		case bare == "" && len(starts) == 0:
		case len(starts) > 0:
			if len(song)+len(starts) > MaxCues {
				return unreadableLine(lines, at, ProblemTooMany)
			}
			for _, start := range starts {
				song = append(song, fileCue{Cue{Start: start, Text: words}, at + 1})
			}
			last = len(starts)
		case tag != nil && strings.EqualFold(tag[1], "offset") && lrcOffset.MatchString(tag[2]):
			ms, _ := strconv.Atoi(strings.TrimSpace(tag[2])) // Seven digits at most.
			offset = time.Duration(ms) * time.Millisecond
		case tag != nil:
			c.notices.add(at+1, NoticeHeader, line)
		case lrcBroken.MatchString(bare):
			return unreadableLine(lines, at, ProblemNotATime)
		case len(song) == 0:
			return unreadableLine(lines, at, ProblemStrayText)
		case last > 1: // It would be repeated as often.
			return unreadableLine(lines, at, ProblemStrayText)
		default:
			before := &song[len(song)-1]
			if before.Text += "\n" + line; len(before.Text) > MaxCueBytes {
				return unreadableLine(lines, at, ProblemTooLong)
			}
		}
	}
	return addSong(c, song, offset)
}

// addSong gives each line its end. A positive offset has the lines come earlier.
func addSong(c *collector, song []fileCue, offset time.Duration) error {
	slices.SortStableFunc(song, func(a, b fileCue) int { return cmp.Compare(a.Start, b.Start) })
	next, end := time.Duration(-1), time.Duration(-1) // the start after, and that after those at the same time
	for i := len(song) - 1; i >= 0; i-- {
		line := &song[i]
		if next != line.Start {
			next, end = line.Start, next
		}
		if line.End = end; end < 0 {
			line.End = line.Start + lastLine
		}
	}
	for _, line := range song {
		line.Start, line.End = max(line.Start-offset, 0), max(line.End-offset, 0)
		if line.Text == "" {
			continue
		}
		if problem, ok := c.add(line.line, line.Cue); !ok {
			return &ReadError{Line: line.line, Content: content(line.Text), Problem: problem}
		}
	}
	return nil
}
