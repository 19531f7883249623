package subtitles

import (
	"html"
	"strconv"
	"strings"
)

// maxRawBytes are those of a cue with its markup.
const maxRawBytes = 4 * MaxCueBytes

// blockReader reads SRT and WebVTT, whose cues are blocks of lines: a number or
// name, the times, the text. It goes by the lines with times, so that numbers
// may be missing or repeated, and empty lines too many or too few.
type blockReader struct {
	lines []string
	vtt   bool
	sbv   bool
	c     *collector

	cue      Cue
	times    int // the line of the cue's times; -1 before the first
	from     int // where its text goes on
	text     []string
	number   string // of the cue before
	numbered bool   // the first cue has a number
	raw      int    // bytes of lines since the cue's times
	ended    bool   // an empty line was the cue's end, for WebVTT
	rolling  bool   // there are times within the text, as YouTube has them
}

// read reads the blocks from a line on.
func (r *blockReader) read(at int) *ReadError {
	r.times, r.from = -1, at
	for ; at < len(r.lines); at++ {
		if skip := r.aside(at); skip > at {
			if err := r.take(at); err != nil {
				return err
			}
			r.from, at, r.ended, r.raw = skip, skip-1, true, 0
			continue
		}
		if r.raw += len(r.lines[at]); r.raw > maxRawBytes { // Each line is costly to look at.
			if r.times < 0 {
				return &ReadError{Problem: ProblemUnknownKind}
			}
			return unreadableLine(r.lines, r.times, ProblemTooLong)
		}
		t, ok := parseTimeLine(r.lines[at], r.place(at))
		if !ok {
			continue
		}
		if t.problem != "" {
			return unreadableLine(r.lines, at, t.problem)
		}
		if err := r.take(r.above(at)); err != nil {
			return err
		}
		if err := r.finish(); err != nil {
			return err
		}
		r.cue, r.times, r.from, r.text, r.ended, r.raw = Cue{Start: t.start, End: t.end}, at, at+1, nil, false, 0
		if rest := r.settings(t.rest, at); rest != "" {
			r.text = append(r.text, r.plain(rest, at))
		}
	}
	if r.times < 0 && !r.vtt {
		return &ReadError{Problem: ProblemUnknownKind}
	}
	if err := r.take(len(r.lines)); err != nil {
		return err
	}
	return r.finish()
}

func (r *blockReader) isBlank(at int) bool {
	return at < 0 || skeleton(r.lines[at]) == ""
}

// place tells where a line stands.
func (r *blockReader) place(at int) place {
	switch {
	case r.isBlank(at - 1):
		return afterBlank
	case at-1 < r.from:
		return amongText
	}
	if number, ok := cueNumber(r.lines[at-1]); ok && (r.isBlank(at-2) || r.follows(number)) {
		return afterNumber
	}
	return amongText
}

// above returns where the text before a cue ends: above its number, or in
// WebVTT its name. A number that follows text without an empty line, or has one
// below it, is the cue's if it is the next one.
func (r *blockReader) above(at int) int {
	named := at - 1
	for named >= r.from && r.isBlank(named) {
		named--
	}
	if named < r.from {
		return at
	}
	number, isNumber := cueNumber(r.lines[named])
	first := r.times < 0
	if first {
		r.numbered = isNumber
	}
	below := named == at-1
	switch {
	case isNumber && (below && (first || r.isBlank(named-1)) || r.follows(number)):
		r.number = number
		return named
	case r.vtt && !isNumber && below && r.isBlank(named-1) && r.hasText(named):
		r.c.notices.add(named+1, NoticeIdentifiers, r.lines[named])
		return named
	}
	return at
}

// follows reports whether a number comes after that of the cue before, in a file
// with numbers. Joined files begin at 1 again.
func (r *blockReader) follows(number string) bool {
	if !r.numbered {
		return false
	}
	before, _ := strconv.ParseUint(r.number, 10, 32)
	n, err := strconv.ParseUint(number, 10, 32)
	return err == nil && (n == before+1 || n == before || n == 1)
}

// hasText reports whether the cue has some above a line.
func (r *blockReader) hasText(to int) bool {
	if r.times < 0 {
		return true
	}
	if len(r.text) > 0 {
		return true
	}
	for at := r.from; at < to; at++ {
		if !r.isBlank(at) {
			return true
		}
	}
	return false
}

// take adds the lines up to one to the cue's text.
func (r *blockReader) take(to int) *ReadError {
	for at := r.from; at < to; at++ {
		if r.vtt && r.lines[at] == "" {
			r.ended = true
			continue
		}
		line := r.plain(r.lines[at], at)
		if CleanText(line) == "" {
			continue
		}
		if r.times < 0 {
			if _, ok := cueNumber(line); ok {
				continue
			}
			return unreadableLine(r.lines, at, ProblemStrayText)
		}
		if r.vtt && r.ended && len(r.text) > 0 {
			r.c.notices.add(at+1, NoticeJoined, r.lines[at])
		}
		r.ended = false
		r.text = append(r.text, line)
	}
	r.from = max(r.from, to)
	return nil
}

// finish hands the cue over.
func (r *blockReader) finish() *ReadError {
	if r.times < 0 {
		return nil
	}
	r.cue.Text = strings.Join(r.text, "\n")
	if problem, ok := r.c.add(r.times+1, r.cue); !ok {
		return unreadableLine(r.lines, r.times, problem)
	}
	return nil
}

// settings tells the place of a caption from the text that somebody wrote on the
// line of its times.
func (r *blockReader) settings(rest string, at int) string {
	for {
		field := firstField(rest)
		if field == "" || !settingPattern.MatchString(field) {
			return rest
		}
		r.c.notices.add(at+1, NoticePositions, rest)
		rest = strings.TrimSpace(strings.TrimPrefix(rest, field))
	}
}

// plain is a line of text without markup.
func (r *blockReader) plain(line string, at int) string {
	if r.sbv {
		line = strings.ReplaceAll(line, "[br]", "\n")
	}
	if !strings.ContainsAny(line, `<{&\`) {
		return line
	}
	line = lineBreakTag.ReplaceAllString(line, "\n")
	tag := srtTag
	if r.vtt {
		tag = vttTag
	}
	line = without(line, "<", "<>", ">", func(inner string) bool {
		if !tag.MatchString(inner) {
			return false
		}
		kind := NoticeStyles
		switch {
		case voiceTag.MatchString(inner):
			kind = NoticeVoices
		case timeTag.MatchString(inner):
			r.rolling = true
		}
		if !strings.HasPrefix(inner, "/") {
			r.c.notices.add(at+1, kind, "<"+inner+">")
		}
		return true
	})
	if r.vtt {
		return html.UnescapeString(line)
	}
	line = without(line, "{", "{}", "}", func(inner string) bool {
		if !strings.HasPrefix(inner, `\`) {
			return false
		}
		kind := NoticeStyles
		if placeOverride.MatchString(inner) {
			kind = NoticePositions
		}
		r.c.notices.add(at+1, kind, "{"+inner+"}")
		return true
	})
	return srtEntities.ReplaceAllStringFunc(srtEscaped.Replace(line), html.UnescapeString)
}
