package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// documentPath is that of the document which describes the JSON interface.
const documentPath = "../static/openapi.json"

// onAnyAnswer are headers that the document does not list with each answer,
// most of them because every answer may carry them.
var onAnyAnswer = []string{
	"Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Security-Policy", "Content-Type",
	"Cross-Origin-Resource-Policy", "Date", "Referrer-Policy", "Set-Cookie", "Strict-Transport-Security",
	"Tus-Resumable", "Upload-Expires", "Vary", "X-Content-Type-Options", "X-Request-Id",
}

// described holds every answer that a test gets against the document, and
// every JSON request that was taken; what disagrees fails the test.
type described struct {
	t    testing.TB
	next http.RoundTripper
}

func (d described) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := d.next.RoundTrip(req)
	if err != nil {
		return res, err
	}
	var body []byte
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")) // None is "".
	if isJSON(kind) {
		body, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
	}
	document, err := readDocument()
	if err != nil {
		d.t.Error(err)
		return res, nil
	}
	if err := document.check(req, res, kind, body); err != nil {
		d.t.Errorf("%s %s: not as described: %v\n%s", req.Method, req.URL.RequestURI(), err, head(body))
	}
	return res, nil
}

func isJSON(kind string) bool {
	return kind == "application/json" || kind == "application/problem+json"
}

// asksForHTML is true for requests that get pages, which the document leaves out.
func asksForHTML(req *http.Request) bool {
	return strings.Contains(req.Header.Get("Accept"), "text/html") || req.Header.Get("HX-Request") != ""
}

// document is what is described, ready to hold answers against.
type document struct {
	operations []*describedOperation
	problem    *jsonschema.Schema

	mu   sync.Mutex
	seen map[string]bool // answers, as in "GET /videos 200"
}

type describedOperation struct {
	method   string
	path     string
	query    []string // names
	request  *jsonschema.Schema
	response map[string]*describedAnswer // by status, or "default"
}

type describedAnswer struct {
	content  map[string]*jsonschema.Schema // by media type; nil where nothing is said of it
	problems []string                      // the types that there can be
	headers  map[string]describedHeader
}

type describedHeader struct {
	required bool
	schema   *jsonschema.Schema
}

// readDocument reads the document once.
var readDocument = sync.OnceValues(func() (*document, error) {
	data, err := os.ReadFile(documentPath)
	if err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r := &reader{root: root.(object)}
	closeSchemas(r.root)
	r.compiler = jsonschema.NewCompiler()
	r.compiler.AssertFormat()
	if err := r.compiler.AddResource(documentPath, r.root); err != nil {
		return nil, err
	}
	d := &document{seen: map[string]bool{}, problem: r.compile(object{"$ref": "#/components/schemas/Problem", "unevaluatedProperties": false})}
	for path, item := range r.root["paths"].(object) {
		for method, o := range item.(object) {
			if method != "parameters" {
				d.operations = append(d.operations, r.operation(strings.ToUpper(method), path, item.(object), o.(object)))
			}
		}
	}
	return d, r.err
})

type object = map[string]any

// closeSchemas has every schema refuse fields that it does not name. The
// document itself leaves that open, so that fields can be added one day.
func closeSchemas(node any) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			closeSchemas(item)
		}
	case object:
		for key, value := range node {
			switch key {
			case "example", "examples":
			case "schema":
				closeSchema(value, false)
			case "schemas":
				for _, schema := range value.(object) {
					// Closed wherever it is referred to, unless that adds to it.
					closeSchema(schema, true)
				}
			default:
				closeSchemas(value)
			}
		}
	}
}

func closeSchema(node any, open bool) {
	schema, ok := node.(object)
	if !ok {
		return // true or false
	}
	if names := slices.Collect(maps.Keys(schema)); !open && slices.ContainsFunc(names, func(name string) bool {
		return slices.Contains([]string{"$ref", "properties", "allOf", "anyOf", "oneOf"}, name)
	}) {
		schema["unevaluatedProperties"] = false
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		parts, _ := schema[key].([]any)
		for _, part := range parts {
			closeSchema(part, true)
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		closeSchema(schema[key], false)
	}
	properties, _ := schema["properties"].(object)
	for _, property := range properties {
		closeSchema(property, false)
	}
}

// reader reads the parts of the document and keeps the first error.
type reader struct {
	root     object
	compiler *jsonschema.Compiler
	compiled int
	err      error
}

// at follows a reference where there is one.
func (r *reader) at(node any) object {
	o := node.(object)
	ref, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	found := any(r.root)
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		found = found.(object)[step]
	}
	return r.at(found)
}

// compile gives each schema an address of its own from which its references
// lead into the document.
func (r *reader) compile(node any) *jsonschema.Schema {
	if node == nil {
		return nil
	}
	r.compiled++
	url := fmt.Sprintf("schema-%d.json", r.compiled)
	schema, err := r.addSchema(url, node)
	if r.err == nil {
		r.err = err
	}
	return schema
}

func (r *reader) addSchema(url string, node any) (*jsonschema.Schema, error) {
	text, err := json.Marshal(node)
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte(`"$ref":"#/`), []byte(`"$ref":"`+documentPath+`#/`))
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if err := r.compiler.AddResource(url, schema); err != nil {
		return nil, err
	}
	return r.compiler.Compile(url)
}

func (r *reader) operation(method, path string, item, o object) *describedOperation {
	op := &describedOperation{method: method, path: path, response: map[string]*describedAnswer{}}
	all, _ := item["parameters"].([]any)
	own, _ := o["parameters"].([]any)
	for _, node := range slices.Concat(all, own) {
		if p := r.at(node); p["in"] == "query" {
			op.query = append(op.query, p["name"].(string))
		}
	}
	if o["requestBody"] != nil {
		content := r.at(o["requestBody"])["content"].(object)
		if described, ok := content["application/json"].(object); ok {
			op.request = r.compile(described["schema"])
		}
	}
	for status, node := range o["responses"].(object) {
		op.response[status] = r.response(r.at(node))
	}
	return op
}

func (r *reader) response(o object) *describedAnswer {
	res := &describedAnswer{content: map[string]*jsonschema.Schema{}, headers: map[string]describedHeader{}}
	content, _ := o["content"].(object)
	for kind, node := range content {
		described := node.(object)
		res.content[kind] = r.compile(described["schema"])
		if examples, ok := described["examples"].(object); ok && kind == "application/problem+json" {
			res.problems = slices.Collect(maps.Keys(examples))
		}
	}
	headers, _ := o["headers"].(object)
	for name, node := range headers {
		h := r.at(node)
		required, _ := h["required"].(bool)
		res.headers[http.CanonicalHeaderKey(name)] = describedHeader{required, r.compile(h["schema"])}
	}
	return res
}

// find returns the operation that answers a request, or nil.
func (d *document) find(method, path string) *describedOperation {
	var found *describedOperation
	steps := strings.Split(strings.ToLower(strings.TrimSuffix(path, "/")), "/")
	for _, op := range d.operations {
		if !matches(strings.Split(op.path, "/"), steps) {
			continue
		}
		if op.method != method && (method != http.MethodHead || op.method != http.MethodGet) {
			continue
		}
		if found == nil || op.before(found, method) {
			found = op
		}
	}
	return found
}

// before prefers the method itself to GET for HEAD, and then, as OpenAPI asks
// (3.1.1, section 4.8.8.2), the path that names its steps to one that takes any.
func (op *describedOperation) before(other *describedOperation, method string) bool {
	if (op.method == method) != (other.method == method) {
		return op.method == method
	}
	return strings.Count(op.path, "{") < strings.Count(other.path, "{")
}

// matches treats {name} as anything.
func matches(pattern, steps []string) bool {
	return slices.EqualFunc(pattern, steps, func(p, step string) bool {
		return p == step || (strings.HasPrefix(p, "{") && step != "")
	})
}

func (d *document) check(req *http.Request, res *http.Response, kind string, body []byte) error {
	op := d.find(req.Method, req.URL.EscapedPath())
	if op == nil || asksForHTML(req) {
		// A page, or no address or method of ours: what is JSON is a problem.
		if isJSON(kind) && len(body) > 0 {
			return validate(d.problem, body)
		}
		return nil
	}
	answered := op.response[strconv.Itoa(res.StatusCode)]
	if answered == nil && res.StatusCode >= 400 {
		answered = op.response["default"]
	}
	if answered == nil {
		return fmt.Errorf("no status %d", res.StatusCode)
	}
	d.mark(op, res.StatusCode)
	if err := answered.check(req, res, kind, body); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return nil
	}
	return op.checkRequest(req)
}

func (d *document) mark(op *describedOperation, status int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen[fmt.Sprintf("%s %s %d", op.method, op.path, status)] = true
}

// unseen lists the good answers that are described and that no test has met.
func (d *document) unseen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, op := range d.operations {
		for status := range op.response {
			if answer := op.method + " " + op.path + " " + status; status < "300" && !d.seen[answer] {
				list = append(list, answer)
			}
		}
	}
	slices.Sort(list)
	return list
}

func (r *describedAnswer) check(req *http.Request, res *http.Response, kind string, body []byte) error {
	for name, h := range r.headers {
		if err := h.check(res.Header.Values(name)); err != nil {
			return fmt.Errorf("%d: header %s: %w", res.StatusCode, name, err)
		}
	}
	for name := range res.Header {
		if _, ok := r.headers[name]; !ok && !slices.Contains(onAnyAnswer, name) {
			return fmt.Errorf("%d: no header %s", res.StatusCode, name)
		}
	}
	if req.Method == http.MethodHead || (len(r.content) == 0 && res.ContentLength == 0) {
		return nil
	}
	schema, ok := r.content[kind]
	if _, any := r.content["*/*"]; !ok && !any {
		return fmt.Errorf("%d: no content %q", res.StatusCode, kind)
	}
	if schema == nil {
		return nil
	}
	if err := validate(schema, body); err != nil {
		return err
	}
	return r.checkProblem(kind, body)
}

// checkProblem wants the type among the examples of this status.
func (r *describedAnswer) checkProblem(kind string, body []byte) error {
	if kind != "application/problem+json" {
		return nil
	}
	var p problem
	if err := json.Unmarshal(body, &p); err != nil {
		return err
	}
	if name := strings.TrimPrefix(p.Type, "urn:gensubtitle:"); !slices.Contains(r.problems, name) {
		return fmt.Errorf("%d: no problem %s", p.Status, name)
	}
	return nil
}

func (h describedHeader) check(values []string) error {
	if len(values) == 0 {
		if h.required {
			return fmt.Errorf("is missing")
		}
		return nil
	}
	if h.schema == nil {
		return nil
	}
	text, err := json.Marshal(values[0])
	if err != nil {
		return err
	}
	if h.schema.Types != nil && slices.Contains(h.schema.Types.ToStrings(), "integer") {
		text = []byte(values[0])
	}
	return validate(h.schema, text)
}

// checkRequest holds what was sent, and taken, against the document.
func (op *describedOperation) checkRequest(req *http.Request) error {
	for name := range req.URL.Query() {
		if req.Method == http.MethodGet && !slices.Contains(op.query, name) {
			return fmt.Errorf("the request: no parameter %s", name)
		}
	}
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")) // None is "".
	if kind != "application/json" || req.GetBody == nil {
		return nil
	}
	reader, err := req.GetBody()
	if err != nil {
		return err
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	if op.request == nil {
		return fmt.Errorf("the request: no body")
	}
	if err := validate(op.request, body); err != nil {
		return fmt.Errorf("the request: %w: %s", err, head(body))
	}
	return nil
}

func validate(schema *jsonschema.Schema, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
