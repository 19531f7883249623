package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"gensubtitle/api"
	"gensubtitle/db"
	"gensubtitle/media"
	"gensubtitle/views"
)

const (
	// formBytes is what a multipart body may hold beside the file itself.
	formBytes = 16 << 10
	// spareBytes stay free on the disk, for the databases.
	spareBytes = 64 << 20
)

// uploadVideo receives, measures and counts one video. It fails before the
// body is read where it can, and whenever it fails nothing is left of it.
func (s *Server) uploadVideo(c *fiber.Ctx) error {
	c.Locals(formKey, s.uploadAgain())
	video, quota, err := s.takeUpload(c, signedIn(c))
	s.Metrics.uploadEnded(multipartUpload, err)
	if err != nil {
		return err
	}
	return s.answerUpload(c, video, quota)
}

func (s *Server) takeUpload(c *fiber.Ctx, v *visitor) (db.Video, db.Quota, error) {
	form, err := s.openUpload(c, v)
	if err != nil {
		return db.Video{}, db.Quota{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return db.Video{}, db.Quota{}, fmt.Errorf("make video id: %w", err)
	}
	u := db.Upload{ID: id.String(), SessionID: v.SessionID, SizeBytes: form.holds()}
	if err := s.DB.Admit(c.UserContext(), u, s.Process.ID); err != nil {
		return db.Video{}, db.Quota{}, err
	}
	video, quota, err := s.receive(form, id.String(), v)
	if err != nil {
		s.abandon(s.logOf(c), id.String())
	}
	return video, quota, err
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
	return form, s.roomFor(max(length, 0))
}

// roomFor requires that an upload of so many bytes could be taken now.
func (s *Server) roomFor(length int64) error {
	if s.stopping.Load() {
		return errUnavailable
	}
	s.retryLeftovers()
	if err := s.Meter.Ready(); err != nil {
		return err
	}
	free, err := s.Files.Free()
	if err != nil {
		return err
	}
	if free < length+spareBytes {
		return errStorageFull
	}
	return nil
}

// receive brings an admitted upload to its end.
func (s *Server) receive(form *uploadForm, id string, v *visitor) (db.Video, db.Quota, error) {
	file, err := s.Files.Create(id)
	if err != nil {
		return db.Video{}, db.Quota{}, err
	}
	if length := form.body.length; length > 0 {
		err = media.Reserve(file, length)
	}
	var name string
	var size int64
	if err == nil {
		name, size, err = form.store(file)
	}
	// The disk writes while the file is measured; Keep waits until all is there.
	media.StartSync(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return db.Video{}, db.Quota{}, fmt.Errorf("receive upload: %w", err)
	}
	// From here on the client has sent all it had: what was begun is finished,
	// whatever becomes of the connection.
	ctx := context.Background()
	quota, err := s.DB.Received(ctx, id, name, size)
	if err != nil {
		return db.Video{}, quota, err
	}
	return s.count(ctx, id, quota, s.withSound)
}

// abandon leaves nothing of an upload that failed: neither slot nor file.
// Whatever a failure here leaves behind is tried again before the next upload,
// and at the next start.
func (s *Server) abandon(log *slog.Logger, id string) {
	if err := s.forget(id); err != nil {
		log.Error("failed upload not cleaned up yet", "video", id, "error", err)
		s.leftovers.add(id)
	}
}

// forget removes what was received and gives the slot back. The bytes go first,
// since the database may fail for want of their room. An upload that was
// counted after all, although the answer was an error, keeps both.
func (s *Server) forget(id string) error {
	ctx := context.Background()
	accepted, err := s.DB.IsAccepted(ctx, id)
	if err != nil || accepted {
		return err
	}
	removed := errors.Join(s.Files.Discard(id), s.Files.Remove(id))
	_, err = s.DB.Abandon(ctx, id)
	return errors.Join(removed, err)
}

// retryLeftovers cleans up after uploads that failed while something else did.
func (s *Server) retryLeftovers() {
	for _, id := range s.leftovers.take() {
		s.abandon(s.Log, id)
	}
}

// leftovers are the ids of failed uploads that are still to be cleaned up.
type leftovers struct {
	mu  sync.Mutex
	ids []string
}

func (l *leftovers) add(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, id)
}

func (l *leftovers) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := l.ids
	l.ids = nil
	return ids
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
