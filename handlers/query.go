package handlers

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/views"
)

// maxUnknown is how many query parameters are named in an answer.
const maxUnknown = 20

// checkQueries has every operation of the document refuse query parameters that
// it does not describe, after who asks is known and before the handler runs.
func (s *Server) checkQueries() {
	known := map[string][]string{}
	for _, group := range s.docs.Groups {
		for _, o := range group.Operations {
			names := []string{}
			for _, p := range o.Parameters {
				if p.In == "query" {
					names = append(names, p.Name)
				}
			}
			known[o.Method+" "+o.Path] = names
		}
	}
	for _, routes := range s.app.Stack() {
		// Middleware that was registered with Use comes before its routes.
		last := map[string]*fiber.Route{}
		for _, r := range routes {
			last[r.Path] = r
		}
		for _, r := range last {
			path := documentPath(r.Path)
			names, ok := known[r.Method+" "+path]
			if !ok && r.Method == fiber.MethodHead {
				names, ok = known[fiber.MethodGet+" "+path]
			}
			if ok {
				r.Handlers = slices.Insert(slices.Clone(r.Handlers), len(r.Handlers)-1, knownQuery(names))
			}
		}
	}
}

// documentPath writes a route's path as the document does.
func documentPath(route string) string {
	parts := strings.Split(route, "/")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

// knownQuery lets pages have any: people follow links that a mail program or a
// social network has lengthened.
func knownQuery(names []string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if wantsHTML(c) {
			return c.Next()
		}
		unknown := map[string]fieldText{}
		for key := range c.Context().QueryArgs().All() {
			name := strings.ToValidUTF8(string(key), "\uFFFD")
			if !slices.Contains(names, name) && len(unknown) < maxUnknown {
				unknown[name] = func(f *views.Fields) string { return f.UnknownKey }
			}
		}
		if len(unknown) > 0 {
			return invalid(unknown)
		}
		return c.Next()
	}
}
