package subtitles

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxEnd is the latest time that is taken: what three digits of hours can say.
const MaxEnd = 1000*time.Hour - time.Millisecond

const arrow = "-->"

// clock is a time as it is written, of which hours and fraction may be missing.
type clock struct {
	hours, minutes, seconds string
	mark, fraction          string
	beyond                  string // what follows a fraction that has a mark of its own: "500.0001"
	negative                bool
}

// full reports whether nobody writes such a time in a sentence.
func (c clock) full() bool { return c.hours != "" && c.fraction != "" }

// exact reports whether it has more than minutes and seconds.
func (c clock) exact() bool { return c.hours != "" || c.fraction != "" }

// time is what it says, with either mark before the fraction: SRT wants a comma
// and is often written with a point. Fractions of a millisecond are cut off.
func (c clock) time() (time.Duration, Problem) {
	if c.negative {
		return 0, ProblemNegative
	}
	hours, minutes, seconds := c.hours, c.minutes, c.seconds
	// A mark like that of the minutes comes before frames, whose length is not
	// known, unless three digits can only be milliseconds.
	frames := (c.mark == ":" || c.mark == ";") && len(c.fraction) != 3
	if frames || c.beyond != "" && len(c.fraction) != 3 || len(hours) > 6 || len(minutes) > 3 || len(seconds) > 2 {
		return 0, ProblemNotATime
	}
	// Six digits at most, so none of these overflow or fail.
	h, _ := strconv.Atoi("0" + hours)
	m, _ := strconv.Atoi(minutes)
	s, _ := strconv.Atoi(seconds)
	millis, _ := strconv.Atoi((c.fraction + "000")[:3])
	if s > 59 || m > 59 && hours != "" {
		return 0, ProblemNotATime
	}
	at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute +
		time.Duration(s)*time.Second + time.Duration(millis)*time.Millisecond
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
