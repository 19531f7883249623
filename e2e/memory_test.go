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
	for _, m := range []struct {
		uploads int
		limit   int64
	}{{1, 64 << 20}, {8, 128 << 20}} {
		t.Run(fmt.Sprintf("%d at once", m.uploads), func(t *testing.T) {
			s := start(t)
			c := s.register("a")
			video := read(t, clip(t, 1))
			const size = 500 << 20
			parallel(m.uploads, func(int) {
				a, err := c.tryStream("large.mp4", padded(video, size), size)
				if err != nil || a.status != 201 {
					t.Errorf("upload: %v %+v", err, a)
				}
			})
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
