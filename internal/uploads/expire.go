package uploads

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
)

// Expire removes uploads that nobody has gone on with for too long, those whose
// bytes are gone, and the files of uploads that are gone.
func (s *Service) Expire(ctx context.Context) error {
	return s.task("remove expired uploads", append(s.expire(ctx), s.removeFiles(ctx)...))
}

func (s *Service) expire(ctx context.Context) []error {
	unfinished, err := s.DB.Unfinished(ctx)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, v := range unfinished {
		if err := s.expireUpload(ctx, v); err != nil {
			errs = append(errs, fmt.Errorf("upload %s: %w", v.ID, err))
		}
	}
	return append(errs, s.DB.DropRejected(ctx, time.Now().Add(-s.Expiry)))
}

// expireUpload drops an upload that is due, under its lock, so that no request
// is just bringing its next byte.
func (s *Service) expireUpload(ctx context.Context, v db.Video) (err error) {
	if due, err := s.due(v); err != nil || !due {
		return err
	}
	unlock, err := s.Files.TryLock(v.ID)
	switch {
	case errors.Is(err, storage.ErrLocked):
		return nil
	case errors.Is(err, storage.ErrFull):
		// It is dropped all the same, which makes room.
	case err != nil:
		return err
	default:
		defer func() { err = errors.Join(err, unlock()) }()
	}
	if due, err := s.due(v); err != nil || !due {
		return err
	}
	if err := s.DB.DropUpload(ctx, v.ID); err != nil {
		if errors.Is(err, db.ErrNotFound) {
			return nil
		}
		return err
	}
	s.Log.Info("expired upload removed", "video", v.ID, "session_id", v.SessionID)
	s.Events.Dropped("expired")
	return s.RemoveFiles(ctx, v.ID)
}

// due reports whether an upload is to be dropped: it is lost, or somebody was
// to go on with it and did not. One that is whole waits for nobody but us.
func (s *Service) due(v db.Video) (bool, error) {
	if missing, err := s.missing(v); err != nil || missing {
		return missing, err
	}
	size, last, err := s.Files.Received(v.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil // Its file is about to be made.
	case err != nil:
		return false, err
	}
	return size != v.SizeBytes && time.Since(last) >= s.Expiry, nil
}
