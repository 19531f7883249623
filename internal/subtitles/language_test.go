package subtitles

import (
	"slices"
	"strings"
	"testing"
)

// TestLanguageCode goes through every name that Whisper has, in the order of
// its tokenizer, and through what other engines call languages.
func TestLanguageCode(t *testing.T) {
	t.Parallel()
	names := map[string]string{
		"English": "en", " ENGLISH\n": "en", "en": "en", "EN": "en", "eng": "en", "en-US": "en", "en_GB": "en",
		"zh-TW": "zh", "zh_Hant_HK": "zh", "cmn": "zh", "tha": "th", "iw": "he", "nb": "no", "fil": "tl", "jw": "jv",
		"mandarin": "zh", "castilian": "es", "flemish": "nl", "haitian": "ht", "letzeburgesch": "lb", "moldavian": "ro",
		"moldovan": "ro", "panjabi": "pa", "pushto": "ps", "sinhalese": "si", "valencian": "ca", "burmese": "my",
		"": "", "und": "", "auto": "", "unknown": "", "<script>": "", "x": "", "klingon of sorts": "",
	}
	for pair := range strings.FieldsSeq(`en:english zh:chinese de:german es:spanish ru:russian ko:korean fr:french
		ja:japanese pt:portuguese tr:turkish pl:polish ca:catalan nl:dutch ar:arabic sv:swedish it:italian
		id:indonesian hi:hindi fi:finnish vi:vietnamese he:hebrew uk:ukrainian el:greek ms:malay cs:czech ro:romanian
		da:danish hu:hungarian ta:tamil no:norwegian th:thai ur:urdu hr:croatian bg:bulgarian lt:lithuanian la:latin
		mi:maori ml:malayalam cy:welsh sk:slovak te:telugu fa:persian lv:latvian bn:bengali sr:serbian az:azerbaijani
		sl:slovenian kn:kannada et:estonian mk:macedonian br:breton eu:basque is:icelandic hy:armenian ne:nepali
		mn:mongolian bs:bosnian kk:kazakh sq:albanian sw:swahili gl:galician mr:marathi pa:punjabi si:sinhala km:khmer
		sn:shona yo:yoruba so:somali af:afrikaans oc:occitan ka:georgian be:belarusian tg:tajik sd:sindhi gu:gujarati
		am:amharic yi:yiddish lo:lao uz:uzbek fo:faroese ht:haitian_creole ps:pashto tk:turkmen nn:nynorsk mt:maltese
		sa:sanskrit lb:luxembourgish my:myanmar bo:tibetan tl:tagalog mg:malagasy as:assamese tt:tatar haw:hawaiian
		ln:lingala ha:hausa ba:bashkir jv:javanese su:sundanese yue:cantonese`) {
		code, name, _ := strings.Cut(pair, ":")
		names[strings.ReplaceAll(name, "_", " ")] = code
		names[code] = code
		if !ValidLanguage(code) {
			t.Errorf("%s is missing", code)
		}
	}
	for name, want := range names {
		if got := LanguageCode(name); got != want {
			t.Errorf("languageCode(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	codes := Languages()
	if len(codes) != 100 || !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != 100 {
		t.Errorf("got %d codes: %v, want 100 different ones, sorted", len(codes), codes)
	}
	for _, code := range []string{"", "auto", "jw", "english", "EN", "--model", "en "} {
		if ValidLanguage(code) {
			t.Errorf("%q passes as a code", code)
		}
	}
	for code, want := range map[string]bool{
		"th": true, "haw": true, "zu": true, "nan": true, // not all are Whisper's
		"": false, "und": false, "eng": false, "EN": false, "en-US": false, "english": false, "<b>": false,
	} {
		if IsLanguage(code) != want {
			t.Errorf("IsLanguage(%q) = %t", code, !want)
		}
	}
}
