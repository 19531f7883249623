package e2e

import (
	"bytes"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestOpenAPIIsValid holds the document against the schema that the OpenAPI
// Initiative publishes for 3.1, and each schema in it against JSON Schema's own.
func TestOpenAPIIsValid(t *testing.T) {
	t.Parallel()
	official, err := os.ReadFile("testdata/openapi-3.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := jsonschema.UnmarshalJSON(bytes.NewReader(official))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.schema.json", rules); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("openapi.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text := start(t).anyone().get("/openapi.json").want(200).body
	if err := validate(schema, text); err != nil {
		t.Error(err)
	}
	if _, err := readDocument(); err != nil {
		t.Error(err)
	}
}
