package subtitles

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

// mustReadWell reads anything. What is taken is in order, can be written and read
// again, and is shaped without losing a letter.
func mustReadWell(t *testing.T, data []byte) {
	t.Helper()
	tr, err := Read(data)
	if err != nil {
		var known *ReadError
		if !errors.As(err, &known) || !errors.Is(err, ErrUnreadable) {
			t.Fatalf("an error of another kind: %v", err)
		}
		return
	}
	mustKeepPromises(t, tr.Cues)
	said := written(t, "txt", tr)
	if decoded, err := decodeTwice(said, &notices{}); err != nil || decoded != said {
		return // What JSON hides in escapes is read as it looks once it is written.
	}
	for _, kind := range []string{"vtt", "srt", "json"} {
		again, err := Read([]byte(written(t, kind, tr)))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if len(again.Cues)+len(tr.Cues) > 0 && !reflect.DeepEqual(again.Cues, withoutWords(tr.Cues)) {
			t.Fatalf("%s: read %q, wrote %q", kind, again.Cues, tr.Cues)
		}
	}
	for _, o := range []Options{{}, {Width: 2, Lines: 1}, {Width: 11, Lines: 3, MinTime: 2 * time.Second, MaxTime: 3 * time.Second}} {
		mustBeShaped(t, tr, o)
	}
}

// fuzzReader feeds one reader: whatever comes behind the beginning that it is told
// by.
func fuzzReader(f *testing.F, begin string, seeds ...string) {
	f.Helper()
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { mustReadWell(t, append([]byte(begin), data...)) })
}

func FuzzSRT(f *testing.F) {
	fuzzReader(f, "1\n00:00:01,000 --> 00:00:02,000\n", "a\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>b</i>\\N{\\an8}c\n", "\n#3\n0:5 -> 0:6 x\n")
}

func FuzzVTT(f *testing.F) {
	fuzzReader(f, "WEBVTT", " - x\n\nNOTE y\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>a<00:01.500>b</v>\n", "\n\nSTYLE\n::cue {}\n\nREGION\nid:a\n\nx\n1:00.0 --> 2:00.0\n&lt;\n")
}

func FuzzASS(f *testing.F) {
	fuzzReader(f, "[Script Info]\n", "[Events]\nFormat: Layer, Start, End, Text\nDialogue: 0,0:00:01.00,0:00:02.00,{\\i1}a\\Nb{\\p1}m 0 0\nComment: 0,0:00:01.00,0:00:02.00,c\n")
}

func FuzzSBV(f *testing.F) {
	fuzzReader(f, "0:00:01.000,0:00:02.000\n", "a[br]b\n\n0:00:03.000,0:00:04.000\nc\n")
}

func FuzzTTML(f *testing.F) {
	fuzzReader(f, `<tt xmlns="http://www.w3.org/ns/ttml"`, ` frameRate="25"><body begin="1s"><div><p begin="1t" dur="2s">a<br/>b</p></div></body></tt>`, `><body><p begin="00:00:01:12" end="3s"><span>x</span>&#x41;</p></body></tt>`)
}

func FuzzLRC(f *testing.F) {
	fuzzReader(f, "[00:01.50]", "a\n[00:02.00][00:03]<00:02.50>b\n[offset:+100]\n")
}

func FuzzMicroDVD(f *testing.F) {
	fuzzReader(f, "{1}{1}25\n", "{25}{50}{y:i}a|/b\n{75}{}c\n")
}

func FuzzTSV(f *testing.F) {
	fuzzReader(f, "start\tend\ttext\n", "1000\t2000\ta\n3000\t4000\t\n")
}

func FuzzJSON(f *testing.F) {
	fuzzReader(f, `{"`, `segments":[{"start":1,"end":"2","text":"a","words":[{"word":"a","start":null,"end":NaN}]}]}`, `transcription":[{"offsets":{"from":1,"to":2},"text":"a"}]}`, `cues":[{"start":1,"end":2,"text":"a"}]}`)
}
