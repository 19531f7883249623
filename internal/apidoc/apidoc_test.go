package apidoc

import (
	"reflect"
	"strings"
	"testing"

	"gensubtitle/static"
)

// small is a document with one of everything that is shown.
const small = `{
  "info": {"title": "Small", "description": "First.\n\nSay ` + "`a`" + ` **now**."},
  "tags": [{"name": "two words", "description": "Some."}],
  "paths": {
    "/things/{id}": {
      "parameters": [{"$ref": "#/components/parameters/id"}],
      "put": {
        "tags": ["two words"], "operationId": "putThing", "summary": "Put", "security": [{"bearer": ["write"]}],
        "parameters": [{"name": "X-Kind", "in": "header", "required": true, "schema": {"const": "it's"}}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/More"}, "example": {"b": 1, "a": "o'clock"}}}},
        "responses": {
          "200": {"description": "Done.", "headers": {"Age": {"$ref": "#/components/headers/age"}},
            "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}},
          "403": {"$ref": "#/components/responses/no"}
        }
      },
      "get": {"tags": ["two words"], "operationId": "getThing",
        "parameters": [
          {"name": "of", "in": "query", "schema": {"type": "array"}, "example": ["a b", "c&d"]},
          {"name": "n", "in": "query", "schema": {"type": "integer"}, "example": 3}, {"name": "left-out", "in": "query", "schema": {"type": "string"}}],
        "security": [{}, {"bearer": []}], "responses": {"204": {"description": "None."}}}
    }
  },
  "components": {
    "parameters": {"id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}},
    "headers": {"age": {"description": "How old.", "schema": {"type": "integer", "minimum": 1}}},
    "responses": {"no": {"description": "No.", "content": {"application/problem+json": {"examples": {"forbidden": {"$ref": "#/components/examples/forbidden"}}}}}},
    "schemas": {
      "Thing": {"type": "object", "required": ["b"], "properties": {"b": {"type": ["integer", "null"], "minimum": 0, "maximum": 9}, "a": {"$ref": "#/components/schemas/Name"}}},
      "Name": {"type": "string", "minLength": 1, "maxLength": 5, "description": "A name."},
      "More": {"allOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "object", "properties": {"c": {"enum": ["x", "y"]}}}]}
    },
    "examples": {"forbidden": {"value": {"type": "urn:no", "title": "No", "status": 403, "detail": "Not you."}}}
  }
}`

func TestRead(t *testing.T) {
	d, err := Read([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	group := d.Groups[0]
	if group.ID != "tag-two-words" || len(group.Operations) != 2 {
		t.Fatalf("group %+v", group)
	}
	get, put := group.Operations[0], group.Operations[1]
	things := []Field{
		{Name: "b", Required: true, Type: Type{Name: "integer or null", Rules: "≥ 0, ≤ 9"}},
		{Name: "a", Type: Type{Name: "string", Rules: "1–5 characters"}, Text: Paragraph{{Text: "A name."}}},
	}
	for _, test := range []struct {
		what      string
		got, want any
	}{
		{"title", d.Title, "Small"},
		{"intro", d.Intro, []Paragraph{
			{{Text: "First."}},
			{{Text: "Say "}, {Text: "a", Code: true}, {Text: " "}, {Text: "now", Strong: true}, {Text: "."}},
		}},
		{"who may get", get.Access, SignedInOrNot},
		{"who may put", put.Access, AdminOnly},
		{"scopes", put.Scopes, []string{"write"}},
		{"fields of what is put together", put.Bodies[0].Fields, append(things, Field{Name: "c", Type: Type{Rules: "x | y"}})},
		{"example", put.Bodies[0].Example, "{\n  \"b\": 1,\n  \"a\": \"o'clock\"\n}"},
		{"type of a list", put.Answers[0].Contents[0].Type, Type{Name: "list of Thing", Shape: "shape-Thing"}},
		{"header", put.Answers[0].Headers, []Field{{Name: "Age", Type: Type{Name: "integer", Rules: "≥ 1"}, Text: Paragraph{{Text: "How old."}}}}},
		{"problems", put.Answers[1].Problems, []string{"problem-forbidden"}},
		{"shapes", []string{d.Shapes[0].Name, d.Shapes[1].Name}, []string{"Thing", "More"}},
		{"problem", [2]any{d.Problems[0].Type, d.Problems[0].Status}, [2]any{"urn:no", 403}},
		{"command without a body", get.Curl, `curl "$URL/things/019b9126-4d6e-7c3a-9a51-6b1f0c2d3e4f?n=3&of=a+b&of=c%26d"` + " \\\n" + `  -H "Authorization: Bearer $TOKEN"`},
		{"command", put.Curl, strings.Join([]string{
			`curl -X PUT "$URL/things/019b9126-4d6e-7c3a-9a51-6b1f0c2d3e4f"`,
			`-H "Authorization: Bearer $TOKEN"`, `-H 'X-Kind: it'\''s'`, `-H 'Content-Type: application/json'`, `-d '{"b":1,"a":"o'\''clock"}'`,
		}, " \\\n  ")},
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.what, test.got, test.want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "[]", `{"paths": []}`, `{"components": {"examples": {"a": {"value": 1}}}}`} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestReadOurs wants every operation of the real document on the page, with
// all that leads from one place to another.
func TestReadOurs(t *testing.T) {
	d, err := Read(static.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, p := range d.Problems {
		ids[p.ID] = true
	}
	for _, s := range d.Shapes {
		ids[s.ID] = true
	}
	operations := 0
	for _, g := range d.Groups {
		if len(g.Operations) == 0 {
			t.Errorf("%s is empty", g.Name)
		}
		for _, o := range g.Operations {
			operations++
			if o.ID == "" || ids[o.ID] || o.Summary == "" || len(o.Answers) == 0 {
				t.Errorf("%s %s: id %q, summary %q, %d answers", o.Method, o.Path, o.ID, o.Summary, len(o.Answers))
			}
			ids[o.ID] = true
			for _, b := range o.Bodies {
				if b.MediaType == "application/json" && b.Example == "" {
					t.Errorf("%s %s: no example of the body", o.Method, o.Path)
				}
			}
			for _, a := range o.Answers {
				for _, id := range a.Problems {
					if !ids[id] {
						t.Errorf("%s %s leads to %s, which is not there", o.Method, o.Path, id)
					}
				}
			}
		}
	}
	if described := strings.Count(string(static.OpenAPI()), `"operationId"`); operations != described {
		t.Errorf("%d operations are shown, %d are described", operations, described)
	}
}
