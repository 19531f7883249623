package e2e

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const hostileText = `"><script>alert(1)</script><img src=x onerror=alert(2)>`

// adminPage is the admin in a browser that runs no scripts.
func (s *server) adminPage() *client { return s.browser("admin", adminPassword).page() }

// formTo reads the form of a page that leads to this address.
func formTo(t testing.TB, a *answer, action string) webForm {
	t.Helper()
	n := find(parse(t, a), func(n *htmlNode) bool { return n.Data == "form" && attr(n, "action") == action })
	if n == nil {
		t.Fatalf("%s: no form to %s", a.what, action)
	}
	return formOf(n)
}

// sends fills a form and sends it as it says.
func (c *client) sends(f webForm, fields map[string]string) *answer {
	c.t.Helper()
	for k, v := range fields {
		f.values.Set(k, v)
	}
	if f.method == "GET" {
		return c.get(f.action + "?" + f.values.Encode())
	}
	return c.post(f.action, f.values)
}

// leads wants a redirect to this path.
func (a *answer) leads(path string) {
	a.t.Helper()
	if got := a.want(303).header.Get("Location"); got != path {
		a.t.Errorf("%s leads to %q, want %q", a.what, got, path)
	}
}

func TestPlainSessionPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	user, admin := s.register("มะลิ"), s.adminPage()
	user.accepted("<img src=x onerror=alert(1)>.wav", wav(90_000, 1))
	path := "/admin/sessions/" + url.PathEscape("user_มะลิ")
	see := func(id string) string { return text(byID(parse(t, admin.get(path).want(200)), id)) }
	sees := func(id string, wants ...string) {
		t.Helper()
		got := see(id)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("#%s lacks %q: %s", id, want, got)
			}
		}
	}

	list := parse(t, admin.get("/admin/sessions").want(200))
	if link := find(list, func(n *htmlNode) bool { return n.Data == "a" && attr(n, "href") == path }); link == nil || text(link) != "มะลิ" {
		t.Error("the list does not lead to the page")
	}
	sees("session-head", "มะลิ", "user_มะลิ")
	sees("usage", "Quota: 1/10 ไฟล์", "ใช้ไป 1:30 จาก 10:00 นาที")
	sees("videos", "<img src=x onerror=alert(1)>.wav", "1:30")
	sees("events", "อัปโหลด", "วิดีโอ +1", "นาที +1:30", "โดย มะลิ")

	t.Run("reset", func(t *testing.T) {
		asks := admin.sends(readForm(t, admin.get(path), "reset"), map[string]string{"reason": hostileText}).want(200)
		checkUsage(t, user.session(), 1, 90_000)
		if strings.Contains(string(asks.body), "<script>alert") {
			t.Error("the reason runs as a script")
		}
		admin.sends(formTo(t, asks, path+"/reset"), nil).leads(path)
		checkUsage(t, user.session(), 0, 0)
		sees("events", "วิดีโอ −1", hostileText, "โดย admin")
	})
	t.Run("limits", func(t *testing.T) {
		form := readForm(t, admin.get(path), "limits")
		again := admin.sends(form, map[string]string{"maxVideos": "many", "maxDurationMinutes": "-1", "maxFileSizeMB": "7", "reason": "because"}).want(422)
		doc := parse(t, again)
		if alert(t, again) == "" || text(byID(doc, "limits-maxVideos-error")) == "" || text(byID(doc, "limits-maxDurationMinutes-error")) == "" {
			t.Error("nothing is said of the mistakes")
		}
		for id, want := range map[string]string{"maxVideos": "many", "maxDurationMinutes": "-1", "maxFileSizeMB": "7", "reason": "because"} {
			if got := attr(byID(doc, "limits-"+id), "value"); got != want {
				t.Errorf("%s became %q, want %q", id, got, want)
			}
		}
		admin.sends(readForm(t, again, "limits"), map[string]string{"maxVideos": "3", "maxDurationMinutes": "1.5"}).leads(path)
		if got, want := user.session().Limits, (limits{3, 1.5, 7}); got != want {
			t.Errorf("limits %+v, want %+v", got, want)
		}
		sees("events", "วิดีโอ 3", "นาที 1:30", "ไฟล์ละ 7 MB", "because")
		admin.sends(readForm(t, admin.get(path), "limits"), map[string]string{"maxVideos": "", "maxDurationMinutes": "", "maxFileSizeMB": ""}).leads(path)
		if got, want := user.session().Limits, (limits{10, 10, 500}); got != want {
			t.Errorf("back at the defaults: %+v, want %+v", got, want)
		}
	})
	t.Run("correction", func(t *testing.T) {
		correct := func(videos, time, reason string) *answer {
			return admin.sends(readForm(t, admin.get(path), "correct"), map[string]string{"videos_count": videos, "total_duration": time, "reason": reason})
		}
		for _, wrong := range []struct{ field, videos, time, reason string }{
			{"videos_count", "x", "", "why"},
			{"videos_count", "1.5", "", "why"},
			{"videos_count", "-1", "", "why"},
			{"videos_count", "", "", "why"},
			{"total_duration", "", "90", "why"},
			{"total_duration", "", "1:60", "why"},
			{"total_duration", "", "1:-3", "why"},
			{"total_duration", "", "-0:01", "why"},
			{"reason", "1", "", ""},
		} {
			again := correct(wrong.videos, wrong.time, wrong.reason).want(422)
			if text(byID(parse(t, again), "correct-"+wrong.field+"-error")) == "" {
				t.Errorf("%+v: nothing is said at the field", wrong)
			}
		}
		checkUsage(t, user.session(), 0, 0)
		correct("+2", "1:02:03", "given").leads(path)
		correct("−1", "-2:03", "taken").leads(path)
		checkUsage(t, user.session(), 1, 3_600_000)
		sees("events", "วิดีโอ +2", "นาที +1:02:03", "given", "วิดีโอ −1", "นาที −2:03", "taken")
	})
	t.Run("in English", func(t *testing.T) {
		doc := parse(t, admin.with("Accept-Language", "en").get(path).want(200))
		if got := text(byID(doc, "usage")); !strings.Contains(got, "Quota: 1/10 files") || !strings.Contains(got, "Minutes used at the end of each day") {
			t.Errorf("usage: %s", got)
		}
	})
	t.Run("for others", func(t *testing.T) {
		mali := s.browser("มะลิ", password).page()
		for _, p := range []string{"", "/reset", "/videos", "/events"} {
			mali.get(path + p).want(403)
		}
		mali.post(path+"/limits", url.Values{"maxVideos": {"99"}}).want(403)
		mali.post(path+"/correct", url.Values{"videos_count": {"-1"}, "reason": {"x"}}).want(403)
		if got := user.session().Limits; got.Videos != 10 {
			t.Errorf("limits %+v", got)
		}
		s.anyone().page().get(path).leads("/login?next=" + url.QueryEscape(path))
		admin.get("/admin/sessions/user_nobody").want(404)
		admin.post("/admin/sessions/user_nobody/limits", url.Values{"maxVideos": {"x"}}).want(422)
		admin.post("/admin/sessions/user_nobody/limits", url.Values{"maxVideos": {"1"}}).want(404)
	})
}

func TestSessionPagesOfLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	user, admin := s.register("john"), s.admin()
	const path = "/admin/sessions/user_john"
	v := user.accepted("only.wav", wav(100, 1)).Video
	for i := range 24 {
		admin.post(path+"/correct", map[string]any{"videos_count": 1, "reason": "no " + strconv.Itoa(i)}).want(200)
	}
	page := s.adminPage()
	doc := parse(t, page.get(path).want(200))
	items := func(doc *htmlNode) (n int) {
		for d := range byID(doc, "events").Descendants() {
			if attr(d, "data-event") != "" {
				n++
			}
		}
		return n
	}
	more := byID(doc, "more-events-link")
	if n := items(doc); n != 20 || more == nil {
		t.Fatalf("%d entries, more %v", n, more)
	}
	older := parse(t, page.get(strings.TrimSuffix(attr(more, "href"), "#events")).want(200))
	if n := items(older); n != 5 || byID(older, "more-events-link") != nil || !strings.Contains(text(byID(older, "events")), "john") {
		t.Errorf("%d older entries: %s", n, text(byID(older, "events")))
	}
	part := page.with("HX-Request", "true").get(attr(more, "hx-get")).want(200)
	if got := text(parse(t, part)); !strings.Contains(got, "no 0") || strings.Contains(got, "no 10") || strings.Contains(string(part.body), "<html") {
		t.Errorf("the part is %s", got)
	}
	page.get(path + "/events?cursor=5").leads(path + "?events=5")
	page.get(path + "?events=x").want(422)

	var list struct {
		Videos []video
		Next   *string `json:"next_cursor"`
	}
	admin.get(path + "/videos").want(200).decode(&list)
	if len(list.Videos) != 1 || list.Videos[0] != v || list.Next != nil {
		t.Errorf("videos %+v", list)
	}
	admin.get("/videos/"+v.ID+"/file").problem(404, "not-found")
	user.get(path+"/videos").problem(403, "forbidden")
}

func TestPlainUsers(t *testing.T) {
	t.Parallel()
	s := start(t, "--registration=closed")
	admin := s.adminPage()
	const path = "/admin/users/john"
	asksAndDoes := func(ask, do string) *answer {
		t.Helper()
		return admin.sends(formTo(t, admin.get(ask).want(200), do), nil)
	}

	made := admin.submit("/admin/users/new", "new-user", map[string]string{"username": "john", "role": "user"}).want(201)
	pass := text(byID(parse(t, made), "made-password"))
	if len(pass) < 12 || made.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("made the password %q, kept as %q", pass, made.header.Get("Cache-Control"))
	}
	s.login("john", pass)
	if strings.Contains(s.stderr.String(), pass) || strings.Contains(string(admin.get("/admin/sessions/user_john").body), pass) {
		t.Error("the password can be seen again")
	}
	admin.submit("/admin/users/new", "new-user", map[string]string{"username": "mali", "role": "admin", "password": password}).leads("/admin/sessions/user_mali")
	s.login("mali", password).get("/admin/sessions").want(200)
	for _, wrong := range []struct {
		name, pass string
		status     int
	}{{"JOHN", "", 409}, {"a b", "", 422}, {"new", "short", 422}} {
		again := admin.submit("/admin/users/new", "new-user", map[string]string{"username": wrong.name, "password": wrong.pass, "role": "admin"}).want(wrong.status)
		if alert(t, again) == "" || attr(byID(parse(t, again), "username"), "value") != wrong.name || wrong.pass != "" && strings.Contains(string(again.body), wrong.pass) {
			t.Errorf("%+v: %s", wrong, text(byID(parse(t, again), "main")))
		}
	}

	t.Run("a new password", func(t *testing.T) {
		now := text(byID(parse(t, admin.submit(path+"/password", "new-password", nil).want(200)), "made-password"))
		s.anyone().post("/login", credentials("john", pass)).problem(401, "bad-credentials")
		john := s.login("john", now)
		admin.submit(path+"/password", "new-password", map[string]string{"password": "short"}).want(422)
		admin.submit(path+"/password", "new-password", map[string]string{"password": password}).leads("/admin/sessions/user_john")
		john.get("/user/session").problem(401, "unauthenticated")
		s.login("john", password)
	})
	t.Run("a role", func(t *testing.T) {
		asksAndDoes(path+"/change?role=admin", path).leads("/admin/sessions/user_john")
		john := s.login("john", password)
		john.get("/admin/sessions").want(200)
		asksAndDoes(path+"/change?role=user", path).leads("/admin/sessions/user_john")
		john.get("/admin/sessions").problem(403, "forbidden")
	})
	t.Run("disabled and enabled", func(t *testing.T) {
		john := s.browser("john", password).page()
		asksAndDoes(path+"/change?disabled=true", path).leads("/admin/sessions/user_john")
		john.get("/").leads("/login?next=%2F")
		asksAndDoes(path+"/change?disabled=false", path).leads("/admin/sessions/user_john")
		s.login("john", password)
		admin.get(path + "/change?role=root").want(404)
		admin.get(path + "/change").want(404)
	})
	t.Run("as a user", func(t *testing.T) {
		john := s.browser("john", password).page()
		for _, p := range []string{"/admin/users/new", path + "/password", path + "/change?role=admin", path + "/delete"} {
			john.get(p).want(403)
		}
		john.post(path, url.Values{"role": {"admin"}}).want(403)
		john.post(path+"/delete", url.Values{}).want(403)
		john.post("/admin/users", url.Values{"username": {"x"}}).want(403)
	})
	t.Run("deleted", func(t *testing.T) {
		john := s.login("john", password)
		john.accepted("a.wav", wav(100, 1))
		asksAndDoes(path+"/delete", path+"/delete").leads("/admin/sessions/user_john")
		john.get("/user/session").problem(401, "unauthenticated")
		doc := parse(t, admin.get("/admin/sessions/user_john").want(200))
		if byID(doc, "account-card") != nil || !strings.Contains(text(byID(doc, "session-head")), "ลบแล้ว") || !strings.Contains(text(byID(doc, "events")), "โดย john") {
			t.Errorf("the page of a deleted user: %s", text(byID(doc, "main")))
		}
		admin.get(path + "/delete").want(404)
		admin.get(path + "/password").want(404)
	})
	t.Run("the last admin", func(t *testing.T) {
		asksAndDoes("/admin/users/mali/change?role=user", "/admin/users/mali").leads("/admin/sessions/user_mali")
		for ask, do := range map[string]string{
			"/admin/users/admin/change?role=user":     "/admin/users/admin",
			"/admin/users/admin/change?disabled=true": "/admin/users/admin",
			"/admin/users/admin/delete":               "/admin/users/admin/delete",
		} {
			again := asksAndDoes(ask, do).want(409)
			if got := alert(t, again); !strings.Contains(got, "ผู้ดูแล") || byID(parse(t, again), "account-card") == nil {
				t.Errorf("%s: the alert is %q", ask, got)
			}
		}
	})
	t.Run("oneself", func(t *testing.T) {
		admin.sends(readForm(t, admin.get("/admin/users/admin/password"), "new-password"), map[string]string{"password": password}).leads("/login")
		admin.get("/admin/sessions").want(303)
		s.login("admin", password)
	})
}

// TestSessionPageByKeyboard does without a mouse, and without a page load.
func TestSessionPageByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	user.accepted("<img src=x onerror=alert(1)>.wav", wav(1000, 1))
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/sessions/user_john")
	b.mark()
	focus := func(selector string) {
		t.Helper()
		b.until(`document.activeElement === document.querySelector(` + quote(selector) + `)`)
	}
	tabs := func(selector string) {
		t.Helper()
		for range 60 {
			if js[bool](b, `document.activeElement === document.querySelector(`+quote(selector)+`)`) {
				return
			}
			b.do(chromedp.KeyEvent(kb.Tab))
		}
		t.Fatalf("%s is out of the keyboard's reach", selector)
	}
	tabs("#reset-reason")
	b.do(chromedp.KeyEvent("<b>over</b>"), chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("dialog[open]")`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("dialog[open]")`)
	checkUsage(t, user.session(), 1, 1000)
	focus("#reset-reason")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("dialog[open]")`)
	tabs("[data-confirm=yes]")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.shows("#events", "<b>over</b>")
	b.shows("#usage", "Quota: 0/10 ไฟล์")
	b.shows("#announcer", "john")
	checkUsage(t, user.session(), 0, 0)
	focus("#reset-reason")

	tabs("#limits-maxVideos")
	b.do(chromedp.KeyEvent("x"), chromedp.KeyEvent(kb.Enter))
	b.alerts("กรุณาแก้ไข")
	focus("#limits-maxVideos")
	b.do(chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("3"), chromedp.KeyEvent(kb.Enter))
	b.shows("#usage", "Quota: 0/3 ไฟล์")
	b.until("!" + alerting(""))
	if got := user.session().Limits.Videos; got != 3 {
		t.Errorf("a limit of %d videos", got)
	}
	focus("#limits-maxVideos")
	if !b.marked() || js[bool](b, `Boolean(document.querySelector("main img, #events b"))`) {
		t.Error("the page was loaded anew, or text became elements")
	}

	b.click("#correct-send") // Without a reason: the browser asks for it.
	b.do(chromedp.SendKeys(chromedp.CSS("#correct-reason"), "lost"), chromedp.SendKeys(chromedp.CSS("#correct-total_duration"), "1:05"), chromedp.KeyEvent(kb.Enter))
	b.shows("#events", "นาที +1:05")
	b.until(`document.querySelector("#correct-reason").value === ""`)
	checkUsage(t, user.session(), 0, 65_000)
}

func TestUsersInThePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/users/new")
	b.do(chromedp.SendKeys(chromedp.CSS("#username"), "ADMIN"), chromedp.KeyEvent(kb.Enter))
	b.alerts("ชื่อ")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#username").value = ""`), chromedp.SendKeys(chromedp.CSS("#username"), "john"))
	b.click("#new-user [type=submit]")
	b.until(`document.querySelector("#made-password")`)
	pass := js[string](b, `document.querySelector("#made-password").textContent`)
	john := s.login("john", pass)
	if at := js[string](b, "location.pathname + location.search"); at != "/admin/sessions/user_john" {
		t.Errorf("the password's page is at %q", at)
	}
	b.click("[data-copy]")
	b.shows("[data-copy]", "คัดลอกแล้ว")
	b.do(chromedp.Reload())
	b.until(`document.querySelector("#account-card")`)
	if strings.Contains(b.see(), pass) {
		t.Error("the password is shown again")
	}

	b.mark()
	b.click("#change-disabledtrue")
	b.click("[data-confirm=no]")
	b.until(`!document.querySelector("dialog[open]")`)
	john.get("/user/session").want(200)
	b.click("#change-disabledtrue")
	b.click("[data-confirm=yes]")
	b.shows("#session-head", "ปิดใช้งาน")
	john.get("/user/session").problem(401, "unauthenticated")
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
	b.click("#change-")
	b.click("[data-confirm=yes]")
	b.shows("#session-head", "ลบแล้ว")
	b.until(`!document.querySelector("#account-card")`)

	b.open("/admin/sessions/user_admin")
	b.click("#change-disabledtrue")
	b.shows("#confirm-detail", "บัญชีของคุณเอง")
	b.click("[data-confirm=yes]")
	b.alerts("ผู้ดูแล") // the last one
	s.admin().post("/admin/users", map[string]any{"username": "mali", "role": "admin", "password": password}).want(201)
	b.click("#change-disabledtrue")
	b.click("[data-confirm=yes]")
	b.until(`location.pathname === "/login"`)
	s.anyone().post("/login", credentials("admin", adminPassword)).problem(401, "bad-credentials")
}

// TestOldLimitsForm changes limits from a page that was opened before another
// admin's change: the last one wins, and the ledger shows both.
func TestOldLimitsForm(t *testing.T) {
	t.Parallel()
	s := start(t)
	user, page := s.register("john"), s.adminPage()
	const path = "/admin/sessions/user_john"
	old := readForm(t, page.get(path), "limits")
	s.admin().do("PUT", path+"/limits", json.RawMessage(`{"maxVideos":99,"reason":"first"}`)).want(200)
	page.sends(old, map[string]string{"maxVideos": "5", "reason": "second"}).leads(path)
	if got := user.session().Limits.Videos; got != 5 {
		t.Errorf("a limit of %d videos", got)
	}
	ledger := text(byID(parse(t, page.get(path)), "events"))
	if first, second := strings.Index(ledger, "first"), strings.Index(ledger, "second"); second < 0 || first < second {
		t.Errorf("the ledger: %s", ledger)
	}
}

// TestSessionPageOnAPhone looks for a page that is wider than a phone.
func TestSessionPageOnAPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	long := strings.Repeat("w", 32)
	s.register(long).accepted(strings.Repeat("long", 40)+".wav", wav(100, 1))
	s.admin().do("PUT", "/admin/sessions/user_"+long+"/limits", map[string]any{
		"maxVideos": 1e9, "maxDurationMinutes": 1e8, "maxFileSizeMB": 1e9, "reason": strings.Repeat("reason", 80),
	}).want(200)
	b := s.tab()
	b.login("admin", adminPassword)
	b.do(chromedp.EmulateViewport(360, 740))
	for _, path := range []string{"/admin/sessions/user_" + long, "/admin/users/new", "/admin/users/" + long + "/password", "/admin/users/" + long + "/delete"} {
		b.open(path)
		b.fits(path)
	}
}
