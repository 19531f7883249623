package subtitles

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	microDVDLine  = regexp.MustCompile(`^\{\s*(\d{1,9})\s*\}\s*\{\s*(\d{0,9})\s*\}(.*)$`)
	microDVDRate  = regexp.MustCompile(`^\d{1,3}([.,]\d{1,6})?$`)
	microDVDStyle = regexp.MustCompile(`\{[A-Za-z]:[^{}]*\}`)
)

func isMicroDVD(line string) bool { return microDVDLine.MatchString(skeleton(line)) }

// readMicroDVD reads lines like {25}{50}Hello|there, whose times are frames:
// https://en.wikipedia.org/wiki/MicroDVD. How many make a second stands in the
// first line, as {1}{1}25; without that, it has to be asked for.
func readMicroDVD(lines []string, first int, c *collector) error {
	rate := 0.0
	for at := first; at < len(lines); at++ {
		if skeleton(lines[at]) == "" {
			continue
		}
		m := microDVDLine.FindStringSubmatch(skeleton(lines[at]))
		if m == nil {
			return unreadableLine(lines, at, ProblemNotATime)
		}
		if at == first {
			if said := strings.TrimSpace(m[3]); microDVDRate.MatchString(said) && len(m[1]) == 1 && m[1] == m[2] {
				rate, _ = strconv.ParseFloat(strings.Replace(said, ",", ".", 1), 64) // It is a number.
				if rate >= 1 {
					continue
				}
			}
			return unreadableLine(lines, at, ProblemFrameRate)
		}
		if m[2] == "" {
			return unreadableLine(lines, at, ProblemMissing)
		}
		cue := Cue{Start: frames(m[1], rate), End: frames(m[2], rate), Text: microDVDText(c, at, suffix(lines[at], strings.TrimSpace(m[3])))}
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

// frames is when a frame is shown, in whole milliseconds.
func frames(number string, rate float64) time.Duration {
	n, _ := strconv.ParseFloat(number, 64) // Nine digits at most.
	return time.Duration(math.Round(n*1000/rate)) * time.Millisecond
}

// microDVDText is a line's text: a bar ends a line, and {y:i} is a style. A slash
// at the begin is italics.
func microDVDText(c *collector, at int, text string) string {
	for _, style := range microDVDStyle.FindAllString(text, -1) {
		c.notices.add(at+1, NoticeStyles, style)
	}
	rows := strings.Split(microDVDStyle.ReplaceAllString(text, ""), "|")
	for i, row := range rows {
		if rest, ok := strings.CutPrefix(row, "/"); ok {
			c.notices.add(at+1, NoticeStyles, row)
			rows[i] = rest
		}
	}
	return strings.Join(rows, "\n")
}
