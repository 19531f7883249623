package media

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestClockSetAnew has parts of five seconds that were cut from films, one after the
// other, each by a clock of its own: the sound comes when the pictures do, to its
// end, in what an engine is given and in a download.
func TestClockSetAnew(t *testing.T) {
	t.Parallel()
	const pictures = "testsrc=duration=10:size=64x64:rate=25"
	const tone = `aevalsrc=0.5*sin(2*PI*1000*t)*(between(t\,1\,1.3)+between(t\,4\,4.3)+between(t\,6\,6.3)+between(t\,9\,9.3)):s=44100:d=10`
	film := []string{"-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", tone, "-g", "5"}
	parts := func(t *testing.T, name string, codecs, offsets []string) []byte {
		whole, again := encode(t, "whole-"+name, slices.Concat(film, codecs)...), []string{"-c", "copy", "-muxdelay", "0", "-muxpreload", "0"}
		if strings.HasSuffix(name, "g") { // Of a copy, MPEG-PS has sound at wrong times.
			whole, again = encode(t, "whole.mkv", slices.Concat(film, []string{"-c:a", "flac"})...), codecs
		}
		var all []byte
		for n, offset := range offsets {
			cut := []string{"-ss", []string{"0", "5"}[n%2], "-t", "5", "-i", whole, "-output_ts_offset", offset}
			all = append(all, load(t, encode(t, name, slices.Concat(cut, again)...))...)
		}
		return all
	}
	ts := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-c:a", "mp2", "-muxdelay", "0", "-muxpreload", "0"}
	ps := []string{"-c:v", "mpeg1video", "-c:a", "mp2"}
	for name, test := range map[string]struct {
		file    string
		codecs  []string
		offsets []string
		beeps   []float64
	}{
		"back by less than the film":  {"x.ts", ts, []string{"0", "3.5"}, []float64{1, 4, 6, 9}},
		"back a little":               {"x.ts", ts, []string{"0", "4.5"}, []float64{1, 4, 6, 9}},
		"back twice":                  {"x.ts", ts, []string{"0", "3", "1"}, []float64{1, 4, 6, 9, 11, 14}},
		"back and far ahead":          {"x.ts", ts, []string{"2", "0", "4000"}, []float64{1, 4, 6, 9, 11, 14}},
		"ahead, as after a pause":     {"x.ts", ts, []string{"0", "8"}, []float64{1, 4, 9, 12}},
		"pictures with B-frames, AAC": {"x.ts", []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac", "-muxdelay", "0", "-muxpreload", "0"}, []string{"0", "3"}, []float64{1, 4, 6, 9}},
		"packets of a camera":         {"x.m2ts", append([]string{"-mpegts_m2ts_mode", "1"}, ts...), []string{"0", "3.5"}, []float64{1, 4, 6, 9}},
		"MPEG-PS":                     {"x.mpg", ps, []string{"0", "3.5"}, []float64{1, 4, 6, 9}},
		"MPEG-PS of MPEG-2":           {"x.mpg", []string{"-f", "vob", "-c:v", "mpeg2video", "-c:a", "mp2"}, []string{"0", "2"}, []float64{1, 4, 6, 9}},
		"MPEG-PS, twice the same":     {"x.mpg", ps, []string{"0", "0"}, []float64{1, 4, 6, 9}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := save(t, test.file, parts(t, test.file, test.codecs, test.offsets))
			m, _ := newMuxer(t, Options{})
			file := soundFile(t)
			got, err := m.meter.Measure(t.Context(), "user_a", path, time.Minute, file)
			if err != nil {
				t.Fatal(err)
			}
			last := test.beeps[len(test.beeps)-1]
			// Each join may add a frame or two.
			const slack = 0.4
			if length := got.Duration.Seconds(); length < last+0.9 || length > last+1+slack {
				t.Errorf("%v long, want %v s", got.Duration, last+1)
			}
			download := muxed(t, m, Mux{Video: path, Subtitles: []byte(twoCues), Format: MKV, Language: "th"})
			for what, pcm := range map[string][]byte{
				"the sound":  load(t, file.Name()),
				"a download": []byte(ffmpegOut(t, download, "-map", "0:a", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "16000", "-f", "s16le")),
			} {
				found := seconds64(bursts(pcm))
				if !slices.EqualFunc(found, test.beeps, func(a, b float64) bool { return a > b-0.1 && a < b+slack }) {
					t.Errorf("%s beeps at %v, want %v", what, found, test.beeps)
				}
			}
		})
	}
}

func seconds64(times []time.Duration) []float64 {
	var found []float64
	for _, t := range times {
		found = append(found, t.Seconds())
	}
	return found
}
