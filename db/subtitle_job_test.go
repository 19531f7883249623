package db

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

const lease = time.Minute

func queue(t *testing.T, d *DB, u User, videoID string) {
	t.Helper()
	if err := d.QueueSubtitles(t.Context(), u.SessionID, videoID, SubtitleOrder{}, 0); err != nil {
		t.Fatal(err)
	}
}

// claim takes a job that there must be.
func claim(t *testing.T, d *DB, processID string) SubtitleRun {
	t.Helper()
	run, ok, err := d.ClaimSubtitles(t.Context(), processID, lease, 100)
	if err != nil || !ok {
		t.Fatalf("nothing was claimed: %v", err)
	}
	return run
}

func wantNoClaim(t *testing.T, d *DB) {
	t.Helper()
	if run, ok, err := d.ClaimSubtitles(t.Context(), processA, lease, 100); ok || err != nil || run != (SubtitleRun{}) {
		t.Errorf("claimed %+v, %v, want nothing", run, err)
	}
}

func finish(t *testing.T, d *DB, run SubtitleRun, cues string) {
	t.Helper()
	if err := d.FinishSubtitles(t.Context(), run.RunID, "en", cues, "[]"); err != nil {
		t.Fatal(err)
	}
}

func save(t *testing.T, d *DB, u User, videoID, cues string) SubtitleText {
	t.Helper()
	text, err := d.SaveSubtitles(t.Context(), u.SessionID, videoID, SubtitleText{Language: "th", Cues: cues}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func subtitlesOf(t *testing.T, d *DB, videoID string) Subtitles {
	t.Helper()
	all, err := d.SubtitlesOf(t.Context(), []string{videoID})
	if s, ok := all[videoID]; ok && err == nil {
		return s
	}
	t.Fatalf("subtitles of %s: %v, %v", videoID, all, err)
	return Subtitles{}
}

func wantSubtitles(t *testing.T, d *DB, videoID string, want SubtitleStatus) {
	t.Helper()
	s := subtitlesOf(t, d, videoID)
	if s.Status != want {
		t.Errorf("subtitles of %s are %s, want %s", videoID, s.Status, want)
	}
	if (s.Position > 0) != (s.Status == SubtitlesQueued) {
		t.Errorf("subtitles of %s are %s in place %d", videoID, s.Status, s.Position)
	}
}

// wantStale requires that a run has lost its job, and that it changes nothing.
func wantStale(t *testing.T, d *DB, run SubtitleRun) {
	t.Helper()
	before := dump(t, d)
	for what, err := range map[string]error{
		"renew":    d.RenewSubtitles(t.Context(), run.RunID, 50, lease),
		"finish":   d.FinishSubtitles(t.Context(), run.RunID, "en", "too late", "[]"),
		"postpone": d.PostponeSubtitles(t.Context(), run.RunID, "engine-failed", "busy", time.Now()),
		"fail":     d.FailSubtitles(t.Context(), run.RunID, "engine-failed", "busy"),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s by a run that lost its job: %v, want %v", what, err, ErrNotFound)
		}
	}
	if after := dump(t, d); after != before {
		t.Errorf("a run that lost its job changed\n%s\nto\n%s", before, after)
	}
}

// ticking opens a database with a clock that stands still until it is moved.
func ticking(t *testing.T, o Options) (*DB, *time.Time) {
	t.Helper()
	now := time.UnixMilli(1_700_000_000_000).UTC()
	o.Path, o.Defaults = filepath.Join(t.TempDir(), "x.db"), defaults
	o.Now = func() time.Time { return now }
	return openWith(t, o), &now
}

func TestSubtitleJobLife(t *testing.T) {
	d, now := ticking(t, Options{})
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, 90*time.Second)
	if s := subtitlesOf(t, d, id); s != (Subtitles{VideoID: id, SessionID: john.SessionID, Status: SubtitlesNone}) {
		t.Errorf("before: %+v", s)
	}
	order := SubtitleOrder{Language: "th", Translate: true, Track: 2, Prompt: "น้ำใส"}
	for _, prompt := range []string{"Somchai", "Somchai and Malee"} {
		if err := d.SetEnginePrompt(t.Context(), john.ID, prompt); err != nil {
			t.Fatal(err)
		}
		if got, err := d.EnginePrompt(t.Context(), john.ID); err != nil || got != prompt {
			t.Errorf("got %q, %v, want %q", got, err, prompt)
		}
	}
	if err := d.QueueSubtitles(t.Context(), john.SessionID, id, order, 0); err != nil {
		t.Fatal(err)
	}
	queuedAt := *now
	s := subtitlesOf(t, d, id)
	if s.Status != SubtitlesQueued || s.Order != order || s.Language != "th" || s.Position != 1 || s.RetryAt != nil ||
		!s.QueuedAt.Equal(queuedAt) || s.StartedAt != nil || s.EndedAt != nil {
		t.Errorf("queued: %+v", s)
	}

	*now = now.Add(time.Second)
	run := claim(t, d, processA)
	if want := (SubtitleRun{run.RunID, id, john.SessionID, order, "Somchai and Malee", 0, 90 * time.Second}); run != want || run.RunID == "" {
		t.Errorf("claimed %+v, want %+v", run, want)
	}
	startedAt := *now
	if err := d.RenewSubtitles(t.Context(), run.RunID, 40, lease); err != nil {
		t.Error(err)
	}
	s = subtitlesOf(t, d, id)
	if s.Status != SubtitlesRunning || s.Progress != 40 || s.Position != 0 || !s.StartedAt.Equal(startedAt) || s.EndedAt != nil {
		t.Errorf("running: %+v", s)
	}

	*now = now.Add(time.Second)
	again := now.Add(time.Hour)
	if err := d.PostponeSubtitles(t.Context(), run.RunID, "engine-failed", "busy", again); err != nil {
		t.Error(err)
	}
	wantStale(t, d, run)
	s = subtitlesOf(t, d, id)
	if s.Status != SubtitlesQueued || s.Error != "engine-failed" || s.Attempts != 1 || s.Progress != 0 || s.Position != 1 ||
		s.RetryAt == nil || !s.RetryAt.Equal(again) || !s.QueuedAt.Equal(queuedAt) {
		t.Errorf("postponed: %+v", s)
	}
	wantNoClaim(t, d)

	*now = again
	if s = subtitlesOf(t, d, id); s.RetryAt != nil {
		t.Errorf("due, but to be tried again at %v", s.RetryAt)
	}
	if run = claim(t, d, processA); run.Attempts != 1 {
		t.Errorf("%d attempts before, want 1", run.Attempts)
	}
	finish(t, d, run, "cues")
	wantStale(t, d, run)
	s = subtitlesOf(t, d, id)
	if s.Status != SubtitlesDone || s.Progress != 100 || s.Language != "en" || s.Error != "" || !s.EndedAt.Equal(*now) ||
		s.Revision != 1 || s.Edited || !s.HasOriginal {
		t.Errorf("done: %+v", s)
	}
	wantNoClaim(t, d)
}

func TestFailedJob(t *testing.T) {
	d, now := ticking(t, Options{})
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, id)
	run := claim(t, d, processA)
	if err := d.FailSubtitles(t.Context(), run.RunID, "no-sound", "busy"); err != nil {
		t.Fatal(err)
	}
	wantStale(t, d, run)
	if s := subtitlesOf(t, d, id); s.Status != SubtitlesFailed || s.Error != "no-sound" || !s.EndedAt.Equal(*now) || s.Revision != 0 {
		t.Errorf("failed: %+v", s)
	}
	failed, err := d.FailedSubtitles(t.Context(), *now, 10)
	if err != nil || len(failed) != 1 || failed[0].VideoID != id || failed[0].Username != "john" || failed[0].Filename != "คลิป.mp4" ||
		failed[0].Duration != time.Second || failed[0].Error != "no-sound" || failed[0].Detail != "busy" {
		t.Errorf("failed: %+v, %v", failed, err)
	}
	if failed, err := d.FailedSubtitles(t.Context(), now.Add(time.Millisecond), 10); err != nil || len(failed) != 0 {
		t.Errorf("failed since: %+v, %v", failed, err)
	}
	if err := d.RetrySubtitlesNow(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	wantSubtitles(t, d, id, SubtitlesQueued)
	if jobs, _, err := d.SubtitleQueue(t.Context(), "", 10); err != nil || len(jobs) != 1 || jobs[0].Detail != "" {
		t.Errorf("the queue: %+v, %v", jobs, err)
	}
	if s := subtitlesOf(t, d, id); s.Error != "" || s.Attempts != 0 || s.EndedAt != nil {
		t.Errorf("tried again: %+v", s)
	}
}

func TestSubtitlesOfSome(t *testing.T) {
	d := open(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	queued, none := upload(t, d, john.SessionID, time.Second), upload(t, d, jane.SessionID, time.Second)
	queue(t, d, john, queued)
	all, err := d.SubtitlesOf(t.Context(), []string{none, newID(), queued})
	if err != nil || len(all) != 2 || all[queued].Position != 1 || all[none].Status != SubtitlesNone {
		t.Errorf("got %+v, %v", all, err)
	}
	if all, err := d.SubtitlesOf(t.Context(), nil); err != nil || len(all) != 0 {
		t.Errorf("of none: %+v, %v", all, err)
	}
}

// TestWhoseSubtitles tries everything on what is not there to be tried on.
func TestWhoseSubtitles(t *testing.T) {
	d := open(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	done := upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, done)
	finish(t, d, claim(t, d, processA), "cues")
	for what, test := range map[string]struct{ session, video string }{
		"somebody else's": {jane.SessionID, done},
		"nobody's":        {john.SessionID, newID()},
		"not accepted":    {john.SessionID, receive(t, d, john.SessionID)},
		"rejected":        {john.SessionID, reject(t, d, john.SessionID)},
	} {
		before := dump(t, d)
		_, text := d.SubtitleText(t.Context(), test.session, test.video)
		_, saved := d.SaveSubtitles(t.Context(), test.session, test.video, SubtitleText{}, nil)
		_, restored := d.RestoreSubtitles(t.Context(), test.session, test.video, nil)
		for step, err := range map[string]error{
			"queue":  d.QueueSubtitles(t.Context(), test.session, test.video, SubtitleOrder{}, 0),
			"cancel": d.CancelSubtitles(t.Context(), test.session, test.video),
			"text":   text, "save": saved, "restore": restored,
		} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("%s, %s: %v, want %v", what, step, err, ErrNotFound)
			}
		}
		if after := dump(t, d); after != before {
			t.Errorf("%s: changed\n%s\nto\n%s", what, before, after)
		}
	}
	if err := d.RetrySubtitlesNow(t.Context(), upload(t, d, john.SessionID, time.Second)); !errors.Is(err, ErrNotFound) {
		t.Errorf("retry of what was never asked for: %v", err)
	}
}

func TestSupersede(t *testing.T) {
	d, now := ticking(t, Options{})
	john := newUser(t, d, "john")
	first, second := upload(t, d, john.SessionID, time.Second), upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, first)
	*now = now.Add(time.Second)
	queue(t, d, john, second)
	*now = now.Add(time.Second)

	thai := SubtitleOrder{Language: "th"}
	if err := d.QueueSubtitles(t.Context(), john.SessionID, first, thai, 0); err != nil {
		t.Fatal(err)
	}
	if s := subtitlesOf(t, d, first); s.Position != 1 || s.Order != thai {
		t.Errorf("a waiting job has lost its place or kept its order: %+v", s)
	}
	run := claim(t, d, processA)
	if run.VideoID != first || run.Order != thai {
		t.Errorf("claimed %+v", run)
	}
	queue(t, d, john, first)
	wantStale(t, d, run)
	if s := subtitlesOf(t, d, first); s.Status != SubtitlesQueued || s.Position != 2 || s.Progress != 0 || s.Attempts != 0 {
		t.Errorf("a superseded job: %+v", s)
	}

	// The engine that did not answer is not asked at once because of an order.
	run = claim(t, d, processA)
	if err := d.PostponeSubtitles(t.Context(), run.RunID, "engine-failed", "busy", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := d.QueueSubtitles(t.Context(), john.SessionID, second, thai, 0); err != nil {
		t.Fatal(err)
	}
	if s := subtitlesOf(t, d, second); s.RetryAt == nil || s.Order != thai || s.Attempts != 0 {
		t.Errorf("put off, and asked for again: %+v", s)
	}
	if err := d.RetrySubtitlesNow(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if s := subtitlesOf(t, d, second); s.RetryAt != nil || s.Order != thai {
		t.Errorf("to be tried now: %+v", s)
	}
	if run := claim(t, d, processA); run.VideoID != second {
		t.Errorf("claimed %+v", run)
	}
}

func TestCancel(t *testing.T) {
	for what, session := range map[string]string{"by the user": "user_john", "by an admin": ""} {
		t.Run(what, func(t *testing.T) {
			d := open(t)
			john := newUser(t, d, "john")
			id := upload(t, d, john.SessionID, time.Second)
			cancel := func() {
				t.Helper()
				if err := d.CancelSubtitles(t.Context(), session, id); err != nil {
					t.Fatal(err)
				}
			}
			cancel()
			wantSubtitles(t, d, id, SubtitlesNone)
			queue(t, d, john, id)
			cancel()
			wantSubtitles(t, d, id, SubtitlesCancelled)
			wantNoClaim(t, d)
			queue(t, d, john, id)
			run := claim(t, d, processA)
			cancel()
			wantSubtitles(t, d, id, SubtitlesCancelled)
			wantStale(t, d, run)
			if err := d.RetrySubtitlesNow(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			finish(t, d, claim(t, d, processA), "cues")
			cancel()
			wantSubtitles(t, d, id, SubtitlesDone)
		})
	}
}

func TestRetryLeavesOthersAlone(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	running, done := upload(t, d, john.SessionID, time.Second), upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, done)
	finish(t, d, claim(t, d, processA), "cues")
	queue(t, d, john, running)
	claim(t, d, processA)
	before := dump(t, d)
	for _, id := range []string{running, done} {
		if err := d.RetrySubtitlesNow(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if after := dump(t, d); after != before {
		t.Errorf("changed\n%s\nto\n%s", before, after)
	}
}

func TestRunsLimit(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	try := func() error { return d.QueueSubtitles(t.Context(), john.SessionID, id, SubtitleOrder{}, 2) }
	for range 2 {
		for range 3 { // What comes to nothing does not count.
			if err := try(); err != nil {
				t.Fatal(err)
			}
			if err := d.CancelSubtitles(t.Context(), john.SessionID, id); err != nil {
				t.Fatal(err)
			}
		}
		if err := try(); err != nil {
			t.Fatal(err)
		}
		finish(t, d, claim(t, d, processA), "cues")
	}
	before := dump(t, d)
	if err := try(); !errors.Is(err, ErrTooManyRuns) || errors.Is(err, ErrNotFound) {
		t.Errorf("a third time: %v, want %v", err, ErrTooManyRuns)
	}
	if after := dump(t, d); after != before {
		t.Errorf("refused, but changed\n%s\nto\n%s", before, after)
	}
	queue(t, d, john, id) // without a limit
	wantSubtitles(t, d, id, SubtitlesQueued)
}

// TestAcceptWithOrder queues with the count, or does neither.
func TestAcceptWithOrder(t *testing.T) {
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: Limits{Videos: 2, Duration: time.Minute}, Webhooks: true})
	john := newUser(t, d, "john")
	order := &SubtitleOrder{Language: "en"}
	first, second, plain := receive(t, d, john.SessionID), receive(t, d, john.SessionID), ""
	if _, _, err := d.Accept(t.Context(), first, Measured{Duration: time.Minute, Container: "mp4", Subtitles: order}); err != nil {
		t.Fatal(err)
	}
	if s := subtitlesOf(t, d, first); s.Status != SubtitlesQueued || s.Order != *order || s.Position != 1 {
		t.Errorf("accepted: %+v", s)
	}
	before := dump(t, d)
	_, _, err := d.Accept(t.Context(), second, Measured{Duration: time.Second, Container: "mp4", Subtitles: order})
	wantQuotaError(t, err, Duration)
	if after := dump(t, d); after != before {
		t.Errorf("refused, but changed\n%s\nto\n%s", before, after)
	}
	alter(t, d, "UPDATE quota_sessions SET max_videos = 9, max_duration_ms = 900000")
	plain = upload(t, d, john.SessionID, time.Second)
	wantSubtitles(t, d, plain, SubtitlesNone)
	alter(t, d, "CREATE TRIGGER trouble BEFORE INSERT ON subtitle_jobs BEGIN SELECT raise(ABORT, 'no'); END")
	before = dump(t, d)
	if _, _, err := d.Accept(t.Context(), second, Measured{Duration: time.Second, Container: "mp4", Subtitles: order}); err == nil {
		t.Error("accepted without its job")
	}
	if after := dump(t, d); after != before {
		t.Errorf("not queued, but changed\n%s\nto\n%s", before, after)
	}
}

// TestSubtitlesGoWithTheVideo deletes in every way there is.
func TestSubtitlesGoWithTheVideo(t *testing.T) {
	for what, remove := range map[string]func(*DB, User, string) error{
		"the video": func(d *DB, u User, id string) error { return d.DeleteVideo(t.Context(), u.SessionID, id) },
		"the user":  func(d *DB, u User, _ string) error { _, err := d.DeleteUser(t.Context(), "john"); return err },
	} {
		t.Run(what, func(t *testing.T) {
			d := open(t)
			newAdmin(t, d, "root")
			john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
			id, kept := upload(t, d, john.SessionID, time.Second), upload(t, d, jane.SessionID, time.Second)
			queue(t, d, john, id)
			finish(t, d, claim(t, d, processA), "cues")
			queue(t, d, john, id)
			run := claim(t, d, processA)
			save(t, d, jane, kept, "cues")
			if err := remove(d, john, id); err != nil {
				t.Fatal(err)
			}
			wantStale(t, d, run)
			for _, table := range []string{"subtitle_jobs", "subtitle_texts"} {
				if n := number(t, d, "SELECT count(*) FROM "+table); n != 1 {
					t.Errorf("%d rows in %s, want that of the other", n, table)
				}
			}
			if all, err := d.SubtitlesOf(t.Context(), []string{id}); err != nil || len(all) != 0 {
				t.Errorf("subtitles of what is gone: %+v, %v", all, err)
			}
			wantSubtitles(t, d, kept, SubtitlesDone)
		})
	}
}

// TestRunsThatFail count towards the limit, too, however often the order is
// taken back in between.
func TestRunsThatFail(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	order := func() error { return d.QueueSubtitles(t.Context(), john.SessionID, id, SubtitleOrder{}, 2) }
	if err := order(); err != nil {
		t.Fatal(err)
	}
	run := claim(t, d, processA)
	if err := d.PostponeSubtitles(t.Context(), run.RunID, "engine-failed", "busy", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := d.CancelSubtitles(t.Context(), john.SessionID, id); err != nil {
		t.Fatal(err)
	}
	if err := order(); err != nil {
		t.Fatal(err)
	}
	claim(t, d, processA)
	if err := d.QueueSubtitles(t.Context(), john.SessionID, id, SubtitleOrder{Language: "th"}, 2); !errors.Is(err, ErrTooManyRuns) {
		t.Errorf("a third run: %v", err)
	}
}

// TestOrderSentTwice does not cut off the run of the first of two clicks, which
// would count as one more.
func TestOrderSentTwice(t *testing.T) {
	d, now := ticking(t, Options{})
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, id)
	queue(t, d, john, id)
	run := claim(t, d, processA)
	*now = now.Add(repeatWindow - 1)
	before := dump(t, d)
	queue(t, d, john, id)
	if after := dump(t, d); after != before {
		t.Errorf("the second click changed\n%s\nto\n%s", before, after)
	}
	*now = now.Add(time.Millisecond)
	queue(t, d, john, id)
	wantStale(t, d, run)
}
