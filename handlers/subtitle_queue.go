package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/views"
)

const (
	// failedSince is how far back failed jobs are listed.
	failedSince = 7 * 24 * time.Hour
	maxFailed   = 100
)

type jobBody struct {
	VideoID         string        `json:"video_id"`
	SessionID       string        `json:"session_id"`
	Username        string        `json:"username"`
	Filename        string        `json:"filename"`
	DurationSeconds float64       `json:"duration_seconds"`
	Subtitles       subtitlesBody `json:"subtitles"`
	Attempts        int           `json:"attempts"`
	Detail          *string       `json:"detail"` // what the engine said when the last run came to nothing
	QueuedAt        *time.Time    `json:"queued_at"`
	StartedAt       *time.Time    `json:"started_at"`
	EndedAt         *time.Time    `json:"ended_at"`
}

func jobOf(j db.SubtitleJob) jobBody {
	return jobBody{
		VideoID: j.VideoID, SessionID: j.SessionID, Username: j.Username, Filename: j.Filename,
		DurationSeconds: api.Seconds(j.Duration), Subtitles: subtitlesOf(j.Subtitles), Attempts: j.Attempts, Detail: textOrNull(j.Detail),
		QueuedAt: j.QueuedAt, StartedAt: j.StartedAt, EndedAt: j.EndedAt,
	}
}

// engineBody is the speech engine as this process knows it.
type engineBody struct {
	Set   bool       `json:"set"`
	Since *time.Time `json:"since"`    // since when it cannot be had
	Again *time.Time `json:"again_at"` // when it is asked again
	Says  *string    `json:"says"`     // in its own words, or what kept us from asking
	Setup *string    `json:"setup"`    // what must be changed first; null where it may pass by itself
}

func (s *Server) engineState() engineBody {
	state := engineBody{Set: s.Transcriber != nil}
	if trouble, down := s.engineTrouble(); down {
		state.Since, state.Again = &trouble.Since, &trouble.Again
		state.Says, state.Setup = textOrNull(trouble.Says), textOrNull(string(trouble.Setup))
	}
	return state
}

// subtitleQueue answers with everybody's jobs.
func (s *Server) subtitleQueue(c *fiber.Ctx) error {
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	cursor := c.Query("cursor")
	if cursor != "" && uuid.Validate(cursor) != nil {
		return invalidField("cursor", func(f *views.Fields) string { return f.CursorInvalid })
	}
	jobs, next, err := s.jobs(c, cursor, limit)
	if err != nil {
		return err
	}
	if wantsHTML(c) {
		return s.renderQueue(c, jobs, cursor, next)
	}
	return c.JSON(fiber.Map{"engine": s.engineState(), "jobs": mapped(jobs, jobOf), "next_cursor": cursorOrNull(next)})
}

// jobs is one page of those that run and wait; the last one ends with those
// that have failed lately.
func (s *Server) jobs(c *fiber.Ctx, cursor string, limit int) ([]db.SubtitleJob, string, error) {
	jobs, more, err := s.DB.SubtitleQueue(c.UserContext(), cursor, limit)
	if err != nil {
		return nil, "", err
	}
	if more {
		return jobs, jobs[len(jobs)-1].VideoID, nil
	}
	failed, err := s.DB.FailedSubtitles(c.UserContext(), time.Now().Add(-failedSince), maxFailed)
	return append(jobs, failed...), "", err
}

// cancelJob ends anybody's job.
func (s *Server) cancelJob(c *fiber.Ctx) error {
	if err := s.DB.CancelSubtitles(c.UserContext(), "", c.Params("id")); err != nil {
		return err
	}
	return s.answerQueue(c)
}

// retryJob has anybody's job run again, or now.
func (s *Server) retryJob(c *fiber.Ctx) error {
	if s.Transcriber == nil {
		return errNoEngine
	}
	if err := s.DB.RetrySubtitlesNow(c.UserContext(), c.Params("id")); err != nil {
		return err
	}
	s.Transcriber.TryNow()
	return s.answerQueue(c)
}

func (s *Server) answerQueue(c *fiber.Ctx) error {
	switch {
	case !wantsHTML(c):
		return c.SendStatus(fiber.StatusNoContent)
	case !wantsPart(c):
		return c.Redirect("/admin/subtitles", fiber.StatusSeeOther)
	}
	jobs, next, err := s.jobs(c, "", defaultPage)
	if err != nil {
		return err
	}
	return s.renderQueue(c, jobs, "", next)
}

func (s *Server) renderQueue(c *fiber.Ctx, jobs []db.SubtitleJob, cursor, next string) error {
	queue := views.SubtitleQueue{
		EngineSet: s.Transcriber != nil, Engine: s.EngineName, Jobs: mapped(jobs, jobView), Cursor: cursor, NextCursor: next,
	}
	if trouble, down := s.engineTrouble(); down {
		queue.Trouble = &views.EngineTrouble{Since: trouble.Since, Again: trouble.Again, Says: trouble.Says, Setup: string(trouble.Setup)}
	}
	if wantsPart(c) {
		return render(c, fiber.StatusOK, views.SubtitleQueueList(page(c), queue))
	}
	return render(c, fiber.StatusOK, views.SubtitleQueuePage(page(c), queue))
}

func jobView(j db.SubtitleJob) views.SubtitleJob {
	v := views.SubtitleJob{
		VideoID: j.VideoID, Username: j.Username, Filename: j.Filename, Duration: j.Duration, Status: string(j.Status),
		Progress: j.Progress, Position: j.Position, Error: j.Error, Detail: j.Detail, Tries: j.Attempts, RetryAt: j.RetryAt,
	}
	if j.QueuedAt != nil {
		until := time.Now()
		if j.StartedAt != nil {
			until = *j.StartedAt
		}
		v.Waited = until.Sub(*j.QueuedAt)
	}
	return v
}
