package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// The owner's five cases, in the browser, with the texts of the owner's note.

func TestCase1NewUser(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.tab()
	b.open("/register")
	b.fill("#register", "newuser", password)
	b.click("#register [type=submit]")
	b.quota("user_newuser", 0)
	b.logout()
	b.login("newuser", password)
	b.quota("user_newuser", 0)
}

func TestCase2UploadAndLoginAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.uploads("user_A", 0, 3)
	b.logout()
	b.login("A", password)
	b.quota("user_A", 3)
}

func TestCase3SeveralUsers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	s.register("B")
	b := s.tab()
	b.login("A", password)
	b.uploads("user_A", 0, 3)
	b.logout()
	b.login("B", password)
	b.quota("user_B", 0)
	b.uploads("user_B", 0, 5)
	b.logout()
	b.login("A", password)
	b.quota("user_A", 3)
	if n := len(b.videosOnPage()); n != 3 {
		t.Errorf("%d videos on the page", n)
	}
}

func TestCase4RefreshTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.uploads("user_A", 0, 2)
	b.mark()
	b.do(chromedp.Reload())
	b.until("!window.marked")
	b.quota("user_A", 2)
	b.logout()
	b.login("A", password)
	b.quota("user_A", 2)
}

func TestCase5ServerDown(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A").accepted("a.wav", wav(100, 1))
	b := s.tab()
	b.open("/login")
	s.stop()
	b.fill("#login", "A", password)
	b.mark()
	b.click("#login [type=submit]")
	b.alerts("ติดต่อเซิร์ฟเวอร์ไม่ได้")
	if name, pass := b.value("username"), b.value("password"); name != "A" || pass != password {
		t.Errorf("what was typed became %q and %q", name, pass)
	}
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
	s.restart()
	b.click("#login [type=submit]")
	b.quota("user_A", 1)
}

func (b *tab) value(name string) string {
	return js[string](b, `document.querySelector("#login [name=`+name+`]").value`)
}

// uploads sends n videos one after another. Each swaps the widget without a
// page load.
func (b *tab) uploads(session string, had, n int) {
	b.t.Helper()
	b.mark()
	for i := range n {
		b.upload(clip(b.t, 1))
		b.quota(session, had+i+1)
	}
	if !b.marked() {
		b.t.Error("the page was loaded anew")
	}
}

func TestRefreshButton(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	b.quota("user_A", 0)
	b.shows("#refresh-quota", "🔄 รีเฟรช Quota")
	b.mark()
	c.accepted("a.wav", wav(100, 1))
	b.click("#refresh-quota")
	b.quota("user_A", 1)
	c.accepted("a.wav", wav(100, 2))
	b.click("#refresh-quota") // The button that was swapped in works, too.
	b.quota("user_A", 2)
	if !b.marked() || b.requests("GET /quota") < 2 {
		t.Error("the page was loaded anew")
	}
}

// TestProgress holds the network to a trickle and watches the bar grow.
func TestProgress(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	path := filepath.Join(t.TempDir(), "long.mp4")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.ReadFrom(padded(read(t, clip(t, 1)), 3<<20)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	b := s.tab()
	b.login("A", password)
	b.throttle(1 << 20)
	b.upload(path)
	bar := `(() => { const p = [...document.querySelectorAll("progress")].find(p => p.checkVisibility()); return p ? p.value / p.max : 0 })()`
	b.until(bar + " > 0.05 && " + bar + " < 0.95")
	first := js[float64](b, bar)
	b.until(bar + " > " + strconv.FormatFloat(first, 'f', -1, 64))
	b.throttle(-1)
	b.quota("user_A", 1)
	b.until(bar + " === 0 || " + bar + " === 1")
}

// throttle limits what the page can send, in bytes a second; -1 ends it.
func (b *tab) throttle(bytes float64) {
	b.t.Helper()
	call(b, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: bytes}},
	})
}

func TestRefusedInThePage(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-file-size-mb=1", "--max-videos=1")
	c := s.register("A")
	large := filepath.Join(t.TempDir(), "large.mp4")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	b := s.tab()
	b.login("A", password)
	b.choose(large)
	b.clickIfEnabled("#upload [type=submit]")
	b.alerts("1 MB")
	if n := b.requests("POST /files/"); n != 0 {
		t.Errorf("%d uploads were sent", n)
	}
	b.upload(clip(t, 1))
	b.shows("#quota", "Quota: 1/1 ไฟล์")
	b.open("/")
	if js[bool](b, `Boolean(document.querySelector("#upload input[type=file]:enabled"))`) {
		b.choose(clip(t, 1))
		b.clickIfEnabled("#upload [type=submit]")
		b.alerts("โควตา")
	}
	if n := b.requests("POST /files/"); n != 1 {
		t.Errorf("%d uploads were sent", n)
	}
	checkUsage(t, c.session(), 1, millis(c.session().Usage.Duration))
}

// clickIfEnabled clicks unless the page has switched the button off.
func (b *tab) clickIfEnabled(selector string) {
	b.t.Helper()
	if js[bool](b, `!document.querySelector(`+quote(selector)+`).disabled`) {
		b.click(selector)
	}
}

func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	path := filepath.Join(t.TempDir(), "fake.mp4")
	if err := os.WriteFile(path, []byte("no video at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := s.tab()
	b.login("A", password)
	b.mark()
	b.upload(path)
	b.alerts("ไฟล์")
	b.quota("user_A", 0)
	b.upload(clip(t, 1)) // The same form still works.
	b.quota("user_A", 1)
	b.until("!" + alerting(""))
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
}

func TestDeleteAsksFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	kept := c.accepted("kept.wav", wav(100, 1)).Video
	gone := c.accepted("gone.wav", wav(100, 2)).Video
	b := s.tab()
	b.login("A", password)
	b.mark()
	row := `#videos [data-video-id="` + gone.ID + `"]`
	b.click(row + " " + deleteButton)
	b.click("[data-confirm=no]")
	b.until(`!document.querySelector("dialog[open]")`)
	if n := b.requests("DELETE /") + b.requests("POST /videos/"); n != 0 || len(b.videosOnPage()) != 2 {
		t.Errorf("the answer no was taken for yes")
	}
	b.click(row + " " + deleteButton)
	b.click("[data-confirm=yes]")
	b.until(`!document.querySelector('` + row + `')`)
	if ids := b.videosOnPage(); len(ids) != 1 || ids[0] != kept.ID {
		t.Errorf("videos %v", ids)
	}
	b.quota("user_A", 2)
	if list := c.videos(); len(list) != 1 || !b.marked() {
		t.Errorf("videos %+v, marked %v", list, b.marked())
	}
}

func TestResetAsksFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	c.accepted("a.wav", wav(100, 1))
	s.register("B").accepted("b.wav", wav(100, 2))
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/sessions")
	row := `#sessions tr[data-session-id="user_A"]`
	b.shows(row, "1/10")
	b.click(row + " button")
	b.click("[data-confirm=no]")
	b.until(`!document.querySelector("dialog[open]")`)
	checkUsage(t, c.session(), 1, 100)
	b.click(row + " button")
	b.click("[data-confirm=yes]")
	b.shows(row, "0/10")
	b.shows(`#sessions tr[data-session-id="user_B"]`, "1/10")
	checkUsage(t, c.session(), 0, 0)
}

func TestEnglishSwitch(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.quota("user_A", 0)
	b.click(`form[action="/language"] [type=submit]`)
	b.shows("#quota", "Quota: 0/10 files")
	b.shows("#refresh-quota", "🔄 Refresh quota")
	b.upload(clip(t, 1))
	b.shows("#quota", "Quota: 1/10 files")
	b.open("/")
	b.shows("#quota", "Quota: 1/10 files")
}

// TestWidgetForScreenReaders reads the bars as a screen reader would.
func TestWidgetForScreenReaders(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A").accepted("a.wav", wav(60_000, 1))
	b := s.tab()
	b.login("A", password)
	bars := js[[]float64](b, `[...document.querySelectorAll("#quota :is(progress, meter, [role=progressbar], [role=meter])")]
		.filter(e => e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.labels?.length)
		.map(e => e.value !== undefined ? (e.value - (e.min ?? 0)) / (e.max - (e.min ?? 0)) : e.ariaValueNow / e.ariaValueMax)`)
	if len(bars) != 2 || bars[0] != 0.1 || bars[1] != 0.1 {
		t.Errorf("bars %v, want two at a tenth", bars)
	}
}

// TestWithoutScripts walks through the pages in a browser that runs none.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/login")
	b.fill("#login", "A", password)
	b.click("#login [type=submit]")
	b.quota("user_A", 0)
	b.upload(clip(t, 1))
	b.quota("user_A", 1)
	b.mark()
	b.click("#refresh-quota")
	b.until("!window.marked")
	b.quota("user_A", 1)
	b.logout()
}

// TestPhone looks for a page that is wider than a phone.
func TestPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A").accepted("a-rather-long-name-of-a-file-that-does-not-fit-on-one-line-of-a-phone.wav", wav(100, 1))
	b := s.tab()
	b.do(chromedp.EmulateViewport(360, 740))
	for _, path := range []string{"/login", "/register"} {
		b.open(path)
		b.fits(path)
	}
	b.login("admin", adminPassword)
	b.open("/admin/sessions")
	b.fits("/admin/sessions")
	b.logout()
	b.login("A", password)
	b.fits("/")
}

func (b *tab) fits(path string) {
	b.t.Helper()
	if wide := js[float64](b, "document.documentElement.scrollWidth"); wide > 360 {
		b.t.Errorf("%s is %v pixels wide on a phone of 360", path, wide)
	}
}

// TestSessionEndsInThePage logs out elsewhere and goes on clicking.
func TestSessionEndsInThePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.do(chromedp.Evaluate[chromedp.Void](`fetch("/logout", {method: "POST"}).then(() => window.out = true)`))
	b.until("window.out")
	b.click("#refresh-quota")
	b.until(`location.pathname === "/login"`)
}

// deleteButton finds the delete button of a video.
const deleteButton = "button"
