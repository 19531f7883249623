package handlers

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/subtitles"
	"gensubtitle/views"
)

// The widths of a line that can be asked for, in characters.
const (
	minWidth = 10
	maxWidth = 200
)

// subtitleFormat is a kind of file that subtitles are written as.
type subtitleFormat struct {
	extension string
	mediaType string
	write     func(io.Writer, subtitles.Transcript) error
}

// The formats there are.
var (
	formatVTT  = subtitleFormat{"vtt", mimeVTT + "; charset=utf-8", subtitles.WriteVTT}
	formatSRT  = subtitleFormat{"srt", mimeSRT + "; charset=utf-8", subtitles.WriteSRT}
	formatTXT  = subtitleFormat{"txt", fiber.MIMETextPlainCharsetUTF8, subtitles.WriteTXT}
	formatJSON = subtitleFormat{"json", fiber.MIMEApplicationJSON, subtitles.WriteJSON}
)

// subtitleFile sends the subtitles of a video as a file.
func (s *Server) subtitleFile(format subtitleFormat) fiber.Handler {
	return func(c *fiber.Ctx) error {
		asked, err := s.askedSubtitles(c)
		if err != nil {
			return err
		}
		confine(c)
		if notModified(c, revisionTag(asked.kept.Revision)) {
			return nil
		}
		t := asked.text
		if asked.width > 0 || format.extension != formatJSON.extension {
			t = asked.shaped()
		}
		var file bytes.Buffer
		if err := format.write(&file, t); err != nil {
			return fmt.Errorf("write subtitles: %w", err)
		}
		c.Set(fiber.HeaderContentType, format.mediaType)
		c.Set(fiber.HeaderContentDisposition, attachment(subtitles.FileName(asked.video.Filename, format.extension)))
		return c.Send(file.Bytes())
	}
}

// askedSubtitles are a video's subtitles, and how a request wants them.
type askedSubtitles struct {
	video db.Video
	text  subtitles.Transcript
	kept  db.SubtitleText
	width int // of a line; 0 is the usual one
}

func (s *Server) askedSubtitles(c *fiber.Ctx) (a askedSubtitles, err error) {
	if a.width, err = lineWidth(c); err != nil {
		return a, err
	}
	if a.video, err = s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id")); err != nil {
		return a, err
	}
	a.text, a.kept, err = s.transcript(c, a.video)
	return a, err
}

// lineWidth is 0 where none is asked for.
func lineWidth(c *fiber.Ctx) (int, error) {
	asked := c.Query("width")
	if asked == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < minWidth || n > maxWidth {
		return 0, invalidField("width", func(f *views.Fields) string { return f.WidthInvalid })
	}
	return n, nil
}

// transcript reads the text of a video of the caller's.
func (s *Server) transcript(c *fiber.Ctx, v db.Video) (subtitles.Transcript, db.SubtitleText, error) {
	kept, err := s.DB.SubtitleText(c.UserContext(), v.SessionID, v.ID)
	if err != nil {
		return subtitles.Transcript{}, kept, err
	}
	cues, err := subtitles.UnmarshalCues([]byte(kept.Cues))
	if err != nil {
		return subtitles.Transcript{}, kept, fmt.Errorf("read kept subtitles of %s: %w", v.ID, err)
	}
	return subtitles.Transcript{Language: kept.Language, Cues: cues}, kept, nil
}

// shaped breaks the text into lines. The times of a person's own text are that
// person's.
func (a askedSubtitles) shaped() subtitles.Transcript {
	return subtitles.Shape(a.text, subtitles.Options{Width: a.width, Length: a.video.Duration, KeepTimes: a.kept.Edited})
}
