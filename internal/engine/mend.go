package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gensubtitle/internal/subtitles"
)

// All in seconds.
const (
	// slack is how far times may be off that were rounded or guessed a little.
	slack = 1.0
	// padding is how far past the sound's end Whisper says things: it hears in
	// windows of 30 s and fills the last one with silence.
	padding = 30.0
	// besideSegment is how far a word may stand outside its segment before the
	// word is taken for the broken one.
	besideSegment = 2.0
	// leastGap is the room that a segment without times needs between two others.
	leastGap = 0.2
	// maxSeconds is far more than any sound has; what is more counts nanoseconds.
	maxSeconds = 1e6
)

// segment is what an engine says that somebody said, in seconds; NaN is unknown.
type segment struct {
	start, end float64
	text       string
	words      []toldWord
	// Whisper's figures.
	noSpeech, logProb, compression float64
}

// timed reports whether any time of a segment or its words is known.
func (s segment) timed() bool {
	return known(s.start) || known(s.end) || slices.ContainsFunc(s.words, toldWord.timed)
}

// nonzero reports whether any time is other than 0, which some write for no time.
func (s segment) nonzero() bool {
	return known(s.start) && s.start != 0 || known(s.end) && s.end != 0 ||
		slices.ContainsFunc(s.words, func(w toldWord) bool { return known(w.end) && w.end != 0 })
}

// NoteKind is what was odd in a place of an engine's answer.
type NoteKind string

// The kinds there are.
const (
	NoteTimeRepaired NoteKind = "time-repaired" // a time could not be right and was replaced
	NoteTimeDropped  NoteKind = "time-dropped"  // a caption is left out, since nobody knows when it was said
	NoteSilence      NoteKind = "no-speech"     // a caption is left out, since the engine says that nobody spoke
	NoteRefused      NoteKind = "refused"       // the engine refused the end of the sound, a short rest
	NoteRepeated     NoteKind = "repeated"      // what came again and again is there once
)

// Note tells what was odd in an engine's answer, and what became of it.
type Note struct {
	Kind NoteKind
	At   time.Duration // in the video, about
	Text string
}

// mender makes captions of segments heard in a sound.
type mender struct {
	length float64 // of the sound
	notes  []Note
}

func (m *mender) note(kind NoteKind, at float64, text string) {
	if !known(at) {
		at = 0
	}
	m.notes = append(m.notes, Note{Kind: kind, At: toDuration(min(max(at, 0), m.length)), Text: text})
}

// mend makes captions that fit the sound: in order, within it, none empty. A
// segment begins with its first word and ends with its last, where the engine
// tells them. One with odd times is repaired from its neighbours, or left out.
// Times that begin anew in the middle are an error: nobody knows what they count
// from.
func (m *mender) mend(segments []segment, beside []toldWord, f filter) ([]subtitles.Cue, error) {
	unit := m.unit(segments)
	cues := make([]subtitles.Cue, 0, len(segments))
	var list []segment
	for _, s := range segments {
		if s.text == "" {
			s.text = joinWords(s.words)
		}
		if s.text = oneLine(s.text); s.text == "" {
			continue
		}
		s.start, s.end = s.start*unit, s.end*unit
		if s.start == 0 && s.end == 0 && len(list) > 0 { // which some write for no time
			s.start, s.end = math.NaN(), math.NaN()
		}
		if len(s.words) > 0 {
			s.words = inUnit(s.words, unit)
		} else {
			s.words, beside = m.wordsBeside(&s, beside, unit)
		}
		m.boundByWords(&s)
		list = append(list, s)
	}
	list = m.filter(list, f)
	if err := m.findOdd(list); err != nil {
		return nil, err
	}
	next := m.nextKnown(list)
	before, odd, late := -1, 0, 0
	for i := range list {
		switch m.place(list, i, before, next[i]) {
		case placedOdd:
			odd++
		case placedLate:
			late++
		case placed:
			before = i
			cues = append(cues, list[i].cue())
		}
	}
	if len(cues) == 0 && odd > 0 && late == 0 {
		return nil, fmt.Errorf("none of %d segments has a time within %v of sound", odd, toDuration(m.length))
	}
	subtitles.SortCues(cues)
	return cues, nil
}

// unit is how many seconds the engine's numbers count: LocalAI's were
// nanoseconds for a while.
func (m *mender) unit(segments []segment) float64 {
	var ends []float64
	for _, s := range segments {
		if known(s.end) && s.end > 0 {
			ends = append(ends, s.end)
		}
	}
	if len(ends) == 0 {
		return 1
	}
	slices.Sort(ends)
	switch middle := ends[len(ends)/2]; {
	case middle > maxSeconds && middle*1e-9 <= m.length+padding:
		return 1e-9
	case middle > 20*(m.length+padding) && middle*1e-3 <= m.length+padding:
		return 1e-3
	}
	return 1
}

// findOdd makes times unknown that the order of the segments shows to be wrong.
func (m *mender) findOdd(list []segment) error {
	next := m.nextKnown(list)
	var good []int // the segments before with times
	for i := range list {
		s := &list[i]
		if !m.couldBe(s) {
			continue
		}
		if n := len(good); n > 0 && runsBack(&list[good[n-1]], s) {
			last := &list[good[n-1]]
			switch {
			case next[i] < 0 || follows(last, &list[next[i]]):
				m.unknow(s)
				continue
			case n == 1 && !runsBack(s, &list[next[i]]), n > 1 && follows(&list[good[n-2]], s):
				m.unknow(last)
				good = good[:n-1]
			default:
				return fmt.Errorf("times begin anew: segment %d is at %.1f s, after one at %.1f s", i+1, s.start, last.start)
			}
		}
		good = append(good, i)
	}
	return nil
}

// nextKnown is for each segment the next one with a time, -1 where there is none.
func (m *mender) nextKnown(list []segment) []int {
	next := make([]int, len(list))
	at := -1
	for i := len(list) - 1; i >= 0; i-- {
		next[i] = at
		if m.couldBe(&list[i]) {
			at = i
		}
	}
	return next
}

// couldBe reports whether a segment's begin could be a time in the sound.
func (m *mender) couldBe(s *segment) bool {
	return known(s.start) && s.start >= -slack && s.start < m.length
}

// runsBack reports whether a segment cannot come after another: it begins
// before, or at the same time and goes on for long.
func runsBack(before, s *segment) bool {
	const long = 5
	return s.start < before.start-slack || s.start <= before.start && min(s.end, before.end)-before.start > long
}

// follows reports whether a segment may be the next after another.
func follows(before, s *segment) bool { return s.start >= before.end-slack && !runsBack(before, s) }

func (m *mender) unknow(s *segment) { s.start, s.end, s.words = math.NaN(), math.NaN(), nil }

type placing int

const (
	placed     placing = iota
	placedOdd          // left out and noted
	placedLate         // left out as what Whisper says in the silence after the end
)

// place gives a segment times within the sound, from its neighbours where its
// own are not known or cannot be: those with times before and after it, or -1.
func (m *mender) place(list []segment, i, before, next int) placing {
	s := &list[i]
	given := *s
	if s.start >= m.length && s.start <= m.length+padding && !(s.end < s.start) {
		return placedLate
	}
	least, most := 0.0, m.length
	if before >= 0 {
		least = list[before].end
	}
	if next >= 0 {
		most = list[next].start
	}
	if !m.forgetOdd(s, before >= 0, next >= 0) {
		m.note(NoteTimeDropped, least, s.text)
		return placedOdd
	}
	takes := speakingTime(s.text)
	switch {
	case known(s.start):
	case known(s.end) && min(s.end, m.length) > least+leastGap:
		s.start = max(least, min(s.end, m.length)-takes)
	case most-least >= leastGap:
		s.start, s.end = least, min(least+takes, most)
	default:
		m.note(NoteTimeDropped, min(least, most), s.text)
		return placedOdd
	}
	if !known(s.end) {
		s.end = s.start + takes
		if most > s.start+leastGap {
			s.end = min(s.end, most)
		}
	}
	s.start = max(s.start, 0)
	if s.end <= s.start {
		s.end = s.start + 1
	}
	s.end = min(s.end, m.length)
	if !asGiven(given.start, s.start) || !asGiven(given.end, s.end) && !(given.end <= m.length+padding && given.end >= s.end) {
		m.note(NoteTimeRepaired, s.start, s.text)
	}
	return placed
}

// forgetOdd makes the times of a segment unknown that lie outside the sound or
// run back. It is false where its neighbours do not tell either when it was said.
func (m *mender) forgetOdd(s *segment, before, next bool) bool {
	switch {
	case s.start >= m.length:
		s.start, s.end = math.NaN(), math.NaN()
		return next
	case s.start < -slack && s.end > 0 && s.end <= m.length+slack:
		s.start = 0
	case s.start < -slack:
		s.start, s.end = math.NaN(), math.NaN()
		return before || next
	}
	if s.end < s.start || s.end < 0 || s.end > m.length+slack && (next || !known(s.start)) {
		s.end = math.NaN()
	}
	return known(s.start) || known(s.end) || before || next
}

// asGiven reports whether a time is as it was given, or only rounded.
func asGiven(given, is float64) bool { return known(given) && math.Abs(given-is) <= slack }

// speakingTime is about how long somebody needs to say a text.
func speakingTime(text string) float64 { return min(max(float64(subtitles.Letters(text))*0.08, 1), 7) }

// cue is the segment as a caption. Its words get times that never run back.
func (s *segment) cue() subtitles.Cue {
	c := subtitles.Cue{Start: toDuration(s.start), End: toDuration(s.end), Text: s.text}
	if c.End <= c.Start {
		c.End = c.Start + time.Millisecond
	}
	c.Words = timedWords(s.text, s.words, c)
	return c
}

// toDuration gives whole milliseconds.
func toDuration(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond
}

// moved is the cue as much later.
func moved(c subtitles.Cue, offset time.Duration) subtitles.Cue {
	c.Start += offset
	c.End += offset
	c.Words = slices.Clone(c.Words)
	for i := range c.Words {
		c.Words[i].Start += offset
		c.Words[i].End += offset
	}
	return c
}

// oneLine is an engine's text without line breaks, which are not its to choose.
func oneLine(text string) string {
	return strings.Join(strings.Fields(subtitles.CleanText(text)), " ")
}
