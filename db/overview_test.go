package db

import (
	"testing"
	"time"
)

func TestOverview(t *testing.T) {
	bangkok := time.FixedZone("+07", 7*3600)
	now := time.Date(2026, 11, 24, 0, 30, 0, 0, bangkok) // still the 23rd in UTC
	clock := now
	d := openWith(t, Options{Path: t.TempDir() + "/x.db", Defaults: defaults, Now: func() time.Time { return clock }})
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	const size = 1000 // of each, in bytes
	var ids []string
	for _, u := range []struct {
		user     User
		at       time.Time
		duration time.Duration
	}{
		{john, now.AddDate(0, 0, -30), 7 * time.Second}, // before the first of 30 days
		{john, now.AddDate(0, 0, -29), 1500 * time.Millisecond},
		{john, now.Add(-31 * time.Minute), 2 * time.Second}, // yesterday in Bangkok
		{jane, now.Add(-30 * time.Minute), 3 * time.Second},
		{jane, now, 4 * time.Second},
	} {
		clock = u.at
		ids = append(ids, upload(t, d, u.user.SessionID, u.duration))
	}
	clock = now
	check := func(users, videos int64, duration time.Duration) {
		t.Helper()
		var starts []time.Time
		for i := range 30 {
			starts = append(starts, time.Date(2026, 11, 24-29+i, 0, 0, 0, 0, bangkok))
		}
		o, err := d.Overview(t.Context(), starts)
		if err != nil {
			t.Fatal(err)
		}
		if o.Users != users || o.Sessions != 2 || o.Videos != videos || o.Duration != duration || o.SizeBytes != videos*size {
			t.Errorf("totals %+v", o)
		}
		for i, day := range o.Days {
			want := map[int]UploadDay{
				0:  {Uploads: 1, Duration: 1500 * time.Millisecond},
				28: {Uploads: 1, Duration: 2 * time.Second},
				29: {Uploads: 2, Duration: 7 * time.Second},
			}[i]
			want.Day = time.Date(2026, 11, 24-29+i, 0, 0, 0, 0, bangkok)
			if day != want {
				t.Errorf("day %d: got %+v, want %+v", i, day, want)
			}
		}
		if len(o.Days) != 30 {
			t.Errorf("%d days", len(o.Days))
		}
		if drifted, err := d.TotalsDrifted(t.Context()); drifted || err != nil {
			t.Errorf("totals drifted: %v, %v", drifted, err)
		}
	}
	check(2, 5, 17500*time.Millisecond)
	// A deleted video is no longer there, but was uploaded on its day.
	if err := d.DeleteVideo(t.Context(), jane.SessionID, ids[3]); err != nil {
		t.Fatal(err)
	}
	check(2, 4, 14500*time.Millisecond)
	if _, err := d.DeleteUser(t.Context(), "john"); err == nil {
		t.Error("the only admin was deleted")
	}
	alter(t, d, "UPDATE users SET role = 'admin' WHERE username = 'jane'")
	if _, err := d.DeleteUser(t.Context(), "john"); err != nil {
		t.Fatal(err)
	}
	check(1, 1, 4*time.Second)

	alter(t, d, "UPDATE totals SET videos = 7")
	if drifted, err := d.TotalsDrifted(t.Context()); !drifted || err != nil {
		t.Errorf("drift not seen: %v, %v", drifted, err)
	}
	if err := d.MendTotals(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(1, 1, 4*time.Second)
}
