package e2e

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// htmlNode lets files without the import name the type.
type htmlNode = html.Node

func escape(s string) string { return url.QueryEscape(s) }

// parse reads an answer as a page.
func parse(t testing.TB, a *answer) *html.Node {
	t.Helper()
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		t.Fatalf("%s: Content-Type %q\n%s", a.what, kind, head(a.body))
	}
	n, err := html.Parse(bytes.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// find returns the first element for which ok holds, nil where there is none.
func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && ok(d) {
			return d
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func byID(n *html.Node, id string) *html.Node {
	return find(n, func(d *html.Node) bool { return attr(d, "id") == id })
}

// text is the text of an element with single spaces.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// alert is the text of the page's alerts.
func alert(t testing.TB, a *answer) string {
	t.Helper()
	var all []string
	for d := range parse(t, a).Descendants() {
		if d.Type == html.ElementNode && attr(d, "role") == "alert" {
			all = append(all, text(d))
		}
	}
	return strings.TrimSpace(strings.Join(all, " "))
}

// webForm is a form as a browser without JavaScript would send it.
type webForm struct {
	action, method, kind string
	values               url.Values
}

// readForm reads the form with this id from a page.
func readForm(t testing.TB, a *answer, id string) webForm {
	t.Helper()
	n := byID(parse(t, a), id)
	if n == nil || n.Data != "form" {
		t.Fatalf("%s: no form#%s", a.what, id)
	}
	return formOf(n)
}

func formOf(n *html.Node) webForm {
	f := webForm{attr(n, "action"), strings.ToUpper(attr(n, "method")), attr(n, "enctype"), url.Values{}}
	for d := range n.Descendants() {
		field := d.Type == html.ElementNode && (d.Data == "input" || d.Data == "button") && attr(d, "type") != "file"
		if field && attr(d, "name") != "" {
			f.values.Set(attr(d, "name"), attr(d, "value"))
		}
	}
	return f
}
