package subtitles

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	tsvHeader = regexp.MustCompile(`^start\tend\ttext$`)
	tsvMillis = regexp.MustCompile(`^\d{1,10}$`)
)

func isTSV(lines []string, first int) bool { return tsvHeader.MatchString(lines[first]) }

// readTSV reads the table that openai-whisper writes, with times in milliseconds.
func readTSV(lines []string, first int, c *collector) error {
	for at := first + 1; at < len(lines); at++ {
		if skeleton(lines[at]) == "" {
			continue
		}
		row := strings.SplitN(lines[at], "\t", 3)
		switch {
		case len(row) < 3:
			return unreadableLine(lines, at, ProblemMissing)
		case !tsvMillis.MatchString(row[0]) || !tsvMillis.MatchString(row[1]):
			return unreadableLine(lines, at, ProblemNotATime)
		}
		start, _ := strconv.ParseInt(row[0], 10, 64) // Ten digits at most.
		end, _ := strconv.ParseInt(row[1], 10, 64)
		cue := Cue{Start: time.Duration(start) * time.Millisecond, End: time.Duration(end) * time.Millisecond, Text: row[2]}
		switch {
		case cue.End < cue.Start:
			return unreadableLine(lines, at, ProblemBackwards)
		case cue.End > MaxEnd:
			return unreadableLine(lines, at, ProblemTooLate)
		}
		if problem, ok := c.add(at+1, cue); !ok {
			return unreadableLine(lines, at, problem)
		}
	}
	return nil
}
