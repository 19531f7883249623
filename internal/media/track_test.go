package media

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// twoSounds makes a film with pictures and two tracks of sound, which beep after
// one second and after three.
func twoSounds(t *testing.T, name string, args ...string) string {
	t.Helper()
	pictures, first := beeps("between(t,1,1.3)")
	_, second := beeps("between(t,3,3.3)")
	maps := []string{"-map", "0", "-map", "1", "-map", "2"}
	return encode(t, name, slices.Concat(pictures, first, second, maps, args)...)
}

func trackNames(tracks []Track) []Track {
	names := slices.Clone(tracks)
	for i := range names {
		names[i].index, names[i].codec = 0, ""
	}
	return names
}

func TestTracks(t *testing.T) {
	t.Parallel()
	thai := []string{"-metadata:s:a:0", "language=tha", "-metadata:s:a:0", "title=พากย์ไทย", "-metadata:s:a:0", "handler_name=พากย์ไทย"}
	english := []string{"-metadata:s:a:1", "language=eng", "-metadata:s:a:1", "title=Director's\n \x01cut", "-metadata:s:a:1", "handler_name=Director's\n \x01cut"}
	second := []string{"-disposition:a:0", "0", "-disposition:a:1", "default"}
	for _, test := range []struct {
		what, name string
		args       []string
		want       []Track
		beep       time.Duration
	}{
		{"names", "x.mp4", slices.Concat(thai, english), []Track{
			{Kind: TrackAudio, Number: 1, Language: "th", Name: "พากย์ไทย", Default: true},
			{Kind: TrackAudio, Number: 2, Language: "en", Name: "Director's cut"},
		}, time.Second},
		{"the second by default", "x.mkv", slices.Concat(thai, english, second), []Track{
			{Kind: TrackAudio, Number: 1, Language: "th", Name: "พากย์ไทย"},
			{Kind: TrackAudio, Number: 2, Language: "en", Name: "Director's cut", Default: true},
		}, 3 * time.Second},
		{"the second by default", "x.mp4", second, []Track{
			{Kind: TrackAudio, Number: 1},
			{Kind: TrackAudio, Number: 2, Default: true},
		}, 3 * time.Second},
		{"all by default", "x.mkv", []string{"-disposition:a", "default"}, []Track{
			{Kind: TrackAudio, Number: 1, Default: true},
			{Kind: TrackAudio, Number: 2},
		}, time.Second},
		{"a long name", "x.mkv", []string{"-metadata:s:a:0", "title=" + strings.Repeat("ก", 101)}, []Track{
			{Kind: TrackAudio, Number: 1, Name: strings.Repeat("ก", 99) + "…", Default: true},
			{Kind: TrackAudio, Number: 2},
		}, time.Second},
		{"names that fill the list", "x.mkv", []string{"-metadata:s:a:0", "title=" + strings.Repeat("x", 100<<10), "-metadata:s:a:1", "title=" + strings.Repeat("y", 100<<10), "-metadata:s:v:0", "title=" + strings.Repeat("y", 100<<10)}, []Track{
			{Kind: TrackAudio, Number: 1, Default: true},
			{Kind: TrackAudio, Number: 2},
		}, time.Second},
		{"no word of it", "x.ts", nil, []Track{
			{Kind: TrackAudio, Number: 1, Default: true},
			{Kind: TrackAudio, Number: 2},
		}, time.Second},
	} {
		t.Run(test.what+" "+test.name, func(t *testing.T) {
			t.Parallel()
			path := twoSounds(t, test.name, test.args...)
			file := soundFile(t)
			got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", path, time.Minute, file)
			if names := trackNames(got.Tracks); err != nil || !reflect.DeepEqual(names, test.want) {
				t.Errorf("got %+v, %v", names, err)
			}
			beepsAt(t, file, test.beep)
			for track, beep := range []time.Duration{test.beep, time.Second, 3 * time.Second, 0} {
				file := soundFile(t)
				if err := NewMeter(Options{}).Extract(t.Context(), "user_a", path, track, time.Minute, file); err != nil {
					t.Fatal(err)
				}
				beepsAt(t, file, beep)
			}
		})
	}
}

// TestUnknownTrack has players begin with a track of a kind that nothing knows.
func TestUnknownTrack(t *testing.T) {
	t.Parallel()
	data := load(t, twoSounds(t, "x.mp4", "-disposition:a:0", "0", "-disposition:a:1", "default"))
	last := bytes.LastIndex(data, []byte("mp4a"))
	copy(data[last:], "apac")
	copy(data[last+bytes.Index(data[last:], []byte("esds")):], "dapa")
	file := soundFile(t)
	got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, "x.mp4", data), time.Minute, file)
	want := []Track{{Kind: TrackAudio, Number: 1, Default: true}, {Kind: TrackAudio, Number: 2, Unknown: true}}
	if names := trackNames(got.Tracks); err != nil || !reflect.DeepEqual(names, want) {
		t.Errorf("got %+v, %v, want %+v", names, err, want)
	}
	beepsAt(t, file, time.Second)
}

// beepsAt requires that sound begins once, then; never for 0.
func beepsAt(t *testing.T, sound *os.File, at time.Duration) {
	t.Helper()
	found := bursts(load(t, sound.Name()))
	if at == 0 && len(found) == 0 {
		return
	}
	if len(found) != 1 || (found[0]-at).Abs() > 50*time.Millisecond {
		t.Errorf("beeps at %v, want %v", found, at)
	}
}

// TestSubtitleTracks lists those of text and of pictures.
func TestSubtitleTracks(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "x.srt")
	if err := os.WriteFile(text, []byte(twoCues), 0o600); err != nil {
		t.Fatal(err)
	}
	input := []string{"-f", "lavfi", "-i", "testsrc=d=4:s=64x64", "-i", text, "-i", text, "-map", "0", "-map", "1", "-map", "2"}
	for name, codecs := range map[string][]string{
		"x.mkv":  {"-c:s:0", "srt", "-c:s:1", "ass"},
		"x.mp4":  {"-c:s", "mov_text"},
		"x.webm": {"-c:v", "libvpx", "-deadline", "realtime", "-c:s", "webvtt"},
	} {
		path := encode(t, name, slices.Concat(input, codecs, []string{"-metadata:s:s:0", "language=tha", "-disposition:s", "0"})...)
		got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", path, time.Minute, nil)
		want := []Track{
			{Kind: TrackSubtitle, Number: 1, Language: "th", Text: true},
			{Kind: TrackSubtitle, Number: 2, Text: true},
		}
		want[0].Default = name == "x.mp4" // It has no track enabled otherwise.
		if tracks := trackNames(got.Tracks); err != nil || !reflect.DeepEqual(tracks, want) {
			t.Errorf("%s: got %+v, %v", name, tracks, err)
		}
	}
}

// TestDeclared cuts files, and fills parts of them with zeros.
func TestDeclared(t *testing.T) {
	t.Parallel()
	film := []string{"-f", "lavfi", "-i", "testsrc=duration=20:size=64x64:rate=10", "-f", "lavfi", "-i", "sine=duration=20"}
	sound := film[4:]
	for name, args := range map[string][]string{
		"x.mp4":  append(film, "-movflags", "faststart"),
		"x.mkv":  film,
		"x.flv":  append(film, "-c:v", "flv1"),
		"x.avi":  film,
		"x.wav":  sound,
		"x.flac": sound,
		"x.aiff": sound,
		"x.mp3":  sound,
		"x.ts":   film,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, name, args...)
			whole := load(t, path)
			declares := name != "x.ts"
			for what, data := range map[string][]byte{"whole": whole, "cut": whole[:len(whole)/2]} {
				got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, name, data), time.Minute, nil)
				if err != nil {
					t.Fatal(err)
				}
				if damaged := what == "cut"; damaged && declares != ((got.Declared-20*time.Second).Abs() < time.Second) || !damaged && got.Declared != 0 {
					t.Errorf("%s: read %v, declares %v", what, got.Duration, got.Declared)
				}
			}
		})
	}
}

// TestDeclaresNoMore has whole files whose subtitles are longer than they, or that
// begin late.
func TestDeclaresNoMore(t *testing.T) {
	t.Parallel()
	text := save(t, "late.srt", []byte("1\n00:00:40,000 --> 00:00:50,000\nlate\n\n"))
	film := []string{"-f", "lavfi", "-i", "testsrc=duration=10:size=64x64:rate=10", "-f", "lavfi", "-i", "sine=duration=10"}
	late := slices.Concat(film, []string{"-output_ts_offset", "30"})
	long := slices.Concat([]string{"-i", text}, film, []string{"-map", "1", "-map", "2", "-map", "0"})
	for what, test := range map[string]struct {
		name string
		args []string
	}{
		"late MKV":         {"x.mkv", late},
		"late MP4":         {"x.mp4", late},
		"long text in MKV": {"x.mkv", slices.Concat(long, []string{"-c:s", "srt"})},
		"long text in MP4": {"x.mp4", slices.Concat(long, []string{"-c:s", "mov_text"})},
		"edit list":        {"x.mp4", slices.Concat([]string{"-ss", "0.4"}, film)},
	} {
		got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", encode(t, test.name, test.args...), time.Minute, nil)
		if err != nil || got.Declared != 0 {
			t.Errorf("%s: read %v, declares %v: %v", what, got.Duration, got.Declared, err)
		}
	}
}

// TestTracksThatBeginLate has tracks of sound that begin at different times: each is
// heard when a player of the whole film plays it.
func TestTracksThatBeginLate(t *testing.T) {
	t.Parallel()
	pictures, tone := beeps("between(t,1,1.3)")
	late := slices.Concat([]string{"-itsoffset", "2"}, tone)
	for name, test := range map[string]struct {
		name string
		args []string
	}{
		"TS without pictures":      {"x.ts", slices.Concat(tone, late, []string{"-map", "0", "-map", "1", "-c:a", "mp2"})},
		"TS, the first one late":   {"x.ts", slices.Concat(late, tone, []string{"-map", "0", "-map", "1", "-c:a", "mp2"})},
		"TS with pictures":         {"x.ts", slices.Concat(tone, late, pictures, []string{"-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"})},
		"MPEG-PS without pictures": {"x.mpg", slices.Concat(tone, late, []string{"-map", "0", "-map", "1", "-c:a", "mp2"})},
		"MKV without pictures":     {"x.mkv", slices.Concat(late, tone, []string{"-map", "0", "-map", "1", "-c:a", "flac"})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, test.args...)
			m := NewMeter(Options{})
			got, err := m.Measure(t.Context(), "user_a", path, time.Minute, nil)
			if err != nil {
				t.Fatal(err)
			}
			found := map[time.Duration]int{}
			for number := 1; number <= 2; number++ {
				file := soundFile(t)
				if err := m.Extract(t.Context(), "user_a", path, number, got.Duration, file); err != nil {
					t.Fatal(err)
				}
				for _, at := range bursts(load(t, file.Name())) {
					found[at.Round(time.Second/2)] = number
				}
			}
			if len(found) != 2 || found[time.Second] == 0 || found[3*time.Second] == 0 {
				t.Errorf("beeps, and their tracks: %v, want some at 1 s and at 3 s", found)
			}
		})
	}
}
