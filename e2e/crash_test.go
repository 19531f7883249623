package e2e

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// crashRounds is how often the program is killed. Each round takes about a
// second.
const crashRounds = 12

// promised is what the server has answered 201 to: the bytes' hash by video id.
type promised struct {
	mu  sync.Mutex
	sum map[string][32]byte
}

func (p *promised) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sum)
}

// TestKill kills the program at random moments while uploads run. What it
// promised is there after the next start, byte for byte and counted once, and
// nothing else is.
func TestKill(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=100000", "--max-duration-minutes=100000")
	c := s.register("a")
	kept := &promised{sum: map[string][32]byte{}}
	for round := range crashRounds {
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() { uploadUntilDead(t, c, worker, kept) })
		}
		if before := kept.count(); round%2 == 1 { // However slow the machine is.
			waittest.Until(t, "an upload to be accepted", func() bool { return kept.count() > before })
		}
		after := time.Duration(50+rand.IntN(900)) * time.Millisecond
		<-time.After(after) // The random moment, not a wait for something.
		s.kill()
		waittest.Group(t, &wg)
		s.restart()
		checkPromises(t, s, c, kept)
		if t.Failed() {
			t.Fatalf("killed after %v", after)
		}
	}
	t.Logf("%d uploads survived %d kills", len(kept.sum), crashRounds)
	if len(kept.sum) == 0 {
		t.Error("no upload was ever accepted")
	}
}

// uploadUntilDead sends one recording after another until the server is gone.
func uploadUntilDead(t *testing.T, c *client, worker int, kept *promised) {
	for i := 0; ; i++ {
		data := wav(200+i%50, worker*1000+i)
		b := body(part{"file", "a.wav", string(data)})
		a, err := c.try("POST", "/upload-video", multipartType, strings.NewReader(b), -1)
		if err != nil {
			return
		}
		if a.status == 503 {
			continue // The machine is too slow for now. Nothing was promised.
		}
		if a.status != 201 {
			t.Errorf("upload: status %d: %s", a.status, head(a.body))
			return
		}
		var u uploaded
		a.decode(&u)
		kept.mu.Lock()
		kept.sum[u.Video.ID] = sha256.Sum256(data)
		kept.mu.Unlock()
	}
}

// checkPromises compares the promises, the list, the usage and the disk.
func checkPromises(t *testing.T, s *server, c *client, kept *promised) {
	t.Helper()
	onDisk := map[[32]byte]int{}
	for _, path := range s.media() {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		onDisk[sha256.Sum256(data)]++
	}
	ids := c.walkVideos(100)
	seen, total := map[string]bool{}, int64(0)
	for _, id := range ids {
		var v video
		c.get("/videos/" + id).want(200).decode(&v)
		if v.Status != "accepted" {
			t.Errorf("video %+v", v)
		}
		seen[id] = true
		total += millis(v.Duration)
		sum := sha256.Sum256(c.get("/videos/" + id + "/file").want(200).body)
		if want, ok := kept.sum[id]; ok && sum != want {
			t.Errorf("video %s came back changed", id)
		}
		onDisk[sum]--
	}
	for id := range kept.sum {
		if !seen[id] {
			t.Errorf("video %s was promised and is gone", id)
		}
	}
	for _, n := range onDisk {
		if n != 0 {
			t.Errorf("files on disk and videos differ: %v", s.media())
			break
		}
	}
	u := c.session().Usage
	if u.Videos != len(ids) || millis(u.Duration) != total {
		t.Errorf("usage %+v, want %d videos and %d ms", u, len(ids), total)
	}
}

// TestSlotsAfterKill kills the program while uploads hold all slots.
func TestSlotsAfterKill(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=2")
	c := s.register("a")
	one, two := c.begin(), c.begin()
	c.upload("a.wav", wav(100, 1)).problem(403, "quota-videos")
	s.kill()
	one.cut()
	two.cut()
	s.restart()
	if left := s.media(); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
	checkUsage(t, c.session(), 0, 0)
	c.accepted("a.wav", wav(100, 1))
	c.accepted("a.wav", wav(100, 2))
	c.upload("a.wav", wav(100, 3)).problem(403, "quota-videos")
}
