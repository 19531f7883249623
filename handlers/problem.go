package handlers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	tusd "github.com/tus/tusd/v2/pkg/handler"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/uploads"
	"gensubtitle/views"
)

const (
	problemPrefix = "urn:gensubtitle:"
	// statusChecksumMismatch is the tus protocol's own.
	statusChecksumMismatch = 460
	// uploadsWait is when another upload of the user may have ended.
	uploadsWait = 30 * time.Second
)

// problem is an error that is meant for people: a status, a type and words.
// Anything that is not one is an internal error.
type problem struct {
	status      int
	kind        string // the type, after problemPrefix
	words       func(*views.Text) views.Problem
	fields      map[string]fieldText // what is wrong with each field
	quota       *db.Quota            // for quota errors
	retryAfter  time.Duration        // 0: nothing is said of it
	notReady    []string             // for the readiness probe
	parts       map[string]string    // likewise, when asked for
	maintenance *int                 // likewise
	challenge   string               // what WWW-Authenticate says; empty where nothing is said
}

type fieldText func(*views.Fields) string

func (p *problem) Error() string { return p.kind }

// The problems that need no figures.
var (
	errUnauthenticated = simple(fiber.StatusUnauthorized, "unauthenticated",
		func(t *views.Text) views.Problem { return t.Problems.Unauthenticated })
	errBadCredentials = simple(fiber.StatusUnauthorized, "bad-credentials",
		func(t *views.Text) views.Problem { return t.Problems.BadCredentials })
	errForbidden = simple(fiber.StatusForbidden, "forbidden",
		func(t *views.Text) views.Problem { return t.Problems.Forbidden })
	errRegistrationClosed = simple(fiber.StatusForbidden, "registration-closed",
		func(t *views.Text) views.Problem { return t.Problems.RegistrationClosed })
	errSessionMismatch = simple(fiber.StatusForbidden, "session-mismatch",
		func(t *views.Text) views.Problem { return t.Problems.SessionMismatch })
	errCrossOrigin = simple(fiber.StatusForbidden, "cross-origin",
		func(t *views.Text) views.Problem { return t.Problems.CrossOrigin })
	errNoRoute = simple(fiber.StatusNotFound, "not-found",
		func(t *views.Text) views.Problem { return t.Problems.NotFound })
	errMethod = simple(fiber.StatusMethodNotAllowed, "method-not-allowed",
		func(t *views.Text) views.Problem { return t.Problems.MethodNotAllowed })
	errStalled = simple(fiber.StatusRequestTimeout, "upload-stalled",
		func(t *views.Text) views.Problem { return t.Problems.UploadStalled })
	errIncomplete = simple(fiber.StatusBadRequest, "upload-incomplete",
		func(t *views.Text) views.Problem { return t.Problems.UploadIncomplete })
	errOffsetMismatch = simple(fiber.StatusConflict, "offset-mismatch",
		func(t *views.Text) views.Problem { return t.Problems.OffsetMismatch })
	errUploadLocked = simple(fiber.StatusLocked, "upload-locked",
		func(t *views.Text) views.Problem { return t.Problems.UploadLocked })
	errTooManyUploads = later(fiber.StatusTooManyRequests, uploadsWait, "too-many-uploads",
		func(t *views.Text) views.Problem { return t.Problems.TooManyUploads })
	errTooMuchReserved = later(fiber.StatusTooManyRequests, uploadsWait, "too-many-uploads",
		func(t *views.Text) views.Problem { return t.Problems.TooMuchReserved })
	errTooSlow = simple(fiber.StatusRequestTimeout, "upload-too-slow",
		func(t *views.Text) views.Problem { return t.Problems.UploadTooSlow })
	errChecksum = simple(statusChecksumMismatch, "checksum-mismatch",
		func(t *views.Text) views.Problem { return t.Problems.ChecksumMismatch })
	errTusVersion = simple(fiber.StatusPreconditionFailed, "invalid",
		func(t *views.Text) views.Problem { return t.Problems.TusVersion })
	errTusHeaders = simple(fiber.StatusBadRequest, "invalid",
		func(t *views.Text) views.Problem { return t.Problems.TusHeaders })
	errLastAdmin = simple(fiber.StatusConflict, "last-admin",
		func(t *views.Text) views.Problem { return t.Problems.LastAdmin })
	errSelectionChanged = simple(fiber.StatusConflict, "selection-changed",
		func(t *views.Text) views.Problem { return t.Problems.SelectionChanged })
	errNoEngine = simple(fiber.StatusConflict, "no-engine",
		func(t *views.Text) views.Problem { return t.Problems.NoEngine })
	errTooManyRuns = simple(fiber.StatusConflict, "too-many-runs",
		func(t *views.Text) views.Problem { return t.Problems.TooManyRuns })
	errSubtitlesChanged = simple(fiber.StatusPreconditionFailed, "subtitles-changed",
		func(t *views.Text) views.Problem { return t.Problems.SubtitlesChanged })
	errNotMuxable = simple(fiber.StatusUnsupportedMediaType, "not-muxable",
		func(t *views.Text) views.Problem { return t.Problems.NotMuxable })
	errNoContainer = simple(fiber.StatusUnsupportedMediaType, errNotMuxable.kind,
		func(t *views.Text) views.Problem { return t.Problems.NoContainer })
	errKeyInUse = &problem{
		status: fiber.StatusConflict, kind: "idempotency-key-in-use", retryAfter: 5 * time.Second,
		words: func(t *views.Text) views.Problem { return t.Problems.KeyInUse },
	}
	errKeyReused = simple(fiber.StatusUnprocessableEntity, "idempotency-key-reused",
		func(t *views.Text) views.Problem { return t.Problems.KeyReused })
	errUsernameTaken = simple(fiber.StatusConflict, "username-taken",
		func(t *views.Text) views.Problem { return t.Problems.UsernameTaken })
	errBodyTooLarge = simple(fiber.StatusRequestEntityTooLarge, "body-too-large",
		func(t *views.Text) views.Problem { return t.Problems.BodyTooLarge })
	errTextTooLarge = simple(fiber.StatusRequestEntityTooLarge, "body-too-large",
		func(t *views.Text) views.Problem { return t.TextTooLarge(largeTextBytes) })
	errNotAVideo = simple(fiber.StatusUnsupportedMediaType, uploads.NotAVideo,
		func(t *views.Text) views.Problem { return t.Problems.NotAVideo })
	errUnfinished = simple(fiber.StatusUnsupportedMediaType, errNotAVideo.kind,
		func(t *views.Text) views.Problem { return t.Problems.Unfinished })
	errUnmeasurable = simple(fiber.StatusUnsupportedMediaType, uploads.Unmeasurable,
		func(t *views.Text) views.Problem { return t.Problems.Unmeasurable })
	errEncoded = simple(fiber.StatusUnsupportedMediaType, "encoded-body",
		func(t *views.Text) views.Problem { return t.Problems.EncodedBody })
	errContentType = simple(fiber.StatusUnsupportedMediaType, "wrong-content-type",
		func(t *views.Text) views.Problem { return t.Problems.ContentType })
	errMalformed = simple(fiber.StatusBadRequest, "malformed-request",
		func(t *views.Text) views.Problem { return t.Problems.Malformed })
	errTimeout = simple(fiber.StatusRequestTimeout, "request-timeout",
		func(t *views.Text) views.Problem { return t.Problems.Timeout })
	errMisdirected = simple(fiber.StatusMisdirectedRequest, "misdirected",
		func(t *views.Text) views.Problem { return t.Problems.Misdirected })
	errInternal = simple(fiber.StatusInternalServerError, "internal",
		func(t *views.Text) views.Problem { return t.Problems.Internal })
	errSignInNeeded  = outOfScope("", func(t *views.Text) views.Problem { return t.Account.SignInNeeded })
	errTooManyTokens = simple(fiber.StatusConflict, "too-many-tokens",
		func(t *views.Text) views.Problem { return t.TooManyTokens(db.MaxAPITokens) })
	errStorageFull = simple(fiber.StatusInsufficientStorage, "storage-full",
		func(t *views.Text) views.Problem { return t.Problems.StorageFull })
	// What a full disk means depends on what was asked for.
	errFullUpload = simple(fiber.StatusInsufficientStorage, "storage-full",
		func(t *views.Text) views.Problem { return t.Problems.FullUpload })
	errFullSignIn = simple(fiber.StatusInsufficientStorage, "storage-full",
		func(t *views.Text) views.Problem { return t.Problems.FullSignIn })
	errFullSubtitles = simple(fiber.StatusInsufficientStorage, "storage-full",
		func(t *views.Text) views.Problem { return t.Problems.FullSubtitles })
	errFullDelete = simple(fiber.StatusInsufficientStorage, "storage-full",
		func(t *views.Text) views.Problem { return t.Problems.FullDelete })
	errBusy = later(fiber.StatusServiceUnavailable, 5*time.Second, "busy",
		func(t *views.Text) views.Problem { return t.Problems.Busy })
	errUnavailable = later(fiber.StatusServiceUnavailable, 10*time.Second, "unavailable",
		func(t *views.Text) views.Problem { return t.Problems.Unavailable })
)

func simple(status int, kind string, words func(*views.Text) views.Problem) *problem {
	p := &problem{status: status, kind: kind, words: words}
	if status == fiber.StatusUnauthorized {
		p.challenge = "Bearer"
	}
	return p
}

func later(status int, after time.Duration, kind string, words func(*views.Text) views.Problem) *problem {
	return &problem{status: status, kind: kind, words: words, retryAfter: after}
}

// invalid says which fields are wrong.
func invalid(fields map[string]fieldText) *problem {
	return &problem{
		status: fiber.StatusUnprocessableEntity, kind: "invalid", fields: fields,
		words: func(t *views.Text) views.Problem { return t.Problems.Invalid },
	}
}

// invalidField says what is wrong with one field.
func invalidField(name string, text fieldText) *problem {
	return invalid(map[string]fieldText{name: text})
}

func fileTooLarge(limit int64) *problem {
	return simple(fiber.StatusRequestEntityTooLarge, "file-too-large", func(t *views.Text) views.Problem {
		return t.FileTooLarge(limit)
	})
}

// uploadRejected says of a resumable upload why nothing came of it.
func uploadRejected(reason string) *problem {
	return simple(fiber.StatusGone, "upload-rejected", func(t *views.Text) views.Problem {
		return t.UploadRejected(reason)
	})
}

// typeOfReason is the type, after problemPrefix, of the problem that a rejected
// upload's reason stands for.
func typeOfReason(reason string) string {
	if reason == uploads.Unfinished {
		return errUnfinished.kind
	}
	return reason
}

// insufficientScope refuses a personal token what another could do.
func insufficientScope(needed db.Scope) *problem {
	return outOfScope(`, scope="`+string(needed)+`"`, func(t *views.Text) views.Problem {
		return t.InsufficientScope(string(needed))
	})
}

// outOfScope says it as RFC 6750, section 3.1 wants it.
func outOfScope(attributes string, words func(*views.Text) views.Problem) *problem {
	p := simple(fiber.StatusForbidden, "insufficient-scope", words)
	p.challenge = `Bearer error="insufficient_scope"` + attributes
	return p
}

func tooManyAttempts(wait time.Duration) *problem {
	return later(fiber.StatusTooManyRequests, max(wait, time.Second), "too-many-attempts", func(t *views.Text) views.Problem {
		return t.TooManyAttempts(wait)
	})
}

func tooManyRejected(wait time.Duration) *problem {
	return &problem{
		status: fiber.StatusTooManyRequests, kind: "too-many-rejected", retryAfter: wait,
		words: func(t *views.Text) views.Problem { return t.TooManyRejected(wait) },
	}
}

func overQuota(e *db.QuotaError) *problem {
	p := &problem{status: fiber.StatusForbidden, kind: "quota-" + string(e.Resource), quota: &e.Quota}
	p.words = func(t *views.Text) views.Problem {
		if e.Resource == db.Videos {
			return t.QuotaVideos(int(e.Quota.Usage.Videos), int(e.Quota.Limits.Videos))
		}
		return t.QuotaDuration(e.Asked, e.Quota.RemainingDuration(), e.Quota.Limits.Duration)
	}
	return p
}

// problemOf is the one place that decides how an error looks from outside.
func problemOf(err error) *problem {
	var p *problem
	var quota *db.QuotaError
	var throttled *auth.ThrottledError
	var rejections *media.RejectionsError
	var framework *fiber.Error
	var changed *db.RevisionError
	var rejected *uploads.Rejected
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &quota):
		return overQuota(quota)
	case errors.As(err, &rejected) && rejected.Reason == uploads.Unmeasurable:
		return errUnmeasurable
	case errors.As(err, &throttled):
		return tooManyAttempts(throttled.RetryAfter)
	case errors.As(err, &rejections):
		return tooManyRejected(rejections.RetryAfter)
	case errors.Is(err, db.ErrNotFound):
		return errNoRoute
	case errors.Is(err, db.ErrTooManyUploads):
		return errTooManyUploads
	case errors.Is(err, db.ErrTooMuchReserved):
		return errTooMuchReserved
	case errors.Is(err, tusd.ErrLockTimeout):
		return errUploadLocked
	case errors.Is(err, db.ErrTooManyTokens):
		return errTooManyTokens
	case errors.Is(err, db.ErrLastAdmin):
		return errLastAdmin
	case errors.Is(err, db.ErrSelectionChanged):
		return errSelectionChanged
	case errors.Is(err, db.ErrKeyInUse):
		return errKeyInUse
	case errors.Is(err, db.ErrKeyReused):
		return errKeyReused
	case errors.Is(err, db.ErrTooManyRuns):
		return errTooManyRuns
	case errors.As(err, &changed):
		return errSubtitlesChanged
	case errors.Is(err, media.ErrNotMuxable):
		return errNotMuxable
	case errors.Is(err, db.ErrUsernameTaken):
		return errUsernameTaken
	case errors.Is(err, db.ErrSignedOut):
		return errUnauthenticated
	case errors.Is(err, media.ErrUnfinished):
		return errUnfinished
	case errors.Is(err, media.ErrNotVideo):
		return errNotAVideo
	case errors.Is(err, storage.ErrFull), errors.Is(err, db.ErrStorageFull):
		return errStorageFull
	case errors.Is(err, auth.ErrBusy):
		return errBusy
	case errors.Is(err, media.ErrUnavailable), errors.Is(err, storage.ErrUnavailable), errors.Is(err, db.ErrUnavailable),
		errors.Is(err, errLoginStore), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errUnavailable
	case errors.As(err, &framework):
		return problemOfFramework(framework)
	}
	return errInternal
}

// problemOfFramework names what Fiber found wrong before a handler ran.
func problemOfFramework(e *fiber.Error) *problem {
	switch e.Code {
	case fiber.StatusNotFound:
		return errNoRoute
	case fiber.StatusMethodNotAllowed:
		return errMethod
	case fiber.StatusRequestEntityTooLarge:
		return errBodyTooLarge
	case fiber.StatusBadRequest:
		return errMalformed
	case fiber.StatusRequestTimeout:
		return errTimeout
	case fiber.StatusInternalServerError:
		return errInternal
	}
	return simple(e.Code, "invalid", func(t *views.Text) views.Problem { return t.Problems.Invalid })
}

// sentence is what an alert says: what is wrong with the fields, if that is it.
func (p *problem) sentence(t *views.Text) string {
	if len(p.fields) == 0 {
		return p.words(t).Detail
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p.fields)) {
		all = append(all, p.fields[name](&t.Fields))
	}
	return strings.Join(all, " ")
}

func (p *problem) fieldErrors(t *views.Text) map[string]string {
	if len(p.fields) == 0 {
		return nil
	}
	texts := make(map[string]string, len(p.fields))
	for name, f := range p.fields {
		texts[name] = f(&t.Fields)
	}
	return texts
}
