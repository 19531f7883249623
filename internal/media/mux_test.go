package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/storage"
	"gensubtitle/internal/subtitles"
	"gensubtitle/internal/waittest"
)

// twoCues are in Thai, and have what readers of SRT take for markup.
const twoCues = "1\n00:00:01,000 --> 00:00:02,500\nสวัสดีครับ 😀 & \"น้ำ\"\n<script> <b>ข</b> {y} {\\an8} C:\\N\n\n" +
	"2\n00:00:03,000 --> 00:00:04,250\nก็ดี\n\n"

var cueTexts = []string{"สวัสดีครับ 😀 & \"น้ำ\"\n<script> <b>ข</b> {y} {\\an8} C:\\N", "ก็ดี"}

// probed is what ffprobe tells of a muxed file.
type probed struct {
	Streams []struct {
		Type        string            `json:"codec_type"`
		Start       string            `json:"start_time"`
		Codec       string            `json:"codec_name"`
		Tag         string            `json:"codec_tag_string"`
		Disposition map[string]int    `json:"disposition"`
		Tags        map[string]string `json:"tags"`
	}
	Format struct {
		Name     string            `json:"format_name"`
		Duration string            `json:"duration"`
		Tags     map[string]string `json:"tags"`
	}
	Chapters []any
	Packets  []struct {
		Type   string `json:"codec_type"`
		Start  string `json:"pts_time"`
		Length string `json:"duration_time"`
	}
}

func probe(t *testing.T, path string) probed {
	t.Helper()
	out, err := waittest.Command(t, "ffprobe", "-v", "error", "-show_streams", "-show_format", "-show_chapters", "-show_packets", "-of", "json", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p probed) types() string {
	var all []string
	for _, s := range p.Streams {
		all = append(all, s.Type)
	}
	return strings.Join(all, " ")
}

// ffmpegOut is what ffmpeg makes of a file.
func ffmpegOut(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := waittest.Command(t, "ffmpeg", append([]string{"-nostdin", "-v", "error", "-i", path}, append(args, "-")...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// content is what a file has, and how that is compared with a copy of it.
type content int

const (
	packets   content = iota // of the pictures, which are the same
	frames                   // for containers that have packets in other wrapping
	silence                  // pictures alone, by their packets
	justSound                // by its packets
	samples                  // sound in other wrapping
)

func (c content) types() string {
	switch c {
	case silence:
		return "video subtitle"
	case justSound, samples:
		return "audio subtitle"
	}
	return "video audio subtitle"
}

// shown is the sum of all that a file shows.
func shown(t *testing.T, path string, by content) string {
	t.Helper()
	switch by {
	case frames:
		var sums []string
		for line := range strings.Lines(ffmpegOut(t, path, "-map", "0:V", "-vsync", "passthrough", "-f", "framemd5")) {
			if !strings.HasPrefix(line, "#") {
				sums = append(sums, line[strings.LastIndex(line, ",")+1:]) // Without its times.
			}
		}
		return strings.Join(sums, "")
	case justSound:
		return ffmpegOut(t, path, "-map", "0:a", "-c", "copy", "-f", "md5")
	case samples:
		return ffmpegOut(t, path, "-map", "0:a", "-c:a", "pcm_s16le", "-f", "md5")
	}
	return ffmpegOut(t, path, "-map", "0:V", "-c", "copy", "-f", "md5")
}

// newMuxer returns the folder that it writes to as well.
func newMuxer(t *testing.T, options Options) (*Muxer, string) {
	t.Helper()
	dir := t.TempDir()
	return NewMuxer(NewMeter(options), scratchIn(t, dir)), filepath.Join(dir, "exports")
}

// scratchIn makes scratch files in a data directory.
func scratchIn(t *testing.T, dir string) func(size int64) (Scratch, error) {
	t.Helper()
	disk, err := storage.OpenDisk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(size int64) (Scratch, error) { return disk.Scratch(size) }
}

// names is all that lies in a folder, sorted.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

// muxed writes what was muxed to a file with a name.
func muxed(t *testing.T, m *Muxer, job Mux) string {
	t.Helper()
	file, err := m.Mux(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return save(t, "muxed."+string(job.Format), data)
}

func TestMuxEveryContainer(t *testing.T) {
	h264 := func(args ...string) []string {
		return both(append([]string{"-c:v", "libx264", "-c:a", "aac"}, args...)...)
	}
	for _, test := range []struct {
		name string
		args []string
		mp4  bool
		kind content
	}{
		{"h264.mp4", h264(), true, packets},
		{"fragmented.mp4", h264("-movflags", "frag_keyframe+empty_moov"), true, packets},
		{"h264.mov", h264(), true, packets},
		{"pcm.mov", both("-c:v", "libx264", "-c:a", "pcm_s16le"), false, packets},
		{"h263.3gp", both("-c:v", "h263", "-s", "176x144", "-c:a", "aac"), false, packets},
		{"h264.mkv", h264(), true, packets},
		{"opus.webm", both("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"), false, packets},
		{"mpeg4.avi", both("-c:v", "mpeg4", "-c:a", "libmp3lame"), true, packets},
		{"h264.avi", h264("-bf", "2"), true, frames},
		{"h264.ts", h264("-bf", "2"), true, frames},
		{"camera.m2ts", h264("-f", "mpegts", "-mpegts_m2ts_mode", "1"), true, frames},
		{"hours on.ts", h264("-output_ts_offset", "20000"), true, frames},
		{"mpeg2.mpg", both("-c:v", "mpeg2video", "-c:a", "mp2"), true, frames},
		{"h264.flv", h264(), true, packets},
		{"wmv2.wmv", both("-c:v", "wmv2", "-c:a", "wmav2"), false, packets},
		{"theora.ogv", both("-c:v", "libtheora", "-c:a", "libvorbis"), false, packets},
		{"silent.mp4", []string{"-f", "lavfi", "-i", pictures, "-c:v", "libx264"}, true, silence},
		{"x.wav", soundOnly(), false, justSound},
		{"x.mp3", soundOnly("-c:a", "libmp3lame"), false, justSound},
		{"x.m4a", soundOnly("-c:a", "aac"), false, justSound},
		{"x.ogg", soundOnly("-c:a", "libvorbis"), false, justSound},
		{"x.opus", soundOnly("-c:a", "libopus"), false, justSound},
		{"x.flac", soundOnly(), false, justSound},
		{"x.aac", soundOnly("-c:a", "aac"), false, samples},
		{"x.mp2", soundOnly("-c:a", "mp2"), false, justSound},
		{"x.aiff", soundOnly(), false, justSound},
		{"x.caf", soundOnly("-c:a", "pcm_s16le"), false, justSound},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, folder := newMuxer(t, Options{})
			path := encode(t, test.name, test.args...)
			source := shown(t, path, test.kind)
			for format, codec := range map[MuxFormat]string{MKV: "subrip", MP4: "mov_text"} {
				job := Mux{Video: path, Subtitles: []byte(twoCues), Format: format, Language: "th"}
				if format == MP4 && !test.mp4 {
					if file, err := m.Mux(t.Context(), job); !errors.Is(err, ErrNotMuxable) {
						t.Errorf("MP4: got %v, %v, want %v", file, err, ErrNotMuxable)
					}
					continue
				}
				result := muxed(t, m, job)
				got := probe(t, result)
				if want := test.kind.types(); got.types() != want {
					t.Fatalf("%s has %s, want %s", format, got.types(), want)
				}
				sub := got.Streams[len(got.Streams)-1]
				name := sub.Tags["title"] + sub.Tags["handler_name"]
				if sub.Codec != codec || sub.Tags["language"] != "tha" || !strings.HasPrefix(name, "ไทย") || sub.Disposition["default"] != 1 {
					t.Errorf("%s: subtitles are %+v", format, sub)
				}
				if off := number(t, got.Format.Duration) - 5; off < -0.1 || off > 0.1 {
					t.Errorf("%s lasts %s s, want 5", format, got.Format.Duration)
				}
				checkCues(t, result, got)
				if shown(t, result, test.kind) != source {
					t.Errorf("%s: other pictures or sound", format)
				}
			}
			if left := names(t, folder); len(left) != 0 {
				t.Errorf("left is %v", left)
			}
		})
	}
}

// checkCues compares text and times, these with those of the first stream.
func checkCues(t *testing.T, path string, got probed) {
	t.Helper()
	text := strings.ReplaceAll(ffmpegOut(t, path, "-map", "0:s:0", "-c", "copy", "-f", "data"), "\u2060", "")
	for _, want := range cueTexts {
		if !strings.Contains(text, want) {
			t.Errorf("text is %q, want %q in it", text, want)
		}
	}
	begin := number(t, got.Streams[0].Start)
	for _, want := range []struct{ start, length float64 }{{1, 1.5}, {3, 1.25}} {
		found := false
		for _, p := range got.Packets {
			if p.Type == "subtitle" && number(t, p.Length) == want.length {
				off := number(t, p.Start) - begin - want.start
				found = found || off > -0.09 && off < 0.03
			}
		}
		if !found {
			t.Errorf("no cue at %v s for %v s after %v: %+v", want.start, want.length, begin, got.Packets)
		}
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMuxKeeps has what else is in a file go along, or not.
func TestMuxKeeps(t *testing.T) {
	notes := save(t, "notes.txt", []byte(";FFMETADATA1\ntitle=งานวันเกิด\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=one\n"))
	srt := save(t, "old.srt", []byte(twoCues))
	font := save(t, "font.ttf", []byte("a font"))
	cover := encode(t, "cover.png", "-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1")
	rich := encode(t, "rich.mkv", slices.Concat([]string{"-i", notes, "-i", srt}, both(
		"-map", "2", "-map", "3", "-map", "3", "-map", "1", "-map_metadata", "0", "-map_chapters", "0",
		"-c:v", "libx264", "-c:a", "aac", "-c:s", "copy", "-metadata:s:a:1", "language=fra",
		"-attach", font, "-metadata:s:t:0", "mimetype=font/ttf", "-attach", cover, "-metadata:s:t:1", "mimetype=image/png"))...)
	m, _ := newMuxer(t, Options{})
	for _, format := range []MuxFormat{MKV, MP4} {
		got := probe(t, muxed(t, m, Mux{Video: rich, Subtitles: []byte(twoCues), Format: format}))
		if types := strings.TrimSuffix(got.types(), " data"); types != "video audio audio subtitle subtitle" { // MP4 has its chapters in a track.
			t.Errorf("%s has %s", format, got.types())
		}
		title := got.Format.Tags["title"] + got.Format.Tags["TITLE"]
		if title != "งานวันเกิด" || len(got.Chapters) != 1 || got.Streams[2].Tags["language"] != "fra" {
			t.Errorf("%s has title %q, chapters %v, sound %+v", format, title, got.Chapters, got.Streams[2])
		}
		if language := got.Streams[3].Tags["language"]; language != "und" && language != "" {
			t.Errorf("%s: language is %q", format, language)
		}
	}
}

// TestMuxLeavesOut has a track of a kind that nothing knows, as the spatial sound
// of phones is, beside one that all can play. MKV goes without it.
func TestMuxLeavesOut(t *testing.T) {
	data := load(t, encode(t, "x.mov", both("-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-c:a", "aac")...))
	last := bytes.LastIndex(data, []byte("mp4a"))
	copy(data[last:], "apac")
	copy(data[last+bytes.Index(data[last:], []byte("esds")):], "dapa")
	phone := save(t, "phone.mov", data)
	m, folder := newMuxer(t, Options{})
	for format, want := range map[MuxFormat]struct {
		leftOut []string
		types   string
	}{MKV: {[]string{"audio 2"}, "video audio subtitle"}, MP4: {nil, "video audio audio subtitle"}} {
		file, err := m.Mux(t.Context(), Mux{Video: phone, Subtitles: []byte(twoCues), Format: format})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(file.LeftOut, want.leftOut) {
			t.Errorf("%s: left out is %v, want %v", format, file.LeftOut, want.leftOut)
		}
		whole, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
		path := save(t, "out", whole)
		got := probe(t, path)
		if got.types() != want.types {
			t.Errorf("%s has %s, want %s", format, got.types(), want.types)
		}
		checkCues(t, path, got)
	}
	whole := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	file, err := m.Mux(t.Context(), Mux{Video: whole, Subtitles: []byte(twoCues), Format: MKV})
	if err != nil || len(file.LeftOut) != 0 {
		t.Errorf("of a whole file: %+v, %v", file, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if left := names(t, folder); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
}

func TestThreeLetters(t *testing.T) {
	for code, want := range map[string]string{"th": "tha", "en": "eng", "de": "deu", "tha": "tha", "yue": "yue", "": "und", "?": "und", "no such": "und"} {
		if got := threeLetters(code); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
}

func TestMuxRefuses(t *testing.T) {
	secret := encode(t, "secret.ts", both("-c:v", "libx264", "-c:a", "aac")...)
	video := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	playlist := save(t, "video.mp4", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n"+secret+"\n#EXT-X-ENDLIST\n"))
	header := []byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		what    string
		options Options
		path    string
		ctx     context.Context
		want    error
	}{
		{"a playlist", Options{}, playlist, t.Context(), ErrNotVideo},
		{"a script", Options{}, save(t, "x.mp4", []byte("ffconcat version 1.0\nfile "+secret+"\n")), t.Context(), ErrNotVideo},
		{"a playlist behind a header", Options{}, save(t, "x.mp4", append(bytes.Clone(header), load(t, playlist)...)), t.Context(), ErrNotMuxable},
		{"no file", Options{}, video + ".gone", t.Context(), ErrUnavailable},
		{"no ffmpeg", Options{FFmpeg: "no-such-ffmpeg"}, video, t.Context(), ErrUnavailable},
		{"given up", Options{}, video, ended, ErrUnavailable},
		{"too slow", Options{FFmpeg: script(t, "exec /bin/sleep 60"), Timeout: time.Second}, video, t.Context(), ErrUnavailable},
		{"crashed", Options{FFmpeg: script(t, "kill -SEGV $$")}, video, t.Context(), ErrNotVideo},
		{"killed", Options{FFmpeg: script(t, "kill -KILL $$")}, video, t.Context(), ErrUnavailable},
		{"without end", Options{FFmpeg: script(t, "until /bin/grep -q 'open files  *32 ' /proc/self/limits; do :; done; exec /bin/cat /dev/zero >&3")}, video, t.Context(), ErrNotVideo},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			m, folder := newMuxer(t, test.options)
			for _, format := range []MuxFormat{MKV, MP4} {
				file, err := m.Mux(test.ctx, Mux{Video: test.path, Subtitles: []byte(twoCues), Format: format})
				if file != nil || !errors.Is(err, test.want) {
					t.Errorf("%s: got %v, %v, want %v", format, file, err, test.want)
				}
				for _, other := range []error{ErrNotVideo, ErrNotMuxable, ErrUnavailable} {
					if other != test.want && errors.Is(err, other) {
						t.Errorf("%s: %v is %v as well", format, err, other)
					}
				}
			}
			if left := names(t, folder); len(left) != 0 {
				t.Errorf("left is %v", left)
			}
		})
	}
}

// TestMuxOpensNothingElse reads playlists as what they are not, past the look at
// the first bytes.
func TestMuxOpensNothingElse(t *testing.T) {
	secret := encode(t, "secret.ts", both("-c:v", "libx264", "-c:a", "aac")...)
	path := save(t, "video.mp4", []byte("ffconcat version 1.0\nfile "+secret+"\n"))
	m, _ := newMuxer(t, Options{})
	for _, demuxer := range []string{"mov", "mpegts", "concat"} {
		output, err := m.scratch(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		defer output.Close()
		s := m.meter.newSubject("user_a", path, 0, kind{"mp4", demuxer})
		if _, err := s.mux(t.Context(), Mux{Subtitles: []byte(twoCues), Format: MKV}, output, 1<<20); !errors.Is(err, ErrNotMuxable) {
			t.Errorf("read as %s: %v, want %v", demuxer, err, ErrNotMuxable)
		}
	}
}

// TestMuxWithoutRoom has no room for the file.
func TestMuxWithoutRoom(t *testing.T) {
	m := NewMuxer(NewMeter(Options{}), func(int64) (Scratch, error) { return nil, syscall.ENOSPC })
	video := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	if file, err := m.Mux(t.Context(), Mux{Video: video, Subtitles: []byte(twoCues), Format: MKV}); !errors.Is(err, syscall.ENOSPC) || file != nil {
		t.Errorf("got %v, %v, want %v", file, err, syscall.ENOSPC)
	}
}

// TestMuxLeavesNothing kills a process in the middle of muxing. That process is
// this test again, told so by its environment.
func TestMuxLeavesNothing(t *testing.T) {
	if fake := os.Getenv("MEDIA_TEST_MUX"); fake != "" {
		scratch := scratchIn(t, os.Getenv("MEDIA_TEST_DIR"))
		_, err := NewMuxer(NewMeter(Options{FFmpeg: fake}), scratch).Mux(t.Context(), Mux{Video: os.Getenv("MEDIA_TEST_FILE"), Format: MKV})
		t.Fatalf("was to be killed, got %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mark, dir := waittest.Mark(), t.TempDir()
	server := waittest.Command(t, self, "-test.run=^TestMuxLeavesNothing$")
	server.Env = append(os.Environ(), "MEDIA_TEST_MUX="+script(t, "exec /bin/sleep "+mark), "MEDIA_TEST_DIR="+dir, "MEDIA_TEST_FILE="+tone1s(t))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 1)
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 0)
	if left := names(t, filepath.Join(dir, "exports")); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
}

// TestMuxHasTurnsOfItsOwn muxes while all turns for measuring are taken, and
// waits for those who mux before.
func TestMuxHasTurnsOfItsOwn(t *testing.T) {
	m, _ := newMuxer(t, Options{Concurrency: 1})
	video := tone1s(t)
	for _, owner := range []string{"user_a", "user_b"} {
		take(t, m.meter.limiter, owner)
	}
	file, err := m.Mux(t.Context(), Mux{Video: video, Subtitles: []byte(twoCues), Format: MKV})
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	for range defaultExports {
		take(t, m.limiter, "user_a")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if file, err := m.Mux(ctx, Mux{Owner: "user_a", Video: video, Format: MKV}); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v, want %v", file, err, ErrUnavailable)
	}
	file, err = m.Mux(t.Context(), Mux{Owner: "user_b", Video: video, Subtitles: []byte(twoCues), Format: MKV})
	if err != nil {
		t.Fatalf("somebody else: %v", err)
	}
	file.Close()
}

// TestMuxOfManyCues has more of them than ffmpeg would read from a pipe within
// the time that the file has.
func TestMuxOfManyCues(t *testing.T) {
	m, _ := newMuxer(t, Options{Timeout: 20 * time.Second})
	video := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	const cues = 50_000
	var backwards []subtitles.Cue
	for i := range cues {
		start := time.Duration(cues-i) * 20 * time.Millisecond
		backwards = append(backwards, subtitles.Cue{Start: start, End: start + 10*time.Millisecond, Text: strconv.Itoa(i)})
	}
	var srt bytes.Buffer
	if err := subtitles.WriteSRT(&srt, subtitles.Transcript{Cues: backwards}); err != nil {
		t.Fatal(err)
	}
	for _, format := range []MuxFormat{MKV, MP4} {
		got := ffmpegOut(t, muxed(t, m, Mux{Video: video, Subtitles: srt.Bytes(), Format: format}), "-map", "0:s", "-f", "srt")
		if n := strings.Count(got, " --> "); n != cues {
			t.Errorf("%s: %d cues, want %d", format, n, cues)
		}
	}
}

// Captions may be far from each other, and stay long.
func TestMuxOfALongVideo(t *testing.T) {
	m, _ := newMuxer(t, Options{})
	video := encode(t, "long.mp4", "-f", "lavfi", "-i", "color=size=64x36:rate=1", "-t", "7300", "-pix_fmt", "yuv420p")
	srt := []byte("1\n00:00:01,000 --> 00:00:02,000\none\n\n2\n00:50:00,250 --> 00:50:02,000\ntwo\n\n3\n01:00:00,000 --> 02:00:00,000\nthree\n")
	for _, format := range []MuxFormat{MKV, MP4} {
		got := ffmpegOut(t, muxed(t, m, Mux{Video: video, Subtitles: srt, Format: format}), "-map", "0:s", "-f", "srt")
		if string(got) != string(srt)+"\n" {
			t.Errorf("%s: %s", format, got)
		}
	}
}
