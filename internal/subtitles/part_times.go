package subtitles

import (
	"sort"
	"strings"
	"time"
	"unicode"
)

// timeParts makes a cue of each part, without its text. A cue must last as many
// milliseconds as it has parts.
func timeParts(c Cue, parts [][]token, o Options) []Cue {
	cues, ok := timesOfWords(c, parts)
	if !ok {
		cues = timesOfShares(c, parts, o)
	}
	for i := range cues[:len(cues)-1] {
		if end := cues[i+1].Start - gap; end < cues[i].End && end-cues[i].Start >= o.MinTime {
			cues[i].End = end
		}
	}
	return cues
}

// timesOfWords takes the times of the engine's words, if these are the words of
// the text and their times make sense.
func timesOfWords(c Cue, parts [][]token) (cues []Cue, ok bool) {
	clock, ok := newWordClock(c)
	if !ok {
		return nil, false
	}
	from := 0
	for i, part := range parts {
		to := from
		for _, p := range part {
			to += Letters(p.text)
		}
		cue := Cue{Start: clock.start(from), End: clock.end(to), Words: clock.words(from, to)}
		if i == 0 {
			cue.Start = c.Start
		} else {
			last := &cues[i-1]
			last.End = min(last.End, cue.Start)
			if last.End <= last.Start {
				return nil, false
			}
		}
		if i == len(parts)-1 {
			cue.End = c.End
		}
		cues = append(cues, cue)
		from = to
	}
	last := cues[len(cues)-1]
	return cues, last.End > last.Start
}

// timesOfShares gives each part its share of the cue's time by its letters, but
// MinTime where there is enough for all.
func timesOfShares(c Cue, parts [][]token, o Options) []Cue {
	least := time.Duration(0)
	lasts := c.End - c.Start
	if enough := o.MinTime + gap; lasts >= enough*time.Duration(len(parts)) {
		least = enough
	}
	weights := make([]int, len(parts))
	total := 0
	for i, part := range parts {
		for _, p := range part {
			weights[i] += Letters(p.text)
		}
		total += weights[i]
	}
	// Those that would get less than the least take it from the others.
	shared, free := total, lasts
	for _, w := range weights {
		if share(lasts, w, total) < least {
			shared -= w
			free -= least
		}
	}
	cues := make([]Cue, len(parts))
	at := c.Start
	for i, w := range weights {
		slot := share(free, w, shared)
		if share(lasts, w, total) < least {
			slot = least
		}
		remaining := time.Duration(len(parts) - i - 1)
		end := min(max(at+slot, at+time.Millisecond), c.End-remaining*time.Millisecond)
		if remaining == 0 {
			end = c.End
		}
		cues[i] = Cue{Start: at, End: end.Truncate(time.Millisecond)}
		at = cues[i].End
	}
	return cues
}

func share(of time.Duration, part, total int) time.Duration {
	return time.Duration(float64(of) * float64(part) / float64(max(total, 1)))
}

// letters counts the characters that are spoken.
func Letters(text string) int {
	count := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			count++
		}
	}
	return count
}

// wordClock knows when each letter of a cue's text is spoken. Letters are counted
// as letters does, from 0.
type wordClock struct {
	list []Word
	from []int // the first letter of each word, and at the end the number of all
}

func newWordClock(c Cue) (wordClock, bool) {
	if len(c.Words) == 0 {
		return wordClock{}, false
	}
	clock := wordClock{list: make([]Word, len(c.Words)), from: make([]int, len(c.Words)+1)}
	var spoken strings.Builder
	last := c.Start
	for i, w := range c.Words {
		text := CleanText(w.Text)
		clock.from[i+1] = clock.from[i] + Letters(text)
		spoken.WriteString(text)
		w.Start = min(max(w.Start.Truncate(time.Millisecond), c.Start), c.End)
		w.End = min(max(w.End.Truncate(time.Millisecond), c.Start), c.End)
		if w.Start < last || w.End < w.Start {
			return wordClock{}, false
		}
		last = w.Start
		clock.list[i] = w
	}
	return clock, unspaced(spoken.String()) == unspaced(c.Text)
}

func unspaced(text string) string {
	return strings.Join(strings.Fields(CleanText(text)), "")
}

// start is when a letter begins.
func (c wordClock) start(letter int) time.Duration {
	return c.within(sort.Search(len(c.list)-1, func(i int) bool { return letter < c.from[i+1] }), letter)
}

// end is when the letter before one ends.
func (c wordClock) end(letter int) time.Duration {
	return c.within(sort.Search(len(c.list)-1, func(i int) bool { return letter <= c.from[i+1] }), letter)
}

// within is the time before a letter of a word, as if all were equally long.
func (c wordClock) within(i, letter int) time.Duration {
	w := c.list[i]
	at := w.Start + share(w.End-w.Start, letter-c.from[i], c.from[i+1]-c.from[i])
	return at.Truncate(time.Millisecond)
}

// words are those from one letter to another, or none where one of them is cut.
func (c wordClock) words(from, to int) []Word {
	first := sort.SearchInts(c.from, from)
	last := sort.SearchInts(c.from, to)
	if last >= len(c.from) || c.from[first] != from || c.from[last] != to || first == last {
		return nil
	}
	return c.list[first:last:last]
}
