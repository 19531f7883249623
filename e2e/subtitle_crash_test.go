package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

const (
	killedJobs  = 20
	killedTimes = 20
)

// hash names a sound.
func hash(wav []byte) string {
	sum := sha256.Sum256(wav[min(len(wav), 44):]) // Without the header.
	return hex.EncodeToString(sum[:8])
}

// TestKillDuringJobs kills the program twenty times while twenty videos are
// transcribed. Each text is written exactly once, and is that of its own video;
// where two kills met one job it is ordered again.
func TestKillDuringJobs(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	hear := func(w http.ResponseWriter, r *http.Request) {
		// FormFile was read already; here it is read again from what was parsed.
		file, _, err := r.FormFile("file")
		if err != nil {
			return
		}
		var sound bytes.Buffer
		_, _ = sound.ReadFrom(file)
		select {
		case <-time.After(time.Duration(rand.IntN(400)) * time.Millisecond): // As an engine takes its time.
		case <-r.Context().Done():
			return
		}
		answerSegments("en", spoken(0, 1, hash(sound.Bytes())))(w, r)
	}
	e.answers(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	h := startHooks(t)
	flags := append(e.flags("--engine-concurrency=20", "--max-videos=100"), h.flags()...)
	s := start(t, flags...)
	c := s.register("a")
	want := map[string]string{}
	for i := range killedJobs {
		sound := wav(1200, i)
		want[c.accepted(fmt.Sprintf("%d.wav", i), sound).Video.ID] = hash(sound)
	}
	eventually(t, 3*patience, "all jobs to run", func() bool { return len(e.requests()) >= killedJobs })
	e.answers(hear)
	for range killedTimes {
		<-time.After(time.Duration(rand.IntN(500)) * time.Millisecond) // The random moment.
		s.kill()
		s.restart()
	}
	for id, text := range want {
		eventually(t, 3*patience, "the end of a job", func() bool {
			now := c.subtitles(id)
			if now.Status == "failed" && now.Error != nil && *now.Error == "crashed" {
				c.post("/videos/"+id+"/subtitles", map[string]any{}).want(202)
			}
			return now.Status == "done"
		})
		done := c.subtitles(id)
		got := c.subtitleText(id)
		if done.Revision != 1 || len(got.Cues) != 1 || got.Cues[0].Text != text {
			t.Errorf("%s: revision %d, text %+v, want %s once", id, done.Revision, got.Cues, text)
		}
	}
	// What happened is told at least once, and each time in the same words.
	eventually(t, 3*patience, "the webhook to be told of all", func() bool { return len(h.bodies("subtitles.done")) == killedJobs })
}

// TestTwoProcessesRunJobsOnce has two processes work on one queue.
func TestTwoProcessesRunJobsOnce(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	var mu sync.Mutex
	now, most, runs := 0, 0, map[string]int{}
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("file")
		if err != nil {
			return
		}
		var sound bytes.Buffer
		_, _ = sound.ReadFrom(file)
		mu.Lock()
		now++
		most = max(most, now)
		runs[hash(sound.Bytes())]++
		mu.Unlock()
		select {
		case <-time.After(20 * time.Millisecond): // As an engine takes its time.
		case <-r.Context().Done():
		}
		mu.Lock()
		now--
		mu.Unlock()
		answerSegments("en", spoken(0, 1, "x"))(w, r)
	})
	folder := t.TempDir()
	one := startIn(t, folder, e.flags("--engine-concurrency=2", "--max-videos=100")...)
	two := startIn(t, folder, e.flags("--engine-concurrency=2", "--max-videos=100")...)
	c := one.register("a")
	other := *c
	other.s = two
	var ids []string
	for i := range 12 {
		ids = append(ids, []*client{c, &other}[i%2].accepted("a.wav", wav(1200, i)).Video.ID)
	}
	for _, id := range ids {
		c.awaits(id, "done")
	}
	mu.Lock()
	defer mu.Unlock()
	if most > 2 {
		t.Errorf("%d jobs at once, want 2 at most", most)
	}
	if len(runs) != 12 {
		t.Errorf("%d sounds were sent, want 12", len(runs))
	}
	for sound, n := range runs {
		if n != 1 {
			t.Errorf("sound %s was sent %d times", sound, n)
		}
	}
}

// TestTurns has one user's many videos not hold up another's one.
func TestTurns(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	release := make(chan struct{})
	e.answers(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
			answerSegments("en", spoken(0, 1, "x"))(w, r)
		case <-r.Context().Done():
		}
	})
	s := start(t, e.flags("--max-videos=100")...)
	many, single := s.register("many"), s.register("single")
	var first []string
	for i := range 6 {
		first = append(first, many.accepted("a.wav", wav(1200, i)).Video.ID)
	}
	many.awaits(first[0], "running")
	mine := single.accepted("b.wav", wav(1200, 50)).Video.ID
	if got := single.awaits(mine, "queued"); got.Position == nil || *got.Position != 1 {
		t.Errorf("the other user's one video is at %v of the queue", *got.Position)
	}
	if got := many.subtitles(first[1]); got.Position == nil || *got.Position != 2 {
		t.Errorf("the second of many is %+v", got)
	}
	var queue struct {
		Jobs []struct {
			VideoID   string    `json:"video_id"`
			Username  string    `json:"username"`
			Subtitles subtitles `json:"subtitles"`
		}
	}
	s.admin().get("/admin/subtitles?limit=100").want(200).decode(&queue)
	if len(queue.Jobs) != 7 || queue.Jobs[0].VideoID != first[0] || queue.Jobs[1].VideoID != mine || queue.Jobs[1].Username != "single" {
		t.Errorf("the queue is %+v", queue.Jobs)
	}
	many.get("/admin/subtitles").problem(403, "forbidden")
	many.post("/admin/subtitles/"+mine+"/cancel", nil).problem(403, "forbidden")
	s.admin().post("/admin/subtitles/"+first[5]+"/cancel", nil).want(204)
	many.awaits(first[5], "cancelled")
	s.admin().post("/admin/subtitles/"+first[5]+"/retry", nil).want(204)
	many.awaits(first[5], "queued")
	close(release)
	single.awaits(mine, "done")
	for _, id := range first {
		many.awaits(id, "done")
	}
}

func decodeJSON(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v in %s", err, head(data))
	}
}
