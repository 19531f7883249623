package views

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// spoken are the languages that Whisper's models were trained on, which is
// what the engines there are speak (openai/whisper, tokenizer.py, LANGUAGES).
var spoken = []string{
	"af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es",
	"et", "eu", "fa", "fi", "fo", "fr", "gl", "gu", "ha", "haw", "he", "hi", "hr", "ht", "hu", "hy", "id", "is", "it", "ja",
	"jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt", "lv", "mg", "mi", "mk", "ml", "mn", "mr", "ms", "mt",
	"my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt", "ro", "ru", "sa", "sd", "si", "sk", "sl", "sn", "so", "sq",
	"sr", "su", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "uk", "ur", "uz", "vi", "yi", "yo", "yue", "zh",
}

// spokenLanguage is one that can be asked for.
type spokenLanguage struct{ Code, Name string }

// spokenLanguages has Thai and English first and the rest by name in the
// language of the reader.
func spokenLanguages(l Language) []spokenLanguage {
	all := make([]spokenLanguage, len(spoken))
	for i, code := range spoken {
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
