package handlers

import (
	"bytes"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/media"
	"gensubtitle/subtitles"
)

// subtitledVideo sends a copy of the video that has the subtitles as a track.
func (s *Server) subtitledVideo(format media.MuxFormat) fiber.Handler {
	return func(c *fiber.Ctx) error {
		width, err := lineWidth(c)
		if err != nil {
			return err
		}
		v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
		if err != nil {
			return err
		}
		t, kept, err := s.transcript(c, v)
		if err != nil {
			return err
		}
		return s.sendSubtitled(c, v, shaped(t, kept, width), format)
	}
}

func (s *Server) sendSubtitled(c *fiber.Ctx, v db.Video, t subtitles.Transcript, format media.MuxFormat) error {
	var srt bytes.Buffer
	if err := subtitles.WriteSRT(&srt, t); err != nil {
		return fmt.Errorf("write subtitles: %w", err)
	}
	file, err := s.Muxer.Mux(c.UserContext(), media.Mux{
		Video: s.Files.Path(v.ID), Subtitles: srt.Bytes(), Language: t.Language, Format: format,
	})
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("size of a video with subtitles: %w", err)
	}
	c.Set(fiber.HeaderContentType, mediaTypes[string(format)])
	c.Set(fiber.HeaderContentDisposition, attachment(subtitles.FileName(v.Filename, string(format))))
	confine(c)
	c.Context().Response.SetBodyStream(&pacedFile{file: file, piece: file, ctx: c.Context()}, int(info.Size()))
	return nil
}
