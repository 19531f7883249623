// Package apidoc reads the OpenAPI document into what a page shows of it:
// everything in the order of the document, references followed, and a command
// for each operation that can be pasted into a terminal.
package apidoc

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Document is the description of an interface.
type Document struct {
	Title    string
	Intro    []Paragraph
	Groups   []Group
	Problems []Problem
	Shapes   []Shape
}

// Group is what the operations of one tag have in common.
type Group struct {
	ID, Name    string
	Description []Paragraph
	Operations  []Operation
}

// Operation is one method of one path.
type Operation struct {
	ID, Method, Path string
	Summary          string
	Description      []Paragraph
	Access           Access
	Scopes           []string // that a token needs
	Parameters       []Field
	Bodies           []Content
	Answers          []Answer
	Curl             string
}

// Access is who may ask.
type Access int

// Who there is.
const (
	Anyone Access = iota
	SignedInOrNot
	SignedIn
	AdminOnly
)

// Field is a part of a body, a header, or a parameter.
type Field struct {
	Name     string
	In       string // path, query or header, for a parameter
	Required bool
	Type     Type
	Text     Paragraph
}

// Type is what a value may be.
type Type struct {
	Name  string // in words
	Shape string // the id of the Shape that it is, or is made of; often empty
	Rules string // what else holds of the value
}

// Content is a body of one media type.
type Content struct {
	MediaType string
	Type      Type
	Fields    []Field
	Example   string
}

// Answer is what an operation says with one status.
type Answer struct {
	Status   string // three digits, or "default"
	Text     Paragraph
	Headers  []Field
	Contents []Content
	Problems []string // the ids of the problems that it may be
}

// Good is true for answers that are no error.
func (a Answer) Good() bool { return a.Status < "400" }

// Problem is one type of error.
type Problem struct {
	ID, Type, Title, Detail string
	Status                  int
	Example                 string
}

// Shape is a body, or a part of one, that has a name.
type Shape struct {
	ID, Name string
	Text     Paragraph
	Fields   []Field
}

// Paragraph is text with code and strong words in it.
type Paragraph []Span

// Span is a piece of a paragraph in one style.
type Span struct {
	Text         string
	Code, Strong bool
}

// Read reads an OpenAPI document. Beyond what it shows it asks for nothing:
// whether the document is valid is for tests to say.
func Read(text []byte) (*Document, error) {
	var s source
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read the API document: %w", err)
	}
	d := &Document{Title: s.Info.Title, Intro: paragraphs(s.Info.Description)}
	for _, tag := range s.Tags {
		g := Group{ID: "tag-" + slug(tag.Name), Name: tag.Name, Description: paragraphs(tag.Description)}
		for path, item := range s.Paths.all() {
			for _, method := range item.methods() {
				if o := method.operation; len(o.Tags) > 0 && o.Tags[0] == tag.Name {
					g.Operations = append(g.Operations, s.operation(method.name, path, item, o))
				}
			}
		}
		d.Groups = append(d.Groups, g)
	}
	for name, e := range s.Components.Examples.all() {
		p, err := readProblem(name, e)
		if err != nil {
			return nil, err
		}
		d.Problems = append(d.Problems, p)
	}
	for name, schema := range s.Components.Schemas.all() {
		if fields := s.fields(schema); len(fields) > 0 {
			d.Shapes = append(d.Shapes, Shape{ID: shapeID(name), Name: name, Text: paragraph(schema.Description), Fields: fields})
		}
	}
	return d, nil
}

func readProblem(name string, e example) (Problem, error) {
	p := Problem{ID: problemID(name), Example: pretty(e.Value)}
	if err := json.Unmarshal(e.Value, &p); err != nil {
		return p, fmt.Errorf("read the example %s: %w", name, err)
	}
	return p, nil
}

func problemID(name string) string { return "problem-" + name }

func shapeID(name string) string { return "shape-" + name }

func slug(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// paragraphs reads as much of Markdown as descriptions use: empty lines, code
// between backquotes, strong words between two asterisks.
func paragraphs(text string) []Paragraph {
	var list []Paragraph
	for piece := range strings.SplitSeq(text, "\n\n") {
		if p := paragraph(piece); p != nil {
			list = append(list, p)
		}
	}
	return list
}

func paragraph(text string) Paragraph {
	var p Paragraph
	for i, piece := range strings.Split(text, "`") {
		if i%2 == 1 {
			p = append(p, Span{Text: piece, Code: true})
			continue
		}
		for j, words := range strings.Split(piece, "**") {
			if words != "" {
				p = append(p, Span{Text: words, Strong: j%2 == 1})
			}
		}
	}
	return p
}
