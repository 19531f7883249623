package db

import (
	"errors"
	"path/filepath"
	"testing"
)

// TestMakeRoom has room made for each write that finds none: it is tried once
// more, and fails only if there is none then either.
func TestMakeRoom(t *testing.T) {
	for i := range newBroken(t, fill).writes(t.Context()) {
		b := newBroken(t, fill)
		asked := 0
		b.DB.makeRoom = func() bool { asked++; return false }
		if err := b.writes(t.Context())[i](); !errors.Is(err, ErrStorageFull) || asked != 1 {
			t.Errorf("write %d without room: %v, asked %d times", i, err, asked)
		}
		b.DB.makeRoom = func() bool { asked++; return true }
		if err := b.writes(t.Context())[i](); !errors.Is(err, ErrStorageFull) || asked != 2 {
			t.Errorf("write %d where no room was made: %v, asked %d times", i, err, asked)
		}
		b.DB.makeRoom = func() bool { asked++; b.mend(); return true }
		if err := b.writes(t.Context())[i](); err != nil || asked != 3 {
			t.Errorf("write %d where room was made: %v, asked %d times", i, err, asked)
		}
	}
}

// TestReserved has uploads together hold no more of the disk than is allowed,
// and never less than one file of the largest size.
func TestReserved(t *testing.T) {
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, MaxReserved: 3 * defaults.FileBytes})
	john, jane := newUser(t, d, "john").SessionID, newUser(t, d, "jane").SessionID
	admit := func(sessionID string, resumable bool, size int64, want error) string {
		t.Helper()
		u := Upload{ID: newID(), SessionID: sessionID, SizeBytes: size}
		var err error
		if resumable {
			err = d.AdmitResumable(t.Context(), u, manyUploads)
		} else {
			err = d.Admit(t.Context(), u, processA)
		}
		if !errors.Is(err, want) {
			t.Errorf("%d bytes, resumable %v: %v, want %v", size, resumable, err, want)
		}
		return u.ID
	}
	first := admit(john, false, defaults.FileBytes, nil)
	admit(john, true, 2*defaults.FileBytes, nil)
	admit(john, false, 1, ErrTooMuchReserved)
	admit(john, true, 1, ErrTooMuchReserved)
	admit(john, false, 0, nil) // Of this one it is not known.
	admit(jane, false, defaults.FileBytes, nil)
	if _, err := d.Received(t.Context(), first, "a", defaults.FileBytes); err != nil {
		t.Fatal(err)
	}
	admit(john, false, defaults.FileBytes, nil) // What has come whole holds nothing that may never come.

	own := OwnLimits{FileBytes: new(10 * defaults.FileBytes)}
	if _, err := d.SetLimits(t.Context(), QuotaChange{SessionID: jane, Actor: "admin"}, own); err != nil {
		t.Fatal(err)
	}
	admit(jane, false, 9*defaults.FileBytes, nil)
	admit(jane, false, 1, ErrTooMuchReserved)
}
