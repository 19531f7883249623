package subtitles

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
)

// TestThaiBreaksAreBetweenWords measures how many breaks of lines fall inside a
// word that a person marked. Its own text is small. Name a larger one, with a "|"
// between words and a line for each text, to have it measured and printed:
//
//	GENSUB_THAI_WORDS=ws1000.label go test ./subtitles -run BetweenWords -v
//
// On 2026-11-26 that gave, for lines of 42 columns and of 35:
//
//	wisesight-1000 of PyThaiNLP/wisesight-sentiment  1.2 % and 1.5 % (before: 3.6 % and 3.7 %)
//	UD_Thai-PUD of Universal Dependencies            1.5 % and 1.0 % (before: 7.1 % and 7.7 %)
//	UD_Thai-TUD, by which the costs were chosen      0.5 % and 0.8 % (before: 3.0 % and 3.8 %)
//
// Breaks at spaces are counted, and never as wrong: those two mark names with a
// space in them as one word.
func TestThaiBreaksAreBetweenWords(t *testing.T) {
	t.Parallel()
	path := os.Getenv("GENSUB_THAI_WORDS")
	if path == "" {
		path = "testdata/thai_words.txt"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong, all := 0, 0
	for _, columns := range []int{20, 30, 35, 42} {
		wrongHere, allHere := 0, 0
		for marked := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
			w, a := wrongBreaks(marked, columns)
			wrongHere += w
			allHere += a
		}
		t.Logf("%d columns: %d of %d breaks inside a word, %.1f %%", columns, wrongHere, allHere, 100*float64(wrongHere)/float64(allHere))
		wrong += wrongHere
		all += allHere
	}
	if all == 0 || wrong > all/20 {
		t.Errorf("%d of %d breaks are inside a word, want 5 %% at most", wrong, all)
	}
}

// wrongBreaks counts the breaks inside a word, and all.
func wrongBreaks(marked string, columns int) (wrong, all int) {
	text := strings.ReplaceAll(marked, "|", "")
	ends := map[int]bool{} // by how many letters are before them
	at := 0
	for word := range strings.FieldsFuncSeq(marked, func(r rune) bool { return r == '|' || unicode.IsSpace(r) }) {
		at += Letters(word)
		ends[at] = true
	}
	o := Options{Width: columns, MaxTime: 2 * time.Hour}
	var lines []string
	for _, c := range Shape(Transcript{Cues: []Cue{cue(0, 3_600_000, text)}}, o).Cues {
		lines = append(lines, strings.Split(c.Text, "\n")...)
	}
	at = 0
	for _, line := range lines[:max(len(lines)-1, 0)] {
		at += Letters(line)
		all++
		if !ends[at] {
			wrong++
		}
	}
	return wrong, all
}
