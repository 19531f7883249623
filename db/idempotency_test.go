package db

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func request(u User, key string) *Request {
	return &Request{UserID: u.ID, Path: "x", Key: key, BodyHash: "hash", ProcessID: processA}
}

func events(t *testing.T, d *DB, u User) int64 {
	t.Helper()
	return number(t, d, "SELECT count(*) FROM events WHERE session_id = $1", u.SessionID)
}

// TestSentAgain sends changes twice: what is the same request changes nothing and
// is answered like the first.
func TestSentAgain(t *testing.T) {
	plus := func(d *DB, a QuotaChange) (Session, error) { return d.Correct(t.Context(), a, Usage{1, time.Second}) }
	minus := func(d *DB, a QuotaChange) (Session, error) { return d.Correct(t.Context(), a, Usage{-1, -time.Second}) }
	reset := func(d *DB, a QuotaChange) (Session, error) { return d.Reset(t.Context(), a) }
	limits := func(d *DB, a QuotaChange) (Session, error) {
		return d.SetLimits(t.Context(), a, OwnLimits{Videos: new(int64(3)), Duration: new(time.Minute)})
	}
	for what, test := range map[string]struct {
		first, second func(*DB, QuotaChange) (Session, error)
		alter         func(*QuotaChange) // of the second
		later         time.Duration
		want          int64 // events
	}{
		"a correction":                      {plus, plus, nil, 0, 1},
		"a correction to nothing":           {minus, minus, nil, 0, 1},
		"a reset":                           {reset, reset, nil, 0, 1},
		"limits":                            {limits, limits, nil, 0, 1},
		"another correction":                {plus, minus, nil, 0, 2},
		"a reset after a correction":        {plus, reset, nil, 0, 2},
		"with another reason":               {plus, plus, func(a *QuotaChange) { a.Reason = "y" }, 0, 2},
		"by another admin":                  {plus, plus, func(a *QuotaChange) { a.Actor = "boss" }, 0, 2},
		"by a command":                      {plus, plus, func(a *QuotaChange) { a.Request = nil }, 0, 2},
		"a reset by a command":              {reset, reset, func(a *QuotaChange) { a.Request = nil }, 0, 2},
		"with a key of its own":             {plus, plus, func(a *QuotaChange) { a.Request.Key = "2" }, 0, 2},
		"at the end of the moment":          {plus, plus, nil, repeatWindow - 1, 1},
		"after the moment":                  {plus, plus, nil, repeatWindow, 2},
		"a moment before, by another clock": {plus, plus, nil, -time.Second, 1},
	} {
		t.Run(what, func(t *testing.T) {
			d, now := ticking(t, Options{})
			u := newUser(t, d, "john")
			upload(t, d, u.SessionID, time.Second)
			act := func() QuotaChange {
				return QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "x", Request: request(u, "")}
			}
			before, err := test.first(d, act())
			if err != nil {
				t.Fatal(err)
			}
			*now = now.Add(test.later)
			a := act()
			if test.alter != nil {
				test.alter(&a)
			}
			after, err := test.second(d, a)
			if err != nil {
				t.Fatal(err)
			}
			if n := events(t, d, u) - 1; n != test.want {
				t.Errorf("%d events, want %d", n, test.want)
			}
			if test.want == 1 && (after.Usage != before.Usage || after.Limits != before.Limits || !after.UpdatedAt.Equal(before.UpdatedAt)) {
				t.Errorf("answered with %+v, first with %+v", after, before)
			}
		})
	}
}

// TestKeys sends requests with a key again: a day long they are answered like the
// first, whatever has happened since.
func TestKeys(t *testing.T) {
	d, now := ticking(t, Options{})
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	correct := func(r *Request) (Session, error) {
		return d.Correct(t.Context(), QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "x", Request: r}, Usage{1, time.Second})
	}
	first, err := correct(request(u, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reset(t.Context(), QuotaChange{SessionID: u.SessionID, Actor: "boss"}); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(keyLife - 1)
	if again, err := correct(request(u, "a")); err != nil || again.Usage != first.Usage || !again.UpdatedAt.Equal(first.UpdatedAt) || again.Username != "john" {
		t.Errorf("answered with %+v, %v", again, err)
	}
	reused := request(u, "a")
	reused.BodyHash = "other"
	if _, err := correct(reused); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body: %v", err)
	}
	wantUsage(t, d, u.SessionID, Usage{})
	elsewhere := request(u, "a")
	elsewhere.Path = "y"
	for i, r := range []*Request{request(u, "b"), request(other, "a"), elsewhere} {
		if _, err := correct(r); err != nil {
			t.Fatal(err)
		}
		wantUsage(t, d, u.SessionID, Usage{int64(i + 1), time.Duration(i+1) * time.Second})
	}
	*now = now.Add(time.Millisecond)
	if _, err := correct(request(u, "a")); err != nil {
		t.Fatal(err)
	}
	wantUsage(t, d, u.SessionID, Usage{4, 4 * time.Second})
	*now = now.Add(keyLife)
	if err := d.DropEnded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := number(t, d, "SELECT count(*) FROM idempotency_keys"); n != 0 {
		t.Errorf("%d keys are left after a day", n)
	}
}

// TestRefusedKey is free again: nothing was changed.
func TestRefusedKey(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	a := QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "x", Request: request(u, "a")}
	if _, err := d.Correct(t.Context(), a, Usage{-1, 0}); !errors.Is(err, ErrBelowZero) {
		t.Fatal(err)
	}
	if _, err := d.Correct(t.Context(), a, Usage{1, 0}); err != nil {
		t.Error(err)
	}
}

// TestSentAtOnce sends one correction from many goroutines of two processes, with
// a key and without one. It counts once.
func TestSentAtOnce(t *testing.T) {
	for _, key := range []string{"", "a"} {
		path := t.TempDir() + "/x.db"
		processes := []*DB{openAt(t, path), openAt(t, path)}
		u := newUser(t, processes[0], "john")
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				a := QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "x", Request: request(u, key)}
				s, err := processes[i%2].Correct(t.Context(), a, Usage{1, time.Second})
				if err != nil || s.Usage != (Usage{1, time.Second}) {
					t.Errorf("key %q: %+v, %v", key, s.Usage, err)
				}
			})
		}
		waittest.Group(t, &all)
		if n := events(t, processes[0], u); n != 1 {
			t.Errorf("key %q: %d events", key, n)
		}
	}
}

// TestManyWithAKey has a change of many sessions cut off by a death: the request
// sent again goes on where the first one was, and changes each session once.
func TestManyWithAKey(t *testing.T) {
	d := open(t)
	admin := newUser(t, d, "admin")
	for i := range 2*changeBatch + 1 {
		newUser(t, d, fmt.Sprint("u", i))
	}
	const total = 2*changeBatch + 2
	reset := func(ctx context.Context, process string) (int64, error) {
		r := request(admin, "a")
		r.ProcessID = process
		return d.ResetMany(ctx, Selection{}, QuotaChange{Actor: "admin", Request: r}, total)
	}
	// The trigger stands for a disk that fails in the second batch.
	alter(t, d, `CREATE TRIGGER full BEFORE INSERT ON events WHEN (SELECT count(*) FROM events) >= 700
		BEGIN SELECT RAISE(ABORT, 'full'); END`)
	if n, err := reset(t.Context(), processA); n != changeBatch || err == nil {
		t.Fatalf("%d, %v", n, err)
	}
	alter(t, d, "DROP TRIGGER full")
	// The process dies before it can say that it has stopped.
	alter(t, d, "UPDATE idempotency_keys SET process_id = '"+processA+"'")
	if _, err := reset(t.Context(), processB); !errors.Is(err, ErrKeyInUse) {
		t.Errorf("under way: %v", err)
	}
	holders, err := d.SlotHolders(t.Context())
	if err != nil || len(holders) != 1 || holders[0] != processA {
		t.Errorf("holders %v, %v", holders, err)
	}
	if _, err := d.ReleaseSlots(t.Context(), processA, processB); err != nil {
		t.Fatal(err)
	}
	// A request that panics leaves its key as one that fails does.
	func() {
		defer func() { _ = recover() }()
		asked := 0
		d.now = func() time.Time {
			if asked++; asked > 1 { // The key was taken by then.
				panic("x")
			}
			return time.Now()
		}
		_, _ = reset(t.Context(), processB)
		t.Error("no panic")
	}()
	d.now = time.Now
	newUser(t, d, "late") // Nobody is asked again how many are meant.
	for range 2 {
		if n, err := reset(t.Context(), processA); n != total+1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if n := number(t, d, "SELECT count(*) FROM events"); n != total+1 {
		t.Errorf("%d events, want %d", n, total+1)
	}
	wrong := request(admin, "b")
	if _, err := d.ResetMany(t.Context(), Selection{}, QuotaChange{Request: wrong}, 1); !errors.Is(err, ErrSelectionChanged) {
		t.Error(err)
	}
	if n := number(t, d, "SELECT count(*) FROM idempotency_keys WHERE key = 'b'"); n != 0 {
		t.Error("a refused request keeps its key")
	}
}

// TestUploadWithAKey is counted once; one that comes to nothing frees its key, as
// does the death of its process.
func TestUploadWithAKey(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	admit := func(id string) (*AcceptedUpload, error) {
		return d.AdmitOnce(t.Context(), Upload{ID: id, SessionID: u.SessionID}, request(u, "a"))
	}
	for what, end := range map[string]func(id string) error{
		"abandoned":    func(id string) error { return d.Abandon(t.Context(), id) },
		"its own dead": func(string) error { _, err := d.ReleaseSlots(t.Context(), processA, processB); return err },
	} {
		id := newID()
		if first, err := admit(id); first != nil || err != nil {
			t.Fatalf("%s: %+v, %v", what, first, err)
		}
		if _, err := admit(newID()); !errors.Is(err, ErrKeyInUse) {
			t.Errorf("%s: a second one: %v", what, err)
		}
		if err := end(id); err != nil {
			t.Fatal(err)
		}
	}
	id := newID()
	if _, err := admit(id); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Received(t.Context(), id, "a.wav", 5); err != nil {
		t.Fatal(err)
	}
	v, q, err := d.Accept(t.Context(), id, Measured{Duration: time.Second, Container: "wav"})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := admit(newID()); err != nil || first == nil || !reflect.DeepEqual(first.Video, v) || first.Quota != q {
		t.Errorf("answered with %+v, %v, want %+v, %+v", first, err, v, q)
	}
	if err := d.Abandon(t.Context(), id); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want %v", err, ErrNotFound)
	}
	wantUsage(t, d, u.SessionID, Usage{1, time.Second})
}
