package uploads

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
)

// Room requires that an upload of so many bytes could be taken from this owner
// now: storage.ErrFull, storage.ErrUnavailable or *media.RejectionsError.
func (s *Service) Room(owner string, bytes int64) error {
	s.retryAbandoned()
	if err := s.Meter.Ready(); err != nil {
		return err
	}
	if err := s.Meter.Allow(owner); err != nil {
		return err
	}
	return s.DiskRoom(bytes)
}

// DiskRoom requires space on the disk for so many bytes: storage.ErrFull.
func (s *Service) DiskRoom(bytes int64) error {
	free, err := s.Files.Free()
	if err != nil {
		return err
	}
	if free < bytes+storage.SpareBytes {
		return storage.ErrFull
	}
	return nil
}

// AdmitResumable takes a slot for an upload that may come in pieces, and returns
// its id.
func (s *Service) AdmitResumable(ctx context.Context, u db.Upload) (string, error) {
	if err := s.Room(u.SessionID, u.SizeBytes); err != nil {
		return "", err
	}
	id, err := newID()
	if err != nil {
		return "", err
	}
	u.ID = id
	return id, s.DB.AdmitResumable(ctx, u, s.MaxUnfinished)
}

// Confirm is called once the file of a resumable upload has been made. Where its
// user was deleted before, the file goes, and that is db.ErrSignedOut.
func (s *Service) Confirm(ctx context.Context, id string) error {
	known, err := s.DB.HasVideo(ctx, id)
	if err != nil || known {
		return nil // Without an answer it stays: maintenance finds it.
	}
	if err := s.Files.Discard(id); err != nil {
		return fmt.Errorf("%w: %w", db.ErrSignedOut, err)
	}
	return db.ErrSignedOut
}

// admit takes a slot, unless the upload bears the key of one that was accepted.
func (s *Service) admit(ctx context.Context, u db.Upload, r *db.Request) (*db.AcceptedUpload, error) {
	if r.Key == "" {
		return nil, s.DB.Admit(ctx, u, s.Node.ID)
	}
	return s.DB.AdmitOnce(ctx, u, r)
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make video id: %w", err)
	}
	return id.String(), nil
}
