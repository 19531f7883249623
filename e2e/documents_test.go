package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	code    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	mark    = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	setting = regexp.MustCompile(`\$?(GENSUB_[A-Z_]+)`)
)

// TestDocumentLinks follows every link from one document to another.
func TestDocumentLinks(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("../*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, more...)
	if len(documents) < 10 {
		t.Fatalf("found only %v", documents)
	}
	for _, document := range documents {
		text := code.ReplaceAllString(string(read(t, document)), "")
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, ":") {
				continue // Another site's.
			}
			path := document
			if target != "" {
				path = filepath.Join(filepath.Dir(document), target)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: %v", document, err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(string(read(t, path))), anchor) {
				t.Errorf("%s: %s has no heading #%s", document, path, anchor)
			}
		}
	}
}

// anchors are those that headings get on GitHub.
func anchors(document string) []string {
	var all []string
	for _, found := range heading.FindAllStringSubmatch(code.ReplaceAllString(document, ""), -1) {
		anchor := strings.ToLower(found[1])
		anchor = mark.ReplaceAllString(anchor, "")
		all = append(all, strings.ReplaceAll(anchor, " ", "-"))
	}
	return all
}

// TestDocumentedSettings compares docs/configuration.md with what the program takes.
func TestDocumentedSettings(t *testing.T) {
	t.Parallel()
	out, err := command(t, "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	help := string(out)
	names := func(text string) []string {
		var all []string
		for _, found := range setting.FindAllStringSubmatch(text, -1) {
			all = append(all, found[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	var table []string
	for line := range strings.Lines(string(read(t, "../docs/configuration.md"))) {
		if strings.HasPrefix(line, "| `--") {
			table = append(table, names(line)...)
		}
	}
	slices.Sort(table)
	if want := names(help); !slices.Equal(table, want) || len(want) < 20 {
		t.Errorf("documented are\n%v, and taken\n%v", table, want)
	}
}

// TestReadmeIsShort holds what the first page is for.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if n := strings.Count(string(read(t, "../README.md")), "\n"); n > 150 {
		t.Errorf("README.md has %d lines", n)
	}
}
