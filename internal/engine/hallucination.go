package engine

import (
	"slices"
	"strings"
	"unicode"
)

// filter says whether what Whisper makes up is left out.
type filter bool

// Whisper's own rule for a segment in which nobody speaks, and for a text that
// only repeats itself (openai/whisper, transcribe.py).
const (
	maxNoSpeech    = 0.6
	minLogProb     = -1.0
	maxCompression = 2.4
	// maxRepeats is how often the same may come in a row.
	maxRepeats = 2
)

// filter leaves out what the engine itself takes for silence, and what it repeats.
func (m *mender) filter(list []segment, f filter) []segment {
	if !f {
		return list
	}
	var kept []segment
	for _, s := range list {
		if s.noSpeech > maxNoSpeech && s.logProb < minLogProb {
			m.note(NoteSilence, s.start, s.text)
			continue
		}
		if text, repeats := collapse(s.text, s.compression > maxCompression); repeats {
			m.note(NoteRepeated, s.start, text)
			s.text = text
		}
		kept = append(kept, s)
	}
	return m.withoutRepeats(kept)
}

// withoutRepeats keeps the first of segments that say the same in a row, more
// often than people do.
func (m *mender) withoutRepeats(list []segment) []segment {
	var kept []segment
	for i := 0; i < len(list); {
		n := 1
		for i+n < len(list) && saidOf(list[i+n].text) == saidOf(list[i].text) {
			n++
		}
		if n > maxRepeats && saidOf(list[i].text) != "" {
			m.note(NoteRepeated, list[i].start, list[i].text)
			kept = append(kept, list[i])
		} else {
			kept = append(kept, list[i:i+n]...)
		}
		i += n
	}
	return kept
}

// saidOf is a text without what is not said: its letters and digits, in lower case.
func saidOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// collapse leaves of what a text repeats the first. People do say "no, no, no", so
// a single short word may come more often, unless the engine itself says that the
// text repeats.
func collapse(text string, sure bool) (string, bool) {
	if words := strings.Fields(text); len(words) > maxRepeats {
		if kept, found := collapseUnits(words, 1, sure); found {
			return strings.Join(kept, " "), true
		}
	}
	if !sure {
		return text, false
	}
	if units := strings.Split(text, ""); len(units) <= maxCueRunes {
		if kept, found := collapseUnits(units, minLetters, sure); found {
			return strings.TrimSpace(strings.Join(kept, "")), true
		}
	}
	return text, false
}

const (
	maxCueRunes = 2000 // of a text that is looked through letter by letter
	maxPhrase   = 60   // words or letters of what is repeated
	minLetters  = 4    // of a phrase without spaces: 1000000 is no repeat
)

// collapseUnits finds phrases that follow on themselves.
func collapseUnits(units []string, least int, sure bool) (kept []string, found bool) {
	said := make([]string, len(units))
	for i, u := range units {
		if said[i] = saidOf(u); said[i] == "" {
			said[i] = u
		}
	}
	for i := 0; i < len(units); {
		length, times := repeatAt(said[i:], least, sure)
		if times == 0 {
			kept = append(kept, units[i])
			i++
			continue
		}
		found = true
		kept = append(kept, units[i:i+length]...)
		i += length * times
	}
	return kept, found
}

// repeatAt finds the shortest phrase that comes too often from the begin on.
func repeatAt(said []string, least int, sure bool) (length, times int) {
	for length = least; length <= min(maxPhrase, len(said)/(maxRepeats+1)); length++ {
		times = 1
		for (times+1)*length <= len(said) && slices.Equal(said[:length], said[times*length:(times+1)*length]) {
			times++
		}
		most := maxRepeats
		if length == 1 && !sure {
			most = 5
		}
		if times > most {
			return length, times
		}
	}
	return 0, 0
}
