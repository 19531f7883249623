package e2e

import (
	"math"
	"testing"
)

type event struct {
	ID       int64          `json:"id"`
	Kind     string         `json:"kind"`
	Actor    string         `json:"actor"`
	Reason   string         `json:"reason"`
	VideoID  string         `json:"video_id"`
	Videos   int            `json:"videos_count"`
	Duration float64        `json:"total_duration"`
	Limits   map[string]any `json:"limits"`
}

func TestSteering(t *testing.T) {
	t.Parallel()
	s := start(t)
	user, admin := s.register("john"), s.admin()
	up := user.accepted("a.wav", wav(1500, 1))
	const path = "/admin/sessions/user_john"
	set := func(body map[string]any) *answer { return admin.do("PUT", path+"/limits", body) }
	correct := func(body map[string]any) *answer { return admin.post(path+"/correct", body) }

	var now session
	set(map[string]any{"maxVideos": 2, "maxDurationMinutes": 0.5, "maxFileSizeMB": nil, "reason": "ทดลอง"}).want(200).decode(&now)
	if want := (limits{2, 0.5, 500}); now.Limits != want || user.session().Limits != want {
		t.Errorf("limits %+v, for the user %+v", now.Limits, user.session().Limits)
	}
	correct(map[string]any{"videos_count": 1, "total_duration": 0.25, "reason": "counted twice"}).want(200).decode(&now)
	checkUsage(t, now, 2, 1750)
	checkUsage(t, user.session(), 2, 1750)
	user.upload("b.wav", wav(100, 2)).problem(403, "quota-videos")

	for _, test := range []struct {
		name   string
		answer *answer
		status int
		kind   string
	}{
		{"below zero", correct(map[string]any{"videos_count": -3, "reason": "x"}), 422, "invalid"},
		{"no reason", correct(map[string]any{"videos_count": 1}), 422, "invalid"},
		{"too much time", correct(map[string]any{"total_duration": math.MaxFloat64, "reason": "x"}), 422, "invalid"},
		{"a part of a video", correct(map[string]any{"videos_count": 0.5, "reason": "x"}), 422, "invalid"},
		{"a limit below zero", set(map[string]any{"maxVideos": -1}), 422, "invalid"},
		{"a limit of half a video", set(map[string]any{"maxVideos": 1.5}), 422, "invalid"},
		{"a limit that is a word", set(map[string]any{"maxVideos": "many"}), 422, "invalid"},
		{"too much of a limit", set(map[string]any{"maxDurationMinutes": 1e300}), 422, "invalid"},
		{"nobody", admin.do("PUT", "/admin/sessions/user_nobody/limits", map[string]any{}), 404, "not-found"},
		{"nobody's ledger", admin.get("/admin/sessions/user_nobody/events"), 404, "not-found"},
		{"as a user", user.do("PUT", path+"/limits", map[string]any{"maxVideos": 99}), 403, "forbidden"},
		{"the ledger as a user", user.get(path + "/events"), 403, "forbidden"},
		{"a bad cursor", admin.get(path + "/events?cursor=x"), 422, "invalid"},
	} {
		t.Run(test.name, func(t *testing.T) { test.answer.problem(test.status, test.kind) })
	}
	checkUsage(t, user.session(), 2, 1750)

	admin.post(path+"/reset", map[string]any{"reason": "ใหม่"}).want(200)
	set(map[string]any{}).want(200).decode(&now)
	if want := (limits{10, 10, 500}); now.Limits != want {
		t.Errorf("back at the defaults: %+v", now.Limits)
	}

	want := []event{
		{Kind: "limits", Actor: "admin"},
		{Kind: "reset", Actor: "admin", Reason: "ใหม่", Videos: -2, Duration: -1.75},
		{Kind: "correction", Actor: "admin", Reason: "counted twice", Videos: 1, Duration: 0.25},
		{Kind: "limits", Actor: "admin", Reason: "ทดลอง"},
		{Kind: "upload", Actor: "john", VideoID: up.Video.ID, Videos: 1, Duration: 1.5},
	}
	var got []event
	for next := path + "/events?limit=2"; next != ""; {
		var page struct {
			Events []event `json:"events"`
			Next   *string `json:"next_cursor"`
		}
		admin.get(next).want(200).decode(&page)
		got = append(got, page.Events...)
		next = ""
		if page.Next != nil {
			next = path + "/events?limit=2&cursor=" + *page.Next
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d: %+v", len(got), len(want), got)
	}
	for i, e := range got {
		if (e.Limits != nil) != (e.Kind == "limits") {
			t.Errorf("event %d has limits %v", i, e.Limits)
		}
		if i == 3 && (e.Limits["maxVideos"] != 2.0 || e.Limits["maxDurationMinutes"] != 0.5 || e.Limits["maxFileSizeMB"] != nil) {
			t.Errorf("limits %v", e.Limits)
		}
		e.ID, e.Limits = 0, nil
		if w := want[i]; e.Kind != w.Kind || e.Actor != w.Actor || e.Reason != w.Reason || e.VideoID != w.VideoID || e.Videos != w.Videos || e.Duration != w.Duration {
			t.Errorf("event %d is %+v, want %+v", i, e, w)
		}
	}
}
