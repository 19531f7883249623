package apidoc

import (
	"encoding/json"
	"slices"
	"strings"
)

// fields are those of an object, with what it is put together of.
func (s *source) fields(c schema) []Field {
	c = s.schema(c)
	var fields []Field
	for _, part := range c.AllOf {
		fields = append(fields, s.fields(part)...)
	}
	for name, property := range c.Properties.all() {
		text := property.Description
		if text == "" {
			text = s.schema(property).Description
		}
		fields = append(fields, Field{
			Name: name, Required: slices.Contains(c.Required, name), Type: s.typeOf(property), Text: paragraph(text),
		})
	}
	return fields
}

// typeOf says what a value may be. A schema that has fields goes by its name.
func (s *source) typeOf(c schema) Type {
	named := c.Ref
	c = s.schema(c)
	if named != "" && len(s.fields(c)) > 0 {
		return Type{Name: last(named), Shape: shapeID(last(named))}
	}
	if slices.Contains(c.Type, "array") && c.Items != nil {
		item := s.typeOf(*c.Items)
		return Type{Name: "list of " + item.Name, Shape: item.Shape, Rules: item.Rules}
	}
	t := Type{Name: strings.Join(c.Type, " or "), Rules: rules(c)}
	if c.Format != "" && c.Format != "password" {
		t.Name += " (" + c.Format + ")"
	}
	return t
}

// rules are what else a schema asks of a value.
func rules(c schema) string {
	var all []string
	add := func(before string, value json.RawMessage) {
		if value != nil {
			all = append(all, before+string(value))
		}
	}
	add("always ", c.Const)
	if len(c.Enum) > 0 && len(c.Enum) < 12 {
		var values []string
		for _, value := range c.Enum {
			values = append(values, plain(value))
		}
		all = append(all, strings.Join(values, " | "))
	}
	add("≥ ", c.Minimum)
	add("≤ ", c.Maximum)
	switch {
	case c.MinLength != nil && c.MaxLength != nil:
		all = append(all, string(c.MinLength)+"–"+string(c.MaxLength)+" characters")
	case c.MinLength != nil:
		all = append(all, "at least "+string(c.MinLength)+" characters")
	case c.MaxLength != nil:
		all = append(all, "at most "+string(c.MaxLength)+" characters")
	}
	add("default ", c.Default)
	return strings.Join(all, ", ")
}
