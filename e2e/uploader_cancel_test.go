package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestUploaderCancels(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	path := b.sendHalf("a.mp4")
	b.shows("#quota", "อัปโหลดได้อีก 9 ไฟล์ · กำลังอัปโหลดอยู่ 1 ไฟล์")
	b.press("ยกเลิกการส่ง a.mp4")
	b.says(path, "ยกเลิกแล้ว โควตาไม่ถูกใช้")
	b.shows("#quota", "อัปโหลดได้อีก 10 ไฟล์")
	eventually(t, patience, "the file to be gone", func() bool { return len(s.media()) == 0 })
	b.throttle(-1)
	b.press("ลองส่งอีกครั้ง a.mp4")
	b.is(path, "counted")
	if n := c.session().Usage.Videos; n != 1 {
		t.Errorf("%d videos counted", n)
	}
}

// A cancel that comes after the last byte is too late: the page says that the
// video counts.
func TestUploaderCancelsTooLate(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	path := b.sendHalf("a.mp4")
	b.do(chromedp.Evaluate[chromedp.Void](`{
		const { fetch } = window, late = new Promise((go) => (window.letGo = go));
		window.fetch = async (url, options) => (options?.method === "DELETE" && (await late), fetch(url, options));
	}`))
	b.press("ยกเลิกการส่ง a.mp4")
	b.is(path, "cancelling")
	s.cutOff()
	location := "/files/" + c.videos()[0].ID
	at := c.offset(location)
	c.chunk(location, at, read(t, path)[at:]).want(204)
	b.throttle(-1)
	b.do(chromedp.Evaluate[chromedp.Void](`letGo()`))
	b.is(path, "counted")
	b.quota("user_A", 1)
	b.until(`document.querySelectorAll("#videos [data-video-id]").length === 1`)
}

// A cancel that the server does not carry out is no cancel: the upload can be
// cancelled again after a login.
func TestUploaderCancelsAfterLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	path := b.sendHalf("a.mp4")
	b.press("พักการส่ง a.mp4")
	b.is(path, "paused")
	s.cutOff()
	b.throttle(-1)
	b.do(chromedp.Evaluate[chromedp.Void](`fetch("/logout", {method: "POST"}).then(() => window.out = true)`))
	b.until("window.out")
	b.press("ยกเลิกการส่ง a.mp4")
	b.until(`location.pathname === "/login"`)
	b.fill("#login", "A", password)
	b.click("#login [type=submit]")
	b.is(path, "paused")
	if n := len(c.videos()); n != 1 {
		t.Errorf("%d uploads are left after a cancel that was refused", n)
	}
	b.press("ยกเลิกการส่ง a.mp4")
	b.is(path, "cancelled")
	if n := len(c.videos()); n != 0 {
		t.Errorf("%d uploads are left", n)
	}
}
