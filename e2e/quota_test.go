package e2e

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
)

// checkUsage compares a quota session with what was uploaded, to the
// millisecond.
func checkUsage(t *testing.T, s session, videos int, ms int64) {
	t.Helper()
	u, l := s.Usage, s.Limits
	if u.Videos != videos || millis(u.Duration) != ms {
		t.Errorf("%s: usage %+v, want %d videos and %d ms", s.ID, u, videos, ms)
	}
	if want := max(0, l.Videos-videos); u.RemainingVideos != want {
		t.Errorf("%s: %d videos remain, want %d", s.ID, u.RemainingVideos, want)
	}
	if want := max(0, millis(l.Minutes*60)-ms); millis(u.RemainingDuration) != want {
		t.Errorf("%s: %v s remain, want %d ms", s.ID, u.RemainingDuration, want)
	}
}

func millis(seconds float64) int64 { return int64(math.Round(seconds * 1000)) }

// TestOwnersCases are the cases of the owner's note over the API; the browser
// tests hold them again for the pages.
func TestOwnersCases(t *testing.T) {
	t.Parallel()
	s := start(t)
	t.Run("a new user", func(t *testing.T) {
		got := s.register("newuser").session()
		if got.ID != "user_newuser" || got.Username != "newuser" {
			t.Errorf("session %+v", got)
		}
		if want := (usage{0, 0, 10, 600}); got.Usage != want {
			t.Errorf("usage %+v, want %+v", got.Usage, want)
		}
		if want := (limits{10, 10, 500}); got.Limits != want {
			t.Errorf("limits %+v, want %+v", got.Limits, want)
		}
	})
	t.Run("several users and logins", func(t *testing.T) {
		a, b := s.register("A"), s.register("B")
		for i := range 3 {
			a.accepted("a.wav", wav(1000, i))
		}
		a.post("/logout", nil).want(204)
		for i := range 5 {
			b.accepted("b.wav", wav(500, i))
		}
		checkUsage(t, s.login("A", password).session(), 3, 3000)
		checkUsage(t, s.browser("A", password).session(), 3, 3000)
		checkUsage(t, b.session(), 5, 2500)
	})
	t.Run("after a restart", func(t *testing.T) {
		s.stop()
		s.restart()
		a := s.login("A", password)
		checkUsage(t, a.session(), 3, 3000)
		a.accepted("a.wav", wav(1000, 9))
		checkUsage(t, a.session(), 4, 4000)
	})
}

func TestUsageIsExact(t *testing.T) {
	t.Parallel()
	c := start(t, "--max-videos=100").register("a")
	total := int64(0)
	for i, ms := range []int{1, 100, 333, 1001, 1999, 7, 450} {
		u := c.accepted("a.wav", wav(ms, i))
		total += int64(ms)
		if millis(u.Video.Duration) != int64(ms) || u.SessionID != "user_a" || u.Video.Status != "accepted" {
			t.Errorf("%d ms: %+v", ms, u)
		}
		if now := c.session(); now.Usage != u.Usage || now.Limits != u.Limits {
			t.Errorf("the answer says %+v, the session %+v", u.Usage, now.Usage)
		}
		checkUsage(t, c.session(), i+1, total)
	}
	sum := int64(0)
	for _, v := range c.videos() {
		sum += millis(v.Duration)
	}
	if sum != total {
		t.Errorf("the videos add up to %d ms, want %d", sum, total)
	}
}

func TestVideoQuota(t *testing.T) {
	t.Parallel()
	c := start(t, "--max-videos=2").register("a")
	c.accepted("a.wav", wav(100, 1))
	c.accepted("a.wav", wav(100, 2))
	p := c.upload("a.wav", wav(100, 3)).problem(403, "quota-videos")
	if p.Usage == nil || p.Limits == nil || p.Usage.Videos != 2 || p.Limits.Videos != 2 {
		t.Errorf("problem %+v", p)
	}
	checkUsage(t, c.session(), 2, 200)
}

func TestDurationQuota(t *testing.T) {
	t.Parallel()
	c := attacked(t, "--max-duration-minutes=0.05").register("a") // 3 seconds.
	c.upload("a.wav", wav(3001, 1)).problem(403, "quota-duration")
	checkUsage(t, c.session(), 0, 0)
	c.accepted("a.wav", wav(2500, 2))
	p := c.upload("a.wav", wav(501, 3)).problem(403, "quota-duration")
	if p.Usage == nil || p.Limits == nil || millis(p.Usage.Duration) != 2500 || p.Limits.Minutes != 0.05 {
		t.Errorf("problem %+v", p)
	}
	c.accepted("a.wav", wav(500, 4))
	checkUsage(t, c.session(), 2, 3000)
	c.upload("a.wav", wav(1, 5)).problem(403, "quota-duration")
	checkUsage(t, c.session(), 2, 3000)
}

func TestLoweredLimits(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	for i := range 3 {
		c.accepted("a.wav", wav(1000, i))
	}
	s.stop()
	s.restart("--max-videos=2", "--max-duration-minutes=0.025", "--max-file-size-mb=1")
	got := c.session()
	checkUsage(t, got, 3, 3000)
	if got.Usage.RemainingVideos != 0 || got.Usage.RemainingDuration != 0 {
		t.Errorf("usage %+v", got.Usage)
	}
	if want := (limits{2, 0.025, 1}); got.Limits != want {
		t.Errorf("limits %+v", got.Limits)
	}
	c.upload("a.wav", wav(10, 9)).want(403)
	s.stop()
	s.restart("--max-videos=4")
	c.accepted("a.wav", wav(1000, 9))
	c.upload("a.wav", wav(1000, 10)).problem(403, "quota-videos")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=7", "--max-duration-minutes=1.5", "--max-file-size-mb=20")
	for _, c := range []*client{s.anyone(), s.register("a")} {
		var got limits
		c.get("/limits").want(200).decode(&got)
		if want := (limits{7, 1.5, 20}); got != want {
			t.Errorf("limits %+v, want %+v", got, want)
		}
	}
}

// TestLastFreeSlots sends two hundred uploads at once, over several login
// sessions of one user, against the last slots.
func TestLastFreeSlots(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=10")
	first := s.register("a")
	for i := range 4 {
		first.accepted("a.wav", wav(100, i))
	}
	logins := []*client{first, s.login("a", password), s.browser("a", password), s.browser("a", password)}
	statuses := manyUploads(t, logins, 200, 100, "quota-videos")
	if statuses[201] != 6 || statuses[403] != 194 {
		t.Errorf("statuses %v, want 6 accepted and 194 refused", statuses)
	}
	checkUsage(t, first.session(), 10, 1000)
	if n := len(first.videos()); n != 10 {
		t.Errorf("%d videos", n)
	}
}

// TestDurationQuotaUnderLoad sends more seconds at once than are left.
func TestDurationQuotaUnderLoad(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=1000", "--max-duration-minutes=0.1") // 6 seconds.
	first := s.register("a")
	logins := []*client{first, s.login("a", password), s.browser("a", password)}
	statuses := manyUploads(t, logins, 40, 1100, "quota-duration")
	if statuses[201] != 5 || statuses[403] != 35 {
		t.Errorf("statuses %v, want 5 accepted and 35 refused", statuses)
	}
	checkUsage(t, first.session(), 5, 5500)
}

// manyUploads sends n recordings at once and counts the statuses. A 403 must
// be of this type. Whom a slow machine refuses tries again.
func manyUploads(t *testing.T, logins []*client, n, ms int, refusal string) map[int]int {
	t.Helper()
	var mu sync.Mutex
	statuses := map[int]int{}
	b := body(part{"file", "a.wav", string(wav(ms, 1))})
	parallel(n, func(i int) {
		upload := func() (*answer, error) {
			return logins[i%len(logins)].try("POST", "/upload-video", multipartType, strings.NewReader(b), -1)
		}
		a, err := upload()
		for tries := 0; err == nil && a.status == 503 && tries < 10; tries++ {
			a, err = upload()
		}
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Errorf("upload %d: %v", i, err)
			return
		}
		statuses[a.status]++
		if a.status == 403 && !strings.Contains(string(a.body), "urn:gensubtitle:"+refusal+`"`) {
			t.Errorf("upload %d: %s", i, a.body)
		}
	})
	return statuses
}

// TestSlotsAreGivenBack lets uploads fail in each way, one after another,
// with a single slot: had one kept its slot, the next would be refused.
func TestSlotsAreGivenBack(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=1", "--max-file-size-mb=20")
	c := s.register("a")
	held := c.begin()
	c.upload("a.wav", wav(100, 1)).problem(403, "quota-videos")
	if u := c.session().Usage; u.Videos != 0 || u.Duration != 0 {
		t.Errorf("usage while an upload runs: %+v", u)
	}
	held.cut()
	c.settles(func() *answer { return c.upload("a.txt", []byte("no video")) }, 415)
	c.uploadBody(body(part{"session_id", "", "user_b"}, part{"file", "a.wav", "x"})).want(403)
	c.uploadBody("--" + boundary + "\r\n").want(422)
	c.accepted("a.wav", wav(100, 1))
	c.upload("a.wav", wav(100, 2)).problem(403, "quota-videos")
	checkUsage(t, c.session(), 1, 100)
}

// settles repeats a request until it gets this status: the server learns of a
// broken connection a moment after the client broke it.
func (c *client) settles(send func() *answer, status int) {
	c.t.Helper()
	last := 0
	eventually(c.t, patience, fmt.Sprintf("status %d", status), func() bool {
		last = send().status
		return last == status
	})
}
