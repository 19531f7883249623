// Package static holds what the browser gets besides pages: style sheet,
// script, fonts and icon. Their sources are in src; dist is what `npm run
// build` makes of them and what is embedded, so the program needs no Node.
//
// Every file carries a hash of its content in its name, so an answer with it
// may be kept for ever.
package static

import (
	"embed"
	"fmt"
	"path"
	"strings"
)

//go:embed dist
var dist embed.FS

// Prefix is the path below which the files are served.
const Prefix = "/static/"

// names maps the plain name of each file, such as "app.css", to its name with
// the hash in it, "app.2ABCDEFG.css".
var names = hashedNames()

func hashedNames() map[string]string {
	entries, err := dist.ReadDir("dist")
	if err != nil {
		panic(fmt.Sprintf("static: read what was embedded: %v", err))
	}
	names := make(map[string]string, len(entries))
	for _, entry := range entries {
		hashed := entry.Name()
		extension := path.Ext(hashed)
		plain := strings.TrimSuffix(hashed, extension)
		names[strings.TrimSuffix(plain, path.Ext(plain))+extension] = hashed
	}
	return names
}

// URL is the path that a file is served at: "/static/app.2ABCDEFG.css" for
// "app.css". It panics when there is no such file, which is a mistake in a page.
func URL(name string) string {
	hashed, ok := names[name]
	if !ok {
		panic(fmt.Sprintf("static: no file %q; run npm run build", name))
	}
	return Prefix + hashed
}

// File returns the content of a file and its Content-Type by its name with the
// hash in it, without Prefix. ok is false when there is no such file.
func File(name string) (content []byte, contentType string, ok bool) {
	content, err := dist.ReadFile("dist/" + name)
	if err != nil {
		return nil, "", false
	}
	return content, contentTypes[path.Ext(name)], true
}

// contentTypes is our own list because package mime asks the machine's, which
// differs from one to the next.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

//go:embed openapi.json
var openAPI []byte

// OpenAPI is the description of the JSON interface (OpenAPI 3.1).
func OpenAPI() []byte { return openAPI }
