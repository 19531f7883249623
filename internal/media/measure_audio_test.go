package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// plainLength is the promise's other side: how much sound an unbounded ffmpeg
// makes of a file, with its own choice of reader and stream.
func plainLength(t *testing.T, path string) time.Duration {
	t.Helper()
	pcm, err := waittest.Command(t, "ffmpeg", "-nostdin", "-v", "quiet", "-i", path,
		"-vn", "-f", "s16le", "-ac", "1", "-ar", strconv.Itoa(sampleRate), "-").Output()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return pcmLength(int64(len(pcm)))
}

func repeat(times int, args ...string) []string {
	var all []string
	for range times {
		all = append(all, args...)
	}
	return all
}

// TestAllSoundIsCounted has files with long sound that their tables of times,
// or their other streams, hide. None may count as less than ffmpeg makes of it.
func TestAllSoundIsCounted(t *testing.T) {
	const (
		long = 20 * time.Second
		lie  = "setts=ts=N/44:duration=1" // a millisecond of MKV for two packets
	)
	short := encode(t, "short.m4a", "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac")
	stereo := encode(t, "stereo.m4a", "-f", "lavfi", "-i", "sine=duration=20", "-ac", "2", "-b:a", "24k", "-c:a", "aac")
	mp3 := encode(t, "long.mp3", "-f", "lavfi", "-i", "sine=duration=20", "-c:a", "libmp3lame", "-b:a", "64k")
	moment := encode(t, "moment.mpg", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=0.2", "-c:v", "mpeg2video")
	longMP2 := encode(t, "long.mp2", "-f", "lavfi", "-i", "sine=duration=20", "-ac", "2", "-c:a", "mp2", "-b:a", "64k")
	picture := []string{"-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=1"}

	two := []string{"-i", short, "-i", stereo, "-map", "0:a", "-map", "1:a", "-c", "copy"}
	tests := []struct {
		name  string
		path  string
		sound int
		want  error // nil where the file counts as long
	}{
		{"second track", encode(t, "x.mkv", append(two, "-bsf:a:1", lie, "-disposition:a:1", "default")...), 0, nil},
		{"second track by its channels", encode(t, "x.mkv", append(two, "-bsf:a:1", lie, "-disposition:a", "0")...), 0, nil},
		{"second program", encode(t, "x.ts", append(two, "-bsf:a:1", "setts=ts=N:duration=1",
			"-program", "program_num=1:st=0", "-program", "program_num=2:st=1")...), 0, nil},
		{"behind what cannot be decoded", encode(t, "x.mkv", append(append(picture, repeat(4, "-i", mp3)...),
			"-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4", "-c:v", "mpeg4", "-c:a", "copy",
			"-bsf:a", "noise=amount=1,"+lie, "-bsf:a:3", lie)...), 4, nil},
		{"late", encode(t, "x.flv", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=25", "-itsoffset", "25", "-i", mp3,
			"-map", "0", "-map", "1", "-c:v", "flv1", "-c:a", "copy"), 1, nil},
		{"as many tracks as are decoded", encode(t, "x.mkv", append(append([]string{"-i", short, "-i", stereo},
			repeat(maxSounds-1, "-map", "0:a")...), "-map", "1:a", "-c", "copy", "-bsf:a:15", lie)...), 0, nil},
		{"one more", encode(t, "x.mkv", append(append([]string{"-i", short, "-i", stereo},
			repeat(maxSounds, "-map", "0:a")...), "-map", "1:a", "-c", "copy")...), 0, ErrNotVideo},
		{"a stream beyond the last", encode(t, "x.ts", append(append([]string{"-i", moment, "-i", longMP2},
			repeat(maxStreams, "-map", "0:v")...), "-map", "1:a", "-c", "copy")...), 0, ErrNotVideo},
		{"played ten times over", repeated(t, 10), 0, nil},
		{"another kind of file", disguised(t, mp3, stereo), 0, ErrNotVideo},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plain := plainLength(t, test.path)
			got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", test.path, time.Minute, nil)
			if test.want != nil {
				if !errors.Is(err, test.want) {
					t.Errorf("got %v, %v, want %v", got, err, test.want)
				}
				return
			}
			if err != nil || got.Duration < plain-codecPadding || got.Duration < long-codecPadding {
				t.Errorf("got %v, %v, want %v and no less than the %v of ffmpeg", got.Duration, err, long, plain)
			}
			if got.Sound != test.sound {
				t.Errorf("an engine is given stream %d, want %d", got.Sound, test.sound)
			}
		})
	}
}

// repeated makes a file of 2 s of sound whose edit list plays all of it so many
// times, and whose table of times says that this takes a moment.
func repeated(t *testing.T, times int) string {
	t.Helper()
	data := load(t, encode(t, "x.m4a", "-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac"))
	box := func(name string) []byte {
		at := bytes.Index(data, []byte(name))
		if at < 0 {
			t.Fatalf("no %s", name)
		}
		return data[at-4:]
	}
	durations := box("stts")[16:]
	for entry := range binary.BigEndian.Uint32(box("stts")[12:]) {
		binary.BigEndian.PutUint32(durations[8*entry+4:], 1) // one tick a sample
	}
	list := box("elst")
	edits := bytes.Repeat([]byte{0, 0, 0, 10, 0, 0, 0, 0, 0, 1, 0, 0}, times) // 10 ms from the start, at speed 1
	grown := len(edits) - 12*int(binary.BigEndian.Uint32(list[12:]))
	binary.BigEndian.PutUint32(list[12:], uint32(times))
	for _, name := range []string{"moov", "trak", "edts", "elst"} { // the last of the file, so nothing else moves
		binary.BigEndian.PutUint32(box(name), binary.BigEndian.Uint32(box(name))+uint32(grown))
	}
	at := len(data) - len(list) + 16
	return save(t, "repeated.m4a", bytes.Join([][]byte{data[:at], edits, data[at+12*times-grown:]}, nil))
}

// disguised is an MP3 of a few frames by the first bytes behind its ID3 tag, and
// MPEG-TS to ffmpeg, which looks into a tag that is larger than its window.
func disguised(t *testing.T, mp3, long string) string {
	t.Helper()
	ts := load(t, encode(t, "x.ts", "-i", long, "-c", "copy"))
	sound := load(t, mp3)
	sound = sound[id3Size(sound):][:4*209]
	inside := bytes.Repeat(ts, 1+1100000/len(ts))
	size := len(inside)
	tag := []byte{'I', 'D', '3', 3, 0, 0, byte(size >> 21 & 127), byte(size >> 14 & 127), byte(size >> 7 & 127), byte(size & 127)}
	path := save(t, "disguised", bytes.Join([][]byte{tag, inside, sound, ts}, nil))
	if length := plainLength(t, path); length < 19*time.Second {
		t.Fatalf("ffmpeg makes %v of the disguised file, want 20 s", length)
	}
	return path
}

// TestShortOfMemoryIsNotTheEnd is a file whose pictures take more memory to
// look into than there is, with sound behind them.
func TestShortOfMemoryIsNotTheEnd(t *testing.T) {
	picture := encode(t, "x.mkv", "-f", "lavfi", "-i", "testsrc=size=2048x2048:rate=25:duration=0.2",
		"-preset", "ultrafast", "-g", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p")
	args := append([]string{"-i", picture, "-f", "lavfi", "-i", "sine=duration=20"}, repeat(30, "-map", "0:v")...)
	path := encode(t, "many.mkv", append(args, "-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-bsf:a", "setts=ts=N/44:duration=1")...)

	meter := NewMeter(Options{})
	if got, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil); err != nil || got.Duration < 20*time.Second {
		t.Errorf("with memory enough: %v, %v, want 20 s", got.Duration, err)
	}
	meter.memory = 128 << 20
	if got, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil); !errors.Is(err, ErrNotVideo) || errors.Is(err, ErrUnavailable) {
		t.Errorf("with too little: %v, %v, want ErrNotVideo", got, err)
	}
}

// TestSoundThatIsHandedOn decodes the stream that a measurement names.
func TestSoundThatIsHandedOn(t *testing.T) {
	path := encode(t, "x.mkv", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=3",
		"-f", "lavfi", "-i", "sine=duration=2", "-f", "lavfi", "-i", "sine=duration=3",
		"-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a", "flac")
	file, err := NewMeter(Options{}).open("user_a", path)
	if err != nil {
		t.Fatal(err)
	}
	file.cpu = time.Minute
	got, _, err := file.measure(t.Context(), time.Minute)
	if err != nil || got.Sound != 1 || got.Duration != 3*time.Second {
		t.Fatalf("got %+v, %v, want stream 1 and 3 s", got, err)
	}
	length, err := soundLength(time.Minute, func(pcm io.Writer) error { return file.decodeSound(t.Context(), got.Sound, pcm) })
	if err != nil || length != 2*time.Second {
		t.Errorf("the stream is %v, %v, want 2 s", length, err)
	}
	silent := encode(t, "y.mkv", "-f", "lavfi", "-i", pictures, "-c:v", "mpeg4")
	if got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", silent, time.Minute, nil); err != nil || got.Sound != -1 {
		t.Errorf("without sound: %+v, %v, want stream -1", got, err)
	}
}
