package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The list of videos: its pictures, the player that opens in it, and what
// comes below the first page.

// longClip is a video too long to be fetched whole before somebody seeks.
func longClip(t testing.TB) string {
	return ffmpeg(t, "long-clip.mp4",
		"-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=10", "-f", "lavfi", "-i", "sine=frequency=440", "-t", "30",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "4M", "-c:a", "aac", "-movflags", "+faststart")
}

func TestPlayer(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	tone := c.accepted("tone.wav", wav(1000, 1)).Video
	film := c.accepted("film.mp4", read(t, longClip(t))).Video
	b := s.tab()
	b.login("A", password)
	o := b.listenTo()
	b.until(`[...document.querySelectorAll("#videos img")].filter(i => i.naturalWidth > 0).length === 1`)
	b.click(`[aria-label="เล่น film.mp4"]`)
	b.until(`document.querySelector("#videos video")?.currentTime > 0`)
	b.until(`document.activeElement.localName === "video"`)
	b.until(`document.querySelector('[aria-label="เล่น film.mp4"]').ariaExpanded === "true"`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#videos video").currentTime = 25`))
	b.until(`document.querySelector("#videos video").currentTime > 25`)
	o.mu.Lock()
	if !slices.Contains(o.statuses, "206") {
		t.Errorf("the file was answered with %v", o.statuses)
	}
	o.mu.Unlock()

	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("#videos video") && document.activeElement.ariaLabel === "เล่น film.mp4"`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("#videos video")`)
	b.click(`[aria-label="เล่น tone.wav"]`)
	b.until(`document.querySelector("#videos audio") && !document.querySelector("#videos video")`)
	b.press("ปิด ตัวเล่น tone.wav")
	b.until(`!document.querySelector("#videos audio") && document.activeElement.ariaLabel === "เล่น tone.wav"`)
	for _, v := range []video{tone, film} {
		b.open("/videos/" + v.ID)
		b.shows("h1", v.Filename)
		b.until(`document.querySelector("main :is(video, audio)").readyState > 0`)
	}
}

// Where the browser can't play a file, it is offered for download.
func TestPlayerOfUnplayable(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	old := ffmpeg(t, "old.avi", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=1", "-c:v", "mpeg4")
	rare := ffmpeg(t, "rare.mov", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=1", "-c:v", "prores")
	for name, path := range map[string]string{"old.avi": old, "rare.mov": rare} {
		v := c.accepted(name, read(t, path)).Video
		b := s.tab()
		b.login("A", password)
		b.click(fmt.Sprintf("[aria-label=%q]", "เล่น "+name))
		b.until(`document.querySelector("#videos [data-unplayable]")?.checkVisibility()`)
		b.shows("#videos [data-unplayable]", "เล่นไฟล์ชนิดนี้ไม่ได้")
		b.until(fmt.Sprintf(`document.querySelector("[data-unplayable] a").pathname === "/videos/%s/file"`, v.ID))
		b.until(`!document.querySelector("#videos video")`)
	}
}

func TestMoreVideosOnThePage(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=50")
	c := s.register("A")
	for i := range 21 {
		c.accepted("a.wav", wav(100, i))
	}
	for name, come := range map[string]chromedp.Action[chromedp.Void]{
		"scrolling": chromedp.Evaluate[chromedp.Void](`document.querySelector("#more-videos-link").scrollIntoView()`),
		"keyboard":  chromedp.Focus(chromedp.CSS("#more-videos-link")),
	} {
		t.Run(name, func(t *testing.T) {
			b := s.tab()
			b.login("A", password)
			if n := len(b.videosOnPage()); n != 20 {
				t.Fatalf("%d videos on the first page", n)
			}
			b.mark()
			b.do(come)
			b.until(`document.querySelectorAll("#videos [data-video-id]").length === 21`)
			b.until(`!document.querySelector("#more-videos-link")`)
			if name == "keyboard" {
				b.until(`document.activeElement.closest("#videos [data-video-id]:last-child")`)
			}
			if !b.marked() {
				t.Error("the page was loaded anew")
			}
		})
	}
}

// A video that is measured while the page is loaded shows its end by itself.
func TestMeasuringRefreshesItself(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	path := heavy(t, "a.mp4")
	b.chooseAll(path)
	b.send()
	b.is(path, "checking", "counted")
	b.open("/")
	b.until(`document.querySelector("#videos [data-status=accepted]")`)
	b.quota("user_A", 1)
}
