package engine

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"

	"gensubtitle/internal/subtitles"
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// TestReadAnswer has answers as each engine words them.
func TestReadAnswer(t *testing.T) {
	t.Parallel()
	hello := []subtitles.Word{{Start: 0, End: ms(500), Text: "Hello,"}, {Start: ms(600), End: ms(1100), Text: " world."}}
	tests := []struct {
		name, answer string
		want         subtitles.Transcript
	}{
		{
			"OpenAI", `{"task":"transcribe","language":"english","duration":4.0,"text":"Hello, world. It's 5% (or so).",
				"words":[{"word":"Hello","start":0.0,"end":0.5},{"word":"world","start":0.6,"end":1.1},{"word":"It's","start":1.1,"end":1.9},
					{"word":"5","start":2.0,"end":2.2},{"word":"or","start":2.5,"end":2.6},{"word":"so","start":2.6,"end":2.9}],
				"segments":[{"id":0,"seek":0,"start":0.0,"end":1.2,"text":" Hello, world.","tokens":[1,2],"temperature":0.0,"no_speech_prob":0.1},
					{"id":1,"seek":0,"start":1.2,"end":3.0004,"text":" It's 5% (or so).","tokens":[3]}]}`,
			subtitles.Transcript{Language: "en", Cues: []subtitles.Cue{
				{Start: 0, End: ms(1100), Text: "Hello, world.", Words: hello},
				{Start: ms(1100), End: ms(2900), Text: "It's 5% (or so).", Words: []subtitles.Word{
					{Start: ms(1100), End: ms(1900), Text: "It's"}, {Start: ms(2000), End: ms(2200), Text: " 5%"}, {Start: ms(2500), End: ms(2600), Text: " (or"}, {Start: ms(2600), End: ms(2900), Text: " so)."},
				}},
			}},
		},
		{
			"whisper.cpp", `{"task":"transcribe","language":"thai","duration":4.0,"text":" Hello, world.\n","detected_language":"thai",
				"language_probabilities":{"th":0.9},"segments":[{"id":0,"text":" Hello, world.","start":0.0,"end":1.2,"tokens":[1],
				"words":[{"word":" Hel","start":0.0,"end":0.2,"t_dtw":-1,"probability":0.9},{"word":"lo","start":0.2,"end":0.5},
					{"word":",","start":0.5,"end":0.6},{"word":" world","start":0.6,"end":1.1},{"word":".","start":1.1,"end":1.2}]}]}`,
			subtitles.Transcript{Language: "th", Cues: []subtitles.Cue{{Start: 0, End: ms(1100), Text: "Hello, world.", Words: []subtitles.Word{
				{Start: 0, End: ms(200), Text: "Hel"}, {Start: ms(200), End: ms(500), Text: "lo,"}, {Start: ms(600), End: ms(1100), Text: " world."},
			}}}},
		},
		{
			"whisper.cpp in Thai, letters cut apart", `{"language":"thai","text":"สวัสดี","segments":[{"text":"สวัสดี","start":0,"end":1,
				"words":[{"word":"สวั","start":0,"end":0.5},{"word":"\ufffd","start":0.5,"end":0.6},{"word":"\ufffdดี","start":0.6,"end":1}]}]}`,
			subtitles.Transcript{Language: "th", Cues: []subtitles.Cue{{Start: 0, End: ms(1000), Text: "สวัสดี", Words: nil}}},
		},
		{
			"speaches", `{"task":"transcribe","language":"en","duration":4.0,"text":"Hello, world.","words":[{"start":0.0,"end":0.5,"word":" Hello,","probability":0.9},
				{"start":0.6,"end":1.1,"word":" world.","probability":0.8}],"segments":[{"id":1,"start":0.0,"end":1.2,"text":" Hello, world.",
				"words":[{"start":0.0,"end":0.5,"word":" Hello,"},{"start":0.6,"end":1.1,"word":" world."}]}]}`,
			subtitles.Transcript{Language: "en", Cues: []subtitles.Cue{{Start: 0, End: ms(1100), Text: "Hello, world.", Words: hello}}},
		},
		{
			"vLLM", `{"duration":"4.0","language":"en","text":" Hello, world.","words":null,"segments":[{"id":0,"start":0.0,"end":1.2,"text":" Hello, world.","avg_logprob":-1.0}]}`,
			subtitles.Transcript{Language: "en", Cues: []subtitles.Cue{{Start: 0, End: ms(1200), Text: "Hello, world.", Words: nil}}},
		},
		{
			"LocalAI", `{"segments":[{"id":0,"start":0,"end":1200000000,"text":"Hello, world.","tokens":[1]},{"id":1,"start":1200000000,"end":3000000000,"text":"More."}],"text":"Hello, world. More."}`,
			subtitles.Transcript{Language: "", Cues: []subtitles.Cue{{Start: 0, End: ms(1200), Text: "Hello, world.", Words: nil}, {Start: ms(1200), End: ms(3000), Text: "More.", Words: nil}}},
		},
		{"silence", `{"language":"english","text":"","segments":[]}`, subtitles.Transcript{Language: "en", Cues: []subtitles.Cue{}}},
		{"silence in LocalAI", `{"segments":null,"text":""}`, subtitles.Transcript{Language: "", Cues: []subtitles.Cue{}}},
		{
			"a word that the text has not", `{"language":"en","text":"One two. Three.","words":[{"word":"One","start":0,"end":0.4},
				{"word":"too","start":0.5,"end":0.9},{"word":"Three","start":1.1,"end":2}],
				"segments":[{"start":0,"end":1,"text":"One two."},{"start":1,"end":2,"text":"Three."}]}`,
			subtitles.Transcript{Language: "en", Cues: []subtitles.Cue{{Start: 0, End: ms(900), Text: "One two.", Words: nil}, {Start: ms(1100), End: ms(2000), Text: "Three.", Words: []subtitles.Word{{Start: ms(1100), End: ms(2000), Text: "Three."}}}}},
		},
		{
			"words without times, and ahead of their segment", `{"text":"One. Two. Three","words":[{"word":"One","start":0,"end":0.9},{"word":"Two","start":0.7,"end":1},{"word":"Three"}],
				"segments":[{"start":0,"end":1,"text":"One."},{"start":1,"end":2,"text":"Two."},{"start":2,"end":3,"text":"Three"}]}`,
			subtitles.Transcript{Language: "", Cues: []subtitles.Cue{
				{Start: 0, End: ms(900), Text: "One.", Words: []subtitles.Word{{Start: 0, End: ms(900), Text: "One."}}},
				{Start: ms(700), End: ms(1000), Text: "Two.", Words: []subtitles.Word{{Start: ms(700), End: ms(1000), Text: "Two."}}},
				{Start: ms(2000), End: ms(3000), Text: "Three", Words: nil},
			}},
		},
		{
			"slightly off", `{"text":"x","segments":[{"start":-0.2,"end":0.5,"text":"at the begin"},
				{"start":0.1,"end":0.3,"text":" <b>two\r\nlines\u0007\u2028here "},{"start":1,"end":1,"text":"at once"},{"start":1,"end":2,"text":" \u0000\n"},
				{"start":2.5,"end":2.1,"text":"backwards"},{"start":3,"end":9.5,"text":"at the end"},{"start":4.1,"end":29.98,"text":"in what was no sound"}]}`,
			subtitles.Transcript{Language: "", Cues: []subtitles.Cue{
				{Start: 0, End: ms(500), Text: "at the begin", Words: nil},
				{Start: ms(100), End: ms(300), Text: "<b>two lines here", Words: nil},
				{Start: ms(1000), End: ms(2000), Text: "at once", Words: nil},
				{Start: ms(2500), End: ms(3000), Text: "backwards", Words: nil},
				{Start: ms(3000), End: ms(4000), Text: "at the end", Words: nil},
			}},
		},
	}
	for _, test := range tests {
		got, _, err := readAnswer([]byte(test.answer), 4*time.Second, true)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", test.name, got, err, test.want)
		}
	}
}

func TestRefuseNonsense(t *testing.T) {
	t.Parallel()
	segment := func(times string) string { return `{"text":"x","segments":[{` + times + `,"text":"x"}]}` }
	for _, answer := range []string{
		`{"segments":[{"start":0,"end":0,"text":"a"},{"start":0,"end":0,"text":"b"}]}`,
		"", "null", "{}", `"text"`, "<!DOCTYPE html><title>Welcome</title>", `{"text":"no segments"}`, `{"text":"x","segments":null}`,
		`{"text":"x","segments":[]}`, `{"segments":null}`, `{"text":"x","segments":{}}`, `{"segments":[{"text":"x"}]}`, `{"segments":[{"start":0,"end":1,"text":"x"}`,
		segment(`"start":null,"end":NaN`), segment(`"start":"soon","end":{}`), segment(`"start":50,"end":51`), segment(`"start":-9,"end":-8`),
		segment(`"start":1e300,"end":1e300`), segment(`"start":-1e300,"end":-5`), "plain text", "data: plain text\n\n", `data: {"type":"error","message":"no"}`,
		`{"error":{"message":"busy"},"segments":[],"text":""}`, `{"detail":"no"}`, `{"status":"error","message":"no"}`, `{"text":"x","words":[{"word":"x"}]}`,
	} {
		if got, _, err := readAnswer([]byte(answer), 4*time.Second, true); err == nil {
			t.Errorf("%s passes as %+v", answer, got)
		}
	}
}

// TestManyWords has an answer made to be slow: many words, each of which is
// looked for in a long text.
func TestManyWords(t *testing.T) {
	t.Parallel()
	const many = 50_000
	word := `{"word":"a","start":0,"end":1}`
	for name, answer := range map[string]string{
		"points": `{"text":"a","segments":[{"start":0,"end":1,"text":"a` + strings.Repeat(",", 10*many) + `b"}],"words":[` +
			word + strings.Repeat(`,{"word":",","start":0,"end":1}`, many) + `]}`,
		"segments": `{"text":"a","words":[` + word + strings.Repeat(","+word, many) + `],"segments":[{"start":0,"end":1,"text":"b"}` +
			strings.Repeat(`,{"start":0,"end":1,"text":"a b"}`, many) + `]}`,
	} {
		begun := time.Now()
		if _, _, err := readAnswer([]byte(answer), time.Second, true); err != nil || time.Since(begun) > waittest.Limit {
			t.Errorf("%s: took %v, %v", name, time.Since(begun), err)
		}
	}
}
