package db

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func wantText(t *testing.T, d *DB, u User, videoID string, want SubtitleText) {
	t.Helper()
	got, err := d.SubtitleText(t.Context(), u.SessionID, videoID)
	want.VideoID, want.UpdatedAt = videoID, got.UpdatedAt
	if err != nil || got != want {
		t.Errorf("text %+v, want %+v: %v", got, want, err)
	}
	s := subtitlesOf(t, d, videoID)
	if s.Revision != want.Revision || s.Edited != want.Edited || s.HasOriginal != want.HasOriginal || s.Language != want.Language {
		t.Errorf("subtitles %+v, want those of %+v", s, want)
	}
}

func TestTextLife(t *testing.T) {
	d, now := ticking(t, Options{})
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	if _, err := d.SubtitleText(t.Context(), john.SessionID, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("no text: %v", err)
	}
	queue(t, d, john, id)
	finish(t, d, claim(t, d, processA), "engine 1")
	wantText(t, d, john, id, SubtitleText{Revision: 1, Language: "en", Cues: "engine 1", Notes: "[]", Source: SourceEngine, HasOriginal: true})

	*now = now.Add(time.Second)
	saved := save(t, d, john, id, "user 2")
	if want := (SubtitleText{id, 2, "th", "user 2", "[]", SourceUser, true, true, *now}); saved != want {
		t.Errorf("saved %+v, want %+v", saved, want)
	}
	wantText(t, d, john, id, saved)

	restored, err := d.RestoreSubtitles(t.Context(), john.SessionID, id, nil)
	if want := (SubtitleText{id, 3, "en", "engine 1", "[]", SourceEngine, false, true, *now}); err != nil || restored != want {
		t.Errorf("restored %+v, want %+v: %v", restored, want, err)
	}
	wantText(t, d, john, id, restored)

	save(t, d, john, id, "user 4")
	queue(t, d, john, id)
	if s := subtitlesOf(t, d, id); s.Language != "" || s.Revision != 4 {
		t.Errorf("asked for again in any language: %+v", s)
	}
	finish(t, d, claim(t, d, processA), "engine 5")
	wantText(t, d, john, id, SubtitleText{Revision: 5, Language: "en", Cues: "engine 5", Notes: "[]", Source: SourceEngine, HasOriginal: true})
	save(t, d, john, id, "user 6")
	if restored, err := d.RestoreSubtitles(t.Context(), john.SessionID, id, nil); err != nil || restored.Cues != "engine 5" {
		t.Errorf("the original is %+v, want the last: %v", restored, err)
	}
}

func TestTextWithoutEngine(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	want := save(t, d, john, id, "brought along")
	if want.Revision != 1 || want.HasOriginal {
		t.Errorf("saved %+v", want)
	}
	wantText(t, d, john, id, want)
	if s := subtitlesOf(t, d, id); s.Status != SubtitlesDone || s.Progress != 100 || s.QueuedAt != nil || s.EndedAt == nil {
		t.Errorf("subtitles %+v", s)
	}
	before := dump(t, d)
	if _, err := d.RestoreSubtitles(t.Context(), john.SessionID, id, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("restored: %v, want %v", err, ErrNotFound)
	}
	if after := dump(t, d); after != before {
		t.Errorf("nothing to restore, but changed\n%s\nto\n%s", before, after)
	}
}

// TestSaveWins saves a text in each state of the job.
func TestSaveWins(t *testing.T) {
	for what, start := range map[string]func(*DB, User, string){
		"queued": func(d *DB, u User, id string) { queue(t, d, u, id) },
		"failed": func(d *DB, u User, id string) {
			queue(t, d, u, id)
			if err := d.FailSubtitles(t.Context(), claim(t, d, processA).RunID, "engine-failed", "busy"); err != nil {
				t.Fatal(err)
			}
		},
		"cancelled": func(d *DB, u User, id string) {
			queue(t, d, u, id)
			if err := d.CancelSubtitles(t.Context(), u.SessionID, id); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := open(t)
			john := newUser(t, d, "john")
			id := upload(t, d, john.SessionID, time.Second)
			start(d, john, id)
			save(t, d, john, id, "typed")
			if s := subtitlesOf(t, d, id); s.Status != SubtitlesDone || s.Error != "" || s.Revision != 1 {
				t.Errorf("saved: %+v", s)
			}
			wantNoClaim(t, d)
		})
	}
	t.Run("before a running job's end", func(t *testing.T) {
		d := open(t)
		john := newUser(t, d, "john")
		id := upload(t, d, john.SessionID, time.Second)
		queue(t, d, john, id)
		run := claim(t, d, processA)
		text := save(t, d, john, id, "typed")
		wantStale(t, d, run)
		wantText(t, d, john, id, text)
		wantSubtitles(t, d, id, SubtitlesDone)
	})
	t.Run("after it", func(t *testing.T) {
		d := open(t)
		john := newUser(t, d, "john")
		id := upload(t, d, john.SessionID, time.Second)
		queue(t, d, john, id)
		run := claim(t, d, processA)
		finish(t, d, run, "engine")
		text := save(t, d, john, id, "typed")
		wantStale(t, d, run)
		text.HasOriginal, text.Revision = true, 2
		wantText(t, d, john, id, text)
	})
	t.Run("restoring does too", func(t *testing.T) {
		d := open(t)
		john := newUser(t, d, "john")
		id := upload(t, d, john.SessionID, time.Second)
		queue(t, d, john, id)
		finish(t, d, claim(t, d, processA), "engine")
		queue(t, d, john, id)
		run := claim(t, d, processA)
		if _, err := d.RestoreSubtitles(t.Context(), john.SessionID, id, nil); err != nil {
			t.Fatal(err)
		}
		wantStale(t, d, run)
		wantSubtitles(t, d, id, SubtitlesDone)
	})
}

func wantRevisionError(t *testing.T, err error, current int64) {
	t.Helper()
	var changed *RevisionError
	if !errors.As(err, &changed) || changed.Current != current {
		t.Errorf("got %v, want a RevisionError of %d", err, current)
	}
}

func TestRevisions(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	try := func(revision int64) error {
		_, err := d.SaveSubtitles(t.Context(), john.SessionID, id, SubtitleText{Cues: "typed"}, &revision)
		return err
	}
	queue(t, d, john, id)
	run := claim(t, d, processA)
	wantRevisionError(t, try(1), 0)
	wantSubtitles(t, d, id, SubtitlesRunning) // what is refused ends no job
	finish(t, d, run, "engine")
	wantRevisionError(t, try(0), 1)
	wantRevisionError(t, try(2), 1)
	if err := try(1); err != nil {
		t.Error(err)
	}
	old := int64(1)
	_, err := d.RestoreSubtitles(t.Context(), john.SessionID, id, &old)
	wantRevisionError(t, err, 2)
	wantText(t, d, john, id, SubtitleText{Revision: 2, Language: "en", Cues: "typed", Notes: "[]", Source: SourceUser, Edited: true, HasOriginal: true})
	old = 2
	if _, err := d.RestoreSubtitles(t.Context(), john.SessionID, id, &old); err != nil {
		t.Error(err)
	}
}

// TestOneWinnerPerRevision has many save over one revision at once, by two
// processes, again and again.
func TestOneWinnerPerRevision(t *testing.T) {
	processes, _, videos := twoProcesses(t, 1, 1)
	for revision := range int64(8) {
		var won, refused atomic.Int64
		var winner atomic.Value
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				cues := fmt.Sprint(revision, " by ", i)
				text, err := processes[i%2].SaveSubtitles(t.Context(), "user_user0", videos[0], SubtitleText{Cues: cues}, &revision)
				var changed *RevisionError
				switch {
				case err == nil && text.Revision == revision+1 && text.Cues == cues:
					won.Add(1)
					winner.Store(cues)
				case errors.As(err, &changed) && changed.Current == revision+1:
					refused.Add(1)
				default:
					t.Errorf("saved %+v: %v", text, err)
				}
			})
		}
		waittest.Group(t, &all)
		if won.Load() != 1 || refused.Load() != 9 {
			t.Fatalf("over revision %d: %d have won and %d were refused", revision, won.Load(), refused.Load())
		}
		if text, err := processes[0].SubtitleText(t.Context(), "user_user0", videos[0]); err != nil || text.Cues != winner.Load() {
			t.Errorf("the text is %+v, want %v: %v", text, winner.Load(), err)
		}
	}
}

// TestSaveAtTheEnd has a user save at the moment at which the engine finishes:
// whoever is first, the user's text is current, and the engine's is kept if it
// was first.
func TestSaveAtTheEnd(t *testing.T) {
	for range 10 {
		processes, _, videos := twoProcesses(t, 1, 1)
		run := claim(t, processes[0], processA)
		var finished, saved error
		var both sync.WaitGroup
		both.Go(func() { finished = processes[0].FinishSubtitles(t.Context(), run.RunID, "en", "engine", "[]") })
		both.Go(func() {
			_, saved = processes[1].SaveSubtitles(t.Context(), "user_user0", videos[0], SubtitleText{Cues: "typed"}, nil)
		})
		waittest.Group(t, &both)
		s := subtitlesOf(t, processes[0], videos[0])
		text, err := processes[0].SubtitleText(t.Context(), "user_user0", videos[0])
		if saved != nil || err != nil || text.Cues != "typed" || s.Status != SubtitlesDone {
			t.Errorf("saved %v, text %+v, %v, subtitles %+v", saved, text, err, s)
		}
		switch {
		case finished == nil && text.Revision == 2 && text.HasOriginal:
		case errors.Is(finished, ErrNotFound) && text.Revision == 1 && !text.HasOriginal:
		default:
			t.Errorf("finished %v, text %+v", finished, text)
		}
	}
}

// TestAnyText keeps what it is given as it is.
func TestAnyText(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	for i, cues := range []string{"", `[{"text":"ก\u0000 <script>"}]`, "'; DROP TABLE videos; --", "\x00\xff", strings.Repeat("ข", 1<<20)} {
		save(t, d, john, id, cues)
		if text, err := d.SubtitleText(t.Context(), john.SessionID, id); err != nil || text.Cues != cues {
			t.Errorf("text %d has %d bytes, want %d: %v", i, len(text.Cues), len(cues), err)
		}
	}
}
