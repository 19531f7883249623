package subtitles

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// early is how far before the sound's begin, or its own, a time may lie and
	// still pass for one that was rounded.
	early = time.Second
	// late is how far past the sound's end one may lie: Whisper hears in windows
	// of 30 s, fills the last one with silence, and says things there.
	late = 30 * time.Second
	// briefly is how long a cue lasts that an engine gave no length.
	briefly = time.Second
)

// mend makes an engine's cues fit the sound they were heard in, which is length
// long: sorted, within it, none empty. Times that nobody can have heard are an
// error.
func mend(cues []Cue, length time.Duration) ([]Cue, error) {
	mended := make([]Cue, 0, len(cues))
	for _, cue := range cues {
		if cue.Start < -early || cue.End < cue.Start-early || max(cue.Start, cue.End) > length+late {
			return nil, fmt.Errorf("somebody speaks from %v to %v in %v of sound", cue.Start, cue.End, length)
		}
		if strings.TrimSpace(cue.Text) == "" || cue.Start >= length {
			continue
		}
		cue.Start = max(cue.Start, 0)
		if cue.End <= cue.Start {
			cue.End = cue.Start + briefly
		}
		cue.End = min(cue.End, length)
		cue.Words = mendWords(cue)
		mended = append(mended, cue)
	}
	sortCues(mended)
	return mended, nil
}

// mendWords are the words of a cue with times within it that never run back.
func mendWords(cue Cue) []Word {
	words := slices.Clone(cue.Words)
	at := cue.Start
	for i := range words {
		words[i].Start = min(max(words[i].Start, at), cue.End)
		words[i].End = min(max(words[i].End, words[i].Start), cue.End)
		at = words[i].Start
	}
	return words
}

// moveBy is the cue as much later.
func (c Cue) moveBy(offset time.Duration) Cue {
	c.Start += offset
	c.End += offset
	c.Words = slices.Clone(c.Words)
	for i := range c.Words {
		c.Words[i].Start += offset
		c.Words[i].End += offset
	}
	return c
}
