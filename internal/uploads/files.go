package uploads

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
)

// RemoveFiles removes the files of an upload that the database says to remove.
// Of any other it touches nothing.
func (s *Service) RemoveFiles(ctx context.Context, id string) error {
	wanted, err := s.DB.IsRemoval(ctx, id)
	if err != nil || !wanted {
		return err
	}
	if err := errors.Join(s.Files.Discard(id), s.Files.Remove(id)); err != nil {
		return err
	}
	return s.DB.EndRemoval(ctx, id)
}

// removeFiles removes what a crash or a failing disk left of uploads that are gone.
func (s *Service) removeFiles(ctx context.Context) []error {
	ids, err := s.DB.Removals(ctx)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, id := range ids {
		errs = append(errs, s.RemoveFiles(ctx, id))
	}
	return errs
}

// DeleteUser ends an account as db.DeleteUser does and removes its files.
func (s *Service) DeleteUser(ctx context.Context, key string) error {
	ids, err := s.DB.DeleteUser(ctx, key)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s.removeLater(ctx, id)
	}
	return nil
}

// DeleteVideo deletes a video as db.DeleteVideo does and removes its files.
func (s *Service) DeleteVideo(ctx context.Context, sessionID, id string) error {
	err := s.DB.DeleteVideo(ctx, sessionID, id)
	if errors.Is(err, db.ErrStorageFull) {
		err = s.deleteForRoom(ctx, sessionID, id, err)
	}
	if err != nil {
		return err
	}
	s.removeLater(ctx, id)
	return nil
}

// deleteForRoom deletes a video on a disk that has no room to say so. The files
// go first, which is what the user asked for; deleting again ends what a crash
// interrupts.
func (s *Service) deleteForRoom(ctx context.Context, sessionID, id string, full error) error {
	v, err := s.DB.Video(ctx, sessionID, id)
	if err != nil || v.Status != db.Accepted {
		return full
	}
	s.Log.Warn("files of a video removed before its row: the disk is full", "video", id)
	if err := s.Files.Remove(id); err != nil {
		return errors.Join(full, err)
	}
	return s.DB.DeleteVideo(ctx, sessionID, id)
}

// removeLater removes files now if that succeeds, and else with the next clean-up.
func (s *Service) removeLater(ctx context.Context, id string) {
	if err := s.RemoveFiles(context.WithoutCancel(ctx), id); err != nil {
		s.Log.Error("files of a deleted video not removed yet", "video", id, "error", err)
	}
}

// CheckVideos returns ErrNoVideos for a database that knows no videos beside a
// folder that has some, unless MoveOrphans allows that.
func (s *Service) CheckVideos(ctx context.Context) error {
	if s.MoveOrphans {
		return nil
	}
	known, err := s.DB.KnowsVideos(ctx)
	if err != nil || known {
		return err
	}
	for _, err := range s.Files.Videos() {
		if err == nil {
			err = ErrNoVideos
		}
		return err
	}
	return nil
}

// CheckFolder returns ErrNoVideos for a data directory whose database is missing
// or empty while the folder has videos. It is for those who are about to open
// the database, which would make one.
func CheckFolder(dir string) error {
	info, err := os.Stat(filepath.Join(dir, db.FileName))
	if err == nil && info.Size() > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the database: %w", err)
	}
	has, err := storage.HasVideos(dir)
	if err == nil && has {
		err = ErrNoVideos
	}
	return err
}

// setOrphansAside sets files aside that no upload owns, and removes those that
// nobody has missed for a month.
func (s *Service) setOrphansAside(ctx context.Context) []error {
	if err := s.CheckVideos(ctx); err != nil {
		return []error{err}
	}
	return slices.Concat(
		s.setAside(ctx, "videos"),
		s.setAside(ctx, "incoming"),
		s.eachOrphan(ctx, s.expireOrphan),
	)
}

func (s *Service) setAside(ctx context.Context, folder string) []error {
	ids, move := s.Files.Videos(), s.Files.SetAside
	if folder == "incoming" {
		ids, move = s.Files.Incoming(), s.Files.SetAsideIncoming
	}
	orphans, err := s.orphans(ctx, ids)
	errs := []error{err}
	for id := range orphans {
		if err := move(id); err != nil {
			errs = append(errs, err)
			continue
		}
		s.Log.Warn("unknown file moved to orphans", "folder", folder, "file", id, "removed_after", orphanLife)
	}
	return errs
}

func (s *Service) eachOrphan(ctx context.Context, do func(context.Context, storage.Orphan) error) []error {
	orphans, err := s.Files.Orphans()
	errs := []error{err}
	for _, o := range orphans {
		if err := do(ctx, o); err != nil {
			errs = append(errs, fmt.Errorf("orphan %s: %w", o.Name, err))
		}
	}
	return errs
}

// takeBack moves orphans back that an upload lacks: the right database was put
// back.
func (s *Service) takeBack(ctx context.Context) []error {
	return s.eachOrphan(ctx, func(ctx context.Context, o storage.Orphan) error {
		missed, err := s.missed(ctx, o)
		if err != nil || !missed {
			return err
		}
		if err := s.Files.TakeBack(o); err != nil {
			return err
		}
		s.Log.Info("file taken back from the orphans", "video", o.ID)
		return nil
	})
}

// missed reports whether an upload lacks the file that an orphan is.
func (s *Service) missed(ctx context.Context, o storage.Orphan) (bool, error) {
	v, err := s.DB.VideoByID(ctx, o.ID)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if there, err := s.hasFile(v); err != nil || there {
		return false, err
	}
	underWay := v.Resumable && (v.Status == db.Receiving || v.Status == db.Measuring)
	if o.Part {
		return underWay, nil
	}
	return o.Size == v.SizeBytes && (v.Status == db.Accepted || underWay), nil
}

// hasFile looks among the videos alone for the file of one that is accepted.
func (s *Service) hasFile(v db.Video) (bool, error) {
	if v.Status != db.Accepted {
		return s.Files.Has(v.ID)
	}
	_, err := s.Files.Size(v.ID)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (s *Service) expireOrphan(_ context.Context, o storage.Orphan) error {
	if time.Since(o.Since) < orphanLife {
		return nil
	}
	if err := s.Files.RemoveOrphan(o); err != nil {
		return err
	}
	s.Log.Info("orphan removed", "file", o.Name)
	return nil
}
