package handlers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/subtitles"
)

// subtitledVideo sends a copy of the video that has the subtitles as a track.
func (s *Server) subtitledVideo(format media.MuxFormat) fiber.Handler {
	return func(c *fiber.Ctx) error {
		asked, err := s.askedSubtitles(c)
		if err != nil {
			return err
		}
		t := asked.shaped()
		t.Cues = subtitles.Within(t.Cues, asked.video.Duration) // The file would last as long as its captions.
		return s.sendSubtitled(c, asked.video, t, format)
	}
}

func (s *Server) sendSubtitled(c *fiber.Ctx, v db.Video, t subtitles.Transcript, format media.MuxFormat) error {
	var srt bytes.Buffer
	if err := subtitles.WriteSRT(&srt, t); err != nil {
		return fmt.Errorf("write subtitles: %w", err)
	}
	// Those before it may take long, and the client may have gone.
	ctx, cancel := context.WithTimeout(c.UserContext(), exportTime)
	defer cancel()
	waiting, end := context.WithTimeout(ctx, turnTime)
	defer end()
	release, err := s.exports.acquire(waiting, v.SessionID)
	if err != nil {
		return err
	}
	started := false
	defer func() {
		if !started {
			release()
		}
	}()
	job := media.Mux{Owner: v.SessionID, Subtitles: srt.Bytes(), Language: t.Language, Format: format}
	if err := s.startExport(ctx, c, v, job, release); err != nil {
		return err
	}
	started = true
	return nil
}

// startExport makes the file and begins to send it; ended is called once that is
// over, unless it fails here.
func (s *Server) startExport(ctx context.Context, c *fiber.Ctx, v db.Video, job media.Mux, ended func()) error {
	file, err := s.makeExport(ctx, v, job)
	if errors.Is(err, media.ErrNotMuxable) {
		// Its file may have gone with the video meanwhile.
		_, gone := s.DB.Video(c.UserContext(), v.SessionID, v.ID)
		if gone == nil && job.Format == media.MKV {
			return errNoContainer
		}
		return cmp.Or(gone, err)
	}
	if err != nil {
		return err
	}
	sending := false
	defer func() {
		if !sending {
			_ = file.Close()
		}
	}()
	size, err := file.Size()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, mediaTypes[string(job.Format)])
	c.Set(fiber.HeaderContentDisposition, attachment(subtitles.FileName(v.Filename, string(job.Format))))
	if len(file.LeftOut) > 0 {
		c.Set(headerLeftOut, strings.Join(file.LeftOut, ", "))
	}
	confine(c)
	body := s.paced(c, file, func() error { ended(); return file.Close() })
	c.Context().Response.SetBodyStream(body, int(size))
	sending = true
	return nil
}

func (s *Server) makeExport(ctx context.Context, v db.Video, job media.Mux) (*media.Muxed, error) {
	video, err := s.localVideo(ctx, v)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	job.Video = video.Path
	return s.Muxer.Mux(ctx, job)
}

// headerLeftOut names the tracks that are not in a file.
const headerLeftOut = "Left-Out-Tracks"

// maxExports is how many videos with subtitles one user may fetch at once: each
// is a file on the disk for as long as it takes.
const maxExports = 2

// exportTime is for making one, waiting included.
const exportTime = 5 * time.Minute
