package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSubtitles goes from an upload to the files.
func TestSubtitles(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0.2, 1.4, " สวัสดีครับ & <b>ยินดี</b>"), spoken(1.5, 2.8, "second --> line"))
	s := start(t, e.flags("--engine-model=large")...)
	c := s.register("a")
	v := c.accepted("งาน แรก.wav", wav(3000, 1))
	done := c.awaits(v.Video.ID, "done")
	if done.Language == nil || *done.Language != "en" || done.Revision != 1 || done.Progress != 100 || done.Error != nil || done.Position != nil {
		t.Errorf("subtitles %+v", done)
	}
	asked := e.requests()
	if len(asked) != 1 || asked[0].path != "/v1/audio/transcriptions" || asked[0].model != "large" ||
		asked[0].format != "verbose_json" || asked[0].language != "" || asked[0].key != "Bearer "+engineKey {
		t.Errorf("the engine was asked %d times; first %+v", len(asked), asked[0].path)
	}
	// 3 s of 16 kHz and a WAV header, never the file that was uploaded.
	if got := len(asked[0].wav); got != 44+3*32000 {
		t.Errorf("the engine was sent %d bytes", got)
	}

	path := "/videos/" + v.Video.ID + "/subtitles"
	vtt := c.get(path + ".vtt").want(200)
	if got := string(vtt.body); !strings.HasPrefix(got, "WEBVTT\n") || !strings.Contains(got, "00:00:00.200 --> 00:00:01.400") ||
		!strings.Contains(got, "&lt;b&gt;") || strings.Contains(got, "<b>") || strings.Contains(got, "second -->") {
		t.Errorf("VTT:\n%s", got)
	}
	if got := vtt.header.Get("Content-Type"); got != "text/vtt; charset=utf-8" {
		t.Errorf("VTT is %q", got)
	}
	srt := c.get(path + ".srt").want(200)
	if got := string(srt.body); !strings.Contains(got, "00:00:00,200 --> 00:00:01,400") {
		t.Errorf("SRT:\n%s", got)
	}
	if got := srt.header.Get("Content-Disposition"); !strings.Contains(got, "%E0%B8%87%E0%B8%B2%E0%B8%99%20%E0%B9%81%E0%B8%A3%E0%B8%81.srt") {
		t.Errorf("Content-Disposition %q", got)
	}
	if got := string(c.get(path + ".txt").want(200).body); !strings.Contains(got, "second --> line") || strings.Contains(got, "00:00") {
		t.Errorf("TXT:\n%s", got)
	}
	var file struct{ Cues []cue }
	c.get(path + ".json").want(200).decode(&file)
	if len(file.Cues) != 2 || file.Cues[1] != (cue{1.5, 2.8, "second --> line"}) {
		t.Errorf("JSON: %+v", file)
	}
	for _, width := range []string{"9", "201", "x"} {
		c.get(path+".vtt?width="+width).problem(422, "invalid")
	}

	other := s.register("b")
	for _, f := range []string{"", ".vtt", ".srt", ".txt", ".json"} {
		other.get(path+f).problem(404, "not-found")
	}
	other.post(path, map[string]any{}).problem(404, "not-found")
	other.do("PUT", path, map[string]any{"cues": []cue{}}).problem(404, "not-found")
	other.do("DELETE", path, nil).problem(404, "not-found")
	other.post(path+"/restore", nil).problem(404, "not-found")
	s.anyone().get(path+".vtt").problem(401, "unauthenticated")
	if log := s.stderr.String(); strings.Contains(log, engineKey) {
		t.Error("the log holds the engine's key")
	}
}

// TestEditedSubtitles changes the text by script: nobody's change is lost
// without a word, and the engine's own text can be had back.
func TestEditedSubtitles(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "original"))
	s := start(t, e.flags()...)
	c := s.register("a")
	id := c.accepted("a.wav", wav(2000, 1)).Video.ID
	c.awaits(id, "done")
	path := "/videos/" + id + "/subtitles"

	edit := map[string]any{"cues": []cue{{0, 0.9, "mine"}, {0.9, 2, "ของฉัน"}}}
	saved := c.with("If-Match", `"1"`).do("PUT", path, edit).want(200)
	if got := saved.header.Get("ETag"); got != `"2"` {
		t.Errorf("ETag %s", got)
	}
	c.with("If-Match", `"1"`).do("PUT", path, edit).problem(412, "subtitles-changed")
	c.with("If-Match", `"nonsense"`).do("PUT", path, edit).problem(412, "subtitles-changed")
	if got := c.subtitleText(id); got.Revision != 2 || !got.Edited || len(got.Cues) != 2 || got.Cues[1].Text != "ของฉัน" {
		t.Errorf("text %+v", got)
	}
	for what, cues := range map[string]any{
		"ends before it starts": []cue{{2, 1, "x"}},
		"takes no time":         []cue{{1, 1, "x"}},
		"before the beginning":  []cue{{-1, 1, "x"}},
		"no list":               "x",
	} {
		if p := c.do("PUT", path, map[string]any{"cues": cues}).problem(422, "invalid"); p.Errors["cues"] == "" {
			t.Errorf("%s: %+v", what, p)
		}
	}
	c.do("PUT", path, map[string]any{"cues": []cue{}, "language": "klingon"}).problem(422, "invalid")
	c.send("PUT", path, "image/png", strings.NewReader("x"), -1).problem(415, "wrong-content-type")
	c.send("PUT", path, "text/vtt", strings.NewReader("no subtitles at all"), -1).problem(422, "invalid")

	c.send("PUT", path, "text/vtt", strings.NewReader("WEBVTT\n\n00:01.000 bis 00:02.000\na line without a time\n"), -1).problem(422, "invalid")
	c.do("PUT", path, map[string]any{"cues": []cue{{0, 1, strings.Repeat("x", 5000)}}}).problem(422, "invalid")
	if got := c.subtitleText(id).Revision; got != 2 {
		t.Errorf("what was refused was kept as revision %d", got)
	}

	for kind, text := range map[string]string{
		"text/vtt":             "WEBVTT\n\n00:00.500 --> 00:01.500\n<v Ann>Hello <i>you</i> &amp; me\n",
		"application/x-subrip": "1\r\n00:00:00,500 --> 00:00:01,500\r\n<i>Hello</i> you & me\r\n",
	} {
		c.send("PUT", path, kind, strings.NewReader(text), -1).want(200)
		got := c.subtitleText(id)
		if len(got.Cues) != 1 || got.Cues[0] != (cue{0.5, 1.5, "Hello you & me"}) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	var v struct{ Subtitles subtitles }
	c.post(path+"/restore", nil).want(200).decode(&v)
	if got := c.subtitleText(id); got.Revision != 5 || got.Edited || len(got.Cues) != 1 || got.Cues[0].Text != "original" || v.Subtitles.Revision != 5 {
		t.Errorf("restored %+v", got)
	}

	thai, english := "คนเกาหลีรับประทานผักและเนื้อเสมอเพื่อรักษาสมดุล", "This line of English has forty-two columns"
	c.do("PUT", path, map[string]any{"cues": []cue{{0, 1, thai}, {1, 2, english}}}).want(200)
	for query, want := range map[string]string{
		"":          "คนเกาหลีรับประทานผัก\nและเนื้อเสมอเพื่อรักษาสมดุล\n" + english + "\n",
		"?width=":   "คนเกาหลีรับประทานผัก\nและเนื้อเสมอเพื่อรักษาสมดุล\n" + english + "\n",
		"?width=42": thai + "\n" + english + "\n",
	} {
		if got := string(c.get(path + ".txt" + query).want(200).body); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

// TestSubtitleOrders asks for subtitles again, with what the engine offers.
func TestSubtitleOrders(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "x"))
	s := start(t, e.flags("--max-subtitle-runs=3")...)
	c := s.register("a")
	id := c.accepted("a.wav", wav(1500, 1)).Video.ID
	c.awaits(id, "done")
	path := "/videos/" + id + "/subtitles"
	c.post(path, map[string]any{"language": "xx-klingon"}).problem(422, "invalid")
	var v struct{ Subtitles subtitles }
	c.post(path, map[string]any{"language": "th"}).want(202).decode(&v)
	eventually(t, patience, "the second run", func() bool { return c.subtitles(id).Revision == 2 })
	c.post(path, map[string]any{"translate": true}).want(202)
	eventually(t, patience, "the third run", func() bool { return c.subtitles(id).Revision == 3 })
	if asked := e.requests(); len(asked) != 3 || asked[1].language != "th" || asked[2].path != "/v1/audio/translations" {
		t.Errorf("asked %d times", len(asked))
	}
	c.post(path, nil).problem(409, "too-many-runs")

	s.stop()
	s.restart("--engine-url="+e.URL, "--no-engine-translate")
	c.post(path, map[string]any{"translate": true}).problem(422, "invalid")
	s.stop()
	s.restart("--log-format=json")
	c.post(path, nil).problem(409, "no-engine")
	s.admin().post("/admin/subtitles/"+id+"/retry", nil).problem(409, "no-engine")
	second := c.accepted("b.wav", wav(1500, 2)).Video.ID
	if got := c.subtitles(second); got.Status != "none" || got.Revision != 0 {
		t.Errorf("without an engine: %+v", got)
	}
	c.do("DELETE", "/videos/"+second+"/subtitles", nil).want(204)
	c.get("/videos/"+second+"/subtitles.vtt").problem(404, "not-found")
	c.do("PUT", "/videos/"+second+"/subtitles", map[string]any{"cues": []cue{{0, 1, "own"}}}).want(200)
	c.get("/videos/" + second + "/subtitles.vtt").want(200)
}

// TestEngineTrouble has the engine fail in each of its ways.
func TestEngineTrouble(t *testing.T) {
	t.Parallel()
	good := answerSegments("th", spoken(0, 1, "ในที่สุด"))
	for what, test := range map[string]struct {
		answer http.HandlerFunc
		reason string // of a failure for good; empty when it is waited for
	}{
		"down":     {answerStatus(503, "Retry-After", "1"), ""},
		"busy":     {answerStatus(429, "Retry-After", "1"), ""},
		"crashed":  {answerStatus(500), ""},
		"nonsense": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") }, ""},
		"redirect": {answerStatus(307, "Location", "http://127.0.0.1:1/elsewhere"), ""},
		"refused":  {answerStatus(400), "engine-refused"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := startEngine(t)
			e.answers(test.answer)
			s := start(t, e.flags()...)
			c := s.register("a")
			id := c.accepted("a.wav", wav(1500, 1)).Video.ID
			if test.reason != "" {
				if got := c.awaits(id, "failed"); got.Error == nil || *got.Error != test.reason {
					t.Errorf("%+v", got)
				}
				e.answers(good)
				c.post("/videos/"+id+"/subtitles", nil).want(202)
			} else {
				eventually(t, 3*patience, "the next try to be told", func() bool { return c.subtitles(id).RetryAt != nil })
				e.answers(good)
			}
			c.awaits(id, "done")
			if log := s.stderr.String(); strings.Contains(log, engineKey) {
				t.Error("the log holds the engine's key")
			}
		})
	}
}

// TestCancelSubtitles ends a job while it runs, and one that waits.
func TestCancelSubtitles(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	gone := make(chan struct{}, 8)
	e.answers(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		gone <- struct{}{}
	})
	s := start(t, e.flags()...)
	c := s.register("a")
	asked := func(times int) {
		t.Helper()
		eventually(t, patience, "the engine to be asked", func() bool { return len(e.requests()) == times })
	}
	first, second := c.accepted("a.wav", wav(1500, 1)).Video.ID, c.accepted("b.wav", wav(1500, 2)).Video.ID
	asked(1)
	c.awaits(first, "running")
	if got := c.awaits(second, "queued"); got.Position == nil || *got.Position != 1 {
		t.Errorf("the second is %+v", got)
	}
	c.do("DELETE", "/videos/"+second+"/subtitles", nil).want(204)
	c.awaits(second, "cancelled")
	c.do("DELETE", "/videos/"+first+"/subtitles", nil).want(204)
	c.awaits(first, "cancelled")
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("the engine still works on what was cancelled")
	}
	off := s.register("off")
	theirs := off.accepted("d.wav", wav(1500, 4)).Video.ID
	asked(2)
	off.awaits(theirs, "running")
	s.admin().do("PATCH", "/admin/users/off", map[string]any{"disabled": true}).want(200)
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("the engine still works for a user who was disabled")
	}
	third := c.accepted("c.wav", wav(1500, 3)).Video.ID
	asked(3)
	c.awaits(third, "running")
	c.do("DELETE", "/videos/"+third, nil).want(204)
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("the engine still works on a video that was deleted")
	}
}
