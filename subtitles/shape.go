package subtitles

import "time"

// Options say what a cue may be. A zero stands for the value in brackets.
type Options struct {
	Width   int           // columns of a line (42), 2 to 200: others become the nearest
	Lines   int           // of a cue (2), 4 at most
	MinTime time.Duration // on screen (5/6 s), MaxTime at most
	MaxTime time.Duration // on screen (7 s)
}

// gap is kept between two cues of which Shape made the times: two frames of a
// film with 24 in a second.
const gap = 84 * time.Millisecond

func (o Options) complete() Options {
	if o.Width <= 0 {
		o.Width = 42
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
	o.Width = min(max(o.Width, maxLetterWidth), 200)
	o.Lines = min(o.Lines, 4)
	o.MaxTime = max(o.MaxTime.Truncate(time.Millisecond), time.Millisecond)
	o.MinTime = min(o.MinTime.Truncate(time.Millisecond), o.MaxTime)
	return o
}

// Shape makes cues that can be read: of at most 42 columns in two lines, on
// screen for 5/6 of a second to 7 seconds, two frames apart. So asks the Netflix
// Timed Text Style Guide: General Requirements, sections "Duration", "Frame Gap"
// and "Line Treatment"
// (https://partnerhelp.netflixstudios.com/hc/en-us/articles/215758617).
//
// A cue with more text is split, after a sentence rather than a phrase, after a
// phrase rather than a word, never within one that fits on a line, into parts of
// about the same length. Their times are those of their words where the engine
// told them, else their share of the characters. Lines are balanced. A cue that
// fits keeps its own line breaks. One that stays longer than it may is split
// where its text is long enough, else it ends earlier; one that is too short
// lasts on where the next one leaves room. Cues without text are left out.
//
// No word is lost, and what has been shaped stays as it is when it is shaped
// again. A cue is left too long where it lasts fewer milliseconds than it would
// have parts. The cues of t are not changed.
func Shape(t Transcript, o Options) Transcript {
	o = o.complete()
	cues := tidy(t.Cues)
	shaped := make([]Cue, 0, len(cues))
	for i, c := range cues {
		shaped = append(shaped, split(c, nextStart(cues, i), o)...)
	}
	sortCues(shaped)
	for i := range shaped {
		c := &shaped[i]
		c.End = max(c.End, min(c.Start+o.MinTime, nextStart(shaped, i)-gap))
	}
	t.Cues = shaped
	return t
}

// nextStart returns when the cue after i starts.
func nextStart(cues []Cue, i int) time.Duration {
	if i+1 < len(cues) {
		return cues[i+1].Start
	}
	return MaxEnd
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
	wanted := time.Duration(len(parts)) * (o.MinTime + gap)
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
