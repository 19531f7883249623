package media

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// pgs is a file of subtitles as Blu-rays have them: a box that is shown at each of
// these times, for half a second.
func pgs(times ...time.Duration) []byte {
	var file []byte
	segment := func(at time.Duration, kind byte, data ...byte) {
		file = append(file, 'P', 'G')
		file = binary.BigEndian.AppendUint32(file, uint32(at*90/time.Millisecond))
		file = append(binary.BigEndian.AppendUint32(file, 0), kind)
		file = append(binary.BigEndian.AppendUint16(file, uint16(len(data))), data...)
	}
	window := []byte{1, 0, 0, 8, 0, 8, 0, 8, 0, 2}
	box := []byte{0, 0x88, 1, 0, 0, 0, 0x88, 1, 0, 0} // two lines of eight pixels
	for n, at := range times {
		segment(at, 0x16, 0, 64, 0, 64, 0x10, 0, byte(2*n), 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0, 8)
		segment(at, 0x17, window...)
		segment(at, 0x14, 0, 0, 1, 235, 128, 128, 255)
		segment(at, 0x15, append([]byte{0, 0, 0, 0xC0, 0, 0, byte(len(box) + 4), 0, 8, 0, 2}, box...)...)
		segment(at, 0x80)
		at += time.Second / 2
		segment(at, 0x16, 0, 64, 0, 64, 0x10, 0, byte(2*n+1), 0, 0, 0, 0)
		segment(at, 0x17, window...)
		segment(at, 0x80)
	}
	return file
}

// TestMuxBeside has what else files hold beside pictures and sound: subtitles of
// pictures, covers and data.
func TestMuxBeside(t *testing.T) {
	t.Parallel()
	png := encode(t, "cover.png", "-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1")
	jpeg := encode(t, "cover.jpg", "-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1")
	codecs := []string{"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"}
	subtitles := slices.Concat([]string{"-i", save(t, "x.sup", pgs(0, time.Second, 2*time.Second))}, both("-map", "1", "-map", "2", "-map", "0"), codecs)
	covered := func(cover string) []string {
		return slices.Concat([]string{"-i", cover}, both("-map", "1", "-map", "2", "-map", "0"), codecs, []string{"-c:v:1", "copy", "-disposition:v:1", "attached_pic"})
	}
	tagged := func(cover string, args ...string) []string {
		return slices.Concat([]string{"-i", cover}, soundOnly("-map", "1", "-map", "0", "-c:v", "copy", "-disposition:v:0", "attached_pic"), args)
	}
	attached := func(cover, kind string) []string {
		return slices.Concat(both(codecs...), []string{"-attach", cover, "-metadata:s:t", "mimetype=" + kind})
	}
	const bitmap, none = "subtitle 1", ""
	m, _ := newMuxer(t, Options{})
	for _, test := range []struct {
		what, name string
		args       []string
		mkv, mp4   string // their codecs; "" where there is no such file
		leftOut    string // of MP4
	}{
		{"PGS", "x.mkv", slices.Concat(subtitles, []string{"-c:s", "copy"}), "h264 aac subrip hdmv_pgs_subtitle", "h264 aac mov_text", bitmap},
		{"DVD", "x.mkv", slices.Concat(subtitles, []string{"-c:s", "dvdsub"}), "h264 aac subrip dvd_subtitle", "h264 aac mov_text", bitmap},
		{"DVB", "x.mkv", slices.Concat(subtitles, []string{"-c:s", "dvbsub"}), "h264 aac subrip dvb_subtitle", "h264 aac mov_text", bitmap},
		{"DVB", "x.ts", slices.Concat(subtitles, []string{"-c:s", "dvbsub"}), "h264 aac subrip dvb_subtitle", "h264 aac mov_text", bitmap},
		{"a PNG", "x.mp4", covered(png), "h264 aac subrip", "h264 aac mov_text", none},
		{"a JPEG", "x.mp4", covered(jpeg), "h264 aac subrip", "h264 aac mov_text", none},
		{"a PNG", "x.mkv", attached(png, "image/png"), "h264 aac subrip", "h264 aac mov_text", none},
		{"a JPEG", "x.mkv", attached(jpeg, "image/jpeg"), "h264 aac subrip", "h264 aac mov_text", none},
		{"a PNG", "x.m4a", tagged(png, "-c:a", "aac"), "aac subrip", "", none},
		{"a JPEG", "x.mp3", tagged(jpeg, "-c:a", "libmp3lame"), "mp3 subrip", "", none},
		{"a PNG", "x.flac", tagged(png), "flac subrip", "", none},
		{"a clock", "x.mov", both(append(codecs, "-timecode", "10:00:00:00")...), "h264 aac subrip", "h264 aac mov_text tmcd", none},
	} {
		t.Run(test.what+" "+test.name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, test.args...)
			for format, want := range map[MuxFormat]string{MKV: test.mkv, MP4: test.mp4} {
				if want == "" {
					continue
				}
				file, err := m.Mux(t.Context(), Mux{Video: path, Subtitles: []byte(twoCues), Format: format})
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				leftOut := ""
				if format == MP4 {
					leftOut = test.leftOut
				}
				if got := strings.Join(file.LeftOut, ", "); got != leftOut {
					t.Errorf("%s: left out is %q, want %q", format, got, leftOut)
				}
				data, err := io.ReadAll(file)
				if err != nil {
					t.Fatal(err)
				}
				got := probe(t, save(t, "out", data))
				if codecs := got.codecs(); codecs != want {
					t.Errorf("%s has %s, want %s", format, codecs, want)
				}
			}
		})
	}
}

// codecs are the names of them, and in place of those of data their tags.
func (p probed) codecs() string {
	var all []string
	for _, s := range p.Streams {
		if s.Type == "data" {
			s.Codec = s.Tag
		}
		all = append(all, s.Codec)
	}
	return strings.Join(all, " ")
}

// TestMuxOfBitmapsInTime compares the times of subtitles of pictures with those
// that they had.
func TestMuxOfBitmapsInTime(t *testing.T) {
	t.Parallel()
	sup := save(t, "x.sup", pgs(0, time.Second, 2*time.Second))
	path := encode(t, "x.mkv", slices.Concat([]string{"-i", sup}, both("-map", "1", "-map", "2", "-map", "0", "-c:v", "libx264", "-c:a", "aac", "-c:s", "copy", "-output_ts_offset", "1.4"))...)
	m, _ := newMuxer(t, Options{})
	was := bitmapTimes(t, path, "0:s:0")
	is := bitmapTimes(t, muxed(t, m, Mux{Video: path, Subtitles: []byte(twoCues), Format: MKV}), "0:s:1")
	if len(was) != 6 || !slices.EqualFunc(was, is, func(a, b float64) bool { return max(a-b, b-a) < 0.03 }) {
		t.Errorf("they are at %v, and were at %v", is, was)
	}
}

// bitmapTimes are when the packets of a track begin, after the begin of the pictures.
func bitmapTimes(t *testing.T, path, track string) []float64 {
	t.Helper()
	begin := number(t, probe(t, path).Streams[0].Start)
	var times []float64
	for line := range strings.Lines(ffmpegOut(t, path, "-copyts", "-map", track, "-c", "copy", "-f", "framemd5")) {
		if fields := strings.Split(line, ","); !strings.HasPrefix(line, "#") {
			times = append(times, number(t, strings.TrimSpace(fields[2]))/1000-begin)
		}
	}
	return times
}
