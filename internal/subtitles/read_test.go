package subtitles

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"gensubtitle/internal/waittest"
)

// cue is a Cue in few letters.
func cue(startMS, endMS int, text string) Cue {
	return Cue{Start: time.Duration(startMS) * time.Millisecond, End: time.Duration(endMS) * time.Millisecond, Text: text}
}

// windows874 is Thai text as older editors on Windows write it.
func windows874(text string) string {
	encoded, err := charmap.Windows874.NewEncoder().String(text)
	if err != nil {
		panic(err)
	}
	return encoded
}

var readable = map[string]struct {
	file string
	want Transcript
}{
	"VTT": {
		"WEBVTT\n\n1\n00:01.500 --> 00:00:02.250 align:start line:0%\nOne\ntwo\n\n00:00:03.000 --> 00:00:04.000\nthree",
		Transcript{Cues: []Cue{cue(1500, 2250, "One\ntwo"), cue(3000, 4000, "three")}},
	},
	"VTT without a cue": {"WEBVTT", Transcript{}},
	"VTT of another system": {
		"\uFEFFWEBVTT - made by hand\r\rNOTE\r\n00:00.000 --> 00:01.000\r\nnot said\r\n\r\n00:00.000 --> 00:01.000\rhello\r",
		Transcript{Cues: []Cue{cue(0, 1000, "hello")}},
	},
	"VTT with all that is no text": {
		"WEBVTT\nKind: captions\nLanguage: th-TH\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\nNOTE x\ny\n\n" +
			"00:00.000 --> 00:01.000 region:b\n<v.loud Ann>Hi <b>you</b><00:00:00.500> <c.x.y>there</c> <i/><ruby>a<rt>b</rt></ruby></>\n",
		Transcript{Language: "th", Cues: []Cue{cue(0, 1000, "Hi you there ab")}},
	},
	"VTT with entities": {
		"WEBVTT\n\n00:00.000 --> 00:01.000\n&lt;b&gt; &amp;amp; A&nbsp;B &#x0e01;\n",
		Transcript{Cues: []Cue{cue(0, 1000, "<b> &amp; A\u00a0B ก")}},
	},
	"VTT with text that looks like more": {
		"WEBVTT\n\n00:00.000 --> 00:01.000\nSTYLE of life\nNOTE well\na --> b\nI <3 you > me, a<b\n5 --> 6\n",
		Transcript{Cues: []Cue{cue(0, 1000, "STYLE of life\nNOTE well\na --> b\nI <3 you > me, a<b\n5 --> 6")}},
	},
	"VTT without empty lines": {
		"WEBVTT\n00:00.000 --> 00:01.000\na\n00:01.000 --> 00:02.000\nb\n",
		Transcript{Cues: []Cue{cue(0, 1000, "a"), cue(1000, 2000, "b")}},
	},
	"SRT": {
		"1\n00:00:01,500 --> 00:00:02,250\nOne\ntwo\n\n2\n00:00:03,000 --> 100:00:04,000\nthree\n\n",
		Transcript{Cues: []Cue{cue(1500, 2250, "One\ntwo"), cue(3000, 360004000, "three")}},
	},
	"SRT with markup": {
		"1\n00:00:00,000 --> 00:00:01,000 X1:1 X2:2\n{\\an8}<b>a</B> <font color=\"red\">b</font> <script>c</script> {d} <3 &lt;i&gt; &amp; &copy; <\u2060i>\n",
		Transcript{Cues: []Cue{cue(0, 1000, "a b <script>c</script> {d} <3 <i> & &copy; <i>")}},
	},
	"SRT with points, no numbers, empty lines": {
		"00:00:00.0 --> 0:0:1.5\na\n\n\n b\n00:02.000-->00:03.000\n42\n\n7\n00:00:04,1234 --> 00:00:05,000\n1\n",
		Transcript{Cues: []Cue{cue(0, 1500, "a\nb"), cue(2000, 3000, "42"), cue(4123, 5000, "1")}},
	},
	"SRT out of order, overlapping, of no length": {
		"1\n00:00:02,000 --> 00:00:03,000\nb\n\n2\n00:00:00,000 --> 00:00:09,000\na\n\n3\n00:00:02,000 --> 00:00:02,000\nc\n\n4\n00:00:05,000 --> 00:00:06,000\n  \n",
		Transcript{Cues: []Cue{cue(0, 9000, "a"), cue(2000, 3000, "b"), cue(2000, 2001, "c")}},
	},
	"SRT with a letter cut in two": {
		"1\n00:00:00,000 --> 00:00:01,000\nสวัสดี\xe0\xb8\n",
		Transcript{Cues: []Cue{cue(0, 1000, "สวัสดี\ufffd")}},
	},
	"openai-whisper": {
		`{"text":" Hi there","segments":[{"id":0,"seek":0,"start":0.5,"end":2.0004,"text":" Hi <b>there","tokens":[1,2],` +
			`"words":[{"word":" Hi","start":0.5,"end":1.0,"probability":0.9},{"word":" <b>there","start":1.0,"end":2.0}]},` +
			`{"start":3,"end":3,"text":""},{"start":4,"end":3,"text":"x"},{"start":-1,"end":1e300,"text":"y"}],"language":"en"}`,
		Transcript{Language: "en", Cues: []Cue{
			{Start: 0, End: MaxEnd, Text: "y"},
			{Start: 500 * time.Millisecond, End: 2 * time.Second, Text: "Hi <b>there", Words: []Word{
				{Start: 500 * time.Millisecond, End: time.Second, Text: " Hi"}, {Start: time.Second, End: 2 * time.Second, Text: " <b>there"},
			}},
			cue(4000, 4001, "x"),
		}},
	},
	"whisper with a word that has no time": {
		`{"segments":[{"start":0,"end":1,"text":"a b","words":[{"word":"a","start":0,"end":1},{"word":"b"}]}]}`,
		Transcript{Cues: []Cue{cue(0, 1000, "a b")}},
	},
	"whisper without speech": {`{"text":"","segments":[],"language":"auto"}`, Transcript{}},
	"whisper.cpp": {
		` {"systeminfo":"x","result":{"language":"tha"},"transcription":[{"timestamps":{"from":"00:00:00,000"},"offsets":{"from":10,"to":2250},"text":" สวัสดี"}]}`,
		Transcript{Language: "th", Cues: []Cue{cue(10, 2250, "สวัสดี")}},
	},
	"own JSON": {
		`{"language":"de","cues":[{"start":1.5,"end":2.25,"text":"a\nb"}]}`,
		Transcript{Language: "de", Cues: []Cue{cue(1500, 2250, "a\nb")}},
	},
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range readable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for encoding, file := range map[string][]byte{
				"UTF-8": []byte(test.file), "UTF-8 with a mark": []byte("\uFEFF" + strings.TrimPrefix(test.file, "\uFEFF")),
				"UTF-16LE": utf16File(test.file, binary.LittleEndian), "UTF-16BE": utf16File(test.file, binary.BigEndian),
			} {
				if !utf8.ValidString(test.file) && strings.HasPrefix(encoding, "UTF-16") {
					continue // There are no broken letters in UTF-16.
				}
				got, err := Read(file)
				if err != nil {
					t.Fatalf("%s: %v", encoding, err)
				}
				if got.Language != test.want.Language || !reflect.DeepEqual(append([]Cue{}, got.Cues...), append([]Cue{}, test.want.Cues...)) {
					t.Errorf("%s: got %q\nwant %q", encoding, got, test.want)
				}
			}
		})
	}
}

func utf16File(text string, order binary.AppendByteOrder) []byte {
	file := order.AppendUint16(nil, 0xFEFF)
	for _, unit := range utf16.Encode([]rune(strings.TrimPrefix(text, "\uFEFF"))) {
		file = order.AppendUint16(file, unit)
	}
	return file
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	srtCue := "1\n00:00:00,000 --> 00:00:01,000\n"
	for name, test := range map[string]struct {
		file string
		want ReadError
	}{
		"nothing":                   {"", ReadError{Line: 0, Problem: ProblemNoCues}},
		"blank lines":               {"\ufeff\r\n \u200b\n", ReadError{Line: 0, Problem: ProblemNoCues}},
		"a letter":                  {"Dear Ann,\nhow are you?", ReadError{Line: 0, Problem: ProblemUnknownKind}},
		"a page":                    {"<!doctype html><title>504</title>", ReadError{Line: 0, Problem: ProblemUnknownKind}},
		"almost VTT":                {"WEBVTTX\n\n00:00.000 --> 00:01.000\na", ReadError{Line: 1, Problem: ProblemHeader}},
		"text before the times":     {"\n1\nlost\n" + srtCue, ReadError{Line: 3, Problem: ProblemStrayText}},
		"no end":                    {"WEBVTT\n\n00:00.000 -->\na", ReadError{Line: 3, Problem: ProblemNotATime}},
		"no end in SRT":             {srtCue + "a\n\n2\n00:00:00,000 --> \nb", ReadError{Line: 6, Problem: ProblemNotATime}},
		"no start":                  {"WEBVTT\n\n--> 00:00.000\na", ReadError{Line: 3, Problem: ProblemNotATime}},
		"a time of letters":         {srtCue + "a\n\n2\n00:00:00,000 --> 0x:00:00,1\nb", ReadError{Line: 6, Problem: ProblemNotATime}},
		"a minute of 60 s":          {"1\n00:00:60,000 --> 00:02:00,000\na", ReadError{Line: 2, Problem: ProblemNotATime}},
		"an hour of 60 min":         {"1\n00:60:00,000 --> 02:00:00,000\na", ReadError{Line: 2, Problem: ProblemNotATime}},
		"two points":                {"1\n00:00:00.00.0 --> 00:00:01,000\na", ReadError{Line: 2, Problem: ProblemNotATime}},
		"a negative time":           {"1\n-00:00:01,000 --> 00:00:02,000\na", ReadError{Line: 2, Problem: ProblemNegative}},
		"backwards":                 {srtCue + "a\r\n\r\n2\r\n00:00:02,000 --> 00:00:01,999\r\nb", ReadError{Line: 6, Problem: ProblemBackwards}},
		"the end of days":           {"1\n00:00:01,000 --> 1000:00:00,000\na", ReadError{Line: 2, Problem: ProblemTooLate}},
		"a number beyond numbers":   {"1\n00:00:01,000 --> 99999999999999999999:00:00,000\na", ReadError{Line: 2, Problem: ProblemNotATime}},
		"letters of Western Europe": {srtCue + "un caf\xe9 d\xe9j\xe0 vu", ReadError{Line: 3, Problem: ProblemNotUTF8}},
		"a text without end":        {srtCue + strings.Repeat("x", MaxCueBytes+1), ReadError{Line: 2, Problem: ProblemTooLong}},
		"texts without end":         {strings.Repeat(srtCue+strings.Repeat("x", MaxCueBytes)+"\n\n", MaxTextBytes/MaxCueBytes+1), ReadError{Line: 4*(MaxTextBytes/MaxCueBytes) + 2, Problem: ProblemTooLarge}},
		"a file without end":        {strings.Repeat("x", MaxFileBytes+1), ReadError{Line: 0, Problem: ProblemTooLarge}},
		"cues without end":          {"WEBVTT\n\n" + strings.Repeat("00:00.000 --> 00:01.000\n", MaxCues+1), ReadError{Line: MaxCues + 3, Problem: ProblemTooMany}},
		"segments without end":      {`{"segments":[` + strings.Repeat(`{"start":0,"end":1},`, MaxCues+1) + `{}]}`, ReadError{Line: 1, Problem: ProblemTooMany}},
		"broken JSON":               {"{\n\"segments\":[\n{,", ReadError{Line: 3, Problem: ProblemMalformed}},
		"JSON of another kind":      {`{"error":"no such model"}`, ReadError{Line: 0, Problem: ProblemUnknownKind}},
		"JSON without times":        {`{"segments":[{"text":"a"}]}`, ReadError{Line: 1, Problem: ProblemMissing}},
		"JSON with other times":     {`{"segments":[{"start":"0","end":"1","text":"a"}]}`, ReadError{Line: 1, Problem: ProblemMalformed}},
		"JSON with one segment":     {`{"segments":{"start":0,"end":1,"text":"a"}}`, ReadError{Line: 1, Problem: ProblemMalformed}},
		"whisper.cpp no times":      {`{"transcription":[{"text":"a"}]}`, ReadError{Line: 1, Problem: ProblemMissing}},
		"deep JSON":                 {`{"segments":` + strings.Repeat("[", 1<<20), ReadError{Line: 1, Problem: ProblemMalformed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read([]byte(test.file))
			var got *ReadError
			if !errors.As(err, &got) || !errors.Is(err, ErrUnreadable) || got.Line != test.want.Line || got.Problem != test.want.Problem {
				t.Errorf("got %v, want %v", err, &test.want)
			}
		})
	}
}

// What is hostile takes no more time than what is large.
func TestReadHostile(t *testing.T) {
	t.Parallel()
	const start = "WEBVTT\n\n00:00.000 --> 00:01.000\n"
	const many = MaxCueBytes / 8
	for name, file := range map[string]string{
		"tags":      start + strings.Repeat("<b>x\n", many),
		"openings":  start + strings.Repeat("<", MaxCueBytes),
		"braces":    "1\n00:00:00,000 --> 00:00:01,000\n" + strings.Repeat(`{\`, MaxCueBytes/2),
		"arrows":    start + strings.Repeat("-->", MaxCueBytes/3),
		"entities":  start + strings.Repeat("&", MaxCueBytes),
		"marks":     start + "ก" + strings.Repeat("่", MaxCueBytes/3-1),
		"nothing":   start + strings.Repeat("\u200b", MaxCueBytes/3),
		"syllables": start + strings.Repeat("เ", MaxCueBytes/3),
		"blocks":    "WEBVTT\n\n" + strings.Repeat("NOTE\n\n", 1<<20),
		"lines":     "1\n00:00:00,000 --> 00:00:01,000\n" + strings.Repeat("\n", MaxFileBytes/16),
		"lyrics":    strings.Repeat("[00:01.00]", MaxCues/4) + "x",
		"elements":  "<tt><body>" + strings.Repeat("<div>", 1<<20),
		"entries":   "<!DOCTYPE tt [<!ENTITY a \"b\">]><tt><body><p begin=\"0s\" end=\"1s\">" + strings.Repeat("&a;", 1<<20),
		"overrides": "Dialogue: 0,0:00:00.00,0:00:01.00,,,,,,," + strings.Repeat(`{\an8`, 1<<20) + "}",
		"frames":    "{1}{1}25\n{1}{2}" + strings.Repeat("{y:", 1<<18),
		"arrowless": strings.Repeat(strings.Repeat("00:00:01,000 ", 5000)+"\n", 5),
		"colons":    strings.Repeat(strings.Repeat("1:", 30_000)+"\n", 5) + strings.Repeat(strings.Repeat("1 : 1 ,", 9000)+"\n", 5),
		"stamps":    strings.Repeat("1\n00:00:00,000 --> 00:00:00,000\n", MaxCues/4),
		"encoded":   strings.Repeat("Ãƒ", 1<<18),
		"words":     `{"segments":[{"start":0,"end":1,"text":"a","words":[` + strings.Repeat("{},", 1<<20) + "{}]}]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			tr, err := Read([]byte(file))
			if err != nil && !errors.Is(err, ErrUnreadable) {
				t.Fatal(err)
			}
			mustKeepPromises(t, Shape(tr, Options{}).Cues)
			if took := time.Since(began); took > waittest.Limit {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestReadErrorSaysWhere(t *testing.T) {
	t.Parallel()
	_, err := Read([]byte("1\n00:00:02,000 --> 00:00:01,000\na"))
	if want := "these subtitles cannot be read: line 2: ends-before-start"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzRead feeds anything to the readers. What they take is in order, can be
// written and read again, and is shaped without losing a letter.
func FuzzRead(f *testing.F) {
	for _, test := range readable {
		f.Add([]byte(test.file))
	}
	for _, file := range broughtFiles(f) {
		f.Add(file)
	}
	for _, text := range said {
		f.Add([]byte("WEBVTT\n\n00:00.000 --> 00:01.000\n" + text))
		f.Add(fmt.Appendf(nil, "1\n00:00:00,000 --> 00:00:01,000\n%s\n\n2\n00:00:00,500 --> 00:00:09,000\n%s%s\n", text, text, strings.Repeat(text, 20)))
	}
	f.Fuzz(mustReadWell)
}

// Thai editors on Windows write an encoding of their own; what is neither that
// nor UTF-8 is not guessed at.
func TestReadEncodings(t *testing.T) {
	t.Parallel()
	const thai = "สวัสดีครับ คุณเธอ (ABC) ราคา ๙๙ บาท เน้น"
	file := func(text string) []byte { return []byte("1\r\n00:00:00,000 --> 00:00:01,000\r\n" + text + "\r\n") }
	got, err := Read(file(windows874(thai)))
	if err != nil || len(got.Cues) != 1 || got.Cues[0].Text != thai {
		t.Errorf("Windows-874: %v, %v", got.Cues, err)
	}
	broken := strings.ReplaceAll(strings.Repeat("สวัสดีครับ", 10), "\xb8", "")
	for what, text := range map[string]string{
		"of Western Europe": "un caf\xe9 d\xe9j\xe0 vu", "Cyrillic": "\xef\xf0\xe8\xe2\xe5\xf2 \xff", "broken UTF-8": broken,
	} {
		if got, err := Read(file(text)); problem(err) != string(ProblemNotUTF8) {
			t.Errorf("%s: %v, %v", what, got.Cues, err)
		}
	}
}
