package handlers

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gensubtitle/internal/waittest"
)

// TestLoginLifetime uses login sessions over two weeks of a clock that moves
// only when the test sleeps. Cookie and stored row live on the same clock.
func TestLoginLifetime(t *testing.T) {
	const day = 24 * time.Hour
	for what, test := range map[string]struct {
		used []time.Duration // after the login; it lives then
		dead []time.Duration // and after the last use it has ended
	}{
		"never used":              {nil, []time.Duration{day}},
		"used in the last second": {[]time.Duration{day - time.Second}, []time.Duration{2*day - time.Second}},
		// The first of the two moments after the end finds it in memory, the
		// other one in the store.
		"used all the time": {
			append(every(23*time.Hour, 14*day), 14*day-time.Second),
			[]time.Duration{14 * day, 14*day + time.Hour},
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := apiServer(t)
			// The first answer starts a goroutine that never ends, so it is given outside.
			(&browser{t: t, Client: http.Client{Transport: direct{s}}}).status("GET", "/healthz", nil)
			now := time.Now().Truncate(time.Second)
			synctest.Test(t, func(t *testing.T) {
				// What runs outside, such as the removal of expired rows, goes
				// by the real time. The test begins there too.
				time.Sleep(time.Until(now))
				began := time.Now()
				browsers := []*browser{newBrowser(t, s, new(keeper)), newBrowser(t, s, newJar(t))}
				check := func(at time.Duration, want int) {
					time.Sleep(time.Until(began.Add(at)))
					for _, b := range browsers {
						if got := b.status("GET", "/user/session", nil); got != want {
							t.Errorf("with %T after %v: status %d, want %d", b.Jar, at, got, want)
						}
					}
				}
				for _, at := range test.used {
					check(at, http.StatusOK)
				}
				for _, at := range test.dead {
					check(at, http.StatusUnauthorized)
				}
			})
		})
	}
}

// every lists the multiples of a step below an end.
func every(step, end time.Duration) []time.Duration {
	var at []time.Duration
	for next := step; next < end; next += step {
		at = append(at, next)
	}
	return at
}

// browser sends requests to a server without a network, so that both go by
// the clock of one test.
type browser struct {
	http.Client
	t *testing.T
}

// newBrowser signs in with the form.
func newBrowser(t *testing.T, s *Server, jar http.CookieJar) *browser {
	t.Helper()
	b := &browser{t: t, Client: http.Client{
		Jar: jar, Transport: direct{s},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	form := url.Values{"username": {"admin"}, "password": {apiPassword}}
	if got := b.status("POST", "/login", form); got != http.StatusSeeOther {
		t.Fatalf("login: status %d", got)
	}
	return b
}

// status sends a form, or nothing, and asks for a page where it sends one.
func (b *browser) status(method, path string, form url.Values) int {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, "http://example.test"+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Accept", "text/html")
	}
	response, err := b.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// direct hands requests to the server within the process.
type direct struct{ server *Server }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	return d.server.app.Test(r, int(waittest.Limit.Milliseconds()))
}

func newJar(t *testing.T) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return jar
}

// keeper sends the cookies it was given last, however long ago that was, as a
// thief would.
type keeper struct{ cookies []*http.Cookie }

func (k *keeper) SetCookies(_ *url.URL, cookies []*http.Cookie) { k.cookies = cookies }

func (k *keeper) Cookies(*url.URL) []*http.Cookie { return k.cookies }
