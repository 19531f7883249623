package views

import "net/url"

// path is where the video is found on this site.
func (v Video) path() string { return "/videos/" + url.PathEscape(v.ID) }

// filename is never empty, so that there is always something to read and to
// click on.
func (t *Text) filename(v Video) string {
	if v.Filename == "" {
		return t.Untitled
	}
	return v.Filename
}
