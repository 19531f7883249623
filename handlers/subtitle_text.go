package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/subtitles"
	"gensubtitle/views"
)

// The types that subtitles come and go as.
const (
	mimeVTT = "text/vtt"
	mimeSRT = "application/x-subrip"
)

const (
	// cueBytes are far more than anybody reads at once. Where to break a line is
	// costly to find in much more.
	cueBytes = 4 << 10
	// vttHead may be all that there is of a file without captions, with a mark of
	// its byte order.
	vttHead = "\ufeffWEBVTT"
)

// textInput is the text of subtitles as JSON.
type textInput struct {
	Language string          `json:"language"`
	Cues     json.RawMessage `json:"cues"`
}

// keptBody is the text of subtitles as it is kept.
type keptBody struct {
	VideoID  string          `json:"video_id"`
	Revision int64           `json:"revision"`
	Language *string         `json:"language"`
	Edited   bool            `json:"edited"`
	Cues     json.RawMessage `json:"cues"`
	Notes    json.RawMessage `json:"engine_notes"` // what was odd in the engine's answer
}

func textOf(t db.SubtitleText) keptBody {
	return keptBody{
		VideoID: t.VideoID, Revision: t.Revision, Language: textOrNull(t.Language), Edited: t.Edited,
		Cues: json.RawMessage(t.Cues), Notes: json.RawMessage(t.Notes),
	}
}

// showSubtitles answers with the text, or for a page with the section that
// shows it.
func (s *Server) showSubtitles(c *fiber.Ctx) error {
	if wantsHTML(c) {
		return s.answerSubtitles(c, fiber.StatusOK)
	}
	t, err := s.DB.SubtitleText(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	if notModified(c, revisionTag(t.Revision)) {
		return nil
	}
	return c.JSON(textOf(t))
}

func answerText(c *fiber.Ctx, t db.SubtitleText) error {
	c.Set(fiber.HeaderETag, revisionTag(t.Revision))
	return c.JSON(textOf(t))
}

func revisionTag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// saveSubtitles keeps the user's own text: an edited one, or a file. What the
// engine is writing meanwhile is cancelled, since it would replace it.
func (s *Server) saveSubtitles(c *fiber.Ctx) error {
	revision, err := s.ifMatch(c)
	if err != nil {
		return err
	}
	var transcript subtitles.Transcript
	switch contentType(c) {
	case fiber.MIMEApplicationJSON:
		transcript, err = readTextInput(c)
	case mimeVTT, mimeSRT, "text/srt", fiber.MIMETextPlain, fiber.MIMEOctetStream:
		transcript, err = readSubtitles(c.Request().Body())
	default:
		err = errContentType
	}
	if err != nil {
		return err
	}
	t, err := s.keepText(c.UserContext(), signedIn(c).SessionID, c.Params("id"), transcript, revision)
	if err != nil {
		return err
	}
	return answerText(c, t)
}

func readTextInput(c *fiber.Ctx) (subtitles.Transcript, error) {
	var in textInput
	if err := readJSON(c, &in); err != nil {
		return subtitles.Transcript{}, err
	}
	if in.Language != "" && !subtitles.IsLanguage(in.Language) {
		return subtitles.Transcript{}, invalidField("language", func(f *views.Fields) string { return f.LanguageUnknown })
	}
	cues, err := subtitles.UnmarshalCues(in.Cues)
	if err != nil {
		return subtitles.Transcript{}, invalidCues(err)
	}
	return subtitles.Transcript{Language: in.Language, Cues: cues}, nil
}

// readSubtitles reads a file of somebody else's making.
func readSubtitles(data []byte) (subtitles.Transcript, error) {
	t, err := subtitles.Read(data)
	if err != nil {
		return t, fmt.Errorf("%w: %w", invalidField("file", unreadable(err)), err)
	}
	if len(t.Cues) == 0 && len(bytes.TrimSpace(data)) > len(vttHead) {
		// Text that no time belongs to would be lost without a word.
		return t, invalidField("file", unreadable(nil))
	}
	return t, nil
}

// unreadable says where a file stops making sense.
func unreadable(err error) fieldText {
	var at *subtitles.ReadError
	return func(f *views.Fields) string {
		switch {
		case errors.As(err, &at) && at.Problem == subtitles.ProblemNotUTF8:
			return f.SubtitlesNotUTF8
		case at != nil && at.Line > 0:
			return f.SubtitlesUnreadableAt.With(at.Line)
		}
		return f.SubtitlesUnreadable
	}
}

// invalidCues says which cue is wrong, by its place in the list from 1.
func invalidCues(err error) error {
	var wrong *subtitles.CueError
	words := func(f *views.Fields) string { return f.CuesInvalid }
	if errors.As(err, &wrong) {
		words = func(f *views.Fields) string { return f.CueInvalid.With(wrong.Cue) }
	}
	return fmt.Errorf("%w: %w", invalidField("cues", words), err)
}

func (s *Server) keepText(
	ctx context.Context, sessionID, id string, t subtitles.Transcript, revision *int64,
) (db.SubtitleText, error) {
	for i, cue := range t.Cues {
		if len(cue.Text) > cueBytes {
			return db.SubtitleText{}, invalidField("cues", func(f *views.Fields) string { return f.CueInvalid.With(i + 1) })
		}
	}
	text := db.SubtitleText{Language: t.Language, Cues: string(subtitles.MarshalCues(t.Cues))}
	return s.DB.SaveSubtitles(ctx, sessionID, id, text, revision)
}

// sendSubtitles is saveSubtitles for a form: a file, or text that was typed.
func (s *Server) sendSubtitles(c *fiber.Ctx) error {
	c.Locals(formKey, s.subtitlesAgain())
	if !isForm(c) {
		return errContentType
	}
	data, revision, err := readSubtitleForm(c)
	if err != nil {
		return err
	}
	transcript, err := readSubtitles(data)
	if err != nil {
		return err
	}
	if _, err := s.keepText(c.UserContext(), signedIn(c).SessionID, c.Params("id"), transcript, revision); err != nil {
		return err
	}
	return s.answerSubtitles(c, fiber.StatusOK)
}

// readSubtitleForm reads the field file, or else the field text, and the
// revision that was edited where it is given.
func readSubtitleForm(c *fiber.Ctx) (data []byte, revision *int64, err error) {
	data = []byte(formValue(c, "text"))
	if revision, err = wantedRevision(formValue(c, "revision")); err != nil {
		return nil, nil, err
	}
	header, err := c.FormFile("file")
	if err != nil || header.Size == 0 { // A form without files has none of that name either.
		if len(data) == 0 {
			return nil, nil, invalidField("file", func(f *views.Fields) string { return f.SubtitleFileRequired })
		}
		return data, revision, nil
	}
	file, err := header.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("open a file of subtitles: %w", err)
	}
	data, err = io.ReadAll(file)
	return data, revision, errors.Join(err, file.Close())
}
