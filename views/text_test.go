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

var (
	verb = regexp.MustCompile(`%[^a-zA-Z%]*[a-zA-Z]`)
	name = regexp.MustCompile(`\{[A-Za-z]\w*\}`)
)

// namesOf are the values that a text of each type has, once each.
var namesOf = map[reflect.Type][]string{
	reflect.TypeFor[UsedFormat]():    {"{limit}", "{used}"},
	reflect.TypeFor[LeftFormat]():    {"{left}", "{limit}"},
	reflect.TypeFor[LeftOutFormat](): {"{format}", "{tracks}"},
	reflect.TypeFor[ReadFormat]():    {"{length}", "{read}"},
	reflect.TypeFor[LengthFormat]():  {"{left}", "{length}"},
	reflect.TypeFor[AgentFormat]():   {"{program}", "{system}"},
	reflect.TypeFor[SummaryFormat](): {"{highest}", "{title}"},
	reflect.TypeFor[LineFormat]():    {"{line}", "{what}"},
	reflect.TypeFor[QuoteFormat]():   {"{content}", "{line}", "{what}"},
}

// templateNames are the values that the page's script has for each Template.
var templateNames = map[string][]string{
	".FilesDone":       {"{all}", "{done}"},
	".FileTooBig":      {"{limit}", "{size}"},
	".VideoTooLong":    {"{left}", "{length}"},
	".VideoTooLongNow": {"{left}", "{length}"},
	".UploadProgress":  {"{left}", "{percent}", "{speed}"},
}

// TestTextsAreComplete holds every text to the values that its type has: one
// verb, or several by their names, which no translation can swap unseen.
func TestTextsAreComplete(t *testing.T) {
	seen := map[string]map[Language][]string{}
	for _, l := range languages {
		eachText(reflect.ValueOf(*Messages(l)), "", func(path string, text reflect.Value) {
			s := text.String()
			if l == Thai && strings.HasSuffix(path, ".One") {
				if s != "" {
					t.Errorf("%s: %s is %q, though Thai has no plural", l, path, s)
				}
				return
			}
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s: %s is empty", l, path)
			}
			verbs := verb.FindAllString(strings.ReplaceAll(s, "%%", ""), -1)
			names := name.FindAllString(s, -1)
			slices.Sort(names)
			wanted, verbsWanted := namesOf[text.Type()], 0
			switch text.Type() {
			case reflect.TypeFor[Format]():
				verbsWanted = 1
			case reflect.TypeFor[Template]():
				wanted = templateNames[path]
			}
			if len(verbs) != verbsWanted || !slices.Equal(names, wanted) {
				t.Errorf("%s: %s is a %s, with the verbs %q and the values %q, not %q", l, path, text.Type(), verbs, names, wanted)
			}
			if seen[path] == nil {
				seen[path] = map[Language][]string{}
			}
			seen[path][l] = verbs
		})
	}
	if len(seen) < 100 {
		t.Fatalf("only %d texts were looked at", len(seen))
	}
	for path, verbs := range seen {
		if !strings.HasSuffix(path, ".One") && !slices.Equal(verbs[Thai], verbs[English]) {
			t.Errorf("%s: verbs %q in Thai, %q in English", path, verbs[Thai], verbs[English])
		}
	}
}

// TestFormatsFillTheirNames gives each value its own name.
func TestFormatsFillTheirNames(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{UsedFormat("{limit} {used}").With("USED", "LIMIT"), "LIMIT USED"},
		{LeftFormat("{limit} {left}").With("LEFT", "LIMIT"), "LIMIT LEFT"},
		{LeftOutFormat("{tracks} {format}").With("FORMAT", "TRACKS"), "TRACKS FORMAT"},
		{ReadFormat("{length} {read}").With("READ", "LENGTH"), "LENGTH READ"},
		{LengthFormat("{left} {length}").With("LENGTH", "LEFT"), "LEFT LENGTH"},
		{AgentFormat("{system} {program}").With("PROGRAM", "SYSTEM"), "SYSTEM PROGRAM"},
		{SummaryFormat("{highest} {title}").With("{highest}", "HIGHEST"), "HIGHEST {highest}"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// TestEnglishCountsOne reads every English text as it is about one of
// something: no plural follows the 1.
func TestEnglishCountsOne(t *testing.T) {
	// The values of these are never 1: lengths such as 1:05, what is too much
	// of something, the choices of an expiry.
	never := []string{
		".MinutesOf", ".MinutesLeft", ".UploadCounted", ".Problems.quotaDuration.Detail", ".SomeFiles",
		".Subtitles.Editor.TooFast", ".Subtitles.Editor.TooLong", ".Account.Days", ".Account.tooManyTokens.Detail",
	}
	plural := regexp.MustCompile(`\b1 (of 1 )?([a-z]+ )?[a-z]{2,}s\b`)
	eachText(reflect.ValueOf(*Messages(English)), "", func(path string, text reflect.Value) {
		if slices.Contains(never, path) || strings.HasSuffix(path, ".Other") {
			return
		}
		s := name.ReplaceAllString(verb.ReplaceAllString(text.String(), "1"), "1")
		if found := plural.FindString(s); found != "" && !strings.HasSuffix(found, " was") && !strings.HasSuffix(found, " has") {
			t.Errorf("%s says %q", path, s)
		}
	})
	texts := Messages(English)
	for _, test := range []struct{ got, want string }{
		{ManySessions{Count: 1}.title(texts), "Reset the quota of 1 user?"},
		{ManySessions{Count: 2}.title(texts), "Reset the quotas of 2 users?"},
		{ManySessions{Count: 1, Limits: true}.done(texts), "1 user has the new limits."},
		{texts.QuotaFiles.Of(1).With(1, 1), "Quota: 1/1 file"},
		{Messages(Thai).Sessions.AboutToReset.Of(1).With(1), "รีเซ็ตโควตาของผู้ใช้ 1 คนใช่ไหม?"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestTextsAreInTheirLanguage(t *testing.T) {
	other := []string{".OtherLanguage", ".SwitchLanguage"} // speak to those who read the other one
	neutral := []string{".SessionID", ".UploadProgress", ".language"}
	for _, l := range languages {
		eachText(reflect.ValueOf(*Messages(l)), "", func(path string, text reflect.Value) {
			if text.Len() == 0 {
				return // TestTextsAreComplete tells.
			}
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
		{thai.QuotaFiles.Of(10).With(3, 10), "Quota: 3/10 ไฟล์"},
		{english.QuotaFiles.Of(10).With(3, 10), "Quota: 3/10 files"},
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
	at := time.Date(2026, time.February, 28, 16, 5, 0, 0, time.UTC)
	bangkok, err := time.LoadLocation("Asia/Bangkok")
	if err != nil {
		t.Fatal(err)
	}
	_, offset := at.In(time.Local).Zone()
	servers := at.In(time.Local).Format("15:04 UTC-07:00")
	if offset == 0 {
		servers = "16:05 UTC"
	}
	for _, test := range []struct {
		page Page
		want string
	}{
		{Page{Language: Thai, Zone: bangkok}, "28 ก.พ. 2569 23:05"},
		{Page{Language: English, Zone: bangkok}, "28 Feb 2026, 23:05"},
		{Page{Language: English, Zone: time.FixedZone("x", 9*3600)}, "1 Mar 2026, 01:05"},
		{Page{Language: English}, servers},
	} {
		if got := test.page.dateTime(at); !strings.HasSuffix(got, test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
