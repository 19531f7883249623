package e2e

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
)

// TestContentTypes is attack 38: a body of a type that is not read is 415 on every
// route that reads one, whatever the path leads to.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.register("a").accepted("a.wav", wav(100, 1)).Video.ID
	// Each has a token of its own, since some requests would end it.
	for _, route := range []string{
		"POST /login", "POST /register", "POST /logout", "POST /language", "POST /account/password", "POST /account/tokens",
		"POST /account/sign-ins/end", "POST /videos/" + id + "/subtitles", "PUT /videos/" + id + "/subtitles",
		"POST /videos/" + id + "/subtitles/restore", "POST /videos/" + id + "/subtitles/file", "POST /videos/" + id + "/delete",
		"POST /upload-video", "POST /admin/users", "PATCH /admin/users/a", "PUT /admin/sessions/user_a/limits",
		"POST /admin/sessions/user_a/correct", "POST /admin/sessions/user_a/reset", "POST /admin/sessions/reset",
		"PUT /admin/sessions/limits", "POST /admin/sessions/limits",
	} {
		method, path, _ := strings.Cut(route, " ")
		c := s.login("a", password)
		if strings.HasPrefix(path, "/admin") {
			c = s.admin()
		}
		for _, kind := range []string{"application/xml", "text/html", "application/json5", "image/png", "multipart/mixed; boundary=x", "%%%", ""} {
			c.send(method, path, kind, strings.NewReader(`{"username":"a"}`), -1).problem(415, "wrong-content-type")
		}
	}
	// A type with parameters, and none where there is no body.
	s.anyone().send("POST", "/login", "Application/JSON; charset=utf-8", strings.NewReader(`{"username":"a","password":"`+password+`"}`), -1).want(200)
	s.admin().post("/admin/sessions/user_a/reset", nil).want(200)
}

// TestBrokenForms is attack 30 for the small forms: what cannot be read is 400, and
// no empty form.
func TestBrokenForms(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	id := c.accepted("a.wav", wav(100, 1)).Video.ID
	fields := func(n int) string {
		return strings.Repeat(part{"x", "", "y"}.header()+"y\r\n", n)
	}
	for name, test := range map[string]struct{ kind, body string }{
		"10,000 parts":         {multipartType, fields(10_000) + closing},
		"101 parts":            {multipartType, fields(101) + closing},
		"no closing boundary":  {multipartType, fields(1)},
		"another boundary":     {"multipart/form-data; boundary=other", fields(1) + closing},
		"no boundary":          {"multipart/form-data; x=y", fields(1) + closing},
		"a huge part head":     {multipartType, "--" + boundary + "\r\nX: " + strings.Repeat("x", 30<<10) + "\x00\r\n\r\ny\r\n" + closing},
		"not a form":           {multipartType, "username=a"},
		"a part without a end": {multipartType, "--" + boundary + "\r\nContent-Disp"},
	} {
		for _, path := range []string{"/login", "/register", "/account/tokens", "/videos/" + id + "/subtitles/file"} {
			if len(test.body) > 64<<10 && !strings.HasSuffix(path, "/file") {
				c.send("POST", path, test.kind, strings.NewReader(test.body), -1).problem(413, "body-too-large")
				continue
			}
			a := c.send("POST", path, test.kind, strings.NewReader(test.body), -1)
			if a.status != 400 || !bytes.Contains(a.body, []byte("malformed-request")) {
				t.Errorf("%s: %s: %d %s", name, path, a.status, head(a.body))
			}
		}
	}
	var whole bytes.Buffer
	w := multipart.NewWriter(&whole)
	for name, value := range map[string]string{"username": "a", "password": password} {
		field, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"`}})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = field.Write([]byte(value)) // To a buffer it never fails.
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.anyone().send("POST", "/login", w.FormDataContentType(), &whole, -1).want(200)
}

// TestUnknownQueries asks every route that is described with a parameter that it
// does not know.
func TestUnknownQueries(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	document, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	admin := s.admin()
	id := admin.accepted("a.wav", wav(100, 1)).Video.ID
	for _, op := range document.operations {
		path := strings.NewReplacer("{username}", "a", "/admin/sessions/{id}", "/admin/sessions/user_a", "{id}", id).Replace(op.path)
		c := admin
		if strings.HasPrefix(path, "/files") {
			c = c.tus()
		}
		method := op.method
		if method == "GET" {
			c.do("HEAD", path+"?utm_source=x", nil).want(422)
		}
		kind, body := "", ""
		if path == "/upload-video" {
			kind, body = multipartType, closing
		}
		a := c.send(method, path+"?utm_source=x&"+escape("ไทย")+"=1", kind, strings.NewReader(body), -1)
		if method == "HEAD" {
			a.want(422)
			continue
		}
		if p := a.problem(422, "invalid"); p.Errors["utm_source"] == "" || p.Errors["ไทย"] == "" || len(p.Errors) != 2 {
			t.Errorf("%s %s: %+v", method, path, p.Errors)
		}
	}
	admin.get("/videos/" + id).want(200) // Nothing was done by that.
	admin.get("/admin/sessions?q=a&filter=&sort=username&limit=5").want(200)

	// Nobody is told of a parameter before a token, and none is taken from there.
	token := bearer(admin)
	s.anyone().get("/user/session?access_token="+token).problem(401, "unauthenticated")
	s.anyone().get("/nothing?utm_source=x").problem(404, "not-found")
	// The answer has a bound.
	many := url.Values{}
	for i := range 200 {
		many.Set(fmt.Sprint("p", i), "1")
	}
	if p := admin.get("/limits?"+many.Encode()).problem(422, "invalid"); len(p.Errors) > 20 {
		t.Errorf("%d errors", len(p.Errors))
	}
	// Pages stay usable.
	html := s.browser("a", password).with("Accept", "text/html")
	for _, path := range []string{"/", "/videos", "/account", "/docs", "/login"} {
		if a := html.get(path + "?utm_source=x&fbclid=y"); a.status >= 400 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	html.with("HX-Request", "true").get("/videos?_=1").want(200)
}
