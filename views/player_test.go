package views

import (
	"slices"
	"testing"
)

func TestPlayer(t *testing.T) {
	for _, test := range []struct {
		name   string
		video  Video
		plays  string // the element, empty when there is none
		hidden bool   // the offer to download it instead
	}{
		{"moving pictures", someVideo, "video", true},
		{"sound", Video{ID: "0197-a", Container: "mp3", Status: "accepted"}, "audio", true},
		{"no browser's kind", Video{ID: "0197-a", Container: "flv", HasPicture: true, Status: "accepted"}, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			plays := ""
			for _, n := range elements(t, rendered(t, Player(signedIn(Thai), test.video))) {
				if slices.Contains([]string{"video", "audio"}, n.Data) {
					plays = n.Data
					if src, _ := attribute(n, "src"); src != "/videos/0197-a/file" {
						t.Errorf("plays %q", src)
					}
				}
				if _, ok := attribute(n, "data-unplayable"); ok {
					if _, hidden := attribute(n, "hidden"); hidden != test.hidden {
						t.Errorf("the offer to download it is hidden: %v", hidden)
					}
				}
			}
			if plays != test.plays {
				t.Errorf("plays with %q, want %q", plays, test.plays)
			}
		})
	}
}
