package subtitles

import (
	"regexp"
	"strings"
	"time"
)

var (
	assBegin   = regexp.MustCompile(`^(?i)\[Script Info\]$|^Dialogue:\s*[^,]*,\s*\d+:\d\d:\d\d`)
	assSection = regexp.MustCompile(`^\[[^\]]+\]$`)
	assClock   = regexp.MustCompile(`^` + clockSource + `$`)
	assDrawing = regexp.MustCompile(`\\p([0-9])`)
	assBreaks  = strings.NewReplacer(`\N`, "\n", `\n`, " ", `\h`, " ")
)

// assFields are those of an event where no Format line names others.
const assFields = "layer,start,end,style,name,marginl,marginr,marginv,effect,text"

// isASS reports whether the file is one of SubStation Alpha, by its first line.
func isASS(lines []string, first int) bool { return assBegin.MatchString(skeleton(lines[first])) }

// readASS reads the events of SubStation Alpha, both versions of it:
// http://www.tcax.org/docs/ass-specs.htm. Styles, fonts and pictures are dropped.
func readASS(lines []string, c *collector) error {
	fields, section := strings.Split(assFields, ","), ""
	for at, line := range lines {
		bare := skeleton(line)
		name, value, found := strings.Cut(strings.TrimLeft(line, "\uFEFF \t"), ":")
		switch {
		case bare == "":
		case assSection.MatchString(bare):
			section = strings.ToLower(bare)
			if strings.Contains(section, "styles") || section == "[fonts]" || section == "[graphics]" {
				c.notices.add(at+1, NoticeStyles, line)
			}
		case section != "" && section != "[events]": // of the script, not said
		case found && name == "Format":
			fields = strings.Split(strings.ToLower(strings.ReplaceAll(value, " ", "")), ",")
		case found && name == "Dialogue":
			if problem := addASS(c, at, fields, value); problem != "" {
				return unreadableLine(lines, at, problem)
			}
		case found && name == "Comment", strings.HasPrefix(bare, ";"), strings.HasPrefix(bare, "!:"):
			c.notices.add(at+1, NoticeComments, line)
		case found && (name == "Picture" || name == "Sound" || name == "Movie" || name == "Command"):
			c.notices.add(at+1, NoticeStyles, line)
		default:
			return unreadableLine(lines, at, ProblemStrayText)
		}
	}
	return nil
}

// addASS adds an event, whose last field is the text, with commas of its own.
func addASS(c *collector, at int, fields []string, event string) Problem {
	values := strings.SplitN(event, ",", len(fields))
	if len(values) < len(fields) {
		return ProblemMissing
	}
	var cue Cue
	var problem Problem
	found := 0
	for i, field := range fields {
		switch field {
		case "start":
			cue.Start, problem = assTime(values[i])
			found++
		case "end":
			cue.End, problem = assTime(values[i])
			found++
		case "name", "actor":
			if name := strings.TrimSpace(values[i]); name != "" {
				c.notices.add(at+1, NoticeVoices, name)
			}
		case "text":
			cue.Text = assText(c, at, values[i])
			found++
		}
		if problem != "" {
			return problem
		}
	}
	switch {
	case found != 3:
		return ProblemMissing
	case cue.End < cue.Start:
		return ProblemBackwards
	}
	problem, _ = c.add(at+1, cue)
	return problem
}

func assTime(s string) (at time.Duration, problem Problem) {
	m := assClock.FindStringSubmatch(skeleton(s))
	if m == nil {
		return 0, ProblemNotATime
	}
	return clockOf(m[1:]).time()
}

// assText is the text without what is between braces, and without drawings.
func assText(c *collector, at int, text string) string {
	var kept strings.Builder
	drawing := false
	for text != "" {
		before, rest, open := strings.Cut(text, "{")
		inner, after, closed := strings.Cut(rest, "}")
		if !open || !closed {
			before, after = text, ""
		}
		if !drawing {
			kept.WriteString(assBreaks.Replace(before))
		}
		if open && closed {
			kind := NoticeStyles
			switch {
			case !strings.Contains(inner, `\`):
				kind = NoticeComments
			case placeOverride.MatchString(inner):
				kind = NoticePositions
			}
			c.notices.add(at+1, kind, "{"+inner+"}")
			for _, m := range assDrawing.FindAllStringSubmatch(inner, -1) {
				drawing = m[1] != "0"
			}
		}
		text = after
	}
	return kept.String()
}
