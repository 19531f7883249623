package subtitles

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	vttHeader   = regexp.MustCompile(`^(?i)WEBVTT(?:[ \t].*)?$`)
	vttLanguage = regexp.MustCompile(`^Language:\s*(\S+)$`)
	// vttField is a line of a header that YouTube and streams have.
	vttField = regexp.MustCompile(`^[\w-]+\s*[:=]|^(::|##|[{}])|[{}]\s*$`)
	// almostHeader is what people make of the first line.
	almostHeader = regexp.MustCompile(`^(?i)(WEB\s?VTT|WEBVT\b|VTT$)`)
)

// headerLine is the first line that is not blank, and whether it is WEBVTT in
// any letters, or almost.
func headerLine(lines []string) (at int, is, almost bool) {
	for at < len(lines)-1 && skeleton(lines[at]) == "" {
		at++
	}
	line := skeleton(lines[at])
	is = vttHeader.MatchString(line)
	return at, is, !is && almostHeader.MatchString(line)
}

// readVTT follows https://www.w3.org/TR/webvtt1/#file-parsing, but for this: a
// line of text may hold an arrow, a time line that is wrong is an error, where a
// browser would leave the cue out without a word, and text that no cue has is
// that of the cue before it.
func readVTT(lines []string, header int, c *collector) (language string, err error) {
	r := blockReader{lines: lines, vtt: true, c: c}
	at := header + 1
	for ; at < len(lines) && lines[at] != ""; at++ {
		if _, ok := parseTimeLine(lines[at], afterBlank); ok {
			break
		}
		if m := vttLanguage.FindStringSubmatch(lines[at]); m != nil {
			language = LanguageCode(m[1])
		} else if _, number := cueNumber(lines[at]); number {
			break
		} else if !vttField.MatchString(lines[at]) {
			c.notices.add(at+1, NoticeHeader, lines[at])
		}
	}
	if err := r.read(at); err != nil {
		return "", err
	}
	if r.rolling {
		c.joinRolling()
	}
	return language, nil
}

// aside returns the line after a block that is no cue and begins at a line, else
// that line.
func (r *blockReader) aside(at int) int {
	if !r.vtt || at > 0 && r.lines[at-1] != "" {
		return at
	}
	kind := NoticeStyles
	switch line := r.lines[at]; {
	case firstField(line) == "NOTE" && strings.HasPrefix(line, "NOTE"):
		kind = NoticeComments
	case vttHeader.MatchString(line): // Files were joined.
		kind = NoticeHeader
	case strings.TrimSpace(line) != "STYLE" && strings.TrimSpace(line) != "REGION":
		return at
	}
	r.c.notices.add(at+1, kind, r.lines[at])
	for at < len(r.lines) && r.lines[at] != "" {
		if _, ok := parseTimeLine(r.lines[at], amongText); ok && kind == NoticeHeader {
			break
		}
		at++
	}
	return at
}

// sameTime is how much later a caption may start that rolls on.
const sameTime = 100 * time.Millisecond

// joinRolling leaves out of each caption the lines that the one before it ends
// with: YouTube shows each line twice, at the bottom and then above the next.
func (c *collector) joinRolling() {
	joined := c.cues[:0]
	var before []string
	var end time.Duration
	for _, f := range c.cues {
		lines := strings.Split(f.Text, "\n")
		if f.Text == "" {
			continue
		}
		n := 0
		if f.Start <= end+sameTime {
			n = repeated(before, lines)
		}
		before, end = lines, f.End
		if n > 0 {
			c.notices.add(f.line, NoticeRolling, lines[0])
		}
		if n == len(lines) {
			joined[len(joined)-1].End = max(joined[len(joined)-1].End, f.End)
			continue
		}
		f.Text = strings.Join(lines[n:], "\n")
		joined = append(joined, f)
	}
	c.cues = joined
}

// repeated is how many lines a begins with of those that b ends with. Captions
// have few lines; of more than ten, ten are compared.
func repeated(b, a []string) int {
	for n := min(len(a), len(b), 10); n > 0; n-- {
		if slices.Equal(b[len(b)-n:], a[:n]) {
			return n
		}
	}
	return 0
}

// WriteVTT writes WebVTT (https://www.w3.org/TR/webvtt1/) in UTF-8. Cues without
// text are left out; a file without any cue is whole too. No text can be read
// as a tag, an entity or a time line. A word joiner, which cannot be seen,
// follows each backslash and brace: ffmpeg would else break the line at \N and
// leave {\an8} out.
func WriteVTT(w io.Writer, t Transcript) error {
	b := bufio.NewWriter(w)
	b.WriteString("WEBVTT\n")
	for _, c := range tidy(t.Cues) {
		fmt.Fprintf(b, "\n%s %s %s\n%s\n", timestamp(c.Start, "."), arrow, timestamp(c.End, "."), vttText(c.Text))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write VTT: %w", err)
	}
	return nil
}
