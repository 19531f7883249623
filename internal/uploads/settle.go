package uploads

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
)

// maxMeasureTries is how often an upload may end the process, or panic, while it
// is measured.
const maxMeasureTries = 2

// measureLater counts a resumable upload whose bytes are all there, after the
// answer to the last of them.
func (s *Service) measureLater(v db.Video) {
	s.background.Start("measuring of "+v.ID, func(ctx context.Context) {
		if err := s.settle(ctx, v); err != nil && ctx.Err() == nil {
			s.Log.Error("upload not measured yet", "video", v.ID, "session_id", v.SessionID, "error", err)
		}
	})
}

// settle brings a complete upload to its end: counted or rejected. After an
// error it stays as it is, to be tried again. A try counts from its turn on, and
// is taken back unless it ended with the process or a panic: after two of those
// the upload is rejected.
func (s *Service) settle(ctx context.Context, v db.Video) error {
	tries, err := s.DB.MeasureTries(ctx, v.ID, s.Node.ID)
	if errors.Is(err, db.ErrNotFound) {
		return nil // It has ended since it was listed.
	}
	if err != nil {
		return err
	}
	if tries >= maxMeasureTries {
		return s.reject(ctx, v, &Rejected{Unmeasurable, errUnmeasurable})
	}
	if tries > 0 {
		// It may end the process. No other such upload is to be blamed for that.
		select {
		case s.suspects <- struct{}{}:
			defer func() { <-s.suspects }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	begun := false
	err = s.countLater(media.OnTurn(ctx, func(ctx context.Context) error {
		if begun {
			return nil
		}
		err := s.DB.BeginMeasuring(ctx, v.ID, s.Node.ID)
		begun = err == nil
		return err
	}), v)
	if err == nil {
		s.Events.Ended(nil)
		s.Log.Info("upload counted", "video", v.ID, "session_id", v.SessionID)
		return nil
	}
	if errors.Is(err, db.ErrNotFound) {
		return nil // Its user deleted it, or was deleted.
	}
	if errors.Is(err, db.ErrSignedOut) || s.lost(v.ID) {
		s.Events.Dropped("lost")
		return s.forget(ctx, v.ID)
	}
	var rejected *Rejected
	if errors.As(err, &rejected) {
		return s.reject(ctx, v, rejected)
	}
	if begun {
		// The process may be stopping: the try is taken back all the same.
		err = errors.Join(err, s.DB.PutOffMeasuring(context.WithoutCancel(ctx), v.ID, s.Node.ID))
	}
	return err
}

// countLater counts a resumable upload.
func (s *Service) countLater(ctx context.Context, v db.Video) error {
	quota, err := s.DB.Quota(ctx, v.SessionID)
	if err != nil {
		return err
	}
	_, _, err = s.count(ctx, v.ID, quota, s.withSound)
	if errors.Is(err, storage.ErrFull) {
		// The room of a resumable upload was taken at its beginning, so a full
		// disk does not hold it up. Its sound is made once there is room.
		_, _, err = s.count(ctx, v.ID, quota, s.withoutSound)
	}
	return err
}

// lost is true for an upload whose file is gone, which no further try brings back.
func (s *Service) lost(id string) bool {
	there, err := s.Files.Has(id)
	return err == nil && !there
}

// reject keeps the row, which tells the user why, and nothing else.
func (s *Service) reject(ctx context.Context, v db.Video, why *Rejected) error {
	err := s.DB.Reject(ctx, v.ID, why.Reason)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Events.Ended(why)
	s.Log.Info("upload rejected", "video", v.ID, "session_id", v.SessionID, "reason", why.Reason, "error", why.cause)
	return s.RemoveFiles(ctx, v.ID)
}

// resumeMeasuring takes up what this process has been given to measure and
// has not brought to its end, and what has all its bytes without saying so.
func (s *Service) resumeMeasuring(ctx context.Context) error {
	unfinished, err := s.DB.Unfinished(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range unfinished {
		if size, _, err := s.Files.Received(v.ID); err != nil || size != v.SizeBytes {
			continue
		}
		if err := s.Complete(ctx, v.ID); err != nil && !errors.Is(err, db.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	unmeasured, err := s.DB.Unmeasured(ctx, s.Node.ID)
	for _, v := range unmeasured {
		s.measureLater(v)
	}
	return errors.Join(append(errs, err)...)
}

// Complete is called when all bytes of a resumable upload have been written. It
// is measured in the background.
func (s *Service) Complete(ctx context.Context, id string) error {
	err := s.Files.Sync(id)
	if errors.Is(err, fs.ErrNotExist) {
		return s.completedBefore(ctx, id, err)
	}
	if err != nil {
		return fmt.Errorf("complete upload: %w", err)
	}
	v, err := s.DB.Complete(ctx, id, s.Node.ID)
	if errors.Is(err, db.ErrNotFound) {
		return s.completedBefore(ctx, id, err)
	}
	if err != nil {
		return err
	}
	s.measureLater(v)
	return nil
}

// completedBefore is nil where somebody else has seen the last byte first, and
// err where the upload was given up, or lost.
func (s *Service) completedBefore(ctx context.Context, id string, err error) error {
	v, unknown := s.DB.VideoByID(ctx, id)
	switch {
	case errors.Is(unknown, db.ErrNotFound):
		return err
	case unknown != nil:
		return unknown
	case v.Status == db.Receiving:
		return err
	}
	return nil
}

// Cancel forgets an upload that its user gives up; the caller holds its lock, and
// removes its files once that is let go.
func (s *Service) Cancel(ctx context.Context, id string) error {
	if err := s.DB.DropUpload(ctx, id); err != nil {
		return err
	}
	s.Events.Dropped("cancelled")
	return nil
}

// DropLost forgets an upload whose file is gone, and reports whether it did.
func (s *Service) DropLost(ctx context.Context, id string) (bool, error) {
	if _, _, err := s.Files.Received(id); !errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	err := s.DB.DropUpload(ctx, id)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.Events.Dropped("lost")
	return true, s.RemoveFiles(ctx, id)
}
