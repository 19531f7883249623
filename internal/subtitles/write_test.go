package subtitles

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/asticode/go-astisub"

	"gensubtitle/internal/waittest"
)

var writers = map[string]func(io.Writer, Transcript) error{"vtt": WriteVTT, "srt": WriteSRT, "json": WriteJSON, "txt": WriteTXT}

func written(t *testing.T, kind string, tr Transcript) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[kind](&b, tr); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWriteInOrder has thousands of cues from the last to the first.
func TestWriteInOrder(t *testing.T) {
	t.Parallel()
	var tr Transcript
	const cues = 5000
	for i := range cues {
		start := time.Duration(cues-i) * time.Second
		tr.Cues = append(tr.Cues, Cue{Start: start, End: start + time.Second, Text: fmt.Sprint("cue ", cues-i)})
	}
	for kind, write := range writers {
		var b bytes.Buffer
		if err := write(&b, tr); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range cues {
			want = append(want, fmt.Sprint("cue ", i+1))
		}
		if got := regexp.MustCompile(`cue \d+`).FindAllString(b.String(), -1); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is not in order: it begins with %q", kind, got[:min(3, len(got))])
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	tr := Transcript{Language: "th", Cues: []Cue{
		{Start: 2 * time.Second, End: 2*time.Second + time.Millisecond, Text: "<script>&amp; --> {\\an8} \\N <3"},
		{Start: 1500 * time.Millisecond, End: 123*time.Hour + 2250*time.Millisecond, Text: "สวัสดี\r\n\n  👩‍👩‍👧 a\tb  \n"},
		{Start: 5 * time.Second, End: 6 * time.Second, Text: " \n\u00a0\n"},
		{Start: -time.Second, End: -2 * time.Second, Text: "too early"},
	}}
	for kind, want := range map[string]string{
		"vtt": `WEBVTT

00:00:00.000 --> 00:00:00.001
too early

00:00:01.500 --> 123:00:02.250
สวัสดี
👩‍👩‍👧 a b

00:00:02.000 --> 00:00:02.001
&lt;script&gt;&amp;amp; --&gt; {` + "\u2060\\\u2060" + `an8} \` + "\u2060" + `N &lt;3
`,
		"srt": `1
00:00:00,000 --> 00:00:00,001
too early

2
00:00:01,500 --> 123:00:02,250
สวัสดี
👩‍👩‍👧 a b

3
00:00:02,000 --> 00:00:02,001
<` + "\u2060" + `script>&` + "\u2060" + `amp; --` + "\u2060" + `> {` + "\u2060\\\u2060" + `an8} \` + "\u2060" + `N <` + "\u2060" + `3

`,
		"txt": "too early\nสวัสดี\n👩‍👩‍👧 a b\n<script>&amp; --> {\\an8} \\N <3\n",
	} {
		if got := written(t, kind, tr); got != want {
			t.Errorf("%s:\n%q\nwant\n%q", kind, got, want)
		}
	}
}

func TestWriteNothing(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{
		"vtt":  "WEBVTT\n",
		"srt":  "1\n00:00:00,000 --> 00:00:00,001\n\n\n",
		"txt":  "",
		"json": `{"language":"","cues":[]}` + "\n",
	} {
		if got := written(t, kind, Transcript{}); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteToFullDisk(t *testing.T) {
	t.Parallel()
	for kind, write := range writers {
		if err := write(fullDisk{}, Transcript{Cues: []Cue{{End: 1, Text: "a"}}}); !errors.Is(err, errFull) {
			t.Errorf("%s: %v, want %v", kind, err, errFull)
		}
	}
}

// What is written is read back to the same cues, whatever has been said.
func TestWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		tr := anyTranscript(rand.New(rand.NewPCG(seed, 1)))
		want := withoutWords(tidy(tr.Cues))
		for _, kind := range []string{"vtt", "srt", "json"} {
			text := written(t, kind, tr)
			got, err := Read([]byte(text))
			if err != nil {
				t.Fatalf("seed %d: %s: %v\n%s", seed, kind, err, text)
			}
			if len(got.Cues)+len(want) > 0 && !reflect.DeepEqual(got.Cues, want) {
				t.Fatalf("seed %d: %s: %q\nwant %q\n%s", seed, kind, got.Cues, want, text)
			}
		}
	}
}

// Nothing that was said looks like markup in a file, whoever reads it.
func TestTextIsNeverMarkup(t *testing.T) {
	t.Parallel()
	markup := map[string]*regexp.Regexp{
		"vtt":  regexp.MustCompile(`<|\{[^\x{2060}]|&(?:[^agl]|$)|\\[^\x{2060}]`),
		"srt":  regexp.MustCompile(`[<{\\][^\x{2060}]|&#?\w+;`),
		"json": regexp.MustCompile(`[<>&]`),
	}
	arrows := regexp.MustCompile(`(?m)^.*-->.*$`)
	timeLine := regexp.MustCompile(`^\d\d+:\d\d:\d\d[.,]\d{3} --> \d\d+:\d\d:\d\d[.,]\d{3}$`)
	for seed := range uint64(1000) {
		tr := anyTranscript(rand.New(rand.NewPCG(seed, 2)))
		for kind, pattern := range markup {
			text := written(t, kind, tr)
			if found := pattern.FindString(text); found != "" {
				t.Fatalf("seed %d: %s has %q:\n%s", seed, kind, found, text)
			}
			if kind == "json" {
				continue
			}
			lines := arrows.FindAllString(text, -1)
			for _, line := range lines {
				if !timeLine.MatchString(line) {
					t.Fatalf("seed %d: %s has the line %q", seed, kind, line)
				}
			}
			if want := len(tidy(tr.Cues)); len(lines) != max(want, 1) && (kind == "srt" || want > 0) {
				t.Fatalf("seed %d: %s has %d cues, want %d", seed, kind, len(lines), want)
			}
		}
	}
}

// Another reader sees the same texts and times. It takes some lines of text for
// its own: those are left out here.
func TestWrittenIsReadByOthers(t *testing.T) {
	t.Parallel()
	its := regexp.MustCompile(`NOTE|STYLE|Region|X-TIMESTAMP|&gt;`)
	joiner := strings.NewReplacer(wordJoiner, "", "&gt;", ">")
	for seed := range uint64(1000) {
		tr := anyTranscript(rand.New(rand.NewPCG(seed, 3)))
		for i := range tr.Cues {
			tr.Cues[i].Text = its.ReplaceAllString(CleanText(tr.Cues[i].Text), "")
		}
		want := tidy(tr.Cues)
		for kind, read := range map[string]func(io.Reader) (*astisub.Subtitles, error){"vtt": astisub.ReadFromWebVTT, "srt": astisub.ReadFromSRT} {
			text := written(t, kind, tr)
			got, err := read(strings.NewReader(text))
			if err != nil {
				t.Fatalf("seed %d: %s: %v\n%s", seed, kind, err, text)
			}
			if kind == "srt" && len(want) == 0 {
				continue
			}
			if len(got.Items) != len(want) {
				t.Fatalf("seed %d: %s: %d cues, want %d\n%s", seed, kind, len(got.Items), len(want), text)
			}
			for i, item := range got.Items {
				var lines []string
				for _, l := range item.Lines {
					var line strings.Builder
					for _, part := range l.Items {
						line.WriteString(part.Text)
					}
					lines = append(lines, line.String())
				}
				said := CleanText(joiner.Replace(strings.Join(lines, "\n")))
				if item.StartAt != want[i].Start || item.EndAt != want[i].End || said != want[i].Text {
					t.Fatalf("seed %d: %s: cue %d is %v to %v %q\nwant %v to %v %q", seed, kind, i+1,
						item.StartAt, item.EndAt, said, want[i].Start, want[i].End, want[i].Text)
				}
			}
		}
	}
}

// ffmpeg reads every file that is written and has nothing to warn about, and
// what it understands is what was said. One process reads a hundred files.
func TestWrittenIsReadByFFmpeg(t *testing.T) {
	waittest.Slow(t, "runs ffmpeg")
	t.Parallel()
	const transcripts, together = 2500, 50
	for first := uint64(0); first < transcripts; first += together {
		dir := t.TempDir()
		args := []string{"-nostdin", "-v", "warning"}
		var outputs []string
		want := map[string]string{}
		inputs := 0
		for seed := first; seed < first+together; seed++ {
			tr := anyTranscript(rand.New(rand.NewPCG(seed, 4)))
			if seed%4 == 0 {
				tr = Shape(tr, Options{})
			}
			for _, kind := range []string{"vtt", "srt"} {
				name := filepath.Join(dir, fmt.Sprintf("%d.%s", seed, kind))
				if err := os.WriteFile(name, []byte(written(t, kind, tr)), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "-i", name)
				if len(tidy(tr.Cues)) > 0 { // It warns where there is nothing to write.
					outputs = append(outputs, "-map", fmt.Sprint(inputs), "-c:s", "text")
					if seed%10 == 0 {
						outputs = append(outputs, "-f", "srt", name+".out")
						want[name+".out"] = spoken(plainSRT(tr))
					} else {
						outputs = append(outputs, "-f", "null", "-")
					}
				}
				inputs++
			}
		}
		out, err := waittest.Command(t, "ffmpeg", append(args, outputs...)...).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Fatalf("transcripts from %d: %v\n%s", first, err, out)
		}
		for name, want := range want {
			got, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := spoken(string(got)); got != want {
				t.Fatalf("%s: ffmpeg reads\n%s\nwant\n%s", name, got, want)
			}
		}
	}
}

// plainSRT is SRT with the texts as they are.
func plainSRT(tr Transcript) string {
	var b strings.Builder
	for i, c := range tidy(tr.Cues) {
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", i+1, timestamp(c.Start, ","), timestamp(c.End, ","), c.Text)
	}
	return b.String()
}

// spoken leaves out spaces, what cannot be seen, and the backslashes that ffmpeg
// adds before braces.
func spoken(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\\' || r == '\u2060' {
			return -1
		}
		return r
	}, text)
}
