package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/subtitles"
	"gensubtitle/views"
)

// trackInput names a track of subtitles in the video's file.
type trackInput struct {
	Track int `json:"track"`
}

// takeTrack keeps a track of subtitles in the video's file as the user's own text.
func (s *Server) takeTrack(c *fiber.Ctx) error {
	c.Locals(formKey, s.subtitlesAgain())
	revision, err := s.ifMatch(c)
	if err != nil {
		return err
	}
	var in trackInput
	if err := readBody(c, &in, func() { in.Track = formTrack(c) }); err != nil {
		return err
	}
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	track, known := v.Tracks.Find(media.TrackSubtitle, in.Track)
	if !known || !track.Text {
		return errTrackUnknown
	}
	brought, err := s.readTrack(c, v, track)
	if err != nil {
		return err
	}
	if _, err := s.keepText(c.UserContext(), v, brought.Transcript, revision); err != nil {
		return err
	}
	return s.answerBrought(c, noticesOf(c, brought.notices))
}

func (s *Server) readTrack(c *fiber.Ctx, v db.Video, track db.Track) (broughtText, error) {
	ctx, cancel := context.WithTimeout(c.UserContext(), exportTime)
	defer cancel()
	waiting, end := context.WithTimeout(ctx, turnTime)
	defer end()
	release, err := s.exports.acquire(waiting, v.SessionID)
	if err != nil {
		return broughtText{}, err
	}
	defer release()
	video, err := s.localVideo(ctx, v)
	if err != nil {
		return broughtText{}, err
	}
	defer video.Close()
	text, err := s.Muxer.Subtitles(ctx, v.SessionID, video.Path, track.Number)
	if errors.Is(err, media.ErrNoTrack) {
		return broughtText{}, errors.Join(errTrackUnknown, err)
	}
	if err != nil {
		return broughtText{}, err
	}
	brought, err := readSubtitles(text, v.Duration)
	if errors.Is(err, subtitles.ErrUnreadable) {
		return broughtText{}, errors.Join(errTrackUnknown, err)
	}
	if brought.Language == "" && subtitles.IsLanguage(track.Language) {
		brought.Language = track.Language
	}
	return brought, err
}

var errTrackUnknown = invalidField("track", func(f *views.Fields) string { return f.TrackUnknown })
