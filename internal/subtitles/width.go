package subtitles

import (
	"unicode"

	"github.com/mattn/go-runewidth"
	"github.com/rivo/uniseg"
)

// maxLetterWidth is what a letter with all that belongs to it takes at most:
// Chinese characters, emoji, Indic clusters. No Width is less.
const maxLetterWidth = 2

// columns has widths that do not change with the machine's language, as
// go-runewidth's own do.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// width counts the columns that a text takes: none for marks above and below a
// letter, two for wide letters and emoji. It adds up: the width of a text is that
// of its parts, as long as no letter is cut.
func width(text string) int {
	sum := 0
	for state := -1; text != ""; {
		var letter string
		letter, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		sum += letterWidth(letter)
	}
	return sum
}

func letterWidth(letter string) int {
	sum := 0
	for _, r := range letter {
		sum += runeWidth(r)
	}
	return min(sum, maxLetterWidth)
}

// runeWidth knows marks better than go-runewidth, which counts those of Thai. The
// Thai vowel ำ is half a mark, and does take a column.
func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	return columns.RuneWidth(r)
}
