package db

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load queues so many videos of each user, the names of users in order, one
// after another, and returns whose each video is: "a1" is the first of a.
func load(t *testing.T, d *DB, now *time.Time, who string) map[string]string {
	t.Helper()
	names, count := map[string]string{}, map[rune]int{}
	for _, name := range who {
		*now = now.Add(time.Second)
		u := User{SessionID: "user_" + string(name)}
		id := upload(t, d, u.SessionID, time.Second)
		queue(t, d, u, id)
		count[name]++
		names[id] = fmt.Sprint(string(name), count[name])
	}
	return names
}

// places are the waiting jobs in the order of their positions.
func places(t *testing.T, d *DB, names map[string]string) []string {
	t.Helper()
	all, err := d.SubtitlesOf(t.Context(), slices.Collect(maps.Keys(names)))
	if err != nil {
		t.Fatal(err)
	}
	var waiting []Subtitles
	for _, s := range all {
		if s.Status == SubtitlesQueued {
			waiting = append(waiting, s)
		}
	}
	slices.SortFunc(waiting, func(a, b Subtitles) int { return cmp.Compare(a.Position, b.Position) })
	var list []string
	for i, s := range waiting {
		if s.Position != i+1 {
			t.Errorf("%s is in place %d, and %d are before it", names[s.VideoID], s.Position, i)
		}
		list = append(list, names[s.VideoID])
	}
	return list
}

// served claims and finishes all jobs, one at a time.
func served(t *testing.T, d *DB, now *time.Time, names map[string]string) []string {
	t.Helper()
	var list []string
	for {
		run, ok, err := d.ClaimSubtitles(t.Context(), processA, lease, 1)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return list
		}
		list = append(list, names[run.VideoID])
		*now = now.Add(time.Second)
		finish(t, d, run, "cues")
	}
}

func threeUsers(t *testing.T) (*DB, *time.Time) {
	t.Helper()
	d, now := ticking(t, Options{})
	for _, name := range []string{"a", "b", "c"} {
		newUser(t, d, name)
	}
	alter(t, d, "UPDATE quota_sessions SET max_videos = 1000, max_duration_ms = 1000000000")
	return d, now
}

func TestTurns(t *testing.T) {
	for _, test := range []struct{ what, queued, want string }{
		{"one user", "aaa", "a1 a2 a3"},
		{"ten against one", "aaaaaaaaaab", "a1 b1 a2 a3 a4 a5 a6 a7 a8 a9 a10"},
		{"one against ten", "baaaaaaaaaa", "b1 a1 a2 a3 a4 a5 a6 a7 a8 a9 a10"},
		{"three loads", "aaaaabbbc", "a1 b1 c1 a2 b2 a3 b3 a4 a5"},
		{"three loads mixed", "cbaaabac", "c1 b1 a1 c2 b2 a2 a3 a4"},
		// The second of a is older than the second of b, yet b's first was first.
		{"in the order of the first", "baacbb", "b1 a1 c1 b2 a2 b3"},
	} {
		t.Run(test.what, func(t *testing.T) {
			d, now := threeUsers(t)
			names := load(t, d, now, test.queued)
			want := strings.Fields(test.want)
			if got := places(t, d, names); !slices.Equal(got, want) {
				t.Errorf("in places %v, want %v", got, want)
			}
			if got := served(t, d, now, names); !slices.Equal(got, want) {
				t.Errorf("served %v, want %v", got, want)
			}
		})
	}
}

// TestLateUser comes when another's first of ten runs: only that one is awaited.
func TestLateUser(t *testing.T) {
	d, now := threeUsers(t)
	names := load(t, d, now, "aaaaaaaaaa")
	run := claim(t, d, processA)
	for id, name := range load(t, d, now, "bb") {
		names[id] = name
	}
	if got, want := places(t, d, names)[:4], []string{"b1", "a2", "b2", "a3"}; !slices.Equal(got, want) {
		t.Errorf("in places %v, want %v", got, want)
	}
	finish(t, d, run, "cues")
	if got, want := served(t, d, now, names)[:4], []string{"b1", "a2", "b2", "a3"}; !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

// TestRunsCount has what runs count as served: who has two runs waits for two of
// another.
func TestRunsCount(t *testing.T) {
	d, now := threeUsers(t)
	names := load(t, d, now, "aaaa")
	claim(t, d, processA)
	claim(t, d, processA)
	for id, name := range load(t, d, now, "bbb") {
		names[id] = name
	}
	if got, want := places(t, d, names), []string{"b1", "b2", "a3", "b3", "a4"}; !slices.Equal(got, want) {
		t.Errorf("in places %v, want %v", got, want)
	}
	for _, want := range []string{"b1", "b2", "a3", "b3", "a4"} {
		if run := claim(t, d, processB); names[run.VideoID] != want {
			t.Errorf("claimed %s, want %s", names[run.VideoID], want)
		}
	}
}

// TestTurnsOutliveJobs has a user who was just served wait for one who was not.
func TestTurnsOutliveJobs(t *testing.T) {
	d, now := threeUsers(t)
	served(t, d, now, load(t, d, now, "ba"))
	for id := range load(t, d, now, "a") {
		if err := d.DeleteVideo(t.Context(), "user_a", id); err != nil {
			t.Fatal(err)
		}
	}
	*now = now.Add(-time.Hour) // A clock that is set back changes nothing.
	names := load(t, d, now, "acb")
	want := []string{"c1", "b1", "a1"}
	if got := places(t, d, names); !slices.Equal(got, want) {
		t.Errorf("in places %v, want %v", got, want)
	}
	if got := served(t, d, now, names); !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

// TestPositionsAreTheOrder is that for loads of every kind, with turns had and
// a job under way.
func TestPositionsAreTheOrder(t *testing.T) {
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 1))
		d, now := threeUsers(t)
		some := func() (who string) {
			for range 1 + random.IntN(9) {
				who += string("aaabbc"[random.IntN(6)])
			}
			return who
		}
		served(t, d, now, load(t, d, now, some()))
		queued := some()
		names := load(t, d, now, queued)
		run := claim(t, d, processA)
		more := some()
		for id, name := range load(t, d, now, more) {
			names[id] = "later " + name
		}
		want := places(t, d, names)
		finish(t, d, run, "cues")
		if got := served(t, d, now, names); !slices.Equal(got, want) {
			t.Errorf("seed %d, %s and %s: served %v, want %v", seed, queued, more, got, want)
		}
	}
}

// TestPutOffJobs keep their places and are passed over.
func TestPutOffJobs(t *testing.T) {
	d, now := threeUsers(t)
	names := load(t, d, now, "aab")
	if err := d.PostponeSubtitles(t.Context(), claim(t, d, processA).RunID, "engine-failed", "busy", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, want := places(t, d, names), []string{"b1", "a1", "a2"}; !slices.Equal(got, want) {
		t.Errorf("in places %v, want %v", got, want)
	}
	if got, want := served(t, d, now, names), []string{"b1", "a2"}; !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
	*now = now.Add(time.Hour)
	if got, want := served(t, d, now, names), []string{"a1"}; !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

// TestLapsedRuns wait again in the places that they had.
func TestLapsedRuns(t *testing.T) {
	d, now := threeUsers(t)
	names := load(t, d, now, "aab")
	claim(t, d, processA)
	*now = now.Add(lease)
	if s := subtitlesOf(t, d, idOf(names, "b1")); s.Position != 1 {
		t.Errorf("who was never served is in place %d", s.Position)
	}
	if s := subtitlesOf(t, d, idOf(names, "a2")); s.Position != 3 {
		t.Errorf("the second is in place %d, want 3, behind the lapsed run", s.Position)
	}
	if got, want := served(t, d, now, names), []string{"b1", "a1", "a2"}; !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

func idOf(names map[string]string, name string) string {
	for id, n := range names {
		if n == name {
			return id
		}
	}
	return ""
}

func TestSubtitleQueue(t *testing.T) {
	d, now := threeUsers(t)
	names := load(t, d, now, "aaaabbcc")
	claim(t, d, processA)
	*now = now.Add(time.Second)
	claim(t, d, processB)
	done := load(t, d, now, "c")
	finish(t, d, claim(t, d, processA), "cues") // c1
	for id := range done {
		names[id] = "c3"
	}
	want := []string{"a1", "b1", "c2", "a2", "b2", "c3", "a3", "a4"}
	for _, limit := range []int{1, 3, 100} {
		var got []string
		for after, more := "", true; more && len(got) < 100; {
			var jobs []SubtitleJob
			var err error
			if jobs, more, err = d.SubtitleQueue(t.Context(), after, limit); err != nil {
				t.Fatal(err)
			}
			for _, j := range jobs {
				got = append(got, names[j.VideoID])
				if j.Username != names[j.VideoID][:1] || j.Filename != "คลิป.mp4" || j.Duration != time.Second ||
					j.Position != max(0, len(got)-2) || (j.Status == SubtitlesRunning) != (j.Position == 0) || j.QueuedAt == nil {
					t.Errorf("line %d is %+v", len(got), j)
				}
				after = j.VideoID
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", limit, got, want)
		}
	}
	jobs, more, err := d.SubtitleQueue(t.Context(), newID(), 1)
	if err != nil || !more || len(jobs) != 1 || names[jobs[0].VideoID] != "a1" {
		t.Errorf("after a job that is gone: %+v, %v, %v", jobs, more, err)
	}
	length, err := d.QueueLength(t.Context())
	if err != nil || len(length) != 2 || length[SubtitlesQueued] != 6 || length[SubtitlesRunning] != 2 {
		t.Errorf("lengths %v, %v", length, err)
	}
}

func TestEmptyQueue(t *testing.T) {
	d := open(t)
	jobs, more, err := d.SubtitleQueue(t.Context(), "", 10)
	if err != nil || more || len(jobs) != 0 {
		t.Errorf("%+v, %v, %v", jobs, more, err)
	}
	length, err := d.QueueLength(t.Context())
	if err != nil || length[SubtitlesQueued] != 0 || len(length) != 2 {
		t.Errorf("lengths %v, %v", length, err)
	}
	wantNoClaim(t, d)
}

// TestLongQueue has 10,000 jobs wait beside 100,000 that are done: no statement
// of the queue reads those.
func TestLongQueue(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "x.db"))
	alter(t, d, `INSERT INTO users (id, username, username_key, password_hash, role, created_at, updated_at)
		WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000)
		SELECT n, 'u' || n, 'u' || n, '', 'user', 1, 1 FROM c`)
	alter(t, d, `INSERT INTO quota_sessions (session_id, user_id, created_at, updated_at) SELECT 'user_u' || id, id, 1, 1 FROM users`)
	alter(t, d, `INSERT INTO videos (id, session_id, filename, duration_ms, status, process_id, created_at, updated_at)
		WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 110000)
		SELECT printf('v%06d', n), 'user_u' || (1 + n / 11 % 1000), 'f', 1000, 'accepted', '', n, n FROM c`)
	alter(t, d, `INSERT INTO subtitle_jobs (video_id, session_id, status, due_at, queued_at)
		SELECT id, session_id, CASE WHEN created_at % 11 = 0 THEN 'queued' ELSE 'done' END, created_at, created_at FROM videos`)
	id := "v109989"
	for what, f := range map[string]func() error{
		"position": func() error {
			all, err := d.SubtitlesOf(t.Context(), []string{id})
			if p := all[id].Position; p < 9998 || p > 9999 {
				t.Errorf("in place %d", p)
			}
			return err
		},
		"claim":       func() error { _, _, err := d.ClaimSubtitles(t.Context(), processA, lease, 1); return err },
		"no claim":    func() error { _, _, err := d.ClaimSubtitles(t.Context(), processA, lease, 1); return err },
		"page":        func() error { _, _, err := d.SubtitleQueue(t.Context(), id, 50); return err },
		"lengths":     func() error { _, err := d.QueueLength(t.Context()); return err },
		"failed":      func() error { _, err := d.FailedSubtitles(t.Context(), time.Now(), 50); return err },
		"holders":     func() error { _, err := d.SubtitleHolders(t.Context()); return err },
		"of the dead": func() error { _, err := d.ReleaseSubtitles(t.Context(), processB); return err },
	} {
		start := time.Now()
		if err := f(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		t.Logf("%s: %v", what, time.Since(start))
	}
}

// TestPlans requires that what is done is not read by what runs all the time.
func TestPlans(t *testing.T) {
	d := open(t)
	for what, query := range map[string]string{
		"line": lineQuery, "claimable": claimableQuery, "running": runningQuery, "fronts": frontsQuery, "behind": behindQuery,
		"shares": sharesQuery, "numbers": numbersQuery + "$2)",
	} {
		rows, err := d.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, 1, 2)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := collectAll(rows, "read the plan", func(row scanner) (string, error) {
			var step string
			var other int
			err := row.Scan(&other, &other, &other, &step)
			return step, err
		})
		if err != nil || len(steps) == 0 {
			t.Fatal(steps, err)
		}
		for _, step := range steps {
			if strings.Contains(step, "TEMP B-TREE") || strings.HasPrefix(step, "SCAN") && step != "SCAN CONSTANT ROW" && step != "SCAN sessions" &&
				!strings.Contains(step, "INDEX subtitle_jobs_by_") && !strings.Contains(step, "INDEX subtitle_jobs_running") {
				t.Errorf("%s: %s", what, step)
			}
		}
	}
}
