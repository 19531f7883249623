package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// gzipped packs data so many times over.
func gzipped(t *testing.T, data []byte, times int) []byte {
	t.Helper()
	for range times {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		data = b.Bytes()
	}
	return data
}

// TestPackedBodies sends small bodies that unpack to hundreds of megabytes.
func TestPackedBodies(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	bomb := gzipped(t, make([]byte, 100<<20), 2)
	form := gzipped(t, []byte(strings.Repeat("username=admin&", 1<<20)), 1)
	for _, path := range []string{"/login", "/register", "/language"} {
		for kind, data := range map[string][]byte{"application/json": bomb, "application/x-www-form-urlencoded": form[:min(len(form), 60_000)]} {
			for _, encoding := range []string{"gzip", "gzip, gzip", "br", "deflate", "zstd"} {
				c := s.anyone().with("Content-Encoding", encoding)
				c.send("POST", path, kind, bytes.NewReader(data), -1).problem(415, "encoded-body")
			}
		}
	}
	if peak := s.peak(); peak > 256<<20 && !raceEnabled {
		t.Errorf("peak memory %d MB", peak>>20)
	}
	s.register("a")
}

// TestNext leads nowhere but to this site.
func TestNext(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	html := s.anyone().with("Accept", "text/html")
	for next, want := range map[string]string{
		"/videos?cursor=x":           "/videos?cursor=x",
		"//evil.test":                "/",
		`/\evil.test`:                "/",
		"https://evil.test/":         "/",
		"/%2Fevil.test/\"":           "/",
		"/%5Cevil.test/\"":           "/%5Cevil.test/%22",
		"/\t/evil.test":              "/",
		"javascript:alert(1)":        "/",
		"evil.test":                  "/",
		"/a%0d%0aSet-Cookie:%20x=y":  "/a%0d%0aSet-Cookie:%20x=y",
		"https:evil.test":            "/",
		"///evil.test":               "/",
		"/.//evil.test":              "/.//evil.test",
		"http://user@evil.test:80//": "/",
	} {
		a := html.post("/language", url.Values{"lang": {"en"}, "next": {next}}).want(303)
		if got := a.header.Get("Location"); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// TestForwardedLines has a proxy that adds a header line of its own to the one
// that the client made up.
func TestForwardedLines(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--trusted-proxies=127.0.0.1/32")
	last := 0
	for i := range 6 {
		body := `{"username":"admin","password":"wrong password"}`
		conn := s.dial()
		fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Forwarded-For: 10.0.%d.1\r\n"+
			"X-Forwarded-For: 203.0.113.7\r\nContent-Length: %d\r\n\r\n%s", i, len(body), body)
		last = readResponse(t, conn).StatusCode
	}
	if last != 429 {
		t.Errorf("the sixth attempt got %d, want 429", last)
	}
}

// TestForwardedPorts has a proxy that names the port too. Who guesses from one
// address locks nobody else out.
func TestForwardedPorts(t *testing.T) {
	t.Parallel()
	s := start(t, "--trusted-proxies=127.0.0.1/32")
	for name, from := range map[string][3]string{
		"X-Forwarded-For": {"203.0.113.9:5%04d", "198.51.100.7:51234", "[2001:db8::1]:443"},
		"Forwarded":       {`for="203.0.113.10:5%04d";proto=https`, "for=198.51.100.8", `for="[2001:db8:1::1]:443"`},
	} {
		s.register(name)
		try := func(from string) *answer {
			return s.anyone().with(name, from).post("/login", credentials(name, "wrong password"))
		}
		for i := range 5 {
			try(fmt.Sprintf(from[0], i)).want(401)
		}
		try(fmt.Sprintf(from[0], 9)).problem(429, "too-many-attempts")
		try(from[1]).want(401)
		try(from[2]).want(401)
	}
}

// TestLongPassword is about letters that take two code points as typed and one
// when they are put together.
func TestLongPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	long := strings.Repeat("e\u0301", 128)
	s.anyone().post("/register", credentials("a", long)).want(201)
	s.anyone().post("/login", credentials("a", long)).want(200)
	s.anyone().post("/login", credentials("a", long+"x")).problem(422, "invalid")
}

// TestLoginFromElsewhere tries to sign a browser in from another site.
func TestLoginFromElsewhere(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	foreign := s.anyone().with("Origin", "http://evil.test")
	for _, scheme := range []string{"Basic YTpi", "Negotiate x", "bearerx y"} {
		foreign.with("Authorization", scheme).post("/login", form("a", password)).problem(403, "cross-origin")
	}
	// Nor does a link that somebody prepared decide who signs in.
	link := "/login?username=admin&password=" + url.QueryEscape(adminPassword)
	s.anyone().post(link, form("a", password)).problem(422, "invalid")
	c := s.anyone()
	c.with("Accept", "text/html").post(link, form("a", password)).want(303)
	if got := c.session().Username; got != "a" {
		t.Errorf("signed in as %q", got)
	}
}

// TestRangeOfAnyPath asks for a range under other spellings of the path, which
// the router takes too.
func TestRangeOfAnyPath(t *testing.T) {
	t.Parallel()
	c := start(t).register("a")
	data := wav(3000, 1)
	id := c.accepted("a.wav", data).Video.ID
	for _, path := range []string{"/file", "/file/", "/FILE"} {
		a := c.with("Range", "bytes=0-9999").with("Accept-Encoding", "gzip").get("/videos/" + id + path).want(206)
		if encoding := a.header.Get("Content-Encoding"); encoding != "" || !bytes.Equal(a.body, data[:10_000]) {
			t.Errorf("%s: %d bytes, packed with %q", path, len(a.body), encoding)
		}
	}
}

// TestHeadHasNoBody reads all that follows the head of an error.
func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn := s.dial()
	fmt.Fprint(conn, "HEAD /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
	if closer, ok := conn.(interface{ CloseWrite() error }); ok {
		if err := closer.CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	var all bytes.Buffer
	if _, err := all.ReadFrom(conn); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := strings.Cut(all.String(), "\r\n\r\n"); body != "" || !strings.HasPrefix(all.String(), "HTTP/1.1 404 ") {
		t.Errorf("got %q", all.String())
	}
}
