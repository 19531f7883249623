// Package uploads owns the life of an upload: admitted, received, measured, and
// then accepted or rejected; given up, expired, or taken up again after a crash.
//
// Each step may run twice, at once, in two processes, and end anywhere. It is
// decided by a conditional update of the database; whoever did not win that
// touches no file. Files are removed only for uploads that the database says to
// remove, after it said so; the one exception is deleteForRoom. Files that it
// does not know are set aside, and what is counted is never touched.
package uploads

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/background"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
)

// ErrNoVideos refuses to set a whole folder aside, because a database that
// knows no videos is most likely a wrong, lost or empty one.
var ErrNoVideos = errors.New("the database knows no videos, but the folder videos/ has some")

// Options are what a Service works with.
type Options struct {
	DB      *db.DB
	Files   storage.Store
	Node    *db.Node
	Meter   Meter            // for all but Check and what deletes
	Ballast *storage.Ballast // for Maintain
	Log     *slog.Logger
	// Expiry is how long an unfinished upload may go without another byte, and how
	// long a rejected one is told of.
	Expiry time.Duration
	// MaxUnfinished is how many resumable uploads a user may leave unfinished.
	MaxUnfinished int64
	// Transcribe has the subtitles of each accepted video made.
	Transcribe bool
	// MoveOrphans lets a database without videos set aside a folder that has some.
	MoveOrphans bool
}

// Meter measures files; a *media.Meter is one.
type Meter interface {
	Measure(ctx context.Context, owner, path string, atMost time.Duration, sound media.SoundFile) (media.Measurement, error)
	// Ready and Allow say whether files can be measured at all, and those of an owner.
	Ready() error
	Allow(owner string) error
}

// Events tell what became of uploads. None is nil; New makes such as do nothing.
type Events struct {
	Accepted func(db.Video)
	// Ended is called for each resumable upload that was measured, with nil or a
	// *Rejected.
	Ended func(error)
	// Dropped is called for each upload that nobody goes on with, and says why:
	// cancelled, expired or lost.
	Dropped func(why string)
}

// Service brings uploads through their lives.
type Service struct {
	Options
	Events Events

	background *background.Group
	suspects   chan struct{} // holds one while an upload is measured that may have ended the process
	abandoned  leftovers
	cleaned    atomic.Bool // once, at least

	mu       sync.Mutex
	problems map[string]int // by task: what it could not do at its last run
}

// New makes a service, which Maintain keeps going and Stop ends.
func New(o Options) *Service {
	s := &Service{Options: o, background: background.NewGroup(o.Log), suspects: make(chan struct{}, 1)}
	s.Events = Events{Accepted: func(db.Video) {}, Ended: func(error) {}, Dropped: func(string) {}}
	return s
}

// Stop cuts measuring short that no request waits for. The next start takes it up.
func (s *Service) Stop() { s.background.Stop() }
