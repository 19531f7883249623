package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/background"
	"gensubtitle/internal/waittest"
)

// outbox is a database with one message that waits, of an accepted video.
func outbox(t *testing.T) *db.DB {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	d, err := db.Open(t.Context(), db.Options{
		Path: filepath.Join(t.TempDir(), "gensubtitle.db"), Webhooks: true,
		Defaults: db.Limits{Videos: 10, Duration: time.Hour, FileBytes: 1 << 20},
	})
	check(err)
	t.Cleanup(func() { check(d.Close()) })
	_, err = d.CreateUser(t.Context(), db.NewUser{Name: "a", Key: "a", SessionID: "user_a", PasswordHash: "x", Role: db.RoleUser})
	check(err)
	id := uuid.NewString()
	check(d.Admit(t.Context(), db.Upload{ID: id, SessionID: "user_a"}, "process"))
	_, err = d.Received(t.Context(), id, "a.wav", 1)
	check(err)
	_, _, err = d.Accept(t.Context(), id, db.Measured{Duration: time.Second, Container: "wav"})
	check(err)
	return d
}

// receiver answers with a status and keeps what came.
func receiver(t *testing.T, status int) (address string, came func() []string) {
	t.Helper()
	var mu sync.Mutex
	var ids []string
	s := waittest.Server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		ids = append(ids, r.Header.Get("Webhook-Id")+r.URL.Path)
		mu.Unlock()
		if status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	return s.URL, func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), ids...) }
}

func TestTries(t *testing.T) {
	t.Parallel()
	for status, test := range map[int]struct {
		outcome string
		waiting int64
	}{
		200: {"delivered", 0},
		204: {"delivered", 0},
		307: {"postponed", 1},
		404: {"postponed", 1},
		410: {"dropped", 0},
		500: {"postponed", 1},
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			d := outbox(t)
			address, came := receiver(t, status)
			s := New(d, address, []byte("key"), slog.New(slog.DiscardHandler))
			var outcome string
			s.Ended = func(o string) { outcome = o }
			if sent, err := s.next(t.Context()); err != nil || !sent {
				t.Fatalf("sent %v, %v", sent, err)
			}
			waiting, err := d.WebhookWaiting(t.Context())
			if err != nil || outcome != test.outcome || waiting != test.waiting {
				t.Errorf("%s, %d waiting, %v; want %s, %d", outcome, waiting, err, test.outcome, test.waiting)
			}
			if got := came(); len(got) != 1 || strings.HasSuffix(got[0], "/elsewhere") {
				t.Errorf("came %q", got)
			}
			// Nothing is due now.
			if sent, err := s.next(t.Context()); err != nil || sent {
				t.Errorf("sent again: %v, %v", sent, err)
			}
		})
	}
}

func TestGivenUp(t *testing.T) {
	t.Parallel()
	d := outbox(t)
	s := New(d, "http://127.0.0.1:1/", []byte("key"), slog.New(slog.DiscardHandler))
	hook, ok, err := d.NextWebhook(t.Context(), lease)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	failed := s.deliver(t.Context(), hook)
	if failed == nil || strings.Contains(failed.Error(), "127.0.0.1:1/") {
		t.Errorf("delivered to nobody: %v", failed)
	}
	total := time.Duration(0)
	for hook.Attempts = range len(pauses) {
		if err := s.settle(t.Context(), hook, failed); err != nil {
			t.Fatal(err)
		}
		total += pauses[hook.Attempts]
	}
	if n, err := d.WebhookWaiting(t.Context()); n != 1 || err != nil || total < 24*time.Hour {
		t.Errorf("%d waiting after %v: %v", n, total, err)
	}
	hook.Attempts = len(pauses)
	if err := s.settle(t.Context(), hook, failed); err != nil {
		t.Fatal(err)
	}
	if n, err := d.WebhookWaiting(t.Context()); n != 0 || err != nil {
		t.Errorf("%d waiting, %v", n, err)
	}
}

// TestCutOff has a delivery that the end of the process cuts off be made again.
func TestCutOff(t *testing.T) {
	t.Parallel()
	d := outbox(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := waittest.Server(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() }))
	sender := New(d, s.URL, []byte("key"), slog.New(slog.DiscardHandler))
	sender.Run(ctx)
	hook, ok, err := d.NextWebhook(t.Context(), lease)
	if err != nil || !ok || hook.Attempts != 0 {
		t.Errorf("waiting: %+v, %v, %v", hook, ok, err)
	}
}

// TestDeath has a process die at a message again and again: it is given up in the
// end.
func TestDeath(t *testing.T) {
	t.Parallel()
	d := outbox(t)
	address, came := receiver(t, 204)
	for range len(pauses) + 1 {
		if _, ok, err := d.NextWebhook(t.Context(), 0); err != nil || !ok {
			t.Fatal(ok, err)
		}
	}
	s := New(d, address, []byte("key"), slog.New(slog.DiscardHandler))
	if sent, err := s.next(t.Context()); err != nil || !sent {
		t.Fatalf("sent %v, %v", sent, err)
	}
	if n, err := d.WebhookWaiting(t.Context()); n != 0 || err != nil || len(came()) != 0 {
		t.Errorf("%d waiting, %d came, %v", n, len(came()), err)
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestPoisoned has a message panic: it is tried twice and given up, and the
// sender goes on.
func TestPoisoned(t *testing.T) {
	t.Parallel()
	d := outbox(t)
	s := New(d, "http://127.0.0.1:1/", []byte("key"), slog.New(slog.DiscardHandler))
	s.client.Transport = roundTrip(func(*http.Request) (*http.Response, error) { panic("a message of ours") })
	var outcomes []string
	s.Ended = func(o string) { outcomes = append(outcomes, o) }
	hook, ok, err := d.NextWebhook(t.Context(), 0)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	for hook.Attempts = range 2 {
		if err := s.settle(t.Context(), hook, s.try(t.Context(), hook)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := d.WebhookWaiting(t.Context()); n != 0 || err != nil || !slices.Equal(outcomes, []string{"postponed", "dropped"}) {
		t.Errorf("%d waiting, %v, %v", n, outcomes, err)
	}
	// Whatever else panics is an error.
	s.db = nil
	if _, err := s.next(t.Context()); !errors.Is(err, background.ErrPanic) {
		t.Errorf("without a database: %v", err)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0": "123456789012345678901234",
		"a plain secret of some length":          "a plain secret of some length",
		"whsec_MTIzNDU2Nw==":                     "", // of seven bytes
		"short":                                  "",
		"":                                       "",
		"whsec_not base64 at all":                "",
	} {
		key, err := Key(secret)
		if string(key) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", secret, key, err)
		}
	}
	for address, ok := range map[string]bool{
		"https://example.com/hook?a=b": true, "http://127.0.0.1:9/": true,
		"": false, "example.com": false, "ftp://example.com": false, "https://u:p@example.com": false, "https://": false, "://": false,
	} {
		if err := CheckURL(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
