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
		"gensubtitle":                     {"internal/cli", "internal/config", "internal/logging", "internal/service"},
		"gensubtitle/internal/service":    {"db", "handlers", "internal/auth", "internal/config", "internal/datadir", "internal/engine", "internal/media", "internal/storage", "internal/transcribe", "internal/uploads", "internal/webhook"},
		"gensubtitle/internal/config":     {"db", "internal/api", "internal/auth", "internal/engine", "internal/webhook"},
		"gensubtitle/internal/background": nil,
		"gensubtitle/internal/engine":     {"internal/proc", "internal/subtitles"},
		"gensubtitle/internal/logging":    nil,
		"gensubtitle/internal/cli":        {"db", "internal/api", "internal/auth", "internal/config", "internal/datadir", "internal/storage", "internal/subtitles", "internal/uploads"},
		"gensubtitle/handlers":            {"db", "internal/api", "internal/apidoc", "internal/auth", "internal/background", "internal/engine", "internal/media", "internal/storage", "internal/subtitles", "internal/transcribe", "internal/uploads", "static", "views"},
		"gensubtitle/internal/transcribe": {"db", "internal/background", "internal/engine", "internal/media", "internal/storage", "internal/subtitles"},
		"gensubtitle/internal/webhook":    {"db", "internal/background"},
		"gensubtitle/internal/uploads":    {"db", "internal/background", "internal/media", "internal/storage"},
		"gensubtitle/views":               {"internal/apidoc", "static"},
		"gensubtitle/internal/api":        {"db"},
		"gensubtitle/internal/apidoc":     nil,
		"gensubtitle/internal/auth":       {"internal/datadir"},
		"gensubtitle/internal/datadir":    nil,
		"gensubtitle/db":                  {"internal/datadir"},
		"gensubtitle/internal/media":      {"internal/proc"},
		"gensubtitle/internal/storage":    {"internal/datadir"},
		"gensubtitle/internal/proc":       nil,
		"gensubtitle/static":              nil,
		"gensubtitle/internal/subtitles":  nil,
		"gensubtitle/e2e/bench":           nil,
		"gensubtitle/e2e/seed":            nil,
		"gensubtitle/e2e":                 nil,
		"gensubtitle/internal/waittest":   nil,
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
			t.Errorf("%s is not in the list of packages", path)
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
