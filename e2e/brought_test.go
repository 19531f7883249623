package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

type notice struct {
	Line *int   `json:"line"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// TestBroughtFile tells what was changed of a file, and in which line one stops
// making sense, in the reader's language. The text that there is stays meanwhile.
func TestBroughtFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a").with("Accept-Language", "en")
	id := c.accepted("a.mp4", read(t, clip(t, 3))).Video.ID
	path := "/videos/" + id + "/subtitles"
	put := func(c *client, kind, file string) *answer {
		return c.send("PUT", path, kind, strings.NewReader(file), -1)
	}

	const good = "1\n00:00:00,500 --> 00:00:01,000\nfirst\n"
	for file, want := range map[string][]notice{
		good: {},
		"1\n00:00:00,500 --> 00:00:01,000\n<i>a</i>\n\n2\n00:00:01,500 -> 00:00:09,000\nb\n": {
			{ptr(3), "styles-dropped", "Line 3, “<i>”: Italics, colours or another style were left out."},
			{ptr(6), "beyond-end", "Line 6, “b”: This caption ends after the video does."},
		},
		"1\n00:00:00,500 --> 00:00:01,000\n20\xd8 here\n": {{ptr(3), "broken-letters", "Line 3, “20� here”: A letter that cannot be read became �."}},
	} {
		var got struct{ Notices []notice }
		put(c, "application/x-subrip", file).want(200).decode(&got)
		if fmt.Sprint(texts(got.Notices)) != fmt.Sprint(texts(want)) || got.Notices == nil {
			t.Errorf("%q: got the notices %v, want %v", file, texts(got.Notices), texts(want))
		}
	}
	var edited struct{ Notices []notice }
	c.do("PUT", path, map[string]any{"cues": []cue{{0, 1, "mine"}, {2, 4, "late"}}}).want(200).decode(&edited)
	if len(edited.Notices) != 1 || *edited.Notices[0].Line != 2 || edited.Notices[0].Kind != "beyond-end" {
		t.Errorf("an edited text: %v", texts(edited.Notices))
	}

	put(c, "application/json", `{"segments":[{"start":0.5,"end":1,"text":"of whisper"}]}`).want(200)
	before := c.subtitleText(id)
	for file, want := range map[string]string{
		good + "\n2\n00:00:01,500 bis 00:00:02,000\nb\n":          "Line 6, “00:00:01,500 bis 00:00:02,000”: The times cannot be read.",
		"WEBVT\n\n00:01.000 --> 00:02.000\na\n":                   "Line 1, “WEBVT”: The first line must be WEBVTT",
		"WEBVTT\n\nlost\n\n00:01.000 --> 00:02.000\na\n":          "Line 3, “lost”: There is text before the first time.",
		good[:34] + "\xf9\xec\xe5\xed \xf2\xe5\xec\xed, \xee\xe4": "Line 3, “",
		good[:34] + strings.Repeat("x", 5000):                     "Line 2, “00:00:00,500 --> 00:00:01,000”: The text of this caption is too long.",
		"what is this":                                            "This cannot be read as subtitles.",
	} {
		p := put(c, "text/plain", file).problem(422, "invalid")
		if !strings.HasPrefix(p.Errors["file"], want) {
			t.Errorf("%q: %q, want %q", file, p.Errors["file"], want)
		}
	}
	thai := put(c.with("Accept-Language", "th"), "text/vtt", "WEBVT\n\n00:01.000 --> 00:02.000\na\n").problem(422, "invalid")
	if want := "บรรทัดที่ 1 “WEBVT”: บรรทัดแรกต้องเป็น WEBVTT"; thai.Errors["file"] != want {
		t.Errorf("in Thai: %q, want %q", thai.Errors["file"], want)
	}
	if after := c.subtitleText(id); after.Revision != before.Revision || after.Cues[0].Text != "of whisper" {
		t.Errorf("what was refused replaced the text: %+v", after)
	}

	page := s.browser("a", password).with("Accept", "text/html").with("Accept-Language", "en")
	const italic = "WEBVTT\n\n00:00.000 --> 00:01.000\n<i>ของฉัน</i>\n"
	for what, c := range map[string]*client{"a page": page, "its part": page.with("HX-Request", "true")} {
		got := string(c.post(path+"/file", url.Values{"text": {italic}}).want(200).body)
		if !strings.Contains(got, "Line 4, “&lt;i&gt;”: Italics") || !strings.Contains(got, "ของฉัน") {
			t.Errorf("%s does not tell of the notice:\n%s", what, got)
		}
		got = string(c.post(path+"/file", url.Values{"text": {"WEBVTT\n\n00:00.000 -> x\nb\n"}}).want(422).body)
		if !strings.Contains(got, "Line 3, “00:00.000 -&gt; x”: The times cannot be read.") {
			t.Errorf("%s does not tell of the line:\n%s", what, got)
		}
	}
}

// TestBroughtNothing sends files without captions in all forms: the text that there is
// stays. What the editor deletes is gone.
func TestBroughtNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A").with("Accept-Language", "en")
	id := c.accepted("film.mkv", read(t, film(t))).Video.ID
	path := "/videos/" + id + "/subtitles"
	c.do("PUT", path, map[string]any{"cues": []cue{{0, 1, "mine"}}}).want(200)
	for _, file := range []string{
		"", "\r\n", "WEBVTT", "\ufeffWEBVTT\n\n", "WEBVTT - a name\n\nNOTE nothing\n", "1\n00:00:00,000 --> 00:00:01,000\n\n", "{1}{1}25\n",
		"[Script Info]\n\n[Events]\nFormat: Start, End, Text\n", `<tt xmlns="http://www.w3.org/ns/ttml"><body/></tt>`, "start\tend\ttext\n",
		`{"segments":[]}`, `{"transcription":[]}`, `{"language":"en","cues":[]}`,
	} {
		want := "There are no captions in this file."
		if p := c.send("PUT", path, "text/plain", strings.NewReader(file), -1).problem(422, "invalid"); !strings.HasPrefix(p.Errors["file"], want) {
			t.Errorf("PUT of %q: %q, want %q", file, p.Errors["file"], want)
		}
		if p := c.send("POST", path+"/file", multipartType, strings.NewReader(body(part{"file", "a.vtt", file})), -1).problem(422, "invalid"); !strings.HasPrefix(p.Errors["file"], want) {
			t.Errorf("form of %q: %q, want %q", file, p.Errors["file"], want)
		}
	}
	c.send("PUT", path, "application/json", strings.NewReader(`{"segments":[]}`), -1).problem(422, "invalid")
	if text := c.subtitleText(id); text.Revision != 1 || len(text.Cues) != 1 {
		t.Errorf("what was refused replaced the text: %+v", text)
	}
	page := s.browser("A", password).with("Accept", "text/html")
	for what, deletes := range map[string]func(){
		"the editor":              func() { c.do("PUT", path, map[string]any{"cues": []cue{}}).want(200) },
		"the form without script": func() { page.post(path+"/file", url.Values{"text": {"\r\nWEBVTT\r\n"}}).want(303) },
	} {
		c.do("PUT", path, map[string]any{"cues": []cue{{0, 1, "mine"}}}).want(200)
		if deletes(); len(c.subtitleText(id).Cues) != 0 {
			t.Errorf("%s deletes nothing", what)
		}
	}
}

func ptr(n int) *int { return &n }

func texts(notices []notice) (all []string) {
	for _, n := range notices {
		all = append(all, fmt.Sprint(*n.Line, " ", n.Kind, " ", n.Text))
	}
	return all
}

// TestBeyondTheVideo has captions far beyond the end: no download becomes longer
// for them.
func TestBeyondTheVideo(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	source := clip(t, 3)
	id := c.accepted("a.mp4", read(t, source)).Video.ID
	length := func(path string) float64 {
		t.Helper()
		seconds, err := strconv.ParseFloat(outputOf(t, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path), 64)
		if err != nil {
			t.Fatal(err)
		}
		return seconds
	}
	for what, file := range map[string]string{
		"a hundred hours": "1\n101:00:00,000 --> 101:00:01,000\nA\n\n2\n999:59:58,000 --> 999:59:59,999\nB\n",
		"across the end":  "1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:02,000 --> 00:10:00,000\nB\n",
	} {
		c.send("PUT", "/videos/"+id+"/subtitles", "application/x-subrip", strings.NewReader(file), -1).want(200)
		for _, format := range []string{"mkv", "mp4"} {
			got := filepath.Join(t.TempDir(), "got."+format)
			if err := os.WriteFile(got, c.get("/videos/"+id+"/subtitled."+format).want(200).body, 0o600); err != nil {
				t.Fatal(err)
			}
			if was, is := length(source), length(got); is > was+0.1 {
				t.Errorf("%s: %s lasts %g s, the video %g s", what, format, is, was)
			}
		}
		if got := string(c.get("/videos/" + id + "/subtitles.srt").want(200).body); !strings.Contains(got, "B") {
			t.Errorf("%s: a text is lost: %s", what, got)
		}
	}
}

// TestLargeSubtitleFile sends whisper's JSON of a long lecture, which tells all
// about each word, and one that is larger than is taken.
func TestLargeSubtitleFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a").with("Accept-Language", "en")
	id := c.accepted("a.wav", wav(2000, 1)).Video.ID
	var file strings.Builder
	file.WriteString(`{"text":"","segments":[`)
	const segments = 7200
	for i := range segments {
		if i > 0 {
			file.WriteByte(',')
		}
		fmt.Fprintf(&file, `{"start":%d,"end":%d,"text":"word %d","words":[`, i*3, i*3+3, i)
		file.WriteString(strings.TrimSuffix(strings.Repeat(`{"word":" word","start":10.16,"end":10.48,"probability":0.9812927842140198},`, 10), ",") + "]}")
	}
	file.WriteString(`],"language":"en"}`)
	path := "/videos/" + id + "/subtitles"
	c.send("PUT", path, "application/octet-stream", strings.NewReader(file.String()), int64(file.Len())).want(200)
	if got := c.subtitleText(id); len(got.Cues) != segments || got.Cues[segments-1].Text != "word 7199" {
		t.Errorf("%d cues of %d", len(got.Cues), segments)
	}
	p := c.send("PUT", path, "text/plain", strings.NewReader(strings.Repeat("x", 64<<20+1)), 64<<20+1).problem(413, "body-too-large")
	if !strings.Contains(p.Detail, "64 MB") {
		t.Errorf("the limit is not named: %s", p.Detail)
	}
}
