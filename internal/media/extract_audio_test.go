package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/internal/storage"
)

// soundFile is an empty file for sound.
func soundFile(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "sound"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// bursts are the moments at which sound begins after silence.
func bursts(pcm []byte) []time.Duration {
	const window = sampleRate / 200 * bytesPerSample // 5 ms
	var found []time.Duration
	loud := false
	for at := 0; at+window <= len(pcm); at += window {
		peak := int16(0)
		for i := at; i < at+window; i += bytesPerSample {
			peak = max(peak, int16(binary.LittleEndian.Uint16(pcm[i:])))
		}
		if now := peak > 2000; now != loud {
			if loud = now; loud {
				found = append(found, pcmLength(int64(at)))
			}
		}
	}
	return found
}

// beeps are the arguments for four seconds of pictures and of sound, which is
// silent but for 300 ms from each of these seconds on.
func beeps(moments string) (pictures, sound []string) {
	pictures = []string{"-f", "lavfi", "-i", "testsrc=duration=4:size=64x64:rate=10"}
	tone := "0.5*sin(2*PI*1000*t)*(" + strings.ReplaceAll(moments, ",", `\,`) + ")"
	return pictures, []string{"-f", "lavfi", "-i", "aevalsrc=" + tone + ":s=44100:d=4"}
}

// TestSoundIsInTime has a beep where the picture is at a known moment.
func TestSoundIsInTime(t *testing.T) {
	pictures, sound := beeps("between(t,1,1.3)")
	_, twice := beeps("between(t,0.5,0.8)+between(t,3,3.3)")
	join := func(parts ...[]string) []string { return slices.Concat(parts...) }
	late := []string{"-itsoffset", "1.5"}
	maps := []string{"-map", "0", "-map", "1", "-preset", "ultrafast"}
	x264, x264AC3 := []string{"-c:v", "libx264", "-c:a", "aac"}, []string{"-c:v", "libx264", "-c:a", "ac3"}
	vp8 := []string{"-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"}
	mpeg2 := []string{"-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"}
	avi := []string{"-c:v", "mpeg4", "-c:a", "libmp3lame"}
	wmv := []string{"-c:v", "wmv2", "-c:a", "wmav2"}
	ogv := []string{"-c:v", "libtheora", "-c:a", "libvorbis"}
	shifted := func(by string) []string { return []string{"-output_ts_offset", by} }
	negative := []string{"-output_ts_offset", "-0.5", "-avoid_negative_ts", "disabled"}

	together, behind := join(pictures, sound, maps), join(pictures, late, sound, maps)
	ahead := join(late, pictures, sound, maps)
	whole := encode(t, "whole.mp4", join(together, x264, []string{"-g", "100"})...)
	stereo := encode(t, "stereo.ts", join(together, x264AC3, []string{"-ac", "2"})...)
	mono := encode(t, "mono.ts", join(together, x264AC3, shifted("4"))...)
	changing := save(t, "changing.ts", append(load(t, stereo), load(t, mono)...))

	tests := []struct {
		name string
		args []string // of the file to make, or its path
		want []float64
	}{
		{"x.mp4", join(together, x264), []float64{1}},
		{"fragmented.mp4", join(together, x264, []string{"-movflags", "frag_keyframe+empty_moov"}), []float64{1}},
		{"x.mov", join(together, x264), []float64{1}},
		{"x.mkv", join(together, x264), []float64{1}},
		{"x.webm", join(together, vp8), []float64{1}},
		{"x.avi", join(together, avi), []float64{1}},
		{"x.ts", join(together, x264), []float64{1}},
		{"x.mpg", join(together, mpeg2), []float64{1}},
		{"x.flv", join(together, x264), []float64{1}},
		{"x.wmv", join(together, wmv), []float64{1}},
		{"x.ogv", join(together, ogv), []float64{1}},
		{"x.wav", sound, []float64{1}},
		{"x.mp3", sound, []float64{1}},
		{"x.m4a", sound, []float64{1}},
		{"x.flac", sound, []float64{1}},
		{"x.ogg", join(sound, []string{"-c:a", "libopus"}), []float64{1}},
		{"x.aac", sound, []float64{1}},

		{"late.mp4", join(behind, x264), []float64{2.5}},
		{"late.mov", join(behind, x264), []float64{2.5}},
		{"late.mkv", join(behind, x264), []float64{2.5}},
		{"late.webm", join(behind, vp8), []float64{2.5}},
		{"late.ts", join(behind, x264), []float64{2.5}},
		{"late.mpg", join(behind, mpeg2), []float64{2.5}},
		{"late.flv", join(behind, x264), []float64{2.5}},
		{"late.wmv", join(behind, wmv), []float64{2.5}},
		{"late.ogv", join(behind, ogv), []float64{2.5}},
		{"late, hours on.ts", join(behind, x264, shifted("20000")), []float64{2.5}},
		{"pictures late.mkv", join(ahead, x264), []float64{1}},
		{"pictures late.mp4", join(ahead, x264), []float64{1}},
		{"pictures late.ts", join(ahead, x264), []float64{1}},

		{"hours on.ts", join(together, x264, shifted("20000")), []float64{1}},
		{"as the clock turns over.ts", join(together, x264, shifted("95440")), []float64{1}},
		{"hours on.mkv", join(together, x264, shifted("20000")), []float64{1}},
		{"hours on.flv", join(together, x264, shifted("20000")), []float64{1}},
		{"before zero.mkv", join(together, x264, negative), []float64{1}},
		{"before zero.mp4", join(together, x264, negative), []float64{0.5}}, // By an edit list.
		{"trimmed.mp4", []string{"-ss", "0.7", "-i", whole, "-c", "copy"}, []float64{0.3}},
		{"trimmed.mov", []string{"-ss", "0.7", "-i", whole, "-c", "copy"}, []float64{0.3}},
		{"with a gap.mkv", join(pictures, twice, maps, x264, []string{"-bsf:a", "noise=drop=gt(n\\,50)*lt(n\\,110)"}), []float64{0.5, 3}},
		{"another kind midway.ts", []string{changing}, []float64{1, 5}},
	}
	meter := NewMeter(Options{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := test.args[0]
			if len(test.args) > 1 {
				path = encode(t, test.name, test.args...)
			}
			file := soundFile(t)
			if err := meter.Extract(t.Context(), "user_a", path, 0, time.Minute, file); err != nil {
				t.Fatal(err)
			}
			found := bursts(load(t, file.Name()))
			if len(found) != len(test.want) {
				t.Fatalf("beeps at %v, want %v", found, test.want)
			}
			for i, want := range test.want {
				// Two frames of AAC are what a container without edit lists
				// cannot say of an encoder's warm-up.
				if off := found[i].Seconds() - want; off < -0.05 || off > 0.05 {
					t.Errorf("beeps at %v, want %v", found, test.want)
				}
			}
		})
	}
}

// TestSoundWhileMeasuring has files, some of which hide their sound, count as
// the same with and without it. It is no longer than they count, and the same
// when it is made again.
func TestSoundWhileMeasuring(t *testing.T) {
	mp3 := encode(t, "long.mp3", "-f", "lavfi", "-i", "sine=duration=4", "-c:a", "libmp3lame", "-b:a", "64k")
	picture := []string{"-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=1"}
	second := encode(t, "second.mkv", append(append(picture, repeat(2, "-i", mp3)...),
		"-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a", "copy", "-bsf:a:0", "noise=amount=1")...)
	broken := encode(t, "broken.mkv", append(append(picture, "-i", mp3), "-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:a", "copy", "-bsf:a", "noise=amount=1")...)
	for _, test := range []struct {
		name, path string
		length     time.Duration // of the sound, to a frame or so
	}{
		{"a video", encode(t, "x.mp4", both("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")...), 5 * time.Second},
		{"sound that sticks out", encode(t, "x.flv", both("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")...), 5 * time.Second},
		{"a stream that cannot be decoded, then one", second, 4 * time.Second},
		{"no stream that can be decoded", broken, 0},
		{"no stream", encode(t, "x.mp4", "-f", "lavfi", "-i", pictures, "-c:v", "libx264"), 0},
		{"a table of times that lies", lying(t), 20 * time.Millisecond},
		{"an edit list that plays it over and over", repeated(t, 10), 200 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want, err := NewMeter(Options{}).Measure(t.Context(), "user_a", test.path, time.Minute, nil)
			if err != nil {
				t.Fatal(err)
			}
			file, again := soundFile(t), soundFile(t)
			got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", test.path, time.Minute, file)
			for _, tracks := range [][]Track{got.Tracks, want.Tracks} {
				for i := range tracks {
					tracks[i].Default = false // Which one it is shows as the sound is extracted.
				}
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			pcm := load(t, file.Name())
			if int64(len(pcm)) > soundBytes(got.Duration) || len(pcm)%bytesPerSample != 0 {
				t.Errorf("%d bytes of sound for %v", len(pcm), got.Duration)
			}
			if length := pcmLength(int64(len(pcm))); (length - test.length).Abs() > test.length/10 {
				t.Errorf("%v of sound, want %v", length, test.length)
			}
			if err := NewMeter(Options{}).Extract(t.Context(), "user_a", test.path, 0, got.Duration, again); err != nil || !bytes.Equal(load(t, again.Name()), pcm) {
				t.Errorf("made again it is not the same: %v", err)
			}
		})
	}
}

func TestSoundIsCut(t *testing.T) {
	path := encode(t, "x.wav", soundOnly()...)
	for _, atMost := range []time.Duration{0, time.Second, 1234567 * time.Microsecond, 5 * time.Second, time.Minute} {
		file := soundFile(t)
		if err := NewMeter(Options{}).Extract(t.Context(), "user_a", path, 0, atMost, file); err != nil {
			t.Fatal(err)
		}
		if got, want := len(load(t, file.Name())), int(soundBytes(min(atMost, 5*time.Second))); got != want {
			t.Errorf("%d bytes of at most %v, want %d", got, atMost, want)
		}
	}
}

// TestSilenceTakesNoRoom is sound that begins ten hours after the pictures.
func TestSilenceTakesNoRoom(t *testing.T) {
	path := encode(t, "x.mkv", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=1",
		"-itsoffset", "36000", "-f", "lavfi", "-i", "sine=duration=1", "-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:a", "flac")
	file := soundFile(t)
	if err := NewMeter(Options{}).Extract(t.Context(), "user_a", path, 0, 11*time.Hour, file); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if used := info.Sys().(*syscall.Stat_t).Blocks * 512; info.Size() != soundBytes(36001*time.Second) || used > 1<<20 {
		t.Errorf("%d bytes, of which %d are on the disk", info.Size(), used)
	}
}

// fullFile takes nothing, as a disk without room.
type fullFile struct{ write, truncate error }

func (f fullFile) WriteAt(data []byte, _ int64) (int, error) { return len(data), f.write }
func (f fullFile) Truncate(int64) error                      { return f.truncate }

// TestSoundThatCannotBeWritten tells what is wrong with us from what is wrong
// with the file, whose measurement stays the same.
func TestSoundThatCannotBeWritten(t *testing.T) {
	path := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal(err)
	}
	want, err := NewMeter(Options{}).Measure(t.Context(), "user_a", path, time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what, extracting string // what ffmpeg does when it extracts the sound
		file             SoundFile
		want             error // nil where the file counts, with no sound
	}{
		{"it fails", "exit 1", nil, nil},
		{"it crashes", "kill -SEGV $$", nil, nil},
		{"it uses its processor time", "while :; do :; done", nil, nil},
		{"it says nothing", "exit 0", nil, nil},
		{"it is killed", "kill -KILL $$", nil, ErrUnavailable},
		{"it writes something else", "exec /bin/dd if=/dev/zero bs=65536 status=none", nil, errOutput},
		{"there is no room", `exec ` + ffmpeg + ` "$@"`, fullFile{write: syscall.ENOSPC}, syscall.ENOSPC},
		{"there is no room at last", `exec ` + ffmpeg + ` "$@"`, fullFile{truncate: syscall.EDQUOT}, syscall.EDQUOT},
		{"the disk fails", `exec ` + ffmpeg + ` "$@"`, fullFile{write: syscall.EIO}, syscall.EIO},
	} {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			fake := script(t, `case "$*" in *matroska*) `+test.extracting+`;; esac; exec `+ffmpeg+` "$@"`)
			s, err := NewMeter(Options{FFmpeg: fake}).open("user_a", path)
			if err != nil {
				t.Fatal(err)
			}
			s.cpu = 8 * time.Second
			file := test.file
			var real *os.File
			if file == nil {
				real = soundFile(t)
				file = real
			}
			got, err := s.measureAndExtract(t.Context(), time.Minute, file)
			if test.want != nil {
				if !errors.Is(err, test.want) || errors.Is(err, ErrNotVideo) || !reflect.DeepEqual(got, Measurement{}) {
					t.Errorf("got %+v, %v, want %v", got, err, test.want)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			if left := s.spend(0); left < 2*time.Second {
				t.Errorf("measuring has %v left of its processor time", left)
			}
			if pcm := load(t, real.Name()); len(pcm) != 0 {
				t.Errorf("got %d bytes of sound", len(pcm))
			}
		})
	}
}

// TestSoundOfWhatIsRefused has nothing written that would be left to somebody.
func TestSoundOfWhatIsRefused(t *testing.T) {
	path := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	dir, id := t.TempDir(), uuid.NewString()
	store, err := storage.OpenDisk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var long *TooLongError
	for what, err := range map[string]error{
		"too long": store.MakeSound(t.Context(), id, 0, func(f storage.Sound) error {
			_, err := NewMeter(Options{}).Measure(t.Context(), "user_a", path, time.Second, f)
			if !errors.As(err, &long) {
				t.Errorf("got %v, want TooLongError", err)
			}
			return err
		}),
		"given up": store.MakeSound(t.Context(), id, 0, func(f storage.Sound) error {
			return NewMeter(Options{}).Extract(ended, "user_a", path, 0, time.Minute, f)
		}),
		"a text": store.MakeSound(t.Context(), id, 0, func(f storage.Sound) error {
			return NewMeter(Options{}).Extract(t.Context(), "user_a", save(t, "x.mp4", []byte("#EXTM3U\n")), 0, time.Minute, f)
		}),
		"no ffmpeg": store.MakeSound(t.Context(), id, 0, func(f storage.Sound) error {
			return NewMeter(Options{FFmpeg: "no-such-ffmpeg"}).Extract(t.Context(), "user_a", path, 0, time.Minute, f)
		}),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if left := names(t, filepath.Join(dir, "audio")); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
}

// TestSamplesArePutInTheirPlace gives blocks as a decoder does.
func TestSamplesArePutInTheirPlace(t *testing.T) {
	type block struct {
		start, length time.Duration
		sample        byte
	}
	const ms = time.Millisecond
	for _, test := range []struct {
		what   string
		blocks []block
		want   string // a letter for every 50 ms, "." for silence
	}{
		{"one after the other", []block{{0, 100 * ms, 'a'}, {100 * ms, 100 * ms, 'b'}}, "aabb"},
		{"a late start", []block{{50 * ms, 100 * ms, 'a'}}, ".aa"},
		{"a start before zero", []block{{-50 * ms, 100 * ms, 'a'}, {50 * ms, 50 * ms, 'b'}}, "ab"},
		{"coarse times", []block{{0, 100 * ms, 'a'}, {150 * ms, 100 * ms, 'b'}, {150 * ms, 50 * ms, 'c'}}, "aabbc"},
		{"a gap", []block{{0, 50 * ms, 'a'}, {300 * ms, 50 * ms, 'b'}}, "a.....b"},
		{"an overlap", []block{{0, 300 * ms, 'a'}, {50 * ms, 300 * ms, 'b'}}, "aaaaaab"},
		{"an overlap with all of it", []block{{0, 300 * ms, 'a'}, {50 * ms, 50 * ms, 'b'}, {300 * ms, 50 * ms, 'c'}}, "aaaaaac"},
		{"times that begin anew", []block{{20000 * ms, 50 * ms, 'a'}, {0, 50 * ms, 'b'}}, "....................ab"},
	} {
		t.Run(test.what, func(t *testing.T) {
			file := soundFile(t)
			e := (&subject{}).newExtraction(file, time.Minute)
			for _, b := range test.blocks {
				if err := e.take(b.start, bytes.Repeat([]byte{b.sample}, int(soundBytes(b.length)))); err != nil {
					t.Fatal(err)
				}
			}
			if err := e.end(time.Minute); err != nil {
				t.Fatal(err)
			}
			pcm := bytes.ReplaceAll(load(t, file.Name()), []byte{0}, []byte("."))
			step := int(soundBytes(50 * ms))
			var got []byte
			for at := 0; at < len(pcm); at += step {
				got = append(got, pcm[at])
				if len(bytes.Trim(pcm[at:min(at+step, len(pcm))], string(pcm[at]))) != 0 {
					t.Errorf("at %v it changes", pcmLength(int64(at)))
				}
			}
			if test.what == "times that begin anew" {
				got = got[380:]
			}
			if string(got) != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestSoundBehindAnEndOfDecoding has noise within AAC, some of which ffmpeg takes for
// sound of so many channels that it gives up.
func TestSoundBehindAnEndOfDecoding(t *testing.T) {
	t.Parallel()
	const tone = `aevalsrc=0.5*sin(2*PI*1000*t)*(between(t\,1\,1.3)+between(t\,18\,18.3))+0.01*(random(0)-0.5):s=44100:d=20`
	whole := load(t, encode(t, "x.mp4", "-f", "lavfi", "-i", tone, "-c:a", "aac", "-b:a", "128k"))
	from := bytes.Index(whole, []byte("mdat")) + len(whole)*3/10
	for _, seed := range []byte{3, 8} { // With the second, ffmpeg 5.1 does.
		t.Run(strconv.Itoa(int(seed)), func(t *testing.T) {
			t.Parallel()
			data := bytes.Clone(whole)
			_, _ = rand.NewChaCha8([32]byte{seed}).Read(data[from : from+len(whole)*4/10])
			file := soundFile(t)
			if _, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, "x.mp4", data), time.Minute, file); err != nil {
				t.Fatal(err)
			}
			found := bursts(load(t, file.Name()))
			// What noise sounds like is anything.
			near := func(at time.Duration) func(time.Duration) bool {
				return func(found time.Duration) bool { return (found - at).Abs() < 100*time.Millisecond }
			}
			if !slices.ContainsFunc(found, near(time.Second)) || !slices.ContainsFunc(found, near(18*time.Second)) {
				t.Errorf("beeps at %v", found)
			}
		})
	}
}

// TestSoundOfAScrap has a default track of which next to nothing can be decoded: the
// next one is heard, and listed as the default.
func TestSoundOfAScrap(t *testing.T) {
	t.Parallel()
	_, first := beeps("between(t,0,0.2)+between(t,1,1.3)")
	_, second := beeps("between(t,3,3.3)")
	sounds := slices.Concat(first, second, []string{"-map", "0", "-map", "1", "-c:a", "libmp3lame", "-b:a", "64k"})
	whole := encode(t, "whole.mkv", sounds...)
	for name, test := range map[string]struct {
		packets string // of the first track that stay as they are
		beeps   time.Duration
		track   int
	}{
		"a scrap": {"6", 3 * time.Second, 2},
		"half":    {"80", time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, "x.mkv", "-i", whole, "-map", "0", "-c", "copy", "-bsf:a:0", `noise=amount=if(lt(n\,`+test.packets+`)\,0\,1)`)
			measured, again := soundFile(t), soundFile(t)
			m := NewMeter(Options{})
			got, err := m.Measure(t.Context(), "user_a", path, time.Minute, measured)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Extract(t.Context(), "user_a", path, 0, got.Duration, again); err != nil {
				t.Fatal(err)
			}
			for what, file := range map[string]*os.File{"measured": measured, "made again": again} {
				if found := bursts(load(t, file.Name())); len(found) == 0 || (found[len(found)-1]-test.beeps).Abs() > 100*time.Millisecond {
					t.Errorf("%s, it beeps at %v", what, found)
				}
			}
			for _, track := range got.Tracks {
				if track.Default != (track.Number == test.track) {
					t.Errorf("track %d: default %v", track.Number, track.Default)
				}
			}
		})
	}
}

// TestSoundOfAScrapTriesAgain has a child that is killed while Extract looks for
// a better track: what was extracted until then must not be kept as the sound.
func TestSoundOfAScrapTriesAgain(t *testing.T) {
	t.Parallel()
	probe, err := exec.LookPath("ffprobe")
	if err != nil {
		t.Fatal(err)
	}
	_, first := beeps("between(t,0,0.2)")
	_, second := beeps("between(t,3,3.3)")
	path := encode(t, "x.mkv", slices.Concat(first, second, []string{
		"-map", "0", "-map", "1", "-c:a", "libmp3lame", "-bsf:a:0", `noise=amount=if(lt(n\,6)\,0\,1)`,
	})...)
	killed := script(t, `case "$*" in *packet=*) kill -KILL $$;; esac; exec `+probe+` "$@"`)
	m := NewMeter(Options{FFprobe: killed})
	if err := m.Extract(t.Context(), "user_a", path, 0, 10*time.Second, soundFile(t)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}
