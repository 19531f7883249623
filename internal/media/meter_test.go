package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

const (
	pictures = "testsrc=duration=5:size=160x120:rate=25"
	tone     = "sine=frequency=440:duration=5:sample_rate=44100"
)

// encode makes a file of this name with the system's ffmpeg.
func encode(t *testing.T, name string, args ...string) string {
	t.Helper()
	waittest.Slow(t, "makes files with ffmpeg")
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{"-nostdin", "-hide_banner", "-loglevel", "error"}, args...)
	if out, err := waittest.Command(t, "ffmpeg", append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", name, err, out)
	}
	return path
}

// both are the arguments for five seconds of pictures and sound.
func both(args ...string) []string {
	return append([]string{"-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", tone, "-preset", "ultrafast"}, args...)
}

func soundOnly(args ...string) []string {
	return append([]string{"-f", "lavfi", "-i", tone}, args...)
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestMeasureEveryContainer(t *testing.T) {
	const exact = 5 * time.Second
	h264 := func(args ...string) []string {
		return both(append([]string{"-c:v", "libx264", "-c:a", "aac"}, args...)...)
	}
	mpeg2 := both("-c:v", "mpeg2video", "-c:a", "mp2")
	tests := []struct {
		name, container string
		args            []string
		least, most     time.Duration
	}{
		{"h264.mp4", "mp4", h264(), exact, exact},
		{"fragmented.mp4", "mp4", h264("-movflags", "frag_keyframe+empty_moov"), exact, exact + 25*time.Millisecond},
		{"ac3.mp4", "mp4", both("-c:v", "libx264", "-c:a", "ac3"), exact, exact},
		{"mp3.mp4", "mp4", both("-c:v", "libx264", "-c:a", "libmp3lame"), exact, exact},
		{"slow.mp4", "mp4", both("-c:v", "libx264", "-c:a", "aac", "-ar", "8000"), exact, exact},
		{"ntsc.mp4", "mp4", h264("-r", "30000/1001"), exact, exact + 5*time.Millisecond},
		{"pictures.mp4", "mp4", []string{"-f", "lavfi", "-i", pictures, "-c:v", "libx264"}, exact, exact},
		{"h264.mov", "mov", h264(), exact, exact},
		{"pcm.mov", "mov", both("-c:v", "libx264", "-c:a", "pcm_s16le"), exact, exact},
		{"sound.m4a", "m4a", soundOnly("-c:a", "aac"), exact, exact},
		{"h263.3gp", "3gp", both("-c:v", "h263", "-s", "176x144", "-c:a", "aac"), exact, exact},
		{"h264.mkv", "mkv", h264(), exact, exact},
		{"opus.webm", "webm", both("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"), exact, exact},
		{"vorbis.webm", "webm", both("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"), exact, exact},
		{"mpeg4.avi", "avi", both("-c:v", "mpeg4", "-c:a", "libmp3lame"), exact, exact + 45*time.Millisecond},
		{"h264.ts", "mpegts", h264(), exact, exact},
		{"offset.ts", "mpegts", h264("-output_ts_offset", "1000"), exact, exact},
		{"camera.m2ts", "mpegts", h264("-f", "mpegts", "-mpegts_m2ts_mode", "1"), exact, exact},
		{"mpeg2.mpg", "mpeg", mpeg2, exact, exact},
		{"mpeg2.vob", "mpeg", mpeg2, exact - 40*time.Millisecond, exact},
		{"h264.flv", "flv", h264(), exact, exact},
		{"wmv2.wmv", "asf", both("-c:v", "wmv2", "-c:a", "wmav2"), exact, exact},
		{"sound.wma", "asf", soundOnly("-c:a", "wmav2"), exact, exact + 20*time.Millisecond},
		{"theora.ogv", "ogg", both("-c:v", "libtheora", "-c:a", "libvorbis"), exact, exact},
		{"vorbis.ogg", "ogg", soundOnly("-c:a", "libvorbis"), exact, exact},
		{"sound.opus", "ogg", soundOnly("-c:a", "libopus"), exact, exact},
		{"sound.mp3", "mp3", soundOnly("-c:a", "libmp3lame"), exact, exact + 45*time.Millisecond},
		{"untagged.mp3", "mp3", soundOnly("-c:a", "libmp3lame", "-id3v2_version", "0"), exact, exact + 45*time.Millisecond},
		{"sound.mp2", "mp2", soundOnly("-c:a", "mp2"), exact, exact + 45*time.Millisecond},
		{"sound.wav", "wav", soundOnly(), exact, exact},
		{"rf64.wav", "wav", soundOnly("-rf64", "always"), exact, exact},
		{"sound.flac", "flac", soundOnly(), exact, exact},
		{"sound.aac", "aac", soundOnly("-c:a", "aac"), exact, exact + 45*time.Millisecond},
		{"sound.aiff", "aiff", soundOnly(), exact, exact},
		{"sound.caf", "caf", soundOnly("-c:a", "pcm_s16le"), exact, exact},
	}
	meter := NewMeter(Options{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := encode(t, test.name, test.args...)
			got, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Container != test.container {
				t.Errorf("container is %q, want %q", got.Container, test.container)
			}
			if got.Duration < test.least || got.Duration > test.most {
				t.Errorf("lasts %v, want %v to %v", got.Duration, test.least, test.most)
			}
			if _, err := meter.Measure(t.Context(), "user_a", path, got.Duration, nil); err != nil {
				t.Errorf("with exactly its own length left: %v", err)
			}
		})
	}
}

// TestMeasureAMR writes AMR by hand, for ffmpeg is often built without its
// encoder: frames of 20 ms that hold no sound data.
func TestMeasureAMR(t *testing.T) {
	path := save(t, "x.amr", []byte("#!AMR\n"+strings.Repeat("\x3C"+strings.Repeat("\x00", 31), 250)))
	got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", path, time.Minute, nil)
	got.Tracks = nil
	if want := (Measurement{Duration: 5 * time.Second, Container: "amr"}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// TestTenMinutesInTen is the promise to users: ten videos of a minute fit into
// ten minutes, down to the millisecond.
func TestTenMinutesInTen(t *testing.T) {
	path := encode(t, "minute.mp4", "-f", "lavfi", "-i", "testsrc=duration=60:size=160x120:rate=25",
		"-f", "lavfi", "-i", "sine=duration=60", "-preset", "ultrafast", "-c:v", "libx264", "-c:a", "aac")
	got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", path, time.Minute, nil)
	if err != nil || got.Duration != time.Minute {
		t.Errorf("got %v, %v, want exactly a minute", got.Duration, err)
	}
}

func TestMeasureTooLong(t *testing.T) {
	video := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	silent := encode(t, "y.mp4", "-f", "lavfi", "-i", pictures, "-c:v", "libx264")
	tests := []struct {
		name, path string
		atMost     time.Duration
		exact      bool
	}{
		{"by a millisecond", video, 4999 * time.Millisecond, true},
		{"by far", video, time.Second, false},
		{"nothing left", video, 0, false},
		{"pictures alone", silent, 2 * time.Second, false},
		{"hidden sound", lying(t), 10 * time.Second, false},
		{"hidden sound, by little", lying(t), 19900 * time.Millisecond, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewMeter(Options{}).Measure(t.Context(), "user_a", test.path, test.atMost, nil)
			var long *TooLongError
			if !errors.As(err, &long) || errors.Is(err, ErrNotVideo) || errors.Is(err, ErrUnavailable) {
				t.Fatalf("got %v, want TooLongError alone", err)
			}
			if long.Exact != test.exact || long.Duration <= test.atMost {
				t.Errorf("got %v, exact %v, want more than %v, exact %v", long.Duration, long.Exact, test.atMost, test.exact)
			}
		})
	}
}

// lying makes a file of 20 s of sound whose tables of times and headers say
// that it is over at once.
func lying(t *testing.T) string {
	t.Helper()
	data := load(t, encode(t, "x.mp4", "-f", "lavfi", "-i", "testsrc=duration=20:size=160x120:rate=5",
		"-f", "lavfi", "-i", "sine=duration=20", "-preset", "ultrafast", "-c:v", "libx264", "-c:a", "aac"))
	patched := 0
	for rest := data; ; patched++ {
		at := bytes.Index(rest, []byte("stts"))
		if at < 0 {
			break
		}
		rest = rest[at+8:]
		for entry := range binary.BigEndian.Uint32(rest) {
			binary.BigEndian.PutUint32(rest[4+8*entry+4:], 1) // one tick a sample
		}
	}
	if patched != 2 {
		t.Fatalf("patched %d tables of times, want 2", patched)
	}
	for box, offset := range map[string]int{"mvhd": 20, "mdhd": 20, "tkhd": 24} {
		at := bytes.Index(data, []byte(box))
		if at < 0 {
			t.Fatalf("no %s", box)
		}
		binary.BigEndian.PutUint32(data[at+offset:], 1)
	}
	return save(t, "lying.mp4", data)
}

func TestMeasureDoesNotBelieveHeaders(t *testing.T) {
	got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", lying(t), time.Minute, nil)
	if err != nil || got.Duration < 20*time.Second || got.Duration > 20100*time.Millisecond {
		t.Errorf("got %v, %v, want 20 s", got.Duration, err)
	}
}

func TestMeasureWhatIsThere(t *testing.T) {
	meter := NewMeter(Options{})
	whole := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac", "-movflags", "+faststart")...)
	data := load(t, whole)
	start := bytes.Index(data, []byte("mdat"))
	half := save(t, "half.mp4", data[:start+(len(data)-start)/2])
	got, err := meter.Measure(t.Context(), "user_a", half, time.Minute, nil)
	if err != nil || got.Duration < time.Second || got.Duration > 4*time.Second {
		t.Errorf("half a file: %v, %v, want about half of 5 s", got.Duration, err)
	}

	silent := encode(t, "long.mkv", "-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", "sine=duration=2",
		"-preset", "ultrafast", "-c:v", "libx264", "-c:a", "aac")
	if got, err := meter.Measure(t.Context(), "user_a", silent, time.Minute, nil); err != nil || got.Duration != 5*time.Second {
		t.Errorf("sound shorter than pictures: %v, %v, want 5 s", got.Duration, err)
	}
	still := encode(t, "short.mkv", "-f", "lavfi", "-i", "testsrc=duration=2", "-f", "lavfi", "-i", tone,
		"-preset", "ultrafast", "-c:v", "libx264", "-c:a", "aac")
	got, err = meter.Measure(t.Context(), "user_a", still, time.Minute, nil)
	if err != nil || got.Duration < 5*time.Second || got.Duration > 5100*time.Millisecond {
		t.Errorf("pictures shorter than sound: %v, %v, want 5 s", got.Duration, err)
	}

	covered := encode(t, "cover.mp3", "-f", "lavfi", "-i", tone, "-f", "lavfi", "-i", "testsrc=duration=1", "-map", "0",
		"-map", "1", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic", "-metadata", "title=x")
	got, err = meter.Measure(t.Context(), "user_a", covered, time.Minute, nil)
	if err != nil || got.Duration < 5*time.Second || got.Duration > 5045*time.Millisecond || got.Container != "mp3" {
		t.Errorf("sound with a cover: %v, %v, want an mp3 of 5 s", got, err)
	}

	notes := save(t, "notes.txt", []byte(";FFMETADATA1\ncomment="+strings.Repeat("packet|stream_index=x ", 100_000)+"\n"))
	tagged := encode(t, "tagged.mkv", append([]string{"-f", "ffmetadata", "-i", notes},
		both("-map_metadata", "0", "-c:v", "libx264", "-c:a", "aac")...)...)
	if got, err := meter.Measure(t.Context(), "user_a", tagged, time.Minute, nil); err != nil || got.Duration != 5*time.Second {
		t.Errorf("tags of 2 MB: %v, %v, want 5 s", got.Duration, err)
	}
}

func TestMeasureIsNotAVideo(t *testing.T) {
	data := load(t, encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...))
	cover := load(t, encode(t, "cover.mp3", "-f", "lavfi", "-i", tone, "-f", "lavfi", "-i", "testsrc=duration=1", "-map", "0",
		"-map", "1", "-frames:v", "1", "-c:v", "png", "-disposition:v", "attached_pic"))
	tag := cover[:id3Size(cover)]
	blank := load(t, encode(t, "blank.mp4", "-f", "lavfi", "-i", pictures, "-c:v", "libx264", "-movflags", "+faststart"))
	clear(blank[bytes.Index(blank, []byte("mdat"))+4:])
	garbage := bytes.Repeat([]byte("\x9D\x00\x17\x6B\xFE\x20nothing"), 4000)
	for name, content := range map[string][]byte{
		"empty.mp4":       {},
		"text.mp4":        []byte(strings.Repeat("This is no video. ", 400)),
		"page.mp4":        []byte("<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"),
		"drawing.mp4":     []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`),
		"archive.mp4":     append([]byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), garbage...),
		"without end.mp4": data[:len(data)*7/10],
		"garbage.mp4":     append([]byte("\x00\x00\x00\x14ftypisom\x00\x00\x02\x00isom"), garbage...),
		"no picture.mp4":  blank,
		"garbage.mkv":     append([]byte(ebml("matroska")), garbage...),
		"garbage.mp3":     append([]byte(id3(100)), garbage...),
		"cover.mp3":       tag,
		"cover, junk.mp3": append(bytes.Clone(tag), make([]byte, 5000)...),
		"no frames.flac":  []byte("fLaC\x00\x00\x00\x22" + strings.Repeat("\x00", 34)),
		"header.wav":      []byte("RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3E\x00\x00\x00\x7D\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, name, content), time.Minute, nil)
			if !errors.Is(err, ErrNotVideo) || errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v, %v, want ErrNotVideo", got, err)
			}
		})
	}
}

// TestMeasureOpensNothingElse gives playlists that lead to a secret and to a
// listener, first as an upload, then past the look at the first bytes.
func TestMeasureOpensNothingElse(t *testing.T) {
	listener := waittest.Listen(t)
	called := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := listener.Accept(); err == nil {
			conn.Close()
			close(called)
		}
	}()
	url := "http://" + listener.Addr().String() + "/"
	secret := encode(t, "secret.ts", both("-c:v", "libx264", "-c:a", "aac")...)
	meter := NewMeter(Options{})
	for _, test := range []struct{ name, text, demuxer string }{
		{"playlist to a file", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + secret + "\n#EXT-X-ENDLIST\n", "hls"},
		{"playlist to a call", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + url + "x.ts\n#EXT-X-ENDLIST\n", "hls"},
		{"script to a file", "ffconcat version 1.0\nfile " + secret + "\n", "concat"},
		{"script to a call", "ffconcat version 1.0\nfile " + url + "x.ts\n", "concat"},
	} {
		path := save(t, "video.mp4", []byte(test.text))
		if got, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil); !errors.Is(err, ErrNotVideo) {
			t.Errorf("%s: got %v, %v, want ErrNotVideo", test.name, got, err)
		}
		for _, demuxer := range []string{"mov", "mpegts", test.demuxer} {
			s := meter.newSubject("user_a", path, 0, kind{"mp4", demuxer})
			s.cpu = 10 * time.Second
			if got, _, err := s.measure(t.Context(), time.Minute); !errors.Is(err, ErrNotVideo) {
				t.Errorf("%s, read as %s: got %v, %v, want ErrNotVideo", test.name, demuxer, got, err)
			}
		}
	}
	listener.Close()
	waittest.Receive(t, done)
	select {
	case <-called:
		t.Error("a file made the server call an address")
	default:
	}
}

func TestMeasureUnavailable(t *testing.T) {
	video := encode(t, "x.mp4", both("-c:v", "libx264", "-c:a", "aac")...)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name    string
		options Options
		path    string
		ctx     context.Context
		cause   error
	}{
		{"no ffprobe", Options{FFprobe: "no-such-ffprobe"}, video, t.Context(), exec.ErrNotFound},
		{"no ffmpeg", Options{FFmpeg: "no-such-ffmpeg"}, video, t.Context(), exec.ErrNotFound},
		{"not a program", Options{FFmpeg: save(t, "ffmpeg", nil)}, video, t.Context(), os.ErrPermission},
		{"no file", Options{}, video + ".gone", t.Context(), os.ErrNotExist},
		{"a folder", Options{}, filepath.Dir(video), t.Context(), nil},
		{"given up", Options{}, video, ended, context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := NewMeter(test.options).Measure(test.ctx, "user_a", test.path, time.Minute, nil)
			if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotVideo) {
				t.Fatalf("got %v, %v, want ErrUnavailable", got, err)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("got %v, want it to be %v", err, test.cause)
			}
		})
	}
}

func TestMeterReady(t *testing.T) {
	if err := NewMeter(Options{}).Ready(); err != nil {
		t.Error(err)
	}
	err := NewMeter(Options{FFmpeg: "no-such-ffmpeg", FFprobe: "no-such-ffprobe"}).Ready()
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	for _, name := range []string{"no-such-ffmpeg", "no-such-ffprobe"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}
