package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gensubtitle/internal/apidoc"
	"gensubtitle/internal/waittest"
	"gensubtitle/static"
)

// The ids that the examples show. A reader puts one of their own there.
const (
	exampleVideo  = "019b9126-4d6e-7c3a-9a51-6b1f0c2d3e4f"
	exampleSignIn = "7f6a9c1e-52b0-4a5e-9d7c-2f8d1f0b6a11"
)

// examples runs the commands of the page in a shell.
type examples struct {
	t      *testing.T
	s      *server
	e      *engine
	folder string
	held   chan struct{}
}

// TestDocsExamples runs every command of /docs as somebody pastes it. It gets the
// first good answer that the document promises.
func TestDocsExamples(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 0.9, "hello"))
	s := start(t, e.flags("--max-videos=100", "--max-duration-minutes=100", "--max-unfinished-uploads=50")...)
	x := &examples{t: t, s: s, e: e, folder: t.TempDir(), held: make(chan struct{})}
	t.Cleanup(func() { close(x.held) })
	if err := os.WriteFile(filepath.Join(x.folder, "video.mp4"), read(t, clip(t, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	// curl reads its settings there: the answer goes to two files.
	settings := "silent\ndump-header = head\noutput = body\n"
	if err := os.WriteFile(filepath.Join(x.folder, ".curlrc"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	document, err := apidoc.Read(static.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for n := range parse(t, s.anyone().with("Accept", "text/html").get("/docs").want(200)).Descendants() {
		if n.Parent != nil && n.Parent.Data == "pre" || n.Parent != nil && n.Parent.Parent != nil && n.Parent.Parent.Data == "pre" {
			shown[strings.TrimSpace(n.Data)] = true
		}
	}
	for _, group := range document.Groups {
		for _, o := range group.Operations {
			if !shown[o.Curl] {
				t.Errorf("%s: the page does not show\n%s", o.ID, o.Curl)
			}
			x.run(o)
			if o.ID == "login" { // Then john is there, whom the others are about.
				s.register("jane")
				s.register("mona")
			}
			if o.ID == "changePassword" {
				s.login("mona", "a longer password").post("/account/password",
					map[string]string{"old_password": "a longer password", "new_password": password}).want(200)
			}
		}
	}
}

// run makes what an example takes to be there, runs it and looks at the answer.
func (x *examples) run(o apidoc.Operation) {
	x.t.Helper()
	command := x.prepare(o)
	shell := waittest.Command(x.t, "sh", "-c", command)
	shell.Dir = x.folder
	shell.Env = append(os.Environ(), "CURL_HOME="+x.folder, "URL=http://"+x.s.addr, "TOKEN="+x.token(o))
	if out, err := shell.CombinedOutput(); err != nil {
		x.t.Errorf("%s: %v: %s\n%s", o.ID, err, out, command)
		return
	}
	req := &http.Request{Method: o.Method, URL: pathOf(x.t, command), Header: http.Header{}}
	res, body := x.answer(req)
	if want := firstGood(o); res.Status[:3] != want {
		x.t.Errorf("%s: %s, want %s: %s\n%s", o.ID, res.Status, want, head(body), command)
		return
	}
	described, err := readDocument()
	if err != nil {
		x.t.Fatal(err)
	}
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if err := described.check(req, res, kind, body); err != nil {
		x.t.Errorf("%s: not as described: %v\n%s", o.ID, err, head(body))
	}
}

// token is that of an admin where one is needed, and else of the user.
func (x *examples) token(o apidoc.Operation) string {
	switch {
	case o.Access == apidoc.Anyone:
		return ""
	case o.Access == apidoc.AdminOnly:
		return bearer(x.s.admin())
	}
	return bearer(x.mona())
}

// mona is a user with room for all that is uploaded. Some examples end tokens.
func (x *examples) mona() *client { return x.s.login("mona", password) }

func bearer(c *client) string { return strings.TrimPrefix(c.header.Get("Authorization"), "Bearer ") }

// prepare returns the command with ids of what is there.
func (x *examples) prepare(o apidoc.Operation) string {
	x.t.Helper()
	mona := x.s.anyone()
	if strings.Contains(o.Curl, exampleVideo) || strings.Contains(o.Curl, exampleSignIn) {
		mona = x.mona()
	}
	video := func() string { return mona.accepted("a.mp4", read(x.t, clip(x.t, 1))).Video.ID }
	id := ""
	switch {
	case o.ID == "endSignIn":
		var list struct {
			SignIns []struct{ ID string } `json:"sign_ins"`
		}
		mona.get("/account/sign-ins").want(200).decode(&list)
		id = list.SignIns[0].ID
	case o.ID == "revokeToken":
		var made struct{ ID string }
		mona.post("/account/tokens", map[string]any{"name": "a", "scope": "read", "expires_in_days": 1}).want(201).decode(&made)
		id = made.ID
	case o.ID == "changeUser", o.ID == "deleteUser":
		// The examples that follow are about john too.
		return strings.Replace(o.Curl, "/admin/users/john", "/admin/users/mali", 1)
	case o.ID == "correctUsage":
		x.s.admin().post("/admin/sessions/user_john/correct",
			map[string]any{"videos_count": 5, "total_duration": 600, "reason": "a test"}).want(200)
	case o.ID == "retrySubtitleJob":
		x.e.answers(answerStatus(http.StatusBadRequest))
		id = video()
		mona.awaits(id, "failed")
	case o.ID == "cancelSubtitleJob":
		x.e.answers(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-x.held:
			case <-r.Context().Done():
			}
		})
		id = video()
		mona.awaits(id, "running")
	case o.ID == "takeSubtitleTrack":
		id = mona.accepted("film.mkv", read(x.t, film(x.t))).Video.ID
	case strings.HasPrefix(o.Path, "/files/"):
		id = strings.TrimPrefix(mona.created("a.mp4", int64(len(read(x.t, clip(x.t, 1))))), "/files/")
	case strings.Contains(o.Path, "/subtitle") && strings.HasPrefix(o.Path, "/videos/{id}"):
		id = video()
		mona.awaits(id, "done")
	case strings.HasPrefix(o.Path, "/videos/{id}"):
		id = video()
	}
	return strings.NewReplacer(exampleVideo, id, exampleSignIn, id).Replace(o.Curl)
}

// pathOf finds the address in a command.
func pathOf(t *testing.T, command string) *url.URL {
	t.Helper()
	_, rest, _ := strings.Cut(command, `"$URL`)
	path, _, _ := strings.Cut(rest, `"`)
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// answer is what curl wrote down.
func (x *examples) answer(req *http.Request) (*http.Response, []byte) {
	x.t.Helper()
	head := read(x.t, filepath.Join(x.folder, "head"))
	if rest, ok := bytes.CutPrefix(head, []byte("HTTP/1.1 100 Continue\r\n\r\n")); ok {
		head = rest
	}
	body, err := os.ReadFile(filepath.Join(x.folder, "body"))
	if err != nil && !os.IsNotExist(err) {
		x.t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(x.folder, "body")); err != nil {
		x.t.Fatal(err)
	}
	if req.Method == http.MethodHead {
		body = nil
	}
	res, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(body))), req)
	if err != nil {
		x.t.Fatalf("%s: %v\n%s", req.URL, err, head)
	}
	_ = res.Body.Close()
	return res, body
}

// firstGood is the status that comes first in the document and is no error.
func firstGood(o apidoc.Operation) string {
	for _, a := range o.Answers {
		if a.Good() {
			return a.Status
		}
	}
	return ""
}
