package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"gensubtitle/internal/waittest"
)

// SECURITY.md lists all attacks and the tests that hold them. Here are those
// that no other test holds, named by their numbers.

// attacked is start for a server that is attacked. When the test ends it must
// be the same process, below the memory that an attack may cost, with no user
// past the quota and no file that belongs to nothing.
func attacked(t *testing.T, flags ...string) *server {
	t.Helper()
	s := start(t, flags...)
	process, before := s.cmd.Process.Pid, s.peak()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		s.checkQuotas()
		s.checkFiles()
		if s.cmd.Process.Pid != process {
			return // The test itself has ended it.
		}
		if s.dead() {
			t.Errorf("the process ended: %v", s.cmd.ProcessState)
			return
		}
		s.anyone().get("/healthz").want(200)
		if cost := s.peak() - before; cost > mayCost() {
			t.Errorf("it cost %d MB of memory, %d may be", cost>>20, mayCost()>>20)
		}
	})
	return s
}

// mayCost is the memory that an attack may cost. The race detector multiplies
// memory by up to ten.
func mayCost() int64 {
	const most = 300 << 20
	if raceEnabled {
		return 10 * most
	}
	return most
}

// checkQuotas adds up what each quota session has accepted, uploads since a
// reset alone, and holds it against the limits.
func (s *server) checkQuotas() {
	s.t.Helper()
	if s.dead() {
		return
	}
	var most limits
	s.anyone().get("/limits").want(200).decode(&most)
	ctx, cancel := context.WithTimeout(context.Background(), patience) // The test's own has ended.
	defer cancel()
	past, err := s.database().QueryContext(ctx, `SELECT session_id, videos_count, duration_ms FROM quota_sessions
		WHERE videos_count > coalesce(max_videos, $1) OR duration_ms > coalesce(max_duration_ms, $2)`, most.Videos, millis(60*most.Minutes))
	if err != nil {
		s.t.Error(err)
		return
	}
	defer past.Close()
	for past.Next() {
		var id string
		var videos, duration int64
		err := past.Scan(&id, &videos, &duration)
		s.t.Errorf("%s is past its limits with %d videos and %d ms, %v", id, videos, duration, err)
	}
	if err := past.Err(); err != nil {
		s.t.Error(err)
	}
}

// checkFiles waits until database, ledger and files agree.
func (s *server) checkFiles() {
	s.t.Helper()
	eventually(s.t, patience, "files that belong to nothing to go", func() bool {
		code, _, _ := once(s.t.(*testing.T), nil, "check", "--data-dir="+s.dir)
		return code == 0
	})
}

// TestAttack03 signs somebody out by a link.
func TestAttack03(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	c := s.browser("a", password)
	for _, path := range []string{"/logout", "/LOGOUT", "/logout/"} {
		c.get(path).problem(405, "method-not-allowed")
	}
	c.session()
}

// TestAttack09 asks for everything of A as B, and wants the answer that what
// does not exist gets.
func TestAttack09(t *testing.T) {
	t.Parallel()
	s := attacked(t, startEngine(t, spoken(0, 0.4, "hello")).flags()...)
	a, b := s.register("a"), s.register("b")
	video := a.accepted("a.wav", wav(500, 1)).Video.ID
	save(a, video).want(200)
	upload := strings.TrimPrefix(a.created("b.wav", 1000), "/files/")
	const nothing = "01a208e1-72a3-7276-84f8-000000000000"
	for _, r := range [][2]string{
		{"GET", "/videos/%s"},
		{"GET", "/videos/%s/file"},
		{"GET", "/videos/%s/thumbnail"},
		{"DELETE", "/videos/%s"},
		{"GET", "/videos/%s/subtitles"},
		{"POST", "/videos/%s/subtitles"},
		{"PUT", "/videos/%s/subtitles"},
		{"DELETE", "/videos/%s/subtitles"},
		{"POST", "/videos/%s/subtitles/restore"},
		{"GET", "/videos/%s/subtitles.vtt"},
		{"GET", "/videos/%s/subtitles.srt"},
		{"GET", "/videos/%s/subtitles.txt"},
		{"GET", "/videos/%s/subtitles.json"},
		{"GET", "/videos/%s/subtitled.mkv"},
		{"GET", "/videos/%s/subtitled.mp4"},
		{"HEAD", "/files/%s"},
		{"PATCH", "/files/%s"},
		{"DELETE", "/files/%s"},
	} {
		theirs := video
		if strings.HasPrefix(r[1], "/files/") {
			theirs = upload
		}
		send := func(id string) *answer {
			path := fmt.Sprintf(r[1], id)
			switch r[0] {
			case "PUT":
				return save(b, id)
			case "PATCH":
				return b.chunk(path, 0, []byte("x"))
			}
			return b.tus().do(r[0], path, nil)
		}
		of, none := send(theirs), send(nothing)
		if of.status != 404 || none.status != 404 || !bytes.Equal(of.body, none.body) {
			t.Errorf("%s %s: %d %s, what does not exist: %d %s", r[0], r[1], of.status, of.body, none.status, none.body)
		}
	}
	if got := a.subtitleText(video); len(got.Cues) != 1 {
		t.Errorf("the subtitles are %+v", got)
	}
	if at := a.offset("/files/" + upload); at != 0 {
		t.Errorf("the offset is %d", at)
	}
	checkUsage(t, a.session(), 1, 500)
}

// save sends the subtitles of a video.
func save(c *client, id string) *answer {
	c.t.Helper()
	return c.send("PUT", "/videos/"+id+"/subtitles", "text/vtt", strings.NewReader("WEBVTT\n\n00:00.100 --> 00:00.400\nhello\n"), -1)
}

// TestAttack10 asks for the admin's pages as a user under other spellings of
// their paths.
func TestAttack10(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	c.accepted("a.wav", wav(100, 1))
	for _, path := range []string{
		"/ADMIN/sessions", "//admin/sessions", "/%61dmin/sessions", "/%41DMIN/sessions", "/admin%2fsessions", "/admin//sessions",
		"/./admin/sessions", "/x/../admin/sessions", "/admin/./sessions", "/admin;x/sessions", "/admin/sessions;x", "/admin/sessions%00",
		"/static/../admin/sessions", "/admin/sessions/.", "/admin\\sessions", "/admin/sessions?x=/login",
	} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			for _, suffix := range []string{"", "/user_a", "/user_a/reset"} {
				conn := s.dial()
				fmt.Fprintf(conn, "%s %s%s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: 0\r\n\r\n",
					method, path, suffix, c.header.Get("Authorization"))
				line, err := bufio.NewReader(conn).ReadString('\n')
				_ = conn.Close()
				status := strings.TrimPrefix(line, "HTTP/1.1 ")
				if err != nil || !strings.HasPrefix(status, "4") {
					t.Errorf("%s %s%s: %s, %v", method, path, suffix, status, err)
				}
			}
		}
	}
	checkUsage(t, c.session(), 1, 100)
}

// TestAttack13 signs tokens with a key of its own and says in the header where
// the server may find that key.
func TestAttack13(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	token := strings.TrimPrefix(s.register("a").header.Get("Authorization"), "Bearer ")
	claims := jwt.MapClaims(segment(t, strings.Split(token, ".")[1]))
	var asked atomic.Int64
	keys := waittest.Server(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	own := []byte("a key of the attacker, of some length")
	for name, header := range map[string]map[string]any{
		"key in the header":    {"jwk": map[string]string{"kty": "oct", "k": "YSBrZXkgb2YgdGhlIGF0dGFja2VyLCBvZiBzb21lIGxlbmd0aA", "alg": "HS256"}},
		"address of the key":   {"jku": keys.URL + "/keys", "kid": "1"},
		"certificate":          {"x5u": keys.URL + "/cert"},
		"file as the key":      {"kid": "../../../../dev/null"},
		"statement as the key": {"kid": "' UNION SELECT 'x"},
		"critical extension":   {"crit": []string{"exp"}},
		"RS256 without a key":  {"alg": "RS256"},
		"no algorithm":         {"alg": ""},
		"None":                 {"alg": "None"},
	} {
		forged := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
		maps.Copy(forged.Header, header)
		text, err := forged.SignedString(own)
		if err != nil {
			t.Fatal(err)
		}
		s.anyone().with("Authorization", "Bearer "+text).get("/user/session").problem(401, "unauthenticated")
		t.Logf("%s: refused", name)
	}
	for cut := 1; cut < len(token); cut += 7 {
		s.anyone().with("Authorization", "Bearer "+token[:cut]).get("/user/session").problem(401, "unauthenticated")
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the address in a token was asked %d times", n)
	}
}

// TestAttack24 creates a thousand uploads and sends nothing. That they expire is
// TestTusExpiry.
func TestAttack24(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	var mu sync.Mutex
	statuses := map[int]int{}
	parallel(20, func(int) {
		for range 50 {
			a, err := c.tus().with("Upload-Length", "1000").try("POST", "/files/", "", nil, -1)
			mu.Lock()
			if err != nil {
				t.Error(err)
			} else {
				statuses[a.status]++
			}
			mu.Unlock()
		}
	})
	if statuses[201] != 3 || statuses[429] != 997 {
		t.Errorf("statuses %v, want 3 created and 997 refused", statuses)
	}
	if left := s.incoming(); len(left) > 3*3 {
		t.Errorf("%d files in incoming", len(left))
	}
	c.accepted("a.wav", wav(100, 1))
}

// TestAttack26 sends less than it said, and stops.
func TestAttack26(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	whole := body(part{"file", "a.wav", string(wav(2000, 1))})
	for _, missing := range []int{1, len(closing), len(whole) / 2} {
		conn := s.dial()
		fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(whole), whole[:len(whole)-missing])
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res := readResponse(t, conn)
		if res.StatusCode != 400 || !strings.Contains(res.text, "urn:gensubtitle:upload-incomplete") {
			t.Errorf("%d bytes missing: %d %s", missing, res.StatusCode, res.text)
		}
	}
	if n := rows(t, s.database(), "videos"); n != 0 {
		t.Errorf("%d rows", n)
	}
	checkUsage(t, c.session(), 0, 0)
}

// TestAttack31 sends a head, and a small body, so slowly that they never end.
// An upload that does so is TestStalledClient.
func TestAttack31(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	for name, begin := range map[string]string{
		"head": "POST /login HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"body": "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.dial()
			if _, err := io.WriteString(conn, begin); err != nil {
				t.Fatal(err)
			}
			began, answered := time.Now(), make(chan string, 1)
			go func() {
				line, _ := bufio.NewReader(conn).ReadString('\n') // None where it is closed.
				answered <- line
			}()
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case line := <-answered:
					if took := time.Since(began); took < 20*time.Second || took > waittest.Limit {
						t.Errorf("answered after %v", took)
					}
					if !strings.HasPrefix(line, "HTTP/1.1 408 ") && !strings.HasPrefix(line, "HTTP/1.1 400 ") && line != "" {
						t.Errorf("answered %q", line)
					}
					return
				case <-tick.C:
					_, _ = io.WriteString(conn, "x") // It fails once the other side is gone.
				}
			}
		})
	}
}

// TestAttack39 says one method and means another.
func TestAttack39(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	id := c.accepted("a.wav", wav(100, 1)).Video.ID
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		c.with(name, "DELETE").post("/videos/"+id, nil).problem(405, "method-not-allowed")
		c.with(name, "DELETE").get("/videos/" + id).want(200)
		c.with(name, "POST").get("/logout").problem(405, "method-not-allowed")
	}
	c.post("/videos/"+id, url.Values{"_method": {"DELETE"}}).problem(405, "method-not-allowed")
	for _, method := range []string{"TRACE", "CONNECT", "PROPFIND", "BREW"} {
		a := c.do(method, "/user/session", nil).want(405)
		if bytes.Contains(a.body, []byte("Bearer")) {
			t.Errorf("%s answers what was asked: %s", method, a.body)
		}
	}
	c.get("/videos/" + id).want(200)
}

// TestAttack42 looks at what ffprobe and ffmpeg are called with while files have
// names that would be options or addresses.
func TestAttack42(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	stop, seen := make(chan struct{}), make(chan map[string]bool, 1)
	go func() {
		all := map[string]bool{}
		for {
			maps.Copy(all, s.children())
			select {
			case <-stop:
				seen <- all
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	sent := []string{"-i", "-version", "%03d.wav", "concat:canary1|canary2", "pipe:0", "http:canary", "a;canary", "$(canary)", "`canary`", "@canary"}
	for i, name := range sent {
		id := c.accepted(name, wav(60_000+i, i)).Video.ID
		c.get("/videos/" + id + "/file").want(200)
		c.do("DELETE", "/videos/"+id, nil).want(204)
		s.admin().post("/admin/sessions/user_a/reset", nil).want(200)
	}
	close(stop)
	calls := waittest.Receive(t, seen)
	if len(calls) < 2 {
		t.Fatalf("only saw %v", calls)
	}
	for call := range calls {
		for _, bad := range []string{"canary", "%03d", "-version"} {
			if strings.Contains(call, bad) {
				t.Errorf("%q became an argument: %q", bad, call)
			}
		}
	}
}

// children are the command lines of the server's child processes.
func (s *server) children() map[string]bool {
	found := map[string]bool{}
	parents, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range parents {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended meanwhile.
		}
		// After the name in brackets come the state and the parent.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(s.cmd.Process.Pid) {
			continue
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err == nil && bytes.Contains(line, []byte("ff")) {
			found[strings.ReplaceAll(string(line), "\x00", " ")] = true
		}
	}
	return found
}

// TestAttack43 uploads a video that is a page and an archive too. It may be
// kept, but nothing may run it.
func TestAttack43(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	film := string(read(t, clip(t, 1)))
	for name, data := range map[string]string{
		"page.html": film + "<!doctype html><script>alert(1)</script>",
		"tool.zip":  film + "PK\x03\x04\x14\x00\x00\x00\x00\x00evil.txtPK\x05\x06" + strings.Repeat("\x00", 18),
		"video.svg": film + `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
	} {
		a := c.upload(name, []byte(data))
		if a.status == 415 {
			continue
		}
		var u uploaded
		a.want(201).decode(&u)
		file := c.get("/videos/" + u.Video.ID + "/file").want(200)
		if got := file.header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", name, got)
		}
		if got := file.header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") || !strings.Contains(got, "default-src 'none'") {
			t.Errorf("%s: Content-Security-Policy %q", name, got)
		}
		if got := file.header.Get("Content-Type"); got != "video/mp4" {
			t.Errorf("%s: Content-Type %q", name, got)
		}
	}
}

// TestAttack44 downloads a file whose name would end its header.
func TestAttack44(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	for _, sent := range []string{`a"; filename="evil.exe`, "a\u202efdp.exe", strings.Repeat("ก", 80) + ".wav", "a%0d%0aX-Evil: 1", "../../etc/passwd", "'; drop"} {
		path := c.created(sent, int64(len(wav(50, 1))))
		c.chunk(path, 0, wav(50, 1)).want(204)
		v, _ := c.outcome(path)
		a := c.get("/videos/" + v.ID + "/file").want(200)
		if a.header.Get("X-Evil") != "" || strings.ContainsAny(a.header.Get("Content-Disposition"), "\r\n\u202e") {
			t.Errorf("%q: %v", sent, a.header)
		}
		if _, names, err := mime.ParseMediaType(a.header.Get("Content-Disposition")); err != nil || strings.ContainsAny(names["filename"], "/\\\u202e") || len(names) != 1 {
			t.Errorf("%q: Content-Disposition %q, %v", sent, a.header.Get("Content-Disposition"), err)
		}
	}
}

// TestAttack47 names another host, and wants it nowhere in the answer.
func TestAttack47(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	for _, name := range []string{"Host", "X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server", "X-Original-URL", "X-Rewrite-URL"} {
		value := "evil.test"
		if name == "Forwarded" {
			value = "host=evil.test;proto=https"
		}
		for what, a := range map[string]*answer{
			"an upload":  c.tus().with(name, value).with("Upload-Length", "10").send("POST", "/files/", "", nil, -1),
			"signed out": s.anyone().with("Accept", "text/html").with(name, value).get("/admin/sessions"),
			"a login":    s.anyone().with("Accept", "text/html").with(name, value).post("/login?next=/account", form("a", password)),
			"the page":   s.anyone().with("Accept", "text/html").with(name, value).get("/login"),
			"the docs":   s.anyone().with("Accept", "text/html").with(name, value).get("/docs"),
		} {
			for key, values := range a.header {
				if strings.Contains(strings.Join(values, " "), "evil.test") {
					t.Errorf("%s with %s: %s %q", what, name, key, values)
				}
			}
			if at := a.header.Get("Location"); a.status < 400 && at != "" && !strings.HasPrefix(at, "/") {
				t.Errorf("%s with %s: leads to %q", what, name, at)
			}
			if what != "the docs" && bytes.Contains(a.body, []byte("evil.test")) {
				t.Errorf("%s with %s: the page names it", what, name)
			}
			if path, ok := strings.CutPrefix(a.header.Get("Location"), "/files/"); ok {
				c.tus().do("DELETE", "/files/"+path, nil).want(204)
			}
		}
	}
}

// TestAttack58 looks for what watches the program on the public address.
func TestAttack58(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--metrics-addr=127.0.0.1:0")
	for _, c := range []*client{s.anyone(), s.admin()} {
		for _, path := range []string{
			"/metrics", "/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/vars", "/debug/requests",
			"/monitor", "/status", "/.env", "/.git/config", "/data/jwt.key", "/jwt.key", "/gensubtitle.db", "/static/../jwt.key",
		} {
			c.get(path).problem(404, "not-found")
		}
	}
}
