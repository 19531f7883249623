package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// carrying is a client that sends these values of the login cookie, in one line.
func (s *server) carrying(name string, values ...string) *client {
	pairs := make([]string, len(values))
	for i, value := range values {
		pairs[i] = name + "=" + value
	}
	return s.anyone().with("Cookie", strings.Join(pairs, "; "))
}

// TestTwoLoginCookies sends others of the same name beside the good one, as a
// browser does after a neighbour on the same domain has set one.
func TestTwoLoginCookies(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	good, out := cookieOf(s.anyone(), "a", password), cookieOf(s.anyone(), "a", password)
	s.bearing(out).post("/logout", nil).want(204)
	for name, values := range map[string][]string{
		"one before":         {"x", good.Value},
		"one behind":         {good.Value, "x"},
		"the same twice":     {good.Value, good.Value},
		"an empty one":       {"", good.Value},
		"one that ended":     {out.Value, good.Value},
		"one in quotes":      {`"x"`, good.Value},
		"as many as we try":  {"1", "2", "3", "4", "5", "6", "7", good.Value},
		"a long one":         {strings.Repeat("x", 4000), good.Value},
		"the hash of one":    {strings.Repeat("0", 64), good.Value},
		"one with an equals": {"x=" + good.Value, good.Value},
	} {
		c := s.carrying(good.Name, values...)
		if got := c.get("/user/session").want(200); got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: sets %q", name, got.header.Get("Set-Cookie"))
		}
		c.with("Accept", "text/html").get("/").want(200)
	}
	s.carrying(good.Name, "x", out.Value).get("/user/session").want(401)
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	s.carrying(good.Name, append(many, good.Value)...).get("/user/session").want(401)
}

// TestTwoCookieLines sends a line for each cookie, as HTTP/2 proxies do.
func TestTwoCookieLines(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	good := cookieOf(s.anyone(), "a", password)
	conn := s.dial()
	fmt.Fprintf(conn, "GET /user/session HTTP/1.1\r\nHost: x\r\nCookie: %s=x\r\nCookie: %s\r\n\r\n", good.Name, good)
	if res := readResponse(t, conn); res.StatusCode != 200 {
		t.Errorf("status %d: %s", res.StatusCode, res.text)
	}
}

// TestLogoutOfTwoCookies wants nobody signed in after a logout, and nobody's
// former cookie alive after a login.
func TestLogoutOfTwoCookies(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	s.register("b")
	a, b := cookieOf(s.anyone(), "a", password), cookieOf(s.anyone(), "b", password)
	s.bearing(a).get("/user/session").want(200) // Both are in the server's cache then.
	s.bearing(b).get("/user/session").want(200)
	out := s.carrying(a.Name, "x", a.Value, b.Value).with("Accept", "text/html").post("/logout", nil).want(303)
	wantCleared(t, out, a.Name)
	s.bearing(a).get("/user/session").want(401)
	s.bearing(b).get("/user/session").want(401)

	a, b = cookieOf(s.anyone(), "a", password), cookieOf(s.anyone(), "b", password)
	s.bearing(b).get("/user/session").want(200)
	next := cookieOf(s.carrying(a.Name, "x", a.Value, b.Value), "b", password)
	s.bearing(a).get("/user/session").want(401)
	s.bearing(b).get("/user/session").want(401)
	if got := s.carrying(next.Name, "x", next.Value).session().ID; got != "user_b" {
		t.Errorf("signed in as %q", got)
	}
}

// TestBrokenLoginRow is attack 7: a row that cannot be read leads to the login
// page, and the browser drops the cookie.
func TestBrokenLoginRow(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	logins, err := sql.Open("sqlite3", "file:"+filepath.Join(s.dir, "logins.db")+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logins.Close() })
	for name, statement := range map[string]string{
		"garbage": "UPDATE logins SET v = x'00ff1234'",
		"empty":   "UPDATE logins SET v = x''",
		"cut off": "UPDATE logins SET v = substr(v, 1, length(v) / 2)",
		"no row":  "DELETE FROM logins",
	} {
		t.Run(name, func(t *testing.T) {
			alter(t, logins, "DELETE FROM logins") // Those of the case before.
			good := cookieOf(s.anyone(), "a", password)
			alter(t, logins, statement)
			html := s.bearing(good).with("Accept", "text/html")
			a := html.get("/").want(303)
			if got := a.header.Get("Location"); !strings.HasPrefix(got, "/login") {
				t.Errorf("leads to %q", got)
			}
			wantCleared(t, a, good.Name)
			wantCleared(t, s.bearing(good).get("/user/session").want(401), good.Name)
			html.get("/login").want(200)
			again := cookieOf(s.bearing(good), "a", password)
			s.bearing(again).get("/user/session").want(200)
			// The broken one in front of it does no harm.
			s.carrying(good.Name, good.Value, again.Value).get("/user/session").want(200)
		})
	}
	if a := s.anyone().get("/user/session").want(401); a.header.Get("Set-Cookie") != "" {
		t.Error("a cookie is dropped that was not sent")
	}
}

// wantCleared checks that the answer has the browser drop the login cookie.
func wantCleared(t *testing.T, a *answer, name string) {
	t.Helper()
	res := http.Response{Header: a.header}
	for _, cookie := range res.Cookies() {
		if cookie.Name == name && cookie.Value == "" && (cookie.MaxAge < 0 || cookie.Expires.Year() < 2000) && cookie.Path == "/" {
			return
		}
	}
	t.Errorf("%s: sets %q", a.what, a.header.Values("Set-Cookie"))
}
