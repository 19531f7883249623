package e2e

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

type track struct {
	Kind     string `json:"kind"`
	Number   int    `json:"number"`
	Language string `json:"language"`
	Name     string `json:"name"`
	Default  bool   `json:"default"`
	Text     bool   `json:"text"`
	Unknown  bool   `json:"unknown"`
}

// film has pictures, a low tone in Thai, a high one in English that players begin
// with, and subtitles.
func film(t testing.TB) string {
	t.Helper()
	text := filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(text, []byte("1\n00:00:00,500 --> 00:00:01,500\nจาก <i>ไฟล์</i>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return ffmpeg(t, "film.mkv",
		"-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=2",
		"-f", "lavfi", "-i", "sine=frequency=200:duration=2", "-f", "lavfi", "-i", "sine=frequency=2000:duration=2", "-i", text,
		"-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
		"-metadata:s:a:0", "language=tha", "-metadata:s:a:0", "title=พากย์ไทย", "-disposition:a:0", "0",
		"-metadata:s:a:1", "language=eng", "-disposition:a:1", "default", "-metadata:s:s:0", "language=tha", "-disposition:s:0", "0")
}

// pitch is the frequency of a tone, by how often it crosses zero.
func pitch(wav []byte) float64 {
	const header, rate = 44, 16000
	crossings, samples := 0, (len(wav)-header)/2
	last := int16(0)
	for i := range samples {
		now := int16(wav[header+2*i]) | int16(wav[header+2*i+1])<<8
		if last < 0 && now >= 0 {
			crossings++
		}
		last = now
	}
	return float64(crossings) * rate / float64(samples)
}

func wantPitch(t *testing.T, h heard, want float64) {
	t.Helper()
	if got := pitch(h.wav); math.Abs(got-want) > want/20 {
		t.Errorf("the engine heard a tone of %.0f Hz, want %.0f", got, want)
	}
}

// TestTracks has the default track heard, then one that the user chooses.
func TestTracks(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "heard"))
	s := start(t, e.flags("--engine-prompt=Gensubtitle")...)
	c := s.register("A")
	c.do("PUT", "/account/engine-prompt", map[string]any{"prompt": " เชียงใหม่,\nสมชาย "}).want(200)
	var mine struct{ Prompt string }
	if c.get("/account/engine-prompt").want(200).decode(&mine); mine.Prompt != "เชียงใหม่, สมชาย" {
		t.Errorf("kept %q", mine.Prompt)
	}
	id := c.accepted("film.mkv", read(t, film(t))).Video.ID
	c.awaits(id, "done")
	var v struct {
		Tracks   []track  `json:"tracks"`
		Declared *float64 `json:"declared_duration_seconds"`
	}
	c.get("/videos/" + id).want(200).decode(&v)
	want := []track{
		{"audio", 1, "th", "พากย์ไทย", false, false, false}, {"audio", 2, "en", "", true, false, false}, {"subtitle", 1, "th", "", false, true, false},
	}
	if fmt.Sprint(v.Tracks) != fmt.Sprint(want) || v.Declared != nil {
		t.Errorf("got %v, %v, want %v", v.Tracks, v.Declared, want)
	}
	wantPitch(t, e.requests()[0], 2000)

	path := "/videos/" + id + "/subtitles"
	for _, wrong := range []map[string]any{{"track": 3}, {"track": -1}, {"prompt": strings.Repeat("ก", 1001)}} {
		c.do("POST", path, wrong).want(422)
	}
	for _, order := range []struct {
		track int
		want  any
		hertz float64
	}{{1, 1, 200}, {2, nil, 2000}, {0, nil, 2000}} {
		before := len(e.requests())
		a := c.do("POST", path, map[string]any{"track": order.track, "prompt": "น้ำใส"}).want(202)
		var state struct{ Subtitles map[string]any }
		if a.decode(&state); fmt.Sprint(state.Subtitles["track"]) != fmt.Sprint(order.want) || state.Subtitles["prompt"] != "น้ำใส" {
			t.Errorf("track %d: %v", order.track, state.Subtitles)
		}
		c.awaits(id, "done")
		asked := e.requests()
		if len(asked) != before+1 {
			t.Fatalf("track %d: %d requests", order.track, len(asked)-before)
		}
		wantPitch(t, asked[before], order.hertz)
		if got := asked[before].prompt; got != "Gensubtitle, เชียงใหม่, สมชาย, น้ำใส" {
			t.Errorf("the engine was told to expect %q", got)
		}
	}
	c.do("DELETE", "/videos/"+id, nil).want(204)
	eventually(t, patience, "the files to be gone", func() bool { return len(s.media()) == 0 })
}

// TestTrackWithoutSound has a film whose default track holds nothing: the next one is
// heard in its place and listed as the default, but never where a user names the first.
func TestTrackWithoutSound(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "heard"))
	c := start(t, e.flags()...).register("A")
	silent := ffmpeg(t, "silent.mkv", "-i", film(t), "-map", "0:v", "-map", "0:a:1", "-map", "0:a:0", "-c", "copy",
		"-bsf:a:0", "noise=drop=1", "-disposition:a:0", "default", "-disposition:a:1", "0")
	id := c.accepted("silent.mkv", read(t, silent)).Video.ID
	c.awaits(id, "done")
	var v struct{ Tracks []track }
	c.get("/videos/" + id).want(200).decode(&v)
	if len(v.Tracks) != 2 || v.Tracks[0].Default || !v.Tracks[1].Default {
		t.Errorf("tracks %v", v.Tracks)
	}
	path := "/videos/" + id + "/subtitles"
	for _, order := range []struct {
		track  any
		status string
	}{{1, "failed"}, {2, "done"}, {0, "done"}, {1, "failed"}, {nil, "done"}} {
		before := len(e.requests())
		c.do("POST", path, map[string]any{"track": order.track}).want(202)
		var s subtitles
		eventually(t, 6*patience, "an end", func() bool {
			s = c.subtitles(id)
			return s.Status == "done" || s.Status == "failed"
		})
		if failed := s.Error != nil && *s.Error == "no-sound"; s.Status != order.status || failed != (s.Status == "failed") {
			t.Errorf("track %v: %+v, want %s", order.track, s, order.status)
		}
		if heard := len(e.requests()) > before; heard != (order.status == "done") {
			t.Errorf("track %v: heard %v", order.track, heard)
		}
	}
	for _, h := range e.requests() {
		wantPitch(t, h, 200)
	}
}

// TestSubtitleTrack begins with the subtitles in the file.
func TestSubtitleTrack(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A").with("Accept-Language", "en")
	id := c.accepted("film.mkv", read(t, film(t))).Video.ID
	path := "/videos/" + id + "/subtitles"
	for _, wrong := range []map[string]any{{"track": 0}, {"track": 2}, {"track": nil}, {}} {
		c.do("POST", path+"/track", wrong).want(422)
	}
	var got struct{ Notices []notice }
	c.do("POST", path+"/track", map[string]any{"track": 1}).want(200).decode(&got)
	if len(got.Notices) != 1 || got.Notices[0].Kind != "styles-dropped" {
		t.Errorf("notices %v", texts(got.Notices))
	}
	text := c.subtitleText(id)
	if !text.Edited || *text.Language != "th" || len(text.Cues) != 1 || text.Cues[0].Text != "จาก ไฟล์" || math.Abs(text.Cues[0].Start-0.5) > 0.03 {
		t.Errorf("got %+v", text)
	}
	c.with("If-Match", `"9"`).do("POST", path+"/track", map[string]any{"track": 1}).want(412)

	srt := filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(srt, []byte("1\n00:00:00,500 --> 00:00:01,500\n<i> </i>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := ffmpeg(t, "empty.mkv", "-f", "lavfi", "-i", "sine=duration=2", "-i", srt, "-c:a", "aac", "-c:s", "copy")
	path = "/videos/" + c.accepted("empty.mkv", read(t, empty)).Video.ID + "/subtitles"
	if p := c.do("POST", path+"/track", map[string]any{"track": 1}).problem(422, "invalid"); p.Errors["track"] == "" {
		t.Errorf("a track without text: %v", p.Errors)
	}
}

// TestTracksOnThePage chooses a track and words on the page of a video, and words for
// all of them on that of the account.
func TestTracksOnThePage(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "heard"))
	s := start(t, e.flags()...)
	c := s.register("A")
	id := c.accepted("film.mkv", read(t, film(t))).Video.ID
	c.awaits(id, "done")
	b := s.tab()
	b.login("A", password)
	b.open("/account")
	b.do(chromedp.SetValue(chromedp.CSS("#prompt"), "เชียงใหม่"))
	b.click("#change-prompt [type=submit]")
	b.until(`document.querySelector("#prompt-saved") === document.activeElement`)
	b.open("/videos/" + id)
	b.click("#make-again summary")
	b.shows("#track", "1 · ไทย · พากย์ไทย")
	b.shows("#track", "2 · อังกฤษ (ค่าเริ่มต้น)")
	b.do(chromedp.SetValue(chromedp.CSS("#track"), "1"), chromedp.SetValue(chromedp.CSS("#prompt"), "น้ำใส"))
	b.click("#make-subtitles")
	eventually(t, patience, "a second request", func() bool { return len(e.requests()) == 2 })
	c.awaits(id, "done")
	wantPitch(t, e.requests()[1], 200)
	if got := e.requests()[1].prompt; got != "เชียงใหม่, น้ำใส" {
		t.Errorf("the engine was told to expect %q", got)
	}
	b.until(`document.querySelector("#track")?.value === "1" && document.querySelector("#prompt").value === "น้ำใส"`)
	b.click("#take-track summary")
	b.click("#take-subtitle-track")
	b.until(`document.querySelector("#subtitle-notices") !== null`)
	if text := c.subtitleText(id); text.Cues[0].Text != "จาก ไฟล์" {
		t.Errorf("got %+v", text)
	}
}

// TestPartlyRead tells of a file that is not all there.
func TestPartlyRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	whole := read(t, ffmpeg(t, "tone.flac", "-f", "lavfi", "-i", "sine=duration=20"))
	id := c.accepted("tone.flac", whole[:len(whole)/10]).Video.ID
	var v struct {
		Duration float64  `json:"duration_seconds"`
		Declared *float64 `json:"declared_duration_seconds"`
	}
	c.get("/videos/" + id).want(200).decode(&v)
	if v.Duration > 5 || v.Declared == nil || *v.Declared != 20 {
		t.Errorf("got %+v", v)
	}
	b := s.tab()
	b.login("A", password)
	b.shows("[data-partly-read]", "จาก 0:20 ไฟล์อาจเสียหายหรือไม่ครบ")
}
