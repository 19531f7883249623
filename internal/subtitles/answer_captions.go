package subtitles

import (
	"math"
	"strings"
	"unicode"
)

// readCaptions reads WebVTT or SRT of an engine. Unlike Read it takes a time that
// is wrong for one that is not known.
func (a *answer) readCaptions(data []byte) error {
	var dropped collector // What a file's reader tells is of no use here.
	text, err := decodeText(data, &dropped.notices)
	if err != nil {
		return err
	}
	if strings.ContainsFunc(text, isBinary) {
		return &ReadError{Problem: ProblemNotUTF8}
	}
	lines := splitLines(text)
	_, vtt, _ := headerLine(lines)
	markup := blockReader{vtt: vtt, c: &dropped}
	from := -1 // the first line of the segment's text
	finish := func(to int) {
		if from < 0 {
			return
		}
		var text []string
		for at := from; at < to; at++ {
			text = append(text, markup.plain(lines[at], at))
		}
		a.segments[len(a.segments)-1].text = strings.Join(text, "\n")
		from = -1
	}
	for at, line := range lines {
		left, right, found := strings.Cut(line, arrow)
		switch {
		case found && isCaptionTime(left) && (isCaptionTime(firstField(right)) || strings.TrimSpace(right) == ""):
			finish(aboveName(lines, from, at))
			s := segment{noSpeech: math.NaN(), logProb: math.NaN(), compression: math.NaN()}
			s.start, s.end = looseSeconds(left), looseSeconds(firstField(right))
			if len(a.segments) == MaxCues {
				return nil
			}
			a.segments = append(a.segments, s)
			from = at + 1
		case vtt && from == at && line == "": // before the text
			from++
		case vtt && from > 0 && line == "":
			finish(at)
		case vtt && a.language == "" && from < 0:
			if m := vttLanguage.FindStringSubmatch(line); m != nil {
				a.language = languageCode(m[1])
			}
		}
	}
	finish(len(lines))
	if a.hasList = vtt || len(a.segments) > 0; !a.hasList {
		a.text = text
	}
	return nil
}

// isCaptionTime reports whether a text stands for a time, right or wrong.
func isCaptionTime(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	return text == "nan" || text == "none" || text == "null" || text == "inf" ||
		strings.ContainsAny(text, "0123456789") && strings.Trim(text, "0123456789:.,-") == ""
}

// aboveName is where the text that began at from ends: before the number of the
// caption whose times are at a line.
func aboveName(lines []string, from, at int) int {
	if from >= 0 && at > from && isNumber(strings.TrimSpace(lines[at-1])) {
		return at - 1
	}
	return at
}

// isBinary reports characters that no text has, such as those of a packed answer.
func isBinary(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\n\v\f\r", r) }

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
