package uploads

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
)

// Whole is an upload that comes in one piece.
type Whole struct {
	SessionID string
	SizeBytes int64       // of the file, at most
	Length    int64       // of all that will come; 0 or less where that is not known
	Request   *db.Request // with a key, it counts once
	Log       *slog.Logger
}

// Fill writes what comes into the file, and returns its name and size.
type Fill func(storage.Incoming) (name string, size int64, err error)

// Receive receives, measures and counts an upload. Of one that bears the key of
// one that was accepted before, nothing is read: again is true. Whenever it
// fails, nothing is left of the upload.
func (s *Service) Receive(ctx context.Context, w Whole, fill Fill) (accepted db.AcceptedUpload, again bool, err error) {
	id, err := newID()
	if err != nil {
		return accepted, false, err
	}
	ended := false
	defer func() {
		if !ended { // After a panic, too.
			s.Abandon(context.WithoutCancel(ctx), w.Log, id)
		}
	}()
	first, err := s.admit(ctx, db.Upload{ID: id, SessionID: w.SessionID, SizeBytes: w.SizeBytes}, w.Request)
	if err != nil {
		ended = !errors.Is(err, db.ErrUncertain)
		return accepted, false, err
	}
	if first != nil {
		ended = true
		return *first, true, nil
	}
	name, size, err := s.store(id, w.Length, fill)
	if err != nil {
		return accepted, false, err
	}
	accepted.Video, accepted.Quota, err = s.countWhole(ctx, id, name, size)
	ended = err == nil
	return accepted, false, err
}

// store writes incoming/<id>.
func (s *Service) store(id string, length int64, fill Fill) (name string, size int64, err error) {
	file, err := s.Files.Create(id)
	if err != nil {
		return "", 0, err
	}
	defer file.Close() // After a panic; else it is closed already.
	if length > 0 {
		err = file.Reserve(length)
	}
	if err == nil {
		name, size, err = fill(file)
	}
	if err != nil {
		// The database may need the room to forget the upload.
		err = errors.Join(err, file.Empty())
	}
	// The disk writes while the file is measured; Keep waits until all is there.
	file.StartSync()
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", 0, fmt.Errorf("receive upload: %w", err)
	}
	return name, size, nil
}

// countWhole ends an upload of which the client has sent all it had: it is
// finished, whatever becomes of the connection.
func (s *Service) countWhole(ctx context.Context, id, name string, size int64) (db.Video, db.Quota, error) {
	ctx, cancel := s.background.Within(context.WithoutCancel(ctx))
	defer cancel()
	quota, err := s.DB.Received(ctx, id, name, size)
	if err != nil {
		return db.Video{}, quota, err
	}
	return s.count(ctx, id, quota, s.withSound)
}

// Abandon leaves nothing of an upload that failed: neither slot nor file.
// Whatever a failure here leaves behind is tried again before the next upload,
// every minute, and at the next start.
func (s *Service) Abandon(ctx context.Context, log *slog.Logger, id string) {
	if err := s.forget(ctx, id); err != nil {
		log.Error("failed upload not cleaned up yet", "video", id, "error", err)
		s.abandoned.add(id)
	}
}

// forget gives the slot of an upload back and removes what was received. One
// that has ended meanwhile is left alone: it may be counted, although the answer
// was an error.
func (s *Service) forget(ctx context.Context, id string) error {
	err := s.DB.Abandon(ctx, id)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	return s.RemoveFiles(ctx, id)
}

// retryAbandoned cleans up after uploads that failed while something else did.
func (s *Service) retryAbandoned() {
	ctx := db.WithPatience(context.Background())
	for _, id := range s.abandoned.take() {
		s.Abandon(ctx, s.Log, id)
	}
}

// leftovers are the ids of failed uploads that are still to be cleaned up.
type leftovers struct {
	mu  sync.Mutex
	ids []string
}

func (l *leftovers) add(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, id)
}

func (l *leftovers) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := l.ids
	l.ids = nil
	return ids
}
