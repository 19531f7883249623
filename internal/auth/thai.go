package auth

import "strings"

// lookAlike is a spelling that is drawn like another one.
type lookAlike struct{ from, to string }

// thaiLookAlikes are applied until none is left, the first one first. Unicode
// normalisation leaves them alone: most Thai vowels and marks have no combining
// class. Migration 00010 does the same in SQL.
var thaiLookAlikes = makeThaiLookAlikes()

func makeThaiLookAlikes() []lookAlike {
	const (
		nikhahit = "\u0e4d"
		saraAA   = "\u0e32"
		saraE    = "\u0e40"
		saraAE   = "\u0e41"
		silencer = "\u0e4c" // THANTHAKHAT
	)
	tones := []string{"\u0e48", "\u0e49", "\u0e4a", "\u0e4b"}
	above := []string{"\u0e31", "\u0e34", "\u0e35", "\u0e36", "\u0e37", "\u0e47"}
	below := []string{"\u0e38", "\u0e39"}
	list := []lookAlike{{saraE + saraE, saraAE}}
	// A vowel comes before the mark on top of it.
	for _, mark := range append(tones, silencer) {
		for _, vowel := range append(above, below...) {
			list = append(list, lookAlike{mark + vowel, vowel + mark})
		}
	}
	// SARA AM is a tone, NIKHAHIT and SARA AA, as NFKC writes it, in whatever order
	// they were typed.
	for _, tone := range tones {
		list = append(list,
			lookAlike{nikhahit + tone, tone + nikhahit},
			lookAlike{nikhahit + saraAA + tone, tone + nikhahit + saraAA},
			lookAlike{saraAA + tone + nikhahit, tone + nikhahit + saraAA})
	}
	return append(list, lookAlike{saraAA + nikhahit, nikhahit + saraAA})
}

// foldThai gives spellings that look alike one form.
func foldThai(s string) string {
	for i := 0; i < len(thaiLookAlikes); i++ {
		if rule := thaiLookAlikes[i]; strings.Contains(s, rule.from) {
			s, i = strings.ReplaceAll(s, rule.from, rule.to), -1
		}
	}
	return s
}
