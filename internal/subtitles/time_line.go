package subtitles

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const clockSource = `(\d+)\s*:\s*(\d+)(?:\s*:\s*(\d+))?(?:\s*([.,:;])\s*(\d+)([.,]\d+)?)?`

var (
	// timesPattern is a number, where it stands on the same line, a time, what is
	// no letter, another time, and the rest.
	timesPattern = regexp.MustCompile(`^(?:[#(\[]?\d+[.)\]]?\s+)?[\[({"'*\s]*([-−]?)` + clockSource +
		`([^\pL\pN:]{1,20}?|\s*[-–—=]*&gt[:;]\s*|\s+to\s+)` + clockSource + `(?:s?[\])}]+|s\b)?(\s.*|[^\s\d:].*)?$`)
	// otherClocks are times with other marks than colons.
	otherClocks  = regexp.MustCompile(`^\d+(?:[^\s\d:]\s?\d+){2,6}\S?\s*-->\s*\d+(?:[^\s\d:]\s?\d+){2,6}`)
	clockPattern = regexp.MustCompile(clockSource)
	// arrowPattern is an arrow that nobody writes between two times of a day.
	arrowPattern     = regexp.MustCompile(`[-–—−=~]\s?>|[→⟶➔➜➡⇒⇨]|[-–—=]&gt[:;]`)
	timeCharsPattern = regexp.MustCompile(`^[\d:;.,\s\-−\[({"'*]*$`)
	numberPattern    = regexp.MustCompile(`^[#(\[]?\s*(\d+)\s*[.)\]:]?$`)
)

// timeLine is a line that holds a cue's times, or is meant to.
type timeLine struct {
	start, end time.Duration
	rest       string // what follows the times
	problem    Problem
}

// place is where a line stands, which decides about those that are a time line
// in one file and text in another.
type place int

const (
	amongText   place = iota
	afterBlank        // or at the begin of the file
	afterNumber       // which looks like a cue's
)

// parseTimeLine reads "00:00:01,000 --> 00:00:02,000" and what people and
// programs make of it. It is false for text, which may hold times and arrows,
// too. What is meant for times and cannot be read has a problem.
func parseTimeLine(line string, where place) (timeLine, bool) {
	if len(line) > MaxCueBytes { // No text may have as much.
		return timeLine{}, false
	}
	if !strings.ContainsFunc(line, isColon) && !strings.Contains(line, arrow) || strings.HasPrefix(line, protected) {
		return timeLine{}, false
	}
	original := line
	line = skeleton(line)
	if otherClocks.MatchString(line) {
		return timeLine{problem: ProblemNotATime}, true
	}
	m := timesPattern.FindStringSubmatch(line)
	if m == nil {
		return timeLine{problem: ProblemNotATime}, isBrokenTimeLine(line, where)
	}
	from, to := clockOf(m[2:8]), clockOf(m[9:15])
	between := m[8]
	strong, exact := arrowPattern.MatchString(between), from.exact() && to.exact()
	switch {
	case strings.Contains(between, arrow), from.full() && to.full(), strong && exact:
	case where == afterNumber, where == afterBlank && (strong || exact):
	default:
		return timeLine{}, false
	}
	from.negative = m[1] != ""
	to.negative = strong && (strings.HasSuffix(between, "-") || strings.HasSuffix(between, "−"))
	t := timeLine{rest: suffix(original, strings.TrimSpace(m[15]))}
	if t.start, t.problem = from.time(); t.problem == "" {
		t.end, t.problem = to.time()
	}
	switch at := arrowPattern.FindStringIndex(t.rest); {
	case t.problem != "":
	case m[15] != "" && m[15][0] != ' ' && m[15][0] != '\t' && len(to.fraction) < 3:
		t.problem = ProblemNotATime // It may be a digit of the time.
	case at != nil && (strings.Trim(t.rest[:at[0]], "-–—−=~") == "" || clockPattern.MatchString(t.rest)):
		t.problem = ProblemNotATime // There are three times.
	case t.end < t.start:
		t.problem = ProblemBackwards
	}
	return t, true
}

// isBrokenTimeLine reports whether a line that cannot be read has the times of a
// cue all the same: an arrow beside one, two that are written in full, two that
// it begins with, or one below a number.
func isBrokenTimeLine(line string, where place) bool {
	if at := arrowPattern.FindStringIndex(line); at != nil {
		left, right := line[:at[0]], firstField(strings.TrimLeft(line[at[1]:], "> "))
		left = strings.TrimRight(left, "-–—−=~ ")
		leftOnly := timeCharsPattern.MatchString(left)
		rightOnly := strings.Contains(right, ":") && timeCharsPattern.MatchString(right)
		leftClock := false
		if times := clockPattern.FindAllStringIndex(left, -1); times != nil {
			leftClock = strings.TrimSpace(left[times[len(times)-1][1]:]) == ""
		}
		if leftOnly && (rightOnly || strings.Contains(left, ":")) || leftClock && rightOnly {
			return true
		}
	}
	full, exact := 0, 0
	times := clockPattern.FindAllStringSubmatchIndex(line, -1)
	for _, t := range times {
		hours, fraction := t[6] >= 0, t[10] >= 0
		if hours && fraction {
			full++
		}
		if hours || fraction {
			exact++
		}
	}
	begins := len(times) > 0 && timeCharsPattern.MatchString(line[:times[0][0]])
	return full >= 2 || begins && (exact >= 2 || where == afterNumber && (exact == 1 || len(times) >= 2))
}

// clockOf gives the groups of clockSource their names.
func clockOf(m []string) clock {
	c := clock{hours: m[0], minutes: m[1], seconds: m[2], mark: m[3], fraction: m[4], beyond: m[5]}
	if c.seconds == "" { // There are two parts.
		c.hours, c.minutes, c.seconds = "", m[0], m[1]
	}
	return c
}

func isColon(r rune) bool { return r == ':' || r == ';' || r == '：' || r == '∶' || r == '；' }

// skeleton is a line as its structure is told by: without what cannot be seen,
// with the blanks, digits and marks of ASCII.
func skeleton(line string) string {
	plain := true
	for i := 0; i < len(line) && plain; i++ {
		plain = line[i] < 0x80 && line[i] != ';'
	}
	if !plain {
		line = strings.Map(skeletonRune, line)
	}
	return strings.TrimSpace(line)
}

// suffix is the end of a line that its skeleton ends with.
func suffix(line, end string) string {
	left := utf8.RuneCountInString(end)
	line = strings.TrimRightFunc(line, func(r rune) bool { r = skeletonRune(r); return r == -1 || unicode.IsSpace(r) })
	at := len(line)
	for left > 0 && at > 0 {
		r, size := utf8.DecodeLastRuneInString(line[:at])
		at -= size
		if skeletonRune(r) != -1 {
			left--
		}
	}
	return line[at:]
}

func skeletonRune(r rune) rune {
	switch {
	case r == ';':
		return ':'
	case r < 0x80:
		return r
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.Is(unicode.Nd, r):
		return '0' + digit(r)
	}
	switch r {
	case '：', '∶', '；':
		return ':'
	case '，', '،', '٬', '、':
		return ','
	case '．', '٫', '。':
		return '.'
	}
	return r
}

// digit is the value of a decimal digit of any script. They come in tens.
func digit(r rune) rune {
	for _, in := range unicode.Nd.R16 {
		if r >= rune(in.Lo) && r <= rune(in.Hi) {
			return (r - rune(in.Lo)) % 10
		}
	}
	for _, in := range unicode.Nd.R32 {
		if r >= rune(in.Lo) && r <= rune(in.Hi) {
			return (r - rune(in.Lo)) % 10
		}
	}
	return 0
}

// cueNumber reads "7", "#7" or "7.", which stand above a cue's times.
func cueNumber(line string) (digits string, ok bool) {
	if len(line) > 4*maxContent {
		return "", false
	}
	m := numberPattern.FindStringSubmatch(skeleton(line))
	if m == nil {
		return "", false
	}
	return m[1], true
}

// protected comes before a line of text that would be read as a time line. It
// cannot be seen.
const protected = wordJoiner + wordJoiner

// protect keeps the lines of a text from being read as times.
func protect(text string) string {
	if !strings.ContainsFunc(text, isColon) && !strings.Contains(text, "--") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if _, ok := parseTimeLine(line, afterNumber); ok {
			lines[i] = protected + line
		}
	}
	return strings.Join(lines, "\n")
}
