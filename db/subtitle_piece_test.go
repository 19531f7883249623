package db

import (
	"errors"
	"testing"
	"time"
)

// TestPieces keeps the answers to pieces until the job is done.
func TestPieces(t *testing.T) {
	d, now := ticking(t, Options{})
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	piece := SubtitlePiece{Key: "k", Begins: 0, Ends: 100}
	want := func(answer string, found bool) {
		t.Helper()
		got, ok, err := d.KeptSubtitlePiece(t.Context(), id, piece)
		if err != nil || ok != found || got != answer {
			t.Errorf("got %q, %v, %v, want %q, %v", got, ok, err, answer, found)
		}
	}
	keep := func(run SubtitleRun, answer string) {
		t.Helper()
		if err := d.KeepSubtitlePiece(t.Context(), run.RunID, piece, answer); err != nil {
			t.Fatal(err)
		}
	}
	progress := func(run SubtitleRun) {
		t.Helper()
		if err := d.RenewSubtitles(t.Context(), run.RunID, 40, lease); err != nil {
			t.Fatal(err)
		}
	}
	queue(t, d, john, id)
	run := claim(t, d, processA)
	want("", false)
	keep(run, "a")
	keep(run, "b") // of the same
	want("b", true)
	for _, other := range []SubtitlePiece{{"x", 0, 100}, {"k", 1, 100}, {"k", 0, 99}} {
		if _, ok, err := d.KeptSubtitlePiece(t.Context(), id, other); err != nil || ok {
			t.Errorf("%+v: %v, %v", other, ok, err)
		}
	}

	// A job that waits again keeps how far it is, whyever it waits.
	progress(run)
	if err := d.PostponeSubtitles(t.Context(), run.RunID, "", "busy", *now); err != nil {
		t.Fatal(err)
	}
	if err := d.KeepSubtitlePiece(t.Context(), run.RunID, piece, "too late"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run that has ended: %v", err)
	}
	if s := subtitlesOf(t, d, id); s.Progress != 40 {
		t.Errorf("postponed: %+v", s)
	}
	run = claim(t, d, processA)
	if err := d.ReturnSubtitles(t.Context(), processA); err != nil {
		t.Fatal(err)
	}
	if s := subtitlesOf(t, d, id); s.Progress != 40 || s.Status != SubtitlesQueued {
		t.Errorf("returned: %+v", s)
	}
	run = claim(t, d, processA)
	if _, err := d.ReleaseSubtitles(t.Context(), processA); err != nil {
		t.Fatal(err)
	}
	if s := subtitlesOf(t, d, id); s.Progress != 40 {
		t.Errorf("released: %+v", s)
	}
	run = claim(t, d, processA)
	if err := d.FailSubtitles(t.Context(), run.RunID, "engine-failed", "busy"); err != nil {
		t.Fatal(err)
	}
	want("b", true)

	// They go with the job that is done, by the engine or a person, and with the video.
	queue(t, d, john, id)
	run = claim(t, d, processA)
	want("b", true)
	finish(t, d, run, "cues")
	want("", false)
	queue(t, d, john, id)
	keep(claim(t, d, processA), "c")
	save(t, d, john, id, "typed")
	want("", false)
	queue(t, d, john, id)
	keep(claim(t, d, processA), "d")
	if err := d.DeleteVideo(t.Context(), john.SessionID, id); err != nil {
		t.Fatal(err)
	}
	want("", false)
}
