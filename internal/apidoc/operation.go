package apidoc

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const problemJSON = "application/problem+json"

func (s *source) operation(method, path string, item pathItem, o *operation) Operation {
	op := Operation{
		ID: o.OperationID, Method: method, Path: path,
		Summary: o.Summary, Description: paragraphs(o.Description),
	}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		p = s.parameter(p)
		op.Parameters = append(op.Parameters, Field{
			Name: p.Name, In: p.In, Required: p.Required, Type: s.typeOf(p.Schema), Text: paragraph(p.Description),
		})
	}
	if o.RequestBody != nil {
		for mediaType, m := range o.RequestBody.Content.all() {
			op.Bodies = append(op.Bodies, s.content(mediaType, m))
		}
	}
	for status, r := range o.Responses.all() {
		op.Answers = append(op.Answers, s.answer(status, s.response(r)))
	}
	op.Access, op.Scopes = access(o.Security, op.Answers)
	op.Curl = s.curl(op, item, o)
	return op
}

func (s *source) answer(status string, r response) Answer {
	a := Answer{Status: status, Text: paragraph(r.Description)}
	for name, h := range r.Headers.all() {
		h = s.header(h)
		a.Headers = append(a.Headers, Field{
			Name: name, Required: h.Required, Type: s.typeOf(h.Schema), Text: paragraph(h.Description),
		})
	}
	for mediaType, m := range r.Content.all() {
		if mediaType != problemJSON {
			a.Contents = append(a.Contents, s.content(mediaType, m))
			continue
		}
		for name := range m.Examples.all() {
			a.Problems = append(a.Problems, problemID(name))
		}
	}
	return a
}

func (s *source) content(mediaType string, m mediaType) Content {
	return Content{MediaType: mediaType, Type: s.typeOf(m.Schema), Fields: s.fields(m.Schema), Example: pretty(m.Example)}
}

// access reads who may ask. That only admins may is said by an answer alone.
func access(security []map[string][]string, answers []Answer) (Access, []string) {
	var scopes []string
	optional := len(security) == 0
	for _, way := range security {
		optional = optional || len(way) == 0
		for _, needed := range way {
			scopes = append(scopes, needed...)
		}
	}
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	forbids := func(a Answer) bool { return slices.Contains(a.Problems, problemID("forbidden")) }
	switch {
	case len(security) == 0:
		return Anyone, scopes
	case optional:
		return SignedInOrNot, scopes
	case slices.ContainsFunc(answers, forbids):
		return AdminOnly, scopes
	}
	return SignedIn, scopes
}

// curl writes a command for a terminal in which URL and TOKEN are set.
func (s *source) curl(op Operation, item pathItem, o *operation) string {
	words := []string{"curl"}
	switch {
	case op.Method == "HEAD":
		words = append(words, "-I")
	case op.Method != "GET" && (op.Method != "POST" || len(op.Bodies) == 0):
		words = append(words, "-X "+op.Method)
	}
	path, query := op.Path, url.Values{}
	lines := []string{}
	for _, p := range slices.Concat(item.Parameters, o.Parameters) {
		p = s.parameter(p)
		value := sample(p)
		switch {
		case p.In == "query" && p.Example != nil:
			query[p.Name] = samples(p.Example)
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == "header" && p.Required:
			lines = append(lines, "-H "+quote(p.Name+": "+value))
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	words = append(words, `"$URL`+path+`"`)
	if op.Access != Anyone {
		lines = slices.Insert(lines, 0, `-H "Authorization: Bearer $TOKEN"`)
	}
	lines = append(lines, bodyWords(op.Bodies)...)
	return strings.Join(append([]string{strings.Join(words, " ")}, lines...), " \\\n  ")
}

// bodyWords sends the first kind of body that there is.
func bodyWords(bodies []Content) []string {
	if len(bodies) == 0 {
		return nil
	}
	switch b := bodies[0]; {
	case b.MediaType == "multipart/form-data":
		return []string{"-F file=@video.mp4"}
	case b.Example != "":
		var compact bytes.Buffer
		_ = json.Compact(&compact, []byte(b.Example)) // It has been read as JSON before.
		return []string{"-H " + quote("Content-Type: "+b.MediaType), "-d " + quote(compact.String())}
	case strings.HasSuffix(b.MediaType, "json"):
		return []string{"-H " + quote("Content-Type: "+b.MediaType), "-d '{}'"}
	default:
		return []string{"-H " + quote("Content-Type: "+b.MediaType), "--data-binary @video.mp4"}
	}
}

// sample is a value that the parameter could have.
func sample(p parameter) string {
	switch {
	case p.Example != nil:
		return plain(p.Example)
	case p.Schema.Const != nil:
		return plain(p.Schema.Const)
	case p.Schema.Format == "uuid":
		return "019b9126-4d6e-7c3a-9a51-6b1f0c2d3e4f"
	case slices.Contains(p.Schema.Type, "integer"):
		return "0"
	}
	return p.Name
}

// samples are the values of a list, or the one value of what is none.
func samples(value json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return []string{plain(value)}
	}
	values := make([]string, len(list))
	for i, item := range list {
		values[i] = plain(item)
	}
	return values
}

// quote makes one word of a shell's command line.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// plain is a value without the quotes of JSON.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// pretty writes JSON with a line for each field, and text as it is; none stays
// none.
func pretty(text json.RawMessage) string {
	var words string
	if json.Unmarshal(text, &words) == nil {
		return words
	}
	var indented bytes.Buffer
	if len(text) == 0 || json.Indent(&indented, text, "", "  ") != nil {
		return ""
	}
	return indented.String()
}
