package e2e

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// checkHeaders checks what every answer carries.
func checkHeaders(t *testing.T, what string, get func(string) string) {
	t.Helper()
	csp := get("Content-Security-Policy")
	for _, bad := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*", "data:;"} {
		if strings.Contains(csp, bad) {
			t.Errorf("%s: the policy holds %q: %s", what, bad, csp)
		}
	}
	for _, must := range []string{"default-src", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, must) {
			t.Errorf("%s: the policy lacks %q: %q", what, must, csp)
		}
	}
	if got := get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("%s: X-Content-Type-Options %q", what, got)
	}
	if got := get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("%s: Referrer-Policy %q", what, got)
	}
	if got := get("Server"); strings.Contains(strings.ToLower(got), "fasthttp") {
		t.Errorf("%s: Server %q", what, got)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	id := c.accepted("a.wav", wav(100, 1)).Video.ID
	html := c.with("Accept", "text/html")
	signedOut := s.anyone().with("Accept", "text/html")
	for _, a := range []*answer{
		c.get("/user/session").want(200),
		c.get("/limits").want(200),
		c.get("/healthz").want(200),
		c.get("/readyz").want(200),
		c.get("/videos").want(200),
		c.get("/videos/" + id).want(200),
		c.get("/videos/" + id + "/file").want(200),
		c.with("Range", "bytes=0-1").get("/videos/" + id + "/file").want(206),
		c.with("Range", "bytes=99999999-").get("/videos/" + id + "/file").want(416),
		c.do("HEAD", "/user/session", nil).want(200),
		c.get("/nothing").want(404),
		c.get("/static/nothing.js").want(404),
		c.get("/static/../main.go"),
		c.get("/static/%2e%2e/main.go"),
		c.do("PUT", "/login", nil).want(405),
		c.do("DELETE", "/upload-video", nil).want(405),
		c.do("OPTIONS", "/user/session", nil),
		c.do("TRACE", "/user/session", nil),
		c.do("BREW", "/", nil),
		c.upload("a.txt", []byte("x")).want(415),
		c.post("/register", credentials("", "")).want(422),
		c.post("/login", credentials("a", "not the password")).want(401),
		c.get("/admin/sessions").want(403),
		html.get("/login"),
		html.get("/").want(200),
		html.get("/quota").want(200),
		html.get("/nothing").want(404),
		signedOut.get("/login").want(200),
		signedOut.get("/register").want(200),
		signedOut.get("/").want(303),
		signedOut.post("/login", form("a", "not the password")),
		c.do("DELETE", "/videos/"+id, nil).want(204),
	} {
		checkHeaders(t, a.what, a.header.Get)
	}
}

// TestMalformedRequests sends what is not HTTP. Each gets an answer below 500
// or a closed connection, and the server lives.
func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	for name, request := range map[string]string{
		"garbage":             "GARBAGE\r\n\r\n",
		"no path":             "GET\r\n\r\n",
		"TLS":                 "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 300) + "\r\n\r\n",
		"no host":             "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
		"HTTP/1.0":            "GET /healthz HTTP/1.0\r\n\r\n",
		"huge head":           "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n",
		"huge path":           "GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"many heads":          "GET /healthz HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 50000) + "\r\n",
		"bad length":          "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
		"negative length":     "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		"two lengths":         "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabcdef",
		"length and chunked":  "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
		"bad chunk":           "POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
		"bad upload chunk":    "POST /upload-video HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nffffffffffffffffff\r\n",
		"space before colon":  "GET /healthz HTTP/1.1\r\nHost : x\r\nConnection: close\r\n\r\n",
		"zero byte in a path": "GET /\x00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"percent zero":        "GET /%00%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"absolute form":       "GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
		"connect":             "CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
		"upgrade":             "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
		"expect nonsense":     "POST /login HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial()
			_, _ = io.WriteString(conn, request) // The server may hang up on it.
			answers, _ := io.ReadAll(conn)
			text := string(answers)
			if text == "" {
				return
			}
			headOnly, _, _ := strings.Cut(text, "\r\n\r\n")
			status, rest, _ := strings.Cut(headOnly, "\r\n")
			if !regexp.MustCompile(`^HTTP/1\.[01] (200|303|4\d\d|501|505) `).MatchString(status + " ") {
				t.Errorf("answer %q", status)
			}
			checkHeaders(t, status, func(name string) string {
				for line := range strings.SplitSeq(rest, "\r\n") {
					if k, v, _ := strings.Cut(line, ":"); strings.EqualFold(k, name) {
						return strings.TrimSpace(v)
					}
				}
				return ""
			})
		})
	}
	s.anyone().get("/healthz").want(200)
}

func TestCaching(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	html := s.browser("a", password).with("Accept", "text/html")
	for _, a := range []*answer{
		c.get("/user/session").want(200), c.get("/videos").want(200), c.get("/limits").want(200), html.get("/").want(200),
		html.get("/quota").want(200), s.anyone().get("/user/session").want(401), s.anyone().with("Accept", "text/html").get("/").want(303),
	} {
		if got := a.header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
			t.Errorf("%s %d: Cache-Control %q", a.what, a.status, got)
		}
	}
	for a, want := range map[*answer][]string{
		html.get("/").want(200):                              {"Accept", "Accept-Language", "HX-Request"},
		s.anyone().with("Accept", "text/html").get("/login"): {"Accept-Language"},
		s.anyone().get("/user/session").want(401):            {"Accept-Language"},
		html.get("/admin/sessions").want(403):                {"Accept", "Accept-Language", "HX-Request"},
	} {
		vary := "," + strings.ToLower(strings.ReplaceAll(strings.Join(a.header.Values("Vary"), ","), " ", "")) + ","
		for _, name := range want {
			if !strings.Contains(vary, ","+strings.ToLower(name)+",") {
				t.Errorf("%s: Vary %q lacks %s", a.what, vary, name)
			}
		}
	}
}

// TestAssets follows what a page loads: all from here, named by content,
// immutable; and nothing inline that the policy would refuse.
func TestAssets(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	c := s.browser("a", password).with("Accept", "text/html")
	hashed := regexp.MustCompile(`[.-][0-9a-zA-Z_-]{8,}\.\w+$`)
	assets := map[string]bool{}
	for _, path := range []string{"/", "/login", "/register"} {
		page := c
		if path != "/" {
			page = s.anyone().with("Accept", "text/html")
		}
		for n := range parse(t, page.get(path).want(200)).Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			checkElement(t, path, n)
			for _, ref := range []string{attr(n, "src"), attr(n, "href")} {
				if ref != "" && (n.Data == "script" || n.Data == "link" || n.Data == "img") {
					assets[ref] = true
				}
			}
		}
	}
	if len(assets) < 2 {
		t.Errorf("assets %v", assets)
	}
	for ref := range assets {
		if !strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, "//") {
			t.Errorf("asset from elsewhere: %s", ref)
			continue
		}
		a := s.anyone().get(ref).want(200)
		checkHeaders(t, ref, a.header.Get)
		if got := a.header.Get("Cache-Control"); !strings.Contains(got, "immutable") || !strings.Contains(got, "max-age=31536000") {
			t.Errorf("%s: Cache-Control %q", ref, got)
		}
		if !hashed.MatchString(ref) {
			t.Errorf("%s: no hash in the name", ref)
		}
		if a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", ref)
		}
	}
}

// checkElement refuses inline scripts and styles.
func checkElement(t *testing.T, path string, n *html.Node) {
	t.Helper()
	if n.Data == "style" || n.Data == "script" && attr(n, "src") == "" && !strings.Contains(attr(n, "type"), "json") {
		t.Errorf("%s: inline <%s>", path, n.Data)
	}
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
			t.Errorf("%s: inline %s on <%s>", path, a.Key, n.Data)
		}
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
			t.Errorf("%s: script in %s of <%s>", path, a.Key, n.Data)
		}
	}
}
