package subtitles

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// border says how good a place for a break is.
type border int

const (
	borderNone     border = iota
	borderSentence        // after a full stop
	borderPhrase          // after a comma, at a space in Thai, at a line's end
	borderSpace           // at another space, at U+200B
	borderWord            // between words without a space, between Chinese characters
	borderDoubt           // between Thai words that may be parts of one, between Thai and a number
	borderWeak            // within a word: after a hyphen, beside Thai that is in no dictionary, in 081 234 5678
	borderTorn            // within a word that is wider than a line, within an address
)

// token is a part of a text that stays on one line. It takes a column at least,
// unless all of its line takes none.
type token struct {
	text     string
	width    int
	gap      string // the space after it, which a line's end takes the place of
	gapWidth int
	end      border // how good a break after it is
}

// takeApart cuts a clean text into tokens that are no wider than limit.
func takeApart(text string, limit int) []token {
	var all []token
	for line := range strings.SplitSeq(text, "\n") {
		if len(all) > 0 {
			endLine(&all[len(all)-1], line)
		}
		all = append(all, lineTokens(line, limit)...)
	}
	return all
}

// endLine says what a line's end is, where it need not be one any more: a space,
// but not where Chinese or Japanese goes on.
func endLine(last *token, next string) {
	before, _ := utf8.DecodeLastRuneInString(last.text)
	after, _ := utf8.DecodeRuneInString(next)
	if !isUnspaced(before) || !isUnspaced(after) {
		last.gap, last.gapWidth = " ", 1
	}
	last.end = borderAfter(last.text, " ", next)
	if after == '-' || after == '–' { // Somebody else speaks.
		last.end = borderSentence
	}
	last.end = min(last.end, borderPhrase)
}

func lineTokens(line string, limit int) []token {
	var all []token
	from := 0
	for at, end := range lineBorders(line) {
		if end == borderNone && at < len(line) {
			continue
		}
		body := strings.TrimRightFunc(line[from:at], unicode.IsSpace)
		gap := line[from+len(body) : at]
		p := token{body, width(body), gap, width(gap), end}
		switch {
		case at == 0:
		case len(all) > 0 && p.width == 0:
			last := &all[len(all)-1]
			last.text += p.text
			last.gap, last.gapWidth, last.end = last.gap+p.gap, last.gapWidth+p.gapWidth, p.end
		default:
			all = append(all, tear(p, limit)...)
		}
		from = at
	}
	return all
}

// lineBorders gives the border at each byte of a line and at its end: those of
// UAX #14 (https://www.unicode.org/reports/tr14/), and those between the words of
// Thai, which it leaves out. No letter is cut from its marks.
func lineBorders(line string) []border {
	borders := make([]border, len(line)+1)
	at := 0
	for rest, state := line, -1; rest != ""; {
		var segment string
		segment, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		at += len(segment)
		body := strings.TrimRightFunc(segment, unicode.IsSpace)
		borders[at] = borderAfter(body, segment[len(body):], rest)
	}
	markThai(line, borders)
	markAddresses(line, borders)
	at = 0
	for rest, state := line, -1; rest != ""; {
		var letter string
		letter, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		for i := at + 1; i < at+len(letter); i++ {
			borders[i] = borderNone
		}
		at += len(letter)
		if endsThai(rest) {
			borders[at] = borderNone
		}
	}
	return borders
}

// zeroWidthSpace is what some people and programs set between words of scripts
// that have no spaces there.
const zeroWidthSpace = "\u200b"

// longestWord is how many columns what is beside a zero width space may have to be
// one word, and not a phrase.
const longestWord = 20

// markThai adds the borders within each stretch of Thai.
func markThai(line string, borders []border) {
	for from := 0; from < len(line); {
		start := strings.IndexFunc(line[from:], isThaiLetter)
		if start < 0 {
			return
		}
		start += from
		from = len(line)
		if end := strings.IndexFunc(line[start:], func(r rune) bool { return !isThaiLetter(r) }); end >= 0 {
			from = start + end
		}
		word := width(line[start:from]) <= longestWord &&
			(strings.HasSuffix(line[:start], zeroWidthSpace) || strings.HasPrefix(line[from:], zeroWidthSpace))
		for _, b := range breakThai(line[start:from], strings.HasPrefix(line[from:], "."), thaiWords()) {
			borders[start+b.at] = b.end
			if word {
				borders[start+b.at] = borderTorn
			}
		}
		markEdge(line, start, borders)
		markEdge(line, from, borders)
	}
}

// markEdge adds the border where Thai meets a word in Latin letters, a number, or
// the outer side of brackets and quotation marks.
func markEdge(line string, at int, borders []border) {
	before, _ := utf8.DecodeLastRuneInString(line[:at])
	after, _ := utf8.DecodeRuneInString(line[at:])
	other, outside := before, unicode.In(before, unicode.Pe, unicode.Pf)
	if isThaiLetter(before) {
		other, outside = after, unicode.In(after, unicode.Ps, unicode.Pi, unicode.Sc) || after == '+'
	}
	switch {
	case !isThaiLetter(before) && !isThaiLetter(after):
	case unicode.Is(unicode.Latin, other), outside:
		borders[at] = borderWord
	case unicode.IsDigit(other):
		borders[at] = borderDoubt
	}
}

// markAddresses keeps the addresses of pages whole where a line can hold them.
func markAddresses(line string, borders []border) {
	for at := 0; at < len(line); {
		rest := line[at:]
		if !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://") && !strings.HasPrefix(rest, "www.") {
			at++
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII })
		if end < 0 {
			end = len(rest)
		}
		for i := at + 1; i < at+end; i++ {
			if borders[i] != borderNone {
				borders[i] = borderTorn
			}
		}
		at += end
	}
}

// borderAfter judges a break between a body with a gap after it and what follows.
func borderAfter(body, gap, next string) border {
	if bare := strings.TrimRight(body, zeroWidthSpace); len(bare) < len(body) {
		return min(borderAfter(bare, gap, next), borderSpace)
	}
	bare := strings.TrimRightFunc(body, func(r rune) bool { return unicode.In(r, unicode.Pe, unicode.Pf) || r == '"' || r == '\'' })
	last, _ := utf8.DecodeLastRuneInString(bare)
	before, _ := utf8.DecodeLastRuneInString(body)
	after, _ := utf8.DecodeRuneInString(next)
	switch {
	case strings.ContainsRune("。！？｡", last):
		return borderSentence
	case strings.ContainsRune("、，；：､", last):
		return borderPhrase
	case gap == "" && isUnspaced(before) && isUnspaced(after):
		return borderWord
	case gap == "" && strings.HasSuffix(body, "./"): // กม./ชม.
		return borderTorn
	case gap == "":
		return borderWeak
	case unicode.IsDigit(before) && unicode.IsDigit(after):
		return borderWeak
	case endsAbbreviation(bare):
		return borderDoubt
	case strings.ContainsRune(".?!…।؟", last) && !unicode.IsLower(after):
		return borderSentence
	case strings.ContainsRune(",;:،–—", last), isThaiLetter(before) && isThaiLetter(after):
		return borderPhrase
	}
	return borderSpace
}

// endsAbbreviation reports a Thai abbreviation with its full stop, which ends no
// sentence: พ.ศ., ดร.
func endsAbbreviation(body string) bool {
	word, stop := strings.CutSuffix(body, ".")
	letters := word[len(strings.TrimRightFunc(word, isThaiLetter)):]
	return stop && letters != "" && isThaiAbbreviation(letters)
}

// isUnspaced reports letters of scripts that have no spaces between words, and
// may be broken between any two letters.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3001 && r <= 0x303F || r >= 0xFF01 && r <= 0xFF60
}

// tear cuts a token that is wider than limit between letters.
func tear(p token, limit int) []token {
	if p.width <= limit {
		return []token{p}
	}
	var torn []token
	for rest := p.text; rest != ""; {
		var letter string
		letter, rest = firstLetter(rest, limit)
		w := width(letter)
		last := len(torn) - 1
		switch {
		case strings.TrimSpace(letter) == "":
			if last >= 0 {
				torn[last].gap += letter
				torn[last].gapWidth += w
			}
		case last >= 0 && torn[last].gap == "" && torn[last].width+w <= limit:
			torn[last].text += letter
			torn[last].width += w
		default:
			torn = append(torn, token{text: letter, width: w, end: borderTorn})
		}
	}
	last := &torn[len(torn)-1]
	last.gap, last.gapWidth, last.end = last.gap+p.gap, last.gapWidth+p.gapWidth, p.end
	return torn
}

// firstLetter cuts off a letter with its marks, and with the Thai vowels beside
// it or the other digits of its number as far as they fit into limit.
func firstLetter(text string, limit int) (letter, rest string) {
	letter, rest, _, _ = uniseg.FirstGraphemeClusterInString(text, -1)
	for rest != "" {
		last, _ := utf8.DecodeLastRuneInString(letter)
		first, _ := utf8.DecodeRuneInString(rest)
		if !leadsThai(last) && !followsThai(first) && !endsThai(rest) && !(unicode.IsDigit(last) && unicode.IsDigit(first)) {
			break
		}
		next, after, _, _ := uniseg.FirstGraphemeClusterInString(rest, -1)
		if width(letter+next) > limit {
			break
		}
		letter, rest = letter+next, after
	}
	return letter, rest
}
