package media

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMuxKeepsSubtitles has the file's own subtitles follow the new ones, in time,
// with their language and name, and not by default any more.
func TestMuxKeepsSubtitles(t *testing.T) {
	t.Parallel()
	own := save(t, "own.srt", []byte("1\n00:00:01,000 --> 00:00:02,500\nของเดิม <i>ครับ</i>\n\n2\n00:00:03,000 --> 00:00:04,250\nจบ\n\n"))
	named := []string{"-metadata:s:s:0", "language=jpn", "-metadata:s:s:0", "title=Old", "-metadata:s:s:0", "handler_name=Old", "-disposition:s:0", "default"}
	input := slices.Concat([]string{"-i", own}, both("-map", "1", "-map", "2", "-map", "0"), named)
	x264 := []string{"-c:v", "libx264", "-c:a", "aac"}
	late := []string{"-output_ts_offset", "1.4"}
	m, _ := newMuxer(t, Options{})
	for _, test := range []struct {
		what, name string
		args       []string
		mkv, mp4   string // what the track becomes
	}{
		{"srt", "x.mkv", slices.Concat(x264, []string{"-c:s", "srt"}), "subrip", "mov_text"},
		{"ass", "x.mkv", slices.Concat(x264, []string{"-c:s", "ass"}), "ass", "mov_text"},
		{"a late begin", "x.mkv", slices.Concat(x264, []string{"-c:s", "srt"}, late), "subrip", "mov_text"},
		{"mov_text", "x.mp4", slices.Concat(x264, []string{"-c:s", "mov_text"}), "subrip", "mov_text"},
		{"mov_text", "x.mov", slices.Concat(x264, []string{"-c:s", "mov_text"}), "subrip", "mov_text"},
		{"webvtt", "x.webm", []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus", "-c:s", "webvtt"}, "webvtt", "mov_text"},
	} {
		t.Run(test.what+" "+test.name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, slices.Concat(input, test.args)...)
			for format, codec := range map[MuxFormat]string{MKV: test.mkv, MP4: test.mp4} {
				path := muxed(t, m, Mux{Video: path, Subtitles: []byte(twoCues), Format: format, Language: "th"})
				got := probe(t, path)
				if got.types() != "video audio subtitle subtitle" {
					t.Fatalf("%s has %s", format, got.types())
				}
				first, second := got.Streams[2], got.Streams[3]
				if first.Tags["language"] != "tha" || first.Disposition["default"] != 1 {
					t.Errorf("%s: the new subtitles are %+v", format, first)
				}
				name := second.Tags["title"] + second.Tags["handler_name"]
				if second.Codec != codec || second.Tags["language"] != "jpn" || !strings.HasPrefix(name, "Old") || second.Disposition["default"] != 0 {
					t.Errorf("%s: the old subtitles are %+v", format, second)
				}
				checkCues(t, path, got)
				text := ffmpegOut(t, path, "-map", "0:s:1", "-f", "srt")
				// Encoders of sound and pictures shift the whole by some frames.
				if !strings.Contains(text, "ของเดิม <i>ครับ</i>") || !strings.Contains(text, "จบ") || !aboutAt(text, time.Second, 3*time.Second) {
					t.Errorf("%s: the old subtitles say %q", format, text)
				}
			}
		})
	}
}

// aboutAt reports whether SRT has captions that begin at about these times.
func aboutAt(srt string, times ...time.Duration) bool {
	var found []time.Duration
	for line := range strings.Lines(srt) {
		var h, m, s, ms time.Duration
		if n, _ := fmt.Sscanf(line, "%d:%d:%d,%d -->", &h, &m, &s, &ms); n == 4 {
			found = append(found, h*time.Hour+m*time.Minute+s*time.Second+ms*time.Millisecond)
		}
	}
	return slices.EqualFunc(found, times, func(a, b time.Duration) bool { return (a - b).Abs() < 150*time.Millisecond })
}

// TestMuxLeavesOutSubtitles names those that a format cannot hold, and has the
// download work without them.
func TestMuxLeavesOutSubtitles(t *testing.T) {
	t.Parallel()
	own := save(t, "own.srt", []byte(twoCues))
	path := encode(t, "x.mkv", slices.Concat([]string{"-i", own}, both("-map", "1", "-map", "2", "-map", "0", "-c:v", "libx264", "-c:a", "aac", "-c:s", "srt"))...)
	data := load(t, path)
	// The same file whose subtitles are of pictures, or of an unknown kind, by their name.
	pictures := save(t, "pictures.mkv", []byte(strings.Replace(string(data), "S_TEXT/UTF8", "S_HDMV/PGS\x00", 1)))
	unknown := save(t, "unknown.mkv", []byte(strings.Replace(string(data), "S_TEXT/UTF8", "S_TEXT/XXXX", 1)))
	m, _ := newMuxer(t, Options{})
	for _, test := range []struct {
		path     string
		format   MuxFormat
		leftOut  []string
		subtitle int
	}{
		{pictures, MP4, []string{"subtitle 1"}, 1},
		{unknown, MP4, []string{"subtitle 1"}, 1},
		{unknown, MKV, []string{"subtitle 1"}, 1},
		{pictures, MKV, nil, 2},
	} {
		file, err := m.Mux(t.Context(), Mux{Video: test.path, Subtitles: []byte(twoCues), Format: test.format})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(file.LeftOut, test.leftOut) {
			t.Errorf("%s of %s: left out is %v, want %v", test.format, test.path, file.LeftOut, test.leftOut)
		}
		copied := save(t, "out", nil)
		out, err := os.Create(copied)
		if err != nil {
			t.Fatal(err)
		}
		_, err = out.ReadFrom(file)
		if err := errors.Join(err, out.Close(), file.Close()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(probe(t, copied).types(), "subtitle"); got != test.subtitle {
			t.Errorf("%s of %s has %d tracks of subtitles, want %d", test.format, test.path, got, test.subtitle)
		}
	}
}
