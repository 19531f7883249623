package views

import "net/url"

// withNext adds where to go afterwards to the path of a form, unless that is
// where the form leads anyway.
func withNext(path, next string) string {
	if next == "" || next == "/" {
		return path
	}
	return path + "?" + url.Values{"next": {next}}.Encode()
}
