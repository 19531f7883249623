package media

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// noise is junk that is the same each time.
func noise(size int) []byte {
	data := make([]byte, size)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(data)
	return data
}

func TestTakeApart(t *testing.T) {
	t.Parallel()
	packet := append([]byte("G\x00\x00\x10"), make([]byte, 184)...)
	packets := bytes.Repeat(packet, 1000) // 188,000 bytes
	for name, test := range map[string]struct {
		file []byte
		want []segment
	}{
		"whole":           {packets, nil},
		"empty":           {nil, nil},
		"cut":             {packets[:len(packets)-100], nil},
		"begins late":     {packets[100:], nil},
		"little junk":     {slices.Concat(packets, make([]byte, minJunk-1), packets), nil},
		"zeros":           {slices.Concat(packets, make([]byte, minJunk), packets), []segment{{{from: 0, to: 188000}, {from: 188000 + minJunk, to: 376000 + minJunk}}}},
		"junk at the end": {slices.Concat(packets, make([]byte, 300<<10)), []segment{{{from: 0, to: 188000}}}},
		"much junk": {
			slices.Concat(packets, make([]byte, 3<<20), packets, make([]byte, 100<<10), packets),
			[]segment{{{from: 0, to: 188000}, {from: 188000 + 3<<20, to: 376000 + 3<<20}, {from: 376000 + 3<<20 + 100<<10, to: 564000 + 3<<20 + 100<<10}}},
		},
	} {
		got, err := takeApart(bytes.NewReader(test.file), int64(len(test.file)), kindTS)
		if err != nil || !reflect.DeepEqual(got.segments, test.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, test.want)
		}
	}
	many := bytes.Repeat(slices.Concat(packets[:1880], make([]byte, minJunk)), maxStretches+1)
	if got, err := takeApart(bytes.NewReader(many), int64(len(many)), kindTS); err != nil || got.segments != nil {
		t.Errorf("too many stretches: got %d, %v", len(got.segments), err)
	}
	if got, err := takeApart(bytes.NewReader(packets), int64(len(packets)), kindMP4); err != nil || got.segments != nil {
		t.Errorf("no stream of units: got %v, %v", got, err)
	}
}

// TestSoundBehindJunk has three beeps, and junk in place of the second.
func TestSoundBehindJunk(t *testing.T) {
	t.Parallel()
	moments := strings.ReplaceAll("between(t,1,1.3)+between(t,15,15.3)+between(t,28,28.3)", ",", `\,`)
	tone := []string{"-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*1000*t)*(" + moments + ")+0.01*(random(0)-0.5):s=44100:d=30"}
	for name, args := range map[string][]string{
		"x.ogg": {"-c:a", "flac"}, // Its pages are large.
		"x.oga": {"-c:a", "libopus", "-b:a", "256k", "-vbr", "off"},
		"x.aac": {"-c:a", "aac", "-b:a", "256k"},
		"x.ts":  {"-c:a", "mp2", "-b:a", "256k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := load(t, encode(t, name, slices.Concat(tone, args)...))
			from, to := len(whole)*10/30, len(whole)*24/30
			for what, junk := range map[string][]byte{"zeros": make([]byte, to-from), "noise": noise(to - from)} {
				file := soundFile(t)
				broken := slices.Concat(whole[:from], junk, whole[to:])
				got, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, name, broken), time.Minute, file)
				if err != nil {
					t.Fatal(err)
				}
				// ADTS has no times, and in MPEG-TS so long a leap is a new clock: what
				// follows moves up.
				want := []time.Duration{time.Second, 28 * time.Second}
				if name == "x.aac" || name == "x.ts" {
					want[1] -= 14 * time.Second
				}
				found := bursts(load(t, file.Name()))
				if len(found) != 2 || (found[0]-want[0]).Abs() > 300*time.Millisecond || (found[1]-want[1]).Abs() > 300*time.Millisecond {
					t.Errorf("%s: %v long, beeps at %v, want %v", what, got.Duration, found, want)
				}
			}
		})
	}
}

// FuzzTakeApart takes any file for each kind: the stretches are in order, lie in
// the file, and leave out much each time.
func FuzzTakeApart(f *testing.F) {
	packet := append([]byte("G\x00\x00\x10"), make([]byte, 184)...)
	f.Add(bytes.Repeat(packet, 10), uint(minJunk))
	f.Add([]byte("OggS\x00"+strings.Repeat("\x00", 22)), uint(100))
	f.Add([]byte("\xFF\xF1\x50\x80\x02\x1F\xFC\x00\x00\x00"), uint(minJunk))
	f.Fuzz(func(t *testing.T, data []byte, zeros uint) {
		data = slices.Concat(data, make([]byte, zeros%(1<<20)), data, data)
		for _, k := range []kind{kindTS, kindPS, kindAAC, {"ogg", "ogg"}} {
			found, err := takeApart(bytes.NewReader(data), int64(len(data)), k)
			if err != nil {
				t.Fatal(err)
			}
			least := int64(minJunk)
			if k == kindAAC {
				least = 1
			}
			end := -least
			for _, part := range slices.Concat(found.segments...) {
				if part.from >= part.to || part.to > int64(len(data)) || part.from < end+least {
					t.Errorf("%s: %v of %d bytes", k.demuxer, found, len(data))
				}
				end = part.to
			}
		}
	})
}
