package e2e

import (
	"strings"
	"testing"
)

// The pages as a browser without JavaScript uses them: forms that are sent,
// and pages that come back.

// page is a client that asks for HTML.
func (c *client) page() *client { return c.with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8") }

// submit fills the form with this id on a page and sends it.
func (c *client) submit(path, id string, fields map[string]string) *answer {
	c.t.Helper()
	f := readForm(c.t, c.get(path).want(200), id)
	if f.method != "POST" {
		c.t.Errorf("form#%s is sent with %q", id, f.method)
	}
	for k, v := range fields {
		f.values.Set(k, v)
	}
	return c.post(f.action, f.values)
}

func TestPlainForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.anyone().page()
	a := c.submit("/register", "register", credentials("สมชาย", password)).want(303)
	if got := a.header.Get("Location"); got != "/" {
		t.Errorf("leads to %q", got)
	}
	doc := parse(t, c.get("/").want(200))
	quota := byID(doc, "quota")
	if attr(quota, "data-session-id") != "user_สมชาย" || !strings.Contains(text(quota), "Quota: 0/10 ไฟล์") {
		t.Errorf("widget of %q: %s", attr(quota, "data-session-id"), text(quota))
	}
	f := readForm(t, c.get("/").want(200), "upload")
	if f.kind != "multipart/form-data" || f.method != "POST" {
		t.Errorf("form#upload: %+v", f)
	}
	var parts []part
	for name, value := range f.values {
		parts = append(parts, part{name, "", value[0]})
	}
	b := body(append(parts, part{"file", "a.mp4", string(read(t, clip(t, 1)))})...)
	c.send("POST", f.action, multipartType, strings.NewReader(b), -1).want(303)
	doc = parse(t, c.get("/").want(200))
	if got := text(byID(doc, "quota")); !strings.Contains(got, "Quota: 1/10 ไฟล์") {
		t.Errorf("widget: %s", got)
	}
	row := find(doc, func(n *htmlNode) bool { return attr(n, "data-video-id") != "" })
	if row == nil || !strings.Contains(text(row), "a.mp4") {
		t.Fatal("the video is not on the page")
	}
	refused := c.send("POST", f.action, multipartType, strings.NewReader(body(part{"file", "a.txt", "no video"})), -1)
	if refused.status < 400 || refused.status >= 500 || alert(t, refused) == "" {
		t.Errorf("a refused upload: %d %s", refused.status, head(refused.body))
	}
	widget := parse(t, c.with("HX-Request", "true").get("/quota").want(200))
	if find(widget, func(n *htmlNode) bool { return n.Data == "form" && attr(n, "id") == "upload" }) != nil {
		t.Error("/quota is not the widget alone")
	}
	if !strings.Contains(text(byID(widget, "quota")), "Quota: 1/10 ไฟล์") {
		t.Errorf("widget: %s", text(widget))
	}
}

func TestPlainFormErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	for _, e := range []struct {
		form, name, pass string
		status           int
	}{
		{"login", "a", "not the password", 401},
		{"register", "a", password, 409},
		{"register", "a b", password, 422},
		{"register", "c", "short", 422},
		{"register", `"><script>alert(1)</script>`, password, 422},
	} {
		a := s.anyone().page().submit("/"+e.form, e.form, credentials(e.name, e.pass)).want(e.status)
		if alert(t, a) == "" {
			t.Errorf("%s %q: no alert", e.form, e.name)
		}
		input := find(byID(parse(t, a), e.form), func(n *htmlNode) bool { return attr(n, "name") == "username" })
		if got := attr(input, "value"); got != e.name {
			t.Errorf("%s: the name became %q, want %q", e.form, got, e.name)
		}
		if strings.Contains(string(a.body), e.pass) {
			t.Errorf("%s: the password is on the page", e.form)
		}
	}
	a := s.anyone().page().with("HX-Request", "true").post("/login", form("a", "not the password"))
	if a.status != 401 && a.status != 422 || alert(t, a) == "" {
		t.Errorf("with htmx: %d %s", a.status, head(a.body))
	}
}

func TestPlainLogoutAndAdmin(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a").accepted("a.wav", wav(1000, 1))
	c := s.anyone().page()
	c.submit("/login?next=/admin/sessions", "login", credentials("admin", adminPassword)).want(303)
	row := func() *htmlNode {
		table := byID(parse(t, c.get("/admin/sessions").want(200)), "sessions")
		if table == nil || table.Data != "table" {
			t.Fatal("no table#sessions")
		}
		return find(table, func(n *htmlNode) bool { return n.Data == "tr" && attr(n, "data-session-id") == "user_a" })
	}
	if r := row(); r == nil || !strings.Contains(text(r), "1/10") {
		t.Fatalf("no row for user_a")
	}
	reset := find(row(), func(n *htmlNode) bool { return n.Data == "form" })
	if reset == nil {
		t.Fatal("no form to reset without JavaScript")
	}
	f := formOf(reset)
	if a := c.post(f.action, f.values); a.status != 303 {
		t.Errorf("reset: %d %s", a.status, head(a.body))
	}
	if r := row(); !strings.Contains(text(r), "0/10") {
		t.Errorf("row after the reset: %s", text(r))
	}
	out := find(parse(t, c.get("/").want(200)), func(n *htmlNode) bool { return n.Data == "form" && attr(n, "action") == "/logout" })
	if out == nil {
		t.Fatal("no form to log out")
	}
	c.post("/logout", formOf(out).values).want(303)
	c.get("/").want(303)
}

func TestNotFoundPage(t *testing.T) {
	t.Parallel()
	a := start(t).anyone().page().get("/nothing").want(404)
	if text(parse(t, a)) == "" {
		t.Error("an empty page")
	}
}
