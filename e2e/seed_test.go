package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestSeed fills a folder with what there is to look at, and leaves one alone that
// has something.
func TestSeed(t *testing.T) {
	waittest.Slow(t, "makes videos")
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	seed := func() (string, error) {
		cmd := waittest.Command(t, "go", "run", "./e2e/seed", "--data-dir="+dir)
		cmd.Dir = ".."
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := seed(); err != nil || !strings.Contains(out, "has the users admin") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := seed(); err == nil || !strings.Contains(out, "has a database already") {
		t.Errorf("into what is there: %v\n%s", err, out)
	}
	out, err := command(t, "session", "list", "--data-dir="+dir).Output()
	if err != nil || strings.Count(string(out), "\n") != 6 || !strings.Contains(string(out), "user_มะลิ\tuser\tenabled\t3\t") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := command(t, "check", "--data-dir="+dir).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
