package handlers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	tusd "github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
	"gensubtitle/views"
)

// Resumable uploads after the tus protocol, version 1.0.0
// (https://tus.io/protocols/resumable-upload), with its extensions creation,
// creation-with-upload, termination, expiration and checksum. The upload's id
// is the video's id.

const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination,expiration,checksum"
	tusPath       = "/files/"
	// tusLockWait is how long a request waits for the one before it, which may
	// hang on a connection that is gone, to let go of the upload.
	tusLockWait = 10 * time.Second
	// tusQuiet is how long a body is silent before its connection is taken for
	// gone by a request that waits.
	tusQuiet = 2 * time.Second
)

func (s *Server) newTus() (*tusd.UnroutedHandler, error) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil)) // Every request has its own line already.
	h, err := tusd.NewUnroutedHandler(tusd.Config{
		StoreComposer: s.Files.Resumable(storage.Hooks{
			Failed: reportTus, Interrupter: interrupter, Check: checker, MakeRoom: s.Ballast.GiveUp,
		}),
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
	c.Set("Tus-Checksum-Algorithm", checksumAlgorithms)
	c.Set("Tus-Max-Size", strconv.FormatInt(s.limitsFor(c).FileBytes, 10))
	return c.SendStatus(fiber.StatusNoContent)
}

// resumable marks every answer as one of the protocol.
func resumable(c *fiber.Ctx) error {
	c.Set("Tus-Resumable", tusVersion)
	return c.Next()
}

// spokenVersion takes no request of another version. Some clients leave it out
// where they only ask.
func spokenVersion(c *fiber.Ctx) error {
	given := c.Get("Tus-Resumable")
	if given != tusVersion && (given != "" || c.Method() != fiber.MethodHead) {
		c.Set("Tus-Version", tusVersion)
		return errTusVersion
	}
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
	if err := checkMetadata(c.Get("Upload-Metadata")); err != nil {
		return false, err
	}
	if s.stopping.Load() {
		return false, errUnavailable
	}
	// The library refuses an invalid length.
	length, _ := strconv.ParseInt(c.Get("Upload-Length"), 10, 64)
	r := &tusRequest{c: c, visitor: signedIn(c), room: length}
	err = s.serveTus(r, "", s.tus.PostFile)
	if r.id == "" {
		return false, err
	}
	if !r.made {
		s.Uploads.Abandon(context.WithoutCancel(c.UserContext()), s.logOf(c), r.id)
		return false, err
	}
	if err := s.Uploads.Confirm(c.UserContext(), r.id); err != nil {
		return false, err
	}
	c.Set(fiber.HeaderLocation, tusPath+r.id)
	_, _ = s.setExpiry(c, r.id, length) // It may be complete, and have moved on.
	return true, err
}

// admitTus is asked by the library before it makes an upload.
func (s *Server) admitTus(hook tusd.HookEvent) (answer tusd.HTTPResponse, changes tusd.FileInfoChanges, err error) {
	r := tusRequestOf(hook.Context)
	id, err := s.admitUpload(r, hook.Upload)
	if err != nil {
		reportTus(hook.Context, err)
		return answer, changes, err
	}
	r.id, changes.ID = id, id
	return answer, changes, nil
}

func (s *Server) admitUpload(r *tusRequest, info tusd.FileInfo) (string, error) {
	if limit := r.visitor.Quota.Limits.FileBytes; info.Size > limit {
		return "", fileTooLarge(limit)
	}
	if s.stopping.Load() {
		return "", errUnavailable
	}
	return s.Uploads.AdmitResumable(r.c.UserContext(), db.Upload{
		SessionID: r.visitor.SessionID, SizeBytes: info.Size,
		Filename: cmp.Or(cleanName(info.MetaData["filename"]), unnamed), Metadata: r.c.Get("Upload-Metadata"),
	})
}

// uploadOffset tells how much has come (HEAD).
func (s *Server) uploadOffset(c *fiber.Ctx) error {
	u, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if u.Status != db.Receiving {
		return ended(c, u, fiber.StatusOK)
	}
	err = s.withUpload(c, &tusRequest{id: u.ID}, s.tus.HeadFile)
	if errors.Is(err, errOffsetMismatch) {
		// It was completed meanwhile.
		if u, err = s.ownUpload(c); err == nil && u.Status != db.Receiving {
			return ended(c, u, fiber.StatusOK)
		}
	}
	if err != nil {
		return err
	}
	setMetadata(c, u)
	offset, err := s.setExpiry(c, u.ID, u.SizeBytes)
	if err == nil && offset == u.SizeBytes {
		// Something failed after the last byte: it is tried again.
		return s.Uploads.Complete(c.UserContext(), u.ID)
	}
	return nil
}

// receiveChunk writes the next bytes of an upload (PATCH).
func (s *Server) receiveChunk(c *fiber.Ctx) error {
	u, err := s.ownUpload(c)
	if err != nil {
		return err
	}
	if !isChunk(c) {
		return errContentType
	}
	if u.Status == db.Receiving {
		// The library refuses an invalid offset.
		offset, _ := strconv.ParseInt(c.Get("Upload-Offset"), 10, 64)
		err := s.withUpload(c, &tusRequest{id: u.ID, room: u.SizeBytes - offset}, s.tus.PatchFile)
		_, _ = s.setExpiry(c, u.ID, u.SizeBytes) // Its file may have moved on.
		return err
	}
	switch atEnd := c.Get("Upload-Offset") == strconv.FormatInt(u.SizeBytes, 10); {
	case u.Status == db.Rejected:
	case !atEnd:
		return errOffsetMismatch
	case hasBody(c):
		return errBodyTooLarge
	}
	return ended(c, u, fiber.StatusNoContent)
}

// terminateUpload gives an upload up (DELETE). A complete one is 404; delete the
// video instead.
func (s *Server) terminateUpload(c *fiber.Ctx) error {
	u, err := s.ownUpload(c)
	switch {
	case err != nil:
		return err
	case u.Status == db.Rejected:
		return ended(c, u, fiber.StatusNoContent)
	case u.Status != db.Receiving:
		return errNoRoute
	}
	if err := s.withUpload(c, &tusRequest{id: u.ID}, s.tus.DelFile); err != nil {
		return err
	}
	return s.Uploads.RemoveFiles(c.UserContext(), u.ID)
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
func (s *Server) ownUpload(c *fiber.Ctx) (db.Resumable, error) {
	return s.DB.ResumableUpload(c.UserContext(), signedIn(c).SessionID, c.Params("id"))
}

// withUpload has the library serve an upload that is still received. One whose
// file is gone is forgotten; one that another request completed meanwhile has
// moved on.
func (s *Server) withUpload(c *fiber.Ctx, r *tusRequest, method http.HandlerFunc) error {
	r.c, r.visitor = c, signedIn(c)
	err := s.serveTus(r, r.id, method)
	if !errors.Is(err, errNoRoute) {
		return err
	}
	switch lost, dropped := s.Uploads.DropLost(c.UserContext(), r.id); {
	case lost, dropped != nil:
		return errors.Join(err, dropped)
	}
	if u, now := s.ownUpload(c); now == nil && u.Status != db.Receiving {
		return errOffsetMismatch // The client asks for the offset, which is the end.
	}
	return err
}

// completeTus is called by the library after the last byte.
func (s *Server) completeTus(hook tusd.HookEvent) (tusd.HTTPResponse, error) {
	// All of it has come: the client's going away changes nothing any more.
	err := s.Uploads.Complete(context.WithoutCancel(hook.Context), hook.Upload.ID)
	if err != nil {
		reportTus(hook.Context, err)
	}
	return tusd.HTTPResponse{}, err
}

// dropTus is asked by the library before it removes an upload.
func (s *Server) dropTus(hook tusd.HookEvent) (tusd.HTTPResponse, error) {
	err := s.Uploads.Cancel(hook.Context, hook.Upload.ID)
	if err != nil {
		reportTus(hook.Context, err)
	}
	return tusd.HTTPResponse{}, err
}

// ended answers for an upload whose bytes have all come. A rejected one is
// gone: whoever asks about it must not take it for a success.
func ended(c *fiber.Ctx, u db.Resumable, status int) error {
	if u.Status == db.Rejected {
		c.Set("Upload-Rejected", problemPrefix+typeOfReason(u.Reason))
		return uploadRejected(u.Reason)
	}
	c.Set("Upload-Offset", strconv.FormatInt(u.SizeBytes, 10))
	if c.Method() == fiber.MethodHead {
		c.Set("Upload-Length", strconv.FormatInt(u.SizeBytes, 10))
		setMetadata(c, u)
	}
	c.Status(status)
	return nil
}

// setMetadata repeats what was sent, letter by letter. Of an upload that an
// older version began, the library tells what it has kept.
func setMetadata(c *fiber.Ctx, u db.Resumable) {
	if u.Metadata != "" {
		c.Set("Upload-Metadata", u.Metadata)
	}
}

// setExpiry tells until when the next byte of an upload has to come, unless all
// have, and returns how many have. Only bytes put it off, never a request that
// is refused.
func (s *Server) setExpiry(c *fiber.Ctx, id string, size int64) (int64, error) {
	received, last, err := s.Files.Received(id)
	if err == nil && received < size {
		c.Set("Upload-Expires", last.Add(s.UploadExpiry).UTC().Format(http.TimeFormat))
	}
	return received, err
}
