package db

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestReleaseSlots(t *testing.T) {
	d := open(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	alter(t, d, "UPDATE quota_sessions SET max_videos = 5")
	released := []string{admit(t, d, john.SessionID), receive(t, d, john.SessionID), admit(t, d, jane.SessionID)}
	counted, rejected := upload(t, d, john.SessionID, time.Second), reject(t, d, john.SessionID)
	kept := []string{newID(), newID()}
	for i, u := range []User{john, jane} {
		if err := d.Admit(t.Context(), Upload{ID: kept[i], SessionID: u.SessionID}, processB); err != nil {
			t.Fatal(err)
		}
	}
	wantHolders(t, d, processA, processB)
	released = append(released, admit(t, d, john.SessionID))
	slices.Sort(released)
	wantQuotaError(t, d.Admit(t.Context(), Upload{ID: newID(), SessionID: john.SessionID}, processB), Videos)

	ids, err := d.ReleaseSlots(t.Context(), processA, processB)
	if slices.Sort(ids); err != nil || !slices.Equal(ids, released) {
		t.Errorf("released %v, want %v: %v", ids, released, err)
	}
	for _, id := range released {
		wantStatus(t, d, id, gone)
		if has, err := d.HasVideo(t.Context(), id); err != nil || has {
			t.Errorf("%s has a row: %v, %v", id, has, err)
		}
	}
	for id, status := range map[string]Status{kept[0]: Receiving, kept[1]: Receiving, counted: Accepted, rejected: Rejected} {
		wantStatus(t, d, id, status)
		if has, err := d.HasVideo(t.Context(), id); err != nil || !has {
			t.Errorf("%s has a row: %v, %v", id, has, err)
		}
	}
	wantHolders(t, d, processB)
	wantUsage(t, d, john.SessionID, Usage{Videos: 1, Duration: time.Second})
	admit(t, d, john.SessionID)

	if ids, err := d.ReleaseSlots(t.Context(), "nobody", processB); err != nil || len(ids) != 0 {
		t.Errorf("of nobody: %v, %v", ids, err)
	}
}

func wantHolders(t *testing.T, d *DB, want ...string) {
	t.Helper()
	got, err := d.SlotHolders(t.Context())
	if slices.Sort(got); err != nil || !slices.Equal(got, want) {
		t.Errorf("slots are held by %v, want %v: %v", got, want, err)
	}
}

func TestSlotsOfTheDead(t *testing.T) {
	dir := t.TempDir()
	d := openAt(t, filepath.Join(dir, "gensubtitle.db"))
	u := newUser(t, d, "john")
	locks := filepath.Join(dir, "processes")
	p := join(t, locks)
	victim, kill := startChild(t, locks)
	survivor, _ := startChild(t, locks)
	slots := map[string]string{p.ID: newID(), victim: newID(), survivor: newID()}
	for process, id := range slots {
		if err := d.Admit(t.Context(), Upload{ID: id, SessionID: u.SessionID}, process); err != nil {
			t.Fatal(err)
		}
	}
	repair := func() (released []string) {
		t.Helper()
		holders, err := d.SlotHolders(t.Context())
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
			ids, err := d.ReleaseSlots(t.Context(), holder, processB)
			if err != nil {
				t.Fatal(err)
			}
			released = append(released, ids...)
		}
		return released
	}
	if released := repair(); len(released) != 0 {
		t.Errorf("released %v of living processes", released)
	}
	kill()
	if released := repair(); !slices.Equal(released, []string{slots[victim]}) {
		t.Errorf("released %v, want %v", released, slots[victim])
	}
	wantStatus(t, d, slots[p.ID], Receiving)
	wantStatus(t, d, slots[survivor], Receiving)
	if _, _, err := d.Accept(t.Context(), slots[victim], Measured{Duration: time.Second, Container: "mp4"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a released upload: got %v, want %v", err, ErrNotFound)
	}
}
