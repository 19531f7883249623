// Package transcribe runs the queue of subtitles: it claims jobs from the
// database, has the speech engine write down what is said, and keeps the text.
//
// A job is held by a lease that its worker renews. A worker that dies, with its
// process or alone, loses the lease and the job is run again; whatever a worker
// does with a job that is no longer its own comes to nothing.
package transcribe

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/background"
	"gensubtitle/internal/engine"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/subtitles"
)

const (
	// lease is how long a job stays its worker's without a word of it.
	lease = time.Minute
	// beat is how often a worker says how far it has come, and learns that the
	// job was cancelled.
	beat = 2 * time.Second
	// pollInterval is how often the database is asked for jobs of other processes.
	pollInterval = time.Second
	// restInterval is how long the database is left alone after it failed.
	restInterval = 10 * time.Second
	// maxFailures is how often a job may fail where the engine as such can be
	// had; by then it is the sound.
	maxFailures = 5
	// ourFailures is how a job waits that could not be begun for a reason on our
	// side, such as a full disk: as after so many failures, however often.
	ourFailures = 2
	// keepTries is how often a text is tried to be kept again.
	keepTries = 20
)

// Options are what a Worker works with.
type Options struct {
	DB          *db.DB
	Files       storage.Store
	Meter       *media.Meter
	Node        string // id of this process
	Engine      engine.Engine
	Prompt      string // names and terms that it should know, of every video
	Log         *slog.Logger
	Concurrency int                                 // jobs at once, of all processes together
	Ended       func(o Outcome, took time.Duration) // called after each run, unless nil
	// Pause is how long to wait before another try, after so many that went
	// wrong; nil: from five seconds to ten minutes.
	Pause func(failures int) time.Duration
}

// Outcome is how a run of a job ended.
type Outcome string

// The outcomes there are.
const (
	Done       Outcome = "done"
	Failed     Outcome = "failed"     // for good
	Postponed  Outcome = "postponed"  // to be tried again
	Superseded Outcome = "superseded" // cancelled, ordered anew, or the video is gone
)

// Worker runs jobs until it is told to end.
type Worker struct {
	Options
	wake chan struct{}

	mu    sync.Mutex
	downs int     // times in a row that the engine could not be had
	down  Trouble // of the last of them
}

// Trouble is an engine that cannot be had.
type Trouble struct {
	Since time.Time
	Again time.Time    // when it is asked again
	Says  string       // what it said last, or what kept us from asking
	Setup engine.Setup // what must be changed first; "" where it may pass by itself
}

// New makes a worker; Run starts it.
func New(o Options) *Worker {
	if o.Ended == nil {
		o.Ended = func(Outcome, time.Duration) {}
	}
	if o.Pause == nil {
		o.Pause = pauseAfter
	}
	return &Worker{Options: o, wake: make(chan struct{}, 1)}
}

// Wake has the worker look for a job now rather than soon.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // It is told already.
	}
}

// TryNow has the worker ask the engine now, although it could not be had.
func (w *Worker) TryNow() {
	w.mu.Lock()
	if w.downs > 0 {
		w.down.Again = time.Now()
	}
	w.mu.Unlock()
	w.Wake()
}

// Trouble reports what keeps the engine from being had, if anything does.
func (w *Worker) Trouble() (Trouble, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down, w.downs > 0
}

// Run runs jobs until ctx ends, and returns when none of them runs any more.
// Those that ran go back to their places in the queue.
func (w *Worker) Run(ctx context.Context) {
	var jobs sync.WaitGroup
	free := make(chan struct{}, w.Concurrency)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			jobs.Wait()
			w.giveBack(context.WithoutCancel(ctx))
			return
		}
		run, ok := w.await(ctx)
		if !ok {
			<-free
			continue
		}
		jobs.Go(func() {
			defer func() { <-free; w.Wake() }()
			defer background.Recover(w.Log, "transcribe", new(error)) // The job is left to its lease.
			w.run(ctx, run)
		})
	}
}

// giveBack queues again what this process has claimed and not ended.
func (w *Worker) giveBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, restInterval)
	defer cancel()
	if err := w.DB.ReturnSubtitles(ctx, w.Node); err != nil {
		w.Log.Error("jobs not given back yet", "error", err)
	}
}

// await returns the next job; ok is false when ctx has ended.
func (w *Worker) await(ctx context.Context) (run db.SubtitleRun, ok bool) {
	for ctx.Err() == nil {
		pause := w.rest()
		if pause <= 0 {
			pause = pollInterval
			run, ok, err := w.claim(ctx)
			if ok {
				return run, true
			}
			if err != nil && ctx.Err() == nil {
				w.Log.Error("queue of subtitles not looked after", "error", err)
				pause = restInterval
			}
		}
		select {
		case <-ctx.Done():
		case <-w.wake:
		case <-time.After(pause):
		}
	}
	return run, false
}

func (w *Worker) claim(ctx context.Context) (run db.SubtitleRun, ok bool, err error) {
	defer background.Recover(w.Log, "transcribe", &err)
	return w.DB.ClaimSubtitles(ctx, w.Node, lease, w.Concurrency)
}

// rest is how long the engine is still left alone.
func (w *Worker) rest() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.downs == 0 {
		return 0
	}
	return time.Until(w.down.Again)
}

// run brings a job as far as it comes. Errors of the database leave the job to
// its lease: it is run again when that has passed.
func (w *Worker) run(ctx context.Context, run db.SubtitleRun) {
	began := time.Now()
	log := w.Log.With("video", run.VideoID, "session_id", run.SessionID, "run", run.RunID)
	log.Info("subtitles begun", "attempts", run.Attempts)
	outcome, err := w.settle(ctx, run, log)
	if errors.Is(err, background.ErrPanic) && ctx.Err() == nil {
		outcome, err = w.crash(ctx, run, log)
	}
	switch {
	case ctx.Err() != nil:
		return // The process stops; the job is given back.
	case errors.Is(err, db.ErrNotFound):
		log.Info("subtitles no longer wanted")
		outcome = Superseded
	case err != nil:
		log.Error("subtitles not settled yet", "error", err)
		outcome = Postponed
	}
	w.Ended(outcome, time.Since(began))
}

// crash ends a run that panicked.
func (w *Worker) crash(ctx context.Context, run db.SubtitleRun, log *slog.Logger) (Outcome, error) {
	again := time.Now().Add(w.Pause(0))
	failed, err := w.DB.CrashSubtitles(ctx, run.RunID, again)
	if failed {
		log.Error("subtitles failed for good", "reason", db.SubtitlesCrashed)
		return Failed, err
	}
	log.Error("subtitles crashed, to be tried again", "again_at", again)
	return Postponed, err
}

// settle runs the engine and writes down what came of it.
func (w *Worker) settle(ctx context.Context, run db.SubtitleRun, log *slog.Logger) (outcome Outcome, err error) {
	defer background.Recover(w.Log, "transcribe", &err)
	transcript, notes, err := w.transcribe(ctx, run)
	if err == nil || errors.Is(err, engine.ErrFailed) || errors.Is(err, engine.ErrRefused) {
		w.hadEngine()
	}
	if err == nil {
		return Done, w.keep(ctx, run, transcript, notes, log)
	}
	if ctx.Err() != nil || errors.Is(err, db.ErrNotFound) || errors.Is(err, background.ErrPanic) {
		return Superseded, err
	}
	if reason := finalReason(err); reason != "" {
		log.Warn("subtitles failed for good", "reason", reason, "error", err)
		return Failed, w.DB.FailSubtitles(ctx, run.RunID, reason, detailOf(err))
	}
	if errors.Is(err, engine.ErrDown) {
		again := w.missedEngine(err)
		log.Warn("the speech engine cannot be had", "again_at", again, "error", err)
		return Postponed, w.DB.PostponeSubtitles(ctx, run.RunID, "", detailOf(err), again)
	}
	if !errors.Is(err, engine.ErrFailed) {
		again := time.Now().Add(w.Pause(ourFailures))
		log.Error("no sound for the engine yet", "again_at", again, "error", err)
		return Postponed, w.DB.PostponeSubtitles(ctx, run.RunID, "", detailOf(err), again)
	}
	if run.Attempts+1 >= maxFailures {
		log.Error("subtitles failed for good", "reason", reasonEngineFailed, "error", err)
		return Failed, w.DB.FailSubtitles(ctx, run.RunID, reasonEngineFailed, detailOf(err))
	}
	again := time.Now().Add(max(w.Pause(run.Attempts), askedPause(err)))
	log.Warn("subtitles failed, to be tried again", "again_at", again, "error", err)
	return Postponed, w.DB.PostponeSubtitles(ctx, run.RunID, reasonEngineFailed, detailOf(err), again)
}

// keep ends the job with its text. The engine has worked for it, so a database
// that fails for a while is tried again, though the lease may pass meanwhile: the
// run can still end as long as nobody else has claimed the job.
func (w *Worker) keep(ctx context.Context, run db.SubtitleRun, t subtitles.Transcript, notes []engine.Note, log *slog.Logger) error {
	cues := string(subtitles.MarshalCues(t.Cues))
	for try := 0; ; try++ {
		err := w.DB.FinishSubtitles(ctx, run.RunID, t.Language, cues, string(engine.MarshalNotes(notes)))
		if err == nil {
			log.Info("subtitles done", "language", t.Language, "cues", len(t.Cues), "notes", len(notes))
			return nil
		}
		if errors.Is(err, db.ErrNotFound) || try == keepTries || ctx.Err() != nil {
			return err
		}
		log.Warn("subtitles not kept yet", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(min(w.Pause(0)<<try, lease/2)):
		}
	}
}
