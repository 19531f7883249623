package subtitles

import (
	"strings"
	"testing"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	for video, want := range map[string]string{
		"film.mp4":               "film.srt",
		"My film (final).v2.mp4": "My film (final).v2.srt",
		"วิดีโอ 👩‍👩‍👧.mov": "วิดีโอ 👩‍👩‍👧.srt",
		"noext":                            "noext.srt",
		"":                                 "subtitles.srt",
		".mp4":                             "subtitles.srt",
		"..":                               "subtitles.srt",
		" . .mp4":                          "subtitles.srt",
		"../../etc/passwd":                 "passwd.srt",
		`C:\Users\a\film.mp4`:              "film.srt",
		"a\r\nSet-Cookie: x\x00.mp4":       "a  Set-Cookie_ x.srt",
		"a\"b;<c>|d?*.mp4":                 "a_b;_c__d__.srt",
		"gpj\u202efdp.mp4":                 "gpjfdp.srt",
		"a\xffb\ufeff\ufffe.mp4":           "a\ufffdb.srt",
		"nul.mp4":                          "_nul.srt",
		"Com1.x.mp4":                       "_Com1.x.srt",
		"company.mp4":                      "company.srt",
		strings.Repeat("ก", 100):           strings.Repeat("ก", 83) + ".srt",
		strings.Repeat("กี่", 40) + ".mp4": strings.Repeat("กี่", 27) + ".srt",
	} {
		if got := FileName(video, "srt"); got != want {
			t.Errorf("%q became %q, want %q", video, got, want)
		}
	}
}
