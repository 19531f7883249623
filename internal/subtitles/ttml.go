package subtitles

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	ttmlBegin  = regexp.MustCompile(`^\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*|<!DOCTYPE[^>]*>\s*)*<([A-Za-z]\w*:)?tt[\s>]`)
	ttmlFrames = regexp.MustCompile(`^(\d{2,6}):(\d\d):(\d\d):(\d{1,6})$`)
	ttmlOffset = regexp.MustCompile(`^(\d{1,15}(?:\.\d{1,15})?)(h|ms|m|s|f|t)$`)
	xmlSpace   = regexp.MustCompile(`[ \t\r\n]+`)
)

// maxTTMLDepth is more than any caption has.
const maxTTMLDepth = 100

// noEnd is that of what has none of its own.
const noEnd = time.Duration(-1)

func isTTML(text string) bool { return ttmlBegin.MatchString(text) }

// ttmlReader reads https://www.w3.org/TR/ttml2/ as streams and broadcasters have
// it: paragraphs, and parts of them, with times that are relative to what they
// are in.
type ttmlReader struct {
	text          string
	dec           *xml.Decoder
	c             *collector
	language      string
	frames, ticks float64 // a second
	open          []ttmlElement
	begun         int64 // the offset of the token at hand
	line          int   // its line
}

// ttmlElement is one that is open.
type ttmlElement struct {
	name       string
	begin, end time.Duration
	timed      bool // it is a cue: a paragraph, or has times of its own
	aside      bool // it tells of captions, and is none
	preserve   bool // its white space counts
	parts      bool // there are cues in it
	line       int
	said       *strings.Builder
}

func readTTML(text string, c *collector) (language string, err error) {
	r := &ttmlReader{text: text, dec: xml.NewDecoder(strings.NewReader(text)), c: c, frames: 30, ticks: 1}
	r.dec.Entity = xml.HTMLEntity
	r.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // It is UTF-8 by now.
	for {
		r.begun = r.dec.InputOffset()
		r.line, _ = r.dec.InputPos()
		token, err := r.dec.Token()
		if errors.Is(err, io.EOF) {
			return LanguageCode(r.language), nil
		}
		problem := ProblemMalformed
		if err == nil {
			problem = r.take(token)
		}
		if problem != "" {
			line := r.text[r.begun:min(len(r.text), int(r.begun)+maxContent*utf8.UTFMax)]
			return "", &ReadError{Line: r.line, Content: content(line), Problem: problem}
		}
	}
}

func (r *ttmlReader) take(token xml.Token) Problem {
	switch token := token.(type) {
	case xml.StartElement:
		return r.start(token)
	case xml.EndElement:
		return r.finish()
	case xml.CharData:
		return r.say(string(token))
	}
	return ""
}

func (r *ttmlReader) start(token xml.StartElement) Problem {
	e := ttmlElement{name: token.Name.Local, end: noEnd, line: r.line}
	if len(r.open) > 0 {
		outer := r.open[len(r.open)-1]
		e.begin, e.end, e.aside, e.preserve, e.said = outer.begin, outer.end, outer.aside, outer.preserve, outer.said
	}
	switch e.name {
	case "head", "metadata", "title", "desc", "actor", "agent", "name", "copyright":
		e.aside = true
	case "p":
		e.timed = true
	case "br":
		if e.said != nil {
			e.said.WriteByte('\n')
		}
	}
	if problem := r.attributes(&e, token.Attr); problem != "" {
		return problem
	}
	if e.timed && !e.aside {
		e.said = new(strings.Builder)
	}
	if len(r.open) == maxTTMLDepth {
		return ProblemMalformed
	}
	r.open = append(r.open, e)
	return ""
}

// attributes reads the times of an element, and what is dropped of it.
func (r *ttmlReader) attributes(e *ttmlElement, attributes []xml.Attr) Problem {
	outer, duration := *e, noEnd
	multiplier := 1.0
	for _, a := range attributes {
		var problem Problem
		var at time.Duration
		switch a.Name.Local {
		case "lang":
			if e.name == "tt" {
				r.language = a.Value
			}
		case "space":
			e.preserve = a.Value == "preserve"
		case "frameRate":
			r.frames, problem = positive(a.Value)
		case "tickRate":
			r.ticks, problem = positive(a.Value)
		case "frameRateMultiplier":
			if parts := strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == ':' }); len(parts) == 2 {
				above, first := positive(parts[0])
				below, second := positive(parts[1])
				if first != "" || second != "" {
					problem = ProblemNotATime
				}
				multiplier = above / below
			}
		case "begin":
			at, problem = r.time(a.Value)
			e.begin, e.timed = outer.begin+at, e.timed || e.name == "span"
		case "end":
			at, problem = r.time(a.Value)
			e.end, e.timed = outer.begin+at, e.timed || e.name == "span"
		case "dur":
			duration, problem = r.time(a.Value)
		case "region", "origin", "textAlign":
			r.drop(e, NoticePositions, a)
		case "style", "color", "fontStyle", "fontWeight", "textDecoration", "fontFamily", "fontSize":
			r.drop(e, NoticeStyles, a)
		}
		if problem != "" {
			return problem
		}
	}
	r.frames *= multiplier
	if duration != noEnd {
		e.end = e.begin + duration
	}
	if outer.end != noEnd && e.end != noEnd {
		e.end = min(e.end, max(outer.end, e.begin))
	}
	return ""
}

func (r *ttmlReader) drop(e *ttmlElement, kind NoticeKind, a xml.Attr) {
	if e.name == "p" || e.name == "span" {
		r.c.notices.add(r.line, kind, a.Name.Local+"="+a.Value)
	}
}

func positive(s string) (float64, Problem) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || n < 0.001 || n > 1e9 {
		return 1, ProblemNotATime
	}
	return n, ""
}

// time reads a time expression: 00:00:01.5, 00:00:01:12 with frames, 1.5s.
func (r *ttmlReader) time(s string) (time.Duration, Problem) {
	s = skeleton(s)
	seconds := 0.0
	if m := ttmlOffset.FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseFloat(m[1], 64) // The pattern is that of a number.
		seconds = n * map[string]float64{"h": 3600, "m": 60, "s": 1, "ms": 0.001, "f": 1 / r.frames, "t": 1 / r.ticks}[m[2]]
	} else if m := ttmlFrames.FindStringSubmatch(s); m != nil {
		whole, problem := clock{hours: m[1], minutes: m[2], seconds: m[3]}.time()
		if problem != "" {
			return 0, problem
		}
		n, _ := strconv.ParseFloat(m[4], 64)
		seconds = whole.Seconds() + n/r.frames
	} else {
		return assTime(s)
	}
	if seconds > MaxEnd.Seconds() {
		return 0, ProblemTooLate
	}
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond, ""
}

// say adds words to the cue that is open.
func (r *ttmlReader) say(words string) Problem {
	if len(r.open) == 0 {
		return ""
	}
	e := r.open[len(r.open)-1]
	switch {
	case e.aside:
		return ""
	case e.said == nil:
		if CleanText(words) != "" {
			return ProblemStrayText
		}
		return ""
	case !e.preserve:
		words = xmlSpace.ReplaceAllString(words, " ")
	}
	if e.said.Len()+len(words) > MaxCueBytes {
		return ProblemTooLong
	}
	e.said.WriteString(words)
	return ""
}

// finish closes an element, and hands it over if it is a cue.
func (r *ttmlReader) finish() Problem {
	e := r.open[len(r.open)-1]
	r.open = slices.Delete(r.open, len(r.open)-1, len(r.open))
	if !e.timed || e.aside {
		return ""
	}
	r.line = e.line
	for i := len(r.open) - 1; i >= 0 && !r.open[i].parts; i-- {
		r.open[i].parts = true
	}
	text := CleanText(e.said.String())
	switch {
	case text == "" && (e.name != "p" || e.parts):
		return ""
	case text != "" && e.end == noEnd:
		return ProblemMissing
	case e.end != noEnd && e.end < e.begin:
		return ProblemBackwards
	case e.end > MaxEnd:
		return ProblemTooLate
	case text == "":
		r.c.notices.add(e.line, NoticeEmpty, "")
		return ""
	}
	problem, _ := r.c.add(e.line, Cue{Start: e.begin, End: e.end, Text: text})
	return problem
}
