package engine

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"strings"
)

var (
	htmlTitle  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlUnread = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)>|<!--.*?-->`)
	htmlTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

func isHTML(data []byte) bool {
	begin := bytes.ToLower(data[:min(len(data), 200)])
	return bytes.HasPrefix(begin, []byte("<!doctype html")) || bytes.HasPrefix(begin, []byte("<html")) ||
		bytes.HasPrefix(begin, []byte("<")) && bytes.Contains(begin, []byte("<head"))
}

// complaintOf is what an engine or a proxy says when something went wrong, on one
// line: OpenAI's {"error": {"message": "…"}}, FastAPI's {"detail": …}, an HTML
// page, plain text.
func complaintOf(data []byte) string {
	data = bytes.TrimSpace(data)
	if isHTML(data) {
		return "a web page: " + pageText(data)
	}
	var value any
	if json.Unmarshal(data, &value) == nil {
		return oneLine(complaintIn(value, 0))
	}
	return oneLine(string(data))
}

// pageText is the title of a web page and what can be read on it.
func pageText(data []byte) string {
	title := ""
	if m := htmlTitle.FindSubmatch(data); m != nil {
		title = oneLine(html.UnescapeString(string(m[1])))
	}
	text := htmlTag.ReplaceAllString(htmlUnread.ReplaceAllString(string(data), " "), " ")
	text = oneLine(html.UnescapeString(text))
	switch {
	case title == "" || strings.HasPrefix(text, title):
		return text
	case text == "":
		return title
	}
	return title + ": " + text
}

// complaintIn looks for the words of an error in JSON.
func complaintIn(value any, depth int) string {
	if depth > 4 {
		return ""
	}
	switch v := value.(type) {
	case string:
		return v
	case []any: // of FastAPI: one for each field
		var all []string
		for _, item := range v {
			if said := complaintIn(item, depth+1); said != "" {
				all = append(all, said)
			}
		}
		return strings.Join(all, "; ")
	case map[string]any:
		return complaintInObject(v, depth)
	}
	return ""
}

func complaintInObject(fields map[string]any, depth int) string {
	for _, name := range []string{"error", "errors", "detail", "message", "msg", "error_message", "error_description", "reason", "title", "description"} {
		said := complaintIn(fields[name], depth+1)
		if said == "" {
			continue
		}
		if where := placeOf(fields["loc"]); where != "" {
			said = where + ": " + said
		}
		return said
	}
	if code, ok := fields["code"].(string); ok {
		return code
	}
	kind, _ := fields["type"].(string)
	return kind
}

// placeOf is FastAPI's place of a fault, such as ["body", "file"].
func placeOf(value any) string {
	list, _ := value.([]any)
	var parts []string
	for _, item := range list {
		if name, ok := item.(string); ok {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, ".")
}
