package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/media"
)

// maxMeasureTries is how often an upload may end the process, or panic, while it
// is measured.
const maxMeasureTries = 2

// measure is how a file is measured: with its sound kept, or without.
type measure func(ctx context.Context, owner, id, path string, atMost time.Duration) (media.Measurement, error)

// withSound also makes the sound for speech engines. It is in its place before
// the video is, and goes wherever that is removed. Alone, after a crash, it
// counts for nothing.
func (s *Server) withSound(ctx context.Context, owner, id, path string, atMost time.Duration) (measured media.Measurement, err error) {
	err = s.Files.MakeSound(ctx, id, 0, func(sound media.SoundFile) error {
		measured, err = s.Meter.Measure(ctx, owner, path, atMost, sound)
		return err
	})
	return measured, err
}

func (s *Server) withoutSound(ctx context.Context, owner, _, path string, atMost time.Duration) (media.Measurement, error) {
	return s.Meter.Measure(ctx, owner, path, atMost, nil)
}

// count measures a file that is whole on disk and moves it, and its seconds,
// to where they belong.
func (s *Server) count(ctx context.Context, id string, quota db.Quota, measure measure) (db.Video, db.Quota, error) {
	path, err := s.Files.Locate(id)
	if err != nil {
		return db.Video{}, quota, err
	}
	measured, err := measure(ctx, quota.SessionID, id, path, quota.RemainingDuration())
	var long *media.TooLongError
	if errors.As(err, &long) {
		return db.Video{}, quota, &db.QuotaError{Resource: db.Duration, Quota: quota, Asked: long.Duration}
	}
	if err != nil {
		return db.Video{}, quota, err
	}
	// The file is in its place before the row says so: a crash in between
	// leaves a file that nothing counts, which the next start removes, or
	// counts if the upload is resumable.
	if err := s.Files.Keep(id); err != nil {
		return db.Video{}, quota, err
	}
	video, quota, err := s.DB.Accept(ctx, id, db.Measured{
		Duration: measured.Duration, Container: measured.Container, HasPicture: measured.HasPicture,
		Tracks: tracksOf(measured.Tracks), Declared: measured.Declared, Subtitles: s.order(),
	})
	if err == nil {
		s.wakeTranscriber()
	}
	if err == nil && video.HasPicture {
		s.background.Start("thumbnail of "+id, func(ctx context.Context) { s.prepareThumbnail(ctx, video) })
	}
	return video, quota, err
}

func tracksOf(tracks []media.Track) db.Tracks {
	return mapped(tracks, func(t media.Track) db.Track {
		return db.Track{Kind: t.Kind, Number: t.Number, Language: t.Language, Name: t.Name, Default: t.Default, Text: t.Text, Unknown: t.Unknown}
	})
}

// measureLater counts a resumable upload whose bytes are all there, after the
// answer to the last of them.
func (s *Server) measureLater(v db.Video) {
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
func (s *Server) settle(ctx context.Context, v db.Video) error {
	tries, err := s.DB.MeasureTries(ctx, v.ID, s.Process.ID)
	if errors.Is(err, db.ErrNotFound) {
		return nil // It has ended since it was listed.
	}
	if err != nil {
		return err
	}
	if tries >= maxMeasureTries {
		return s.reject(ctx, v, errUnmeasurable)
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
		err := s.DB.BeginMeasuring(ctx, v.ID, s.Process.ID)
		begun = err == nil
		return err
	}), v)
	if err == nil {
		s.Metrics.uploadEnded(resumableUpload, nil)
		s.Log.Info("upload counted", "video", v.ID, "session_id", v.SessionID)
		return nil
	}
	if errors.Is(err, db.ErrNotFound) {
		return nil // Its user deleted it, or was deleted.
	}
	if errors.Is(err, db.ErrSignedOut) || s.lost(v.ID) {
		s.Metrics.uploadDropped("lost")
		return s.forget(ctx, v.ID)
	}
	if isFinal(err) {
		return s.reject(ctx, v, err)
	}
	if begun {
		// The process may be stopping: the try is taken back all the same.
		err = errors.Join(err, s.DB.PutOffMeasuring(context.WithoutCancel(ctx), v.ID, s.Process.ID))
	}
	return err
}

// countLater counts a resumable upload.
func (s *Server) countLater(ctx context.Context, v db.Video) error {
	quota, err := s.DB.Quota(ctx, v.SessionID)
	if err != nil {
		return err
	}
	_, _, err = s.count(ctx, v.ID, quota, s.withSound)
	if errors.Is(err, media.ErrStorageFull) {
		// The room of a resumable upload was taken at its beginning, so a full
		// disk does not hold it up. Its sound is made once there is room.
		_, _, err = s.count(ctx, v.ID, quota, s.withoutSound)
	}
	return err
}

// isFinal reports whether an upload failed for what it is, so that no further
// try would end otherwise.
func isFinal(err error) bool {
	var quota *db.QuotaError
	return errors.As(err, &quota) || errors.Is(err, media.ErrNotVideo)
}

// lost is true for an upload whose file is gone, which no further try brings back.
func (s *Server) lost(id string) bool {
	_, err := s.Files.Locate(id)
	return errors.Is(err, fs.ErrNotExist)
}

// reject keeps the row, which tells the user why, and nothing else.
func (s *Server) reject(ctx context.Context, v db.Video, why error) error {
	p := problemOf(why)
	reason := cmp.Or(p.reason, p.kind)
	err := s.DB.Reject(ctx, v.ID, reason)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Metrics.uploadEnded(resumableUpload, why)
	s.Log.Info("upload rejected", "video", v.ID, "session_id", v.SessionID, "reason", reason, "error", why)
	return s.House.RemoveFiles(ctx, v.ID)
}

// resumeMeasuring takes up what this process has been given to measure and
// has not brought to its end, and what has all its bytes without saying so.
func (s *Server) resumeMeasuring(ctx context.Context) error {
	unfinished, err := s.DB.Unfinished(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range unfinished {
		if size, _, err := s.Files.Received(v.ID); err != nil || size != v.SizeBytes {
			continue
		}
		if err := s.complete(ctx, v.ID); err != nil && !errors.Is(err, db.ErrNotFound) {
			errs = append(errs, err)
		}
	}
	unmeasured, err := s.DB.Unmeasured(ctx, s.Process.ID)
	for _, v := range unmeasured {
		s.measureLater(v)
	}
	return errors.Join(append(errs, err)...)
}

// complete is called when all bytes of a resumable upload have been written.
func (s *Server) complete(ctx context.Context, id string) error {
	if err := s.Files.Sync(id); err != nil {
		return fmt.Errorf("complete upload: %w", err)
	}
	v, err := s.DB.Complete(ctx, id, s.Process.ID)
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
// err where the upload was given up.
func (s *Server) completedBefore(ctx context.Context, id string, err error) error {
	known, unknown := s.DB.HasVideo(ctx, id)
	if known {
		return nil
	}
	return cmp.Or(unknown, err)
}
