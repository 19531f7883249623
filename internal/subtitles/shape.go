package subtitles

import (
	"strings"
	"time"
)

// Options say what a cue may be. A zero stands for the value in brackets.
type Options struct {
	Width   int           // columns of a line (35 in a cue with Thai, else 42), 2 to 200: others become the nearest
	Lines   int           // of a cue (2), 4 at most
	MinTime time.Duration // on screen (5/6 s), MaxTime at most
	MaxTime time.Duration // on screen (7 s)
	Length  time.Duration // of the video, which no cue is made to outlast (MaxEnd)
	// KeepTimes leaves the times as they are but for what is split: no MinTime,
	// no MaxTime, no time to read.
	KeepTimes bool
}

// gap is kept between two cues of which Shape made the times: two frames of a
// film with 24 in a second.
const gap = 84 * time.Millisecond

func (o Options) complete() Options {
	if o.KeepTimes {
		o.MinTime, o.MaxTime = time.Millisecond, MaxEnd
	}
	if o.Lines <= 0 {
		o.Lines = 2
	}
	if o.MinTime <= 0 {
		o.MinTime = 833 * time.Millisecond
	}
	if o.MaxTime <= 0 {
		o.MaxTime = 7 * time.Second
	}
	if o.Length <= 0 {
		o.Length = MaxEnd
	}
	o.Lines = min(o.Lines, 4)
	o.MaxTime = max(o.MaxTime.Truncate(time.Millisecond), time.Millisecond)
	o.MinTime = min(o.MinTime.Truncate(time.Millisecond), o.MaxTime)
	return o
}

// The limits of Netflix's guides for Thai, "Character Limitation" and "Reading
// Speed Limits" (https://partnerhelp.netflixstudios.com/hc/en-us/articles/220448308),
// and for English (https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977).
const (
	thaiWidth  = 35
	usualWidth = 42
	thaiSpeed  = 17 // columns a second
	usualSpeed = 20
)

func hasThai(text string) bool { return strings.ContainsFunc(text, isThaiLetter) }

// forText completes the width of the lines of a text.
func (o Options) forText(text string) Options {
	switch {
	case o.Width > 0:
	case hasThai(text):
		o.Width = thaiWidth
	default:
		o.Width = usualWidth
	}
	o.Width = min(max(o.Width, maxLetterWidth), 200)
	return o
}

// onScreen is how long a text is to stay: long enough to be read.
func (o Options) onScreen(text string) time.Duration {
	if o.KeepTimes {
		return 0
	}
	speed := usualSpeed
	if hasThai(text) {
		speed = thaiSpeed
	}
	reading := time.Duration(width(text)) * time.Second / time.Duration(speed)
	return min(max(o.MinTime, reading.Truncate(time.Millisecond)), o.MaxTime)
}

// Shape makes cues that can be read: of at most 42 columns, or 35 in Thai, in two
// lines, on screen for 5/6 of a second to 7 seconds, two frames apart. So asks the
// Netflix Timed Text Style Guide: General Requirements, sections "Duration",
// "Frame Gap" and "Line Treatment"
// (https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617).
//
// A cue with more text is split, after a sentence rather than a phrase, after a
// phrase rather than a word, never within one that fits on a line, into parts of
// about the same length. Their times are those of their words where the engine
// told them, else their share of the characters. Lines are balanced. A cue that
// fits keeps its own line breaks. One that stays longer than it may is split
// where its text is long enough, else it ends earlier; one that is too short, or
// too short to be read, lasts on where the next one and the video's end leave room.
// Cues without text are left out.
//
// No word is lost, and what has been shaped stays as it is when it is shaped
// again. A cue is left too long where it lasts fewer milliseconds than it would
// have parts. The cues of t are not changed.
func Shape(t Transcript, o Options) Transcript {
	o = o.complete()
	cues := tidy(t.Cues)
	shaped := make([]Cue, 0, len(cues))
	for i, c := range cues {
		next := o.Length
		if i+1 < len(cues) {
			next = min(next, cues[i+1].Start)
		}
		shaped = append(shaped, split(c, next, o.forText(c.Text))...)
	}
	SortCues(shaped)
	for i := range shaped {
		c := &shaped[i]
		end := min(c.Start+o.onScreen(c.Text), o.Length)
		if i+1 < len(shaped) {
			end = min(end, shaped[i+1].Start-gap)
		}
		c.End = max(c.End, end)
	}
	t.Cues = shaped
	return t
}

// split makes of one cue as many as its text and time ask for. There is nothing
// else on the screen between its end and next.
func split(c Cue, next time.Duration, o Options) []Cue {
	parts := [][]token{nil}
	if !fits(c.Text, o) || c.End-c.Start > o.MaxTime {
		parts = divide(takeApart(c.Text, o.Width), c.End-c.Start, o)
	}
	if len(parts) == 1 {
		if !fits(c.Text, o) {
			c.Text = layOut(parts[0], o)
		}
		c.End = min(c.End, c.Start+o.MaxTime)
		return []Cue{c}
	}
	wanted := time.Duration(0)
	_, clocked := newWordClock(c)
	for _, part := range parts {
		if clocked { // The words tell when each part begins; only the last one can stay longer.
			wanted += o.MinTime + gap
		} else {
			wanted += o.onScreen(textOf(part)) + gap
		}
	}
	c.End = max(c.End, min(c.Start+wanted, next))
	if c.End-c.Start < time.Duration(len(parts))*time.Millisecond {
		c.End = min(c.End, c.Start+o.MaxTime)
		return []Cue{c}
	}
	cues := timeParts(c, parts, o)
	for i := range cues {
		cues[i].Text = layOut(parts[i], o)
		cues[i].End = min(cues[i].End, cues[i].Start+o.MaxTime)
	}
	return cues
}
