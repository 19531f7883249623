package uploads

import (
	"context"
	"errors"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
)

// measure is how a file is measured: with its sound kept, or without.
type measure func(ctx context.Context, owner, id, path string, atMost time.Duration) (media.Measurement, error)

// withSound also makes the sound for speech engines. It is in its place before
// the video is, and goes wherever that is removed. Alone, after a crash, it
// counts for nothing.
func (s *Service) withSound(ctx context.Context, owner, id, path string, atMost time.Duration) (measured media.Measurement, err error) {
	err = s.Files.MakeSound(ctx, id, 0, func(sound storage.Sound) error {
		measured, err = s.Meter.Measure(ctx, owner, path, atMost, sound)
		return err
	})
	return measured, err
}

func (s *Service) withoutSound(ctx context.Context, owner, _, path string, atMost time.Duration) (media.Measurement, error) {
	return s.Meter.Measure(ctx, owner, path, atMost, nil)
}

// count measures a file that is whole on disk and moves it, and its seconds,
// to where they belong.
func (s *Service) count(ctx context.Context, id string, quota db.Quota, measure measure) (db.Video, db.Quota, error) {
	file, err := s.Files.Local(ctx, id)
	if err != nil {
		return db.Video{}, quota, err
	}
	measured, err := measure(ctx, quota.SessionID, id, file.Path, quota.RemainingDuration())
	err = errors.Join(err, file.Close())
	var long *media.TooLongError
	if errors.As(err, &long) {
		err = &db.QuotaError{Resource: db.Duration, Quota: quota, Asked: long.Duration}
	}
	if err != nil {
		return db.Video{}, quota, orRejected(err)
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
		s.Events.Accepted(video)
	}
	return video, quota, orRejected(err)
}

// order is what the engine is to do with a video that was just accepted.
func (s *Service) order() *db.SubtitleOrder {
	if !s.Transcribe {
		return nil
	}
	return &db.SubtitleOrder{}
}

func tracksOf(tracks []media.Track) db.Tracks {
	var list db.Tracks
	for _, t := range tracks {
		list = append(list, db.Track{
			Kind: t.Kind, Number: t.Number, Language: t.Language, Name: t.Name, Default: t.Default, Text: t.Text, Unknown: t.Unknown, MKVOnly: t.MKVOnly,
		})
	}
	return list
}
