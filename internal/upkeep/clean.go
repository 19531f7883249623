// Package upkeep keeps the house clean: what database, ledger and files hold
// is made to agree again after processes that died, uploads that nobody goes
// on with, and disks that failed. What is counted is never touched.
//
// Files are removed only for uploads that the database says to remove, after it
// said so; the one exception is deleteForRoom. Files that it does not know are
// set aside.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/media"
)

const (
	// settleTime is how old a row must be before its file is missed: the row of
	// an upload is made before its file.
	settleTime = time.Minute
	// orphanLife is how long a file that no upload owns is kept.
	orphanLife = 30 * 24 * time.Hour
)

// ErrNoVideos refuses to set a whole folder aside, because a database that
// knows no videos is most likely a wrong, lost or empty one.
var ErrNoVideos = errors.New("the database knows no videos, but the folder videos/ has some")

// House is what is kept clean. Expiry is how long an unfinished upload may go
// without another byte, and how long a rejected one is told of.
type House struct {
	DB      *db.DB
	Files   *media.Store
	Process *db.Process
	Log     *slog.Logger
	Expiry  time.Duration
	// MoveOrphans lets a database without videos set aside a folder that has some.
	MoveOrphans bool
	Expired     func()      // called for each upload that is removed for it, unless nil
	cleaned     atomic.Bool // once, at least

	mu       sync.Mutex
	problems map[string]int // by task: what it could not do at its last run
}

// Clean gives back the slots of processes that ended without doing so, takes
// over what they had to measure, and removes what has expired, sign-ins and
// personal tokens too. It removes the files of uploads that are gone, and
// temporary files that nobody writes to any more, and sets aside every file
// that no row stands for. What fails keeps nothing else from being done.
func (h *House) Clean(ctx context.Context) error {
	var problems []error
	for _, release := range []func(context.Context) []error{h.takeBack, h.releaseSlots, h.releaseJobs} {
		problems = append(problems, release(ctx)...)
	}
	problems = append(problems, h.clearLeftovers())
	// The files of what was released go first, so that they are no orphans.
	expired := h.Expire(ctx)
	problems = append(problems, h.DB.DropEnded(ctx), h.Files.ClearStale())
	problems = append(problems, h.setOrphansAside(ctx)...)
	problems = append(problems, h.removeDerived(ctx, h.Files.Thumbnails(), h.Files.RemoveThumbnail)...)
	problems = append(problems, h.removeDerived(ctx, h.Files.Sounds(), h.Files.RemoveSound)...)
	problems = append(problems, h.Process.Sweep())
	return errors.Join(expired, h.task("clean up", problems))
}

// task notes for Problems how many problems a run of a task had.
func (h *House) task(name string, problems []error) error {
	problems = slices.DeleteFunc(problems, func(err error) bool { return err == nil })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problems == nil {
		h.problems = map[string]int{}
	}
	h.problems[name] = len(problems)
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", name, errors.Join(problems...))
}

// Problems counts what the last runs of maintenance could not do. The log says
// what it was.
func (h *House) Problems() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, count := range h.problems {
		n += count
	}
	return n
}

func (h *House) releaseSlots(ctx context.Context) []error {
	return h.eachDead(ctx, h.DB.SlotHolders, func(id string) error {
		released, err := h.DB.ReleaseSlots(ctx, id, h.Process.ID)
		if err == nil {
			h.Log.Info("slots of a dead process given back", "uploads", len(released))
		}
		return err
	})
}

// releaseJobs queues again what dead processes were transcribing.
func (h *House) releaseJobs(ctx context.Context) []error {
	return h.eachDead(ctx, h.DB.SubtitleHolders, func(id string) error {
		released, err := h.DB.ReleaseSubtitles(ctx, id)
		if err == nil {
			h.Log.Info("subtitles of a dead process queued again", "jobs", released)
		}
		return err
	})
}

// eachDead goes through the processes that hold something and have ended.
func (h *House) eachDead(ctx context.Context, list func(context.Context) ([]string, error), release func(id string) error) []error {
	dead, err := h.deadAmong(ctx, list)
	errs := []error{err}
	for _, id := range dead {
		errs = append(errs, release(id))
	}
	return errs
}

// deadAmong lists the processes of a list that have ended.
func (h *House) deadAmong(ctx context.Context, list func(context.Context) ([]string, error)) ([]string, error) {
	holders, err := list(ctx)
	if err != nil {
		return nil, err
	}
	var found []string
	var errs []error
	for _, id := range holders {
		dead, err := h.Process.Dead(id)
		errs = append(errs, err)
		if dead {
			found = append(found, id)
		}
	}
	return found, errors.Join(errs...)
}

// clearLeftovers removes locks and temporary files that dead processes left,
// before this process has any of its own, and unless another works here: all
// of them look the same. For that reason it is tried once.
func (h *House) clearLeftovers() error {
	if h.cleaned.Swap(true) {
		return nil
	}
	alone, err := h.Process.Alone()
	if err != nil || !alone {
		return err
	}
	return h.Files.ClearLeftovers()
}

// removeDerived removes what was made of videos that are gone.
func (h *House) removeDerived(ctx context.Context, ids iter.Seq2[string, error], remove func(string) error) []error {
	orphans, err := h.orphans(ctx, ids)
	errs := []error{err}
	for id := range orphans {
		if err := remove(id); err != nil {
			errs = append(errs, err)
			continue
		}
		h.Log.Info("derived file of a deleted video removed", "file", id)
	}
	return errs
}

// orphans are the ids of files that no upload owns. A row is always made before
// its file, so the file of an upload under way is no orphan.
func (h *House) orphans(ctx context.Context, ids iter.Seq2[string, error]) (map[string]bool, error) {
	found := map[string]bool{}
	for id, err := range ids {
		if err != nil {
			return found, err
		}
		owned, err := h.DB.OwnsFiles(ctx, id)
		if err != nil {
			return found, err
		}
		if !owned {
			found[id] = true
		}
	}
	return found, nil
}

// missing reports whether the bytes of an upload under way that once were there
// are gone. One that is received is also lost without what tusd keeps of it.
func (h *House) missing(v db.Video) (bool, error) {
	if time.Since(v.CreatedAt) < settleTime {
		return false, nil
	}
	if v.Status != db.Receiving {
		_, err := h.Files.Locate(v.ID)
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		return false, err
	}
	size, _, err := h.Files.Received(v.ID)
	if err == nil && size == v.SizeBytes {
		return false, nil // Whole, it needs nothing more.
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	there, err := h.Files.Continuable(v.ID)
	return !there && err == nil, err
}
