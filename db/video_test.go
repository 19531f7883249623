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

func admit(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	id := newID()
	if err := d.Admit(t.Context(), Upload{ID: id, SessionID: sessionID}, processA); err != nil {
		t.Fatal(err)
	}
	return id
}

func receive(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	id := admit(t, d, sessionID)
	if _, err := d.Received(t.Context(), id, "คลิป.mp4", 1000); err != nil {
		t.Fatal(err)
	}
	return id
}

func upload(t *testing.T, d *DB, sessionID string, duration time.Duration) string {
	t.Helper()
	id := receive(t, d, sessionID)
	if _, _, err := d.Accept(t.Context(), id, Measured{Duration: duration, Container: "mp4"}); err != nil {
		t.Fatal(err)
	}
	return id
}

func reject(t *testing.T, d *DB, sessionID string) string {
	t.Helper()
	id := receive(t, d, sessionID)
	alter(t, d, "UPDATE videos SET status = 'rejected', reason = 'not a video' WHERE id = $1", id)
	return id
}

const gone Status = "" // of a video without a row

func wantStatus(t *testing.T, d *DB, videoID string, want Status) {
	t.Helper()
	if n := number(t, d, "SELECT count(*) FROM videos WHERE id = $1", videoID); n == 0 && want == gone {
		return
	}
	if n := number(t, d, "SELECT count(*) FROM videos WHERE id = $1 AND status = $2", videoID, want); n != 1 {
		t.Errorf("video %s is not %q", videoID, want)
	}
}

func TestVideoStates(t *testing.T) {
	start := map[Status]func(*testing.T, *DB, string) string{
		gone:      func(*testing.T, *DB, string) string { return newID() },
		Receiving: admit,
		Measuring: receive,
		Accepted: func(t *testing.T, d *DB, sessionID string) string {
			return upload(t, d, sessionID, time.Second)
		},
		Rejected: reject,
	}
	steps := map[string]func(*testing.T, *DB, string, string) error{
		"admit": func(t *testing.T, d *DB, sessionID, id string) error {
			return d.Admit(t.Context(), Upload{ID: id, SessionID: sessionID}, processA)
		},
		"received": func(t *testing.T, d *DB, _, id string) error {
			_, err := d.Received(t.Context(), id, "a.mp4", 1)
			return err
		},
		"accept": func(t *testing.T, d *DB, _, id string) error {
			_, _, err := d.Accept(t.Context(), id, Measured{Duration: time.Second, Container: "mp4"})
			return err
		},
		"delete": func(t *testing.T, d *DB, sessionID, id string) error {
			return d.DeleteVideo(t.Context(), sessionID, id)
		},
	}
	errTaken := errors.New("any error")
	for _, test := range []struct {
		from Status
		step string
		to   Status
		want error
	}{
		{gone, "admit", Receiving, nil},
		{gone, "received", gone, ErrNotFound},
		{gone, "accept", gone, ErrNotFound},
		{gone, "delete", gone, ErrNotFound},
		{Receiving, "admit", Receiving, errTaken},
		{Receiving, "received", Measuring, nil},
		{Receiving, "accept", Receiving, ErrNotFound},
		{Receiving, "delete", Receiving, ErrNotFound},
		{Measuring, "admit", Measuring, errTaken},
		{Measuring, "received", Measuring, ErrNotFound},
		{Measuring, "accept", Accepted, nil},
		{Measuring, "delete", Measuring, ErrNotFound},
		{Accepted, "admit", Accepted, errTaken},
		{Accepted, "received", Accepted, ErrNotFound},
		{Accepted, "accept", Accepted, ErrNotFound},
		{Accepted, "delete", gone, nil},
		{Rejected, "admit", Rejected, errTaken},
		{Rejected, "received", Rejected, ErrNotFound},
		{Rejected, "accept", Rejected, ErrNotFound},
		{Rejected, "delete", gone, nil},
	} {
		t.Run(fmt.Sprintf("%s %s", test.from, test.step), func(t *testing.T) {
			d := open(t)
			u := newUser(t, d, "john")
			id := start[test.from](t, d, u.SessionID)
			before := dump(t, d)
			err := steps[test.step](t, d, u.SessionID, id)
			if test.want == errTaken {
				if err == nil {
					t.Error("an id was taken twice")
				}
			} else if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			wantStatus(t, d, id, test.to)
			if after := dump(t, d); err != nil && after != before {
				t.Errorf("a step that was refused changed\n%s\nto\n%s", before, after)
			}
		})
	}
}

func TestAbandon(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	for _, test := range []struct {
		what, id string
		want     error
		to       Status
	}{
		{"unknown", newID(), ErrNotFound, gone},
		{"receiving", admit(t, d, u.SessionID), nil, gone},
		{"measuring", receive(t, d, u.SessionID), nil, gone},
		{"rejected", reject(t, d, u.SessionID), ErrNotFound, Rejected},
		{"accepted", upload(t, d, u.SessionID, time.Second), ErrNotFound, Accepted},
	} {
		if err := d.Abandon(t.Context(), test.id); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.what, err, test.want)
		}
		if err := d.Abandon(t.Context(), test.id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s, again: got %v, want %v", test.what, err, ErrNotFound)
		}
		wantStatus(t, d, test.id, test.to)
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: time.Second})
}

func TestAdmitCountsSlots(t *testing.T) {
	d := open(t)
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	alter(t, d, "UPDATE quota_sessions SET max_videos = 3")
	for range 3 {
		admit(t, d, other.SessionID) // others' slots take nothing from john
	}
	reject(t, d, u.SessionID) // nor does what was rejected
	upload(t, d, u.SessionID, time.Second)
	receive(t, d, u.SessionID)
	last := admit(t, d, u.SessionID)

	e := wantQuotaError(t, d.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA), Videos)
	if e.Quota.SessionID != u.SessionID || e.Quota.Usage.Videos != 1 || e.Quota.Limits.Videos != 3 || e.Asked != 0 {
		t.Errorf("the error tells %+v", e)
	}
	if e.Error() == "" {
		t.Error("the error has no text")
	}
	if err := d.Abandon(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	admit(t, d, u.SessionID)
	wantQuotaError(t, d.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA), Videos)
	if err := d.Admit(t.Context(), Upload{ID: newID(), SessionID: "user_nobody"}, processA); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: got %v, want %v", err, ErrNotFound)
	}
}

func TestAdmitTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	processes := []*DB{openAt(t, path), openAt(t, path)} // as two processes have them
	d := processes[0]
	u := newUser(t, d, "john")
	for range 3 {
		upload(t, d, u.SessionID, time.Second)
	}
	for range 3 {
		admit(t, d, u.SessionID)
	}
	errs := make([]error, 200)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = processes[i%2].Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA)
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
	if admitted != 4 {
		t.Errorf("%d admitted to 4 free slots", admitted)
	}
	if n := number(t, d, "SELECT count(*) FROM videos"); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

func TestReceived(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	upload(t, d, u.SessionID, 4*time.Second)
	id := admit(t, d, u.SessionID)
	q, err := d.Received(t.Context(), id, "งานแต่ง.mp4", 123)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Quota{SessionID: u.SessionID, Usage: Usage{Videos: 1, Duration: 4 * time.Second}, Limits: defaults}); q != want {
		t.Errorf("got %+v, want %+v", q, want)
	}
	v, err := d.Video(t.Context(), u.SessionID, id)
	if err != nil || v.Filename != "งานแต่ง.mp4" || v.SizeBytes != 123 || v.Status != Measuring {
		t.Errorf("%+v: %v", v, err)
	}
}

func TestAccept(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_123).UTC()
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return now }})
	u := newUser(t, d, "John")
	admitted := now
	id := receive(t, d, u.SessionID)
	now = now.Add(time.Minute)

	v, q, err := d.Accept(t.Context(), id, Measured{Duration: 450500 * time.Millisecond, Container: "matroska"})
	if err != nil {
		t.Fatal(err)
	}
	want := Video{
		ID: id, SessionID: "user_John", Filename: "คลิป.mp4", SizeBytes: 1000,
		Duration: 450500 * time.Millisecond, Container: "matroska", Status: Accepted, Tracks: Tracks{}, CreatedAt: admitted,
	}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %+v, want %+v", v, want)
	}
	if read, err := d.Video(t.Context(), u.SessionID, id); err != nil || !reflect.DeepEqual(read, want) {
		t.Errorf("read %+v, want %+v: %v", read, want, err)
	}
	usage := Usage{Videos: 1, Duration: want.Duration}
	if q != (Quota{SessionID: "user_John", Usage: usage, Limits: defaults}) {
		t.Errorf("quota %+v", q)
	}
	wantUsage(t, d, u.SessionID, usage)
	if n := number(t, d, `
		SELECT count(*) FROM events WHERE session_id = 'user_John' AND kind = 'upload' AND actor = 'John'
		AND video_id = $1 AND videos_delta = 1 AND duration_delta_ms = 450500 AND created_at = $2`, id, now.UnixMilli()); n != 1 {
		t.Errorf("%d events of the upload", n)
	}
	s, err := d.Session(t.Context(), u.SessionID)
	if err != nil || s.LastUploadAt == nil || !s.LastUploadAt.Equal(now) || !s.UpdatedAt.Equal(now) || !s.CreatedAt.Equal(admitted) {
		t.Errorf("session %+v: %v", s, err)
	}
}

func TestAcceptAtTheLimit(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	upload(t, d, u.SessionID, 9*time.Minute)
	id := receive(t, d, u.SessionID)
	before := dump(t, d)

	_, _, err := d.Accept(t.Context(), id, Measured{Duration: time.Minute + time.Millisecond, Container: "mp4"})
	e := wantQuotaError(t, err, Duration)
	if e.Asked != time.Minute+time.Millisecond || e.Quota.RemainingDuration() != time.Minute || e.Quota.Usage.Videos != 1 {
		t.Errorf("the error tells %+v", e)
	}
	if after := dump(t, d); after != before {
		t.Errorf("a refused video changed\n%s\nto\n%s", before, after)
	}
	if _, _, err := d.Accept(t.Context(), id, Measured{Duration: time.Minute, Container: "mp4"}); err != nil {
		t.Errorf("exactly what remains: %v", err)
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: 2, Duration: 10 * time.Minute})
	wantQuotaError(t, d.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA), Duration)
}

func TestAcceptTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	processes := []*DB{openAt(t, path), openAt(t, path)}
	d := processes[0]
	u := newUser(t, d, "john")
	const limit = 10 * time.Second
	alter(t, d, "UPDATE quota_sessions SET max_videos = 1000, max_duration_ms = $1", limit.Milliseconds())
	const count = 48
	ids, durations, errs := [count]string{}, [count]time.Duration{}, [count]error{}
	for i := range ids {
		ids[i] = receive(t, d, u.SessionID)
		durations[i] = durationOf(int64(101 + i*37%1000))
	}
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			_, _, errs[i] = processes[i%2].Accept(t.Context(), ids[i], Measured{Duration: durations[i], Container: "mp4"})
		})
	}
	waittest.Group(t, &all)

	var sum Usage
	for i, err := range errs {
		if err == nil {
			sum.Videos++
			sum.Duration += durations[i]
			wantStatus(t, d, ids[i], Accepted)
		}
	}
	if sum.Duration > limit || sum.Videos == 0 || sum.Videos == count {
		t.Errorf("%d videos of %v accepted under a limit of %v", sum.Videos, sum.Duration, limit)
	}
	for i, err := range errs {
		if err == nil {
			continue
		}
		wantQuotaError(t, err, Duration)
		wantStatus(t, d, ids[i], Measuring)
		if durations[i] <= limit-sum.Duration {
			t.Errorf("%v was refused though %v is left", durations[i], limit-sum.Duration)
		}
	}
	wantUsage(t, d, u.SessionID, sum)
}

func TestAcceptSignedOut(t *testing.T) {
	for what, change := range map[string]string{
		"disabled": "UPDATE users SET disabled = 1",
		"deleted":  "UPDATE users SET deleted_at = 1",
	} {
		t.Run(what, func(t *testing.T) {
			d := open(t)
			u := newUser(t, d, "john")
			id := receive(t, d, u.SessionID)
			alter(t, d, change)
			before := dump(t, d)
			if _, _, err := d.Accept(t.Context(), id, Measured{Duration: time.Second, Container: "mp4"}); !errors.Is(err, ErrSignedOut) {
				t.Errorf("got %v, want %v", err, ErrSignedOut)
			}
			if after := dump(t, d); after != before {
				t.Errorf("changed\n%s\nto\n%s", before, after)
			}
		})
	}
}

func TestDeleteVideoKeepsTheUsage(t *testing.T) {
	d := open(t)
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	id := upload(t, d, u.SessionID, time.Second)
	if err := d.DeleteVideo(t.Context(), other.SessionID, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("somebody else's: got %v, want %v", err, ErrNotFound)
	}
	wantStatus(t, d, id, Accepted)
	if err := d.DeleteVideo(t.Context(), u.SessionID, id); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, d, id, gone)
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: time.Second})
	if n := number(t, d, "SELECT count(*) FROM events WHERE video_id = $1", id); n != 1 {
		t.Errorf("%d events of the deleted video", n)
	}
	if err := d.DeleteVideo(t.Context(), u.SessionID, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("twice: got %v, want %v", err, ErrNotFound)
	}
}

func TestVideoOfOthers(t *testing.T) {
	d := open(t)
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	id := upload(t, d, u.SessionID, time.Second)
	for what, ask := range map[string][2]string{
		"somebody else's": {other.SessionID, id},
		"unknown":         {u.SessionID, newID()},
		"of nobody":       {"user_nobody", id},
	} {
		if v, err := d.Video(t.Context(), ask[0], ask[1]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %+v, %v, want %v", what, v, err, ErrNotFound)
		}
	}
	if _, err := d.Video(t.Context(), u.SessionID, id); err != nil {
		t.Error(err)
	}
}

func TestListVideos(t *testing.T) {
	d := open(t)
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	var want []string
	for range 2 {
		want = append(want, upload(t, d, u.SessionID, time.Second), admit(t, d, u.SessionID), receive(t, d, u.SessionID))
		upload(t, d, other.SessionID, time.Second)
	}
	slices.Reverse(want)

	for limit := 1; limit <= len(want)+1; limit++ {
		got, before := []string{}, ""
		for page := 0; ; page++ {
			list, more, err := d.ListVideos(t.Context(), u.SessionID, before, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				got = append(got, v.ID)
			}
			if wantMore := len(got) < len(want); more != wantMore || len(list) > limit || page > len(want) {
				t.Fatalf("limit %d, page %d: %d videos, more is %v, want %v", limit, page, len(list), more, wantMore)
			}
			if !more {
				break
			}
			before = got[len(got)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
	if list, more, err := d.ListVideos(t.Context(), "user_nobody", "", 5); err != nil || more || len(list) != 0 {
		t.Errorf("of nobody: %v, %v, %v", list, more, err)
	}
}

func TestListVideosWhileTheyChange(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	var ids []string
	for range 4 {
		ids = append(ids, upload(t, d, u.SessionID, time.Second))
	}
	if _, more, err := d.ListVideos(t.Context(), u.SessionID, "", 2); err != nil || !more {
		t.Fatal(more, err)
	}
	upload(t, d, u.SessionID, time.Second)
	if err := d.DeleteVideo(t.Context(), u.SessionID, ids[2]); err != nil { // where the first page ended
		t.Fatal(err)
	}
	list, more, err := d.ListVideos(t.Context(), u.SessionID, ids[2], 2)
	if err != nil || more || len(list) != 2 || list[0].ID != ids[1] || list[1].ID != ids[0] {
		t.Errorf("second page %+v, more is %v: %v", list, more, err)
	}
}
