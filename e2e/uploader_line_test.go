package e2e

import (
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"
)

// over is the server as it is reached through a line.
func (s *server) over(l *line) *server {
	far := *s
	far.addr = l.addr
	return &far
}

// arrived compares the one video that was counted with the file.
func (c *client) arrived(sum [32]byte) {
	c.t.Helper()
	videos := c.videos()
	if len(videos) != 1 || videos[0].Status != "accepted" {
		c.t.Fatalf("videos %+v", videos)
	}
	if sha256.Sum256(c.get("/videos/"+videos[0].ID+"/file").want(200).body) != sum {
		c.t.Error("the bytes are not those of the file")
	}
}

// TestUploaderOnABadLine sends from the page over a line that breaks twenty
// times, at random bytes.
func TestUploaderOnABadLine(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	const size, cuts = 40 << 20, 20
	file, sum := largeClip(t, size)
	l := cutLine(t, s.addr, cuts, size/cuts/2)
	b := s.over(l).tab()
	b.login("a", password)
	b.chooseAll(file)
	b.send()
	b.untilWithin(3*time.Minute, row(file)+`?.dataset.state === "counted"`)
	if n := l.cut.Load(); n != cuts {
		t.Errorf("the line broke %d times, want %d", n, cuts)
	}
	b.shows("#quota", "Quota: 1/10 ไฟล์")
	c.arrived(sum)
}

// TestUploaderOfAServerThatDies kills the server three times while the page
// sends.
func TestUploaderOfAServerThatDies(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	const size, kills = 40 << 20, 3
	file, sum := largeClip(t, size)
	l := cutLine(t, s.addr, 0, 0)
	b := s.over(l).tab()
	b.login("a", password)
	b.chooseAll(file)
	l.pause.Store(int64(2 * time.Millisecond))
	b.send()
	for kill := range kills {
		eventually(t, patience, "more bytes", func() bool {
			return s.received() > int64(size/(kills+1)*(kill+1)/2)
		})
		s.kill()
		s.restart()
	}
	b.untilWithin(3*time.Minute, row(file)+`?.dataset.state === "counted"`)
	c.arrived(sum)
	if filepath.Base(file) != c.videos()[0].Filename {
		t.Errorf("video %+v", c.videos()[0])
	}
}
