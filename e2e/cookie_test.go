package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// cookieOf signs in with the form and returns the login session's cookie.
func cookieOf(c *client, name, pass string) *http.Cookie {
	c.t.Helper()
	a := c.with("Accept", "text/html").post("/login", form(name, pass)).want(303)
	res := http.Response{Header: a.header}
	for _, cookie := range res.Cookies() {
		if cookie.HttpOnly {
			return cookie
		}
	}
	c.t.Fatalf("no login cookie in %v", a.header)
	return nil
}

// bearing is a client that sends this one cookie.
func (s *server) bearing(c *http.Cookie) *client {
	return s.anyone().with("Cookie", c.Name+"="+c.Value)
}

func TestCookieFlags(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	c := cookieOf(s.anyone(), "a", password)
	if c.Path != "/" || c.Domain != "" || c.Secure || strings.HasPrefix(c.Name, "__") {
		t.Errorf("over http: %v", c)
	}
	if c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode {
		t.Errorf("over http: %v", c)
	}
	if len(c.Value) < 22 {
		t.Errorf("the id is short: %q", c.Value)
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	s := start(t, "--public-url=https://subs.example.test")
	site := s.anyone().with("Host", "subs.example.test")
	site.post("/register", credentials("a", password)).want(201)
	c := cookieOf(site, "a", password)
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || c.Path != "/" || c.Domain != "" {
		t.Errorf("over https: %v", c)
	}
	a := site.get("/healthz").want(200)
	if got := a.header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=") {
		t.Errorf("Strict-Transport-Security %q", got)
	}
	signedIn := s.bearing(c)
	signedIn.with("Host", "subs.example.test").get("/user/session").want(200)
	for _, host := range []string{"evil.test", s.addr, "subs.example.test.evil.test", "x.subs.example.test", "subs.example.test:81"} {
		for _, path := range []string{"/user/session", "/login", "/"} {
			a := signedIn.with("Host", host).with("Accept", "text/html").get(path)
			if a.status < 400 || a.status >= 500 || a.status == 404 {
				t.Errorf("Host %s, %s: status %d", host, path, a.status)
			}
		}
	}
	for origin, status := range map[string]int{
		"https://subs.example.test": 204, "http://subs.example.test": 403, "https://evil.test": 403, "null": 403,
	} {
		c := cookieOf(site, "a", password)
		a := s.bearing(c).with("Host", "subs.example.test").with("Origin", origin).post("/logout", nil)
		if a.status != status {
			t.Errorf("Origin %s: status %d, want %d", origin, a.status, status)
		}
	}
}

func TestPlainSiteHasNoHSTS(t *testing.T) {
	t.Parallel()
	a := start(t).anyone().get("/healthz").want(200)
	if got := a.header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("Strict-Transport-Security %q", got)
	}
}

func TestNewIDAtLogin(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	s.register("b")
	first := cookieOf(s.anyone(), "a", password)
	second := cookieOf(s.anyone(), "a", password)
	if first.Value == second.Value {
		t.Error("two logins have one id")
	}
	// A login over a session that is signed in already, as somebody else.
	third := cookieOf(s.bearing(first), "b", password)
	if third.Value == first.Value {
		t.Error("the id stayed the same over a login")
	}
	if got := s.bearing(third).session().ID; got != "user_b" {
		t.Errorf("signed in as %q", got)
	}
	s.bearing(first).get("/user/session").want(401)
	if got := s.bearing(second).session().ID; got != "user_a" {
		t.Errorf("the other browser: %q", got)
	}
	// An id that somebody chose beforehand never becomes a signed-in one.
	chosen := &http.Cookie{Name: first.Name, Value: "11111111-2222-3333-4444-555555555555"}
	if got := cookieOf(s.bearing(chosen), "a", password); got.Value == chosen.Value {
		t.Error("the server took an id that the browser chose")
	}
	s.bearing(chosen).get("/user/session").want(401)
}

func TestCookieAfterLogout(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	c, other := cookieOf(s.anyone(), "a", password), cookieOf(s.anyone(), "a", password)
	s.bearing(c).post("/logout", nil).want(204)
	s.bearing(c).get("/user/session").problem(401, "unauthenticated")
	s.bearing(other).get("/user/session").want(200)
	a := s.bearing(other).with("Accept", "text/html").post("/logout", nil).want(303)
	if got := a.header.Get("Location"); got != "/login" {
		t.Errorf("leads to %q", got)
	}
	s.bearing(other).get("/user/session").want(401)
}

// TestLogoutDuringUpload checks that a logged-out session stays dead when an
// upload was still running with it.
func TestLogoutDuringUpload(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	c := cookieOf(s.anyone(), "a", password)
	held := s.bearing(c).begin()
	s.bearing(c).post("/logout", nil).want(204)
	a := held.finish()
	if a == nil {
		t.Fatal("no answer to the upload")
	}
	s.bearing(c).get("/user/session").want(401)
	s.bearing(c).upload("a.wav", wav(100, 1)).want(401)
	counted := s.login("a", password).session().Usage.Videos
	if want := map[int]int{201: 1, 401: 0}; counted != want[a.status] {
		t.Errorf("answer %d, %d videos counted", a.status, counted)
	}
}

func TestForeignCookies(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	c := cookieOf(s.anyone(), "a", password)
	for _, value := range []string{
		"", "x", c.Value + "x", strings.ToUpper(c.Value) + "!", strings.Repeat("a", 3000), "../../etc/passwd", "' OR 1=1 --", "%00", c.Value[:len(c.Value)-1],
	} {
		s.anyone().with("Cookie", c.Name+"="+value).get("/user/session").want(401)
		s.anyone().with("Cookie", c.Name+"="+value).with("Accept", "text/html").get("/login").want(200)
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	var mine uploaded
	s.register("a").upload("a.wav", wav(500, 1)).want(201).decode(&mine)
	admin, user := cookieOf(s.anyone(), "admin", adminPassword), cookieOf(s.anyone(), "a", password)
	same := "http://" + s.addr
	for name, h := range map[string][2]string{
		"cross-site":          {"Sec-Fetch-Site", "cross-site"},
		"same-site":           {"Sec-Fetch-Site", "same-site"},
		"nonsense":            {"Sec-Fetch-Site", "nonsense"},
		"other origin":        {"Origin", "http://evil.test"},
		"other port":          {"Origin", "http://127.0.0.1:1"},
		"opaque origin":       {"Origin", "null"},
		"origin as a prefix":  {"Origin", same + ".evil.test"},
		"origin in lowercase": {"Origin", "HTTP://EVIL.test"},
	} {
		for _, r := range []struct {
			c            *http.Cookie
			method, path string
		}{
			{admin, "POST", "/admin/sessions/user_a/reset"},
			{user, "DELETE", "/videos/" + mine.Video.ID},
			{user, "POST", "/logout"},
			{user, "POST", "/login"},
		} {
			a := s.bearing(r.c).with(h[0], h[1]).do(r.method, r.path, form("a", password))
			if a.status != 403 {
				t.Errorf("%s: %s %s: status %d", name, r.method, r.path, a.status)
				continue
			}
			a.problem(403, "cross-origin")
		}
		s.bearing(user).with(h[0], h[1]).upload("b.wav", wav(500, 2)).problem(403, "cross-origin")
		s.bearing(user).with(h[0], h[1]).get("/user/session").want(200)
	}
	if got := s.bearing(user).session().Usage; got.Videos != 1 {
		t.Errorf("usage after refused writes: %+v", got)
	}
	s.bearing(user).get("/videos/" + mine.Video.ID).want(200)
	for _, h := range [][2]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", same}} {
		s.bearing(admin).with(h[0], h[1]).post("/admin/sessions/user_a/reset", nil).want(200)
	}
}

func TestNextStaysOnSite(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	for next, want := range map[string]string{
		"":                                 "/",
		"/":                                "/",
		"/admin/sessions":                  "/admin/sessions",
		"/?a=1&b=2":                        "/?a=1&b=2",
		"//evil.test":                      "/",
		"///evil.test":                     "/",
		"https://evil.test":                "/",
		"https:evil.test":                  "/",
		"http://evil.test@127.0.0.1/":      "/",
		`/\evil.test`:                      "/",
		`\\evil.test`:                      "/",
		`\/evil.test`:                      "/",
		"/\t/evil.test":                    "/",
		"/\n/evil.test":                    "/",
		"\t//evil.test":                    "/",
		" //evil.test":                     "/",
		"javascript:alert(1)":              "/",
		"evil.test":                        "/",
		"/ok\r\nSet-Cookie: evil=1":        "/",
		"data:text/html,<script></script>": "/",
	} {
		page := s.anyone().with("Accept", "text/html")
		f := readForm(t, page.get("/login?next="+escape(next)).want(200), "login")
		f.values.Set("username", "a")
		f.values.Set("password", password)
		a := page.post(f.action, f.values).want(303)
		if got := a.header.Get("Location"); got != want {
			t.Errorf("next=%q leads to %q, want %q", next, got, want)
		}
		if a.header.Get("Set-Cookie") == "" || strings.Contains(strings.Join(a.header.Values("Set-Cookie"), ""), "evil") {
			t.Errorf("next=%q: cookies %q", next, a.header.Values("Set-Cookie"))
		}
	}
	// The same when the form is sent to the address with the parameter.
	a := s.anyone().with("Accept", "text/html").post("/login?next=//evil.test", form("a", password)).want(303)
	if got := a.header.Get("Location"); got != "/" {
		t.Errorf("leads to %q", got)
	}
}
