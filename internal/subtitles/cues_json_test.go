package subtitles

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func TestMarshalCues(t *testing.T) {
	t.Parallel()
	got := string(MarshalCues([]Cue{cue(1500, 2250, "<b>&\nก"), cue(0, 1, "")}))
	if want := `[{"start":0,"end":0.001,"text":""},{"start":1.5,"end":2.25,"text":"\u003cb\u003e\u0026\nก"}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(MarshalCues(nil)); got != "[]" {
		t.Errorf("nothing became %s", got)
	}
}

// What is stored comes back, also where somebody has written no text yet.
func TestStoredCuesComeBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		want := withoutWords(anyTranscript(rand.New(rand.NewPCG(seed, 6))).Cues)
		for i := range want {
			want[i].Text = CleanText(want[i].Text)
		}
		got, err := UnmarshalCues(MarshalCues(want))
		if err != nil || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %v: got %q\nwant %q", seed, err, got, want)
		}
	}
}

func TestUnmarshalCues(t *testing.T) {
	t.Parallel()
	got, err := UnmarshalCues([]byte(` [{"start":2,"end":3.0004,"text":" a \r\n\r\n b\u0000 "},{"text":"","end":1e0,"start":0.0006}] `))
	if want := []Cue{cue(1, 1000, ""), cue(2000, 3000, "a\nb")}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: got %q, want %q", err, got, want)
	}
}

func TestUnmarshalCuesRefuses(t *testing.T) {
	t.Parallel()
	good := `{"start":0,"end":1,"text":"a"}`
	for file, want := range map[string]string{
		``: "malformed", `null`: "malformed", `{}`: "malformed", `[`: "malformed", `[1,]`: "malformed", `[] []`: "malformed", `"a"`: "malformed",
		`[` + good + `,1]`: "2::malformed",
		`[null]`:           "1:start:missing",
		`[{}]`:             "1:start:missing",
		`[{"start":0,"end":1,"text":"a","style":""}]`:                               "1::malformed",
		`[{"start":"0","end":true,"text":1}]`:                                       "1:start:not-a-time",
		`[{"start":null,"end":null,"text":null}]`:                                   "1:start:not-a-time",
		`[{"start":1e999,"end":1,"text":""}]`:                                       "1:start:not-a-time",
		`[{"start":-0.001,"end":1e9,"text":""}]`:                                    "1:start:negative",
		`[{"start":0,"text":""}]`:                                                   "1:end:missing",
		`[{"start":0,"end":1e9,"text":""}]`:                                         "1:end:too-late",
		`[{"start":0,"end":1}]`:                                                     "1:text:missing",
		`[{"start":0,"end":1,"text":1}]`:                                            "1:text:malformed",
		`[{"start":1,"end":1,"text":""}]`:                                           "1:end:ends-before-start",
		`[{"start":1,"end":1.0004,"text":""}]`:                                      "1:end:ends-before-start",
		`[` + good + `,{"start":2,"end":1,"text":""}]`:                              "2:end:ends-before-start",
		`[{"start":0,"end":1,"text":"` + "\xff" + `"}]`:                             "1:text:not-utf-8",
		`[{"start":0,"end":1,"text":"` + strings.Repeat("x", MaxCueBytes+1) + `"}]`: "1:text:text-too-long",
		`[` + strings.Repeat(good+",", MaxCues) + good + `]`:                        "too-many-cues",
		`[` + strings.Repeat("1,", 1000) + `1]`:                                     "1::malformed",
		`[` + strings.Repeat(strings.Replace(good, `"a"`, `"`+strings.Repeat("x", MaxCueBytes)+`"`, 1)+",", MaxTextBytes/MaxCueBytes) + good + `]`: "too-large",
	} {
		_, err := UnmarshalCues([]byte(file))
		if got := problem(err); got != want || !errors.Is(err, ErrUnreadable) {
			t.Errorf("%.60s: got %s (%v), want %s", file, got, err, want)
		}
	}
	if _, err := UnmarshalCues(make([]byte, MaxFileBytes+1)); problem(err) != "too-large" {
		t.Errorf("a file without end: %v", err)
	}
}

// problem puts an error in few letters.
func problem(err error) string {
	var file *ReadError
	if errors.As(err, &file) {
		return string(file.Problem)
	}
	var cue *CueError
	if errors.As(err, &cue) {
		return fmt.Sprintf("%d:%s:%s", cue.Cue, cue.Field, cue.Problem)
	}
	return fmt.Sprint(err)
}
