package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// password is what every test user has.
const password = "a long password"

// patience is how long a test waits for what should take a moment.
const patience = waittest.Limit

// client sends requests to one server, with the headers and cookies of one
// person. It follows no redirects.
type client struct {
	t      testing.TB
	s      *server
	http   *http.Client
	header http.Header
}

// answer is a response that was read to its end.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

type (
	usage struct {
		Videos            int     `json:"videos_count"`
		Duration          float64 `json:"total_duration"`
		RemainingVideos   int     `json:"remaining_videos"`
		RemainingDuration float64 `json:"remaining_duration"`
	}
	limits struct {
		Videos   int     `json:"maxVideos"`
		Minutes  float64 `json:"maxDurationMinutes"`
		FileSize float64 `json:"maxFileSizeMB"`
	}
	session struct {
		ID           string `json:"session_id"`
		Username     string `json:"username"`
		Usage        usage  `json:"usage"`
		Limits       limits `json:"limits"`
		Role         string `json:"role"`
		Disabled     bool   `json:"disabled"`
		CreatedAt    string `json:"created_at"`
		UpdatedAt    string `json:"updated_at"`
		LastUploadAt string `json:"last_upload_at"`
	}
	video struct {
		ID        string  `json:"id"`
		Filename  string  `json:"filename"`
		Size      int64   `json:"size_bytes"`
		Duration  float64 `json:"duration_seconds"`
		Container string  `json:"container"`
		Status    string  `json:"status"`
		CreatedAt string  `json:"created_at"`
	}
	uploaded struct {
		SessionID string `json:"session_id"`
		Video     video  `json:"video"`
		Usage     usage  `json:"usage"`
		Limits    limits `json:"limits"`
	}
	problem struct {
		Type   string            `json:"type"`
		Title  string            `json:"title"`
		Status int               `json:"status"`
		Detail string            `json:"detail"`
		Errors map[string]string `json:"errors"`
		Usage  *usage            `json:"usage"`
		Limits *limits           `json:"limits"`
	}
	token struct {
		Username  string `json:"username"`
		SessionID string `json:"session_id"`
		Token     string `json:"access_token"`
		Type      string `json:"token_type"`
		ExpiresIn int    `json:"expires_in"`
	}
)

// anyone is a client that is not signed in and keeps cookies.
func (s *server) anyone() *client {
	jar, _ := cookiejar.New(nil) // New never fails.
	c := &http.Client{
		Jar:           jar,
		Transport:     s.transport(),
		Timeout:       120 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &client{t: s.t, s: s, http: c, header: http.Header{}}
}

// transport holds what the program answers against its own description.
func (s *server) transport() http.RoundTripper {
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	s.t.Cleanup(transport.CloseIdleConnections)
	if s.cmd == nil {
		return transport // It is not the program that answers here.
	}
	return described{s.t, transport}
}

// with is the same client with one more header.
func (c *client) with(key, value string) *client {
	d := *c
	d.header = maps.Clone(c.header)
	d.header.Set(key, value)
	return &d
}

// register creates an account and signs in with its token.
func (s *server) register(name string) *client {
	s.t.Helper()
	var tok token
	s.anyone().post("/register", credentials(name, password)).want(201).decode(&tok)
	return s.anyone().with("Authorization", "Bearer "+tok.Token)
}

// login signs in with a token.
func (s *server) login(name, pass string) *client {
	s.t.Helper()
	var tok token
	s.anyone().post("/login", credentials(name, pass)).want(200).decode(&tok)
	return s.anyone().with("Authorization", "Bearer "+tok.Token)
}

func (s *server) admin() *client {
	s.t.Helper()
	return s.login("admin", adminPassword)
}

// browser signs in as a browser without JavaScript does: it sends the form,
// and a cookie comes back. Its requests ask for JSON unless told otherwise.
func (s *server) browser(name, pass string) *client {
	s.t.Helper()
	c := s.anyone()
	html := c.with("Accept", "text/html")
	html.post("/login", form(name, pass)).want(303)
	return c
}

func credentials(name, pass string) map[string]string {
	return map[string]string{"username": name, "password": pass}
}

func form(name, pass string) url.Values {
	return url.Values{"username": {name}, "password": {pass}}
}

func (c *client) get(path string) *answer {
	c.t.Helper()
	return c.do("GET", path, nil)
}

func (c *client) post(path string, body any) *answer {
	c.t.Helper()
	return c.do("POST", path, body)
}

// do sends one request. A url.Values body goes as a form, a nil one not at
// all, any other as JSON.
func (c *client) do(method, path string, body any) *answer {
	c.t.Helper()
	switch b := body.(type) {
	case nil:
		return c.send(method, path, "", nil, -1)
	case url.Values:
		return c.sendInTurn(method, path, "application/x-www-form-urlencoded", b.Encode())
	default:
		data, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		return c.sendInTurn(method, path, "application/json", string(data))
	}
}

// sendInTurn is send for what may have to wait for its turn: a slow machine
// cannot hash the passwords of several requests at once.
func (c *client) sendInTurn(method, path, kind, body string) *answer {
	c.t.Helper()
	for deadline := time.Now().Add(waittest.Limit); ; {
		a := c.send(method, path, kind, strings.NewReader(body), -1)
		if !a.busy() || !time.Now().Before(deadline) {
			return a
		}
	}
}

// busy tells whether the answer says that others had every turn.
func (a *answer) busy() bool {
	return a.status == http.StatusServiceUnavailable && bytes.Contains(a.body, []byte(`"urn:gensubtitle:busy"`))
}

// send sends a body as it is. A size below zero leaves the length to the
// library: known for buffers, chunked for other readers.
func (c *client) send(method, path, kind string, body io.Reader, size int64) *answer {
	c.t.Helper()
	a, err := c.try(method, path, kind, body, size)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// try is send for requests that may fail to get an answer. It is safe to call
// from several goroutines.
func (c *client) try(method, path, kind string, body io.Reader, size int64) (*answer, error) {
	req, err := http.NewRequest(method, c.s.url(path), body)
	if err != nil {
		return nil, err
	}
	if size >= 0 {
		req.ContentLength = size
	}
	maps.Copy(req.Header, c.header)
	req.Host = c.header.Get("Host")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &answer{c.t, method + " " + path, res.StatusCode, res.Header, data}, nil
}

// want checks the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.status, status, head(a.body))
	}
	return a
}

// problem checks for an RFC 9457 answer with this status and type, whose
// members are all there.
func (a *answer) problem(status int, kind string) problem {
	a.t.Helper()
	a.want(status)
	var p problem
	a.decode(&p)
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		a.t.Errorf("%s: Content-Type %q", a.what, got)
	}
	if p.Type != "urn:gensubtitle:"+kind || p.Status != status || p.Title == "" || p.Detail == "" {
		a.t.Errorf("%s: problem %s, want type %s", a.what, head(a.body), kind)
	}
	return p
}

func (a *answer) decode(into any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		a.t.Fatalf("%s: %v in %s", a.what, err, head(a.body))
	}
}

// session reads the caller's quota session.
func (c *client) session() session {
	c.t.Helper()
	var s session
	c.get("/user/session").want(200).decode(&s)
	return s
}

// videos reads the first page of the caller's videos.
func (c *client) videos() []video {
	c.t.Helper()
	var list struct{ Videos []video }
	c.get("/videos?limit=100").want(200).decode(&list)
	return list.Videos
}

// head is the beginning of a long text, for messages.
func head(b []byte) []byte {
	return b[:min(len(b), 600)]
}
