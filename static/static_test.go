package static

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// wanted are the files that the pages name.
var wanted = []string{"app.css", "app.js", "favicon.svg", "noto-sans-thai-thai-wght-normal.woff2", "noto-sans-thai-latin-wght-normal.woff2"}

var hashed = regexp.MustCompile(`^/static/[a-z0-9-]+\.[A-Z0-9]{8}\.(css|js|svg|woff2)$`)

func TestURLLeadsToItsFile(t *testing.T) {
	for _, name := range wanted {
		url := URL(name)
		if !hashed.MatchString(url) {
			t.Errorf("URL(%q) = %q has no hash", name, url)
		}
		content, contentType, ok := File(strings.TrimPrefix(url, Prefix))
		if !ok || len(content) == 0 || contentType == "" {
			t.Errorf("%q: %d bytes of %q, %t", url, len(content), contentType, ok)
		}
	}
}

func TestURLOfUnknownFilePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	URL("nothing.css")
}

func TestEveryFileHasHashAndType(t *testing.T) {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(wanted) {
		t.Errorf("%d files are built, %d are used", len(entries), len(wanted))
	}
	for _, entry := range entries {
		if !hashed.MatchString(Prefix + entry.Name()) {
			t.Errorf("%q has no hash", entry.Name())
		}
		if _, contentType, ok := File(entry.Name()); !ok || contentType == "" {
			t.Errorf("%q has no Content-Type", entry.Name())
		}
	}
}

func TestFileAnswersToNothingElse(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "app.css", "app.js", "/", "/etc/passwd", "../static.go", "../dist/" + strings.TrimPrefix(URL("app.css"), Prefix),
		"./" + strings.TrimPrefix(URL("app.css"), Prefix), strings.ToLower(strings.TrimPrefix(URL("app.css"), Prefix)), "app.css\x00", `..\static.go`,
	} {
		if content, _, ok := File(name); ok || content != nil {
			t.Errorf("File(%q) answers with %d bytes", name, len(content))
		}
	}
}

func TestStyleSheetRefersToOurFilesOnly(t *testing.T) {
	content, _, _ := File(strings.TrimPrefix(URL("app.css"), Prefix))
	references := regexp.MustCompile(`url\(["']?([^"')]+)["']?\)`).FindAllStringSubmatch(string(content), -1)
	if len(references) < 2 {
		t.Fatalf("only %d references, where there are two fonts", len(references))
	}
	for _, reference := range references {
		// They are relative to the style sheet, which is beside them.
		if _, _, ok := File(strings.TrimPrefix(reference[1], "./")); !ok {
			t.Errorf("%q is not a file of ours", reference[1])
		}
	}
	if strings.Contains(string(content), "@import") {
		t.Error("there is an @import")
	}
}

func TestNoFileCallsAnotherSite(t *testing.T) {
	address := regexp.MustCompile(`https?://[a-zA-Z0-9.-]+`)
	// Names of XML namespaces, which nobody fetches; and the address of a
	// comment or message in a library.
	harmless := map[string]bool{"http://www.w3.org": true, "https://htmx.org": true}
	err := fs.WalkDir(dist, "dist", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".woff2") {
			return err
		}
		content, err := dist.ReadFile(path)
		for _, found := range address.FindAllString(string(content), -1) {
			if !harmless[found] {
				t.Errorf("%s names %s", path, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestScriptIsBundled(t *testing.T) {
	content, _, _ := File(strings.TrimPrefix(URL("app.js"), Prefix))
	if regexp.MustCompile(`(^|[;}\n])(import|export)[ {"*]`).Match(content) {
		t.Error("the script imports something, which the browser would have to fetch")
	}
	for _, part := range []string{"htmx:beforeSwap", "createObjectURL", "showModal"} {
		if !strings.Contains(string(content), part) {
			t.Errorf("%q is not in it", part)
		}
	}
}
