package subtitles

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"time"
)

var sbvTimes = regexp.MustCompile(`^\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}$`)

// readSRT reads what players read: https://wiki.videolan.org/SubRip. Numbers
// may be missing or wrong, and a cue's text may hold empty lines. SBV, which
// YouTube has, is the same without numbers and with a comma between the times.
func readSRT(lines []string, first int, c *collector) error {
	r := blockReader{lines: lines, sbv: sbvTimes.MatchString(skeleton(lines[first])), c: c}
	if err := r.read(0); err != nil {
		return err
	}
	return nil
}

// WriteSRT writes SubRip in UTF-8, with the comma that it wants before the
// milliseconds. The format has no escapes, so a word joiner, which cannot be
// seen, keeps text from being read as a tag, an entity or a time line: it is set
// within "<b", "{b", "\N", "&lt;" and "-->".
//
// Cues without text are left out. Where none is left, one of 1 ms without text
// is written: ffmpeg does not take an empty file for subtitles. Read leaves it
// out.
func WriteSRT(w io.Writer, t Transcript) error {
	b := bufio.NewWriter(w)
	cues := tidy(t.Cues)
	if len(cues) == 0 {
		cues = []Cue{{End: time.Millisecond}}
	}
	for i, c := range cues {
		fmt.Fprintf(b, "%d\n%s %s %s\n%s\n\n", i+1, timestamp(c.Start, ","), arrow, timestamp(c.End, ","), srtText(c.Text))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write SRT: %w", err)
	}
	return nil
}
