package db

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// lineOfUsers has videos of so many users, so many of each.
func lineOfUsers(t testing.TB, d *DB, users, each int) {
	t.Helper()
	for _, query := range []string{
		fmt.Sprintf(`INSERT INTO users (id, username, username_key, password_hash, role, created_at, updated_at)
			WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
			SELECT n, 'u' || n, 'u' || n, '', 'user', 1, 1 FROM c`, users),
		`INSERT INTO quota_sessions (session_id, user_id, created_at, updated_at) SELECT 'user_u' || id, id, 1, 1 FROM users`,
		fmt.Sprintf(`INSERT INTO videos (id, session_id, filename, duration_ms, status, process_id, created_at, updated_at)
			WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < %d)
			SELECT printf('v%%06d', n), 'user_u' || (1 + n %% %d), 'f', 1000, 'accepted', '', n, n FROM c`, users*each, users),
	} {
		if _, err := d.writer.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
}

// randomLine gives the videos jobs of every kind at a moment.
func randomLine(t *testing.T, d *DB, random *rand.Rand, now int64) {
	t.Helper()
	alter(t, d, "DELETE FROM subtitle_jobs")
	alter(t, d, "DELETE FROM subtitle_turns")
	sparse := random.IntN(3) == 0
	err := d.write(t.Context(), "fill the line", func(tx *sql.Tx) error {
		for n := range 60 {
			status, run, process := "queued", any(nil), ""
			due := now - int64(random.IntN(3))
			switch random.IntN(8) {
			case 0:
				status, run, process, due = "running", fmt.Sprint("run", n), []string{processA, processB}[random.IntN(2)], now+int64(random.IntN(3))
			case 1, 2:
				due = now + 1 + int64(random.IntN(5))
			case 3:
				status = "done"
			}
			if sparse && status == "queued" && random.IntN(10) > 0 {
				due = now + 1
			}
			crashes := random.IntN(10) / 9
			if _, err := tx.ExecContext(t.Context(), `
				INSERT INTO subtitle_jobs (video_id, session_id, status, run_id, process_id, due_at, queued_at, started_at, crashes)
				SELECT id, session_id, $1, $2, $3, $4, $5, $6, $7 FROM videos WHERE id = $8`,
				status, run, process, due, random.IntN(20), n, crashes, fmt.Sprintf("v%06d", n)); err != nil {
				return err
			}
		}
		for turn, user := range random.Perm(8)[:random.IntN(8)] {
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO subtitle_turns VALUES ($1, $2)",
				fmt.Sprint("user_u", user+1), turn+1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLineAgainstModel holds what is computed from a part of the line against the
// whole of it in its order: every position, and the next job.
func TestLineAgainstModel(t *testing.T) {
	d := openWith(t, Options{
		Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return time.UnixMilli(1000) },
	})
	lineOfUsers(t, d, 8, 8)
	found, none, walked := 0, 0, 0
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 2))
		now := d.nowMillis()
		randomLine(t, d, random, now)
		err := d.read(t.Context(), "compare", func(tx *sql.Tx) error {
			l, err := lineUp(t.Context(), tx, now)
			if err != nil {
				return err
			}
			shares, err := lineShares(t.Context(), tx, now)
			if err != nil {
				return err
			}
			for i, j := range l.waiting {
				if got := shares[j.sessionID].positionIn(shares, j.nth); got != i+1 {
					t.Errorf("seed %d: %s is in place %d, want %d", seed, j.videoID, got, i+1)
				}
			}
			runs, err := runningJobs(t.Context(), tx, processA, now)
			if err != nil {
				return err
			}
			if runs.count != len(l.running) {
				t.Errorf("seed %d: %d run, want %d", seed, runs.count, len(l.running))
			}
			got, ok, err := firstDue(t.Context(), tx, runs, now)
			if err != nil {
				return err
			}
			want := lineJob{}
			for i, j := range l.waiting {
				var crashes int
				if err := tx.QueryRowContext(t.Context(), "SELECT crashes + (status = 'running') FROM subtitle_jobs WHERE video_id = $1",
					j.videoID).Scan(&crashes); err != nil {
					return err
				}
				if j.due <= now && !(runs.suspect && crashes > 0) {
					want = j
					if i > 0 {
						walked++
					}
					break
				}
			}
			if got.videoID != want.videoID || ok != (want.videoID != "") || ok && got.compare(want) != 0 {
				t.Errorf("seed %d: the next is %+v, %v, want %+v", seed, got, ok, want)
			}
			if ok {
				found++
			} else {
				none++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 100 || none == 0 || walked < 50 {
		t.Errorf("%d lines had a job that may run, %d none, and %d had others before it", found, none, walked)
	}
}

// BenchmarkLine compares a line of 10,000 jobs of 200 users with one of 100 of 10:
// what a page that waits asks for, and what a worker does. It reports the means and their
// ratio; the positions are counted anew each time.
func BenchmarkLine(b *testing.B) {
	for what, f := range map[string]func(b *testing.B, d *DB, id string){
		"position": func(b *testing.B, d *DB, id string) {
			d.commits.add() // Forget what was counted.
			if all, err := d.SubtitlesOf(b.Context(), []string{id}); err != nil || all[id].Position == 0 {
				b.Fatal(all, err)
			}
		},
		"claim": func(b *testing.B, d *DB, _ string) {
			run, ok, err := d.ClaimSubtitles(b.Context(), processA, time.Hour, 100)
			if err == nil && ok {
				err = d.PostponeSubtitles(b.Context(), run.RunID, "", "busy", time.UnixMilli(0))
			}
			if err != nil || !ok {
				b.Fatal(ok, err)
			}
		},
	} {
		b.Run(what, func(b *testing.B) {
			few, many := benchLine(b, 10, 10), benchLine(b, 200, 50)
			var tookFew, tookMany time.Duration
			for b.Loop() {
				start := time.Now()
				f(b, few, "v000099")
				middle := time.Now()
				f(b, many, "v009999")
				tookFew += middle.Sub(start)
				tookMany += time.Since(middle)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(tookFew.Microseconds())/float64(b.N), "few-µs")
			b.ReportMetric(float64(tookMany.Microseconds())/float64(b.N), "many-µs")
			b.ReportMetric(float64(tookMany)/float64(tookFew), "ratio")
		})
	}
}

func benchLine(b *testing.B, users, each int) *DB {
	b.Helper()
	d, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "x.db"), Defaults: defaults})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := d.Close(); err != nil {
			b.Error(err)
		}
	})
	lineOfUsers(b, d, users, each)
	if _, err := d.writer.ExecContext(b.Context(), `INSERT INTO subtitle_jobs (video_id, session_id, status, due_at, queued_at)
		SELECT id, session_id, 'queued', 0, created_at FROM videos`); err != nil {
		b.Fatal(err)
	}
	return d
}
