package handlers

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/internal/waittest"
)

// TestAttack59 has handlers panic. Each gets a 500 that says nothing of why,
// with the headers of every answer, and the process lives.
func TestAttack59(t *testing.T) {
	t.Parallel()
	s := apiServer(t)
	for path, cause := range map[string]any{"/panic/text": "a secret", "/panic/error": http.ErrAbortHandler, "/panic/nil": nil} {
		s.app.Get(path, func(*fiber.Ctx) error {
			if cause == nil {
				var missing *Server
				_ = missing.Log // As a forgotten dependency would.
			}
			panic(cause)
		})
	}
	base := listen(t, s)
	client := http.Client{Timeout: waittest.Limit}
	get := func(path string) (*http.Response, string) {
		t.Helper()
		a, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		body, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return a, string(body)
	}
	for range 3 {
		for _, path := range []string{"/panic/text", "/panic/error", "/panic/nil"} {
			a, body := get(path)
			if a.StatusCode != http.StatusInternalServerError || !strings.Contains(body, `"urn:gensubtitle:internal"`) || strings.Contains(body, "secret") {
				t.Errorf("%s: %d %s", path, a.StatusCode, body)
			}
			if a.Header.Get("Content-Security-Policy") == "" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: header %v", path, a.Header)
			}
		}
		if a, body := get("/healthz"); a.StatusCode != http.StatusOK {
			t.Errorf("after it: %d %s", a.StatusCode, body)
		}
	}
}
