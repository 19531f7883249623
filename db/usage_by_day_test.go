package db

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestUsageByDay(t *testing.T) {
	// In Berlin the 29th of March 2026 has 23 hours.
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := func(n int) time.Time { return time.Date(2026, time.March, n, 0, 0, 0, 0, berlin) }
	starts := []time.Time{day(28), day(29), day(30), day(31)}
	var now time.Time
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "a.db"), Defaults: defaults, Now: func() time.Time { return now }})
	u, other := newUser(t, d, "john"), newUser(t, d, "mali")
	at := func(when time.Time, do func() error) {
		t.Helper()
		now = when
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	uploads := func(id string, long time.Duration) func() error {
		return func() error { upload(t, d, id, long); return nil }
	}
	act := QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "x"}
	at(day(1), uploads(u.SessionID, 4*time.Second)) // before all of the days
	at(day(28), uploads(u.SessionID, 2*time.Second))
	at(day(29).Add(-time.Millisecond), uploads(u.SessionID, time.Second))
	at(day(29), func() error { _, err := d.Reset(t.Context(), act); return err })
	at(day(30).Add(-time.Millisecond), uploads(u.SessionID, 5*time.Second))
	at(day(30).Add(-time.Millisecond), uploads(other.SessionID, 9*time.Second))
	at(day(31).Add(time.Hour), func() error {
		_, err := d.Correct(t.Context(), act, Usage{Videos: 3, Duration: time.Second})
		return err
	})

	days, err := d.UsageByDay(t.Context(), u.SessionID, starts)
	if err != nil {
		t.Fatal(err)
	}
	want := []DayUsage{
		{day(28), 2, 7 * time.Second},
		{day(29), 1, 5 * time.Second},
		{day(30), 0, 5 * time.Second},
		{day(31), 0, 6 * time.Second},
	}
	if !slices.Equal(days, want) {
		t.Errorf("got %v, want %v", days, want)
	}

	t.Run("nothing yet", func(t *testing.T) {
		mai := newUser(t, d, "mai")
		days, err := d.UsageByDay(t.Context(), mai.SessionID, starts[:1])
		if err != nil || !slices.Equal(days, []DayUsage{{Start: day(28)}}) {
			t.Errorf("got %v, %v", days, err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		if _, err := d.UsageByDay(t.Context(), "user_nobody", starts); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDeletedSession(t *testing.T) {
	d := open(t)
	newAdmin(t, d, "admin")
	u := newUser(t, d, "john")
	if _, err := d.ChangeUser(t.Context(), "john", UserChange{Disabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Session(t.Context(), u.SessionID); err != nil || !s.Disabled || s.Deleted {
		t.Errorf("disabled: %+v, %v", s, err)
	}
	if _, err := d.DeleteUser(t.Context(), "john"); err != nil {
		t.Fatal(err)
	}
	if s, err := d.Session(t.Context(), u.SessionID); err != nil || !s.Disabled || !s.Deleted {
		t.Errorf("deleted: %+v, %v", s, err)
	}
}
