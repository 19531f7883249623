// Package views renders what people see: the pages, the fragments that htmx
// swaps into them, and every text in Thai and English.
//
// Components take the plain structs of this package. They know nothing of the
// database or of HTTP, and escape whatever they are given.
package views

import "golang.org/x/text/language"

// Language is one that every text exists in, as a BCP 47 tag.
type Language string

// The languages there are.
const (
	Thai    Language = "th"
	English Language = "en"
)

// other is the language that the switch on every page offers.
func (l Language) other() Language {
	if l == English {
		return Thai
	}
	return English
}

// languages holds the default first, as language.NewMatcher wants it.
var languages = []Language{Thai, English}

var matcher = language.NewMatcher([]language.Tag{language.Thai, language.English})

// MatchLanguage chooses the language of an answer: that of the cookie when it
// names one, else the best match of an Accept-Language header (RFC 9110,
// section 12.5.4), else Thai. Either argument may be empty or nonsense.
func MatchLanguage(cookie, acceptLanguage string) Language {
	for _, l := range languages {
		if cookie == string(l) {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return Thai
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Thai
	}
	return languages[index]
}
