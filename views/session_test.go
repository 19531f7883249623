package views

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// someAdminSession has an entry of every kind, with text of people in it.
func someAdminSession(text string) AdminSession {
	session := Session{Quota: someQuota, Username: text, Role: "user", CreatedAt: someTime, LastUploadAt: &someTime}
	session.SessionID = text
	own := OwnLimits{Videos: new(20), Duration: new(90 * time.Second), FileBytes: new(int64(3 << 19))}
	s := AdminSession{Session: session, Self: true, Own: own, Defaults: OwnLimits{Videos: new(10)}}
	s.Events = EventPage{SessionID: text, Cursor: "9", Next: "3"}
	for _, kind := range []string{"upload", "reset", "limits", "correction"} {
		s.Events.Events = append(s.Events.Events, Event{
			Kind: kind, Actor: text, Reason: text, Videos: -1, Duration: 90 * time.Second, Limits: own, CreatedAt: someTime,
		})
	}
	s.Videos = VideoPart{SessionID: text, Videos: []Video{{ID: "a", Filename: text, Status: "rejected", Reason: text}}, Cursor: "b", Next: "c"}
	s.Days = []UsageDay{{At: someTime, Used: time.Minute, Uploads: 1}, {At: someTime, Used: 0}}
	return s
}

// refused is the page with a form that was not taken.
func refused(s AdminSession) AdminSession {
	s.Sent = SentForm{
		Form: FormLimits, Alert: hostile,
		Values: map[string]string{"maxVideos": hostile, "reason": hostile},
		Errors: map[string]string{"maxVideos": hostile},
	}
	return s
}

func TestSessionShowsWhatItIs(t *testing.T) {
	page := rendered(t, SessionPage(signedIn(English), someAdminSession("mali")))
	for id, want := range map[string][]string{
		"session-head": {"mali", "You", "Created"},
		"usage":        {"Quota: 3/10 files", "Limit: 10:00", "Highest: 1:00", "Up to 500 MB per file"},
		"ledger":       {"Upload", "Reset", "Correction", "Videos −1", "Minutes +1:30", "Videos: 20", "Minutes: 1:30", "File: 1.5 MB", "by mali"},
		"account-card": {"Make admin…", "Disable…", "Delete user…", "New password…"},
	} {
		got := textOf(byID(t, page, id))
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s lacks %q: %s", id, w, got)
			}
		}
	}
	for id, want := range map[string]string{"limits-maxVideos": "20", "limits-maxDurationMinutes": "1.5", "limits-maxFileSizeMB": "1.5"} {
		if got, _ := attribute(byID(t, page, id), "value"); got != want {
			t.Errorf("%s holds %q, want %q", id, got, want)
		}
	}
	if got, _ := attribute(byID(t, page, "limits-maxVideos"), "placeholder"); got != "10" {
		t.Errorf("the default is shown as %q", got)
	}
}

func TestDeletedUserHasNoControls(t *testing.T) {
	s := someAdminSession("mali")
	s.Deleted = true
	source := rendered(t, SessionPage(signedIn(English), s))
	if strings.Contains(source, `action="/admin/users`) || strings.Contains(source, `id="account-card"`) {
		t.Error("there are controls of the user")
	}
	if got := textOf(byID(t, source, "session-head")); !strings.Contains(got, "Deleted") {
		t.Errorf("the head says %q", got)
	}
}

func TestRefusedFormKeepsWhatWasTyped(t *testing.T) {
	source := rendered(t, SessionPage(signedIn(English), refused(someAdminSession("mali"))))
	for id, want := range map[string]string{"limits-maxVideos": hostile, "limits-reason": hostile, "limits-maxFileSizeMB": "", "reset-reason": ""} {
		if got, _ := attribute(byID(t, source, id), "value"); got != want {
			t.Errorf("%s holds %q, want %q", id, got, want)
		}
	}
	if got := textOf(byID(t, source, "limits-maxVideos-error")); got == "" {
		t.Error("nothing is said at the field")
	}
	if got := textOf(byID(t, source, "limits-alert")); got == "" {
		t.Error("the alert is empty")
	}
	if got := textOf(byID(t, source, "correct-alert")); got != "" {
		t.Errorf("another form says %q", got)
	}
}

func TestSigned(t *testing.T) {
	for n, want := range map[int]string{0: "0", 5: "+5", -12: "−12"} {
		if got := signedCount(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0:00", time.Minute: "+1:00", -time.Hour: "−1:00:00"} {
		if got := signedClock(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestUserQuestions(t *testing.T) {
	mine, other := AdminSession{Session: someSession, Self: true}, AdminSession{Session: someSession}
	if got := mine.changes(); !slices.Equal(got, []UserChange{MakeUser, EnableUser, DeleteUser}) {
		t.Errorf("of a disabled admin: %v", got)
	}
	warnings := map[UserChange]string{
		MakeUser: english.Users.SelfMakeUser, DisableUser: english.Users.SelfDisable, DeleteUser: english.Users.SelfDelete,
	}
	for _, change := range slices.Sorted(maps.Keys(warnings)) {
		if got := UserConfirm(English, mine, change).Detail; !strings.HasPrefix(got, warnings[change]) {
			t.Errorf("%s asks without a warning: %s", change, got)
		}
		if got := UserConfirm(English, other, change).Detail; strings.Contains(got, warnings[change]) {
			t.Errorf("%s warns of another's account: %s", change, got)
		}
	}
	if got := UserConfirm(English, other, DisableUser); got.Action != "/admin/users/john" || got.Field != "disabled" || got.Value != "true" || got.Yes != "Disable" {
		t.Errorf("disabling: %+v", got)
	}
	if got := UserConfirm(English, other, DeleteUser); got.Action != "/admin/users/john/delete" || got.Field != "" {
		t.Errorf("deleting: %+v", got)
	}
}
