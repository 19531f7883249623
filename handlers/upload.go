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

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/internal/media"
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
	id, err := uuid.NewV7()
	if err != nil {
		return accepted, false, fmt.Errorf("make video id: %w", err)
	}
	first, err := s.admitOnce(c, db.Upload{ID: id.String(), SessionID: v.SessionID, SizeBytes: form.holds()})
	if err != nil {
		return accepted, false, err
	}
	if first != nil {
		return *first, true, nil
	}
	counted := false
	defer func() {
		if !counted { // After a panic, too.
			s.abandon(context.WithoutCancel(c.UserContext()), s.logOf(c), id.String())
		}
	}()
	accepted.Video, accepted.Quota, err = s.receive(c.UserContext(), form, id.String())
	counted = err == nil
	return accepted, false, err
}

// admitOnce takes a slot, unless the upload bears the key of one that was accepted.
func (s *Server) admitOnce(c *fiber.Ctx, u db.Upload) (*db.AcceptedUpload, error) {
	r, err := s.request(c)
	if err != nil {
		return nil, err
	}
	if r.Key == "" {
		return nil, s.DB.Admit(c.UserContext(), u, s.Process.ID)
	}
	return s.DB.AdmitOnce(c.UserContext(), u, r)
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
	s.retryLeftovers()
	if err := s.Meter.Ready(); err != nil {
		return err
	}
	if err := s.Meter.Allow(owner); err != nil {
		return err
	}
	return s.hasRoom(length)
}

// hasRoom requires space on the disk for so many bytes.
func (s *Server) hasRoom(length int64) error {
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
func (s *Server) receive(ctx context.Context, form *uploadForm, id string) (db.Video, db.Quota, error) {
	file, err := s.Files.Create(id)
	if err != nil {
		return db.Video{}, db.Quota{}, err
	}
	defer file.Close() // After a panic; else it is closed already.
	if length := form.body.length; length > 0 {
		err = media.Reserve(file, length)
	}
	var name string
	var size int64
	if err == nil {
		name, size, err = form.store(file)
	}
	if err != nil {
		// The database may need the room to forget the upload.
		err = errors.Join(err, file.Truncate(0))
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
	ctx, cancel := s.background.Within(context.WithoutCancel(ctx))
	defer cancel()
	quota, err := s.DB.Received(ctx, id, name, size)
	if err != nil {
		return db.Video{}, quota, err
	}
	return s.count(ctx, id, quota, s.withSound)
}

// abandon leaves nothing of an upload that failed: neither slot nor file.
// Whatever a failure here leaves behind is tried again before the next upload,
// every minute, and at the next start.
func (s *Server) abandon(ctx context.Context, log *slog.Logger, id string) {
	if err := s.forget(ctx, id); err != nil {
		log.Error("failed upload not cleaned up yet", "video", id, "error", err)
		s.leftovers.add(id)
	}
}

// forget gives the slot of an upload back and removes what was received. One
// that has ended meanwhile is left alone: it may be counted, although the answer
// was an error.
func (s *Server) forget(ctx context.Context, id string) error {
	err := s.DB.Abandon(ctx, id)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return err
	}
	return s.House.RemoveFiles(ctx, id)
}

// retryLeftovers cleans up after uploads that failed while something else did.
func (s *Server) retryLeftovers() {
	ctx := db.WithPatience(context.Background())
	for _, id := range s.leftovers.take() {
		s.abandon(ctx, s.Log, id)
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
