package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// peak is the most memory that the process has held, in bytes: VmHWM of
// proc(5).
func (s *server) peak() int64 {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Skipf("no /proc here: %v", err)
	}
	for line := range strings.Lines(string(status)) {
		var kb int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	s.t.Fatal("no VmHWM")
	return 0
}

// TestMemory uploads the largest files that the limits allow. The race
// detector multiplies memory, so it runs without.
func TestMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector multiplies memory")
	}
	const size = 500 << 20
	video := read(t, clip(t, 1))
	multipart := func(t *testing.T, c *client) {
		a, err := c.tryStream("large.mp4", padded(video, size), size)
		if err != nil || a.status != 201 {
			t.Errorf("upload: %v %+v", err, a)
		}
	}
	tus := func(t *testing.T, c *client) {
		path := c.created("large.mp4", size)
		a, err := c.tus().with("Upload-Offset", "0").try("PATCH", path, chunkType, padded(video, size), size)
		if err != nil || a.status != 204 {
			t.Errorf("upload: %v %+v", err, a)
		}
		if v, reason := c.outcome(path); v.Status != "accepted" {
			t.Errorf("%s: %s", v.Status, reason)
		}
	}
	for _, m := range []struct {
		name    string
		upload  func(*testing.T, *client)
		uploads int
		limit   int64
	}{
		{"multipart", multipart, 1, 64 << 20},
		{"multipart", multipart, 8, 128 << 20},
		{"tus", tus, 1, 64 << 20},
		{"tus", tus, 16, 192 << 20},
	} {
		t.Run(fmt.Sprintf("%d %s at once", m.uploads, m.name), func(t *testing.T) {
			s := start(t, "--max-videos=16", "--max-unfinished-uploads=16", "--max-reserved-mb=0")
			c := s.register("a")
			parallel(m.uploads, func(int) { m.upload(t, c) })
			if peak := s.peak(); peak >= m.limit {
				t.Errorf("peak memory %d MB, want below %d MB", peak>>20, m.limit>>20)
			} else {
				t.Logf("peak memory %d MB", peak>>20)
			}
			if n := c.session().Usage.Videos; n != m.uploads {
				t.Errorf("%d videos counted", n)
			}
		})
	}
}
