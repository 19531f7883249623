package subtitles

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// MaxEnd is the latest time that is taken: what three digits of hours can say.
const MaxEnd = 1000*time.Hour - time.Millisecond

const arrow = "-->"

var (
	timestampPattern = regexp.MustCompile(`^(-?)(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?$`)
	timeCharsPattern = regexp.MustCompile(`^[\d:.,\s-]*$`)
)

// isTimeLine reports whether a line is meant to be a cue's times, right or
// wrong. Text may hold an arrow too.
func isTimeLine(line string) bool {
	left, right, found := strings.Cut(line, arrow)
	if !found || !timeCharsPattern.MatchString(left) {
		return false
	}
	if strings.Contains(left, ":") {
		return true
	}
	end := firstField(right)
	return strings.Contains(end, ":") && timeCharsPattern.MatchString(end)
}

// parseTimeLine reads "00:00:01,000 --> 00:00:02,000" and what VTT writes. The
// place of the caption, which may follow, is of no interest.
func parseTimeLine(line string) (start, end time.Duration, problem Problem) {
	left, right, _ := strings.Cut(line, arrow)
	if start, problem = parseTimestamp(strings.TrimSpace(left)); problem != "" {
		return 0, 0, problem
	}
	if end, problem = parseTimestamp(firstField(right)); problem != "" {
		return 0, 0, problem
	}
	if end < start {
		return 0, 0, ProblemBackwards
	}
	return start, end, ""
}

// parseTimestamp reads hours, minutes and seconds, with either mark before the
// fraction: SRT wants a comma and is often written with a point.
func parseTimestamp(s string) (time.Duration, Problem) {
	m := timestampPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, ProblemNotATime
	}
	if m[1] != "" {
		return 0, ProblemNegative
	}
	// Six digits at most, so none of these overflow or fail.
	hours, _ := strconv.Atoi("0" + m[2])
	minutes, _ := strconv.Atoi(m[3])
	seconds, _ := strconv.Atoi(m[4])
	millis, _ := strconv.Atoi((m[5] + "000")[:3])
	if minutes > 59 || seconds > 59 {
		return 0, ProblemNotATime
	}
	at := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute +
		time.Duration(seconds)*time.Second + time.Duration(millis)*time.Millisecond
	if at > MaxEnd {
		return 0, ProblemTooLate
	}
	return at, ""
}

// timestamp writes a time, "01:02:03.004", with the mark before the fraction.
func timestamp(at time.Duration, mark string) string {
	ms := at.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, mark, ms%1000)
}

func firstField(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return fields[0]
	}
	return ""
}
