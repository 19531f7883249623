package e2e

import (
	"fmt"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestManyMeetALockedDatabase has another program write for long. Whoever wants to write
// meanwhile is told so within the time of one wait, not one after the other,
// and reading goes on.
func TestManyMeetALockedDatabase(t *testing.T) {
	t.Parallel()
	s := start(t)
	a, admin, browser := s.register("a"), s.admin(), s.browser("a", password)
	whole := a.created("whole.wav", int64(len(wav(100, 1))))
	other, err := s.database().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alter(t, other, "BEGIN IMMEDIATE")
	var all sync.WaitGroup
	ask := func(what string, do func() *answer) {
		all.Go(func() {
			a := do()
			if a.problem(503, "unavailable"); a.header.Get("Retry-After") == "" {
				t.Errorf("%s: 503 without Retry-After", what)
			}
		})
	}
	for i := range 8 {
		ask("register", func() *answer { return s.anyone().post("/register", credentials(fmt.Sprint("b", i), password)) })
		ask("reset", func() *answer { return admin.post("/admin/sessions/user_a/reset", map[string]string{"reason": "x"}) })
		ask("upload", func() *answer { return a.upload("a.wav", wav(100, i)) })
		ask("log out", func() *answer { return browser.post("/logout", nil) })
	}
	ask("the last bytes", func() *answer { return a.chunk(whole, 0, wav(100, 1)) })
	a.get("/user/session").want(200)
	waittest.Group(t, &all) // One after the other they would take longer than it waits.
	alter(t, other, "ROLLBACK")
	a.accepted("a.wav", wav(100, 1))
	s.register("b0")
	browser.post("/logout", nil).want(204)
	eventually(t, patience, "the upload to be counted", func() bool {
		_ = a.do("HEAD", whole, nil)
		return a.session().Usage.Videos == 2
	})
}
