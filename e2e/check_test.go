package e2e

import (
	"bytes"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/internal/waittest"
)

// check runs the command on a data directory and requires this exit status and
// exactly these findings.
func (s *server) check(code int, summary string, want []string, flags ...string) {
	s.t.Helper()
	got, out, log := once(s.t.(*testing.T), nil, append([]string{"check", "--data-dir=" + s.dir}, flags...)...)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	findings := lines[:len(lines)-1]
	slices.Sort(findings)
	if got != code || log != "" || lines[len(lines)-1] != summary || !slices.Equal(findings, slices.Sorted(slices.Values(want))) {
		s.t.Errorf("check %v: exit status %d, want %d; standard error %q, output\n%swant\n%s\n%s",
			flags, got, code, log, out, strings.Join(want, "\n"), summary)
	}
}

// everything is what each file below a folder holds.
func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, dir, func(path string) { found[path] = string(read(t, path)) })
	return found
}

func checkUnchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := everything(t, dir)
	for path := range maps.Keys(after) {
		if text, was := before[path]; !was || text != after[path] {
			t.Errorf("%s is new or has changed", path)
		}
	}
	for path := range before {
		if _, is := after[path]; !is {
			t.Errorf("%s is gone", path)
		}
	}
}

// livedIn is a stopped server that was used in every way.
func livedIn(t *testing.T) (s *server, id string) {
	t.Helper()
	s = start(t)
	a, b := s.register("a"), s.register("b")
	a.accepted("a.wav", wav(500, 1))
	s.admin().post("/admin/sessions/user_a/reset", map[string]string{"reason": "x"}).want(200)
	id = a.accepted("clip.mp4", read(t, clip(t, 2))).Video.ID
	a.get("/videos/" + id + "/thumbnail").want(200)
	a.do("DELETE", "/videos/"+a.accepted("b.wav", wav(300, 2)).Video.ID, nil).want(204)
	whole, rest, wrong := b.created("c.wav", int64(len(wav(200, 3)))), b.created("d.wav", 1000), b.created("e.wav", 9)
	b.chunk(whole, 0, wav(200, 3)).want(204)
	b.chunk(rest, 0, wav(200, 4)[:500]).want(204)
	b.chunk(wrong, 0, []byte("no video!")).want(204)
	b.outcome(whole)
	b.outcome(wrong)
	b.upload("f.wav", []byte("no video")).problem(415, "not-a-video")
	s.stop()
	return s, id
}

func TestCheckOfASoundFolder(t *testing.T) {
	t.Parallel()
	s, _ := livedIn(t)
	before := everything(t, s.dir)
	s.check(0, "0 found, 0 mended", nil)
	s.check(0, "0 found, 0 mended", nil, "--repair")
	code, out, log := once(t, []string{"GENSUB_DATA_DIR=" + s.dir}, "check")
	if code != 0 || out != "0 found, 0 mended\n" || log != "" {
		t.Errorf("told by a variable: exit status %d, %q, %q", code, out, log)
	}
	checkUnchanged(t, s.dir, before)
}

// stoppedDatabase changes the database of a server that does not run.
func stoppedDatabase(t *testing.T, s *server, f func(*sql.DB)) {
	t.Helper()
	db := s.database()
	f(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCheckRepairs(t *testing.T) {
	t.Parallel()
	s, _ := livedIn(t)
	orphan := uuid.NewString()
	path := filepath.Join(s.dir, "videos", orphan)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	stoppedDatabase(t, s, func(db *sql.DB) {
		alter(t, db, "UPDATE quota_sessions SET videos_count = 9, duration_ms = duration_ms + 1 WHERE session_id = 'user_a'")
	})
	before := everything(t, s.dir)
	want := []string{
		"user_a: counts 9 videos of 2.301s, but its ledger 2 of 2.3s",
		"file videos/" + orphan + ": belongs to no video",
	}
	s.check(1, "2 found, 0 mended", want)
	s.check(1, "2 found, 0 mended", want)
	checkUnchanged(t, s.dir, before)
	note := "note: file orphans/" + orphan + " belongs to no video and is removed after " + time.Now().Add(30*24*time.Hour).UTC().Format(time.DateOnly)
	s.check(0, "2 found, 2 mended", []string{want[0] + " (mended)", want[1] + " (mended)", note}, "--repair")
	s.check(0, "0 found, 0 mended", []string{note})
	s.check(0, "0 found, 0 mended", []string{note}, "--repair")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file of nobody: %v, want it gone", err)
	}
	if got := read(t, filepath.Join(s.dir, "orphans", orphan)); string(got) != "x" {
		t.Errorf("it was set aside as %q", got)
	}
	s.restart()
	checkUsage(t, s.login("a", password).session(), 2, 2300)
}

func TestCheckCannotBringBackAVideo(t *testing.T) {
	t.Parallel()
	s, id := livedIn(t)
	if err := os.Remove(filepath.Join(s.dir, "videos", id)); err != nil {
		t.Fatal(err)
	}
	before := everything(t, s.dir)
	want := []string{"video " + id + ": is accepted, but its file is missing"}
	for _, flags := range [][]string{nil, {"--repair"}, nil} {
		s.check(1, "1 found, 0 mended", want, flags...)
	}
	checkUnchanged(t, s.dir, before)
}

// TestCheckAfterAKill has uploads end with the process that received them.
func TestCheckAfterAKill(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	held := c.begin()
	path := c.created("a.wav", 1000)
	c.chunk(path, 0, wav(200, 4)[:500]).want(204)
	var id string
	if err := s.database().QueryRow("SELECT id FROM videos WHERE resumable = 0").Scan(&id); err != nil {
		t.Fatal(err)
	}
	s.kill()
	held.cut()
	want := "upload " + id + ": holds a slot, but its process is dead"
	s.check(1, "1 found, 0 mended", []string{want})
	s.check(0, "1 found, 1 mended", []string{want + " (mended)"}, "--repair")
	s.check(0, "0 found, 0 mended", nil)
	s.restart()
	if got := c.offset(path); got != 500 { // What can go on does.
		t.Errorf("the resumable upload goes on at %d, want 500", got)
	}
}

func TestCheckWithoutADatabase(t *testing.T) {
	t.Parallel()
	for what, prepare := range map[string]func(dir string) error{
		"no folder":    func(string) error { return nil },
		"empty folder": func(dir string) error { return os.Mkdir(dir, 0o700) },
		"an empty database": func(dir string) error {
			// By it, the video would be nobody's.
			if err := os.MkdirAll(filepath.Join(dir, "videos"), 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, "videos", uuid.NewString()), []byte("x"), 0o600); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "gensubtitle.db"), nil, 0o600)
		},
	} {
		for _, flags := range [][]string{nil, {"--repair"}} {
			t.Run(fmt.Sprint(what, flags), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				dir := filepath.Join(folder, "data")
				if err := prepare(dir); err != nil {
					t.Fatal(err)
				}
				before := everything(t, folder)
				code, out, log := once(t, nil, append([]string{"check", "--data-dir=" + dir}, flags...)...)
				if code != 1 || out != "" {
					t.Errorf("exit status %d, output %q", code, out)
				}
				checkOneLine(t, log, filepath.Join(dir, "gensubtitle.db"))
				checkUnchanged(t, folder, before)
			})
		}
	}
}

// checkOneLine checks that standard error is one line that holds this.
func checkOneLine(t *testing.T, log, part string) {
	t.Helper()
	if strings.Count(log, "\n") != 1 || !strings.HasPrefix(log, "gensubtitle: ") || !strings.Contains(log, part) {
		t.Errorf("standard error %q, want one line with %q", log, part)
	}
}

// TestCheckOfABrokenDatabase damages the file in ways that are found when it
// is opened, and in ways that are found when it is read. Nothing is mended by it.
func TestCheckOfABrokenDatabase(t *testing.T) {
	t.Parallel()
	s, id := livedIn(t)
	path := filepath.Join(s.dir, "gensubtitle.db")
	sound := []byte(read(t, path))
	var table, index, ids, size int
	stoppedDatabase(t, s, func(db *sql.DB) {
		for query, into := range map[string]*int{
			"SELECT rootpage FROM sqlite_schema WHERE name = 'videos'":                     &table,
			"SELECT rootpage FROM sqlite_schema WHERE name = 'videos_of_session'":          &index,
			"SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'videos' AND sql IS NULL": &ids,
			"PRAGMA page_size": &size,
		} {
			if err := db.QueryRow(query).Scan(into); err != nil {
				t.Fatal(err)
			}
		}
	})
	change := func(page int, how func([]byte) []byte) []byte {
		data := bytes.Clone(sound)
		copy(data[(page-1)*size:], how(data[(page-1)*size:page*size]))
		return data
	}
	noise := func(page []byte) []byte { return bytes.Repeat([]byte{0xee}, len(page)) }
	misspell := func(page []byte) []byte {
		return bytes.ReplaceAll(page, []byte(id), []byte(strings.Replace(id, "-7", "-6", 1)))
	}
	// What SQLite says, a line each, before anything else.
	finding := regexp.MustCompile(`^(database: .+\n)+((file|video|upload) .+\n)*[0-9]+ found, 0 mended\n$`)
	for _, test := range []struct {
		what string
		data []byte
	}{
		{"no database", bytes.Repeat([]byte("no database "), 1000)},
		{"a header alone", sound[:100]},
		{"cut off", sound[:len(sound)/2/size*size]},
		{"noise for the schema", change(1, noise)},
		{"noise for a table", change(table, noise)},
		{"noise for an index", change(index, noise)},
		{"a video that its index misspells", change(ids, misspell)},
		{"free pages that are none", change(1, func(page []byte) []byte {
			return slices.Concat(page[:36], []byte{0, 0, 0, 9}, page[40:]) // the count of them
		})},
	} {
		for _, flags := range [][]string{nil, {"--repair"}} {
			t.Run(fmt.Sprint(test.what, flags), func(t *testing.T) {
				if bytes.Equal(test.data, sound) {
					t.Fatal("nothing is broken")
				}
				if err := os.WriteFile(path, test.data, 0o600); err != nil {
					t.Fatal(err)
				}
				before := everything(t, s.dir)
				code, out, log := once(t, nil, append([]string{"check", "--data-dir=" + s.dir}, flags...)...)
				if code != 1 || strings.Contains(out, "(mended)") {
					t.Errorf("exit status %d, output %q", code, out)
				}
				if log != "" {
					checkOneLine(t, log, "database")
				} else if !finding.MatchString(out) {
					t.Errorf("output %q", out)
				}
				checkUnchanged(t, s.dir, before)
			})
		}
	}
}

func TestCheckWrongFlags(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"--no-such-flag", "--repair=maybe", "extra"} {
		code, out, log := once(t, nil, "check", arg, "--data-dir="+filepath.Join(t.TempDir(), "data"))
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		checkRefusal(t, code, out, log, name, name)
	}
}

// TestCheckBesideAServer checks while uploads of every kind come and go. None
// of them is a finding, and none comes to harm.
func TestCheckBesideAServer(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=100000", "--max-duration-minutes=100000", "--max-unfinished-uploads=9")
	c := s.register("a")
	var workers sync.WaitGroup
	stop := make(chan struct{})
	for worker := range 3 {
		workers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					comeAndGo(t, c, 1000*worker+i)
				}
			}
		})
	}
	for i := range 16 {
		s.check(0, "0 found, 0 mended", nil, []string{"--repair", "--repair=false"}[i%2])
	}
	close(stop)
	waittest.Group(t, &workers)
	n := len(c.walkVideos(100))
	if n == 0 {
		t.Error("no upload was ever accepted")
	}
	s.stop()
	s.check(0, "0 found, 0 mended", nil)
	s.restart()
	if left := len(s.media()); left != n {
		t.Errorf("%d files are left of %d videos", left, n)
	}
}

// comeAndGo keeps one video, deletes another, fails with a third and gives up
// a fourth. It does not end the test, for it runs beside it.
func comeAndGo(t *testing.T, c *client, seed int) {
	send := func(c *client, want int, method, path, kind, text string) *answer {
		a, err := c.try(method, path, kind, strings.NewReader(text), -1)
		if err == nil && a.status == want {
			return a
		}
		t.Errorf("%s %s: %+v, %v, want status %d", method, path, a, err, want)
		return &answer{t: t, header: http.Header{}, body: []byte("{}")}
	}
	send(c, 201, "POST", "/upload-video", multipartType, body(part{"file", "a.wav", string(wav(100, seed))}))
	var u uploaded
	send(c, 201, "POST", "/upload-video", multipartType, body(part{"file", "a.wav", string(wav(150, seed))})).decode(&u)
	send(c, 204, "DELETE", "/videos/"+u.Video.ID, "", "")
	send(c, 415, "POST", "/upload-video", multipartType, body(part{"file", "a.wav", "no video"}))
	path := send(c.tus().with("Upload-Length", "1000"), 201, "POST", "/files/", "", "").header.Get("Location")
	send(c.tus().with("Upload-Offset", "0"), 204, "PATCH", path, chunkType, strings.Repeat("x", 500))
	send(c.tus(), 204, "DELETE", path, "", "")
}
