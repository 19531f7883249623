package media

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSoundBehindBrokenFragments has beeps near the begin, in the middle and near
// the end of fragments of a second, and breaks what lies between the first two.
func TestSoundBehindBrokenFragments(t *testing.T) {
	t.Parallel()
	moments := strings.ReplaceAll("between(t,1.2,1.5)+between(t,10.2,10.5)+between(t,18.2,18.5)", ",", `\,`)
	film := []string{
		"-f", "lavfi", "-i", "testsrc2=duration=20:size=160x120:rate=10",
		"-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*1000*t)*(" + moments + ")+0.01*(random(0)-0.5):s=44100:d=20",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac", "-b:a", "128k",
	}
	index := func(data []byte, n int) int { // of a fragment
		at := 0
		for range n {
			at += bytes.Index(data[at+8:], []byte("moof")) + 8
		}
		return at - 4
	}
	for name, test := range map[string]struct {
		flags  string
		damage func(data []byte)
	}{
		"zeros over three fragments": {"+frag_keyframe+empty_moov", func(data []byte) {
			clear(data[index(data, 4)-1000 : index(data, 7)+50])
		}},
		"noise over three fragments": {"+frag_keyframe+empty_moov+default_base_moof", func(data []byte) {
			copy(data[index(data, 4)-1000:], noise(index(data, 7)-index(data, 4)+1050))
		}},
		"the head of an index": {"+frag_keyframe+empty_moov", func(data []byte) { clear(data[index(data, 5):][:8]) }},
		"within an index":      {"+frag_keyframe+empty_moov", func(data []byte) { clear(data[index(data, 5)+24:][:16]) }},
		"two holes, with an index of all": {"+frag_keyframe+delay_moov+default_base_moof+global_sidx", func(data []byte) {
			clear(data[index(data, 3)+8 : index(data, 4)+30])
			clear(data[index(data, 7)-10 : index(data, 7)+30])
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := load(t, encode(t, "x.mp4", slices.Concat(film, []string{"-movflags", test.flags})...))
			test.damage(data)
			path := save(t, "x.mp4", data)
			m, _ := newMuxer(t, Options{})
			file := soundFile(t)
			got, err := m.meter.Measure(t.Context(), "user_a", path, time.Minute, file)
			if err != nil {
				t.Fatal(err)
			}
			if (got.Duration - 20*time.Second).Abs() > 300*time.Millisecond {
				t.Errorf("%v long, want 20 s", got.Duration)
			}
			want := []float64{1.2, 10.2, 18.2}
			near := func(a, b float64) bool { return a > b-0.1 && a < b+0.1 }
			if found := seconds64(bursts(load(t, file.Name()))); !slices.EqualFunc(found, want, near) {
				t.Errorf("beeps at %v, want %v", found, want)
			}
			download := muxed(t, m, Mux{Video: path, Subtitles: []byte(twoCues), Format: MKV, Language: "th"})
			pcm := ffmpegOut(t, download, "-map", "0:a", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "16000", "-f", "s16le")
			if found := seconds64(bursts([]byte(pcm))); !slices.EqualFunc(found, want, near) {
				t.Errorf("a download beeps at %v, want %v", found, want)
			}
		})
	}
}

// FuzzWithoutHoles takes any file: its stretches follow one another, with the head
// of a box in place of each hole.
func FuzzWithoutHoles(f *testing.F) {
	fragment := []byte("\x00\x00\x00\x18moof\x00\x00\x00\x10mfhd\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cmdat\x00\x00\x00\x00")
	f.Add(slices.Concat(fragment, make([]byte, 40), fragment))
	f.Add(slices.Concat(fragment, make([]byte, 2<<20), fragment, fragment[:20]))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, patches, err := withoutHoles(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		at, heads := int64(0), int64(0)
		for _, part := range whole {
			if part.patch {
				if part.from != heads || part.to != heads+boxHead {
					t.Errorf("a patch of %v behind %d", part, heads)
				}
				heads, at = part.to, at+boxHead
				continue
			}
			if part.from != at || part.to < part.from {
				t.Errorf("%v follows %d", part, at)
			}
			at = part.to
		}
		if heads != int64(len(patches)) || at > int64(len(data)) {
			t.Errorf("%d bytes of patches are used of %d; the file ends at %d of %d", heads, len(patches), at, len(data))
		}
	})
}
