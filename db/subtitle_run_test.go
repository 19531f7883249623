package db

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// twoProcesses are two on one database, on one clock, with the accepted and
// queued videos of so many users.
func twoProcesses(t *testing.T, users, each int) (processes []*DB, now *atomic.Int64, videos []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	now = &atomic.Int64{}
	now.Store(1_700_000_000_000)
	for range 2 {
		processes = append(processes, openWith(t, Options{
			Path: path, Defaults: defaults, Webhooks: true, Now: func() time.Time { return time.UnixMilli(now.Load()) },
		}))
	}
	for i := range users {
		u := newUser(t, processes[0], fmt.Sprint("user", i))
		for range each {
			id := upload(t, processes[0], u.SessionID, time.Second)
			queue(t, processes[0], u, id)
			videos = append(videos, id)
		}
	}
	return processes, now, videos
}

// TestClaimsAtOnce runs each job once, and never more than three at once.
func TestClaimsAtOnce(t *testing.T) {
	const atMost = 3
	processes, _, videos := twoProcesses(t, 4, 5)
	var running, most, runs atomic.Int64
	var ran sync.Map
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			d := processes[i%2]
			for int(runs.Load()) < len(videos) && !t.Failed() {
				run, ok, err := d.ClaimSubtitles(t.Context(), processA, lease, atMost)
				if err != nil && !errors.Is(err, ErrUnavailable) {
					t.Error(err)
					return
				}
				if !ok {
					continue // On a busy machine others may write for too long.
				}
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				if _, twice := ran.LoadOrStore(run.VideoID, true); twice {
					t.Errorf("%s runs twice", run.VideoID)
				}
				if err := untilAvailable(func() error { return d.RenewSubtitles(t.Context(), run.RunID, 50, lease) }); err != nil {
					t.Error(err)
				}
				running.Add(-1)
				err = untilAvailable(func() error { return d.FinishSubtitles(t.Context(), run.RunID, "en", "cues", "[]") })
				if err != nil {
					t.Error(err)
				}
				runs.Add(1)
			}
		})
	}
	waittest.Group(t, &all)
	if n := runs.Load(); int(n) != len(videos) {
		t.Errorf("%d runs of %d jobs", n, len(videos))
	}
	if n := most.Load(); n > atMost {
		t.Errorf("%d ran at once, want %d at most", n, atMost)
	}
	wantOnceDone(t, processes[0], len(videos))
}

// untilAvailable tries again while others write for too long.
func untilAvailable(write func() error) error {
	for {
		if err := write(); !errors.Is(err, ErrUnavailable) {
			return err
		}
	}
}

// wantOnceDone requires that so many videos have had one run each, and that
// each was told of once.
func wantOnceDone(t *testing.T, d *DB, videos int) {
	t.Helper()
	for what, query := range map[string]string{
		"done jobs": "SELECT count(*) FROM subtitle_jobs WHERE status = 'done' AND runs = 1",
		"texts":     "SELECT count(*) FROM subtitle_texts WHERE revision = 1",
		"told":      "SELECT count(*) FROM webhooks WHERE event = 'subtitles.done'",
		"told of":   "SELECT count(DISTINCT json_extract(body, '$.data.video_id')) FROM webhooks WHERE event = 'subtitles.done'",
	} {
		if n := number(t, d, query); int(n) != videos {
			t.Errorf("%s: %d, want %d", what, n, videos)
		}
	}
}

func TestAtMost(t *testing.T) {
	processes, now, _ := twoProcesses(t, 3, 1)
	var runs []SubtitleRun
	for i, want := range []bool{true, true, false, false} {
		run, ok, err := processes[i%2].ClaimSubtitles(t.Context(), processA, lease, 2)
		if ok != want || err != nil {
			t.Errorf("claim %d: %v, %v, want %v", i, ok, err, want)
		}
		runs = append(runs, run)
	}
	finish(t, processes[1], runs[0], "cues")
	if _, ok, err := processes[0].ClaimSubtitles(t.Context(), processA, lease, 2); !ok || err != nil {
		t.Errorf("after the end of one: %v, %v", ok, err)
	}
	if _, ok, err := processes[0].ClaimSubtitles(t.Context(), processA, lease, 2); ok || err != nil {
		t.Errorf("and another: %v, %v", ok, err)
	}
	now.Add(lease.Milliseconds())
	if err := processes[0].RenewSubtitles(t.Context(), runs[1].RunID, 1, lease); err != nil {
		t.Error(err)
	}
	if run, ok, err := processes[0].ClaimSubtitles(t.Context(), processA, lease, 2); !ok || err != nil || run.VideoID == runs[1].VideoID {
		t.Errorf("after the lease of one passed: %+v, %v", run, err)
	}
}

func TestLeaseThatPasses(t *testing.T) {
	processes, now, videos := twoProcesses(t, 1, 1)
	first := claim(t, processes[0], processA)
	now.Add(lease.Milliseconds() - 1)
	wantNoClaim(t, processes[1])
	if err := processes[0].RenewSubtitles(t.Context(), first.RunID, 30, lease); err != nil {
		t.Fatal(err)
	}
	now.Add(lease.Milliseconds() - 1)
	wantNoClaim(t, processes[1])
	now.Add(1)
	second := claim(t, processes[1], processB)
	if second.RunID == first.RunID || second.VideoID != videos[0] || second.Attempts != 1 {
		t.Errorf("claimed again: %+v after %+v", second, first)
	}
	if s := subtitlesOf(t, processes[0], videos[0]); s.Progress != 0 || s.Status != SubtitlesRunning {
		t.Errorf("claimed again: %+v", s)
	}
	wantStale(t, processes[0], first)
	finish(t, processes[1], second, "cues")
	wantStale(t, processes[0], first)
	wantStale(t, processes[1], second)
	wantOnceDone(t, processes[0], 1)
}

// TestLateRun goes on after its lease has passed, since nobody has taken its job.
func TestLateRun(t *testing.T) {
	processes, now, _ := twoProcesses(t, 1, 1)
	run := claim(t, processes[0], processA)
	now.Add(2 * lease.Milliseconds())
	if err := processes[0].RenewSubtitles(t.Context(), run.RunID, 60, lease); err != nil {
		t.Fatal(err)
	}
	wantNoClaim(t, processes[1])
	now.Add(2 * lease.Milliseconds())
	finish(t, processes[0], run, "cues")
	wantNoClaim(t, processes[1])
	wantOnceDone(t, processes[0], 1)
}

// TestFinishAtOnce has two runs and a user at the end of one job: one is first.
func TestFinishAtOnce(t *testing.T) {
	for range 10 {
		processes, _, videos := twoProcesses(t, 1, 1)
		run := claim(t, processes[0], processA)
		var finished atomic.Int64
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				err := processes[i%2].FinishSubtitles(t.Context(), run.RunID, "en", "cues", "[]")
				if err == nil {
					finished.Add(1)
				} else if !errors.Is(err, ErrNotFound) {
					t.Error(err)
				}
			})
		}
		all.Go(func() {
			if err := processes[1].CancelSubtitles(t.Context(), "", videos[0]); err != nil {
				t.Error(err)
			}
		})
		waittest.Group(t, &all)
		n, s := finished.Load(), subtitlesOf(t, processes[0], videos[0])
		if n == 1 {
			wantOnceDone(t, processes[0], 1)
		} else if n != 0 || s.Status != SubtitlesCancelled || s.Revision != 0 {
			t.Errorf("finished %d times: %+v", n, s)
		}
	}
}

// TestRunsOfTheDead gives back what a killed process ran, and nothing else.
func TestRunsOfTheDead(t *testing.T) {
	processes, now, _ := twoProcesses(t, 1, 4)
	d := processes[0]
	locks := filepath.Join(t.TempDir(), "processes")
	p := join(t, locks)
	victim, kill := startChild(t, locks)
	survivor, _ := startChild(t, locks)
	runs := map[string]SubtitleRun{}
	for _, holder := range []string{p.ID, victim, survivor} {
		runs[holder] = claim(t, d, holder)
		if err := d.RenewSubtitles(t.Context(), runs[holder].RunID, 50, lease); err != nil {
			t.Fatal(err)
		}
	}
	if n := release(t, d, p); n != 0 {
		t.Errorf("released %d runs of living processes", n)
	}
	kill()
	now.Add(1)
	if n := release(t, d, p); n != 1 {
		t.Errorf("released %d runs, want 1", n)
	}
	wantStale(t, d, runs[victim])
	s := subtitlesOf(t, d, runs[victim].VideoID)
	if s.Status != SubtitlesQueued || s.Position != 1 || s.Attempts != 0 || s.Progress != 0 || s.RetryAt != nil {
		t.Errorf("released: %+v", s)
	}
	wantSubtitles(t, d, runs[p.ID].VideoID, SubtitlesRunning)
	wantSubtitles(t, d, runs[survivor].VideoID, SubtitlesRunning)
	if again := claim(t, d, p.ID); again.VideoID != runs[victim].VideoID || again.Attempts != 0 {
		t.Errorf("claimed %+v, want the job of the dead", again)
	}
}

// TestCrashes has jobs run whose processes die, or that panic. The second time the
// job fails, and is told of; what was stopped in good order does not count.
func TestCrashes(t *testing.T) {
	panicks := func(d *DB, run SubtitleRun) error {
		failed, err := d.CrashSubtitles(t.Context(), run.RunID, d.now())
		if now, readErr := d.SubtitlesOf(t.Context(), []string{run.VideoID}); readErr != nil || failed != (now[run.VideoID].Status == SubtitlesFailed) {
			t.Errorf("failed: %v, %+v, %v", failed, now[run.VideoID], readErr)
		}
		return err
	}
	dies := func(d *DB, _ SubtitleRun) error { _, err := d.ReleaseSubtitles(t.Context(), processA); return err }
	stops := func(d *DB, _ SubtitleRun) error { return d.ReturnSubtitles(t.Context(), processA) }
	fails := func(d *DB, run SubtitleRun) error {
		return d.PostponeSubtitles(t.Context(), run.RunID, "engine-failed", "busy", d.now())
	}
	for what, test := range map[string]struct {
		ends []func(*DB, SubtitleRun) error
		want SubtitleStatus
	}{
		"once":                    {[]func(*DB, SubtitleRun) error{dies}, SubtitlesQueued},
		"two deaths":              {[]func(*DB, SubtitleRun) error{dies, dies}, SubtitlesFailed},
		"a death and a panic":     {[]func(*DB, SubtitleRun) error{dies, panicks}, SubtitlesFailed},
		"two panics":              {[]func(*DB, SubtitleRun) error{panicks, panicks}, SubtitlesFailed},
		"failures between":        {[]func(*DB, SubtitleRun) error{panicks, fails, fails, dies}, SubtitlesFailed},
		"stopped again and again": {[]func(*DB, SubtitleRun) error{stops, dies, stops, stops}, SubtitlesQueued},
	} {
		t.Run(what, func(t *testing.T) {
			processes, _, videos := twoProcesses(t, 1, 1)
			d := processes[0]
			for _, end := range test.ends {
				run := claim(t, d, processA)
				if err := end(d, run); err != nil {
					t.Fatal(err)
				}
				wantStale(t, d, run)
			}
			s := subtitlesOf(t, d, videos[0])
			told := number(t, d, "SELECT count(*) FROM webhooks WHERE event = 'subtitles.failed'")
			if s.Status != test.want || (s.Error == SubtitlesCrashed) != (s.Status == SubtitlesFailed) ||
				(told == 1) != (s.Status == SubtitlesFailed) || (s.EndedAt != nil) != (s.Status == SubtitlesFailed) {
				t.Errorf("%+v, told %d times", s, told)
			}
			// An order made anew begins at nothing.
			if err := d.QueueSubtitles(t.Context(), s.SessionID, videos[0], SubtitleOrder{}, 0); err != nil {
				t.Fatal(err)
			}
			claim(t, d, processA)
			if err := dies(d, SubtitleRun{}); err != nil {
				t.Fatal(err)
			}
			wantSubtitles(t, d, videos[0], SubtitlesQueued)
		})
	}
}

// TestSuspectsRunApart has a process die with four jobs: they run one at a time in
// one process from then on, beside others. The one that is to blame fails alone.
func TestSuspectsRunApart(t *testing.T) {
	processes, _, videos := twoProcesses(t, 1, 6)
	d := processes[0]
	for range 4 {
		claim(t, d, processA)
	}
	if n, err := d.ReleaseSubtitles(t.Context(), processA); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	suspect := claim(t, d, processB)
	for _, want := range videos[4:] {
		if run := claim(t, d, processB); run.VideoID != want {
			t.Errorf("beside a suspect runs %s, want %s", run.VideoID, want)
		}
	}
	if run, ok, err := d.ClaimSubtitles(t.Context(), processB, lease, 100); ok || err != nil {
		t.Errorf("two suspects run in one process: %+v, %v", run, err)
	}
	if other := claim(t, d, processA); other.VideoID != videos[1] {
		t.Errorf("elsewhere runs %s, want %s", other.VideoID, videos[1])
	}
	if _, err := d.ReleaseSubtitles(t.Context(), processB); err != nil {
		t.Fatal(err)
	}
	for i, id := range videos {
		want := map[int]SubtitleStatus{0: SubtitlesFailed, 1: SubtitlesRunning}[i]
		if want == "" {
			want = SubtitlesQueued
		}
		wantSubtitles(t, d, id, want)
	}
	wantStale(t, d, suspect)
}

// TestLapsedTwice has a job lose its process without a word, twice.
func TestLapsedTwice(t *testing.T) {
	processes, now, videos := twoProcesses(t, 1, 1)
	for range 2 {
		claim(t, processes[0], processA)
		now.Add(lease.Milliseconds())
	}
	if run, ok, err := processes[1].ClaimSubtitles(t.Context(), processB, lease, 1); ok || err != nil {
		t.Errorf("claimed %+v, %v", run, err)
	}
	if s := subtitlesOf(t, processes[0], videos[0]); s.Status != SubtitlesFailed || s.Error != SubtitlesCrashed {
		t.Errorf("%+v", s)
	}
}

// release gives back the runs of all dead processes.
func release(t *testing.T, d *DB, p *Node) (released int64) {
	t.Helper()
	holders, err := d.SubtitleHolders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, holder := range holders {
		dead, err := p.Dead(holder)
		if err != nil {
			t.Fatal(err)
		}
		if !dead {
			continue
		}
		n, err := d.ReleaseSubtitles(t.Context(), holder)
		if err != nil {
			t.Fatal(err)
		}
		released += n
	}
	return released
}

// childWorker tells the test binary to be a process that makes subtitles with
// the database below this folder until it is killed.
const childWorker = "GENSUBTITLE_TEST_WORKER"

func beWorker(dir string) error {
	ctx := context.Background()
	p, err := Join(filepath.Join(dir, "processes"))
	if err != nil {
		return err
	}
	d, err := Open(ctx, Options{Path: filepath.Join(dir, FileName), Defaults: defaults, Webhooks: true})
	if err != nil {
		return err
	}
	ends := make(chan error)
	for range 4 {
		go func() { ends <- work(ctx, d, p.ID, os.Stdout) }()
	}
	return errors.Join(<-ends, <-ends, <-ends, <-ends)
}

// work makes what is due as long as there is any, saying so.
func work(ctx context.Context, d *DB, processID string, out io.Writer) error {
	for {
		run, ok, err := d.ClaimSubtitles(ctx, processID, time.Hour, 4)
		if err != nil || !ok {
			return err
		}
		fmt.Fprintln(out, "claimed", run.VideoID)
		for percent := range 5 {
			if err := d.RenewSubtitles(ctx, run.RunID, 20*percent, time.Hour); err != nil {
				return err
			}
		}
		if err := d.FinishSubtitles(ctx, run.RunID, "en", "cues", "[]"); err != nil {
			return err
		}
	}
}

// TestKilledWorkers kills one process after another while jobs run: each job is
// finished once, though the leases last an hour. Those with which two processes
// died have failed, and are ordered again.
func TestKilledWorkers(t *testing.T) {
	const videos = 40
	dir := t.TempDir()
	d := openWith(t, Options{Path: filepath.Join(dir, FileName), Defaults: defaults, Webhooks: true})
	p := join(t, filepath.Join(dir, "processes"))
	for i := range videos / 10 {
		u := newUser(t, d, fmt.Sprint("user", i))
		for range 10 {
			queue(t, d, u, upload(t, d, u.SessionID, time.Second))
		}
	}
	interrupted := int64(0)
	for i := range 8 {
		worker := waittest.Command(t, os.Args[0])
		worker.Env = []string{childWorker + "=" + dir}
		worker.Stderr = os.Stderr
		out, err := worker.StdoutPipe()
		if err := errors.Join(err, worker.Start()); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 3 + i%5 {
			if !lines.Scan() {
				break
			}
		}
		_ = worker.Process.Kill() // SIGKILL
		_ = worker.Wait()
		interrupted += release(t, d, p)
	}
	if interrupted == 0 {
		t.Error("nobody was killed at work")
	}
	if err := work(t.Context(), d, p.ID, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := number(t, d, "SELECT count(*) FROM subtitle_jobs WHERE status = 'failed' AND (error <> 'crashed' OR crashes <> 2 OR runs <> 1)"); n != 0 {
		t.Errorf("%d jobs failed otherwise", n)
	}
	failed, err := d.FailedSubtitles(t.Context(), time.Time{}, videos)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range failed {
		queue(t, d, User{SessionID: j.SessionID}, j.VideoID)
	}
	if err := work(t.Context(), d, p.ID, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := number(t, d, "SELECT count(*) FROM webhooks WHERE event = 'subtitles.failed'"); int(n) != len(failed) {
		t.Errorf("told of %d failures, want %d", n, len(failed))
	}
	alter(t, d, "UPDATE subtitle_jobs SET runs = runs - 1 WHERE runs > 1")
	wantOnceDone(t, d, videos)
	if found := findings(t, d); len(found) != 0 {
		t.Errorf("found %q", found)
	}
}

// TestRenewalsAreNotCounted keeps what every request reads known to every
// process while subtitles run.
func TestRenewalsAreNotCounted(t *testing.T) {
	processes, _, _ := twoProcesses(t, 1, 1)
	run := claim(t, processes[0], processA)
	before := processes[1].commits.count()
	if err := processes[0].RenewSubtitles(t.Context(), run.RunID, 50, lease); err != nil {
		t.Fatal(err)
	}
	if n := processes[1].commits.count() - before; n != 0 {
		t.Errorf("a renewal was counted as %d commits", n)
	}
	finish(t, processes[0], run, "cues")
	if n := processes[1].commits.count() - before; n != 1 {
		t.Errorf("an end was counted as %d commits", n)
	}
}
