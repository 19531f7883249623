package e2e

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

type personalToken struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Scope    string  `json:"scope"`
	Created  string  `json:"created_at"`
	Expires  string  `json:"expires_at"`
	LastUsed *string `json:"last_used_at"`
	Token    string  `json:"token"`
}

func tokenBody(name, scope string, days int) map[string]any {
	return map[string]any{"name": name, "scope": scope, "expires_in_days": days}
}

// personal makes a personal token.
func (c *client) personal(scope string) personalToken {
	c.t.Helper()
	var made personalToken
	c.post("/account/tokens", tokenBody("a", scope, 7)).want(201).decode(&made)
	return made
}

func (c *client) personalTokens() []personalToken {
	c.t.Helper()
	var list struct{ Tokens []personalToken }
	c.get("/account/tokens").want(200).decode(&list)
	return list.Tokens
}

// bearer is a client with this token and no cookies.
func (s *server) bearer(token string) *client {
	return s.anyone().with("Authorization", "Bearer "+token)
}

func TestPersonalToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	var made personalToken
	user.post("/account/tokens", tokenBody("  สำรองข้อมูล <b> ", "upload", 30)).want(201).decode(&made)
	if !regexp.MustCompile(`^gensub_[a-z2-7]{40}$`).MatchString(made.Token) || made.Name != "สำรองข้อมูล <b>" || made.Scope != "upload" {
		t.Errorf("made %+v", made)
	}
	expires, err := time.Parse(time.RFC3339, made.Expires)
	if left := time.Until(expires); err != nil || left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("expires at %q: %v", made.Expires, err)
	}
	script := s.bearer(made.Token)
	if list := user.personalTokens(); len(list) != 1 || list[0].ID != made.ID || list[0].Token != "" || list[0].LastUsed != nil {
		t.Errorf("listed before its use: %+v", list)
	}
	id := script.accepted("a.wav", wav(100, 1)).Video.ID
	path := script.created("b.wav", 1000)
	script.chunk(path, 0, make([]byte, 10)).want(204)
	script.with("Tus-Resumable", "1.0.0").do("HEAD", path, nil).want(200)
	script.with("Tus-Resumable", "1.0.0").do("DELETE", path, nil).want(204)
	script.do("DELETE", "/videos/"+id, nil).want(204)
	if got := script.session().ID; got != "user_john" {
		t.Errorf("it is of %q", got)
	}
	if list := user.personalTokens(); len(list) != 1 || list[0].LastUsed == nil {
		t.Errorf("listed after its use: %+v", list)
	}
	s.register("jane").do("DELETE", "/account/tokens/"+made.ID, nil).problem(404, "not-found")
	script.session()
	user.do("DELETE", "/account/tokens/"+made.ID, nil).want(204)
	a := script.get("/user/session")
	a.problem(401, "unauthenticated")
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate %q", got)
	}
	user.do("DELETE", "/account/tokens/"+made.ID, nil).problem(404, "not-found")
	if log := s.stderr.String(); strings.Contains(log, "gensub_") {
		t.Error("a token is in the log")
	}
}

func TestPersonalTokenInvalid(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	for what, test := range map[string]struct {
		body  any
		field string
	}{
		"no name":             {tokenBody("", "read", 7), "name"},
		"blanks for a name":   {tokenBody(" \t ", "read", 7), "name"},
		"a long name":         {tokenBody(strings.Repeat("ก", 101), "read", 7), "name"},
		"a control character": {tokenBody("a\u0007b", "read", 7), "name"},
		"no scope":            {tokenBody("a", "", 7), "scope"},
		"another scope":       {tokenBody("a", "root", 7), "scope"},
		"for admins":          {tokenBody("a", "admin", 7), "scope"},
		"no expiry":           {map[string]any{"name": "a", "scope": "read"}, "expires_in_days"},
		"an early expiry":     {tokenBody("a", "read", 0), "expires_in_days"},
		"a late expiry":       {tokenBody("a", "read", 366), "expires_in_days"},
		"a list":              {[]int{1}, "body"},
	} {
		if p := user.post("/account/tokens", test.body).problem(422, "invalid"); p.Errors[test.field] == "" {
			t.Errorf("%s: errors %v", what, p.Errors)
		}
	}
	user.post("/account/tokens", tokenBody(strings.Repeat("ก", 100), "read", 365)).want(201)
	for _, other := range []string{
		"gensub_", "gensub_" + strings.Repeat("a", 40), "gensub_" + strings.Repeat("A", 40), "gensub_" + strings.Repeat("'", 40),
	} {
		s.bearer(other).get("/user/session").problem(401, "unauthenticated")
	}
	made := user.personal("read")
	for what, c := range map[string]*client{
		"as a query":    s.anyone(),
		"as a password": s.anyone().with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("john:"+made.Token))),
		"as a cookie":   s.anyone().with("Cookie", "gensubtitle="+made.Token),
	} {
		if a := c.get("/user/session?access_token=" + made.Token); a.status != 401 {
			t.Errorf("%s: status %d", what, a.status)
		}
	}
}

func TestPersonalTokensAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	for range 50 {
		user.personal("read")
	}
	user.post("/account/tokens", tokenBody("a", "read", 7)).problem(409, "too-many-tokens")
	user.do("DELETE", "/account/tokens/"+user.personalTokens()[0].ID, nil).want(204)
	user.personal("read")
}

func TestPersonalTokenScopes(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin()
	var made struct{ Password string }
	admin.post("/admin/users", map[string]any{"username": "boss", "role": "admin", "password": password}).want(201).decode(&made)
	boss := s.login("boss", password)
	id := boss.accepted("a.wav", wav(100, 1)).Video.ID
	read, upload, all := s.bearer(boss.personal("read").Token), s.bearer(boss.personal("upload").Token), s.bearer(boss.personal("admin").Token)

	read.get("/videos/" + id + "/file").want(200)
	refused := read.upload("b.wav", wav(100, 2))
	refused.problem(403, "insufficient-scope")
	if got, want := refused.header.Get("WWW-Authenticate"), `Bearer error="insufficient_scope", scope="upload"`; got != want {
		t.Errorf("WWW-Authenticate %q, want %q", got, want)
	}
	read.do("DELETE", "/videos/"+id, nil).problem(403, "insufficient-scope")
	upload.get("/admin/sessions").problem(403, "insufficient-scope")
	all.get("/admin/sessions").want(200)
	for _, c := range []*client{read, upload, all} {
		for _, r := range [][2]string{
			{"POST", "/logout"},
			{"GET", "/account"},
			{"GET", "/account/tokens"},
			{"POST", "/account/tokens"},
			{"GET", "/account/sign-ins"},
			{"DELETE", "/account/sign-ins"},
			{"POST", "/account/password"},
		} {
			c.do(r[0], r[1], tokenBody("a", "read", 7)).problem(403, "insufficient-scope")
		}
	}
	// Demoted, the token may do what the user may; promoted again, so may it.
	change := func(role string) {
		admin.do("PATCH", "/admin/users/boss", map[string]any{"role": role}).want(200)
	}
	change("user")
	all.get("/admin/sessions").problem(403, "forbidden")
	all.do("PATCH", "/admin/users/boss", map[string]any{"role": "admin"}).problem(403, "forbidden")
	all.session()
	boss.post("/account/tokens", tokenBody("a", "admin", 7)).problem(422, "invalid")
	change("admin")
	all.get("/admin/sessions").want(200)
}

// TestPersonalTokensEndWithTheUser ends them in every way that is not theirs.
func TestPersonalTokensEndWithTheUser(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	admin := s.admin()
	for name, end := range map[string]func(user *client){
		"changed": func(user *client) { user.changePassword(password, "another password").want(200) },
		"reset": func(*client) {
			admin.do("PATCH", "/admin/users/reset", map[string]any{"reset_password": true}).want(200)
		},
		"disabled": func(*client) {
			admin.do("PATCH", "/admin/users/disabled", map[string]any{"disabled": true}).want(200)
			admin.do("PATCH", "/admin/users/disabled", map[string]any{"disabled": false}).want(200)
		},
		"deleted": func(*client) { admin.do("DELETE", "/admin/users/deleted", nil).want(204) },
	} {
		user := s.register(name)
		script := s.bearer(user.personal("upload").Token)
		script.session()
		end(user)
		script.get("/user/session").problem(401, "unauthenticated")
		user.get("/user/session").problem(401, "unauthenticated")
	}
}

// TestPersonalTokenMadeDuringAChange makes tokens while the password changes:
// none of those made with the old sign-in lives on.
func TestPersonalTokenMadeDuringAChange(t *testing.T) {
	t.Parallel()
	s := start(t)
	user := s.register("john")
	var mu sync.Mutex
	var all []string
	parallel(9, func(i int) {
		if i == 4 {
			if a, err := user.try("POST", "/account/password", "application/json",
				strings.NewReader(fmt.Sprintf(`{"old_password":%q,"new_password":"another password"}`, password)), -1); err != nil || a.status != 200 {
				t.Errorf("change: %+v %v", a, err)
			}
			return
		}
		for range 5 {
			a, err := user.try("POST", "/account/tokens", "application/json", strings.NewReader(`{"name":"a","scope":"read","expires_in_days":1}`), -1)
			if err != nil || a.status != 201 && a.status != 401 {
				t.Errorf("create: %+v %v", a, err)
				return
			}
			if a.status == 201 {
				var made personalToken
				a.decode(&made)
				mu.Lock()
				all = append(all, made.Token)
				mu.Unlock()
			}
		}
	})
	for _, token := range all {
		s.bearer(token).get("/user/session").problem(401, "unauthenticated")
	}
	if list := s.login("john", "another password").personalTokens(); len(list) != 0 {
		t.Errorf("listed %+v", list)
	}
}
