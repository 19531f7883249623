package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

// fixtures makes each test video once per run.
var fixtures struct {
	sync.Mutex
}

// clip is the path of an MP4 with moving pictures and a tone, H.264 and AAC.
func clip(t testing.TB, seconds int) string {
	t.Helper()
	source := fmt.Sprintf("testsrc2=size=192x108:rate=10:duration=%d", seconds)
	tone := fmt.Sprintf("sine=frequency=440:duration=%d", seconds)
	return ffmpeg(t, fmt.Sprintf("clip-%ds.mp4", seconds),
		"-f", "lavfi", "-i", source, "-f", "lavfi", "-i", tone,
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
}

// ffmpeg runs ffmpeg with these arguments unless the file is there already.
func ffmpeg(t testing.TB, name string, args ...string) string {
	t.Helper()
	fixtures.Lock()
	defer fixtures.Unlock()
	path := filepath.Join(scratch, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	args = append([]string{"-nostdin", "-v", "error", "-y"}, append(args, path)...)
	waittest.Slow(t, "makes videos")
	if out, err := waittest.Command(t, "ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", name, err, out)
	}
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wav is a mono recording at 16 kHz of exactly so many milliseconds. Its
// samples depend on seed, so that two recordings differ.
func wav(ms, seed int) []byte {
	samples := 16 * ms
	var b bytes.Buffer
	b.WriteString("RIFF")
	le(&b, uint32(36+2*samples))
	b.WriteString("WAVEfmt ")
	le(&b, uint32(16), uint16(1), uint16(1), uint32(16000), uint32(32000), uint16(2), uint16(16))
	b.WriteString("data")
	le(&b, uint32(2*samples))
	for i := range samples {
		le(&b, int16((i*(seed+7)*131)%8000-4000))
	}
	return b.Bytes()
}

func le(w io.Writer, values ...any) {
	for _, v := range values {
		_ = binary.Write(w, binary.LittleEndian, v) // A buffer takes everything.
	}
}

// padded is an MP4 made as large as size by a `free` box at its end, which
// players skip.
func padded(mp4 []byte, size int64) io.Reader {
	pad := size - int64(len(mp4))
	box := binary.BigEndian.AppendUint32(nil, uint32(pad))
	box = append(box, "free"...)
	return io.MultiReader(bytes.NewReader(mp4), bytes.NewReader(box), io.LimitReader(zeros{}, pad-8))
}

// zeros is an endless run of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
