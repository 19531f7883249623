package handlers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/subtitles"
	"gensubtitle/internal/transcribe"
	"gensubtitle/views"
)

// subtitlesBody is where the subtitles of a video stand.
type subtitlesBody struct {
	Status    db.SubtitleStatus `json:"status"`
	Language  *string           `json:"language"` // null while it is not known
	Translate bool              `json:"translate"`
	Track     *int              `json:"track"` // null for the default one
	Prompt    string            `json:"prompt"`
	Progress  int               `json:"progress"`
	Error     *string           `json:"error"`
	Position  *int              `json:"position"` // in the queue
	RetryAt   *time.Time        `json:"retry_at"` // when an engine that did not answer is asked again
	Revision  int64             `json:"revision"` // of the text; 0 while there is none
}

func subtitlesOf(s db.Subtitles) subtitlesBody {
	body := subtitlesBody{
		Status: s.Status, Language: textOrNull(s.Language), Translate: s.Order.Translate, Prompt: s.Order.Prompt, Progress: s.Progress,
		Error: textOrNull(s.Error), RetryAt: s.RetryAt, Revision: s.Revision,
	}
	if s.Position > 0 {
		body.Position = &s.Position
	}
	if s.Order.Track > 0 {
		body.Track = &s.Order.Track
	}
	return body
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// captioned is a video and where its subtitles stand.
type captioned struct {
	db.Video
	Subtitles db.Subtitles
}

// captions adds to each video where its subtitles stand.
func (s *Server) captions(ctx context.Context, videos []db.Video) ([]captioned, error) {
	known, err := s.DB.SubtitlesOf(ctx, mapped(videos, func(v db.Video) string { return v.ID }))
	if err != nil {
		return nil, err
	}
	trouble, down := s.engineTrouble()
	return mapped(videos, func(v db.Video) captioned {
		state, ok := known[v.ID]
		if !ok {
			state.Status = db.SubtitlesNone // It was deleted just now.
		}
		if down && state.Status == db.SubtitlesQueued && state.RetryAt == nil {
			state.RetryAt = &trouble.Again // All wait with the one that was tried.
		}
		return captioned{Video: v, Subtitles: state}
	}), nil
}

func (s *Server) caption(ctx context.Context, v db.Video) (captioned, error) {
	all, err := s.captions(ctx, []db.Video{v})
	if err != nil {
		return captioned{}, err
	}
	return all[0], nil
}

// ownVideo is the caller's video that the request names.
func (s *Server) ownVideo(c *fiber.Ctx) (captioned, error) {
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return captioned{}, err
	}
	return s.caption(c.UserContext(), v)
}

// engineTrouble reports what keeps the engine from being had, if anything does.
func (s *Server) engineTrouble() (transcribe.Trouble, bool) {
	if s.Transcriber == nil {
		return transcribe.Trouble{}, false
	}
	return s.Transcriber.Trouble()
}

// wakeTranscriber is called when there may be a job.
func (s *Server) wakeTranscriber() {
	if s.Transcriber != nil {
		s.Transcriber.Wake()
	}
}

// translates reports whether the engine offers translations into English.
func (s *Server) translates() bool {
	return s.Transcriber != nil && s.Transcriber.Engine.Translates()
}

// prompts reports whether the engine can be told what to expect.
func (s *Server) prompts() bool {
	return s.Transcriber != nil && s.Transcriber.Engine.Prompts()
}

// orderInput asks for subtitles.
type orderInput struct {
	Language  string `json:"language"` // empty or "auto": the engine finds out
	Translate bool   `json:"translate"`
	Track     int    `json:"track"`  // of sound; 0 for the default one
	Prompt    string `json:"prompt"` // names and terms that the engine is told to expect
}

// orderSubtitles has the engine write the subtitles of a video, once more where
// it did so before.
func (s *Server) orderSubtitles(c *fiber.Ctx) error {
	c.Locals(formKey, s.subtitlesAgain())
	if s.Transcriber == nil {
		return errNoEngine
	}
	v, err := s.DB.Video(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if err != nil {
		return err
	}
	order, err := s.readOrder(c, v.Tracks)
	if err != nil {
		return err
	}
	if err := s.DB.QueueSubtitles(c.UserContext(), signedIn(c).SessionID, c.Params("id"), order, s.MaxSubtitleRuns); err != nil {
		return err
	}
	s.wakeTranscriber()
	return s.answerSubtitles(c, fiber.StatusAccepted)
}

func (s *Server) readOrder(c *fiber.Ctx, tracks db.Tracks) (db.SubtitleOrder, error) {
	var in orderInput
	wrong := map[string]fieldText{}
	if len(c.Request().Body()) > 0 { // All of it may be left out.
		if err := readBody(c, &in, func() {
			in = orderInput{
				Language: formValue(c, "language"), Translate: formValue(c, "translate") != "",
				Track: formTrack(c), Prompt: formValue(c, "prompt"),
			}
		}); err != nil {
			return db.SubtitleOrder{}, err
		}
	}
	if in.Language == "auto" {
		in.Language = ""
	}
	if in.Language != "" && !subtitles.ValidLanguage(in.Language) {
		wrong["language"] = func(f *views.Fields) string { return f.LanguageUnknown }
	}
	if in.Translate && !s.translates() {
		wrong["translate"] = func(f *views.Fields) string { return f.TranslateNotOffered }
	}
	track, known := tracks.Find(media.TrackAudio, in.Track)
	if in.Track != 0 && (!known || track.Unknown) {
		wrong["track"] = func(f *views.Fields) string { return f.TrackUnknown }
	}
	if track.Default {
		in.Track = 0 // Its sound is there already.
	}
	prompt, ok := cleanPrompt(in.Prompt)
	if !ok {
		wrong["prompt"] = func(f *views.Fields) string { return f.PromptTooLong }
	}
	if len(wrong) > 0 {
		return db.SubtitleOrder{}, invalid(wrong)
	}
	return db.SubtitleOrder{Language: in.Language, Translate: in.Translate, Track: in.Track, Prompt: prompt}, nil
}

// formTrack is the number of a track that a form names; -1 for what is none.
func formTrack(c *fiber.Ctx) int {
	text := formValue(c, "track")
	if text == "" {
		return 0
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return number
}

// maxPrompt is more characters than Whisper takes of a prompt.
const maxPrompt = 1000

// cleanPrompt puts what the engine is to expect on one line; false where it is too
// long.
func cleanPrompt(text string) (string, bool) {
	text = media.Visible(strings.ToValidUTF8(text, "\uFFFD"))
	return text, utf8.RuneCountInString(text) <= maxPrompt
}

// cancelSubtitles ends what is queued or running; a text that there is stays.
func (s *Server) cancelSubtitles(c *fiber.Ctx) error {
	c.Locals(formKey, s.subtitlesAgain())
	if err := s.DB.CancelSubtitles(c.UserContext(), signedIn(c).SessionID, c.Params("id")); err != nil {
		return err
	}
	if !wantsHTML(c) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	return s.answerSubtitles(c, fiber.StatusOK)
}

// restoreSubtitles puts the engine's text in the place of the user's.
func (s *Server) restoreSubtitles(c *fiber.Ctx) error {
	c.Locals(formKey, s.subtitlesAgain())
	revision, err := s.ifMatch(c)
	if err != nil {
		return err
	}
	if _, err := s.DB.RestoreSubtitles(c.UserContext(), signedIn(c).SessionID, c.Params("id"), revision); err != nil {
		return err
	}
	return s.answerSubtitles(c, fiber.StatusOK)
}

// answerSubtitles tells of a video's subtitles after something was done to
// them: a script gets the video, htmx the section, a form its page.
func (s *Server) answerSubtitles(c *fiber.Ctx, status int) error {
	if wantsHTML(c) && !wantsPart(c) {
		return c.Redirect("/videos/"+c.Params("id"), fiber.StatusSeeOther)
	}
	v, err := s.ownVideo(c)
	if err != nil {
		return err
	}
	if wantsHTML(c) {
		return s.renderSubtitles(c, v)
	}
	return c.Status(status).JSON(videoOf(v))
}

// ifMatch is the revision that a change is made on (RFC 9110, section 13.1.1);
// nil where it is to be made whatever there is.
func (s *Server) ifMatch(c *fiber.Ctx) (*int64, error) {
	if c.Get(fiber.HeaderIfMatch) == "" {
		return nil, nil
	}
	text, err := s.DB.SubtitleText(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
	if errors.Is(err, db.ErrNotFound) {
		_, err = s.ownVideo(c) // A video without subtitles has revision 0.
	}
	if err != nil {
		return nil, err
	}
	for _, tag := range entityTags(header(c, fiber.HeaderIfMatch)) {
		switch {
		case tag == entityTag{opaque: anyTag} && text.Revision > 0:
			return nil, nil
		case tag == entityTag{opaque: revisionTag(text.Revision)}:
			return &text.Revision, nil
		}
	}
	return nil, errSubtitlesChanged
}

// wantedRevision is nil where no revision is named. One that cannot be ours
// cannot be the one there is.
func wantedRevision(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	revision, err := strconv.ParseInt(text, 10, 64)
	if err != nil || revision < 0 {
		return nil, errSubtitlesChanged
	}
	return &revision, nil
}
