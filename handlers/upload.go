package handlers

import (
	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/uploads"
	"gensubtitle/views"
)

// formBytes is what a multipart body may hold beside the file itself.
const formBytes = 16 << 10

// uploadVideo receives, measures and counts one video. It fails before the
// body is read where it can, and whenever it fails nothing is left of it.
func (s *Server) uploadVideo(c *fiber.Ctx) error {
	c.Locals(formKey, s.uploadAgain())
	accepted, again, err := s.takeUpload(c, signedIn(c))
	if !again {
		s.Metrics.uploadEnded(multipartUpload, err)
	}
	if err != nil {
		return err
	}
	if again {
		c.Locals(unreadKey, true)
	}
	return s.answerUpload(c, accepted.Video, accepted.Quota)
}

// takeUpload receives an upload; again is true for one that bears the key of one
// that was accepted before: of it nothing is read.
func (s *Server) takeUpload(c *fiber.Ctx, v *visitor) (accepted db.AcceptedUpload, again bool, err error) {
	form, err := s.openUpload(c, v)
	if err != nil {
		return accepted, false, err
	}
	r, err := s.request(c)
	if err != nil {
		return accepted, false, err
	}
	return s.Uploads.Receive(c.UserContext(), uploads.Whole{
		SessionID: v.SessionID, SizeBytes: form.holds(), Length: form.body.length, Request: r, Log: s.logOf(c),
	}, form.store)
}

func (s *Server) uploadAgain() formAgain {
	return formAgain{
		alert: views.UploadAlertID,
		part: func(c *fiber.Ctx, p *problem) templ.Component {
			return views.Alert(views.UploadAlertID, p.sentence(text(c)))
		},
		page: func(c *fiber.Ctx, p *problem) error { return s.renderHome(c, p.status, p.sentence(text(c))) },
	}
}

// openUpload looks at all that is known before the body is read.
func (s *Server) openUpload(c *fiber.Ctx, v *visitor) (*uploadForm, error) {
	form, err := s.newUploadForm(c, v.Quota.Limits.FileBytes, v.SessionID)
	if err != nil {
		return nil, err
	}
	length := int64(c.Request().Header.ContentLength())
	if length > v.Quota.Limits.FileBytes+formBytes {
		return nil, fileTooLarge(v.Quota.Limits.FileBytes)
	}
	return form, s.roomFor(v.SessionID, max(length, 0))
}

// roomFor requires that an upload of so many bytes could be taken from this owner now.
func (s *Server) roomFor(owner string, length int64) error {
	if s.stopping.Load() {
		return errUnavailable
	}
	return s.Uploads.Room(owner, length)
}

func (s *Server) answerUpload(c *fiber.Ctx, v db.Video, q db.Quota) error {
	if wantsHTML(c) && !wantsPart(c) {
		return c.Redirect("/", fiber.StatusSeeOther)
	}
	video, err := s.caption(c.UserContext(), v)
	if err != nil {
		// It is counted: whoever heard of an error would send it again.
		s.logOf(c).Warn("subtitles of a new video not looked up", "video", v.ID, "error", err)
		video = captioned{Video: v, Subtitles: db.Subtitles{Status: db.SubtitlesNone}}
	}
	if !wantsHTML(c) {
		return c.Status(fiber.StatusCreated).JSON(fiber.Map{
			"session_id": v.SessionID, "video": videoOf(video), "usage": api.UsageOf(q), "limits": api.LimitsOf(q.Limits),
		})
	}
	quota, err := s.ownQuota(c, q)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusCreated, views.Uploaded(page(c), videoView(video), quota))
}
