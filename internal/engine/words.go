package engine

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gensubtitle/internal/subtitles"
)

// toldWord is a word as an engine tells it, in seconds; NaN is unknown.
type toldWord struct {
	start, end float64
	text       string
}

func (w toldWord) timed() bool { return known(w.start) || known(w.end) }

// inUnit are the words in seconds, where an engine counts another unit.
func inUnit(words []toldWord, unit float64) []toldWord {
	if unit == 1 {
		return words
	}
	words = slices.Clone(words)
	for i := range words {
		words[i].start *= unit
		words[i].end *= unit
	}
	return words
}

// wordsBeside takes the words of a segment from the front of those that stand
// beside the segments.
func (m *mender) wordsBeside(s *segment, words []toldWord, unit float64) (taken, rest []toldWord) {
	if taken, rest = matchWords(s.text, words); taken == nil && known(s.start) {
		from := words
		for len(from) > 0 && !(from[0].end*unit > s.start) { // of one before that did not match
			from = from[1:]
		}
		if taken, rest = matchWords(s.text, from); taken == nil {
			// The letters differ, but what is said within the segment bounds it.
			rest = from
			for len(rest) > 0 && known(s.end) && !(rest[0].start*unit >= s.end) {
				taken, rest = append(taken, rest[0]), rest[1:]
			}
		}
	}
	return inUnit(taken, unit), rest
}

// matchWords finds the words that a text begins with and goes through, and those
// that are left. There are none where text and words do not agree in their
// letters: whisper.cpp cuts letters of several bytes, as in Thai, apart.
func matchWords(text string, words []toldWord) (matched, rest []toldWord) {
	rest = words
	end := 0 // of what has been found
	for hasLetters(text[end:]) {
		for len(rest) > 0 && !hasLetters(rest[0].text) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return nil, words
		}
		name := oneLine(rest[0].text)
		at := strings.Index(text[end:], name)
		if at < 0 || hasLetters(text[end:end+at]) {
			return nil, words
		}
		end += at + len(name)
		matched = append(matched, rest[0])
		rest = rest[1:]
	}
	return matched, rest
}

// boundByWords gives a segment the begin of its first word and the end of its
// last. Words with broken times lose them, and the others bound it.
func (m *mender) boundByWords(s *segment) {
	s.words = m.saneWords(s)
	first, last := -1, 0
	for i, w := range s.words {
		if known(w.start) && hasLetters(w.text) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		s.words = nil
		return
	}
	s.start, s.end = s.words[first].start, s.words[last].end
}

// saneWords are a segment's words, of which those have times that agree with the
// sound, the segment and each other.
func (m *mender) saneWords(s *segment) []toldWord {
	words := slices.Clone(s.words)
	var sane, near []int
	for i := range words {
		w := &words[i]
		if !known(w.start) {
			w.start = w.end
		}
		if !known(w.end) {
			w.end = w.start
		}
		if w.start < -slack || w.end < w.start || w.end > m.length+slack || !known(w.start) {
			w.start, w.end = math.NaN(), math.NaN()
			continue
		}
		w.start, w.end = min(max(w.start, 0), m.length), min(w.end, m.length)
		sane = append(sane, i)
		if known(s.start) && known(s.end) && w.start >= s.start-besideSegment && w.end <= s.end+besideSegment {
			near = append(near, i)
		}
	}
	if 2*len(near) >= len(sane) && len(near) > 0 {
		sane = near
	}
	sane = withoutZeros(words, sane)
	kept := rising(words, sane)
	for i := range words {
		if _, found := slices.BinarySearch(kept, i); !found {
			words[i].start, words[i].end = math.NaN(), math.NaN()
		}
	}
	return words
}

// withoutZeros leaves out the words that last from 0 to 0, which stands for no
// time where others have one.
func withoutZeros(words []toldWord, of []int) []int {
	var kept []int
	for _, i := range of {
		if words[i].end > 0 {
			kept = append(kept, i)
		}
	}
	return kept
}

// rising is the longest choice of these words whose begins never run back; of two
// such, the one that takes less time.
func rising(words []toldWord, of []int) []int {
	forth := longestRise(of, func(i int) float64 { return words[i].start })
	back := slices.Clone(of)
	slices.Reverse(back)
	back = longestRise(back, func(i int) float64 { return -words[i].start })
	slices.Reverse(back)
	if len(forth) > 0 && words[back[len(back)-1]].start-words[back[0]].start < words[forth[len(forth)-1]].start-words[forth[0]].start {
		return back
	}
	return forth
}

// longestRise is the longest choice, in their order, of items whose keys never fall.
func longestRise(items []int, key func(int) float64) []int {
	var ends []int // the item that the best choice of each length ends with
	before := make(map[int]int, len(items))
	for _, i := range items {
		at := sort.Search(len(ends), func(n int) bool { return key(ends[n]) > key(i) })
		before[i] = -1
		if at > 0 {
			before[i] = ends[at-1]
		}
		if at == len(ends) {
			ends = append(ends, i)
		} else {
			ends[at] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	var kept []int
	for i := ends[len(ends)-1]; i >= 0; i = before[i] {
		kept = append(kept, i)
	}
	slices.Reverse(kept)
	return kept
}

// timedWords are the words of a caption's text with what stands around them, so
// that together they are the text. Their times lie within the caption and never
// run back; a word without a time has that of its neighbours. There are none
// where the words are others than the text's.
func timedWords(text string, words []toldWord, c subtitles.Cue) []subtitles.Word {
	words, texts := wordTexts(text, words)
	if len(words) == 0 || !slices.ContainsFunc(words, func(w toldWord) bool { return known(w.start) }) {
		return nil
	}
	timed := make([]subtitles.Word, len(words))
	at := c.Start
	for i, w := range words {
		timed[i] = subtitles.Word{Start: at, End: at, Text: texts[i]}
		if known(w.start) {
			timed[i].Start = min(max(toDuration(w.start), at), c.End)
			timed[i].End = min(max(toDuration(w.end), timed[i].Start), c.End)
		}
		at = timed[i].Start
	}
	shareUnknown(words, timed, c.End)
	return timed
}

// wordTexts are the words of a text, and what stands in it for each of them.
// There are none where the words are others than the text's.
func wordTexts(text string, words []toldWord) ([]toldWord, []string) {
	words, _ = matchWords(text, words)
	begins := make([]int, len(words)+1)
	end := 0
	for i, w := range words {
		name := oneLine(w.text)
		at := strings.Index(text[end:], name)
		if i > 0 {
			begins[i] = end + wordBreak(text[end:end+at])
		}
		end += at + len(name)
	}
	begins[len(words)] = len(text)
	texts := make([]string, len(words))
	for i := range words {
		texts[i] = text[begins[i]:begins[i+1]]
	}
	return words, texts
}

// segmentsOf makes segments of words that stand alone: they end with a sentence
// or before a pause.
func segmentsOf(text string, words []toldWord) []segment {
	const pause = 1.0
	text = oneLine(text)
	matched, texts := wordTexts(text, words)
	if _, rest := matchWords(text, words); len(matched) == 0 || slices.ContainsFunc(rest, func(w toldWord) bool { return hasLetters(w.text) }) {
		matched, texts = words, nil // The text is another one, or not the whole.
	}
	var list []segment
	last := math.NaN() // end of the word before
	for i, w := range matched {
		if i == 0 || w.start-last >= pause || endsSentence(matched[i-1].text) || texts != nil && endsSentence(texts[i-1]) {
			list = append(list, segment{start: math.NaN(), end: math.NaN(), noSpeech: math.NaN(), logProb: math.NaN(), compression: math.NaN()})
		}
		s := &list[len(list)-1]
		s.words = append(s.words, w)
		if texts != nil {
			s.text += texts[i]
		}
		if known(w.end) {
			last = w.end
		}
	}
	return list
}

func endsSentence(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text, " \"'”’)»"))
	return strings.ContainsRune(".?!…。？！", last)
}

// joinWords is the text of words, which have their own spaces or want one between
// two of them.
func joinWords(words []toldWord) string {
	between := " "
	if slices.ContainsFunc(words, func(w toldWord) bool { return strings.HasPrefix(w.text, " ") || strings.HasSuffix(w.text, " ") }) {
		between = ""
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return strings.Join(texts, between)
}

// shareUnknown gives the words without times between two others, one after the
// other, equal parts of the time between.
func shareUnknown(words []toldWord, timed []subtitles.Word, end time.Duration) {
	for i := 0; i < len(words); i++ {
		if known(words[i].start) {
			continue
		}
		from := timed[i].Start
		if i > 0 {
			from = max(from, timed[i-1].End)
		}
		n := 1
		for i+n < len(words) && !known(words[i+n].start) {
			n++
		}
		to := end
		if i+n < len(words) {
			to = timed[i+n].Start
		}
		from = min(from, to)
		for k := range n {
			timed[i+k].Start = (from + (to-from)*time.Duration(k)/time.Duration(n)).Truncate(time.Millisecond)
			timed[i+k].End = (from + (to-from)*time.Duration(k+1)/time.Duration(n)).Truncate(time.Millisecond)
		}
		i += n - 1
	}
}

// wordBreak is where, in what stands between two words, the second one's part
// begins: at the space, or at its end, so that a comma stays with the first.
func wordBreak(between string) int {
	if at := strings.IndexByte(between, ' '); at >= 0 {
		return at
	}
	return len(between)
}

func hasLetters(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}
