package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/subtitles"
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
	// emptyVTT is left of the text on a page once all its captions are deleted.
	emptyVTT = "WEBVTT"
)

// textInput is the text of subtitles as JSON.
type textInput struct {
	Language string          `json:"language"`
	Cues     json.RawMessage `json:"cues"`
	// Lists of whisper's files, which are told by them.
	Segments      json.RawMessage `json:"segments"`
	Transcription json.RawMessage `json:"transcription"`
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

func revisionTag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// broughtText is subtitles that a user sends, and what was changed of them.
type broughtText struct {
	subtitles.Transcript
	notices []subtitles.Notice
}

// noticeBody is what was changed or dropped of a text, or lies beyond the video.
type noticeBody struct {
	Line *int                 `json:"line"` // null for the file as a whole
	Kind subtitles.NoticeKind `json:"kind"`
	Text string               `json:"text"`
}

func noticesOf(c *fiber.Ctx, notices []subtitles.Notice) []noticeBody {
	return mapped(notices, func(n subtitles.Notice) noticeBody {
		body := noticeBody{Kind: n.Kind, Text: text(c).Fields.SubtitleFile.Notice(string(n.Kind), n.Line, n.Content, n.More)}
		if n.Line > 0 {
			body.Line = &n.Line
		}
		return body
	})
}

// savedBody is the text as it was kept just now.
type savedBody struct {
	keptBody
	Notices []noticeBody `json:"notices"`
}

// saveSubtitles keeps the user's own text: an edited one, or a file. What the
// engine is writing meanwhile is cancelled, since it would replace it.
func (s *Server) saveSubtitles(c *fiber.Ctx) error {
	revision, err := s.ifMatch(c)
	if err != nil {
		return err
	}
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	var brought broughtText
	switch contentType(c) {
	case fiber.MIMEApplicationJSON:
		brought, err = readTextInput(c, v.Duration)
	case mimeVTT, mimeSRT, "text/srt", fiber.MIMETextPlain, fiber.MIMEOctetStream:
		brought, err = readSubtitles(c.Request().Body(), v.Duration)
	default:
		err = errContentType
	}
	if err != nil {
		return err
	}
	t, err := s.keepText(c.UserContext(), v, brought.Transcript, revision)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, revisionTag(t.Revision))
	return c.JSON(savedBody{textOf(t), noticesOf(c, brought.notices)})
}

// readTextInput reads the text as JSON: as it is kept, or as whisper writes it.
func readTextInput(c *fiber.Ctx, video time.Duration) (broughtText, error) {
	var in textInput
	if err := readJSON(c, &in); err != nil {
		return broughtText{}, err
	}
	if in.Cues == nil && (in.Segments != nil || in.Transcription != nil) {
		return readSubtitles(c.Request().Body(), video)
	}
	if in.Language != "" && !subtitles.IsLanguage(in.Language) {
		return broughtText{}, invalidField("language", func(f *views.Fields) string { return f.LanguageUnknown })
	}
	cues, err := subtitles.UnmarshalCues(in.Cues)
	if err != nil {
		return broughtText{}, invalidCues(err)
	}
	return broughtText{subtitles.Transcript{Language: in.Language, Cues: cues}, subtitles.Beyond(cues, video)}, nil
}

// readSubtitles reads a file of somebody else's making. One without captions is
// refused: what there was is not replaced by nothing.
func readSubtitles(data []byte, video time.Duration) (broughtText, error) {
	file, err := subtitles.ReadFile(data, subtitles.Bounds{Video: video, CueBytes: cueBytes})
	if err == nil && len(file.Cues) == 0 {
		err = &subtitles.ReadError{Problem: subtitles.ProblemNoCues}
	}
	if err != nil {
		return broughtText{}, fmt.Errorf("%w: %w", invalidField("file", unreadable(err)), err)
	}
	return broughtText{file.Transcript, file.Notices}, nil
}

// unreadable says where a file stops making sense, and why.
func unreadable(err error) fieldText {
	var at subtitles.ReadError
	if failed := new(subtitles.ReadError); errors.As(err, &failed) {
		at = *failed
	}
	return func(f *views.Fields) string { return f.SubtitleFile.Problem(string(at.Problem), at.Line, at.Content) }
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
	ctx context.Context, v db.Video, t subtitles.Transcript, revision *int64,
) (db.SubtitleText, error) {
	for i, cue := range t.Cues {
		if len(cue.Text) > cueBytes {
			return db.SubtitleText{}, invalidField("cues", func(f *views.Fields) string { return f.CueInvalid.With(i + 1) })
		}
	}
	text := db.SubtitleText{Language: t.Language, Cues: string(subtitles.MarshalCues(t.Cues))}
	return s.DB.SaveSubtitles(ctx, v.SessionID, v.ID, text, revision)
}

// sendSubtitles is saveSubtitles for a form: a file, or text that was typed.
func (s *Server) sendSubtitles(c *fiber.Ctx) error {
	c.Locals(formKey, s.subtitlesAgain())
	if !isForm(c) {
		return errContentType
	}
	sent, err := readSubtitleForm(c)
	if err != nil {
		return err
	}
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	brought, err := sent.read(v.Duration)
	if err != nil {
		return err
	}
	if _, err := s.keepText(c.UserContext(), v, brought.Transcript, sent.revision); err != nil {
		return err
	}
	return s.answerBrought(c, noticesOf(c, brought.notices))
}

// answerBrought is answerSubtitles with what was changed of a file. The page that
// says so is answered at once: one that was led to could not.
func (s *Server) answerBrought(c *fiber.Ctx, notices []noticeBody) error {
	if wantsHTML(c) && len(notices) == 0 {
		return s.answerSubtitles(c, fiber.StatusOK)
	}
	v, err := s.ownVideo(c)
	if err != nil {
		return err
	}
	if !wantsHTML(c) {
		return c.JSON(struct {
			videoBody
			Notices []noticeBody `json:"notices"`
		}{videoOf(v), notices})
	}
	shown, err := s.subtitlesView(c, v)
	if err != nil {
		return err
	}
	shown.Notices = mapped(notices, func(n noticeBody) string { return n.Text })
	if wantsPart(c) {
		return render(c, fiber.StatusOK, views.SubtitlesSection(page(c), s.shown(v), shown))
	}
	return render(c, fiber.StatusOK, views.VideoPage(page(c), s.shown(v), shown))
}

// sentText is what a form sends: a file, or text that was typed.
type sentText struct {
	data     []byte
	typed    bool
	revision *int64 // that was edited, where it is given
}

func (t sentText) read(video time.Duration) (broughtText, error) {
	if t.typed && string(bytes.TrimSpace(t.data)) == emptyVTT {
		return broughtText{}, nil
	}
	return readSubtitles(t.data, video)
}

// readSubtitleForm reads the field file, or else the field text.
func readSubtitleForm(c *fiber.Ctx) (sentText, error) {
	revision, err := wantedRevision(formValue(c, "revision"))
	if err != nil {
		return sentText{}, err
	}
	header, err := c.FormFile("file")
	if err != nil { // No file was chosen, or the form has none.
		typed := []byte(formValue(c, "text"))
		if len(typed) == 0 {
			return sentText{}, invalidField("file", func(f *views.Fields) string { return f.SubtitleFileRequired })
		}
		return sentText{typed, true, revision}, nil
	}
	file, err := header.Open()
	if err != nil {
		return sentText{}, fmt.Errorf("open a file of subtitles: %w", err)
	}
	data, err := io.ReadAll(file)
	return sentText{data, false, revision}, errors.Join(err, file.Close())
}
