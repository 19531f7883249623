package transcribe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/background"
	"gensubtitle/internal/engine"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/subtitles"
)

// Why a job failed for good, as the API tells it.
const (
	reasonNoSound       = "no-sound"
	reasonFileMissing   = "file-missing"
	reasonEngineRefused = "engine-refused"
	reasonEngineFailed  = "engine-failed"
)

// errFileMissing is a video whose bytes are gone, which is no fault of the engine.
var errFileMissing = errors.New("the video's file is missing")

// errNoSound is a video or a track in which there is nothing to be heard.
var errNoSound = errors.New("no sound could be read")

// transcribe has the engine write down a video's sound, for as long as the job
// is this run's, and notes what was odd. It is db.ErrNotFound when the job is not, or no longer.
func (w *Worker) transcribe(ctx context.Context, run db.SubtitleRun) (subtitles.Transcript, []engine.Note, error) {
	ctx, stop := context.WithCancelCause(ctx)
	var progress atomic.Int64
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		if err := w.keepBeating(ctx, run.RunID, &progress); err != nil {
			stop(err)
		}
	}()
	defer func() { stop(nil); <-beating }()
	var notes []engine.Note
	t, err := w.listen(ctx, run, engine.Request{
		Progress: func(percent int) { progress.Store(int64(percent)) },
		Note:     func(n engine.Note) { notes = append(notes, n) },
		Pieces:   &pieces{ctx: ctx, worker: w, run: run},
	})
	if cause := context.Cause(ctx); errors.Is(cause, db.ErrNotFound) || errors.Is(cause, background.ErrPanic) {
		err = cause
	}
	return t, notes, err
}

// keepBeating renews the lease until ctx ends, or with an error until the job is no
// longer this run's. A database that fails for a while is tried again; the lease
// lasts for many beats.
func (w *Worker) keepBeating(ctx context.Context, runID string, progress *atomic.Int64) (err error) {
	defer background.Recover(w.Log, "transcribe", &err)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := w.DB.RenewSubtitles(ctx, runID, int(progress.Load()), lease)
		if errors.Is(err, db.ErrNotFound) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Warn("lease of a job not renewed yet", "run", runID, "error", err)
		}
	}
}

// listen gives the engine the video's sound, by a request that tells what becomes of it.
func (w *Worker) listen(ctx context.Context, run db.SubtitleRun, r engine.Request) (subtitles.Transcript, error) {
	sound, err := w.sound(ctx, run)
	if err != nil {
		return subtitles.Transcript{}, err
	}
	defer sound.Close()
	r.Audio, r.Language, r.Translate = sound.Path, run.Order.Language, run.Order.Translate
	r.Prompt = promptOf(w.Prompt, run.Prompt, run.Order.Prompt)
	t, err := w.ask(ctx, run.Duration, r)
	if err != nil {
		return t, fmt.Errorf("transcribe: %w", err)
	}
	return t, nil
}

// promptOf joins what the engine should know, the most particular last, as Whisper
// reads the end of a prompt. A comma keeps two names apart; a line break is
// nothing that Whisper writes, and it goes on as its prompt does.
func promptOf(parts ...string) string {
	var said []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, ", ")
}

// ask makes captions of the engine's text for a video of that length. Text that cannot
// be stored is ErrFailed.
func (w *Worker) ask(ctx context.Context, length time.Duration, r engine.Request) (subtitles.Transcript, error) {
	t, err := w.Engine.Transcribe(ctx, r)
	if err != nil {
		return t, err
	}
	t = subtitles.Shape(t, subtitles.Options{Length: length})
	if _, err := subtitles.UnmarshalCues(subtitles.MarshalCues(t.Cues)); err != nil {
		return t, fmt.Errorf("%w: %w", engine.ErrFailed, err)
	}
	return t, nil
}

// sound is the sound that was asked for, which is made where it is missing: of
// another track than the default one, in a restored backup, or of a video older than
// this program's knowledge of sound.
func (w *Worker) sound(ctx context.Context, run db.SubtitleRun) (*storage.Local, error) {
	track := run.Order.Track
	size, err := w.Files.SoundSize(run.VideoID, track)
	if errors.Is(err, fs.ErrNotExist) {
		if err := w.makeSound(ctx, run); err != nil {
			return nil, err
		}
		size, err = w.Files.SoundSize(run.VideoID, track)
	}
	switch {
	case err != nil:
		return nil, err
	case size == 0:
		return nil, errNoSound
	}
	return w.Files.LocalSound(ctx, run.VideoID, track)
}

func (w *Worker) makeSound(ctx context.Context, run db.SubtitleRun) error {
	video, err := w.Files.Local(ctx, run.VideoID)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", errFileMissing, err)
	}
	if err != nil {
		return err
	}
	defer video.Close()
	return w.Files.MakeSound(ctx, run.VideoID, run.Order.Track, func(file storage.Sound) error {
		return w.Meter.Extract(ctx, run.SessionID, video.Path, run.Order.Track, run.Duration, file)
	})
}

// pauseAfter grows with each failure.
func pauseAfter(failures int) time.Duration {
	const first, most = 5 * time.Second, 10 * time.Minute
	return min(most, first<<(2*min(failures, 8)))
}

// askedPause is how long the engine asked us to wait.
func askedPause(err error) time.Duration {
	var later *engine.LaterError
	if errors.As(err, &later) {
		return later.After
	}
	return 0
}

// neededSetup is what must be changed before the engine can be had.
func neededSetup(err error) engine.Setup {
	var setup *engine.SetupError
	if errors.As(err, &setup) {
		return setup.Setup
	}
	return ""
}

// maxDetail bounds what is kept of an error for admins, in bytes.
const maxDetail = 500

// detailOf is what an admin is told of an error: what the engine said, in its own
// words.
func detailOf(err error) string {
	said := strings.ToValidUTF8(err.Error(), "\uFFFD")
	for _, known := range []string{"transcribe: ", engine.ErrUnusable.Error() + ": ", engine.ErrFailed.Error() + ": ", engine.ErrDown.Error() + ": "} {
		said = strings.TrimPrefix(said, known)
	}
	if len(said) > maxDetail {
		said = strings.ToValidUTF8(said[:maxDetail], "") + "…"
	}
	return said
}

// finalReason names what no further try would change, or is "".
func finalReason(err error) string {
	switch {
	case errors.Is(err, errNoSound), errors.Is(err, media.ErrNotVideo):
		return reasonNoSound
	case errors.Is(err, errFileMissing):
		return reasonFileMissing
	case errors.Is(err, engine.ErrRefused):
		return reasonEngineRefused
	case errors.Is(err, engine.ErrUnusable):
		return reasonEngineFailed
	}
	return ""
}

// hadEngine ends a trouble.
func (w *Worker) hadEngine() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.downs > 0 {
		w.Log.Info("the speech engine is back", "after", time.Since(w.down.Since))
	}
	w.downs, w.down = 0, Trouble{}
}

// missedEngine notes that the engine cannot be had and returns when it is to be
// asked again. The whole queue waits until then.
func (w *Worker) missedEngine(err error) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.downs == 0 {
		w.down.Since = now
	}
	w.down.Again = now.Add(max(w.Pause(w.downs), askedPause(err)))
	w.down.Says, w.down.Setup = detailOf(err), neededSetup(err)
	w.downs++
	return w.down.Again
}
