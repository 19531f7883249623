package subtitles

import "time"

// Bounds are what the cues of a file that somebody brings are to fit.
type Bounds struct {
	Video    time.Duration // how long it is; 0 where that is not known
	CueBytes int           // of one cue's text, MaxCueBytes at most; 0 for that
}

// collector gathers cues while it keeps to the bounds.
type collector struct {
	cues     []fileCue
	bytes    int
	cueBytes int
	notices
}

// fileCue is a cue and the line of its times, 0 where that is not known.
type fileCue struct {
	Cue
	line int
}

// add takes a cue and cleans its text, or says what is too much.
func (c *collector) add(line int, cue Cue) (Problem, bool) {
	cue.Text = CleanText(cue.Text)
	c.bytes += len(cue.Text)
	most := c.cueBytes
	if most == 0 {
		most = MaxCueBytes
	}
	switch {
	case len(c.cues) == MaxCues:
		return ProblemTooMany, false
	case len(cue.Text) > most:
		return ProblemTooLong, false
	case c.bytes > MaxTextBytes:
		return ProblemTooLarge, false
	}
	c.cues = append(c.cues, fileCue{cue, line})
	return "", true
}

// finish returns what was gathered and tells what is odd about it.
func (c *collector) finish(video time.Duration) []Cue {
	cues := make([]Cue, 0, len(c.cues))
	before := time.Duration(0)
	for _, f := range c.cues {
		if f.Text == "" {
			c.notices.add(f.line, NoticeEmpty, "")
			continue
		}
		if f.End == f.Start {
			c.notices.add(f.line, NoticeNoLength, f.Text)
		}
		if f.Start < before {
			c.notices.add(f.line, NoticeReordered, f.Text)
		}
		before = f.Start
		cues = append(cues, f.Cue)
	}
	if video > 0 {
		c.tellBeyond(video)
	}
	return cues
}

// tellBeyond tells of cues beyond the video's end, and of a file that would fit
// if it began earlier.
func (c *collector) tellBeyond(video time.Duration) {
	var first *fileCue
	last, outside := time.Duration(0), false
	for i := range c.cues {
		f := &c.cues[i]
		if f.Text == "" {
			continue
		}
		if first == nil || f.Start < first.Start {
			first = f
		}
		last = max(last, f.End)
		outside = outside || f.Start >= video
	}
	if outside && (first.Start >= video || last-first.Start <= video) {
		c.notices.add(first.line, NoticeShifted, timestamp(max(first.Start, 0), "."))
	}
	for _, f := range c.cues {
		if f.Text != "" && f.End > video {
			c.notices.add(f.line, NoticeBeyond, f.Text)
		}
	}
}

// Beyond tells which cues end after a video, by their places in the list from 1.
func Beyond(cues []Cue, video time.Duration) []Notice {
	var c collector
	for i, cue := range cues {
		c.cues = append(c.cues, fileCue{cue, i + 1})
	}
	c.tellBeyond(video)
	return c.notices.list
}

// Within are the cues without what lies beyond a video's end.
func Within(cues []Cue, video time.Duration) []Cue {
	within := make([]Cue, 0, len(cues))
	for _, cue := range cues {
		if cue.Start < video {
			cue.End = min(cue.End, video)
			within = append(within, cue)
		}
	}
	return within
}
