package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// hookSecret is Standard Webhooks' form of the key hookKey.
const hookKey = "a key for webhooks in tests 32 B"

func hookSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString([]byte(hookKey)) }

// hooks is a service that is told of videos and subtitles.
type hooks struct {
	*httptest.Server
	t      testing.TB
	mu     sync.Mutex
	status int
	told   map[string]hook // by id
	tries  int
}

type hook struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      struct {
		VideoID   string  `json:"video_id"`
		SessionID string  `json:"session_id"`
		Username  string  `json:"username"`
		Filename  string  `json:"filename"`
		Duration  float64 `json:"duration_seconds"`
		Language  string  `json:"language"`
		Error     string  `json:"error"`
	} `json:"data"`
}

func startHooks(t testing.TB) *hooks {
	t.Helper()
	h := &hooks{t: t, status: http.StatusNoContent, told: map[string]hook{}}
	h.Server = waittest.Server(t, h)
	return h
}

func (h *hooks) flags() []string {
	return []string{"--webhook-url=" + h.URL + "/hook", "--webhook-secret=" + hookSecret()}
}

// ServeHTTP takes what is signed as https://www.standardwebhooks.com has it.
func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The program was killed.
	}
	id, sent := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, []byte(hookKey))
	mac.Write([]byte(id + "." + sent + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("Webhook-Signature") != want {
		h.t.Errorf("signature %q, want %q", r.Header.Get("Webhook-Signature"), want)
	}
	if at, err := strconv.ParseInt(sent, 10, 64); err != nil || time.Since(time.Unix(at, 0)).Abs() > time.Minute {
		h.t.Errorf("timestamp %q", sent)
	}
	var told hook
	decodeJSON(h.t, body, &told)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries++
	if h.status < 300 {
		if before, ok := h.told[id]; ok && before != told {
			h.t.Errorf("%s was %+v and is %+v", id, before, told)
		}
		h.told[id] = told
	}
	w.WriteHeader(h.status)
}

func (h *hooks) answers(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// bodies are what was told of this kind.
func (h *hooks) bodies(kind string) []hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []hook
	for _, told := range h.told {
		if told.Type == kind {
			found = append(found, told)
		}
	}
	return found
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "x"))
	h := startHooks(t)
	h.answers(http.StatusInternalServerError)
	s := start(t, append(e.flags(), h.flags()...)...)
	c := s.register("มะลิ")
	id := c.accepted("a.wav", wav(1500, 1)).Video.ID
	c.awaits(id, "done")
	c.upload("no video", []byte("nothing")).problem(415, "not-a-video")
	eventually(t, patience, "a try", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.tries > 0 })
	if len(h.told) != 0 {
		t.Error("it was told although it failed")
	}
	// What was not delivered outlives the process.
	s.kill()
	h.answers(http.StatusNoContent)
	s.restart()
	eventually(t, 6*patience, "both events", func() bool {
		return len(h.bodies("video.accepted")) == 1 && len(h.bodies("subtitles.done")) == 1
	})
	accepted, done := h.bodies("video.accepted")[0].Data, h.bodies("subtitles.done")[0].Data
	if accepted.VideoID != id || accepted.Username != "มะลิ" || accepted.SessionID != "user_มะลิ" || accepted.Filename != "a.wav" || accepted.Duration != 1.5 {
		t.Errorf("accepted %+v", accepted)
	}
	if done.VideoID != id || done.Language != "en" || done.Error != "" {
		t.Errorf("done %+v", done)
	}
	e.answers(answerStatus(400))
	second := c.accepted("b.wav", wav(1500, 2)).Video.ID
	c.awaits(second, "failed")
	eventually(t, patience, "the failure to be told", func() bool { return len(h.bodies("subtitles.failed")) == 1 })
	if failed := h.bodies("subtitles.failed")[0].Data; failed.VideoID != second || failed.Error != "engine-refused" {
		t.Errorf("failed %+v", failed)
	}
}
