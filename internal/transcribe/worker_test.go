package transcribe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/engine"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/subtitles"
	"gensubtitle/internal/waittest"
)

const patience = time.Minute

// installation is a data directory with a user, whose videos are transcribed.
type installation struct {
	t     *testing.T
	db    *db.DB
	files *storage.Disk
	dir   string
	meter *media.Meter
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	h := &installation{t: t, dir: dir, meter: media.NewMeter(media.Options{})}
	var err error
	h.db, err = db.Open(t.Context(), db.Options{
		Path: filepath.Join(dir, "gensubtitle.db"), Defaults: db.Limits{Videos: 100, Duration: time.Hour, FileBytes: 1 << 30},
	})
	h.check(err)
	t.Cleanup(func() { h.check(h.db.Close()) })
	h.files, err = storage.OpenDisk(dir, nil)
	h.check(err)
	_, err = h.db.CreateUser(t.Context(), db.NewUser{Name: "a", Key: "a", SessionID: "user_a", PasswordHash: "x", Role: db.RoleUser})
	h.check(err)
	return h
}

func (h *installation) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// video adds an accepted video with a job; sound is what a file holds.
func (h *installation) video(sound []byte) string {
	h.t.Helper()
	made, err := uuid.NewV7()
	h.check(err)
	id := made.String()
	h.check(h.db.Admit(h.t.Context(), db.Upload{ID: id, SessionID: "user_a"}, "process"))
	_, err = h.db.Received(h.t.Context(), id, "a.wav", int64(len(sound)))
	h.check(err)
	h.check(os.WriteFile(filepath.Join(h.dir, "videos", id), sound, 0o600))
	_, _, err = h.db.Accept(h.t.Context(), id, db.Measured{Duration: time.Second, Container: "wav", Subtitles: &db.SubtitleOrder{Language: "th"}})
	h.check(err)
	return id
}

func (h *installation) subtitles(id string) db.Subtitles {
	h.t.Helper()
	all, err := h.db.SubtitlesOf(h.t.Context(), []string{id})
	h.check(err)
	return all[id]
}

func (h *installation) await(id string, status db.SubtitleStatus) db.Subtitles {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if s := h.subtitles(id); s.Status == status {
			return s
		} else if time.Now().After(deadline) {
			h.t.Fatalf("waited for %s, it is %+v", status, s)
		}
		<-tick.C
	}
}

// work runs a worker until the test ends, or stop is called.
func (h *installation) work(engine engine.Engine, change func(*Options)) (w *Worker, stop func()) {
	o := Options{
		DB: h.db, Files: h.files, Meter: h.meter, Node: uuid.NewString(), Engine: engine,
		Log: slog.New(slog.DiscardHandler), Concurrency: 1, Pause: func(int) time.Duration { return time.Millisecond },
	}
	if change != nil {
		change(&o)
	}
	w = New(o)
	ctx, cancel := context.WithCancel(h.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); waittest.Receive(h.t, ended) })
	h.t.Cleanup(stop)
	return w, stop
}

// fakeEngine does what it is told with each request.
type fakeEngine func(context.Context, engine.Request) (subtitles.Transcript, error)

func (e fakeEngine) Transcribe(ctx context.Context, r engine.Request) (subtitles.Transcript, error) {
	return e(ctx, r)
}
func (fakeEngine) Translates() bool { return false }
func (fakeEngine) Prompts() bool    { return true }

var said = subtitles.Transcript{Language: "th", Cues: []subtitles.Cue{{Start: 0, End: time.Second, Text: "สวัสดี"}}}

// wav is a second of 16 kHz.
func wav() []byte {
	var b bytes.Buffer
	b.WriteString("RIFF")
	le(&b, uint32(36+32000))
	b.WriteString("WAVEfmt ")
	le(&b, uint32(16), uint16(1), uint16(1), uint32(16000), uint32(32000), uint16(2), uint16(16))
	b.WriteString("data")
	le(&b, uint32(32000))
	for i := range 16000 {
		le(&b, int16(i%200*50))
	}
	return b.Bytes()
}

func le(w io.Writer, values ...any) {
	for _, v := range values {
		_ = binary.Write(w, binary.LittleEndian, v) // A buffer takes everything.
	}
}

func TestDone(t *testing.T) {
	t.Parallel()
	h := newInstallation(t)
	id := h.video(wav())
	asked := make(chan engine.Request, 1)
	h.work(fakeEngine(func(_ context.Context, r engine.Request) (subtitles.Transcript, error) {
		asked <- r
		return said, nil
	}), func(o *Options) { o.Prompt = " Kubernetes\n" })
	s := h.await(id, db.SubtitlesDone)
	text, err := h.db.SubtitleText(t.Context(), "user_a", id)
	h.check(err)
	cues, err := subtitles.UnmarshalCues([]byte(text.Cues))
	h.check(err)
	if s.Revision != 1 || len(cues) != 1 || cues[0].Text != "สวัสดี" || text.Language != "th" {
		t.Errorf("%+v, %+v", s, text)
	}
	// The sound was missing and is made of the video.
	r := waittest.Receive(t, asked)
	info, err := os.Stat(r.Audio)
	h.check(err)
	if r.Language != "th" || r.Prompt != "Kubernetes" || r.Audio != filepath.Join(h.dir, "audio", id) || info.Size() != 32000 {
		t.Errorf("asked for %+v, of %d bytes", r, info.Size())
	}
}

func TestPromptOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		parts []string
		want  string
	}{
		{nil, ""},
		{[]string{"", " \n"}, ""},
		{[]string{" Kubernetes, Go\n", "", "สมชาย"}, "Kubernetes, Go, สมชาย"},
	} {
		if got := promptOf(test.parts...); got != test.want {
			t.Errorf("%q: got %q, want %q", test.parts, got, test.want)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		sound  []byte
		err    error
		calls  int
		reason string
		says   string // by the engine, beside the error
	}{
		"failing always":        {wav(), engine.ErrFailed, maxFailures, "engine-failed", ""},
		"more than can be kept": {wav(), nil, maxFailures, "engine-failed", strings.Repeat("x", subtitles.MaxCueBytes+1)},
		"a panic":               {wav(), nil, 2, "crashed", "panic"},
		"refused":               {wav(), fmt.Errorf("too long: %w", engine.ErrRefused), 1, "engine-refused", ""},
		"a useless answer":      {wav(), fmt.Errorf("times restart: %w", engine.ErrUnusable), 1, "engine-failed", ""},
		"no file":               {nil, nil, 0, "file-missing", ""},
		"no sound in the file":  {[]byte("not a video at all"), nil, 0, "no-sound", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newInstallation(t)
			id := h.video(test.sound)
			if test.sound == nil {
				h.check(os.Remove(filepath.Join(h.dir, "videos", id)))
			}
			var mu sync.Mutex
			calls := 0
			h.work(fakeEngine(func(context.Context, engine.Request) (subtitles.Transcript, error) {
				mu.Lock()
				defer mu.Unlock()
				calls++
				if test.says == "panic" {
					panic("an engine of ours")
				}
				if test.says != "" {
					// The next line leaves no room to spread it over.
					return subtitles.Transcript{Cues: []subtitles.Cue{
						{End: time.Millisecond, Text: test.says}, {Start: time.Millisecond, End: time.Second, Text: "x"},
					}}, nil
				}
				return said, test.err
			}), nil)
			s := h.await(id, db.SubtitlesFailed)
			mu.Lock()
			defer mu.Unlock()
			if s.Error != test.reason || calls != test.calls || s.Revision != 0 {
				t.Errorf("%+v after %d calls, want %s after %d", s, calls, test.reason, test.calls)
			}
		})
	}
}

// TestLastCaption lasts on to be read, but not beyond the end of the video.
func TestLastCaption(t *testing.T) {
	t.Parallel()
	h := newInstallation(t)
	id := h.video(wav())
	h.work(fakeEngine(func(context.Context, engine.Request) (subtitles.Transcript, error) {
		return subtitles.Transcript{Language: "en", Cues: []subtitles.Cue{
			{Start: 500 * time.Millisecond, End: 700 * time.Millisecond, Text: "Take an umbrella, it rains today."},
		}}, nil
	}), nil)
	h.await(id, db.SubtitlesDone)
	kept, err := h.db.SubtitleText(t.Context(), "user_a", id)
	h.check(err)
	cues, err := subtitles.UnmarshalCues([]byte(kept.Cues))
	h.check(err)
	if len(cues) != 1 || cues[0].End != time.Second {
		t.Errorf("%+v, want one to the end of the second", cues)
	}
}

// TestPoisonedJob has a job panic before the engine gets it: it fails alone, after
// two tries, and the worker goes on.
func TestPoisonedJob(t *testing.T) {
	t.Parallel()
	h := newInstallation(t)
	poisoned, sound := h.video(wav()), h.video(wav())
	h.check(os.WriteFile(filepath.Join(h.dir, "audio", sound), wav()[44:], 0o600))
	var mu sync.Mutex
	outcomes := map[Outcome]int{}
	h.work(fakeEngine(func(context.Context, engine.Request) (subtitles.Transcript, error) { return said, nil }), func(o *Options) {
		o.Meter = nil // It panics where there is no sound yet.
		o.Ended = func(o Outcome, _ time.Duration) { mu.Lock(); defer mu.Unlock(); outcomes[o]++ }
	})
	s := h.await(poisoned, db.SubtitlesFailed)
	if s.Error != db.SubtitlesCrashed || s.Revision != 0 {
		t.Errorf("the poisoned job is %+v", s)
	}
	h.await(sound, db.SubtitlesDone)
	mu.Lock()
	defer mu.Unlock()
	if outcomes[Postponed] != 1 || outcomes[Failed] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
}

// TestDown has the whole queue wait for an engine that cannot be had, for as
// often as it takes, and no longer than until somebody says to try.
func TestDown(t *testing.T) {
	t.Parallel()
	h := newInstallation(t)
	first := h.video(wav())
	second := h.video(wav())
	var mu sync.Mutex
	calls, back := 0, false
	w, _ := h.work(fakeEngine(func(context.Context, engine.Request) (subtitles.Transcript, error) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		if back {
			return said, nil
		}
		return said, fmt.Errorf("%w: connection refused", engine.ErrDown)
	}), func(o *Options) {
		o.Pause = func(failures int) time.Duration {
			if failures < 2*maxFailures {
				return time.Millisecond
			}
			return time.Hour
		}
	})
	waittest.Until(t, "the worker to come to rest", func() bool {
		trouble, down := w.Trouble()
		return down && time.Until(trouble.Again) > time.Minute
	})
	for _, id := range []string{first, second} {
		// The trouble is known a moment before the job goes back.
		if s := h.await(id, db.SubtitlesQueued); s.Attempts != 0 {
			t.Errorf("while the engine is down: %+v", s)
		}
	}
	mu.Lock()
	if calls != 2*maxFailures+1 {
		t.Errorf("%d calls", calls)
	}
	back = true
	mu.Unlock()
	h.check(h.db.RetrySubtitlesNow(t.Context(), first))
	h.check(h.db.RetrySubtitlesNow(t.Context(), second))
	w.TryNow()
	h.await(first, db.SubtitlesDone)
	h.await(second, db.SubtitlesDone)
	if _, down := w.Trouble(); down {
		t.Error("the trouble is not over")
	}
}

// TestStop has a worker that ends give its job back, as no failure of it.
func TestStop(t *testing.T) {
	t.Parallel()
	h := newInstallation(t)
	id := h.video(wav())
	began := make(chan struct{})
	_, stop := h.work(fakeEngine(func(ctx context.Context, _ engine.Request) (subtitles.Transcript, error) {
		close(began)
		<-ctx.Done()
		return said, ctx.Err()
	}), nil)
	waittest.Receive(t, began)
	stop()
	if s := h.subtitles(id); s.Status != db.SubtitlesQueued || s.Attempts != 0 || s.RetryAt != nil {
		t.Errorf("after the stop: %+v", s)
	}
	h.work(fakeEngine(func(context.Context, engine.Request) (subtitles.Transcript, error) { return said, nil }), nil)
	h.await(id, db.SubtitlesDone)
}

// TestSuperseded has what a run brings come to nothing once it is not wanted.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(h *installation, id string) error{
		"cancelled": func(h *installation, id string) error { return h.db.CancelSubtitles(h.t.Context(), "user_a", id) },
		"deleted":   func(h *installation, id string) error { return h.db.DeleteVideo(h.t.Context(), "user_a", id) },
		"replaced by a person's text": func(h *installation, id string) error {
			_, err := h.db.SaveSubtitles(h.t.Context(), "user_a", id, db.SubtitleText{Cues: "[]"}, nil)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newInstallation(t)
			id := h.video(wav())
			began := make(chan struct{}, 1)
			ended := make(chan Outcome, 1)
			h.work(fakeEngine(func(ctx context.Context, _ engine.Request) (subtitles.Transcript, error) {
				began <- struct{}{}
				<-ctx.Done() // The worker hears of it and ends the engine.
				return said, nil
			}), func(o *Options) { o.Ended = func(o Outcome, _ time.Duration) { ended <- o } })
			waittest.Receive(t, began)
			h.check(change(h, id))
			select {
			case outcome := <-ended:
				if outcome != Superseded {
					t.Errorf("outcome %s", outcome)
				}
			case <-time.After(patience):
				t.Fatal("the engine still runs")
			}
			text, err := h.db.SubtitleText(t.Context(), "user_a", id)
			if err == nil && text.Cues != "[]" || err != nil && !errors.Is(err, db.ErrNotFound) {
				t.Errorf("text %+v, %v", text, err)
			}
		})
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	last := time.Duration(0)
	for failures := range 100 {
		p := pauseAfter(failures)
		if p < last || p < 5*time.Second || p > 10*time.Minute {
			t.Errorf("after %d failures: %v, before that %v", failures, p, last)
		}
		last = p
	}
	if p := askedPause(fmt.Errorf("%w: %w", engine.ErrDown, &engine.LaterError{After: time.Hour})); p != time.Hour {
		t.Errorf("asked for an hour, got %v", p)
	}
}
