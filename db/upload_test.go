package db

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// manyUploads is a limit on unfinished uploads that no test reaches by accident.
const manyUploads = 1000

func admitResumable(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	u := Upload{ID: newID(), SessionID: sessionID, Filename: "งาน.mp4", SizeBytes: 5000}
	if err := d.AdmitResumable(t.Context(), u, manyUploads); err != nil {
		t.Fatal(err)
	}
	return u.ID
}

func complete(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	id := admitResumable(t, d, sessionID)
	if _, err := d.Complete(t.Context(), id, processA); err != nil {
		t.Fatal(err)
	}
	return id
}

func acceptResumable(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	id := complete(t, d, sessionID)
	if _, _, err := d.Accept(t.Context(), id, Measured{Duration: time.Second, Container: "mp4", HasPicture: true}); err != nil {
		t.Fatal(err)
	}
	return id
}

func rejectResumable(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	id := complete(t, d, sessionID)
	if err := d.Reject(t.Context(), id, "not-a-video"); err != nil {
		t.Fatal(err)
	}
	return id
}

func wantSlots(t *testing.T, d *DB, sessionID string, want int64) {
	t.Helper()
	if n, err := d.Slots(t.Context(), sessionID); err != nil || n != want {
		t.Errorf("%d slots of %s are taken, want %d: %v", n, sessionID, want, err)
	}
}

func TestResumableStates(t *testing.T) {
	start := map[string]func(*testing.T, *DB, string) string{
		"unknown":             func(*testing.T, *DB, string) string { return newID() },
		"receiving":           admitResumable,
		"measuring":           complete,
		"accepted":            acceptResumable,
		"rejected":            rejectResumable,
		"receiving in a form": admit,
		"measuring in a form": receive,
	}
	steps := map[string]func(*testing.T, *DB, string) error{
		"admit": func(t *testing.T, d *DB, id string) error {
			return d.AdmitResumable(t.Context(), Upload{ID: id, SessionID: "user_john"}, manyUploads)
		},
		"complete": func(t *testing.T, d *DB, id string) error {
			_, err := d.Complete(t.Context(), id, processB)
			return err
		},
		"reject": func(t *testing.T, d *DB, id string) error { return d.Reject(t.Context(), id, "not-a-video") },
		"drop":   func(t *testing.T, d *DB, id string) error { return d.DropUpload(t.Context(), id) },
		"accept": func(t *testing.T, d *DB, id string) error {
			_, _, err := d.Accept(t.Context(), id, Measured{Duration: time.Second, Container: "mp4"})
			return err
		},
		"delete": func(t *testing.T, d *DB, id string) error { return d.DeleteVideo(t.Context(), "user_john", id) },
	}
	errTaken := errors.New("any error")
	for _, test := range []struct {
		from, step string
		to         Status
		want       error
		slots      int64 // taken afterwards
	}{
		{"unknown", "admit", Receiving, nil, 1},
		{"unknown", "complete", gone, ErrNotFound, 0},
		{"unknown", "reject", gone, ErrNotFound, 0},
		{"unknown", "drop", gone, ErrNotFound, 0},
		{"receiving", "admit", Receiving, errTaken, 1},
		{"receiving", "complete", Measuring, nil, 1},
		{"receiving", "reject", Receiving, ErrNotFound, 1},
		{"receiving", "drop", gone, nil, 0},
		{"receiving", "accept", Receiving, ErrNotFound, 1},
		{"receiving", "delete", Receiving, ErrNotFound, 1},
		{"measuring", "admit", Measuring, errTaken, 1},
		{"measuring", "complete", Measuring, ErrNotFound, 1},
		{"measuring", "reject", Rejected, nil, 0},
		{"measuring", "drop", Measuring, ErrNotFound, 1},
		{"measuring", "accept", Accepted, nil, 0},
		{"measuring", "delete", Measuring, ErrNotFound, 1},
		{"accepted", "admit", Accepted, errTaken, 0},
		{"accepted", "complete", Accepted, ErrNotFound, 0},
		{"accepted", "reject", Accepted, ErrNotFound, 0},
		{"accepted", "drop", Accepted, ErrNotFound, 0},
		{"accepted", "delete", gone, nil, 0},
		{"rejected", "complete", Rejected, ErrNotFound, 0},
		{"rejected", "reject", Rejected, ErrNotFound, 0},
		{"rejected", "drop", Rejected, ErrNotFound, 0},
		{"rejected", "accept", Rejected, ErrNotFound, 0},
		{"rejected", "delete", gone, nil, 0},
		{"receiving in a form", "complete", Receiving, ErrNotFound, 1},
		{"receiving in a form", "drop", Receiving, ErrNotFound, 1},
		{"measuring in a form", "complete", Measuring, ErrNotFound, 1},
		{"measuring in a form", "drop", Measuring, ErrNotFound, 1},
	} {
		t.Run(fmt.Sprintf("%s %s", test.from, test.step), func(t *testing.T) {
			d := open(t)
			u := newUser(t, d, "john")
			id := start[test.from](t, d, u.SessionID)
			before := dump(t, d)
			err := steps[test.step](t, d, id)
			if test.want == errTaken {
				if err == nil {
					t.Error("an id was taken twice")
				}
			} else if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			wantStatus(t, d, id, test.to)
			wantSlots(t, d, u.SessionID, test.slots)
			if after := dump(t, d); err != nil && after != before {
				t.Errorf("a step that was refused changed\n%s\nto\n%s", before, after)
			}
		})
	}
}

// TestResumableUpload follows one upload from its first byte to its end.
func TestResumableUpload(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_123).UTC()
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return now }})
	u := newUser(t, d, "john")
	want := Video{
		ID: newID(), SessionID: u.SessionID, Filename: "งาน.mp4", SizeBytes: 1 << 40,
		Status: Receiving, Resumable: true, Tracks: Tracks{}, CreatedAt: now,
	}
	read := func() {
		t.Helper()
		if v, err := d.ResumableUpload(t.Context(), u.SessionID, want.ID); err != nil || !reflect.DeepEqual(v.Video, want) {
			t.Errorf("got %+v, want %+v: %v", v, want, err)
		}
	}
	err := d.AdmitResumable(t.Context(), Upload{ID: want.ID, SessionID: want.SessionID, Filename: want.Filename, SizeBytes: want.SizeBytes}, 1)
	if err != nil {
		t.Fatal(err)
	}
	read()
	wantHolders(t, d) // It belongs to no process.

	now = now.Add(time.Hour)
	want.Status = Measuring
	if v, err := d.Complete(t.Context(), want.ID, processB); err != nil || !reflect.DeepEqual(v, want) {
		t.Errorf("completed %+v, want %+v: %v", v, want, err)
	}
	read()
	wantHolders(t, d, processB)

	want.Status, want.Duration, want.Container, want.HasPicture = Accepted, 1500*time.Millisecond, "mp4", true
	want.Declared, want.Tracks = time.Minute, Tracks{{"audio", 1, "th", "พากย์ \"ไทย\"", true, false, false, true}, {"subtitle", 1, "", "", false, true, true, false}}
	v, q, err := d.Accept(t.Context(), want.ID, Measured{
		Duration: want.Duration, Container: want.Container, HasPicture: true, Tracks: want.Tracks, Declared: want.Declared,
	})
	if err != nil || !reflect.DeepEqual(v, want) || q.Usage != (Usage{Videos: 1, Duration: want.Duration}) {
		t.Errorf("accepted %+v, want %+v: %+v, %v", v, want, q, err)
	}
	read()
	wantHolders(t, d)
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: want.Duration})
}

func TestRejectTellsWhy(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	id := complete(t, d, u.SessionID)
	if err := d.Reject(t.Context(), id, "quota-duration"); err != nil {
		t.Fatal(err)
	}
	v, err := d.ResumableUpload(t.Context(), u.SessionID, id)
	if err != nil || v.Status != Rejected || v.Reason != "quota-duration" || v.Filename != "งาน.mp4" {
		t.Errorf("%+v: %v", v, err)
	}
	wantUsage(t, d, u.SessionID, Usage{})
}

func TestResumableUploadOfOthers(t *testing.T) {
	d := open(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	id := admitResumable(t, d, john.SessionID)
	for _, test := range []struct{ what, sessionID, id string }{
		{"somebody else's", jane.SessionID, id},
		{"of nobody", "user_nobody", id},
		{"unknown", john.SessionID, newID()},
		{"receiving in a form", john.SessionID, admit(t, d, john.SessionID)},
		{"measuring after a form", john.SessionID, receive(t, d, john.SessionID)},
		{"accepted after a form", john.SessionID, upload(t, d, john.SessionID, time.Second)},
	} {
		if v, err := d.ResumableUpload(t.Context(), test.sessionID, test.id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %+v, %v, want %v", test.what, v, err, ErrNotFound)
		}
	}
	if _, err := d.ResumableUpload(t.Context(), john.SessionID, id); err != nil {
		t.Error(err)
	}
}

func TestAdmitResumableCountsSlots(t *testing.T) {
	d := open(t)
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	alter(t, d, "UPDATE quota_sessions SET max_videos = 4")
	for range 4 {
		admitResumable(t, d, other.SessionID) // others' slots take nothing from john
	}
	rejectResumable(t, d, u.SessionID) // nor does what was rejected
	acceptResumable(t, d, u.SessionID)
	complete(t, d, u.SessionID)
	admit(t, d, u.SessionID)
	last := admitResumable(t, d, u.SessionID)
	next := Upload{ID: newID(), SessionID: u.SessionID}
	before := dump(t, d)

	e := wantQuotaError(t, d.AdmitResumable(t.Context(), next, manyUploads), Videos)
	if e.Quota.SessionID != u.SessionID || e.Quota.Usage.Videos != 1 || e.Quota.Limits.Videos != 4 || e.Asked != 0 {
		t.Errorf("the error tells %+v", e)
	}
	wantQuotaError(t, d.AdmitResumable(t.Context(), next, 0), Videos) // of two reasons the one that lasts
	wantQuotaError(t, d.Admit(t.Context(), Upload{ID: next.ID, SessionID: u.SessionID}, processA), Videos)
	nobody := Upload{ID: newID(), SessionID: "user_nobody"}
	if err := d.AdmitResumable(t.Context(), nobody, manyUploads); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: got %v, want %v", err, ErrNotFound)
	}
	if after := dump(t, d); after != before {
		t.Errorf("refusals changed\n%s\nto\n%s", before, after)
	}

	if err := d.DropUpload(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if err := d.AdmitResumable(t.Context(), next, manyUploads); err != nil {
		t.Errorf("the slot that was given back: %v", err)
	}
	wantQuotaError(t, d.AdmitResumable(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, manyUploads), Videos)
}

func TestAdmitResumableWithoutTimeLeft(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	upload(t, d, u.SessionID, 10*time.Minute)
	wantQuotaError(t, d.AdmitResumable(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, manyUploads), Duration)
	wantSlots(t, d, u.SessionID, 0)
}

func TestTooManyUploads(t *testing.T) {
	d := open(t)
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	admitResumable(t, d, other.SessionID) // What others leave unfinished does not count,
	admit(t, d, u.SessionID)              // nor what comes in one piece,
	receive(t, d, u.SessionID)
	complete(t, d, u.SessionID) // nor what has come.
	acceptResumable(t, d, u.SessionID)
	rejectResumable(t, d, u.SessionID)
	try := func(atMost int64) error {
		return d.AdmitResumable(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, atMost)
	}
	if err := try(0); !errors.Is(err, ErrTooManyUploads) {
		t.Errorf("none allowed: got %v, want %v", err, ErrTooManyUploads)
	}
	for i := range 2 {
		if err := try(2); err != nil {
			t.Errorf("unfinished upload %d of 2: %v", i+1, err)
		}
	}
	before := dump(t, d)
	if err := try(2); !errors.Is(err, ErrTooManyUploads) {
		t.Errorf("the third of 2: got %v, want %v", err, ErrTooManyUploads)
	}
	if after := dump(t, d); after != before {
		t.Errorf("a refused upload changed\n%s\nto\n%s", before, after)
	}
	admit(t, d, u.SessionID) // A form still has a slot.

	unfinished, err := d.Unfinished(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := slices.IndexFunc(unfinished, func(v Video) bool { return v.SessionID == u.SessionID })
	if _, err := d.Complete(t.Context(), unfinished[own].ID, processA); err != nil {
		t.Fatal(err)
	}
	if err := try(2); err != nil {
		t.Errorf("after one was finished: %v", err)
	}
}

// TestAdmitBothKindsTogether races for the last slot that is free.
func TestAdmitBothKindsTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	processes := []*DB{openAt(t, path), openAt(t, path)} // as two processes have them
	d := processes[0]
	u := newUser(t, d, "john")
	for range 3 {
		upload(t, d, u.SessionID, time.Second)
		admit(t, d, u.SessionID)
		admitResumable(t, d, u.SessionID)
	}
	errs := make([]error, 40)
	var all sync.WaitGroup
	for i := range errs {
		p := processes[i/2%2]
		all.Go(func() {
			if i%2 == 0 {
				errs[i] = p.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA)
			} else {
				errs[i] = p.AdmitResumable(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, manyUploads)
			}
		})
	}
	waittest.Group(t, &all)
	admitted := 0
	for _, err := range errs {
		if err == nil {
			admitted++
			continue
		}
		wantQuotaError(t, err, Videos)
	}
	if admitted != 1 {
		t.Errorf("%d admitted to one free slot", admitted)
	}
	wantSlots(t, d, u.SessionID, 7)
}

func TestTooManyUploadsTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	processes := []*DB{openAt(t, path), openAt(t, path)}
	u := newUser(t, processes[0], "john")
	errs := make([]error, 20)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = processes[i%2].AdmitResumable(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, 3)
		})
	}
	waittest.Group(t, &all)
	admitted := 0
	for _, err := range errs {
		if err == nil {
			admitted++
		} else if !errors.Is(err, ErrTooManyUploads) {
			t.Errorf("got %v, want %v", err, ErrTooManyUploads)
		}
	}
	if admitted != 3 {
		t.Errorf("%d admitted where 3 may be unfinished", admitted)
	}
}

// TestCompleteTogether completes one upload from many requests and drops it
// meanwhile: whoever is first has it.
func TestCompleteTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	processes := []*DB{openAt(t, path), openAt(t, path)}
	d := processes[0]
	u := newUser(t, d, "john")
	for range 10 {
		id := admitResumable(t, d, u.SessionID)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				if i == 0 {
					errs[i] = processes[1].DropUpload(t.Context(), id)
				} else {
					_, errs[i] = processes[i%2].Complete(t.Context(), id, processA)
				}
			})
		}
		waittest.Group(t, &all)
		first := 0
		for _, err := range errs {
			if err == nil {
				first++
			} else if !errors.Is(err, ErrNotFound) {
				t.Errorf("got %v, want %v", err, ErrNotFound)
			}
		}
		if first != 1 {
			t.Errorf("%d were first", first)
		}
		want := Measuring
		if errs[0] == nil {
			want = gone
		}
		wantStatus(t, d, id, want)
		if err := d.Abandon(t.Context(), id); err != nil && want != gone {
			t.Fatal(err)
		}
	}
}

func TestDropRejected(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return now }})
	u := newUser(t, d, "john")
	kept := map[string]Status{
		admitResumable(t, d, u.SessionID): Receiving, complete(t, d, u.SessionID): Measuring,
		acceptResumable(t, d, u.SessionID): Accepted, upload(t, d, u.SessionID, time.Second): Accepted,
	}
	dropped := []string{rejectResumable(t, d, u.SessionID), reject(t, d, u.SessionID)}
	waiting := complete(t, d, u.SessionID) // It is old, but was rejected only now.
	now = now.Add(time.Hour)
	if err := d.Reject(t.Context(), waiting, "not-a-video"); err != nil {
		t.Fatal(err)
	}
	kept[waiting] = Rejected

	if err := d.DropRejected(t.Context(), now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, id := range dropped {
		wantStatus(t, d, id, Rejected) // not before, but at that moment
	}
	if err := d.DropRejected(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for _, id := range dropped {
		wantStatus(t, d, id, gone)
	}
	for id, status := range kept {
		wantStatus(t, d, id, status)
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: 2, Duration: 2 * time.Second})
}

func wantVideos(t *testing.T, what string, list []Video, err error, want ...string) {
	t.Helper()
	var got []string
	for _, v := range list {
		got = append(got, v.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v: %v", what, got, want, err)
	}
}

func TestUnfinishedAndUnmeasured(t *testing.T) {
	d := open(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	lists := func(unfinished, ofA, ofB []string) {
		t.Helper()
		list, err := d.Unfinished(t.Context())
		wantVideos(t, "unfinished", list, err, unfinished...)
		list, err = d.Unmeasured(t.Context(), processA)
		wantVideos(t, "unmeasured by A", list, err, ofA...)
		list, err = d.Unmeasured(t.Context(), processB)
		wantVideos(t, "unmeasured by B", list, err, ofB...)
	}
	lists(nil, nil, nil)
	admit(t, d, john.SessionID)
	receive(t, d, john.SessionID)
	upload(t, d, john.SessionID, time.Second)
	reject(t, d, john.SessionID)
	lists(nil, nil, nil) // Forms are another matter.

	one, two := admitResumable(t, d, john.SessionID), admitResumable(t, d, jane.SessionID)
	three := complete(t, d, john.SessionID)
	acceptResumable(t, d, john.SessionID)
	rejectResumable(t, d, john.SessionID)
	lists([]string{one, two}, []string{three}, nil)
	if _, err := d.Complete(t.Context(), two, processB); err != nil {
		t.Fatal(err)
	}
	lists([]string{one}, []string{three}, []string{two})
	if err := errors.Join(d.DropUpload(t.Context(), one), d.Reject(t.Context(), three, "x")); err != nil {
		t.Fatal(err)
	}
	lists(nil, nil, []string{two})
}

// TestReleaseSlotsOfResumable has a process die with both kinds of uploads.
func TestReleaseSlotsOfResumable(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	received, measured := admitResumable(t, d, u.SessionID), complete(t, d, u.SessionID)
	accepted, rejected := acceptResumable(t, d, u.SessionID), rejectResumable(t, d, u.SessionID)
	form := []string{admit(t, d, u.SessionID), receive(t, d, u.SessionID)}
	slices.Sort(form)
	wantHolders(t, d, processA)

	ids, err := d.ReleaseSlots(t.Context(), processA, processB)
	if slices.Sort(ids); err != nil || !slices.Equal(ids, form) {
		t.Errorf("released %v, want %v: %v", ids, form, err)
	}
	for id, status := range map[string]Status{
		received: Receiving, measured: Measuring, accepted: Accepted, rejected: Rejected, form[0]: gone, form[1]: gone,
	} {
		wantStatus(t, d, id, status)
	}
	wantHolders(t, d, processB)
	wantSlots(t, d, u.SessionID, 2)
	list, err := d.Unmeasured(t.Context(), processB)
	wantVideos(t, "taken over", list, err, measured)
	for id, owner := range map[string]string{received: "", accepted: processA, rejected: processA} {
		if n := number(t, d, "SELECT count(*) FROM videos WHERE id = $1 AND process_id = $2", id, owner); n != 1 {
			t.Errorf("%s is no longer of process %q", id, owner)
		}
	}

	// Nobody's uploads are nobody's to release.
	before := dump(t, d)
	if ids, err := d.ReleaseSlots(t.Context(), processA, processB); err != nil || len(ids) != 0 {
		t.Errorf("the second time: %v, %v", ids, err)
	}
	if after := dump(t, d); after != before {
		t.Errorf("the second time changed\n%s\nto\n%s", before, after)
	}
	if _, _, err := d.Accept(t.Context(), measured, Measured{Duration: time.Second, Container: "mp4"}); err != nil {
		t.Errorf("what was taken over: %v", err)
	}
}
