package auth

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

func TestParseUsernameAccepts(t *testing.T) {
	for _, test := range []struct {
		what, in, name, key string
	}{
		{"ASCII", "john", "john", "john"},
		{"case is kept", "John.Doe-2_x", "John.Doe-2_x", "john.doe-2_x"},
		{"one character", "A", "A", "a"},
		{"a dot", ".", ".", "."},
		{"two dots", "..", "..", ".."},
		{"Thai letters", "สมชาย", "สมชาย", "สมชาย"},
		{"Thai and ASCII", "สมชาย_KK", "สมชาย_KK", "สมชาย_kk"},
		{"Thai digits stay Thai", "ก๑๒", "ก๑๒", "ก๑๒"},
		{"repetition and abbreviation signs", "มากๆฯ", "มากๆฯ", "มากๆฯ"},
		{"sara am", "น\u0e49\u0e33", "น\u0e49\u0e33", "น\u0e49\u0e4d\u0e32"},
		{"sara am apart", "น\u0e49\u0e4d\u0e32", "น\u0e49\u0e4d\u0e32", "น\u0e49\u0e4d\u0e32"},
		{"vowel and tone in order", "ก\u0e39\u0e49", "ก\u0e39\u0e49", "ก\u0e39\u0e49"},
		{"vowel and tone out of order", "ก\u0e49\u0e39", "ก\u0e39\u0e49", "ก\u0e39\u0e49"},
		{"marks only", "\u0e34\u0e48", "\u0e34\u0e48", "\u0e34\u0e48"},
		{"first and last Thai letter", "\u0e01\u0e2e", "\u0e01\u0e2e", "\u0e01\u0e2e"},
		{"32 ASCII characters", strings.Repeat("a", 32), strings.Repeat("a", 32), strings.Repeat("a", 32)},
		{"32 Thai characters", strings.Repeat("ก", 32), strings.Repeat("ก", 32), strings.Repeat("ก", 32)},
		{"a key longer than a name may be", strings.Repeat("ก\u0e33", 16), strings.Repeat("ก\u0e33", 16), strings.Repeat("ก\u0e4d\u0e32", 16)},
		{"as many marks as fit", "ก" + strings.Repeat("\u0e48", 31), "ก" + strings.Repeat("\u0e48", 31), "ก" + strings.Repeat("\u0e48", 31)},
	} {
		t.Run(test.what, func(t *testing.T) {
			got, err := ParseUsername(test.in)
			if err != nil {
				t.Fatalf("%+q: %v", test.in, err)
			}
			if want := (Username{Name: test.name, Key: test.key, Former: test.key}); got != want {
				t.Errorf("%+q: got %+q, want %+q", test.in, got, want)
			}
			if got, want := got.SessionID(), "user_"+test.name; got != want {
				t.Errorf("session id %+q, want %+q", got, want)
			}
		})
	}
}

// TestNewUsername gives nobody a name that is taken out of a path.
func TestNewUsername(t *testing.T) {
	for in, valid := range map[string]bool{
		"": false, ".": false, "..": false, strings.Repeat(".", 32): false, "a b": false,
		"a.": true, "..a": true, "-": true, "._": true, "john": true,
	} {
		got, err := NewUsername(in)
		if valid != (err == nil) || !valid && (!errors.Is(err, ErrUsername) || got != (Username{})) {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
}

func TestParseUsernameRefuses(t *testing.T) {
	for what, in := range map[string]string{
		"nothing":                   "",
		"33 ASCII characters":       strings.Repeat("a", 33),
		"33 Thai characters":        strings.Repeat("ก", 33),
		"a megabyte":                strings.Repeat("a", 1<<20),
		"space inside":              "a b",
		"space before":              " ab",
		"space after":               "ab ",
		"no-break space":            "a\u00a0b",
		"ideographic space":         "a\u3000b",
		"tab":                       "a\tb",
		"newline at the end":        "ab\n",
		"carriage return":           "ab\r",
		"NUL":                       "a\x00b",
		"escape":                    "a\x1bb",
		"DEL":                       "a\x7fb",
		"C1 control":                "a\u0085b",
		"zero-width space":          "a\u200bb",
		"zero-width non-joiner":     "ก\u200cข",
		"zero-width joiner":         "ก\u200dข",
		"word joiner":               "a\u2060b",
		"byte order mark":           "\ufeffab",
		"soft hyphen":               "a\u00adb",
		"right-to-left override":    "a\u202eb",
		"right-to-left isolate":     "a\u2067b",
		"variation selector":        "a\ufe0f",
		"tag character":             "a\U000e0061",
		"Cyrillic а":                "\u0430dmin",
		"Greek ο":                   "j\u03bfhn",
		"Lao ko":                    "\u0e81",
		"Khmer ka":                  "\u1780",
		"Kelvin sign":               "\u212a",
		"long s":                    "\u017f",
		"full-width letter":         "\uff21dmin",
		"mathematical letter":       "\U0001d41a",
		"full-width digit":          "\uff11",
		"Arabic digit":              "\u0661",
		"superscript":               "a\u00b2",
		"accented letter":           "\u00e9",
		"accented letter apart":     "e\u0301",
		"emoji":                     "a\U0001f600",
		"baht sign":                 "100\u0e3f",
		"Thai bullet":               "ก\u0e4f",
		"Thai section sign":         "ก\u0e5a",
		"Thai end of chapter":       "ก\u0e5b",
		"unassigned, Thai block":    "ก\u0e3b",
		"unassigned, Thai block 2":  "ก\u0e5c",
		"slash":                     "../a",
		"backslash":                 "a\\b",
		"at sign":                   "a@b",
		"plus":                      "a+b",
		"percent":                   "a%2e",
		"quote":                     "a'b",
		"markup":                    "<b>",
		"replacement character":     "a\ufffd",
		"invalid UTF-8":             "a\xff",
		"cut-off UTF-8":             "a\xe0\xb8",
		"overlong UTF-8":            "\xc1\x81",
		"surrogate in UTF-8":        "\xed\xa0\x80",
		"a name after another line": "ab\nadmin",
	} {
		t.Run(what, func(t *testing.T) {
			if got, err := ParseUsername(in); !errors.Is(err, ErrUsername) || got != (Username{}) {
				t.Errorf("%+.40q: got %+q, %v; want ErrUsername", in, got, err)
			}
		})
	}
}

func TestUsernameKey(t *testing.T) {
	for _, test := range []struct {
		what, a, b string
		same       bool
	}{
		{"case", "ADMIN", "admin", true},
		{"sara am and its parts", "น\u0e49\u0e33", "น\u0e49\u0e4d\u0e32", true},
		{"order of vowel and tone", "ก\u0e39\u0e49", "ก\u0e49\u0e39", true},
		{"order in more than 30 marks", "ก" + strings.Repeat("\u0e48", 30) + "\u0e39", "ก\u0e39" + strings.Repeat("\u0e48", 30), true},
		{"nikhahit before the tone", "น\u0e4d\u0e49\u0e32", "น\u0e49\u0e33", true},
		{"the tone after sara am", "น\u0e33\u0e49", "น\u0e49\u0e33", true},
		{"sara aa before nikhahit", "น\u0e32\u0e4d", "น\u0e33", true},
		{"sara aa before tone and nikhahit", "น\u0e32\u0e49\u0e4d", "น\u0e49\u0e33", true},
		{"all the tones before sara am", "น\u0e4d\u0e48\u0e49\u0e4a\u0e4b\u0e32", "น\u0e48\u0e49\u0e4a\u0e4b\u0e33", true},
		{"sara e twice", "\u0e40\u0e40ดง", "\u0e41ดง", true},
		{"a tone below a vowel", "ท\u0e49\u0e35", "ท\u0e35\u0e49", true},
		{"a silencer below a vowel", "ส\u0e4c\u0e34", "ส\u0e34\u0e4c", true},
		{"sara e once", "\u0e40ดง", "\u0e41ดง", false},
		{"another tone on sara am", "น\u0e48\u0e33", "น\u0e49\u0e33", false},
		{"sara am and sara aa", "น\u0e33", "น\u0e32", false},
		{"two vowels above", "ก\u0e34", "ก\u0e35", false},
		{"the tone on another letter", "ก\u0e49น\u0e33", "กน\u0e49\u0e33", false},
		{"digits of two scripts", "a1", "a๑", false},
		{"another tone", "ก่า", "ก้า", false},
		{"a dot more", "a.", "a", false},
		{"hyphen and underscore", "a-b", "a_b", false},
	} {
		t.Run(test.what, func(t *testing.T) {
			a, errA := ParseUsername(test.a)
			b, errB := ParseUsername(test.b)
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if same := a.Key == b.Key; same != test.same {
				t.Errorf("%+q and %+q have the keys %+q and %+q", test.a, test.b, a.Key, b.Key)
			}
		})
	}
}

// TestPrecisRefusesSaraAm holds the reason for not using PRECIS. When it fails,
// ParseUsername can be thought over.
func TestPrecisRefusesSaraAm(t *testing.T) {
	const water = "น้\u0e33"
	if got, err := precis.UsernameCasePreserved.String(water); err == nil {
		t.Errorf("PRECIS takes %q as %+q now", water, got)
	}
	if _, err := ParseUsername(water); err != nil {
		t.Error(err)
	}
}

func FuzzParseUsername(f *testing.F) {
	for _, seed := range []string{"john", "น้ำ", "น\u0e49\u0e4d\u0e32", "น\u0e4d\u0e49\u0e32\u0e48", "ท\u0e49\u0e35", "\u0e40\u0e40\u0e40", "ก\u0e49\u0e39", "..", "\u212a", "a\u200bb", "\xff", strings.Repeat("\u0e33", 33), strings.Repeat("\u0e48", 32)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseUsername(s)
		if err != nil {
			if !errors.Is(err, ErrUsername) || u != (Username{}) {
				t.Fatalf("%+q: got %+q, %v", s, u, err)
			}
			return
		}
		if n := utf8.RuneCountInString(u.Name); n < 1 || n > MaxUsernameLength {
			t.Errorf("%+q: the name %+q has %d characters", s, u.Name, n)
		}
		for _, r := range u.Name + u.Key {
			if !allowedInUsername(r) {
				t.Errorf("%+q: %+q has a character that is not allowed", s, u)
			}
		}
		// The library's own forms hold an invisible U+034F in long runs of marks.
		if nfc := norm.NFC.String(s); !strings.Contains(nfc, "\u034f") && u.Name != nfc {
			t.Errorf("%+q: the name %+q is not its NFC", s, u.Name)
		}
		again, err := ParseUsername(u.Name)
		if err != nil || again != u {
			t.Errorf("%+q: its name gives %+q, %v; want %+q", s, again, err, u)
		}
		if key := UsernameKey(u.Name); key != u.Key || UsernameKey(key) != key || UsernameKey(u.Former) != key {
			t.Errorf("%+q: the key %+q is not that of itself, the name or %+q", s, key, u.Former)
		}
		if upper, err := ParseUsername(strings.ToUpper(s)); err != nil || upper.Key != u.Key {
			t.Errorf("%+q: in upper case it gives %+q, %v", s, upper, err)
		}
	})
}
