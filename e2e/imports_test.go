package e2e

import (
	"slices"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestImports holds the rule that data flows one way: each package of ours may
// know these others of ours and no more, and only handlers knows how HTTP
// requests are answered.
func TestImports(t *testing.T) {
	t.Parallel()
	known := map[string][]string{
		"gensubtitle":                   {"auth", "cli", "datadir", "db", "handlers", "media", "subtitles", "transcribe", "upkeep", "webhook"},
		"gensubtitle/cli":               {"api", "auth", "datadir", "db", "media", "subtitles", "upkeep"},
		"gensubtitle/handlers":          {"api", "apidoc", "auth", "db", "media", "static", "subtitles", "transcribe", "upkeep", "views"},
		"gensubtitle/transcribe":        {"db", "media", "subtitles"},
		"gensubtitle/webhook":           {"db"},
		"gensubtitle/upkeep":            {"db", "media"},
		"gensubtitle/views":             {"apidoc", "static"},
		"gensubtitle/api":               {"db"},
		"gensubtitle/apidoc":            nil,
		"gensubtitle/auth":              {"datadir"},
		"gensubtitle/datadir":           nil,
		"gensubtitle/db":                {"datadir"},
		"gensubtitle/media":             {"datadir", "proc"},
		"gensubtitle/proc":              nil,
		"gensubtitle/static":            nil,
		"gensubtitle/subtitles":         {"proc"},
		"gensubtitle/bench":             nil,
		"gensubtitle/e2e":               nil,
		"gensubtitle/internal/waittest": nil,
	}
	cmd := waittest.Command(t, "go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		allowed, ok := known[path]
		if !ok {
			t.Errorf("%s is not in the plan of the house", path)
		}
		for _, other := range strings.Fields(imports) {
			if name, ours := strings.CutPrefix(other, "gensubtitle/"); ours && !slices.Contains(allowed, name) {
				t.Errorf("%s knows %s", path, other)
			}
			if strings.HasPrefix(other, "github.com/gofiber/fiber") && path != "gensubtitle/handlers" {
				t.Errorf("%s knows %s", path, other)
			}
		}
	}
}
