package views

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// eachText calls f with the path and the value of every string in a Text.
func eachText(v reflect.Value, path string, f func(path string, text reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		f(path, v)
	case reflect.Struct:
		for i := range v.NumField() {
			eachText(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Array:
		for i := range v.Len() {
			eachText(v.Index(i), path, f)
		}
	default:
		panic("no text is a " + v.Kind().String())
	}
}

var verb = regexp.MustCompile(`%[^a-zA-Z%]*[a-zA-Z%]`)

func TestTextsAreComplete(t *testing.T) {
	seen := map[string]map[Language][]string{}
	for _, l := range languages {
		eachText(reflect.ValueOf(*Messages(l)), "", func(path string, text reflect.Value) {
			s := text.String()
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s: %s is empty", l, path)
			}
			verbs := verb.FindAllString(s, -1)
			if isFormat := text.Type() == reflect.TypeFor[Format](); isFormat != (len(verbs) > 0) {
				t.Errorf("%s: %s is a %s, with the verbs %q", l, path, text.Type(), verbs)
			}
			slices.Sort(verbs)
			if seen[path] == nil {
				seen[path] = map[Language][]string{}
			}
			seen[path][l] = append(seen[path][l], verbs...)
		})
	}
	if len(seen) < 100 {
		t.Fatalf("only %d texts were looked at", len(seen))
	}
	for path, verbs := range seen {
		if !slices.Equal(verbs[Thai], verbs[English]) {
			t.Errorf("%s: verbs %q in Thai, %q in English", path, verbs[Thai], verbs[English])
		}
	}
}

func TestTextsAreInTheirLanguage(t *testing.T) {
	other := []string{".OtherLanguage", ".SwitchLanguage"} // speak to those who read the other one
	neutral := []string{".SessionID", ".UploadProgress", ".language"}
	for _, l := range languages {
		eachText(reflect.ValueOf(*Messages(l)), "", func(path string, text reflect.Value) {
			hasThai := strings.ContainsFunc(text.String(), func(r rune) bool { return unicode.Is(unicode.Thai, r) })
			wantThai := (l == Thai) != slices.Contains(other, path)
			if hasThai != wantThai && !slices.Contains(neutral, path) {
				t.Errorf("%s: %s is %q", l, path, text.String())
			}
		})
	}
}

// The wording of the owner's note and of the contract.
func TestContractTexts(t *testing.T) {
	thai, english := Messages(Thai), Messages(English)
	for _, test := range []struct{ got, want string }{
		{thai.QuotaFiles.With(3, 10), "Quota: 3/10 ไฟล์"},
		{english.QuotaFiles.With(3, 10), "Quota: 3/10 files"},
		{thai.SessionID.With("user_john"), "Session ID: user_john"},
		{english.SessionID.With("user_john"), "Session ID: user_john"},
		{thai.RefreshQuota, "🔄 รีเฟรช Quota"},
		{english.RefreshQuota, "🔄 Refresh quota"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestUnknownLanguageIsThai(t *testing.T) {
	if Messages("de") != Messages(Thai) || Messages("") != Messages(Thai) {
		t.Error("an unknown language is not Thai")
	}
}

func TestDateTime(t *testing.T) {
	at := time.Date(2026, time.February, 28, 23, 5, 0, 0, time.FixedZone("Bangkok", 7*3600))
	if got, want := Messages(Thai).DateTime(at), "28 ก.พ. 2569 16:05 UTC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Messages(English).DateTime(at), "28 Feb 2026 16:05 UTC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
