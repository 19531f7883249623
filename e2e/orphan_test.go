package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// refusedStart requires that the program does not start on a data directory, and
// says why in one line.
func (s *server) refusedStart(reason string, args ...string) {
	s.t.Helper()
	code, out, log := once(s.t.(*testing.T), nil, append([]string{"--addr=127.0.0.1:0", "--data-dir=" + s.dir}, args...)...)
	if code != 1 || out != "" || strings.Count(log, "\n") != 1 || !strings.Contains(log, reason) {
		s.t.Errorf("exit status %d, want 1; standard output %q; standard error, of which one line with %q is wanted:\n%s", code, out, reason, log)
	}
}

// TestLostDatabase has the database lost in several ways. No video may go with it.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	for what, lose := range map[string]func(t *testing.T, path string){
		"moved away": func(t *testing.T, path string) { must(t, os.Rename(path, path+".away")) },
		"empty":      func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, id := livedIn(t)
			kept := read(t, filepath.Join(s.dir, "videos", id))
			path := filepath.Join(s.dir, "gensubtitle.db")
			lose(t, path)
			before := everything(t, s.dir)
			s.refusedStart("the database knows no videos")
			code, out, log := once(t, nil, "check", "--repair", "--data-dir="+s.dir)
			if code != 1 || out+log == "" || strings.Contains(out, "mended)") {
				t.Errorf("check: exit status %d, %q, %q", code, out, log)
			}
			code, _, log = once(t, nil, "user", "add", "x", "--role=admin", "--data-dir="+s.dir)
			if code != 1 || !strings.Contains(log, "the database") {
				t.Errorf("user add: exit status %d, %q", code, log)
			}
			checkUnchanged(t, s.dir, before)

			s.restart("--move-orphans")
			if got := read(t, filepath.Join(s.dir, "orphans", id)); string(got) != string(kept) {
				t.Error("the file was not set aside whole")
			}
			s.stop()
			// With the right database back, its videos are back, too.
			if what == "moved away" {
				must(t, os.Rename(path+".away", path))
				s.restart("--max-videos=10")
				s.login("a", password).get("/videos/" + id + "/file").want(200)
				s.stop()
				s.check(0, "0 found, 0 mended", nil)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestBadEntries starts on folders that hold what cannot be cleaned up.
func TestBadEntries(t *testing.T) {
	t.Parallel()
	s, id := livedIn(t)
	folder := uuid.NewString()
	must(t, os.MkdirAll(filepath.Join(s.dir, "videos", folder, "x"), 0o700))
	must(t, os.MkdirAll(filepath.Join(s.dir, "thumbnails", folder, "x"), 0o700)) // No file can be removed there.
	s.restart()
	s.login("a", password).get("/videos/" + id + "/file").want(200)
	var told struct {
		Parts    map[string]string `json:"parts"`
		Problems int               `json:"maintenance_problems"`
	}
	s.anyone().get("/readyz?verbose").want(200).decode(&told)
	if told.Problems == 0 || told.Parts["storage"] != "ok" {
		t.Errorf("told are %+v", told)
	}
}
