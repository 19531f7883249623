package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestWholeFilesDeclareNothing has files that are whole, as they are written into a
// file, into a pipe, late, and cut at their begin.
func TestWholeFilesDeclareNothing(t *testing.T) {
	t.Parallel()
	film := []string{"-f", "lavfi", "-i", "testsrc=duration=20:size=64x64:rate=10", "-f", "lavfi", "-i", "sine=duration=20:sample_rate=48000"}
	sound := film[4:]
	late := []string{"-output_ts_offset", "30"}
	files := map[string][]byte{}
	for name, args := range map[string][]string{
		"x.mkv": film, "x.mp4": film, "x.mov": film, "x.flv": append(film, "-c:v", "flv1", "-ar", "44100"), "x.avi": film, "x.ts": film, "x.asf": film,
		"x.webm": append(sound, "-c:a", "libopus"), "x.ogg": append(sound, "-c:a", "libvorbis"), "x.opus": append(sound, "-c:a", "libopus"),
		"x.wav": sound, "x.w64": sound, "x.flac": sound, "x.mp3": sound, "x.aiff": sound, "x.caf": append(sound, "-c:a", "pcm_s16be"), "x.m4a": sound,
	} {
		files[name] = load(t, encode(t, name, args...))
		if !slices.Contains([]string{"x.wav", "x.w64", "x.flac", "x.mp3", "x.aiff", "x.caf"}, name) {
			files["late "+name] = load(t, encode(t, name, append(slices.Clone(args), late...)...))
		}
	}
	for _, size := range []uint32{0, 0x7FFFF024, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF7} {
		piped := bytes.Clone(files["x.wav"])
		binary.LittleEndian.PutUint32(piped[4:], size)
		binary.LittleEndian.PutUint32(piped[bytes.Index(piped, []byte("data"))+4:], max(size, 36)-36)
		files[fmt.Sprintf("x.wav of %#x bytes", size)] = piped
	}
	for _, name := range []string{"x.ogg", "x.opus"} { // From the middle of a broadcast.
		whole := files[name]
		heads, half := 0, 0
		for page, at := 0, 0; at < len(whole); page++ {
			if page == 3 {
				heads = at
			}
			if half == 0 && at > len(whole)/2 {
				half = at
			}
			at += oggPage(whole[at:])
		}
		files["the middle of "+name] = slices.Concat(whole[:heads], whole[half:])
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, "x", data), time.Hour, nil)
			if err != nil || got.Declared != 0 {
				t.Errorf("read %v, declares %v: %v", got.Duration, got.Declared, err)
			}
		})
	}
}
