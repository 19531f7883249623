package e2e

import (
	"testing"
	"time"
)

// soon is when a change by another program has to show: after a second, and
// the time that a busy machine takes.
const soon = 30 * time.Second

// TestDisabledUser disables a user with another program while they are signed
// in and upload. What they signed in with is dead, and what they upload is not
// counted although it was let in.
func TestDisabledUser(t *testing.T) {
	t.Parallel()
	for name, signIn := range map[string]func(s *server) *client{
		"with a token":  func(s *server) *client { return s.login("a", password) },
		"with a cookie": func(s *server) *client { return s.browser("a", password) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := attacked(t, "--max-videos=1")
			s.register("a")
			c, db := signIn(s), s.database()
			held := c.begin()
			if n := rows(t, db, "videos"); n != 1 {
				t.Fatalf("%d uploads under way", n)
			}
			c.session() // From now on the server need not look to know who asks.
			alter(t, db, "UPDATE users SET disabled = 1 WHERE username = 'a'")
			eventually(t, soon, "the user to be signed out", func() bool { return c.get("/user/session").status == 401 })
			c.upload("a.wav", wav(100, 1)).problem(401, "unauthenticated")
			s.anyone().post("/login", credentials("a", password)).problem(401, "bad-credentials")

			a := held.finish()
			if a == nil {
				t.Fatal("no answer to the upload")
			}
			a.problem(401, "unauthenticated")
			for _, table := range []string{"videos", "events"} {
				if n := rows(t, db, table); n != 0 {
					t.Errorf("%d rows in %s", n, table)
				}
			}
			if left := s.media(); len(left) != 0 {
				t.Errorf("files left: %v", left)
			}

			alter(t, db, "UPDATE users SET disabled = 0 WHERE username = 'a'")
			again := s.login("a", password)
			checkUsage(t, again.session(), 0, 0)
			again.accepted("a.wav", wav(100, 1))
		})
	}
}
