package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	tusd "github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"

	"gensubtitle/db"
	"gensubtitle/media"
	"gensubtitle/views"
)

// Resumable uploads after the tus protocol, version 1.0.0
// (https://tus.io/protocols/resumable-upload), with its extensions creation,
// creation-with-upload, termination and expiration. The upload's id is the
// video's id.

const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination,expiration"
	tusPath       = "/files/"
	// tusLockWait is how long a request waits for the one before it, which may
	// hang on a connection that is gone, to let go of the upload.
	tusLockWait = 10 * time.Second
)

func (s *Server) newTus() (*tusd.UnroutedHandler, error) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil)) // Every request has its own line already.
	h, err := tusd.NewUnroutedHandler(tusd.Config{
		StoreComposer:                    s.Files.Resumable(media.Hooks{Failed: reportTus, Interrupter: interrupter}),
		BasePath:                         tusPath,
		DisableDownload:                  true,
		Cors:                             &tusd.CorsConfig{Disable: true},
		Logger:                           quiet,
		NetworkTimeout:                   stallTimeout,
		AcquireLockTimeout:               tusLockWait,
		GracefulRequestCompletionTimeout: time.Second,
		PreUploadCreateCallback:          s.admitTus,
		PreFinishResponseCallback:        s.completeTus,
		PreUploadTerminateCallback:       s.dropTus,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare resumable uploads: %w", err)
	}
	return h, nil
}

// tusProtocol answers what is offered.
func (s *Server) tusProtocol(c *fiber.Ctx) error {
	c.Set("Tus-Version", tusVersion)
	c.Set("Tus-Extension", tusExtensions)
	c.Set("Tus-Max-Size", strconv.FormatInt(s.limitsFor(c).FileBytes, 10))
	return c.SendStatus(fiber.StatusNoContent)
}

// resumable marks every answer as one of the protocol.
func resumable(c *fiber.Ctx) error {
	c.Set("Tus-Resumable", tusVersion)
	return c.Next()
}

// createUpload admits an upload and makes a place for its bytes.
func (s *Server) createUpload(c *fiber.Ctx) error {
	made, err := s.makeUpload(c)
	if !made {
		s.Metrics.uploadEnded(resumableUpload, err)
	}
	return err
}

// makeUpload may have made the upload although there is an error: where the
// first bytes did not all come, the client may go on.
func (s *Server) makeUpload(c *fiber.Ctx) (made bool, err error) {
	for _, name := range []string{"Upload-Defer-Length", "Upload-Concat"} {
		if c.Get(name) != "" {
			return false, invalidField(name, func(f *views.Fields) string { return f.NotOffered })
		}
	}
	if c.Get("Upload-Length") == "0" {
		return false, invalidField("Upload-Length", fileRequired)
	}
	if s.stopping.Load() {
		return false, errUnavailable
	}
	r := &tusRequest{c: c, visitor: signedIn(c)}
	err = s.serveTus(r, "", s.tus.PostFile)
	if r.id == "" {
		return false, err
	}
	if !r.made {
		s.abandon(s.logOf(c), r.id)
		return false, err
	}
	if has, err := s.DB.HasVideo(c.UserContext(), r.id); err == nil && !has {
		// Its user was deleted before its files were made.
		return false, errors.Join(errUnauthenticated, s.Files.Discard(r.id))
	}
	c.Set(fiber.HeaderLocation, tusPath+r.id)
	s.setExpiry(c, time.Now())
	return true, err
}

// admitTus is asked by the library before it makes an upload.
func (s *Server) admitTus(hook tusd.HookEvent) (answer tusd.HTTPResponse, changes tusd.FileInfoChanges, err error) {
	r := tusRequestOf(hook.Context)
	id, err := s.admitUpload(r.c.UserContext(), r.visitor, hook.Upload)
	if err != nil {
		reportTus(hook.Context, err)
		return answer, changes, err
	}
	r.id, changes.ID = id, id
	return answer, changes, nil
}

func (s *Server) admitUpload(ctx context.Context, v *visitor, info tusd.FileInfo) (string, error) {
	if limit := v.Quota.Limits.FileBytes; info.Size > limit {
		return "", fileTooLarge(limit)
	}
	if err := s.roomFor(v.SessionID, info.Size); err != nil {
		return "", err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make video id: %w", err)
	}
	u := db.Upload{
		ID: id.String(), SessionID: v.SessionID, SizeBytes: info.Size,
		Filename: cleanName(info.MetaData["filename"]),
	}
	if u.Filename == "" {
		u.Filename = unnamed
	}
	return u.ID, s.DB.AdmitResumable(ctx, u, s.MaxUnfinished)
}

// uploadOffset tells how much has come (HEAD).
func (s *Server) uploadOffset(c *fiber.Ctx) error {
	v, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if v.Status == db.Receiving {
		err := s.withUpload(c, v, s.tus.HeadFile)
		if err != nil {
			return err
		}
		if offset, last, err := s.Files.Received(v.ID); err == nil {
			s.setExpiry(c, last)
			if offset == v.SizeBytes {
				// Something failed after the last byte: it is tried again.
				return s.complete(c.UserContext(), v.ID)
			}
		}
		return nil
	}
	c.Set("Upload-Length", strconv.FormatInt(v.SizeBytes, 10))
	return allReceived(c, v, fiber.StatusOK)
}

// receiveChunk writes the next bytes of an upload (PATCH).
func (s *Server) receiveChunk(c *fiber.Ctx) error {
	v, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if v.Status == db.Receiving {
		err := s.withUpload(c, v, s.tus.PatchFile)
		s.setExpiry(c, time.Now())
		return err
	}
	if c.Get("Upload-Offset") != strconv.FormatInt(v.SizeBytes, 10) {
		return errOffsetMismatch
	}
	return allReceived(c, v, fiber.StatusNoContent)
}

// terminateUpload gives an upload up (DELETE).
func (s *Server) terminateUpload(c *fiber.Ctx) error {
	v, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if v.Status != db.Receiving {
		return errNoRoute
	}
	if err := s.withUpload(c, v, s.tus.DelFile); err != nil {
		return err
	}
	return s.House.RemoveFiles(c.UserContext(), v.ID)
}

// overriddenMethod serves clients whose network lets only POST through.
func (s *Server) overriddenMethod(c *fiber.Ctx) error {
	method := c.Get("X-HTTP-Method-Override")
	switch method {
	case fiber.MethodPatch:
		return s.receiveChunk(c)
	case fiber.MethodDelete:
		return s.terminateUpload(c)
	}
	return errMethod
}

// ownUpload finds the upload in the path among the caller's own.
func (s *Server) ownUpload(c *fiber.Ctx) (db.Video, error) {
	return s.DB.ResumableUpload(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
}

// withUpload has the library serve an upload that is still received. One whose
// file is gone is forgotten; one that another request completed meanwhile has
// moved on.
func (s *Server) withUpload(c *fiber.Ctx, v db.Video, method http.HandlerFunc) error {
	err := s.serveTus(&tusRequest{c: c, visitor: signedIn(c), id: v.ID}, v.ID, method)
	if !errors.Is(err, errNoRoute) {
		return err
	}
	if _, _, lost := s.Files.Received(v.ID); !errors.Is(lost, fs.ErrNotExist) {
		return err
	}
	dropped := s.DB.DropUpload(c.UserContext(), v.ID)
	if dropped == nil {
		s.Metrics.uploadDropped("lost")
		dropped = s.House.RemoveFiles(c.UserContext(), v.ID)
	}
	if !errors.Is(dropped, db.ErrNotFound) {
		return errors.Join(err, dropped)
	}
	if v, now := s.ownUpload(c); now == nil && v.Status != db.Receiving {
		return errOffsetMismatch // The client asks for the offset, which is the end.
	}
	return err
}

// completeTus is called by the library after the last byte.
func (s *Server) completeTus(hook tusd.HookEvent) (tusd.HTTPResponse, error) {
	// All of it has come: the client's going away changes nothing any more.
	err := s.complete(context.Background(), hook.Upload.ID)
	if err != nil {
		reportTus(hook.Context, err)
	}
	return tusd.HTTPResponse{}, err
}

// dropTus is asked by the library before it removes an upload.
func (s *Server) dropTus(hook tusd.HookEvent) (tusd.HTTPResponse, error) {
	err := s.DB.DropUpload(hook.Context, hook.Upload.ID)
	if err != nil {
		reportTus(hook.Context, err)
	} else {
		s.Metrics.uploadDropped("cancelled")
	}
	return tusd.HTTPResponse{}, err
}

// allReceived answers for an upload whose bytes are all there.
func allReceived(c *fiber.Ctx, v db.Video, status int) error {
	c.Set("Upload-Offset", strconv.FormatInt(v.SizeBytes, 10))
	c.Status(status)
	return nil
}

// setExpiry tells until when the next byte has to come.
func (s *Server) setExpiry(c *fiber.Ctx, last time.Time) {
	c.Set("Upload-Expires", last.Add(s.UploadExpiry).UTC().Format(http.TimeFormat))
}
