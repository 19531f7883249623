package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// TestSecurityNamesTests holds the table of SECURITY.md: all 59 attacks are in
// it, and each test that it names is there.
func TestSecurityNamesTests(t *testing.T) {
	t.Parallel()
	tests := allTests(t)
	row := regexp.MustCompile(`(?m)^\| (\d+) \|.*\| ([^|]*) \|$`)
	named := regexp.MustCompile("`(\\w+\\.Test\\w+)`")
	rows := row.FindAllStringSubmatch(string(read(t, "../SECURITY.md")), -1)
	if len(rows) != 59 {
		t.Errorf("%d attacks, want 59", len(rows))
	}
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Errorf("row %d is of attack %s", i+1, row[1])
		}
		names := named.FindAllStringSubmatch(row[2], -1)
		if len(names) == 0 {
			t.Errorf("attack %s has no test", row[1])
		}
		for _, name := range names {
			if !tests[name[1]] {
				t.Errorf("attack %s: there is no %s", row[1], name[1])
			}
		}
	}
}

// allTests names the tests of all packages, as in e2e.TestX.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../*/*_test.go", "../internal/*/*_test.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	tests := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
			tests[filepath.Base(filepath.Dir(file))+"."+name[1]] = true
		}
	}
	return tests
}
