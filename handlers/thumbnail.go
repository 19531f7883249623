package handlers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/background"
	"gensubtitle/internal/media"
)

// thumbnail sends a small picture of the caller's video, and makes it first
// where it is not there yet.
func (s *Server) thumbnail(c *fiber.Ctx) error {
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	if v.Status != db.Accepted || !v.HasPicture {
		return errNoRoute
	}
	picture, err := s.Files.Thumbnail(v.ID)
	if errors.Is(err, fs.ErrNotExist) {
		picture, err = s.makeThumbnail(c.UserContext(), v)
	}
	if err != nil {
		return err
	}
	if len(picture) == 0 {
		return errNoRoute
	}
	confine(c)
	if notModified(c, hashTag(picture)) {
		return nil
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(picture)
}

// makeThumbnail makes a thumbnail once for all who ask at the same time. Of
// what has no picture that can be decoded, or panics twice, it keeps an empty
// one, so that it is not tried again for each visit.
func (s *Server) makeThumbnail(ctx context.Context, v db.Video) ([]byte, error) {
	made, err, _ := s.thumbnails.Do(v.ID, func() (made any, err error) {
		defer background.Recover(s.Log, "keep thumbnail", &err)
		ctx, end := s.background.Within(context.WithoutCancel(ctx)) // Others wait for it, too.
		defer end()
		picture, err := s.decodeThumbnail(ctx, v)
		if errors.Is(err, background.ErrPanic) {
			picture, err = s.decodeThumbnail(ctx, v)
		}
		if err != nil && !errors.Is(err, media.ErrNotVideo) && !errors.Is(err, background.ErrPanic) {
			return picture, err
		}
		return picture, s.Files.KeepThumbnail(ctx, v.ID, picture)
	})
	picture, _ := made.([]byte)
	if err != nil {
		return nil, fmt.Errorf("make thumbnail: %w", err)
	}
	return picture, nil
}

func (s *Server) decodeThumbnail(ctx context.Context, v db.Video) (picture []byte, err error) {
	defer background.Recover(s.Log, "make thumbnail", &err)
	video, err := s.localVideo(ctx, v)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	return s.Meter.Thumbnail(ctx, v.SessionID, video.Path)
}

// prepareThumbnail makes a thumbnail before somebody asks for it.
func (s *Server) prepareThumbnail(ctx context.Context, v db.Video) {
	if _, err := s.makeThumbnail(ctx, v); err != nil && ctx.Err() == nil {
		s.Log.Warn("thumbnail not made yet", "video", v.ID, "session_id", v.SessionID, "error", err)
	}
}

// accepted goes on with a video that was just accepted.
func (s *Server) accepted(v db.Video) {
	s.wakeTranscriber()
	if v.HasPicture {
		s.background.Start("thumbnail of "+v.ID, func(ctx context.Context) { s.prepareThumbnail(ctx, v) })
	}
}
