package subtitles

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// The code of Javanese, and the one it had before, which engines use: Whisper was
// trained when "jw" was already withdrawn in favour of "jv".
const (
	Javanese    = "jv"
	OldJavanese = "jw"
)

// Languages lists the codes of what Whisper, and so nearly every engine, was
// taught (openai/whisper, tokenizer.py): ISO 639-1, or ISO 639-3 where there is
// no shorter one. They are sorted.
func Languages() []string {
	return strings.Fields(`af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha
		haw he hi hr ht hu hy id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no
		oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh`)
}

// ValidLanguage reports whether an engine can be asked for this code.
func ValidLanguage(code string) bool {
	return slices.Contains(Languages(), code)
}

// IsLanguage reports whether a Transcript may have this code.
func IsLanguage(code string) bool {
	base, err := language.ParseBase(code)
	return err == nil && base.String() == code && code != "und" || ValidLanguage(code)
}

// LanguageCode is the code of Transcript for what an engine calls a language:
// "en", "eng", "en-US", "English". It is "" for what it does not know.
func LanguageCode(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if code := otherName(name); code != "" {
		return code
	}
	first, _, _ := strings.Cut(strings.ReplaceAll(name, "_", "-"), "-")
	if base, err := language.ParseBase(first); err == nil && base.String() != "und" {
		return base.String()
	}
	for _, code := range Languages() {
		if strings.ToLower(display.English.Languages().Name(language.Make(code))) == name {
			return code
		}
	}
	return ""
}

// otherName is the code for Whisper's names that are not those of the Unicode
// CLDR, and for codes that were withdrawn or that ISO 639-1 has no part in.
func otherName(name string) string {
	switch name {
	case "bengali":
		return "bn"
	case "castilian":
		return "es"
	case "flemish":
		return "nl"
	case "haitian":
		return "ht"
	case "iw":
		return "he"
	case "in":
		return "id"
	case OldJavanese, "javanese":
		return Javanese
	case "letzeburgesch":
		return "lb"
	case "mandarin", "cmn":
		return "zh"
	case "moldavian", "moldovan", "mo":
		return "ro"
	case "myanmar":
		return "my"
	case "norwegian", "nb":
		return "no"
	case "nynorsk":
		return "nn"
	case "panjabi":
		return "pa"
	case "pushto":
		return "ps"
	case "sinhalese":
		return "si"
	case "tagalog", "fil":
		return "tl"
	case "valencian":
		return "ca"
	}
	return ""
}
