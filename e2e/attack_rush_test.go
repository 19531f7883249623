package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestAttack18 signs in 200 times at once. Those who are too many hear so soon,
// and everybody else is answered meanwhile.
func TestAttack18(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	s.register("a")
	body := `{"username":"a","password":"` + password + `"}`
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 200 {
		all.Go(func() {
			a, err := s.anyone().try("POST", "/login", "application/json", strings.NewReader(body), int64(len(body)))
			if err != nil {
				t.Error(err)
				return
			}
			if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
		})
	}
	for range 5 {
		s.anyone().get("/healthz").want(200)
	}
	waittest.Group(t, &all)
	if statuses[200] == 0 || statuses[200]+statuses[503] != 200 {
		t.Errorf("the answers are %v, want 200 and 503 alone", statuses)
	}
	s.login("a", password) // No refusal counted as a failure.
}
