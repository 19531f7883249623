package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/media"
	"gensubtitle/subtitles"
)

// subtitledVideo sends a copy of the video that has the subtitles as a track.
func (s *Server) subtitledVideo(format media.MuxFormat) fiber.Handler {
	return func(c *fiber.Ctx) error {
		asked, err := s.askedSubtitles(c)
		if err != nil {
			return err
		}
		return s.sendSubtitled(c, asked.video, asked.shaped(), format)
	}
}

func (s *Server) sendSubtitled(c *fiber.Ctx, v db.Video, t subtitles.Transcript, format media.MuxFormat) error {
	var srt bytes.Buffer
	if err := subtitles.WriteSRT(&srt, t); err != nil {
		return fmt.Errorf("write subtitles: %w", err)
	}
	if !s.exports.begin(v.SessionID) {
		return errBusy
	}
	export := &export{ended: func() { s.exports.end(v.SessionID) }}
	if err := s.startExport(c, v, t, srt.Bytes(), format, export); err != nil {
		export.ended()
		return err
	}
	return nil
}

func (s *Server) startExport(
	c *fiber.Ctx, v db.Video, t subtitles.Transcript, srt []byte, format media.MuxFormat, body *export,
) error {
	// Those before it may take long, and the client may have gone.
	ctx, cancel := context.WithTimeout(c.UserContext(), exportTime)
	defer cancel()
	file, err := s.Muxer.Mux(ctx, media.Mux{
		Video: s.Files.Path(v.ID), Subtitles: srt, Language: t.Language, Format: format,
	})
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("size of a video with subtitles: %w", err), file.Close())
	}
	c.Set(fiber.HeaderContentType, mediaTypes[string(format)])
	c.Set(fiber.HeaderContentDisposition, attachment(subtitles.FileName(v.Filename, string(format))))
	confine(c)
	body.pacedFile = pacedFile{file: file, piece: file, ctx: c.Context()}
	c.Context().Response.SetBodyStream(body, int(info.Size()))
	return nil
}

// maxExports is how many videos with subtitles one user may fetch at once: each
// is a file on the disk for as long as it takes.
const maxExports = 2

// exportTime is for making one, waiting included.
const exportTime = 5 * time.Minute

// export is the body of such an answer.
type export struct {
	pacedFile
	ended func()
}

func (e *export) Close() error {
	e.ended()
	return e.pacedFile.Close()
}

// exports counts them by quota session.
type exports struct {
	mu      sync.Mutex
	running map[string]int
}

// begin is false where the user has as many as are allowed.
func (e *exports) begin(sessionID string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[sessionID] >= maxExports {
		return false
	}
	if e.running == nil {
		e.running = map[string]int{}
	}
	e.running[sessionID]++
	return true
}

func (e *exports) end(sessionID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[sessionID]--; e.running[sessionID] == 0 {
		delete(e.running, sessionID)
	}
}
