package views

import (
	"strings"
	"testing"
)

func TestUploadForm(t *testing.T) {
	source := rendered(t, HomePage(signedIn(Thai), Home{Quota: someQuota, Alert: "เต็ม"}))
	for name, want := range map[string]string{
		"method": "post", "action": "/upload-video", "enctype": "multipart/form-data", "hx-boost": "false",
	} {
		if got, _ := attribute(byID(t, source, "upload"), name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	input := byID(t, source, "file")
	for name, want := range map[string]string{"type": "file", "name": "file"} {
		if got, _ := attribute(input, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, multiple := attribute(input, "multiple"); multiple {
		t.Error("without its script the form would send many files, of which the server takes one")
	}
	alert := byID(t, source, UploadAlertID)
	if role, _ := attribute(alert, "role"); role != "alert" || textOf(alert) != "เต็ม" {
		t.Errorf("the alert has role %q and says %q", role, textOf(alert))
	}
}

// The script fills {0}, {1} and {2} into the texts.
func TestUploadTexts(t *testing.T) {
	places := map[string]int{
		"data-upload-files": 1, "data-some-files": 1, "data-files-fit": 1, "data-files-done": 2,
		"data-too-big": 2, "data-too-long": 2, "data-too-long-now": 2,
		"data-progress": 3, "data-paused": 1, "data-counted": 1,
		"data-pause": 1, "data-resume": 1, "data-retry": 1, "data-cancel": 1, "data-remove": 1,
	}
	for _, l := range languages {
		seen := map[string]bool{}
		for _, n := range elements(t, rendered(t, HomePage(signedIn(l), Home{}))) {
			for _, a := range n.Attr {
				if want, ok := places[a.Key]; ok && strings.Count(a.Val, "{") != want {
					t.Errorf("%s: %s is %q", l, a.Key, a.Val)
				}
				seen[a.Key] = true
			}
		}
		for name := range places {
			if !seen[name] {
				t.Errorf("%s: there is no %s", l, name)
			}
		}
		for _, code := range reasonCodes {
			if !seen["data-rejected-"+code] {
				t.Errorf("%s: there are no words for %s", l, code)
			}
		}
	}
}
