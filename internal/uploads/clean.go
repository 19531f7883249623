package uploads

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"time"

	"gensubtitle/db"
)

const (
	// settleTime is how old a row must be before its file is missed: the row of
	// an upload is made before its file.
	settleTime = time.Minute
	// orphanLife is how long a file that no upload owns is kept.
	orphanLife = 30 * 24 * time.Hour
)

// Clean gives back the slots of processes that ended without doing so, takes
// over what they had to measure, and removes what has expired, sign-ins and
// personal tokens too. It removes the files of uploads that are gone, and
// temporary files that nobody writes to any more, and sets aside every file
// that no row stands for. What fails keeps nothing else from being done.
func (s *Service) Clean(ctx context.Context) error {
	var problems []error
	for _, release := range []func(context.Context) []error{s.takeBack, s.releaseSlots, s.releaseJobs} {
		problems = append(problems, release(ctx)...)
	}
	problems = append(problems, s.clearLeftovers())
	// The files of what was released go first, so that they are no orphans.
	expired := s.Expire(ctx)
	problems = append(problems, s.DB.DropEnded(ctx), s.Files.ClearStale())
	problems = append(problems, s.setOrphansAside(ctx)...)
	problems = append(problems, s.removeDerived(ctx, s.Files.Thumbnails(), s.Files.RemoveThumbnail)...)
	problems = append(problems, s.removeDerived(ctx, s.Files.Sounds(), s.Files.RemoveSound)...)
	problems = append(problems, s.Node.Sweep())
	return errors.Join(expired, s.task("clean up", problems))
}

// task notes for Problems how many problems a run of a task had.
func (s *Service) task(name string, problems []error) error {
	problems = slices.DeleteFunc(problems, func(err error) bool { return err == nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.problems == nil {
		s.problems = map[string]int{}
	}
	s.problems[name] = len(problems)
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", name, errors.Join(problems...))
}

// Problems counts what the last runs of maintenance could not do. The log says
// what it was.
func (s *Service) Problems() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, count := range s.problems {
		n += count
	}
	return n
}

func (s *Service) releaseSlots(ctx context.Context) []error {
	return s.eachDead(ctx, s.DB.SlotHolders, func(id string) error {
		released, err := s.DB.ReleaseSlots(ctx, id, s.Node.ID)
		if err == nil {
			s.Log.Info("slots of a dead process given back", "uploads", len(released))
		}
		return err
	})
}

// releaseJobs queues again what dead processes were transcribing.
func (s *Service) releaseJobs(ctx context.Context) []error {
	return s.eachDead(ctx, s.DB.SubtitleHolders, func(id string) error {
		released, err := s.DB.ReleaseSubtitles(ctx, id)
		if err == nil {
			s.Log.Info("subtitles of a dead process queued again", "jobs", released)
		}
		return err
	})
}

// eachDead goes through the processes that hold something and have ended.
func (s *Service) eachDead(ctx context.Context, list func(context.Context) ([]string, error), release func(id string) error) []error {
	dead, err := s.deadAmong(ctx, list)
	errs := []error{err}
	for _, id := range dead {
		errs = append(errs, release(id))
	}
	return errs
}

// deadAmong lists the processes of a list that have ended.
func (s *Service) deadAmong(ctx context.Context, list func(context.Context) ([]string, error)) ([]string, error) {
	holders, err := list(ctx)
	if err != nil {
		return nil, err
	}
	var found []string
	var errs []error
	for _, id := range holders {
		dead, err := s.Node.Dead(id)
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
func (s *Service) clearLeftovers() error {
	if s.cleaned.Swap(true) {
		return nil
	}
	alone, err := s.Node.Alone()
	if err != nil || !alone {
		return err
	}
	return s.Files.ClearLeftovers()
}

// removeDerived removes what was made of videos that are gone.
func (s *Service) removeDerived(ctx context.Context, ids iter.Seq2[string, error], remove func(string) error) []error {
	orphans, err := s.orphans(ctx, ids)
	errs := []error{err}
	for id := range orphans {
		if err := remove(id); err != nil {
			errs = append(errs, err)
			continue
		}
		s.Log.Info("derived file of a deleted video removed", "file", id)
	}
	return errs
}

// orphans are the ids of files that no upload owns. A row is always made before
// its file, so the file of an upload under way is no orphan.
func (s *Service) orphans(ctx context.Context, ids iter.Seq2[string, error]) (map[string]bool, error) {
	found := map[string]bool{}
	for id, err := range ids {
		if err != nil {
			return found, err
		}
		owned, err := s.DB.OwnsFiles(ctx, id)
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
func (s *Service) missing(v db.Video) (bool, error) {
	if time.Since(v.CreatedAt) < settleTime {
		return false, nil
	}
	if v.Status != db.Receiving {
		there, err := s.Files.Has(v.ID)
		return err == nil && !there, err
	}
	size, _, err := s.Files.Received(v.ID)
	if err == nil && size == v.SizeBytes {
		return false, nil // Whole, it needs nothing more.
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	there, err := s.Files.Continuable(v.ID)
	return !there && err == nil, err
}
