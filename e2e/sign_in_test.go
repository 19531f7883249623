package e2e

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

type signIn struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	UserAgent string `json:"user_agent"`
	Address   string `json:"address"`
	Created   string `json:"created_at"`
	LastSeen  string `json:"last_seen_at"`
	Expires   string `json:"expires_at"`
	Current   bool   `json:"current"`
}

func (c *client) signIns() []signIn {
	c.t.Helper()
	var list struct {
		SignIns []signIn `json:"sign_ins"`
	}
	c.get("/account/sign-ins").want(200).decode(&list)
	return list.SignIns
}

func (c *client) changePassword(old, fresh string) *answer {
	c.t.Helper()
	return c.post("/account/password", map[string]string{"old_password": old, "new_password": fresh})
}

// again is the same client with the token of an answer.
func (c *client) again(a *answer) *client {
	c.t.Helper()
	var tok token
	a.want(200).decode(&tok)
	return c.with("Authorization", "Bearer "+tok.Token)
}

func TestSignIns(t *testing.T) {
	t.Parallel()
	s := start(t)
	script := s.register("john")
	phone := s.anyone().with("User-Agent", "Mozilla/5.0 (Linux; Android 10) Chrome/140.0.0.0\u0085"+strings.Repeat("ก", 400))
	phone.with("Accept", "text/html").post("/login", form("john", password)).want(303)
	s.register("jane")

	list := script.signIns()
	if len(list) != 2 || !list[0].Current || list[0].Kind != "token" || list[1].Current || list[1].Kind != "browser" {
		t.Fatalf("listed %+v", list)
	}
	other := list[1]
	if len([]rune(other.UserAgent)) > 300 || strings.Contains(other.UserAgent, "\u0085") || !strings.HasPrefix(other.UserAgent, "Mozilla/5.0") || other.Address != "127.0.0.1" {
		t.Errorf("the browser is %+v", other)
	}
	for kind, life := range map[string]time.Duration{"token": 12 * time.Hour, "browser": 14 * 24 * time.Hour} {
		for _, in := range list {
			expires, err := time.Parse(time.RFC3339, in.Expires)
			if left := time.Until(expires); in.Kind == kind && (err != nil || left > life || left < life-time.Minute) {
				t.Errorf("a %s ends at %q: %v", kind, in.Expires, err)
			}
		}
	}
	before := other.LastSeen
	// The clock of the answers counts milliseconds.
	waittest.Until(t, "the next millisecond", func() bool { return time.Since(moment(t, before)) >= time.Millisecond })
	phone.session()
	if list := script.signIns(); !moment(t, list[1].LastSeen).After(moment(t, before)) {
		t.Errorf("last seen at %q, then at %q", before, list[1].LastSeen)
	}

	s.login("jane", password).do("DELETE", "/account/sign-ins/"+other.ID, nil).problem(404, "not-found")
	phone.with("Origin", "https://evil.test").do("DELETE", "/account/sign-ins/"+list[0].ID, nil).problem(403, "cross-origin")
	script.do("DELETE", "/account/sign-ins/"+other.ID, nil).want(204)
	phone.get("/user/session").problem(401, "unauthenticated")
	script.do("DELETE", "/account/sign-ins/"+other.ID, nil).problem(404, "not-found")
	third := s.login("john", password)
	third.do("DELETE", "/account/sign-ins/"+third.signIns()[0].ID, nil).want(204)
	third.get("/user/session").problem(401, "unauthenticated")
	last := s.login("john", password)
	last.post("/logout", nil).want(204)
	if list := script.signIns(); len(list) != 1 {
		t.Errorf("left are %+v", list)
	}
}

// moment reads a time of an answer.
func moment(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestLastSeenIsKept restarts the server, which holds it in memory meanwhile.
func TestLastSeenIsKept(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	made := user.personal("read")
	s.bearer(made.Token).session()
	user.session()
	want := user.signIns()[0].LastSeen
	s.stop()
	s.restart()
	if got := user.personalTokens()[0].LastUsed; got == nil || moment(t, *got).Before(moment(t, made.Created)) {
		t.Errorf("the token was used at %v, made at %q", got, made.Created)
	}
	var seen int64
	if err := s.database().QueryRowContext(t.Context(), "SELECT last_seen_at - created_at FROM sign_ins").Scan(&seen); err != nil || seen <= 0 {
		t.Errorf("seen %d ms after the sign-in, %q: %v", seen, want, err)
	}
}

func TestSignOutEverywhereElse(t *testing.T) {
	t.Parallel()
	s := start(t)
	script := s.register("john")
	other, browser := s.login("john", password), s.browser("john", password)
	personal := s.bearer(script.personal("read").Token)
	jane := s.register("jane")

	browser.do("DELETE", "/account/sign-ins", nil).want(204)
	for _, c := range []*client{script, other} {
		c.get("/user/session").problem(401, "unauthenticated")
	}
	if list := browser.signIns(); len(list) != 1 || !list[0].Current || list[0].Kind != "browser" {
		t.Errorf("left are %+v", list)
	}
	personal.session()
	jane.session()

	script = s.login("john", password)
	fresh := script.again(script.do("DELETE", "/account/sign-ins", nil))
	script.get("/user/session").problem(401, "unauthenticated")
	browser.get("/user/session").problem(401, "unauthenticated")
	if list := fresh.signIns(); len(list) != 1 || !list[0].Current {
		t.Errorf("left are %+v", list)
	}
	personal.session()
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	script, browser := s.register("john"), s.browser("john", password)
	for what, test := range map[string]struct{ old, fresh, field string }{
		"a wrong one":   {"not the password", "another password", "old_password"},
		"none":          {"", "another password", "old_password"},
		"a long one":    {strings.Repeat("x", 129), "another password", "old_password"},
		"a short one":   {password, "short", "new_password"},
		"one too long":  {password, strings.Repeat("x", 129), "new_password"},
		"a new one too": {"", "", "new_password"},
	} {
		if p := script.changePassword(test.old, test.fresh).problem(422, "invalid"); p.Errors[test.field] == "" {
			t.Errorf("%s: errors %v", what, p.Errors)
		}
	}
	browser.with("Origin", "https://evil.test").changePassword(password, "another password").problem(403, "cross-origin")
	s.anyone().changePassword(password, "another password").problem(401, "unauthenticated")

	fresh := script.again(script.changePassword(password, "another password"))
	fresh.session()
	for _, c := range []*client{script, browser} {
		c.get("/user/session").problem(401, "unauthenticated")
	}
	s.anyone().post("/login", credentials("john", password)).problem(401, "bad-credentials")
	browser = s.browser("john", "another password")
	browser.changePassword("another password", "yet another one").want(204)
	browser.session()
	fresh.get("/user/session").problem(401, "unauthenticated")
	if list := browser.signIns(); len(list) != 1 || !list[0].Current {
		t.Errorf("left are %+v", list)
	}
	s.login("john", "yet another one")
}

// TestPasswordGuesses guesses the old password with a sign-in that was stolen.
func TestPasswordGuesses(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	for range 5 {
		user.changePassword("not the password", "another password").problem(422, "invalid")
	}
	user.changePassword(password, "another password").problem(429, "too-many-attempts")
	s.anyone().post("/login", credentials("john", password)).problem(429, "too-many-attempts")
	user.session()
}

// TestChangePasswordTwiceAtOnce changes it in two tabs: one of them is too late.
func TestChangePasswordTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	var mu sync.Mutex
	statuses := map[int]int{}
	parallel(4, func(i int) {
		a, err := user.try("POST", "/account/password", "application/json",
			strings.NewReader(`{"old_password":"`+password+`","new_password":"password number `+string(rune('0'+i))+`"}`), -1)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
			return
		}
		statuses[a.status]++
	})
	// One that reads the new hash already finds the old password wrong.
	// A busy server refuses some with 503.
	if statuses[200] != 1 || statuses[401]+statuses[422]+statuses[503] != 3 {
		t.Errorf("statuses %v", statuses)
	}
}

// TestPlainAccount uses the page without JavaScript.
func TestPlainAccount(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("john")
	s.bearer("x").get("/account").want(401)
	c := s.anyone().page().with("Accept-Language", "en").with("User-Agent", `Mozilla/5.0 "><script>alert(1)</script> (Windows) Firefox/143.0`)
	c.submit("/login?next=/account", "login", credentials("john", password)).want(303)
	page := func() *htmlNode { return parse(t, c.get("/account").want(200)) }
	if got := text(byID(page(), "sign-ins")); !strings.Contains(got, "Firefox on Windows") || !strings.Contains(got, "This device") || !strings.Contains(got, "Script") {
		t.Errorf("signed in: %s", got)
	}
	link := find(page(), func(n *htmlNode) bool { return attr(n, "href") == "/account" })
	if link == nil || !strings.Contains(text(link), "john") {
		t.Error("nothing leads to the page")
	}

	a := c.submit("/account", "create-token", map[string]string{"name": `"><img src=x>`, "scope": "upload", "expires_in_days": "90"}).want(201)
	shown := byID(parse(t, a), "new-token")
	script := s.bearer(attr(shown, "value"))
	script.session()
	if strings.Contains(string(a.body), "<img src=x") || strings.Contains(string(c.get("/account").body), attr(shown, "value")) {
		t.Error("a name is not escaped, or a token is shown again")
	}
	a = c.submit("/account", "create-token", map[string]string{"name": "", "scope": "read"}).want(422)
	if alert(t, a) == "" || text(byID(parse(t, a), "name-error")) == "" {
		t.Error("the page does not tell what is wrong")
	}
	click := func(holds, action string) {
		t.Helper()
		form := find(page(), func(n *htmlNode) bool { return n.Data == "form" && strings.HasSuffix(attr(n, "action"), action) })
		if form == nil {
			t.Fatalf("no form for %s", action)
		}
		path := formOf(form).action
		question := parse(t, c.get(path).want(200))
		if got := text(byID(question, "main")); !strings.Contains(got, holds) {
			t.Errorf("it asks %q", got)
		}
		yes := find(question, func(n *htmlNode) bool { return n.Data == "form" && attr(n, "action") == path })
		if got := c.post(path, formOf(yes).values).want(303).header.Get("Location"); got != "/account" {
			t.Errorf("leads to %q", got)
		}
	}
	click(`Revoke the token “"><img src=x>”?`, "/revoke")
	script.get("/user/session").want(401)
	click("Sign out", "/end")
	if rows := byID(page(), "sign-ins"); strings.Contains(text(rows), "Script") {
		t.Errorf("signed in: %s", text(rows))
	}
	other := s.login("john", password)
	form := find(page(), func(n *htmlNode) bool { return attr(n, "action") == "/account/sign-ins/end" })
	c.get(formOf(form).action).want(200)
	c.post("/account/sign-ins/end", url.Values{}).want(303)
	other.get("/user/session").want(401)

	a = c.submit("/account", "change-password", map[string]string{"old_password": "not the password", "new_password": "another password"}).want(422)
	if alert(t, a) == "" || text(byID(parse(t, a), "old_password-error")) == "" || strings.Contains(string(a.body), "not the password") {
		t.Error("the page does not tell what is wrong, or shows the password")
	}
	a = c.submit("/account", "change-password", map[string]string{"old_password": password, "new_password": "another password"}).want(303)
	if got := text(byID(parse(t, c.get(a.header.Get("Location")).want(200)), "main")); !strings.Contains(got, "Your password was changed") {
		t.Errorf("page: %s", got)
	}
}
