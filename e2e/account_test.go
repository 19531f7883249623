package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestRegisterLoginLogout(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	var reg, tok token
	s.anyone().post("/register", credentials("John", password)).want(201).decode(&reg)
	if reg.Username != "John" || reg.SessionID != "user_John" || reg.Type != "bearer" || reg.ExpiresIn != 12*60*60 || reg.Token == "" {
		t.Errorf("registered: %+v", reg)
	}
	s.anyone().post("/login", credentials("John", password)).want(200).decode(&tok)
	if tok.Username != "John" || tok.SessionID != "user_John" || tok.Type != "bearer" || tok.ExpiresIn != 12*60*60 {
		t.Errorf("logged in: %+v", tok)
	}
	s.anyone().post("/login", form("John", password)).want(200).decode(&tok)
	first := s.anyone().with("Authorization", "Bearer "+reg.Token)
	second := s.anyone().with("Authorization", "Bearer "+tok.Token)
	first.post("/logout", nil).want(204)
	a := first.get("/user/session")
	a.problem(401, "unauthenticated")
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate %q", got)
	}
	first.upload("a.wav", wav(100, 1)).problem(401, "unauthenticated")
	if got := second.session().ID; got != "user_John" {
		t.Errorf("the other token: %q", got)
	}
}

func TestSignedOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, r := range []struct{ method, path string }{
		{"GET", "/user/session"},
		{"GET", "/videos"},
		{"GET", "/videos/1"},
		{"GET", "/videos/1/file"},
		{"DELETE", "/videos/1"},
		{"POST", "/upload-video"},
		{"GET", "/admin/sessions"},
		{"GET", "/admin/sessions/user_admin"},
		{"POST", "/admin/sessions/user_admin/reset"},
	} {
		a := s.anyone().do(r.method, r.path, nil)
		a.problem(401, "unauthenticated")
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s %s: no WWW-Authenticate", r.method, r.path)
		}
	}
	for _, path := range []string{"/", "/quota", "/admin/sessions"} {
		a := s.anyone().with("Accept", "text/html").get(path).want(303)
		if want := "/login?next="; !strings.HasPrefix(a.header.Get("Location"), want) {
			t.Errorf("%s leads to %q", path, a.header.Get("Location"))
		}
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	wrong := s.anyone().post("/login", credentials("a", "not the password"))
	unknown := s.anyone().post("/login", credentials("nobody", "not the password"))
	wrong.problem(401, "bad-credentials")
	unknown.problem(401, "bad-credentials")
	if !bytes.Equal(wrong.body, unknown.body) {
		t.Errorf("an unknown user is told apart:\n%s\n%s", wrong.body, unknown.body)
	}
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.anyone()
	for _, name := range []string{
		"b", "John", "user.name_1-2", ".a", "สมชาย", "น้ำใจ", "ผู้ใช้๙", "ก", strings.Repeat("x", 32), strings.Repeat("ก", 32),
	} {
		var tok token
		c.post("/register", credentials(name, password)).want(201).decode(&tok)
		if tok.Username != name || tok.SessionID != "user_"+name {
			t.Errorf("%q became %+v", name, tok)
		}
	}
	for _, name := range []string{
		"", " ", ".", "..", "...", "a b", " john", "john ", "a\tb", "a\x00b", "a\nb", "a/b", "a\\b", "a@b", "a:b", "a%b", "<b>",
		strings.Repeat("x", 33), strings.Repeat("ก", 33),
		"jоhn" /* Cyrillic о */, "Ａ" /* full width */, "ａdmin", "é", "日本", "a\u200bb", "a\u00adb", "a\u202eb", "ﬁ", "ß", "ſ", "\u212a", /* Kelvin */
		"ເ" /* Lao */, "😀", "\u0e3f" /* baht sign */, "a\xffb",
	} {
		p := c.post("/register", credentials(name, password)).problem(422, "invalid")
		if p.Errors["username"] == "" {
			t.Errorf("%q: errors %v", name, p.Errors)
		}
	}
}

func TestSameNameTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, names := range [][]string{
		{"Somchai", "Somchai", "somchai", "SOMCHAI"},
		{"น้ำ", "น้\u0e4d\u0e32"}, // Sara am, and its two parts.
		{"admin2", "ADMIN2"},
	} {
		var tok token
		s.anyone().post("/register", credentials(names[0], password)).want(201).decode(&tok)
		for _, other := range names[1:] {
			s.anyone().post("/register", credentials(other, "another password")).problem(409, "username-taken")
			var got token
			s.anyone().post("/login", credentials(other, password)).want(200).decode(&got)
			if got.SessionID != tok.SessionID || got.Username != names[0] {
				t.Errorf("login as %q: %+v", other, got)
			}
		}
	}
	s.anyone().post("/register", credentials("Admin", password)).problem(409, "username-taken")
}

func TestOneNameRegisteredAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	var mu sync.Mutex
	statuses := map[int]int{}
	parallel(20, func(i int) {
		name := []string{"same", "SAME", "Same"}[i%3]
		a, err := s.anyone().try("POST", "/register", "application/json",
			strings.NewReader(`{"username":"`+name+`","password":"a long password"}`), -1)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
			return
		}
		statuses[a.status]++
	})
	// A busy server refuses some with 503.
	if statuses[201] != 1 || statuses[201]+statuses[409]+statuses[503] != 20 {
		t.Errorf("statuses %v", statuses)
	}
}

// parallel calls f n times at once and waits for all.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func TestPasswordLength(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	for i, c := range []struct {
		password string
		ok       bool
	}{
		{"", false},
		{strings.Repeat("x", 7), false},
		{strings.Repeat("x", 8), true},
		{strings.Repeat("x", 128), true},
		{strings.Repeat("x", 129), false},
		{strings.Repeat("ก", 7), false},
		{strings.Repeat("ก", 8), true},
		{strings.Repeat("ก", 128), true},
		{strings.Repeat("ก", 129), false},
		{strings.Repeat("x", 1<<20), false},
	} {
		a := s.anyone().post("/register", credentials("u"+strconv.Itoa(i), c.password))
		if c.ok {
			a.want(201)
			s.login("u"+strconv.Itoa(i), c.password)
			continue
		}
		if len(c.password) > 1<<16 && a.status == 413 {
			continue // A body that long may be refused before it is read.
		}
		if p := a.problem(422, "invalid"); p.Errors["password"] == "" {
			t.Errorf("%d: errors %v", i, p.Errors)
		}
	}
	s.register("a")
	long := time.Now()
	a := s.anyone().post("/login", credentials("a", strings.Repeat("x", 129)))
	if a.status != 401 && a.status != 422 {
		t.Errorf("login with 129 characters: %d in %v", a.status, time.Since(long))
	}
}

func TestBadJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{"/register", "/login"} {
		for _, text := range []string{
			"", "{", "null", "[]", `"a"`, `{"username":1,"password":"12345678"}`, `{"username":"a"}`, `{"password":"12345678"}`,
			`{"username":null,"password":null}`, `{"username":"a","password":"12345678"} trailing`, "\xff\xfe",
			strings.Repeat("[", 5000),
		} {
			a := s.anyone().send("POST", path, "application/json", strings.NewReader(text), -1)
			if path == "/login" && a.status == 401 {
				continue // An empty name is a wrong one.
			}
			a.problem(422, "invalid")
		}
		a := s.anyone().send("POST", path, "image/png", strings.NewReader("x"), -1)
		if a.status != 415 && a.status != 422 {
			t.Errorf("%s with a picture: %d", path, a.status)
		}
	}
}

// TestLargeBodies sends more than any small request needs, with a length and
// without one.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	admin := s.admin()
	before := s.peak()
	const size = 32 << 20
	for _, path := range []string{"/register", "/login", "/logout", "/admin/sessions/user_admin/reset", "/nothing"} {
		for _, known := range []int64{size, -1} {
			a, err := admin.try("POST", path, "application/json", io.LimitReader(zeros{}, size), known)
			if err != nil {
				continue // The server may hang up on it; that it lives is checked below.
			}
			if a.status < 400 || a.status >= 500 {
				t.Errorf("%s with %d: %d", path, known, a.status)
			}
		}
	}
	s.anyone().get("/healthz").want(200)
	if peak := s.peak(); peak > before+size/2 {
		t.Errorf("peak memory grew from %d to %d MB", before>>20, peak>>20)
	}
}

func TestTooManyFailures(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	s.register("b")
	for range 5 {
		s.anyone().post("/login", credentials("a", "not the password")).problem(401, "bad-credentials")
	}
	for _, pass := range []string{"not the password", password} {
		a := s.anyone().post("/login", credentials("A", pass))
		a.problem(429, "too-many-attempts")
		if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 15*60 {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
	}
	s.login("b", password)
	page := s.anyone().with("Accept", "text/html").post("/login", form("a", password)).want(429)
	if alert := alert(t, page); alert == "" {
		t.Error("no alert on the page")
	}
}

func TestTooManyFailuresFromOneAddress(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("b")
	for i := range 30 {
		s.anyone().post("/login", credentials("nobody"+strconv.Itoa(i), "not the password")).problem(401, "bad-credentials")
	}
	s.anyone().post("/login", credentials("b", password)).problem(429, "too-many-attempts")
}

// TestFailuresAtOnce tries many passwords in one moment: the limit holds even
// though all of them begin before any has failed.
func TestFailuresAtOnce(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	var mu sync.Mutex
	statuses := map[int]int{}
	parallel(40, func(int) {
		a, err := s.anyone().try("POST", "/login", "application/json",
			strings.NewReader(`{"username":"a","password":"not the password"}`), -1)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
			return
		}
		statuses[a.status]++
	})
	// A busy server refuses some with 503.
	if statuses[401] > 5 || statuses[401]+statuses[429]+statuses[503] != 40 {
		t.Errorf("statuses %v", statuses)
	}
}

// TestRightLoginsAtOnce has nobody throttled for the logins of others. A busy
// server may refuse some.
func TestRightLoginsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	parallel(200, func(int) {
		a, err := s.anyone().try("POST", "/login", "application/json",
			strings.NewReader(`{"username":"a","password":"`+password+`"}`), -1)
		if err != nil || a.status != 200 && a.status != 503 {
			t.Errorf("login: %v %+v", err, a)
		}
	})
	s.login("a", password)
}

func TestForwardedFor(t *testing.T) {
	t.Parallel()
	fail := func(s *server, from string) *answer {
		return s.anyone().with("X-Forwarded-For", from).post("/login", credentials("a", "not the password"))
	}
	t.Run("from anyone", func(t *testing.T) {
		t.Parallel()
		s := attacked(t)
		s.register("a")
		for i := range 5 {
			fail(s, "203.0.113."+strconv.Itoa(i)).want(401)
		}
		fail(s, "203.0.113.99").want(429)
	})
	t.Run("from a trusted proxy", func(t *testing.T) {
		t.Parallel()
		s := attacked(t, "--trusted-proxies=127.0.0.0/8,10.0.0.0/8")
		s.register("a")
		for i := range 5 {
			// The client made up the first address; the proxies added the rest.
			fail(s, "198.51.100."+strconv.Itoa(i)+", 203.0.113.1, 10.0.0.7").want(401)
		}
		fail(s, "203.0.113.1").want(429)
		elsewhere := s.anyone().with("X-Forwarded-For", "203.0.113.2")
		elsewhere.post("/login", credentials("a", password)).want(200)
	})
	t.Run("malformed from a trusted proxy", func(t *testing.T) {
		t.Parallel()
		s := attacked(t, "--trusted-proxies=127.0.0.1/32")
		for _, from := range []string{"", ",", "nonsense", "1.2.3.4.5", strings.Repeat("1.1.1.1,", 500), "::1%eth0"} {
			s.anyone().with("X-Forwarded-For", from).post("/login", credentials("nobody", "not the password")).want(401)
		}
	})
}

func TestSignupsPerHour(t *testing.T) {
	t.Parallel()
	s := start(t, "--signups-per-hour=2", "--trusted-proxies=127.0.0.1/32")
	from := func(addr, name string) *answer {
		return s.anyone().with("X-Forwarded-For", addr).post("/register", credentials(name, password))
	}
	from("203.0.113.1", "a").want(201)
	from("203.0.113.1", "b").want(201)
	a := from("203.0.113.1", "c")
	a.problem(429, "too-many-attempts")
	if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 3600 {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	from("203.0.113.2", "c").want(201)
}

func TestClosedRegistration(t *testing.T) {
	t.Parallel()
	s := start(t, "--registration=closed")
	s.anyone().post("/register", credentials("a", password)).problem(403, "registration-closed")
	s.anyone().post("/login", credentials("a", password)).problem(401, "bad-credentials")
	s.admin()
}

func TestTokens(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef0123456789abcdef"
	s := attacked(t, "--jwt-secret="+secret)
	c := s.register("a")
	genuine := strings.TrimPrefix(c.header.Get("Authorization"), "Bearer ")
	parts := strings.Split(genuine, ".")
	header, claims := segment(t, parts[0]), segment(t, parts[1])
	if header["alg"] != "HS256" {
		t.Errorf("header %v", header)
	}
	for _, name := range []string{"iss", "aud", "exp", "jti", "sub"} {
		if claims[name] == nil {
			t.Errorf("no %s in %v", name, claims)
		}
	}
	now := time.Now().Unix()
	without := func(name string) jwt.MapClaims {
		m := jwt.MapClaims(maps.Clone(claims))
		delete(m, name)
		return m
	}
	changed := func(name string, value any) jwt.MapClaims {
		m := without(name)
		m[name] = value
		return m
	}
	sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	hs256 := func(claims jwt.MapClaims) string { return sign(jwt.SigningMethodHS256, []byte(secret), claims) }
	use := func(text string) *answer {
		return s.anyone().with("Authorization", text).get("/user/session")
	}
	use("Bearer " + hs256(claims)).want(200)
	use("bearer " + genuine).want(200)
	for name, text := range map[string]string{
		"alg none":          sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims),
		"no signature":      parts[0] + "." + parts[1] + ".",
		"other signature":   parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
		"wrong secret":      sign(jwt.SigningMethodHS256, []byte("another secret of some length....."), claims),
		"empty secret":      sign(jwt.SigningMethodHS256, []byte{}, claims),
		"HS384":             sign(jwt.SigningMethodHS384, []byte(secret), claims),
		"HS512":             sign(jwt.SigningMethodHS512, []byte(secret), claims),
		"expired":           hs256(changed("exp", now-60)),
		"expiry missing":    hs256(without("exp")),
		"expiry is text":    hs256(changed("exp", "later")),
		"audience wrong":    hs256(changed("aud", "somebody else")),
		"audience missing":  hs256(without("aud")),
		"issuer wrong":      hs256(changed("iss", "somebody else")),
		"issuer missing":    hs256(without("iss")),
		"id missing":        hs256(without("jti")),
		"subject missing":   hs256(without("sub")),
		"subject unknown":   hs256(changed("sub", "999999")),
		"subject a number":  hs256(changed("sub", 12.5)),
		"not yet valid":     hs256(changed("nbf", now+3600)),
		"issued tomorrow":   hs256(changed("iat", now+86400)),
		"not a token":       "abc",
		"empty":             "",
		"many dots":         strings.Repeat(".", 3000),
		"a very long token": strings.Repeat("a", 3000),
	} {
		if a := use("Bearer " + text); a.status != 401 {
			t.Errorf("%s: status %d", name, a.status)
		}
	}
	for _, other := range []string{genuine, "Basic " + base64.StdEncoding.EncodeToString([]byte("a:"+password)), "Bearer", "Bearer  "} {
		if a := use(other); a.status != 401 {
			t.Errorf("Authorization %.20q: status %d", other, a.status)
		}
	}
	s.anyone().get("/user/session?access_token=" + genuine).want(401)
}

// segment decodes one part of a token.
func segment(t *testing.T, text string) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTokenOfAnotherServer(t *testing.T) {
	t.Parallel()
	one, two := start(t), start(t)
	c := one.register("a")
	two.register("a")
	two.anyone().with("Authorization", c.header.Get("Authorization")).get("/user/session").want(http.StatusUnauthorized)
}
