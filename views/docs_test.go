package views

import (
	"strings"
	"testing"

	"gensubtitle/internal/apidoc"
)

// hostileDocs has hostile text wherever a document has text.
var hostileDocs = func() *apidoc.Document {
	text := apidoc.Paragraph{{Text: hostile}, {Text: hostile, Code: true}, {Text: hostile, Strong: true}}
	fields := []apidoc.Field{{Name: hostile, In: "path", Required: true, Type: apidoc.Type{Name: hostile, Rules: hostile}, Text: text}}
	content := []apidoc.Content{
		{MediaType: hostile, Type: apidoc.Type{Name: "Thing", Shape: "shape-Thing"}, Fields: fields, Example: hostile},
		{MediaType: "text/plain", Example: "{}"},
	}
	return &apidoc.Document{
		Intro: []apidoc.Paragraph{text},
		Groups: []apidoc.Group{{ID: "tag-a", Name: hostile, Description: []apidoc.Paragraph{text}, Operations: []apidoc.Operation{{
			ID: "putThing", Method: "PUT", Path: "/things/{id}", Summary: hostile, Description: []apidoc.Paragraph{text},
			Access: apidoc.AdminOnly, Scopes: []string{hostile}, Parameters: fields, Bodies: content, Curl: hostile,
			Answers: []apidoc.Answer{
				{Status: "200", Text: text, Headers: fields, Contents: content},
				{Status: "default", Text: text, Problems: []string{"problem-a"}},
			},
		}}}},
		Problems: []apidoc.Problem{{ID: "problem-a", Type: "urn:a", Title: hostile, Detail: hostile, Status: 400, Example: hostile}},
		Shapes:   []apidoc.Shape{{ID: "shape-Thing", Name: "Thing", Text: text, Fields: fields}},
	}
}()

// TestDocsLeadSomewhere wants a place behind every link within the page, and
// boxes that scroll within reach of the keyboard, each with a name of its own.
func TestDocsLeadSomewhere(t *testing.T) {
	all := elements(t, rendered(t, DocsPage(signedIn(English), hostileDocs)))
	ids, labels := map[string]bool{}, map[string]bool{}
	for _, n := range all {
		id, _ := attribute(n, "id")
		ids[id] = true
	}
	boxes := 0
	for _, n := range all {
		href, _ := attribute(n, "href")
		if id, within := strings.CutPrefix(href, "#"); within && !ids[id] {
			t.Errorf("%q leads nowhere", href)
		}
		if n.Data != "pre" {
			continue
		}
		boxes++
		tabindex, _ := attribute(n, "tabindex")
		role, _ := attribute(n, "role")
		label, _ := attribute(n, "aria-label")
		if tabindex != "0" || role != "region" || label == "" {
			t.Errorf("a box has the tabindex %q, the role %q and the label %q", tabindex, role, label)
		}
		labels[label] = true
	}
	if boxes == 0 || len(labels) < boxes-2 { // A body of two media types has one name.
		t.Errorf("%d boxes have %d names", boxes, len(labels))
	}
}
