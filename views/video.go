package views

import (
	"net/url"
	"slices"
)

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

// deleteDetail says what becomes of the quota when the video is deleted.
func (t *Text) deleteDetail(v Video) string {
	if v.Status == "rejected" {
		return t.RejectedDetail
	}
	return t.DeleteDetail
}

// soundOnly is known once the video was measured.
func (v Video) soundOnly() bool { return v.Status == "accepted" && !v.HasPicture }

// unfinished uploads wait for the same file to be chosen again.
func (v Video) unfinished() bool { return v.Status == "receiving" && v.Resumable }

// sentPercent is 100 only for what has come whole.
func (v Video) sentPercent() int {
	if v.SizeBytes <= 0 {
		return 0
	}
	return int(100 * v.ReceivedBytes / v.SizeBytes)
}

// unplayable are the kinds of files that no browser plays.
var unplayable = []string{"avi", "flv", "asf", "mpegts", "mpeg", "amr", "w64", "ac3", "eac3"}

func (v Video) playable() bool { return !slices.Contains(unplayable, v.Container) }
