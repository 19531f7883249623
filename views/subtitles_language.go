package views

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// spokenLanguage is one that can be asked for.
type spokenLanguage struct{ Code, Name string }

// spokenLanguages has Thai and English first and the rest by name in the
// language of the reader.
func spokenLanguages(l Language, codes []string) []spokenLanguage {
	all := make([]spokenLanguage, len(codes))
	for i, code := range codes {
		all[i] = spokenLanguage{code, l.nameOf(code)}
	}
	order := collate.New(language.Make(string(l)))
	slices.SortFunc(all, func(a, b spokenLanguage) int {
		if d := slices.Index(first, b.Code) - slices.Index(first, a.Code); d != 0 {
			return d
		}
		return order.CompareString(a.Name, b.Name)
	})
	return all
}

// first are the languages that most people here want, in reverse; what is not
// one of them has the index -1.
var first = []string{"en", "th"}

// nameOf is the name of a language, or its code where that says nothing to us.
func (l Language) nameOf(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.Languages(language.Make(string(l))).Name(tag); name != "" {
		return name
	}
	return code
}
