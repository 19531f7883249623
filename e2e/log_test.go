package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// logged reads the log until it holds such a line, and returns it.
func (s *server) logged(what string, ok func(line map[string]any) bool) map[string]any {
	s.t.Helper()
	var found map[string]any
	eventually(s.t, patience, "the log line of "+what, func() bool {
		lines := s.logLines()
		i := slices.IndexFunc(lines, ok)
		if i >= 0 {
			found = lines[i]
		}
		return i >= 0
	})
	return found
}

func (s *server) logLines() []map[string]any {
	var lines []map[string]any
	for text := range strings.Lines(s.stderr.String()) {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// line is the log line of the request that this answers.
func (s *server) line(a *answer) map[string]any {
	s.t.Helper()
	id := a.header.Get("X-Request-Id")
	return s.logged(a.what, func(line map[string]any) bool { return line["msg"] == "request" && line["request_id"] == id })
}

func TestLogOfRequests(t *testing.T) {
	t.Parallel()
	s := start(t)
	registered := s.anyone().post("/register", credentials("มะลิ", password)).want(201)
	c := s.login("มะลิ", password)
	cookie := s.browser("มะลิ", password)
	video := c.accepted("a.wav", wav(100, 1)).Video.ID
	for _, test := range []struct {
		what   string
		answer *answer
		signed bool
	}{
		{"a registration", registered, true},
		{"a token", c.get("/user/session").want(200), true},
		{"a cookie", cookie.get("/user/session").want(200), true},
		{"an error", c.get("/videos/nothing").want(404), true},
		{"what is forbidden", c.get("/admin/sessions").want(403), true},
		{"a refused upload", c.upload("a.txt", []byte("no video")).want(415), true},
		{"a form", cookie.with("Accept", "text/html").post("/videos/"+video+"/delete", url.Values{}).want(303), true},
		{"a wrong password", s.anyone().post("/login", credentials("มะลิ", "wrong horse")).want(401), true},
		{"an unknown name", s.anyone().post("/login", credentials("nobody", "wrong horse")).want(401), false},
		{"a name that is taken", s.anyone().post("/register", credentials("มะลิ", password)).want(409), false},
		{"nobody", s.anyone().get("/limits").want(200), false},
		{"no such page", s.anyone().get("/nothing").want(404), false},
	} {
		line := s.line(test.answer)
		if signed := line["user"] == "มะลิ" && line["session_id"] == "user_มะลิ"; signed != test.signed {
			t.Errorf("%s: user and session are %v and %v", test.what, line["user"], line["session_id"])
		}
		if line["status"] != float64(test.answer.status) || (test.answer.status >= 400) != (line["error"] != nil) {
			t.Errorf("%s: the line is %v", test.what, line)
		}
	}
	for _, line := range s.logLines() {
		if line["msg"] == "request" && line["request_id"] == "" {
			t.Errorf("no id in %v", line)
		}
	}
}

// TestLogOfLogin wants what was loaded at each login, tied to its request.
func TestLogOfLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("john").accepted("a.wav", wav(1500, 1))
	html := s.anyone().with("Accept", "text/html")
	for what, a := range map[string]*answer{
		"a script":  s.anyone().post("/login", credentials("john", password)).want(200),
		"a browser": html.post("/login", form("JOHN", password)).want(303),
	} {
		id := a.header.Get("X-Request-Id")
		line := s.logged(what, func(line map[string]any) bool { return line["msg"] == "session loaded" && line["request_id"] == id })
		if line["session_id"] != "user_john" || line["user"] != "john" || line["videos_count"] != 1.0 || line["total_duration"] != 1.5 {
			t.Errorf("%s: %v", what, line)
		}
	}
}

// TestLogOfMeasuring wants to know whose upload it was that nobody waited for.
func TestLogOfMeasuring(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("john")
	path := c.created("a.txt", 3)
	c.chunk(path, 0, []byte("abc")).want(204)
	id := strings.TrimPrefix(path, "/files/")
	line := s.logged("the rejection", func(line map[string]any) bool { return line["msg"] == "upload rejected" && line["video"] == id })
	if line["session_id"] != "user_john" || line["reason"] != "not-a-video" {
		t.Errorf("%v", line)
	}
}

// TestLogHoldsNoSecrets looks for all that signs somebody in after much of what
// the program does was done.
func TestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	const typed, other = "typed by mistake 123", "another password 456"
	s := start(t)
	c := s.register("john")
	admin := s.admin()
	cookie := s.browser("john", password)
	var mali made
	admin.post("/admin/users", map[string]any{"username": "mali"}).want(201).decode(&mali)
	admin.do("PATCH", "/admin/users/mali", map[string]any{"password": other}).want(200)
	s.login("mali", other)
	s.anyone().post("/login", credentials("john", typed)).want(401)
	s.anyone().post("/login", credentials(typed, typed)).want(401)
	s.anyone().send("POST", "/login", "application/json", strings.NewReader(`{"password":"`+typed), -1).want(422)
	s.anyone().with("Accept", "text/html").post("/register", form("john", typed)).want(409)
	s.anyone().with("Authorization", "Bearer "+typed).get("/user/session").want(401)
	c.accepted("a.wav", wav(100, 1))
	c.upload("a.txt", []byte("no video")).want(415)
	secrets := []string{password, adminPassword, typed, other, mali.Password}
	for _, signed := range []*client{c, admin} {
		secrets = append(secrets, strings.TrimPrefix(signed.header.Get("Authorization"), "Bearer "))
	}
	address, err := url.Parse(s.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	cookies := cookie.http.Jar.Cookies(address)
	if !slices.ContainsFunc(cookies, func(c *http.Cookie) bool { return c.Name == "gensubtitle" }) {
		t.Fatalf("the cookies are %v", cookies)
	}
	for _, c := range cookies {
		secrets = append(secrets, c.Value)
	}
	c.post("/logout", nil).want(204)
	cookie.post("/logout", nil).want(204)
	s.stop()
	log := s.stderr.String() + s.stdout.String()
	if !strings.Contains(log, `"path":"/logout"`) {
		t.Fatal("the log does not hold the last request")
	}
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if len(secret) < 8 || strings.Contains(log, form) {
				t.Errorf("%q is in the log", form)
			}
		}
	}
}

// TestTokensInPaths pastes tokens into addresses: no line holds one.
func TestTokensInPaths(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	jwt := bearer(c)
	var made struct{ Token string }
	c.post("/account/tokens", map[string]any{"name": "a", "scope": "read", "expires_in_days": 1}).want(201).decode(&made)
	if made.Token == "" || jwt == "" {
		t.Fatal("no tokens")
	}
	for _, token := range []string{jwt, made.Token} {
		encoded := fmt.Sprintf("%%%02x%s", token[0], token[1:])
		for _, path := range []string{"/" + token, "/" + encoded, "/videos/" + token, "/videos/" + encoded + "/file", "/static/" + token, "/admin/users/" + token} {
			for _, method := range []string{"GET", "POST", "PUT", "BREW"} {
				c.do(method, path, nil)
			}
		}
		c.with("User-Agent", token).get("/videos?cursor=" + token).want(422)
		conn := s.dial()
		fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: x\r\nBad %s\r\n\r\n", token, token)
		readResponse(t, conn)
	}
	s.line(c.get("/videos").want(200)) // The log is written to here.
	if log := s.stderr.String(); strings.Contains(log, jwt[1:]) || strings.Contains(log, made.Token[1:]) || !strings.Contains(log, "[redacted]") {
		t.Errorf("the log holds a token, or tells of none:\n%s", tail(log))
	}
}
