package db

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// wantUsage requires that a session and the sum of its ledger agree.
func wantUsage(t *testing.T, d *DB, sessionID string, want Usage) {
	t.Helper()
	s, err := d.Session(t.Context(), sessionID)
	if err != nil {
		t.Fatal(err)
	}
	if s.Usage != want {
		t.Errorf("usage of %s is %+v, want %+v", sessionID, s.Usage, want)
	}
	if sum := ledger(t, d, sessionID); sum != want {
		t.Errorf("the ledger of %s sums up to %+v, want %+v", sessionID, sum, want)
	}
}

func ledger(t *testing.T, d *DB, sessionID string) Usage {
	t.Helper()
	return Usage{
		Videos:   number(t, d, "SELECT coalesce(sum(videos_delta), 0) FROM events WHERE session_id = $1", sessionID),
		Duration: durationOf(number(t, d, "SELECT coalesce(sum(duration_delta_ms), 0) FROM events WHERE session_id = $1", sessionID)),
	}
}

// wantQuotaError requires that an upload was refused for that reason.
func wantQuotaError(t *testing.T, err error, want Resource) *QuotaError {
	t.Helper()
	var e *QuotaError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a QuotaError", err)
	}
	if e.Resource != want {
		t.Errorf("refused for %s, want %s", e.Resource, want)
	}
	return e
}

func TestRemaining(t *testing.T) {
	for _, test := range []struct {
		what     string
		usage    Usage
		limits   Limits
		videos   int64
		duration time.Duration
	}{
		{"nothing used", Usage{}, Limits{Videos: 10, Duration: time.Minute}, 10, time.Minute},
		{"some used", Usage{3, time.Second}, Limits{Videos: 10, Duration: time.Minute}, 7, 59 * time.Second},
		{"all used", Usage{10, time.Minute}, Limits{Videos: 10, Duration: time.Minute}, 0, 0},
		{"more than all", Usage{11, time.Hour}, Limits{Videos: 10, Duration: time.Minute}, 0, 0},
		{"nothing allowed", Usage{}, Limits{}, 0, 0},
	} {
		q := Quota{Usage: test.usage, Limits: test.limits}
		if got := q.RemainingVideos(); got != test.videos {
			t.Errorf("%s: %d videos remain, want %d", test.what, got, test.videos)
		}
		if got := q.RemainingDuration(); got != test.duration {
			t.Errorf("%s: %v remain, want %v", test.what, got, test.duration)
		}
	}
}

func TestOwnLimits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	d := openAt(t, path)
	u := newUser(t, d, "john")
	changed := openWith(t, Options{Path: path, Defaults: Limits{Videos: 20, Duration: time.Hour, FileBytes: 1 << 20}})
	for _, test := range []struct {
		what, change string
		want         Limits // under the usual defaults
		changed      Limits // under the changed ones
	}{
		{"none", "max_videos = NULL", defaults, changed.defaults},
		{"videos", "max_videos = 3", Limits{3, 10 * time.Minute, 500 << 20}, Limits{3, time.Hour, 1 << 20}},
		{"duration", "max_videos = NULL, max_duration_ms = 1", Limits{10, time.Millisecond, 500 << 20}, Limits{20, time.Millisecond, 1 << 20}},
		{"file", "max_duration_ms = NULL, max_file_bytes = 7", Limits{10, 10 * time.Minute, 7}, Limits{20, time.Hour, 7}},
		{"none of anything", "max_videos = 0, max_duration_ms = 0, max_file_bytes = 0", Limits{}, Limits{}},
	} {
		alter(t, d, "UPDATE quota_sessions SET "+test.change)
		for who, want := range map[*DB]Limits{d: test.want, changed: test.changed} {
			s, err := who.Session(t.Context(), u.SessionID)
			if err != nil || s.Limits != want {
				t.Errorf("%s: session has %+v, want %+v: %v", test.what, s.Limits, want, err)
			}
			a, err := who.SignedIn(t.Context(), u.ID, 1, "token")
			if err != nil || a.Quota.Limits != want {
				t.Errorf("%s: account has %+v, want %+v: %v", test.what, a.Quota.Limits, want, err)
			}
			q, err := who.quota(t.Context(), who.reader, u.SessionID)
			if err != nil || q.Limits != want {
				t.Errorf("%s: quota has %+v, want %+v: %v", test.what, q.Limits, want, err)
			}
		}
	}
}

func TestLimitsLoweredBelowUsage(t *testing.T) {
	for _, test := range []struct {
		what, change string
		resource     Resource
		videos       int64
		duration     time.Duration
	}{
		{"videos", "max_videos = 1", Videos, 0, 10*time.Minute - 3*time.Second},
		{"duration", "max_duration_ms = 1000", Duration, 7, 0},
		{"both", "max_videos = 1, max_duration_ms = 1000", Videos, 0, 0},
		{"to nothing", "max_videos = 0, max_duration_ms = 0", Videos, 0, 0},
	} {
		t.Run(test.what, func(t *testing.T) {
			d := open(t)
			u := newUser(t, d, "john")
			for range 3 {
				upload(t, d, u.SessionID, time.Second)
			}
			waiting := receive(t, d, u.SessionID)
			alter(t, d, "UPDATE quota_sessions SET "+test.change)

			s, err := d.Session(t.Context(), u.SessionID)
			if err != nil {
				t.Fatal(err)
			}
			if s.RemainingVideos() != test.videos || s.RemainingDuration() != test.duration {
				t.Errorf("%d videos and %v remain, want %d and %v", s.RemainingVideos(), s.RemainingDuration(), test.videos, test.duration)
			}
			wantQuotaError(t, d.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA), test.resource)
			_, _, err = d.Accept(t.Context(), waiting, Measured{Duration: time.Second, Container: "mp4"})
			wantQuotaError(t, err, test.resource)
			wantUsage(t, d, u.SessionID, Usage{Videos: 3, Duration: 3 * time.Second})
		})
	}
}

func TestReset(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return now }})
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	id := upload(t, d, u.SessionID, 1234*time.Millisecond)
	upload(t, d, u.SessionID, 9*time.Minute)
	upload(t, d, other.SessionID, time.Second)
	uploaded := now
	now = now.Add(time.Hour)

	s, err := d.Reset(t.Context(), QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: "ขอเริ่มใหม่"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Usage != (Usage{}) || s.Username != "john" || !s.UpdatedAt.Equal(now) || s.LastUploadAt == nil || !s.LastUploadAt.Equal(uploaded) {
		t.Errorf("session after the reset: %+v", s)
	}
	wantUsage(t, d, u.SessionID, Usage{})
	wantUsage(t, d, other.SessionID, Usage{Videos: 1, Duration: time.Second})
	if n := number(t, d, `
		SELECT count(*) FROM events WHERE session_id = $1 AND kind = 'reset' AND actor = 'admin' AND reason = 'ขอเริ่มใหม่'
		AND video_id IS NULL AND videos_delta = -2 AND duration_delta_ms = -541234 AND created_at = $2`,
		u.SessionID, now.UnixMilli()); n != 1 {
		t.Errorf("%d events of the reset", n)
	}
	wantStatus(t, d, id, Accepted)

	upload(t, d, u.SessionID, 10*time.Minute)
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: 10 * time.Minute})
	for range 2 { // the second finds nothing to reset
		if _, err := d.Reset(t.Context(), QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: ""}); err != nil {
			t.Fatal(err)
		}
		wantUsage(t, d, u.SessionID, Usage{})
	}

	before := dump(t, d)
	if _, err := d.Reset(t.Context(), QuotaChange{SessionID: "user_nobody", Actor: "admin", Reason: ""}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want %v", err, ErrNotFound)
	}
	if after := dump(t, d); after != before {
		t.Errorf("a reset of nobody changed\n%s\nto\n%s", before, after)
	}
}

func TestResetDuringUploads(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	var all sync.WaitGroup
	for range 10 {
		id := receive(t, d, u.SessionID)
		all.Go(func() {
			if _, _, err := d.Accept(t.Context(), id, Measured{Duration: 7001 * time.Millisecond, Container: "mp4"}); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := d.Reset(t.Context(), QuotaChange{SessionID: u.SessionID, Actor: "admin", Reason: ""}); err != nil {
				t.Error(err)
			}
		})
	}
	waittest.Group(t, &all)
	s, err := d.Session(t.Context(), u.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	wantUsage(t, d, u.SessionID, s.Usage)
	if s.Usage.Duration != time.Duration(s.Usage.Videos)*7001*time.Millisecond {
		t.Errorf("half a video is counted: %+v", s.Usage)
	}
}

func TestExactMilliseconds(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	const count = 60
	alter(t, d, "UPDATE quota_sessions SET max_videos = 1000, max_duration_ms = $1", count*333)
	for i := range int64(count) {
		_, q, err := d.Accept(t.Context(), receive(t, d, u.SessionID), Measured{Duration: 333 * time.Millisecond, Container: "mp4"})
		if want := durationOf((i + 1) * 333); err != nil || q.Usage.Duration != want {
			t.Fatalf("video %d: %v used, want %v: %v", i, q.Usage.Duration, want, err)
		}
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: count, Duration: 19980 * time.Millisecond})
	wantQuotaError(t, d.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA), Duration)
}

func TestFractionOfAMillisecond(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	v, q, err := d.Accept(t.Context(), receive(t, d, u.SessionID), Measured{Duration: 1999 * time.Microsecond, Container: "mp4"})
	if err != nil {
		t.Fatal(err)
	}
	if v.Duration != time.Millisecond || q.Usage.Duration != v.Duration {
		t.Errorf("the video has %v and the quota %v, want whole milliseconds in both", v.Duration, q.Usage.Duration)
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: time.Millisecond})
}
