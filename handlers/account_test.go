package handlers

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// answerOf is what a test looks at of an answer.
type answerOf struct {
	status     int
	retryAfter string
	took       time.Duration
}

// signInAt sends the credentials of the user admin as a script does.
func signInAt(t *testing.T, base, password string) answerOf {
	t.Helper()
	start := time.Now()
	request, err := http.NewRequestWithContext(t.Context(), "POST", base+"/login",
		strings.NewReader(`{"username":"admin","password":"`+password+`"}`))
	if err != nil {
		t.Error(err)
		return answerOf{}
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: time.Minute}
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return answerOf{}
	}
	defer response.Body.Close()
	return answerOf{response.StatusCode, response.Header.Get("Retry-After"), time.Since(start)}
}

// TestExcessSignIns has more sign in at once than can be served: those who would
// wait too long are told to come back. That is no failed attempt, and it holds
// no place among the attempts.
func TestExcessSignIns(t *testing.T) {
	s := apiServer(t)
	base := listen(t, s)
	var mu sync.Mutex
	var all sync.WaitGroup
	served, refused := 0, 0
	for range 300 {
		all.Go(func() {
			a := signInAt(t, base, apiPassword)
			mu.Lock()
			defer mu.Unlock()
			switch a.status {
			case http.StatusOK:
				served++
			case http.StatusServiceUnavailable:
				refused++
				if a.retryAfter == "" || a.took > 5*SignInWait {
					t.Errorf("refused after %v, Retry-After %q", a.took, a.retryAfter)
				}
			default:
				t.Errorf("status %d", a.status)
			}
		})
	}
	waittest.Group(t, &all)
	if served == 0 || refused == 0 {
		t.Errorf("%d served, %d refused", served, refused)
	}
	for i := range accountFails + 1 {
		want := http.StatusUnauthorized
		if i == accountFails {
			want = http.StatusTooManyRequests
		}
		if a := signInAt(t, base, "a wrong password"); a.status != want {
			t.Errorf("wrong password %d after the rush: status %d, want %d", i+1, a.status, want)
		}
	}
}

// TestSignInThatPanics gives back its place among the attempts.
func TestSignInThatPanics(t *testing.T) {
	s := apiServer(t)
	base := listen(t, s)
	hasher := s.Hasher
	s.Hasher = nil
	for range accountFails + 1 {
		if a := signInAt(t, base, apiPassword); a.status != http.StatusInternalServerError {
			t.Errorf("without a hasher: status %d", a.status)
		}
	}
	s.Hasher = hasher
	if a := signInAt(t, base, apiPassword); a.status != http.StatusOK {
		t.Errorf("afterwards: status %d", a.status)
	}
}
