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

// TestMuxOfBrokenHeads has a frame of AAC whose head is broken: a download has all the
// rest of the sound.
func TestMuxOfBrokenHeads(t *testing.T) {
	t.Parallel()
	_, tone := beeps("between(t,0.5,0.8)+between(t,3,3.3)")
	frames := load(t, encode(t, "x.aac", slices.Concat(tone, []string{"-c:a", "aac"})...))
	at := 0
	for at < len(frames)/2 {
		at += aacFrame(frames[at:])
	}
	head := slices.Clone(frames[at : at+7])
	broken := slices.Clone(frames)
	broken[at+2] |= 0x3C // a sample rate that there is not
	film := load(t, encode(t, "x.ts", both("-c:v", "mpeg2video", "-r", "25", "-c:a", "aac")...))
	heads := 0
	for i := 0; i+7 < len(film); i++ { // The same head as in most frames of the sound.
		if film[i] == head[0] && film[i+1] == head[1] && film[i+2] == head[2] {
			if heads++; heads == 50 {
				film[i+2] |= 0x3C
			}
		}
	}
	if heads < 50 {
		t.Fatalf("%d heads of frames were found", heads)
	}
	m, _ := newMuxer(t, Options{})
	for name, data := range map[string][]byte{"x.aac": broken, "x.ts": film} {
		for _, format := range []MuxFormat{MKV, MP4} {
			if name == "x.aac" && format == MP4 {
				continue // It is for pictures.
			}
			t.Run(name+" "+string(format), func(t *testing.T) {
				t.Parallel()
				path := muxed(t, m, Mux{Video: save(t, name, data), Subtitles: []byte(twoCues), Format: format, Language: "th"})
				want := 3.9
				if name == "x.ts" {
					want = 4.8
				}
				pcm := ffmpegOut(t, path, "-map", "0:a", "-ac", "1", "-ar", "16000", "-f", "s16le")
				if got := pcmLength(int64(len(pcm))).Seconds(); got < want {
					t.Errorf("%.2f s of sound, want %v at least", got, want)
				}
			})
		}
	}
}

// TestMuxLeavesOutSound has a second sound that MP4 does or does not take, and an only
// one. The list of tracks says beforehand what a download goes without.
func TestMuxLeavesOutSound(t *testing.T) {
	t.Parallel()
	first := []string{"-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a:0", "aac", "-strict", "-2", "-c:a:1"}
	last := []string{"-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a:1", "aac", "-strict", "-2", "-c:a:0"}
	only := []string{"-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-strict", "-2", "-c:a"}
	const one, two = "audio 1", "audio 2"
	m, _ := newMuxer(t, Options{})
	for _, test := range []struct {
		what, name string
		args       []string
		codec      string
		mp4        string // what it leaves out
		refused    bool   // MP4
	}{
		{"AAC, then", "x.mov", first, "pcm_s16le", two, false},
		{"AAC, then", "x.mkv", first, "pcm_s16le", two, false},
		{"AAC, then", "x.avi", first, "pcm_s16le", two, false},
		{"AAC, then", "x.avi", first, "adpcm_ms", two, false},
		{"AAC, then", "x.mkv", first, "flac", two, false},
		{"AAC, then", "x.mp4", first, "flac", two, false},
		{"AAC, then", "x.ts", first, "truehd", two, false},
		{"AAC, then", "x.mkv", first, "wmav2", two, false},
		{"AAC, then", "x.mkv", first, "ac3", "", false},
		{"AAC, then", "x.mkv", first, "alac", "", false},
		{"AAC, then", "x.mp4", first, "libopus", "", false},
		{"AAC, then", "x.ts", first, "eac3", "", false},
		{"AAC, then", "x.mkv", first, "libvorbis", "", false},
		{"AAC behind", "x.mov", last, "pcm_s24le", one, false},
		{"AAC behind", "x.mkv", last, "flac", one, false},
		{"nothing but", "x.mov", only, "pcm_s16le", "", true},
		{"nothing but", "x.mkv", only, "flac", "", true},
		{"nothing but", "x.ts", only, "ac3", "", false},
	} {
		t.Run(test.what+" "+test.codec+" "+test.name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, both(append(slices.Clip(test.args), test.codec, "-ar", "48000", "-ac", "2")...)...)
			leavesOut(t, m, path, MKV, "", false)
			leavesOut(t, m, path, MP4, test.mp4, test.refused)
			var listed []string
			for _, track := range tracksOf(t, m, path) {
				if track.MKVOnly {
					listed = append(listed, track.called())
				}
			}
			if got := strings.Join(listed, ", "); got != test.mp4 {
				t.Errorf("listed as only for MKV is %q, want %q", got, test.mp4)
			}
		})
	}
	flash := encode(t, "x.avi", both("-map", "0", "-map", "1", "-c:v", "flv1", "-c:a", "libmp3lame")...)
	leavesOut(t, m, flash, MP4, "", true)
}

// leavesOut requires that a download goes without these tracks, or that there is none.
func leavesOut(t *testing.T, m *Muxer, path string, format MuxFormat, want string, refused bool) {
	t.Helper()
	got, err := m.Mux(t.Context(), Mux{Video: path, Subtitles: []byte(twoCues), Format: format})
	if refused {
		if !errors.Is(err, ErrNotMuxable) {
			t.Errorf("%s: got %v, want %v", format, err, ErrNotMuxable)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	defer got.Close()
	if left := strings.Join(got.LeftOut, ", "); left != want {
		t.Errorf("%s: left out is %q, want %q", format, left, want)
	}
}

func tracksOf(t *testing.T, m *Muxer, path string) []Track {
	t.Helper()
	measured, err := m.meter.Measure(t.Context(), "user_a", path, time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	return measured.Tracks
}
