package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/subtitles"
)

// asHeard writes captions and notes so that they can be compared.
func asHeard(cues []subtitles.Cue, notes []Note) string {
	var b strings.Builder
	for _, c := range cues {
		fmt.Fprintf(&b, "%g-%g %s|", c.Start.Seconds(), c.End.Seconds(), c.Text)
	}
	for _, n := range notes {
		fmt.Fprintf(&b, "%s %g %s|", n.Kind, n.At.Seconds(), n.Text)
	}
	return b.String()
}

// TestEngineCases has the answers of shared cases, each of 30 s of sound.
func TestEngineCases(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"words-late-in-segment.json":             "9.5-10.1 Hello there.|",
		"last-end-null.json":                     "0-2 hello|2-3 world|time-repaired 2 world|",
		"bare-NaN.json":                          "0-2 hi|",
		"one-segment-ends-before-start.json":     "0-2 hello|9-10 world|10-12 last|time-repaired 9 world|",
		"one-segment-far-beyond-end-of-30s.json": "0-2 hello|28-30 tail|time-repaired 28 tail|",
		"cmd-vtt-last-cue-backwards.vtt":         "0-2 one|4-5 two|time-repaired 4 two|",
		"text-only.json":                         "error: text without times",
		"200-error.json":                         "error: the engine says: model is overloaded",
		"times-restart.json":                     "error: times begin anew: segment 3 is at 0.0 s, after one at 5.0 s",
		"hallucination-40.json":                  "silent",
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		heard, notes, err := readAnswer(data, 30*time.Second, true)
		got := asHeard(heard.Cues, notes)
		switch {
		case err != nil:
			got = "error: " + err.Error()
		case len(heard.Cues) == 0 && len(notes) > 0 && !slices.ContainsFunc(notes, func(n Note) bool { return n.Kind != NoteSilence }):
			got = "silent"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	// Shape keeps a caption on the word's begin.
	data, err := os.ReadFile(filepath.Join("testdata", "words-late-in-segment.json"))
	if err != nil {
		t.Fatal(err)
	}
	heard, _, err := readAnswer(data, 30*time.Second, true)
	shaped := subtitles.Shape(heard, subtitles.Options{})
	if err != nil || len(shaped.Cues) != 1 || shaped.Cues[0].Start != ms(9500) || shaped.Cues[0].End != ms(10333) {
		t.Errorf("got %+v, %v", shaped, err)
	}
}

// TestWordsDecide has segments of 0 to 12 s with words in many states.
func TestWordsDecide(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		`{"word":"one","start":9.5,"end":9.8},{"word":"two","start":9.8,"end":10},{"word":"three","start":10,"end":10.5}`:                "9.5-10.5",
		`{"word":"one","start":null,"end":null},{"word":"two","start":9.8,"end":10},{"word":"three","start":10,"end":10.5}`:              "9.8-10.5",
		`{"word":"one"},{"word":"two","start":9.8,"end":10},{"word":"three"}`:                                                            "9.8-10",
		`{"word":"one","start":9.5,"end":9.8},{"word":"two","start":3,"end":3.1},{"word":"three","start":10,"end":10.5}`:                 "9.5-10.5",
		`{"word":"one","start":0,"end":0},{"word":"two","start":9.8,"end":10},{"word":"three","start":10,"end":10.5}`:                    "9.8-10.5",
		`{"word":"one","start":9.5,"end":9.8},{"word":"two","start":9.8,"end":10},{"word":"three","start":500,"end":501}`:                "9.5-10",
		`{"word":"one","start":9.5,"end":9.8},{"word":"two","start":9.8,"end":10},{"word":"three","start":25,"end":26}`:                  "9.5-10",
		`{"word":"one","start":-7,"end":-6},{"word":"two","start":9.8,"end":10},{"word":"three","start":10,"end":10.5}`:                  "9.8-10.5",
		`{"word":"one","start":9.5,"end":9.8},{"word":"two","start":9.8,"end":10},{"word":"three","start":10.6,"end":10.2}`:              "9.5-10",
		`{"word":"one","start":"9.5","end":"9.8"},{"word":"two","start":"0:00:09.8","end":10},{"word":"three","start":NaN,"end":"10,5"}`: "9.5-10.5",
		`{"word":"one","start":20,"end":20.2},{"word":"two","start":9.8,"end":10},{"word":"three","start":10,"end":10.5}`:                "9.8-10.5",
		`{"text":" one","start":9.5,"end":9.8},{"text":" two","start":9.8,"end":10},{"text":" three","start":10,"end":12.9}`:             "9.5-12.9",
		`{"word":"one","timestamp":[9.5,9.8]},{"word":"two","timestamp":[9.8,10]},{"word":"three","timestamp":[10,null]}`:                "9.5-10",
		`{"word":"one","start":NaN,"end":NaN},{"word":"two","start":null},{"word":"three","start":{},"end":[]}`:                          "0-12",
		`"one",null,5,{"word":"one","start":9.5,"end":9.8},{"word":5},{"word":"two three","start":9.8,"end":10.5}`:                       "9.5-10.5",
		`{"word":"on","start":9.5,"end":9.8},{"word":"\ufffd","start":9.8,"end":10},{"word":"else","start":10,"end":10.5}`:               "9.5-10.5",
		``: "0-12",
	} {
		inside := `{"text":"x","segments":[{"start":0,"end":12,"text":" One two, three.","words":[` + words + `]}]}`
		beside := `{"text":"x","segments":[{"start":0,"end":12,"text":" One two, three."}],"words":[` + words + `]}`
		for _, answer := range []string{inside, beside} {
			answer = strings.ReplaceAll(answer, `"one"`, `"One"`)
			answer = strings.ReplaceAll(answer, `" one"`, `" One"`)
			heard, _, err := readAnswer([]byte(answer), 30*time.Second, true)
			if got := asHeard(heard.Cues, nil); err != nil || got != want+" One two, three.|" {
				t.Errorf("%s: got %s, %v, want %s", answer, got, err, want)
			}
			for _, cue := range heard.Cues {
				mustHold(t, cue)
			}
		}
	}
}

// mustHold checks that the words of a caption are its text and lie within it, in
// order.
func mustHold(t *testing.T, c subtitles.Cue) {
	t.Helper()
	if len(c.Words) == 0 {
		return
	}
	text, at := "", c.Start
	for _, w := range c.Words {
		text += w.Text
		if w.Start < at || w.End < w.Start || w.End > c.End {
			t.Errorf("word %+v in %+v", w, c)
		}
		at = w.Start
	}
	if text != c.Text {
		t.Errorf("the words of %+v are not its text", c)
	}
}

// TestOddTimes has one odd segment among others, whose captions stay as they are.
func TestOddTimes(t *testing.T) {
	t.Parallel()
	const before, after = "0-2 one|2-4 two|", "8-9 four|9-11 five|"
	for odd, want := range map[string]string{
		`"start":5,"end":6`:                                        "5-6 odd|",
		`"start":5,"end":null`:                                     "5-6 odd|",
		`"start":5`:                                                "5-6 odd|",
		`"start":null,"end":6`:                                     "5-6 odd|",
		`"start":null,"end":null`:                                  "4-5 odd|",
		`"start":0,"end":0`:                                        "4-5 odd|",
		`"start":NaN,"end":NaN`:                                    "4-5 odd|",
		`"start":-Infinity,"end":Infinity`:                         "4-5 odd|",
		`"start":"5.0","end":"6.0"`:                                "5-6 odd|",
		`"start":"00:00:05","end":"00:00:06"`:                      "5-6 odd|",
		`"start":"00:05,500","end":"6.5s"`:                         "5.5-6.5 odd|",
		`"start":"NaN","end":"None"`:                               "4-5 odd|",
		`"start":6,"end":5`:                                        "6-7 odd|",
		`"start":7.9,"end":7.2`:                                    "7.9-8.9 odd|",
		`"start":-5,"end":-4`:                                      "4-5 odd|",
		`"start":500,"end":501`:                                    "4-5 odd|",
		`"start":1e300,"end":-1e300`:                               "4-5 odd|",
		`"start":1e999,"end":1e999`:                                "4-5 odd|",
		`"start":5,"end":500`:                                      "5-6 odd|",
		`"start":5,"end":1e12`:                                     "5-6 odd|",
		`"start":5,"end":-1`:                                       "5-6 odd|",
		`"start":{},"end":[5]`:                                     "4-5 odd|",
		`"start":true,"end":"soon"`:                                "4-5 odd|",
		`"start":1.5,"end":3`:                                      "1.5-3 odd|", // somebody else
		`"start":0.2,"end":1.8`:                                    "4-5 odd|",
		`"start":20,"end":22`:                                      "4-5 odd|",
		`"timestamp":[5,6]`:                                        "5-6 odd|",
		`"offsets":{"from":5000,"to":6000}`:                        "5-6 odd|",
		`"timestamps":{"from":"00:00:05,000","to":"00:00:06,000"}`: "5-6 odd|",
	} {
		answer := `{"text":"x","segments":[{"start":0,"end":2,"text":"one"},{"start":2,"end":4,"text":"two"},{` + odd +
			`,"text":"odd"},{"start":8,"end":9,"text":"four"},{"start":9,"end":11,"text":"five"}]}`
		heard, notes, err := readAnswer([]byte(answer), 30*time.Second, true)
		wanted := before + want + after
		if want == "1.5-3 odd|" {
			wanted = "0-2 one|1.5-3 odd|2-4 two|" + after
		}
		if got := asHeard(heard.Cues, nil); err != nil || got != wanted {
			t.Errorf("%s: got %s, %v, want %s", odd, got, err, wanted)
		}
		for _, n := range notes {
			if n.Kind != NoteTimeRepaired || n.Text != "odd" {
				t.Errorf("%s: note %+v", odd, n)
			}
		}
	}
	// Without room for it, a segment without times costs itself.
	full := `{"segments":[{"start":0,"end":2,"text":"one"},{"text":"odd"},{"start":2,"end":4,"text":"two"}]}`
	heard, notes, err := readAnswer([]byte(full), 30*time.Second, true)
	if got := asHeard(heard.Cues, notes); err != nil || got != "0-2 one|2-4 two|time-dropped 2 odd|" {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestTimesRestart has times that begin anew, which nobody can place.
func TestTimesRestart(t *testing.T) {
	t.Parallel()
	for times, want := range map[string]bool{ // whether it is refused
		"0-5 5-10 0-5 5-10":              true,
		"10-12 20-22 2-4 14-16":          true,
		"0-28 0-29 0-27 0-26":            true,
		"0-2 2-4 4-6 0-2 2-4 4-6":        true,
		"0-5 5-10 10-15 0-5 5-10 10-15":  true,
		"0-5 5-10 10-15 10.2-12 15-20":   false,
		"0-5 5-10 4-6 10-15":             false,
		"25-26 2-4 4-6 6-8":              false,
		"0-4 4-8 7.5-9 9-12":             false,
		"0-4 0-1 4-8":                    false,
		"0-5 5-10 0-5":                   false, // one odd at the end
		"1-2 3-4 0.5-1 6-7 2-3 9-10":     false, // two odd, each alone
		"0-2 2-4 4-6 6-8 8-10 9.99-10.5": false,
	} {
		var list []string
		for i, pair := range strings.Fields(times) {
			start, end, _ := strings.Cut(pair, "-")
			list = append(list, fmt.Sprintf(`{"start":%s,"end":%s,"text":"%d"}`, start, end, i+1))
		}
		answer := `{"segments":[` + strings.Join(list, ",") + `]}`
		heard, _, err := readAnswer([]byte(answer), 30*time.Second, true)
		var senseless *senselessError
		if refused := errors.As(err, &senseless); refused != want || !want && err != nil {
			t.Errorf("%s: got %s, %v", times, asHeard(heard.Cues, nil), err)
		}
	}
}

// TestAnswerForms has the same said in every form that is read.
func TestAnswerForms(t *testing.T) {
	t.Parallel()
	const want = "0.5-1.5 Hello.|2-3 World.|"
	for name, answer := range map[string]string{
		"verbose_json":  `{"language":"en","text":"Hello. World.","segments":[{"start":0.5,"end":1.5,"text":"Hello."},{"start":2,"end":3,"text":"World."}]}`,
		"byte order":    "\uFEFF" + `{"segments":[{"start":0.5,"end":1.5,"text":"Hello."},{"start":2,"end":3,"text":"World."}]}`,
		"diarized_json": `{"task":"transcribe","text":"x","segments":[{"type":"transcript.text.segment","id":"seg_1","start":0.5,"end":1.5,"text":"Hello.","speaker":"A"},{"id":"seg_2","start":2,"end":3,"text":"World.","speaker":"B"}]}`,
		"transformers":  `{"text":" Hello. World.","chunks":[{"timestamp":[0.5,1.5],"text":" Hello."},{"timestamp":[2.0,3.0],"text":" World."}]}`,
		"whisper.cpp":   `{"result":{"language":"en"},"transcription":[{"timestamps":{"from":"00:00:00,500","to":"00:00:01,500"},"offsets":{"from":500,"to":1500},"text":" Hello."},{"offsets":{"from":2000,"to":3000},"text":" World."}]}`,
		"timestamps":    `{"transcription":[{"timestamps":{"from":"00:00:00,500","to":"00:00:01,500"},"text":" Hello."},{"timestamps":{"from":"00:00:02,000","to":"00:00:03,000"},"text":" World."}]}`,
		"our own":       `{"language":"en","cues":[{"start":0.5,"end":1.5,"text":"Hello."},{"start":2,"end":3,"text":"World."}]}`,
		"wrapped":       `{"status":"COMPLETED","message":"ok","output":{"segments":[{"start":0.5,"end":1.5,"text":"Hello."},{"start":2,"end":3,"text":"World."}]}}`,
		"a list":        `[{"start":0.5,"end":1.5,"text":"Hello."},{"start":2,"end":3,"text":"World."}]`,
		"milliseconds":  `{"segments":[{"start":500,"end":1500,"text":"Hello."},{"start":2000,"end":3000,"text":"World."}]}`,
		"nanoseconds":   `{"segments":[{"start":500000000,"end":1500000000,"text":"Hello."},{"start":2000000000,"end":3000000000,"text":"World."}]}`,
		"NDJSON":        "{\"start\":0.5,\"end\":1.5,\"text\":\"Hello.\"}\n{\"start\":2,\"end\":3,\"text\":\"World.\"}\n",
		"NDJSON, whole": "{\"start\":0.5,\"end\":1.5,\"text\":\"Hello.\"}\n{\"language\":\"en\",\"segments\":[{\"start\":0.5,\"end\":1.5,\"text\":\"Hello.\"},{\"start\":2,\"end\":3,\"text\":\"World.\"}]}\n",
		"NDJSON, parts": "{\"segments\":[{\"start\":0.5,\"end\":1.5,\"text\":\"Hello.\"}]}\r\n{\"segments\":[{\"start\":2,\"end\":3,\"text\":\"World.\"}]}",
		"SSE":           "event: x\ndata: {\"type\":\"transcript.text.segment\",\"start\":0.5,\"end\":1.5,\"text\":\"Hello.\"}\n\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"World.\"}\n\ndata:{\"start\":2,\"end\":3,\"text\":\"World.\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"Hello. World.\"}\n\ndata: [DONE]\n\n",
		"SSE, whole":    ": ping\n\ndata: {\"segments\":[{\"start\":0.5,\"end\":1.5,\"text\":\"Hello.\"},\ndata: {\"start\":2,\"end\":3,\"text\":\"World.\"}]}\n\n",
		"VTT":           "WEBVTT\nLanguage: en\n\n1\n00:00.500 --> 00:01.500 align:left\n<v Ann>Hello.\n\nNOTE x\n\n00:00:02.000 --> 00:00:03.000\nWorld.\n",
		"SRT":           "1\n00:00:00,500 --> 00:00:01,500\nHello.\n\n2\n00:00:02,000 --> 00:00:03,000\n<i>World.</i>\n",
		"SRT with CRLF": "1\r\n00:00:00.500 --> 00:00:01.500\r\nHello.\r\n2\r\n00:00:02.000 --> 00:00:03.000\r\nWorld.\r\n",
		"words alone":   `{"text":"Hello. World.","words":[{"word":"Hello","start":0.5,"end":1.5},{"word":"World","start":2,"end":3}]}`,
		"a number":      `{"words":[{"word":"Hello.","start":0.5,"end":1.5},{"word":"World.","start":2,"end":3},{"word":"3.14","start":3,"end":3.2},{"word":"more","start":3.3,"end":3.5}]}`,
		"words, spaced": `{"words":[{"word":" Hello.","start":0.5,"end":1.5},{"word":" World.","start":2.6,"end":3}]}`,
		"word chunks":   `{"text":" Hello you. World.","chunks":[{"timestamp":[0.5,0.9],"text":" Hello"},{"timestamp":[0.9,1.5],"text":" you."},{"timestamp":[2.0,3.0],"text":" World."},{"timestamp":[3.0,3.2],"text":" Yes."}]}`,
	} {
		heard, notes, err := readAnswer([]byte(answer), 30*time.Second, true)
		wanted := want
		switch name {
		case "words, spaced":
			wanted = "0.5-1.5 Hello.|2.6-3 World.|"
		case "a number":
			wanted = want + "3-3.5 3.14 more|"
		case "word chunks":
			wanted = "0.5-1.5 Hello you.|2-3 World.|3-3.2 Yes.|"
		}
		if got := asHeard(heard.Cues, notes); err != nil || got != wanted {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, wanted)
		}
		for _, cue := range heard.Cues {
			mustHold(t, cue)
		}
		if strings.Contains(answer, "anguage") && heard.Language != "en" {
			t.Errorf("%s: language %q", name, heard.Language)
		}
	}
}

// TestLenientCaptions has the files of a command with one odd time.
func TestLenientCaptions(t *testing.T) {
	t.Parallel()
	for times, want := range map[string]string{
		"00:05.000 --> 00:06.000":         "5-6 odd|",
		"00:06.000 --> 00:05.900":         "6-7 odd|",
		"00:05.000 --> NaN":               "5-6 odd|",
		"nan --> nan":                     "4-5 odd|",
		"00:05.000 -->":                   "5-6 odd|",
		"00:05.000 --> 99:00:00.000":      "5-6 odd|",
		"-00:05.000 --> -00:04.000":       "4-5 odd|",
		"5 --> 6.0":                       "5-6 odd|",
		"00:00:05.123456 --> 0:0:6":       "5.123-6 odd|",
		"00:00:5,5 --> 00:00:06":          "5.5-6 odd|",
		"00:00:75.000 --> 00:00:76.000":   "4-5 odd|",
		"00:00:05:00 --> 00:00:06:00":     "4-5 odd|",
		"1000:00:00.000 --> 1000:00:01.0": "4-5 odd|",
	} {
		vtt := "WEBVTT\n\n00:00.000 --> 00:02.000\none\n\n00:02.000 --> 00:04.000\ntwo\n\n" + times + "\nodd\n\n00:08.000 --> 00:09.000\nfour\n"
		srt := "1\n00:00:00,000 --> 00:00:02,000\none\n\n2\n00:00:02,000 --> 00:00:04,000\ntwo\n\n3\n" + times + "\nodd\n\n4\n00:00:08,000 --> 00:00:09,000\nfour\n"
		for _, file := range []string{vtt, srt} {
			heard, _, err := readAnswer([]byte(file), 30*time.Second, true)
			if got := asHeard(heard.Cues, nil); err != nil || got != "0-2 one|2-4 two|"+want+"8-9 four|" {
				t.Errorf("%s: got %s, %v, want %s", times, got, err, want)
			}
		}
	}
}

// TestHallucinations has what Whisper makes up, and what people do say.
func TestHallucinations(t *testing.T) {
	t.Parallel()
	segment := func(start int, text, more string) string {
		return fmt.Sprintf(`{"start":%d,"end":%d,"text":%q%s}`, start, start+2, text, more)
	}
	for name, test := range map[string]struct{ segments, filtered, whole string }{
		"silence": {
			segment(0, "Thank you.", `,"no_speech_prob":0.9,"avg_logprob":-1.2`) + "," + segment(4, "Yes", `,"no_speech_prob":0.9,"avg_logprob":-0.2`) + "," + segment(8, "No", `,"no_speech_prob":0.2,"avg_logprob":-3`),
			"4-6 Yes|8-10 No|no-speech 0 Thank you.|", "0-2 Thank you.|4-6 Yes|8-10 No|",
		},
		"twice": {segment(0, "No.", "") + "," + segment(2, "No.", ""), "0-2 No.|2-4 No.|", "0-2 No.|2-4 No.|"},
		"three times": {
			segment(0, "Bye!", "") + "," + segment(2, "bye", "") + "," + segment(4, "Bye.", "") + "," + segment(6, "So.", ""),
			"0-2 Bye!|6-8 So.|repeated 0 Bye!|", "0-2 Bye!|2-4 bye|4-6 Bye.|6-8 So.|",
		},
		"in one": {
			segment(0, "I know, I know, I know, I know. Yes.", ""), "0-2 I know, Yes.|repeated 0 I know, Yes.|", "0-2 I know, I know, I know, I know. Yes.|",
		},
		"no, no, no": {segment(0, "No, no, no!", ""), "0-2 No, no, no!|", "0-2 No, no, no!|"},
		"compressed": {
			segment(0, "no no no", `,"compression_ratio":3`), "0-2 no|repeated 0 no|", "0-2 no no no|",
		},
		"Thai": {
			segment(0, "ขอบคุณขอบคุณขอบคุณขอบคุณ", `,"compression_ratio":3`), "0-2 ขอบคุณ|repeated 0 ขอบคุณ|", "0-2 ขอบคุณขอบคุณขอบคุณขอบคุณ|",
		},
		"a number":    {segment(0, "1000000000000", `,"compression_ratio":2`), "0-2 1000000000000|", "0-2 1000000000000|"},
		"punctuation": {segment(0, "♪", "") + "," + segment(2, "♪", "") + "," + segment(4, "♪", ""), "0-2 ♪|2-4 ♪|4-6 ♪|", "0-2 ♪|2-4 ♪|4-6 ♪|"},
	} {
		for f, want := range map[filter]string{true: test.filtered, false: test.whole} {
			heard, notes, err := readAnswer([]byte(`{"segments":[`+test.segments+`]}`), 30*time.Second, f)
			if got := asHeard(heard.Cues, notes); err != nil || got != want {
				t.Errorf("%s, %v: got %s, %v, want %s", name, f, got, err, want)
			}
		}
	}
}

// FuzzReadAnswer has any bytes answer: what comes back keeps the promises of Cue.
func FuzzReadAnswer(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("data: {\"start\":1,\"end\":2,\"text\":\"x\",\"words\":[{\"word\":\"x\",\"start\":1}]}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const length = 30 * time.Second
		heard, notes, err := readAnswer(data, length, true)
		if err != nil {
			if !reflect.DeepEqual(heard, subtitles.Transcript{}) && len(heard.Cues) > 0 {
				t.Errorf("got %+v with %v", heard, err)
			}
			return
		}
		last := time.Duration(0)
		for _, c := range heard.Cues {
			if c.Start < last || c.End <= c.Start || c.End > length+time.Millisecond || c.Text == "" || c.Start%time.Millisecond != 0 {
				t.Errorf("cue %+v", c)
			}
			last = c.Start
			mustHold(t, c)
		}
		for _, n := range notes {
			if n.At < 0 || n.At > length {
				t.Errorf("note %+v", n)
			}
		}
	})
}
