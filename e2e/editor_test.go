package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hostileLine would be elements, a script or another cue if it were markup.
const hostileLine = `<img src=x onerror="hurt=1"> --> &lt;b&gt;`

// edited starts a server, on which A has a video with these lines, and opens
// its page.
func edited(t *testing.T, lines ...map[string]any) (*server, *client, *tab, string) {
	t.Helper()
	e := startEngine(t, lines...)
	s := start(t, e.flags()...)
	c := s.register("A")
	id := c.accepted("งาน.mp4", read(t, clip(t, 12))).Video.ID
	c.awaits(id, "done")
	b := s.tab()
	b.login("A", password)
	b.open("/videos/" + id)
	b.until(`document.querySelector("[data-cue] textarea")`)
	return s, c, b, id
}

// texts are the lines in the editor.
func (b *tab) texts() string {
	return js[string](b, `[...document.querySelectorAll("#cues [data-cue] textarea")].map(e => e.value).join("|")`)
}

func (b *tab) saved(state string) {
	b.t.Helper()
	b.until(`document.querySelector("#save-state").dataset.state === ` + quote(state))
}

// TestEditorByKeyboard changes, splits, merges, deletes and undoes, and what is
// on the page is what is kept and shown over the video.
func TestEditorByKeyboard(t *testing.T) {
	t.Parallel()
	_, c, b, id := edited(t, spoken(0, 2, "สวัสดี ครับ"), spoken(2.5, 4, hostileLine), spoken(5, 7, "third"))
	b.mark()
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#cues textarea").focus()`))
	b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent("!"))
	b.saved("saved")
	eventually(t, patience, "the change to be kept", func() bool { return c.subtitleText(id).Cues[0].Text == "สวัสดี ครับ!" })
	// The captions over the video follow.
	b.until(`[...document.querySelector("video").textTracks].some(t => t.cues && [...t.cues].some(c => c.text.includes("!")))`)

	press := func(key string, modifiers ...chromedp.Modifier) {
		b.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers...)))
	}
	focused := func(n int) {
		t.Helper()
		b.until(`[...document.querySelectorAll("#cues textarea")].indexOf(document.activeElement) === ` + string(rune('0'+n)))
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("#cues textarea")[2].focus()`))
	b.do(chromedp.Evaluate[chromedp.Void](`document.activeElement.setSelectionRange(2, 2)`))
	press(kb.Enter, chromedp.ModifierCtrl)
	b.until(`document.querySelectorAll("#cues [data-cue]").length === 4`)
	focused(3)
	if got := b.texts(); !strings.HasSuffix(got, "th|ird") {
		t.Errorf("split: %s", got)
	}
	press("z", chromedp.ModifierCtrl)
	b.until(`document.querySelectorAll("#cues [data-cue]").length === 3`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("#cues textarea")[2].focus()`))
	press(kb.Delete, chromedp.ModifierCtrl)
	b.until(`document.querySelectorAll("#cues [data-cue]").length === 2`)
	eventually(t, patience, "the deletion to be kept", func() bool { return len(c.subtitleText(id).Cues) == 2 })
	press("z", chromedp.ModifierCtrl)
	eventually(t, patience, "the deletion to be undone", func() bool { return len(c.subtitleText(id).Cues) == 3 })
	if got := c.subtitleText(id).Cues; got[1].Text != hostileLine || got[2].Text != "third" {
		t.Errorf("kept: %+v", got)
	}
	if !b.marked() || js[bool](b, `"hurt" in window || document.querySelector("#subtitles img, #subtitles script") !== null`) {
		t.Error("the page was loaded anew, or text became elements")
	}
}

// TestEditorTimes shows a time that cannot be, and keeps nothing until it can.
func TestEditorTimes(t *testing.T) {
	t.Parallel()
	_, c, b, id := edited(t, spoken(0, 2, "one"), spoken(3, 4, "two"))
	end := `#cues [data-cue]:first-child [data-field=end]`
	retype := func(text string) {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(`+quote(end)+`).select()`),
			chromedp.SendKeys(chromedp.CSS(end), text))
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(` + quote(end) + `).focus()`))
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(` + quote(end) + `).value = ""`))
	retype("0:03.500")
	b.until(`document.querySelector("#cues [data-cue]:first-child [data-problem]").textContent.trim() !== ""`)
	eventually(t, patience, "an overlap to be kept all the same", func() bool { return c.subtitleText(id).Cues[0].End == 3.5 })
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(` + quote(end) + `).value = ""`))
	retype("nonsense")
	b.until(`document.querySelector(` + quote(end) + `).getAttribute("aria-invalid") === "true"`)
	b.saved("invalid")
	if got := c.subtitleText(id); got.Cues[0].End != 3.5 {
		t.Errorf("kept: %+v", got)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(` + quote(end) + `).value = ""`))
	retype("0:01.250")
	eventually(t, patience, "the mended time to be kept", func() bool { return c.subtitleText(id).Cues[0].End == 1.25 })
	b.saved("saved")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#cues [data-cue]:last-child [data-field=end]").select()`),
		chromedp.SendKeys(chromedp.CSS("#cues [data-cue]:last-child [data-field=end]"), "9:00"))
	b.shows("#cues [data-cue]:last-child [data-problem]", "จบหลังจากวิดีโอจบแล้ว")
}

// TestEditorConflict has two windows change one text: neither loses a change
// without being asked.
func TestEditorConflict(t *testing.T) {
	t.Parallel()
	_, c, b, id := edited(t, spoken(0, 2, "one"))
	path := "/videos/" + id + "/subtitles"
	elsewhere := func(text string) {
		c.do("PUT", path, map[string]any{"cues": []cue{{0, 2, text}}}).want(200)
	}
	typing := func(text string) {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#cues textarea").focus()`), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(text))
	}
	elsewhere("theirs")
	typing(" mine")
	b.until(`document.querySelector("#conflict").open`)
	// Whoever is still typing chooses nothing by it.
	b.do(chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("#conflict").open && document.activeElement.id === "conflict-title"`)
	if got := c.subtitleText(id).Cues[0].Text; got != "theirs" {
		t.Errorf("overwritten without a word: %q", got)
	}
	b.click(`[data-conflict=mine]`)
	eventually(t, patience, "mine to be kept", func() bool { return c.subtitleText(id).Cues[0].Text == "one mine" })
	b.saved("saved")
	b.until(`!document.querySelector("dialog[open]")`)
	elsewhere("theirs again")
	typing("!")
	b.until(`document.querySelector("#conflict").open`)
	b.click(`[data-conflict=theirs]`)
	b.until(`document.querySelector("#cues textarea").value === "theirs again"`)
	if got := c.subtitleText(id).Cues[0].Text; got != "theirs again" {
		t.Errorf("kept %q", got)
	}
}

// TestEditorOnASlowLine leaves one line after another while each save takes
// longer than that: one tab alone is in nobody's way.
func TestEditorOnASlowLine(t *testing.T) {
	t.Parallel()
	_, c, b, id := edited(t, spoken(0, 2, "one"), spoken(3, 4, "two"))
	b.do(chromedp.Evaluate[chromedp.Void](`{ const real = window.fetch; window.fetch = async (address, options) => {
		if (options?.method === "PUT") { window.puts = (window.puts ?? 0) + 1; await new Promise((done) => setTimeout(done, 500)); }
		return real(address, options);
	} }`))
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#cues textarea").focus()`))
	b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent("!"), chromedp.KeyEvent(kb.Tab))
	b.until(`window.puts === 1`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("#cues textarea")[1].focus()`))
	b.do(chromedp.KeyEvent(kb.End), chromedp.KeyEvent("?"))
	for range 4 {
		b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	}
	b.until(`window.puts >= 2`)
	b.until(`document.querySelector("#save-state").dataset.state === "saved" || document.querySelector("#conflict").open`)
	if got := c.subtitleText(id); got.Revision != 3 || got.Cues[0].Text != "one!" || got.Cues[1].Text != "two?" {
		t.Errorf("kept: %+v", got)
	}
	if js[bool](b, `document.querySelector("#conflict").open`) {
		t.Error("one tab conflicts with itself")
	}
}

// TestEditorWithoutServer chooses and leaves while nobody answers: what was
// typed is still kept once somebody does.
func TestEditorWithoutServer(t *testing.T) {
	t.Parallel()
	s, c, b, id := edited(t, spoken(0, 2, "one"))
	typing := func(text string) {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#cues textarea").focus()`), chromedp.KeyEvent(kb.End), chromedp.KeyEvent(text))
	}
	c.do("PUT", "/videos/"+id+"/subtitles", map[string]any{"cues": []cue{{0, 2, "theirs"}}}).want(200)
	typing(" mine")
	b.until(`document.querySelector("#conflict").open`)
	s.kill()
	b.click(`[data-conflict=theirs]`)
	b.until(alerting(""))
	b.click("#save-again")
	b.until(`document.querySelector("#conflict").open`)
	b.click(`[data-conflict=mine]`)
	b.saved("offline")
	s.restart()
	eventually(t, patience, "mine to be kept", func() bool { return c.subtitleText(id).Cues[0].Text == "one mine" })
	b.saved("saved")

	s.kill()
	typing("!")
	b.saved("offline")
	b.click(`main a[href="/"]`)
	b.until(`document.querySelector("dialog[open] [data-confirm=yes]")`)
	b.click("dialog[open] [data-confirm=yes]")
	b.until(alerting(""))
	s.restart()
	eventually(t, patience, "what was typed to be kept", func() bool { return c.subtitleText(id).Cues[0].Text == "one mine!" })
}

// TestFollowing has the line under the playhead marked, and a line lead the
// player to its time.
func TestFollowing(t *testing.T) {
	t.Parallel()
	_, _, b, _ := edited(t, spoken(0, 2, "one"), spoken(3, 5, "two"), spoken(6, 8, "three"))
	b.until(`document.querySelector("video").readyState >= 1`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#cues [data-cue]:nth-child(2) [data-seek]").focus()`), chromedp.KeyEvent(kb.Enter))
	b.until(`Math.abs(document.querySelector("video").currentTime - 3) < 0.2`)
	b.until(`document.querySelector("#cues [data-cue]:nth-child(2)").getAttribute("aria-current")`)
}

// TestSubtitleProgress shows the place in the queue and then the text, after a
// reload too and without one.
func TestSubtitleProgress(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	release := make(chan struct{})
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			answerSegments("th", spoken(0, 1, "เสร็จแล้ว"))(w, r)
		case <-r.Context().Done():
		}
	})
	s := start(t, e.flags()...)
	c := s.register("A")
	data := read(t, clip(t, 2))
	first, second := c.accepted("a.mp4", data).Video.ID, c.accepted("b.mp4", data).Video.ID
	c.awaits(first, "running")
	b := s.tab()
	b.login("A", password)
	for range 2 {
		b.open("/videos/" + first)
		b.until(`document.querySelector("#subtitles[data-status=running] progress")`)
		b.open("/videos/" + second)
		b.shows("#subtitles[data-status=queued]", "1")
	}
	b.mark()
	close(release)
	b.until(`document.querySelector("#subtitles[data-status=done] [data-cue] textarea")`)
	if got := b.texts(); got != "เสร็จแล้ว" || !b.marked() {
		t.Errorf("the text is %q", got)
	}
	b.open("/")
	b.until(`document.querySelectorAll("#videos [data-video-id]").length === 2`)
}

// TestSubtitlesWithoutScript uses all of it as forms.
func TestSubtitlesWithoutScript(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "<b>engine</b>"))
	s := start(t, e.flags("--engine-concurrency=1")...)
	script := s.register("A")
	page := s.browser("A", password).with("Accept", "text/html")
	id := script.accepted("a.mp4", read(t, clip(t, 2))).Video.ID
	script.awaits(id, "done")
	path := "/videos/" + id
	shown := string(page.get(path).want(200).body)
	if !strings.Contains(shown, "&lt;b&gt;engine") || strings.Contains(shown, "<b>engine") {
		t.Error("the text is not shown as text")
	}
	page.post(path+"/subtitles/file", url.Values{"text": {"WEBVTT\n\n00:00.000 --> 00:01.000\nของฉัน\n"}, "revision": {"1"}}).want(303)
	if got := script.subtitleText(id); got.Cues[0].Text != "ของฉัน" || got.Revision != 2 {
		t.Errorf("typed: %+v", got)
	}
	page.post(path+"/subtitles/file", url.Values{"text": {"WEBVTT\n\n00:00.000 --> 00:01.000\nlate\n"}, "revision": {"1"}}).want(412)
	bad := page.post(path+"/subtitles/file", url.Values{"text": {"what is this"}}).want(422)
	if !strings.Contains(string(bad.body), `role="alert"`) {
		t.Error("nothing says what is wrong with the file")
	}
	file := body(part{"file", "a.srt", "1\n00:00:00,000 --> 00:00:01,000\nfile\n"})
	page.send("POST", path+"/subtitles/file", multipartType, strings.NewReader(file), -1).want(303)
	if got := script.subtitleText(id); got.Cues[0].Text != "file" {
		t.Errorf("file: %+v", got)
	}
	page.post(path+"/subtitles/restore", url.Values{}).want(303)
	if got := script.subtitleText(id); got.Cues[0].Text != "<b>engine</b>" {
		t.Errorf("restored: %+v", got)
	}
	page.post(path+"/subtitles", url.Values{"language": {"th"}}).want(303)
	eventually(t, patience, "another run", func() bool { return script.subtitles(id).Revision == 5 })
	page.post(path+"/subtitles/cancel", url.Values{}).want(303)
	page.post(path+"/subtitles", url.Values{"language": {"klingon"}}).want(422)
}
