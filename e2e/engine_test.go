package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

// engine is a speech engine that speaks the OpenAI transcription API
// (POST /v1/audio/transcriptions) and hears what it is told to hear.
type engine struct {
	*httptest.Server
	mu    sync.Mutex
	asked []heard
	// answer is what it does with a request; segments by default.
	answer http.HandlerFunc
}

// heard is what one request asked for.
type heard struct {
	path, model, language, format, key, prompt string
	wav                                        []byte
}

// engineKey is the key that the tests give the program for the engine.
const engineKey = "sk-secret-of-the-engine"

// startEngine starts an engine that answers every request with these segments.
func startEngine(t testing.TB, segments ...map[string]any) *engine {
	t.Helper()
	e := &engine{answer: answerSegments("en", segments...)}
	e.Server = waittest.Server(t, http.HandlerFunc(e.serve))
	return e
}

// flags are those with which the program uses the engine.
func (e *engine) flags(more ...string) []string {
	return append([]string{"--engine-url=" + e.URL, "--engine-key=" + engineKey}, more...)
}

func (e *engine) serve(w http.ResponseWriter, r *http.Request) {
	h := heard{path: r.URL.Path, key: r.Header.Get("Authorization")}
	if err := r.ParseMultipartForm(64 << 20); err == nil {
		h.prompt = r.FormValue("prompt")
		h.model, h.language, h.format = r.FormValue("model"), r.FormValue("language"), r.FormValue("response_format")
		if file, _, err := r.FormFile("file"); err == nil {
			h.wav, _ = io.ReadAll(file) // A request that is cut off is the program's end.
		}
	}
	e.mu.Lock()
	e.asked = append(e.asked, h)
	answer := e.answer
	e.mu.Unlock()
	answer(w, r)
}

// answers changes what the engine does from now on.
func (e *engine) answers(with http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = with
}

// requests are those that came so far.
func (e *engine) requests() []heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]heard(nil), e.asked...)
}

func spoken(start, end float64, text string) map[string]any {
	return map[string]any{"start": start, "end": end, "text": text}
}

func answerSegments(language string, segments ...map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{ // To a client that has gone it fails.
			"task": "transcribe", "language": language, "text": "", "segments": append([]map[string]any{}, segments...),
		})
	}
}

func answerStatus(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, `{"error":{"message":"no","key":"`+engineKey+`"}}`)
	}
}

// subtitles is what the API tells of a video's subtitles.
type subtitles struct {
	Status    string  `json:"status"`
	Language  *string `json:"language"`
	Translate bool    `json:"translate"`
	Progress  int     `json:"progress"`
	Error     *string `json:"error"`
	Position  *int    `json:"position"`
	RetryAt   *string `json:"retry_at"`
	Revision  int64   `json:"revision"`
}

type subtitleText struct {
	VideoID  string  `json:"video_id"`
	Revision int64   `json:"revision"`
	Language *string `json:"language"`
	Edited   bool    `json:"edited"`
	Cues     []cue   `json:"cues"`
}

type cue struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Text  string  `json:"text"`
}

// subtitles reads where the subtitles of a video stand.
func (c *client) subtitles(id string) subtitles {
	c.t.Helper()
	var v struct{ Subtitles subtitles }
	c.get("/videos/" + id).want(200).decode(&v)
	return v.Subtitles
}

// awaits waits until the subtitles of a video stand like this.
func (c *client) awaits(id, status string) subtitles {
	c.t.Helper()
	var s subtitles
	eventually(c.t, 6*patience, "subtitles "+status, func() bool {
		s = c.subtitles(id)
		return s.Status == status
	})
	return s
}

func (c *client) subtitleText(id string) subtitleText {
	c.t.Helper()
	var t subtitleText
	c.get("/videos/" + id + "/subtitles").want(200).decode(&t)
	return t
}
