package transcribe

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/waittest"
	"gensubtitle/subtitles"
)

// limited is an engine that takes ten requests a window, then refuses some until
// the next window begins.
type limited struct {
	t       *testing.T
	mu      sync.Mutex
	taken   int // in this window
	refused int // since
	sound   []byte
	asked   []string // the language of each request taken
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken == 10 {
		if l.refused++; l.refused == 3 {
			l.taken, l.refused = 0, 0
		}
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	l.taken++
	if r.ContentLength > 128<<10 {
		l.t.Errorf("a request of %d bytes", r.ContentLength)
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		l.t.Error(err)
		return
	}
	wav, err := io.ReadAll(file)
	if err != nil {
		l.t.Error(err)
		return
	}
	l.sound = append(l.sound, wav[44:]...)
	l.asked = append(l.asked, r.FormValue("language"))
	seconds := float64(len(wav)-44) / 32000
	_, _ = fmt.Fprintf(w, `{"language":"thai","segments":[{"start":0,"end":%g,"text":"piece %d"}]}`, seconds, len(l.asked))
}

// TestPieces has 24 pieces and more heard by an engine that allows ten requests a
// window, and a worker that is replaced meanwhile: each second of sound is sent once.
func TestPieces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.video(wav())
	sound := make([]byte, 100*32000)
	for i := 0; i < len(sound); i += 2 {
		binary.LittleEndian.PutUint16(sound[i:], uint16(i/2)) // no two pieces are alike
	}
	h.check(os.WriteFile(h.files.SoundPath(id, 0), sound, 0o600))
	l := &limited{t: t}
	server := waittest.Server(t, l)
	engine := func() subtitles.Engine {
		e, err := subtitles.NewHTTPEngine(subtitles.HTTPOptions{URL: server.URL, MaxBytes: 128 << 10, Timeout: time.Minute})
		h.check(err)
		return e
	}
	order := &db.SubtitleOrder{}
	h.check(h.db.CancelSubtitles(t.Context(), "user_a", id))
	h.check(h.db.QueueSubtitles(t.Context(), "user_a", id, *order, 0))

	// The first worker waits for an hour as it meets the limit.
	_, stop := h.work(engine(), func(o *Options) { o.Pause = func(int) time.Duration { return time.Hour } })
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for h.subtitles(id).RetryAt == nil {
		if time.Now().After(deadline) {
			t.Fatalf("the job does not wait: %+v", h.subtitles(id))
		}
		<-tick.C
	}
	if s := h.subtitles(id); s.Status != db.SubtitlesQueued || s.Attempts != 0 {
		t.Errorf("at the limit: %+v", s)
	}
	stop()
	h.check(h.db.RetrySubtitlesNow(t.Context(), id))
	h.work(engine(), nil)
	s := h.await(id, db.SubtitlesDone)

	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.asked) < 24 || string(l.sound) != string(sound) {
		t.Errorf("%d requests for %d bytes of sound, want each once: %d", len(l.asked), len(l.sound), len(sound))
	}
	// Once 30 s were said in one language, the rest is asked for in that.
	if l.asked[0] != "" || l.asked[len(l.asked)-1] != "th" || s.Language != "th" {
		t.Errorf("asked for %q, got %q", l.asked, s.Language)
	}
	text, err := h.db.SubtitleText(t.Context(), "user_a", id)
	h.check(err)
	cues, err := subtitles.UnmarshalCues([]byte(text.Cues))
	h.check(err)
	if len(cues) != len(l.asked) {
		t.Errorf("%d captions of %d pieces", len(cues), len(l.asked))
	}
	for i, c := range cues {
		if want := fmt.Sprintf("piece %d", i+1); c.Text != want {
			t.Errorf("caption %d says %q", i+1, c.Text)
		}
	}
	if _, found, err := h.db.KeptSubtitlePiece(t.Context(), id, db.SubtitlePiece{}); err != nil || found {
		t.Errorf("a piece is left: %v", err)
	}
}

// TestPiecesOfATrack keeps the answers to one track from another.
func TestPiecesOfATrack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.video(wav())
	w := New(Options{DB: h.db, Log: slog.New(slog.DiscardHandler)})
	run, ok, err := h.db.ClaimSubtitles(t.Context(), "x", time.Minute, 1)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	(&pieces{ctx: t.Context(), worker: w, run: run}).Keep("key", 0, 2, []byte("first"))
	for track, want := range []string{"first", ""} {
		run.Order.Track = track
		got, ok := (&pieces{ctx: t.Context(), worker: w, run: run}).Kept("key", 0, 2)
		if string(got) != want || ok != (want != "") {
			t.Errorf("track %d: got %q of %s, want %q", track, got, id, want)
		}
	}
}
