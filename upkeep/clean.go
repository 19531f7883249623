// Package upkeep keeps the house clean: what database, ledger and files hold
// is made to agree again after processes that died, uploads that nobody goes
// on with, and disks that failed. What is counted is never touched.
package upkeep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"gensubtitle/db"
	"gensubtitle/media"
)

// House is what is kept clean. Expiry is how long an unfinished upload may go
// without another byte, and how long a rejected one is told of.
type House struct {
	DB      *db.DB
	Files   *media.Store
	Process *db.Process
	Log     *slog.Logger
	Expiry  time.Duration
	Expired func()      // called for each upload that is removed for it, unless nil
	cleaned atomic.Bool // once, at least
}

// Clean gives back the slots of processes that ended without doing so, takes
// over what they had to measure, and removes what has expired, sign-ins and
// personal tokens too, every file that no row stands for, and temporary files
// that nobody writes to any more.
func (h *House) Clean(ctx context.Context) error {
	if err := h.clean(ctx); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}

func (h *House) clean(ctx context.Context) error {
	if err := h.releaseSlots(ctx); err != nil {
		return err
	}
	if err := h.releaseJobs(ctx); err != nil {
		return err
	}
	if err := h.clearLeftovers(); err != nil {
		return err
	}
	if err := h.expire(ctx); err != nil {
		return err
	}
	return errors.Join(
		h.DB.DropEnded(ctx),
		h.Files.ClearStale(),
		h.removeOrphans(ctx, h.Files.Incoming(), h.Files.Discard),
		h.removeOrphans(ctx, h.Files.Videos(), h.Files.Remove),
		h.removeOrphans(ctx, h.Files.Thumbnails(), h.Files.RemoveThumbnail),
		h.removeOrphans(ctx, h.Files.Sounds(), h.Files.RemoveSound),
		h.Process.Sweep(),
	)
}

func (h *House) releaseSlots(ctx context.Context) error {
	return h.eachDead(ctx, h.DB.SlotHolders, func(id string) error {
		released, err := h.DB.ReleaseSlots(ctx, id, h.Process.ID)
		if err == nil {
			h.Log.Info("slots of a dead process given back", "uploads", len(released))
		}
		return err
	})
}

// releaseJobs queues again what dead processes were transcribing.
func (h *House) releaseJobs(ctx context.Context) error {
	return h.eachDead(ctx, h.DB.SubtitleHolders, func(id string) error {
		released, err := h.DB.ReleaseSubtitles(ctx, id)
		if err == nil {
			h.Log.Info("subtitles of a dead process queued again", "jobs", released)
		}
		return err
	})
}

// eachDead goes through the processes that hold something and have ended.
func (h *House) eachDead(ctx context.Context, list func(context.Context) ([]string, error), release func(id string) error) error {
	dead, err := h.deadAmong(ctx, list)
	if err != nil {
		return err
	}
	for _, id := range dead {
		if err := release(id); err != nil {
			return err
		}
	}
	return nil
}

// deadAmong lists the processes of a list that have ended.
func (h *House) deadAmong(ctx context.Context, list func(context.Context) ([]string, error)) ([]string, error) {
	holders, err := list(ctx)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, id := range holders {
		dead, err := h.Process.Dead(id)
		if err != nil {
			return nil, err
		}
		if dead {
			found = append(found, id)
		}
	}
	return found, nil
}

// clearLeftovers removes locks and temporary files that dead processes left,
// before this process has any of its own, and unless another works here: all
// of them look the same.
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

// Expire removes uploads that nobody has gone on with for too long.
func (h *House) Expire(ctx context.Context) error {
	if err := h.expire(ctx); err != nil {
		return fmt.Errorf("remove expired uploads: %w", err)
	}
	return nil
}

func (h *House) expire(ctx context.Context) error {
	unfinished, err := h.DB.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, v := range unfinished {
		expired, err := h.expired(v)
		if err != nil {
			return err
		}
		if !expired {
			continue
		}
		// The bytes go first: on a full disk the database has no room to forget
		// the row.
		if err := h.Files.Discard(v.ID); err != nil {
			return err
		}
		if err := h.DB.DropUpload(ctx, v.ID); err != nil && !errors.Is(err, db.ErrNotFound) {
			return err
		}
		h.Log.Info("expired upload removed", "video", v.ID, "session_id", v.SessionID)
		if h.Expired != nil {
			h.Expired()
		}
	}
	return h.DB.DropRejected(ctx, time.Now().Add(-h.Expiry))
}

// expired reports whether somebody was to go on with an upload and did not. One
// whose file is gone, or not there yet, goes by its row. One that is whole waits
// for nobody but us.
func (h *House) expired(v db.Video) (bool, error) {
	size, last, err := h.Files.Received(v.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		last = v.CreatedAt
	case err != nil:
		return false, err
	case size == v.SizeBytes:
		return false, nil
	}
	return time.Since(last) >= h.Expiry, nil
}

// removeOrphans removes files without a row.
func (h *House) removeOrphans(ctx context.Context, ids iter.Seq2[string, error], remove func(string) error) error {
	orphans, err := h.orphans(ctx, ids)
	if err != nil {
		return err
	}
	for id := range orphans {
		if err := remove(id); err != nil {
			return err
		}
		h.Log.Info("file that belonged to nothing removed", "file", id)
	}
	return nil
}

// orphans are the ids of files without a row. A row is always made before its
// file, so the file of an upload under way is no orphan.
func (h *House) orphans(ctx context.Context, ids iter.Seq2[string, error]) (map[string]bool, error) {
	found := map[string]bool{}
	for id, err := range ids {
		if err != nil {
			return nil, err
		}
		known, err := h.DB.HasVideo(ctx, id)
		if err != nil {
			return nil, err
		}
		if !known {
			found[id] = true
		}
	}
	return found, nil
}
