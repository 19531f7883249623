package handlers

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/subtitles"
)

// ask sends a request with a token and returns the answer, body read.
func ask(t *testing.T, base, path, token string) (status int, header http.Header, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{Timeout: time.Minute}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(data)
}

// lockedLog is written and read at once.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// broken panics where it is read and where it is closed.
type broken struct{ closed chan struct{} }

func (*broken) Read([]byte) (int, error) { panic("read") }

func (b *broken) Close() error {
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
	panic("close")
}

// TestPanicsHoldNothing has handlers panic while they hold a slot of the one who
// asks, more often than there are slots.
func TestPanicsHoldNothing(t *testing.T) {
	s := apiServer(t)
	s.app.Get("/test/text", s.signInOr(db.ScopeRead), s.holdText, func(*fiber.Ctx) error { panic("text") })
	s.app.Get("/test/export", s.signInOr(db.ScopeRead), func(c *fiber.Ctx) error {
		v := db.Video{ID: uuid.NewString(), SessionID: signedIn(c).SessionID}
		return s.sendSubtitled(c, v, subtitles.Transcript{}, media.MKV)
	})
	s.Files = nil // It panics.
	base, token := listen(t, s), personalToken(t, s, db.ScopeRead)
	for range maxTexts + maxExports {
		for _, path := range []string{"/test/text", "/test/export"} {
			if status, _, body := ask(t, base, path, token); status != 500 || !strings.Contains(body, "urn:gensubtitle:internal") {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
	}
	for what, l := range map[string]*limiter{"texts": &s.texts, "exports": &s.exports} {
		l.mu.Lock()
		if n := len(l.of); n != 0 {
			t.Errorf("%s: %d users hold slots", what, n)
		}
		l.mu.Unlock()
	}
}

// TestPanicsOutsideHandlers has what no handler surrounds panic: the log line and
// the measures of a request, and a body that is sent after its handler returned.
func TestPanicsOutsideHandlers(t *testing.T) {
	s := apiServer(t)
	body := &broken{make(chan struct{})}
	var log lockedLog
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	s.app.Get("/test/body", func(c *fiber.Ctx) error {
		c.Context().Response.SetBodyStream(s.paced(c, body, body.Close), 10)
		return nil
	})
	base := listen(t, s)
	client := http.Client{Timeout: time.Minute}
	if response, err := client.Get(base + "/test/body"); err == nil {
		_, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err == nil {
			t.Error("a body that panics came whole")
		}
	}
	select {
	case <-body.closed:
	case <-time.After(time.Minute):
		t.Error("a body that panics was not closed")
	}
	if !strings.Contains(log.String(), `what="send an answer" value=read`) {
		t.Error("a body that panics was not logged")
	}
	metrics := s.Metrics
	s.Metrics = nil
	status, header, _ := ask(t, base, "/healthz", "")
	if status != 500 || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Content-Security-Policy") == "" {
		t.Errorf("measures that panic: %d %v", status, header)
	}
	s.Metrics = metrics
	if status, _, _ := ask(t, base, "/healthz", ""); status != 200 {
		t.Errorf("afterwards: %d", status)
	}
	if n := s.running.count(); n != 0 {
		t.Errorf("%d requests are still counted", n)
	}
}

// TestThumbnailThatPanics is tried twice, and is empty then.
func TestThumbnailThatPanics(t *testing.T) {
	s := apiServer(t)
	id := uuid.NewString()
	var log strings.Builder
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	dir := t.TempDir()
	var err error
	if s.Files, err = storage.OpenDisk(dir, nil); err != nil { // There is no row of it.
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "videos", id), []byte("RIFF\x24\x00\x00\x00WAVEfmt "), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Meter = nil
	if picture, err := s.makeThumbnail(t.Context(), db.Video{ID: id}); err != nil || len(picture) != 0 {
		t.Errorf("%d bytes, %v", len(picture), err)
	}
	if kept, err := s.Files.Thumbnail(id); err != nil || len(kept) != 0 {
		t.Errorf("kept %d bytes, %v", len(kept), err)
	}
	if n := strings.Count(log.String(), "msg=panic"); n != 2 {
		t.Errorf("%d panics, want 2:\n%s", n, log.String())
	}
}
