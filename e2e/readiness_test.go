package e2e

import (
	"slices"
	"testing"
)

// TestNotReady takes away what the program needs, and gives it back.
func TestNotReady(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		missing string
		folder  func(t *testing.T) string
		take    func(t *testing.T, s *server) (giveBack func())
	}{
		"the disk is full": {
			"storage",
			func(t *testing.T) string { return smallDisk(t, 160<<20) },
			func(t *testing.T, s *server) func() { return fill(t, s.dir, 0) },
		},
		"there is less room than an upload needs": {
			"storage",
			func(t *testing.T) string { return smallDisk(t, 160<<20) },
			func(t *testing.T, s *server) func() { return fill(t, s.dir, 60<<20) },
		},
		"another program writes to the database": {
			"database",
			(*testing.T).TempDir,
			func(t *testing.T, s *server) func() {
				conn, err := s.database().Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				alter(t, conn, "BEGIN IMMEDIATE")
				return func() { alter(t, conn, "ROLLBACK") }
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startIn(t, test.folder(t))
			s.anyone().get("/readyz").want(200)
			giveBack := test.take(t, s)
			var p struct {
				NotReady []string `json:"not_ready"`
			}
			a := s.anyone().get("/readyz")
			a.problem(503, "unavailable")
			a.decode(&p)
			if !slices.Contains(p.NotReady, test.missing) {
				t.Errorf("not ready: %q", p.NotReady)
			}
			s.anyone().get("/healthz").want(200)
			giveBack()
			s.anyone().get("/readyz").want(200)
		})
	}
}
