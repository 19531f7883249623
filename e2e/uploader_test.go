package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The page's uploader: many files at once, each of which goes on where it
// stopped. Its texts are looked for in Thai.

// trickle is a line so slow that a test can act while a file is being sent.
const trickle = 256 << 10

// heavy is the path of a valid video that takes some seconds on a trickle.
func heavy(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadFrom(padded(read(t, clip(t, 1)), 2<<20)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// light is the path of a new file with these bytes.
func light(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// chooseAll chooses files and waits until the page has looked at them.
func (b *tab) chooseAll(paths ...string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#upload input[type=file]"), paths))
	for _, path := range paths {
		b.is(path, "ready", "unfit")
	}
}

func (b *tab) send() {
	b.t.Helper()
	b.click("#upload [type=submit]")
}

// row is an expression for the row of a file.
func row(path string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".upload")].find(r => r.querySelector("[data-name]").textContent === %s)`,
		quote(filepath.Base(path)))
}

// is waits for the row of a file to be in one of these states.
func (b *tab) is(path string, states ...string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`%s.split(" ").includes(%s?.dataset.state)`, quote(strings.Join(states, " ")), row(path)))
}

// says waits for the row of a file to show a text.
func (b *tab) says(path, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`%s?.innerText.includes(%s)`, row(path), quote(text)))
}

// press clicks a button by the name that a screen reader says.
func (b *tab) press(name string) {
	b.t.Helper()
	b.click(fmt.Sprintf("button[aria-label=%q]", name))
}

// halfway waits until a part of the file has been sent.
func (b *tab) halfway(path string) {
	b.t.Helper()
	b.until(row(path) + `?.querySelector("progress").value > 5`)
}

// sendHalf starts to send a file over a slow line, and waits until a part of it has
// been sent.
func (b *tab) sendHalf(name string) string {
	b.t.Helper()
	path := heavy(b.t, name)
	b.chooseAll(path)
	b.throttle(trickle)
	b.send()
	b.halfway(path)
	return path
}

// listenTo keeps what the page asks for and is asked, from now on.
func (b *tab) listenTo() *overheard {
	b.t.Helper()
	o := &overheard{}
	if err := chromedp.Listen(b.ctx, o.listen); err != nil {
		b.t.Fatal(err)
	}
	return o
}

type overheard struct {
	mu       sync.Mutex
	offsets  []string // Upload-Offset of each PATCH
	statuses []string // of each answer with a file
	dialogs  int      // in which the page asked whether to leave it
}

func (o *overheard) listen(ev any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if ev.Request.Method == "PATCH" {
			o.offsets = append(o.offsets, fmt.Sprint(ev.Request.Headers["Upload-Offset"]))
		}
	case *network.EventResponseReceived:
		if strings.HasSuffix(ev.Response.URL, "/file") {
			o.statuses = append(o.statuses, fmt.Sprint(ev.Response.Status))
		}
	case *page.EventJavascriptDialogOpening:
		if ev.Type == page.DialogTypeBeforeunload {
			o.dialogs++
		}
	}
}

func (o *overheard) lastOffset() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.offsets) == 0 {
		return ""
	}
	return o.offsets[len(o.offsets)-1]
}

func (o *overheard) asked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dialogs
}

// hear keeps all that is said to screen readers, also what is gone again.
func (b *tab) hear() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`{
		window.heard = [];
		new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => heard.push(n.textContent))))
			.observe(document.querySelector("#announcer"), {childList: true});
	}`))
}

// heard waits until a text was said.
func (b *tab) heard(text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`heard.some(h => h.includes(%s))`, quote(text)))
}

// wentOn checks that a file was sent in more than one piece and counted once.
func (b *tab) wentOn(o *overheard, c *client) {
	b.t.Helper()
	if got := o.lastOffset(); got == "" || got == "0" {
		b.t.Errorf("the last piece began at %q", got)
	}
	if n := b.requests("POST /files/"); n != 1 {
		b.t.Errorf("%d uploads were begun", n)
	}
	if n := c.session().Usage.Videos; n != 1 {
		b.t.Errorf("%d videos counted", n)
	}
}

func TestUploaderSendsSeveral(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	b.mark()
	b.hear()
	one, two, three := clip(t, 1), clip(t, 2), light(t, "เสียง.wav", wav(3000, 1))
	b.chooseAll(one, two, three)
	b.shows("[data-sum-all]", "3 ไฟล์ · 0:06 · ")
	b.shows("#upload [type=submit]", "อัปโหลด 3 ไฟล์")
	b.heard("3 ไฟล์ · 0:06 · ")
	b.send()
	b.heard("เสียง.wav: กำลังเริ่มส่ง…")
	for path, length := range map[string]string{one: "0:01", two: "0:02", three: "0:03"} {
		b.is(path, "counted")
		b.says(path, "ใช้โควตา "+length)
		b.heard(filepath.Base(path) + ": เรียบร้อย")
	}
	b.quota("user_A", 3)
	b.until(`document.querySelectorAll("#videos [data-video-id]").length === 3`)
	b.shows("[data-sum-all]", "เสร็จแล้ว 3 จาก 3 ไฟล์")
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
	if n := c.session().Usage.Videos; n != 3 {
		t.Errorf("%d videos counted", n)
	}
	b.click("[data-clear]")
	b.until(`!document.querySelector(".upload") && document.activeElement.id === "file"`)
}

// Files may be dropped anywhere on the page.
func TestUploaderTakesDroppedFiles(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	taken := js[bool](b, fmt.Sprintf(`(() => {
		const dataTransfer = new DataTransfer();
		const bytes = Uint8Array.from(atob(%q), (c) => c.charCodeAt(0));
		for (const name of ["a.wav", "b.wav"]) {
			dataTransfer.items.add(new File([bytes], name, {type: "audio/wav"}));
		}
		const drop = new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true});
		return !document.querySelector("header").dispatchEvent(drop);
	})()`, base64.StdEncoding.EncodeToString(wav(1000, 1))))
	if !taken {
		t.Error("the browser would have opened the files in place of the page")
	}
	b.is("a.wav", "ready")
	b.is("b.wav", "ready")
	b.send()
	b.is("a.wav", "counted")
	b.is("b.wav", "counted")
	b.quota("user_A", 2)
}

func TestUploaderMarksWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-file-size-mb=1", "--max-duration-minutes=0.1", "--max-videos=3")
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	large := light(t, "large.mp4", make([]byte, 1<<20+1))
	long := light(t, "long.wav", wav(7000, 1))
	four := light(t, "four.wav", wav(4000, 2))
	three := light(t, "three.wav", wav(3000, 3))
	one := light(t, "one.wav", wav(1000, 4))
	b.chooseAll(large, long, four, three, one)
	b.says(large, "แต่รับได้ไม่เกิน 1 MB")
	b.says(long, "ยาว 0:07 แต่เหลือโควตา 0:06")
	b.is(four, "ready")
	b.says(three, "ยาว 0:03 แต่หลังจากไฟล์อื่นในรายการจะเหลือโควตา 0:02")
	b.is(one, "ready")
	b.shows("[data-sum-all]", "5 ไฟล์ · 0:15")
	b.shows("[data-sum-fit]", "โควตาพอสำหรับ 2 ไฟล์")
	b.send()
	b.is(four, "counted")
	b.is(one, "counted")
	for _, path := range []string{large, long, three} {
		b.is(path, "unfit")
	}
	if n := b.requests("POST /files/"); n != 2 {
		t.Errorf("%d uploads were begun", n)
	}
	checkUsage(t, c.session(), 2, 5000)
}

// What does not fit is sent once there is room.
func TestUploaderSendsWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=1")
	s.register("A")
	b := s.tab()
	b.login("A", password)
	first, second := heavy(t, "first.mp4"), light(t, "second.wav", wav(1000, 1))
	b.chooseAll(first, second)
	b.says(second, "ไฟล์อื่นในรายการใช้โควตาจำนวนไฟล์ที่เหลือครบแล้ว")
	b.throttle(trickle)
	b.send()
	b.halfway(first)
	b.is(second, "unfit")
	b.press("ยกเลิกการส่ง first.mp4")
	b.is(first, "cancelled")
	b.is(second, "counted")
	b.shows("#quota", "Quota: 1/1 ไฟล์")
}

func TestUploaderPauses(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	o := b.listenTo()
	path := b.sendHalf("a.mp4")
	b.says(path, "/วินาที · เหลือ 0:")
	b.press("พักการส่ง a.mp4")
	b.is(path, "paused")
	b.says(path, "พักไว้ที่")
	// The same button, which has kept the focus, goes on.
	b.until(`document.activeElement.ariaLabel === "ส่งต่อ a.mp4"`)
	s.cutOff()
	b.throttle(-1)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.is(path, "counted")
	b.wentOn(o, c)
}

func TestUploaderSurvivesALostConnection(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	r := s.relay()
	b := (&server{t: t, addr: r.addr}).tab()
	b.login("A", password)
	b.hear()
	o := b.listenTo()
	path := b.sendHalf("a.mp4")
	r.set(false)
	b.online(false)
	b.is(path, "offline")
	b.heard("a.mp4: การเชื่อมต่อขาด จะส่งต่อเองเมื่อเชื่อมต่อได้")
	r.set(true)
	b.online(true)
	b.is(path, "counted")
	b.wentOn(o, c)
}

// cutOff waits until a piece was cut off: on a faster line the browser would send
// the rest before it lets go of it.
func (s *server) cutOff() {
	s.t.Helper()
	s.logged("the piece that was cut off", func(line map[string]any) bool { return line["method"] == "PATCH" })
}

// online tells the page that its browser has a line, or none.
func (b *tab) online(on bool) {
	b.t.Helper()
	call(b, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1})
}

// The server may also go away while the line stands.
func TestUploaderSurvivesARestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	o := b.listenTo()
	path := b.sendHalf("a.mp4")
	s.kill()
	b.is(path, "offline")
	b.throttle(-1)
	s.restart()
	b.is(path, "counted")
	b.wentOn(o, c)
}

func TestUploaderSurvivesAReload(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	o := b.listenTo()
	path := b.sendHalf("a.mp4")
	b.reload(o, true)
	b.shows("#videos", "ส่งค้างไว้")
	b.shows("#videos", "เลือกไฟล์เดิมเพื่อส่งต่อ")
	s.cutOff()
	b.throttle(-1)
	b.chooseAll(path)
	b.send()
	b.is(path, "counted")
	b.wentOn(o, c)
	b.until(`document.querySelectorAll("#videos [data-video-id]").length === 1`)
}

// reload wants the page to ask first and gives it this answer.
func (b *tab) reload(o *overheard, answer bool) {
	b.t.Helper()
	before := o.asked()
	b.mark()
	b.do(chromedp.Evaluate[chromedp.Void](`setTimeout(() => location.reload())`))
	eventually(b.t, patience, "the page to ask", func() bool { return o.asked() == before+1 })
	call(b, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: answer})
	if answer {
		b.until(`!window.marked && document.readyState === "complete"`)
	}
}

// An unfinished upload can be removed from the list, too.
func TestUploaderRemovesUnfinished(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	path := b.sendHalf("a.mp4")
	b.press("พักการส่ง a.mp4")
	b.is(path, "paused")
	s.cutOff()
	b.throttle(-1)
	b.open("/")
	b.shows("#quota", "กำลังอัปโหลดอยู่ 1 ไฟล์")
	b.press("ลบ a.mp4")
	b.click("[data-confirm=yes]")
	b.until(`!document.querySelector("#videos [data-video-id]")`)
	b.shows("#quota", "อัปโหลดได้อีก 10 ไฟล์")
	b.until(`!document.querySelector("#quota").textContent.includes("กำลังอัปโหลด")`)
}

// Another user of the same browser has nothing to do with an upload.
func TestUploaderKeepsUsersApart(t *testing.T) {
	t.Parallel()
	s := start(t)
	first := s.register("A")
	second := s.register("B")
	b := s.tab()
	b.login("A", password)
	path := b.sendHalf("a.mp4")
	b.click(`form[action="/logout"] [type=submit]`)
	b.shows("#confirm", "ยังส่งไฟล์ไม่เสร็จ")
	b.click("[data-confirm=yes]")
	b.until(`location.pathname === "/login"`)
	s.cutOff()
	b.throttle(-1)
	b.login("B", password)
	b.until(`!document.querySelector(".upload")`)
	o := b.listenTo()
	b.chooseAll(path)
	b.send()
	b.is(path, "counted")
	if got := o.lastOffset(); got != "0" {
		t.Errorf("the upload began at %q", got)
	}
	checkUsage(t, first.session(), 0, 0)
	if n := second.session().Usage.Videos; n != 1 {
		t.Errorf("%d videos counted", n)
	}
}

// Uploads go on while another page of the site is open.
func TestUploaderOutlivesItsPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.tab()
	b.login("admin", adminPassword)
	path := b.sendHalf("a.mp4")
	b.click(`a[href="/admin/sessions"]`)
	b.until(`document.querySelector("#sessions")`)
	b.until(`/^[1-9]\d?% · /.test(document.title)`)
	b.throttle(-1)
	b.until(`!/%/.test(document.title)`)
	b.click(`a[href="/"]`)
	b.is(path, "counted")
	b.quota("user_admin", 1)
}

// A session that ends leads to the login page, and what was chosen goes on
// after it.
func TestUploaderGoesOnAfterLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	b.mark()
	path := clip(t, 1)
	b.chooseAll(path)
	b.do(chromedp.Evaluate[chromedp.Void](`fetch("/logout", {method: "POST"}).then(() => window.out = true)`))
	b.until("window.out")
	b.send()
	b.until(`location.pathname === "/login"`)
	b.alerts("การเข้าสู่ระบบหมดอายุ")
	b.fill("#login", "A", password)
	b.click("#login [type=submit]")
	b.is(path, "counted")
	if n := c.session().Usage.Videos; n != 1 || !b.marked() {
		t.Errorf("%d videos counted, marked %v", n, b.marked())
	}
}

func TestLeavingAsksWhileSending(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	o := b.listenTo()
	path := b.sendHalf("a.mp4")
	b.reload(o, false)
	b.press("พักการส่ง a.mp4")
	b.is(path, "paused")
	b.press("ส่งต่อ a.mp4")
	b.throttle(-1)
	b.is(path, "counted")
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
	b.do(chromedp.Reload())
	b.until("!window.marked")
	if n := o.asked(); n != 1 {
		t.Errorf("the page asked %d times", n)
	}
}

func TestUploaderSaysWhyItWasRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	fake, good := light(t, "fake.mp4", []byte("no video at all")), clip(t, 1)
	b.chooseAll(fake, good)
	b.send()
	b.is(fake, "refused")
	b.says(fake, "อ่านภาพหรือเสียงในไฟล์ไม่ได้")
	b.alerts("อ่านภาพหรือเสียงในไฟล์ไม่ได้")
	b.is(good, "counted")
	b.quota("user_A", 1)
	// What another browser has used meanwhile, this page does not know.
	limited := light(t, "one.wav", wav(100, 1))
	b.chooseAll(limited)
	for i := range 9 {
		c.accepted("a.wav", wav(100, i))
	}
	b.send()
	b.is(limited, "refused")
	b.says(limited, "ใช้ไปแล้ว 10 จาก 10 ไฟล์")
	b.quota("user_A", 10)
}

// While the server lets no more unfinished uploads in, the page waits for one
// to end.
func TestUploaderWaitsItsTurn(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	var begun []string
	for range 3 {
		begun = append(begun, c.with("Tus-Resumable", "1.0.0").with("Upload-Length", "1000").do("POST", "/files/", nil).want(201).header.Get("Location"))
	}
	b := s.tab()
	b.login("A", password)
	path := clip(t, 1)
	b.chooseAll(path)
	b.send()
	b.is(path, "held")
	b.says(path, "กรุณาส่งไฟล์ที่ค้างไว้ให้เสร็จหรือยกเลิกก่อน")
	b.click(fmt.Sprintf(`[data-video-id=%q] %s`, filepath.Base(begun[0]), deleteButton))
	b.click("[data-confirm=yes]")
	b.is(path, "counted")
	b.quota("user_A", 1)
}

// A file that has changed since it was chosen is no file to send.
func TestUploaderOfAFileThatIsGone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	path := light(t, "a.wav", wav(1000, 1))
	b.chooseAll(path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b.send()
	b.is(path, "failed")
	b.says(path, "อ่านไฟล์นี้จากเครื่องไม่ได้แล้ว")
	b.shows("#quota", "อัปโหลดได้อีก 10 ไฟล์")
	empty := light(t, "empty.mp4", nil)
	b.chooseAll(empty)
	b.send()
	b.is(empty, "refused")
}

// TestUploaderByKeyboard chooses with the help of the protocol, since the
// browser's own dialog is out of reach, and does the rest with keys.
func TestUploaderByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.hear()
	b.throttle(trickle / 3)
	first, second := heavy(t, "first.mp4"), heavy(t, "second.mp4")
	b.chooseAll(first, second)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#file").focus()`))
	b.tabTo("เอา first.mp4 ออกจากรายการ")
	b.tabTo("เอา second.mp4 ออกจากรายการ")
	b.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.halfway(second)
	b.heard("first.mp4: 25%")
	b.heard("first.mp4: 50%")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#file").focus()`))
	b.tabTo("พักการส่ง first.mp4")
	b.tabTo("ยกเลิกการส่ง first.mp4")
	b.do(chromedp.KeyEvent(" "))
	b.is(first, "cancelled")
	b.until(`document.activeElement.ariaLabel === "เอา first.mp4 ออกจากรายการ"`)
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.activeElement.ariaLabel === "พักการส่ง second.mp4"`)
	b.throttle(-1)
	b.is(second, "counted")
	// Its button is gone, and the focus with it to the one that is left.
	b.until(`document.activeElement.closest(".upload") === ` + row(second))
	b.quota("user_A", 1)
	b.until(`document.activeElement.closest(".upload")`)
}

// tabTo presses Tab until the focus is on what has this name.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	focused := ""
	for range 12 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if focused = js[string](b, `document.activeElement.ariaLabel ?? ""`); focused == name {
			return
		}
	}
	b.t.Fatalf("Tab never came to %q, last to %q", name, focused)
}

// A swap of the widget leaves the focus where it is.
func TestUploadKeepsFocus(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.throttle(trickle)
	path := heavy(t, "a.mp4")
	b.chooseAll(path)
	b.send()
	b.halfway(path)
	b.do(chromedp.Focus(chromedp.CSS("#refresh-quota")))
	b.throttle(-1)
	b.quota("user_A", 1)
	b.until(`document.activeElement.id === "refresh-quota"`)
}
