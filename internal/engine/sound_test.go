package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// heard is a stretch of sound: a tone, or silence where it has no loudness.
type heard struct {
	length   time.Duration
	loudness float64 // 0 to 1
}

// record keeps these stretches, one after the other, as an engine gets them,
// with the hum and the offset that real microphones have.
func record(t *testing.T, parts ...heard) string {
	t.Helper()
	var pcm []byte
	for _, part := range parts {
		for n := range int(part.length.Seconds() * sampleRate) {
			tone := part.loudness * math.Sin(2*math.Pi*440*float64(n)/sampleRate)
			hum := 0.001 * math.Sin(2*math.Pi*50*float64(n)/sampleRate)
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(30000*(tone+hum)+500)))
		}
	}
	return keep(t, pcm)
}

func keep(t *testing.T, pcm []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sound")
	if err := os.WriteFile(path, pcm, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *sound {
	t.Helper()
	s, err := openSound(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// cut returns the pieces after a check of what holds for all: they follow each
// other to the end, fit, and none is too short.
func cut(t *testing.T, s *sound, maxBytes int64) []soundPiece {
	t.Helper()
	pieces, err := s.pieces(maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	for _, p := range pieces {
		if p.from != at || p.to <= p.from || p.to%sampleSize != 0 {
			t.Errorf("piece %+v does not follow on %d", p, at)
		}
		if wavHeader+p.to-p.from > maxBytes {
			t.Errorf("piece %+v is larger than %d", p, maxBytes)
		}
		if len(pieces) > 1 && p.to-p.from < shortestPiece {
			t.Errorf("piece %+v is too short", p)
		}
		at = p.to
	}
	if at != s.size {
		t.Errorf("the pieces end at %d, want %d", at, s.size)
	}
	return pieces
}

func TestCutAtPauses(t *testing.T) {
	t.Parallel()
	const tenSeconds = 10*bytesPerSecond + wavHeader
	var spoken []heard
	var pauses []time.Duration // middles
	at := time.Duration(0)
	for n := range 60 {
		word := time.Duration(900+37*(n%11)) * time.Millisecond
		spoken = append(spoken, heard{word, 0.5}, heard{400 * time.Millisecond, 0})
		pauses = append(pauses, at+word+200*time.Millisecond)
		at += word + 400*time.Millisecond
	}
	s := open(t, record(t, spoken...))
	pieces := cut(t, s, tenSeconds)
	if len(pieces) < 8 || len(pieces) > 11 {
		t.Errorf("%v became %d pieces", at, len(pieces))
	}
	for _, p := range pieces[1:] {
		nearest := time.Hour
		for _, pause := range pauses {
			nearest = min(nearest, (p.start() - pause).Abs())
		}
		if nearest > 100*time.Millisecond {
			t.Errorf("cut at %v, %v off the middle of a pause", p.start(), nearest)
		}
	}

	// A pause that is not silent is found, the one before what fits best is not
	// taken for it, and neither is a shorter silence.
	s = open(t, record(t, heard{7 * time.Second, 0.5}, heard{500 * time.Millisecond, 0}, heard{time.Second, 0.5},
		heard{300 * time.Millisecond, 0.02}, heard{500 * time.Millisecond, 0.5}, heard{50 * time.Millisecond, 0},
		heard{2 * time.Second, 0.5}))
	if got := cut(t, s, tenSeconds)[1].start(); (got - 8650*time.Millisecond).Abs() > 50*time.Millisecond {
		t.Errorf("cut at %v, want 8.65 s", got)
	}
}

func TestCutWithoutPauses(t *testing.T) {
	t.Parallel()
	const tenSeconds = 10*bytesPerSecond + wavHeader
	for _, test := range []struct {
		length time.Duration
		pieces int
	}{
		{0, 0},
		{time.Millisecond, 1},
		{10 * time.Second, 1},
		{10*time.Second + time.Millisecond, 2},
		{11 * time.Second, 2},
		{95 * time.Second, 10},
	} {
		for _, loudness := range []float64{0, 1} {
			pieces := cut(t, open(t, record(t, heard{test.length, loudness})), tenSeconds)
			if len(pieces) < test.pieces || len(pieces) > test.pieces+test.pieces/5 {
				t.Errorf("%v of loudness %v became %d pieces, want about %d", test.length, loudness, len(pieces), test.pieces)
			}
		}
	}
	if _, err := open(t, record(t, heard{time.Minute, 1})).pieces(bytesPerSecond); err == nil {
		t.Error("pieces of a second are cut")
	}
	odd := open(t, keep(t, make([]byte, 2*bytesPerSecond+1)))
	if odd.size != 2*bytesPerSecond {
		t.Errorf("half a sample counts: %d", odd.size)
	}
	if _, err := openSound(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that there is none", err)
	}
}

// TestCutStreams cuts an hour, most of which is a hole in the file.
func TestCutStreams(t *testing.T) {
	path := record(t, heard{time.Second, 0.5})
	if err := os.Truncate(path, 3600*bytesPerSecond); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pieces := cut(t, s, 25<<20)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; len(pieces) != 5 || grown > 1<<20 {
		t.Errorf("%d pieces took %d bytes of memory", len(pieces), grown)
	}
}

// TestWAV has ffmpeg read pieces back.
func TestWAV(t *testing.T) {
	t.Parallel()
	path := record(t, heard{time.Second, 0.3}, heard{time.Second, 0.6})
	pcm, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for _, p := range []soundPiece{s.whole(), {bytesPerSecond / 2, bytesPerSecond}, {0, 0}} {
		wav, err := io.ReadAll(s.wav(p))
		if err != nil || int64(len(wav)) != wavHeader+p.to-p.from {
			t.Fatalf("%+v: %d bytes, %v", p, len(wav), err)
		}
		if p.to == 0 {
			continue // ffmpeg takes no file without samples
		}
		cmd := waittest.Command(t, "ffmpeg", "-nostdin", "-v", "error", "-xerror", "-f", "wav", "-i", "-", "-f", "s16le", "-")
		cmd.Stdin = bytes.NewReader(wav)
		got, err := cmd.Output()
		if err != nil || !bytes.Equal(got, pcm[p.from:p.to]) {
			t.Errorf("%+v: ffmpeg reads %d bytes, %v, want %d", p, len(got), err, p.to-p.from)
		}
		kind, err := waittest.Command(t, "ffprobe", "-v", "error", "-show_entries", "stream=sample_rate,channels,codec_name", "-of", "csv=p=0",
			keep(t, wav)).Output()
		if err != nil || string(kind) != "pcm_s16le,16000,1\n" {
			t.Errorf("%+v: ffprobe says %q, %v", p, kind, err)
		}
	}
	// 5 GB do not wrap around to 705 MB.
	header, err := io.ReadAll(newWAVHeader(5 << 30))
	if err != nil || binary.LittleEndian.Uint32(header[40:]) != math.MaxUint32 || binary.LittleEndian.Uint32(header[4:]) != math.MaxUint32 {
		t.Errorf("header of 5 GB: %x, %v", header, err)
	}
	if got := s.whole().length(); got != 2*time.Second {
		t.Errorf("two seconds last %v", got)
	}
}
