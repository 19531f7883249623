package media

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSubtitlesOfATrack(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(text, []byte("1\n00:00:01,000 --> 00:00:02,500\nสวัสดี <i>ครับ</i>\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	input := []string{"-f", "lavfi", "-i", "testsrc=d=4:s=64x64", "-i", text, "-i", text, "-map", "0", "-map", "1", "-map", "2"}
	for _, test := range []struct {
		name, want string
		codecs     []string
	}{
		{"x.mkv", "1\n00:00:01,000 --> 00:00:02,500\nสวัสดี <i>ครับ</i>", []string{"-c:s", "srt"}},
		{"x.mp4", "1\n00:00:01,000 --> 00:00:02,500\nสวัสดี <i>ครับ</i>", []string{"-c:s", "mov_text"}},
		{"x.mkv", `Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,สวัสดี {\i1}ครับ{\i0}`, []string{"-c:s", "ass"}},
		{"x.webm", "WEBVTT\n\n00:01.000 --> 00:02.500\nสวัสดี", []string{"-c:v", "libvpx", "-deadline", "realtime", "-c:s", "webvtt"}},
		// The file begins at 1.4 s, as a broadcast does, and its subtitles with it.
		{"x.mkv", "1\n00:00:01,000 --> 00:00:02,500\nสวัสดี <i>ครับ</i>", []string{"-c:s", "srt", "-output_ts_offset", "1.4"}},
	} {
		t.Run(test.name+" "+strings.Join(test.codecs, " "), func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, slices.Concat(input, test.codecs)...)
			muxer, _ := newMuxer(t, Options{})
			got, err := muxer.Subtitles(t.Context(), "user_a", path, 2)
			if plain := strings.ReplaceAll(string(got), "\r", ""); err != nil || !strings.Contains(plain, test.want) {
				t.Errorf("got %q, %v, want %q", plain, err, test.want)
			}
			for _, number := range []int{0, 3} {
				if got, err := muxer.Subtitles(t.Context(), "user_a", path, number); !errors.Is(err, ErrNoTrack) {
					t.Errorf("track %d: got %q, %v", number, got, err)
				}
			}
		})
	}
}
