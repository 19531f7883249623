package media

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// cutByEdits has the edit list of every track begin so many seconds later.
func cutByEdits(t *testing.T, path string, seconds uint32) string {
	t.Helper()
	data := load(t, path)
	for track := data; ; {
		at := bytes.Index(track, []byte("edts"))
		if at < 0 {
			break
		}
		track = track[at+4:]
		edit := track[bytes.Index(track, []byte("elst"))+12:] // after version, flags and the number of edits
		rate := binary.BigEndian.Uint32(track[bytes.Index(track, []byte("mdhd"))+16:])
		binary.BigEndian.PutUint32(edit, binary.BigEndian.Uint32(edit)-1000*seconds)
		binary.BigEndian.PutUint32(edit[4:], binary.BigEndian.Uint32(edit[4:])+rate*seconds)
	}
	return save(t, "cut", data)
}

// TestChargesWhatCanBePlayed has files whose clock leaps, and whose edit lists cut.
func TestChargesWhatCanBePlayed(t *testing.T) {
	t.Parallel()
	film := both("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	at := func(name, offset string, more ...string) []byte {
		return load(t, encode(t, name, append(film, append(more, "-output_ts_offset", offset)...)...))
	}
	join := func(name string, parts ...[]byte) string { return save(t, name, bytes.Join(parts, nil)) }
	whole := encode(t, "x.mp4", append(film, "-g", "5")...)
	sound := encode(t, "x.m4a", "-f", "lavfi", "-i", "sine=duration=10", "-c:a", "aac")
	for name, test := range map[string]struct {
		path          string
		atMost        time.Duration
		length, sound time.Duration
	}{
		"a leap of eleven hours":    {join("a.ts", at("1.ts", "0"), at("2.ts", "40000")), time.Minute, 10 * time.Second, 10 * time.Second},
		"a leap back":               {join("b.ts", at("1.ts", "40000"), at("2.ts", "0")), time.Minute, 10 * time.Second, 10 * time.Second},
		"the same time again":       {join("c.ts", at("1.ts", "0"), at("2.ts", "0")), time.Minute, 10 * time.Second, 10 * time.Second},
		"a leap, pictures alone":    {join("d.ts", at("1.ts", "0", "-an"), at("2.ts", "40000", "-an")), time.Minute, 10 * time.Second, 0},
		"a leap in MPEG-PS":         {join("e.mpg", at("1.mpg", "0", "-c:v", "mpeg1video", "-c:a", "mp2"), at("2.mpg", "3000", "-c:v", "mpeg1video", "-c:a", "mp2")), time.Minute, 10 * time.Second, 10 * time.Second},
		"an edit list cuts":         {cutByEdits(t, whole, 3), time.Minute, 2 * time.Second, 2 * time.Second},
		"an edit list cuts sound":   {cutByEdits(t, sound, 3), time.Minute, 7 * time.Second, 7 * time.Second},
		"what is cut is too long":   {cutByEdits(t, sound, 3), 8 * time.Second, 7 * time.Second, 7 * time.Second},
		"a pause in Matroska stays": {encode(t, "pause.mkv", "-f", "lavfi", "-i", "sine=duration=2", "-af", "asetpts='PTS+gte(T,1)*20/TB'", "-c:a", "flac"), time.Minute, 22 * time.Second, 22 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := soundFile(t)
			got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", test.path, test.atMost, file)
			const slack = 300 * time.Millisecond
			if err != nil || (got.Duration-test.length).Abs() > slack {
				t.Errorf("got %v, %v, want %v", got.Duration, err, test.length)
			}
			given := pcmLength(int64(len(load(t, file.Name()))))
			if (given-test.sound).Abs() > slack || given > got.Duration {
				t.Errorf("an engine is given %v, want %v", given, test.sound)
			}
		})
	}
}
