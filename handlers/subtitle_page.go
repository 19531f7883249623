package handlers

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/engine"
	"gensubtitle/internal/subtitles"
	"gensubtitle/views"
)

func subtitleState(s db.Subtitles) views.SubtitleState {
	return views.SubtitleState{
		Status: string(s.Status), Language: s.Language, Translate: s.Order.Translate, Progress: s.Progress,
		Track: s.Order.Track, Prompt: s.Order.Prompt, Position: s.Position, Error: s.Error, RetryAt: s.RetryAt, Revision: s.Revision,
	}
}

// renderVideo shows a video's page; alert is why a form of it was refused.
func (s *Server) renderVideo(c *fiber.Ctx, status int, v captioned, alert string) error {
	shown, err := s.subtitlesView(c, v)
	if err != nil {
		return err
	}
	shown.Alert = alert
	return render(c, status, views.VideoPage(page(c), s.shown(v), shown))
}

// renderSubtitles answers htmx with the section of the page.
func (s *Server) renderSubtitles(c *fiber.Ctx, v captioned) error {
	shown, err := s.subtitlesView(c, v)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.SubtitlesSection(page(c), s.shown(v), shown))
}

// subtitlesView is what the page shows of a video's subtitles. The text is left
// out while there is none.
func (s *Server) subtitlesView(c *fiber.Ctx, v captioned) (views.Subtitles, error) {
	shown := views.Subtitles{
		EngineSet: s.Transcriber != nil, Translates: s.translates(), Prompts: s.prompts(), Languages: subtitles.Languages(),
		Edited: v.Subtitles.Edited, Original: v.Subtitles.HasOriginal,
	}
	if v.Subtitles.Revision == 0 {
		return shown, nil
	}
	t, kept, err := s.transcript(c, v.Video)
	if errors.Is(err, db.ErrNotFound) {
		return shown, nil // It went with its video, just now.
	}
	if err != nil {
		return shown, err
	}
	var vtt bytes.Buffer
	if err := subtitles.WriteVTT(&vtt, t); err != nil {
		return shown, fmt.Errorf("write subtitles: %w", err)
	}
	shown.VTT = vtt.String()
	shown.Notes = mapped(engine.UnmarshalNotes([]byte(kept.Notes)), func(n engine.Note) views.EngineNote {
		return views.EngineNote{Kind: string(n.Kind), At: n.At, Text: n.Text}
	})
	shown.Cues = mapped(t.Cues, func(c subtitles.Cue) views.Cue {
		return views.Cue{Start: c.Start, End: c.End, Text: c.Text}
	})
	return shown, nil
}

// subtitlesAgain shows a form of the section again, with why it was refused.
func (s *Server) subtitlesAgain() formAgain {
	return formAgain{
		alert: views.SubtitlesAlertID,
		part: func(c *fiber.Ctx, p *problem) templ.Component {
			return views.Alert(views.SubtitlesAlertID, p.sentence(text(c)))
		},
		page: func(c *fiber.Ctx, p *problem) error {
			v, err := s.ownVideo(c)
			if err != nil {
				return err
			}
			return s.renderVideo(c, p.status, v, p.sentence(text(c)))
		},
	}
}
