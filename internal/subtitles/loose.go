package subtitles

import (
	"strings"
	"unicode"
)

// LooseCaption is a caption whose times may be anything.
type LooseCaption struct {
	Start, End string // as they stand there
	Text       string
}

// Loose is WebVTT or SRT as it was found.
type Loose struct {
	Captions []LooseCaption // MaxCues at most
	Found    bool           // it is WebVTT, or has captions
	Language string         // "" when not known
	Text     string         // all of it
}

// ReadLoose reads WebVTT or SRT of an engine. Unlike Read it takes whatever stands
// in the place of a time. Errors: *ReadError for what is no text.
func ReadLoose(data []byte) (Loose, error) {
	var dropped collector // What a file's reader tells is of no use here.
	text, err := decodeText(data, &dropped.notices)
	if err != nil {
		return Loose{}, err
	}
	if strings.ContainsFunc(text, isBinary) {
		return Loose{}, &ReadError{Problem: ProblemNotUTF8}
	}
	lines := splitLines(text)
	_, vtt, _ := headerLine(lines)
	read := Loose{Found: vtt, Text: text}
	markup := blockReader{vtt: vtt, c: &dropped}
	from := -1 // the first line of the caption's text
	finish := func(to int) {
		if from < 0 {
			return
		}
		var text []string
		for at := from; at < to; at++ {
			text = append(text, markup.plain(lines[at], at))
		}
		read.Captions[len(read.Captions)-1].Text = strings.Join(text, "\n")
		from = -1
	}
	for at, line := range lines {
		left, right, found := strings.Cut(line, arrow)
		switch {
		case found && isCaptionTime(left) && (isCaptionTime(firstField(right)) || strings.TrimSpace(right) == ""):
			finish(aboveName(lines, from, at))
			if len(read.Captions) == MaxCues {
				return read, nil
			}
			read.Captions = append(read.Captions, LooseCaption{Start: left, End: firstField(right)})
			read.Found = true
			from = at + 1
		case vtt && from == at && line == "": // before the text
			from++
		case vtt && from > 0 && line == "":
			finish(at)
		case vtt && read.Language == "" && from < 0:
			if m := vttLanguage.FindStringSubmatch(line); m != nil {
				read.Language = LanguageCode(m[1])
			}
		}
	}
	finish(len(lines))
	return read, nil
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
