package subtitles

import (
	"math"
	"slices"
	"strings"
)

// thaiBytes is what each Thai character takes in UTF-8.
const thaiBytes = 3

// isThaiLetter reports the letters and marks that Thai words are made of. Digits
// and the signs that stand alone are none.
func isThaiLetter(r rune) bool {
	return r >= 0x0E01 && r <= 0x0E3A || r >= 0x0E40 && r <= 0x0E4E
}

// leadsThai reports the vowels that stand before the consonant they belong to.
func leadsThai(r rune) bool { return r >= 'เ' && r <= 'ไ' }

// followsThai reports what belongs to the letter before: vowels after, above and
// below, tones, and the signs of repetition ๆ and abbreviation ฯ.
func followsThai(r rune) bool { return r >= 'ฯ' && r <= 0x0E3A || r >= 'ๅ' && r <= 0x0E4E }

// isThaiConsonant reports the letters of abbreviations.
func isThaiConsonant(r rune) bool { return r >= 'ก' && r <= 'ฮ' }

// thaiBreak is a place where Thai text may be broken.
type thaiBreak struct {
	at  int // bytes from the start
	end border
}

const (
	costOfWord    = 1
	costOfUnknown = 1 << 20 // a character in no word: more than any text has words
)

// breakThai finds where a text of nothing but Thai letters may be broken, since
// Thai has no spaces between words. It takes the words that leave the fewest
// characters out of the dictionary, and of these choices the one with the fewest
// words (maximal matching). What is in no word is broken only between character
// clusters. UAX #14 leaves such text to the program:
// https://www.unicode.org/reports/tr14/#SA
//
// The last letters are taken for an abbreviation where a full stop follows.
func breakThai(text string, stop bool, words thaiLexicon) []thaiBreak {
	if stop && isThaiAbbreviation(text) {
		return nil
	}
	border := thaiBorders(text)
	steps := shortestThai(text, stop, words.words, border)
	var breaks []thaiBreak
	end := len(border) - 1
	for at := steps[end].from; at > 0; at = steps[at].from {
		left := thaiPiece{text[steps[at].from*thaiBytes : at*thaiBytes], steps[at].word}
		right := thaiPiece{text[at*thaiBytes : end*thaiBytes], steps[end].word}
		breaks = append(breaks, thaiBreak{at * thaiBytes, words.between(left, right)})
		end = at
	}
	slices.Reverse(breaks)
	return breaks
}

// thaiPiece is a word of the dictionary, or a cluster of characters in none.
type thaiPiece struct {
	text string
	word bool
}

// lone reports a consonant in no word. No syllable is like that, so it belongs to
// what is before or after it.
func (p thaiPiece) lone() bool { return !p.word && len(p.text) == thaiBytes }

// between judges a break between two pieces that stand beside each other.
func (l thaiLexicon) between(left, right thaiPiece) border {
	switch {
	case right.lone() || left.lone() && !right.word:
		return borderTorn
	case !left.word || !right.word || l.prefixes[left.text]:
		return borderWeak
	case l.closers[left.text] || l.openers[right.text]:
		return borderWord
	}
	return borderDoubt
}

// thaiStep is the last step of the cheapest way from the start to a character.
type thaiStep struct {
	cost int
	from int  // the character where the step begins
	word bool // the step is a word of the dictionary
}

// shortestThai finds the cheapest way to each border, in characters.
func shortestThai(text string, stop bool, words dictionary, border []bool) []thaiStep {
	steps := make([]thaiStep, len(border))
	for i := range steps[1:] {
		steps[i+1].cost = math.MaxInt
	}
	for at := range len(border) - 1 {
		if !border[at] {
			continue
		}
		cluster := at + 1
		for !border[cluster] {
			cluster++
		}
		step := thaiStep{steps[at].cost + costOfUnknown*(cluster-at), at, false}
		if step.cost < steps[cluster].cost {
			steps[cluster] = step
		}
		take := func(bytes, cost int) {
			end := at + bytes/thaiBytes
			for end < len(border)-1 && endsThai(text[end*thaiBytes:]) {
				end++
			}
			step := thaiStep{steps[at].cost + cost, at, true}
			if border[end] && step.cost < steps[end].cost {
				steps[end] = step
			}
		}
		rest := text[at*thaiBytes:]
		words.prefixes(rest, func(bytes int) { take(bytes, costOfWord) })
		if stop && isThaiAbbreviation(rest) {
			take(len(rest), len(rest)/thaiBytes*costOfWord) // Of คนพ. only the last is one.
		}
	}
	return steps
}

// isThaiAbbreviation reports letters that are an abbreviation before a full stop,
// like รมว and พ, or สปสช, which is as long as they get.
func isThaiAbbreviation(text string) bool {
	return len(text) <= 4*thaiBytes && strings.TrimFunc(text, isThaiConsonant) == ""
}

// endsThai reports a text that begins with a sign which belongs to the word
// before and is in no dictionary: ๆ repeats it, ฯ says that it is cut short, ฯลฯ
// that there is more.
func endsThai(text string) bool {
	return strings.HasPrefix(text, "ๆ") || strings.HasPrefix(text, "ฯ") || strings.HasPrefix(text, "ลฯ")
}

// thaiBorders tells for each character, and the end, whether Thai can be broken
// before it at all, whatever the words are: a simple form of the character
// clusters of Theeramunkong et al., "Character Cluster Based Thai Information
// Retrieval" (2000).
func thaiBorders(text string) []bool {
	runes := []rune(text)
	border := make([]bool, len(runes)+1)
	border[0], border[len(runes)] = true, true
	for i := 1; i < len(runes); i++ {
		border[i] = !followsThai(runes[i]) && !leadsThai(runes[i-1]) && !endsThai(text[i*thaiBytes:]) && !isSilenced(runes[i:]) && !wantsEnd(runes[:i])
	}
	return border
}

// isSilenced reports that the first consonant is not spoken, like the last one of
// จันทร์ and of สิทธิ์. It belongs to what is before it.
func isSilenced(runes []rune) bool {
	const silencer = '์'
	if len(runes) > 2 && (runes[1] == 'ิ' || runes[1] == 'ุ') {
		return runes[2] == silencer
	}
	return len(runes) > 1 && runes[1] == silencer
}

// wantsEnd reports a syllable that cannot end like this: after ั and ื, with or
// without a tone, comes a consonant.
func wantsEnd(runes []rune) bool {
	last := len(runes) - 1
	if runes[last] >= '่' && runes[last] <= '๋' && last > 0 {
		last--
	}
	return runes[last] == 'ั' || runes[last] == 'ื'
}
