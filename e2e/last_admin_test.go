package e2e

import (
	"fmt"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestLastTwoAdmins has the last two admins take themselves out at once, in
// every pairing of the ways there are: one does, and the other stays.
func TestLastTwoAdmins(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	type admin struct {
		*client
		name string
	}
	leave := []struct {
		name   string
		status int
		send   func(a admin) *answer
	}{
		{"demote", 200, func(a admin) *answer {
			return a.do("PATCH", "/admin/users/"+a.name, map[string]any{"role": "user"})
		}},
		{"disable", 200, func(a admin) *answer {
			return a.do("PATCH", "/admin/users/"+a.name, map[string]any{"disabled": true})
		}},
		{"delete", 204, func(a admin) *answer { return a.do("DELETE", "/admin/users/"+a.name, nil) }},
	}
	stays := admin{s.admin(), "admin"}
	for i, first := range leave {
		for k, second := range leave {
			name := fmt.Sprintf("admin-%d-%d", i, k)
			stays.post("/admin/users", map[string]any{"username": name, "password": password, "role": "admin"}).want(201)
			pair := []admin{stays, {s.login(name, password), name}}
			answers := make([]*answer, 2)
			var both sync.WaitGroup
			both.Go(func() { answers[0] = first.send(pair[0]) })
			both.Go(func() { answers[1] = second.send(pair[1]) })
			waittest.Group(t, &both)
			done, refused := 0, 1
			if answers[0].status == 409 {
				done, refused = 1, 0
			}
			answers[refused].problem(409, "last-admin")
			answers[done].want([]int{first.status, second.status}[done])
			stays = pair[refused]
			stays.get("/admin/sessions").want(200)
			if a := pair[done].get("/admin/sessions"); a.status != 401 && a.status != 403 {
				t.Errorf("%s and %s: who went is answered %d", first.name, second.name, a.status)
			}
		}
	}
	s.check(0, "0 found, 0 mended", nil)
}
