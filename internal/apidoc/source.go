package apidoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

// source is the document as it is written (OpenAPI 3.1), as far as it is shown.
type source struct {
	Info struct {
		Title, Description string
	}
	Tags []struct {
		Name, Description string
	}
	Paths      ordered[pathItem]
	Components struct {
		Parameters map[string]parameter
		Headers    map[string]header
		Responses  map[string]response
		Schemas    ordered[schema]
		Examples   ordered[example]
	}
}

type pathItem struct {
	Parameters                                   []parameter
	Get, Put, Post, Delete, Options, Head, Patch *operation
}

type operation struct {
	Tags                 []string
	OperationID          string
	Summary, Description string
	Parameters           []parameter
	RequestBody          *struct {
		Content ordered[mediaType]
	}
	Responses ordered[response]
	Security  []map[string][]string
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      schema
	Example     json.RawMessage
}

type header struct {
	Ref         string `json:"$ref"`
	Description string
	Required    bool
	Schema      schema
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     ordered[header]
	Content     ordered[mediaType]
}

type mediaType struct {
	Schema   schema
	Example  json.RawMessage
	Examples ordered[example]
}

type example struct {
	Ref   string `json:"$ref"`
	Value json.RawMessage
}

type schema struct {
	Ref                  string `json:"$ref"`
	Type                 types
	Format, Description  string
	Pattern              string
	Required             []string
	Properties           ordered[schema]
	AdditionalProperties json.RawMessage
	Items                *schema
	AllOf                []schema
	Enum                 []json.RawMessage
	Const, Default       json.RawMessage
	Minimum, Maximum     json.RawMessage
	MinLength, MaxLength json.RawMessage
}

// types is one type, or a list of them.
type types []string

func (t *types) UnmarshalJSON(text []byte) error {
	if !bytes.HasPrefix(text, []byte("[")) {
		text = fmt.Appendf(nil, "[%s]", text)
	}
	return json.Unmarshal(text, (*[]string)(t))
}

// ordered is an object whose fields keep the order in which they are written.
type ordered[T any] struct {
	names  []string
	values []T
}

func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return fmt.Errorf("not an object: %v %w", start, err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value T
		if err := d.Decode(&value); err != nil {
			return fmt.Errorf("%v: %w", name, err)
		}
		o.names, o.values = append(o.names, name.(string)), append(o.values, value)
	}
	return nil
}

func (o ordered[T]) all() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for i, name := range o.names {
			if !yield(name, o.values[i]) {
				return
			}
		}
	}
}

func (o ordered[T]) get(name string) T {
	for known, value := range o.all() {
		if known == name {
			return value
		}
	}
	var none T
	return none
}

type method struct {
	name      string
	operation *operation
}

// methods are those of the path, in the order in which people think of them.
func (i pathItem) methods() []method {
	all := []method{
		{"GET", i.Get},
		{"HEAD", i.Head},
		{"POST", i.Post},
		{"PUT", i.Put},
		{"PATCH", i.Patch},
		{"DELETE", i.Delete},
		{"OPTIONS", i.Options},
	}
	var there []method
	for _, m := range all {
		if m.operation != nil {
			there = append(there, m)
		}
	}
	return there
}

// last is the name that a reference such as #/components/schemas/Video ends with.
func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

func (s *source) parameter(p parameter) parameter {
	if p.Ref != "" {
		return s.Components.Parameters[last(p.Ref)]
	}
	return p
}

func (s *source) header(h header) header {
	if h.Ref != "" {
		return s.Components.Headers[last(h.Ref)]
	}
	return h
}

func (s *source) response(r response) response {
	if r.Ref != "" {
		return s.Components.Responses[last(r.Ref)]
	}
	return r
}

func (s *source) schema(c schema) schema {
	if c.Ref != "" {
		return s.Components.Schemas.get(last(c.Ref))
	}
	return c
}
