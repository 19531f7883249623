package transcribe

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/engine"
	"gensubtitle/internal/subtitles"
	"gensubtitle/internal/waittest"
)

// limited is an engine that takes ten requests a window, then refuses some until
// the next window begins.
type limited struct {
	t     *testing.T
	sound []byte
	most  int // requests at once, as we want it
	under atomic.Int64

	mu      sync.Mutex
	taken   int // in this window
	refused int // since
	asked   []asked
}

// asked is a request that was taken.
type asked struct {
	begins, ends int // bytes of the sound
	language     string
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if under := l.under.Add(1); under > int64(l.most) {
		l.t.Errorf("%d requests at once", under)
	}
	defer l.under.Add(-1)
	if r.ContentLength > 128<<10 {
		l.t.Errorf("a request of %d bytes", r.ContentLength)
	}
	if !l.take() {
		w.WriteHeader(http.StatusTooManyRequests)
		return
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
	begins := bytes.Index(l.sound, wav[44:])
	l.mu.Lock()
	l.asked = append(l.asked, asked{begins, begins + len(wav) - 44, r.FormValue("language")})
	l.mu.Unlock()
	_, _ = fmt.Fprintf(w, `{"language":"thai","segments":[{"start":0,"end":%g,"text":"piece at %d"}]}`, float64(len(wav)-44)/32000, begins)
}

// take reports whether a request is taken.
func (l *limited) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken < 10 {
		l.taken++
		return true
	}
	if l.refused++; l.refused == 3 {
		l.taken, l.refused = 0, 0
	}
	return false
}

// TestPieces has 24 pieces and more heard by an engine that allows ten requests a
// window, and a worker that is replaced meanwhile: each second of sound is sent once.
func TestPieces(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d at once", atOnce), func(t *testing.T) {
			t.Parallel()
			testPieces(t, atOnce)
		})
	}
}

func testPieces(t *testing.T, atOnce int) {
	h := newInstallation(t)
	id := h.video(wav())
	sound := make([]byte, 100*32000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(sound) // No two pieces are alike.
	h.check(os.WriteFile(filepath.Join(h.dir, "audio", id), sound, 0o600))
	l := &limited{t: t, sound: sound, most: atOnce}
	server := waittest.Server(t, l)
	engine := func() engine.Engine {
		e, err := engine.NewHTTP(engine.HTTPOptions{URL: server.URL, MaxBytes: 128 << 10, Timeout: time.Minute, Pieces: atOnce})
		h.check(err)
		return e
	}
	h.check(h.db.CancelSubtitles(t.Context(), "user_a", id))
	h.check(h.db.QueueSubtitles(t.Context(), "user_a", id, db.SubtitleOrder{}, 0))

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
	// Once 30 s were said in one language, the rest is asked for in that.
	first, last := l.asked[0], l.asked[len(l.asked)-1]
	if first.language != "" || last.language != "th" || s.Language != "th" {
		t.Errorf("asked for %+v, got %q", l.asked, s.Language)
	}
	text, err := h.db.SubtitleText(t.Context(), "user_a", id)
	h.check(err)
	cues, err := subtitles.UnmarshalCues([]byte(text.Cues))
	h.check(err)
	if len(l.asked) < 24 || len(cues) != len(l.asked) {
		t.Fatalf("%d captions of %d pieces", len(cues), len(l.asked))
	}
	slices.SortFunc(l.asked, func(a, b asked) int { return a.begins - b.begins })
	at := 0
	for i, piece := range l.asked {
		if want := fmt.Sprintf("piece at %d", at); piece.begins != at || cues[i].Text != want {
			t.Errorf("piece %d begins at %d and caption says %q, want each second of sound once: %s", i, piece.begins, cues[i].Text, want)
		}
		at = piece.ends
	}
	if at != len(sound) {
		t.Errorf("%d bytes of sound were sent, want %d", at, len(sound))
	}
	if _, found, err := h.db.KeptSubtitlePiece(t.Context(), id, db.SubtitlePiece{}); err != nil || found {
		t.Errorf("a piece is left: %v", err)
	}
}

// TestPiecesOfATrack keeps the answers to one track from another.
func TestPiecesOfATrack(t *testing.T) {
	t.Parallel()
	h := newInstallation(t)
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
