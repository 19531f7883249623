package db

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func TestCorrect(t *testing.T) {
	for _, test := range []struct {
		name string
		by   Usage
		want Usage // on top of one video of ten seconds
		err  error
	}{
		{"more", Usage{2, 3 * time.Second}, Usage{3, 13 * time.Second}, nil},
		{"less", Usage{-1, -10 * time.Second}, Usage{}, nil},
		{"nothing", Usage{}, Usage{1, 10 * time.Second}, nil},
		{"past the limits", Usage{50, time.Hour}, Usage{51, time.Hour + 10*time.Second}, nil},
		{"videos below zero", Usage{-2, 0}, Usage{1, 10 * time.Second}, ErrBelowZero},
		{"time below zero", Usage{0, -10*time.Second - time.Millisecond}, Usage{1, 10 * time.Second}, ErrBelowZero},
		{"more than can be counted", Usage{0, 1<<63 - 1}, Usage{1, 10 * time.Second}, ErrBelowZero},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := open(t)
			u := newUser(t, d, "john")
			upload(t, d, u.SessionID, 10*time.Second)
			a := QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "เครื่องเสีย"}
			if _, err := d.Correct(t.Context(), a, test.by); !errors.Is(err, test.err) {
				t.Fatalf("got %v, want %v", err, test.err)
			}
			wantUsage(t, d, u.SessionID, test.want)
			if test.err != nil {
				return
			}
			events, more, err := d.ListEvents(t.Context(), u.SessionID, 0, 1)
			if err != nil || !more || len(events) != 1 {
				t.Fatalf("%v, %v, %v", events, more, err)
			}
			e := events[0]
			if e.Kind != EventCorrection || e.Actor != "admin" || e.Reason != "เครื่องเสีย" ||
				e.Videos != test.by.Videos || e.Duration != test.by.Duration {
				t.Errorf("event %+v", e)
			}
		})
	}
	if _, err := open(t).Correct(t.Context(), QuotaChange{SessionID: "user_nobody"}, Usage{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func TestSetLimits(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	a := QuotaChange{SessionID: u.SessionID, Actor: "admin"}
	own := OwnLimits{Videos: new(int64(3)), Duration: new(time.Minute)}
	s, err := d.SetLimits(t.Context(), a, own)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Limits{Videos: 3, Duration: time.Minute, FileBytes: defaults.FileBytes}); s.Limits != want {
		t.Errorf("limits %+v, want %+v", s.Limits, want)
	}
	if s.Own.Videos == nil || *s.Own.Videos != 3 || s.Own.FileBytes != nil {
		t.Errorf("own %+v", s.Own)
	}
	if s, err = d.SetLimits(t.Context(), a, OwnLimits{}); err != nil || s.Limits != defaults {
		t.Errorf("back to the defaults: %+v, %v", s.Limits, err)
	}
	events, more, err := d.ListEvents(t.Context(), u.SessionID, 0, 10)
	if err != nil || more || len(events) != 2 {
		t.Fatalf("%+v, %v, %v", events, more, err)
	}
	if e := events[1]; e.Kind != EventLimits || e.Limits.Videos == nil || *e.Limits.Videos != 3 ||
		e.Limits.Duration == nil || *e.Limits.Duration != time.Minute || e.Limits.FileBytes != nil || e.Videos != 0 {
		t.Errorf("event %+v", e)
	}
	if older, _, err := d.ListEvents(t.Context(), u.SessionID, events[0].ID, 10); err != nil || len(older) != 1 || older[0].ID != events[1].ID {
		t.Errorf("older: %+v, %v", older, err)
	}
}

// TestLedgerHolds does everything that moves usage, at random, from many
// goroutines and two processes. Usage is the sum of the ledger, and no upload
// was accepted past the limits that held.
func TestLedgerHolds(t *testing.T) {
	path := t.TempDir() + "/x.db"
	processes := []*DB{openAt(t, path), openAt(t, path)}
	users := []User{newUser(t, processes[0], "john"), newUser(t, processes[0], "jane")}
	act := func(u User) QuotaChange { return QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "x"} }
	moves := []func(*DB, User) error{
		func(d *DB, u User) error { _, err := d.Reset(t.Context(), act(u)); return err },
		func(d *DB, u User) error {
			_, err := d.Correct(t.Context(), act(u), Usage{rand.Int64N(5) - 2, time.Duration(rand.Int64N(20_000)-10_000) * time.Millisecond})
			return err
		},
		func(d *DB, u User) error {
			_, err := d.SetLimits(t.Context(), act(u), OwnLimits{Videos: new(rand.Int64N(20))})
			return err
		},
	}
	moves = append(moves, func(d *DB, u User) error {
		_, err := d.ResetMany(t.Context(), Selection{}, act(u), 2)
		return err
	})
	for range 4 {
		moves = append(moves, func(d *DB, u User) error { return tryUpload(t, d, u) })
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 40 {
				err := moves[rand.IntN(len(moves))](processes[i%2], users[rand.IntN(2)])
				var quota *QuotaError
				if err != nil && !errors.As(err, &quota) && !errors.Is(err, ErrBelowZero) {
					t.Error(err)
				}
			}
		})
	}
	waittest.Group(t, &all)
	drifted, err := processes[0].DriftedSessions(t.Context())
	if err != nil || len(drifted) != 0 {
		t.Errorf("drifted %+v, %v", drifted, err)
	}
	if n := number(t, processes[0], "SELECT count(*) FROM events"); n < 50 {
		t.Errorf("only %d events", n)
	}
}

// tryUpload brings an upload to its end, whichever that is.
func tryUpload(t *testing.T, d *DB, u User) error {
	id := newID()
	if err := d.Admit(t.Context(), Upload{ID: id, SessionID: u.SessionID}, processA); err != nil {
		return err
	}
	if _, err := d.Received(t.Context(), id, "a.mp4", 1); err != nil {
		return err
	}
	length := time.Duration(rand.Int64N(60_000)) * time.Millisecond
	_, q, err := d.Accept(t.Context(), id, Measured{Duration: length, Container: "mp4"})
	if err != nil {
		return errors.Join(err, d.Abandon(t.Context(), id))
	}
	if q.Usage.Videos > q.Limits.Videos || q.Usage.Duration > q.Limits.Duration {
		t.Errorf("accepted past a limit: %+v", q)
	}
	return nil
}
