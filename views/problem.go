package views

import "time"

// Problem tells people what went wrong and what they can do about it.
type Problem struct{ Title, Detail string }

// problemFormat is a Problem with figures in its detail.
type problemFormat struct {
	Title  string
	Detail Format
}

func (p problemFormat) with(values ...any) Problem {
	return Problem{Title: p.Title, Detail: p.Detail.With(values...)}
}

// Problems are the errors that an answer can carry. Those with figures in
// them are methods of Text.
type Problems struct {
	Unauthenticated, BadCredentials  Problem
	Forbidden, RegistrationClosed    Problem
	SessionMismatch, CrossOrigin     Problem
	NotFound, MethodNotAllowed       Problem
	UsernameTaken                    Problem
	BodyTooLarge, NotAVideo, Invalid Problem
	Busy, Unavailable, StorageFull   Problem
	UploadStalled, UploadIncomplete  Problem
	OffsetMismatch, UploadLocked     Problem
	TooManyUploads, TooMuchReserved  Problem
	UploadTooSlow, ChecksumMismatch  Problem
	ContentType                      Problem
	FullUpload, FullSignIn           Problem
	FullSubtitles, FullDelete        Problem
	TusVersion, TusHeaders           Problem
	LastAdmin, SelectionChanged      Problem
	EncodedBody                      Problem
	NoEngine, TooManyRuns            Problem
	SubtitlesChanged, NotMuxable     Problem
	Misdirected, Internal            Problem

	quotaVideos     problemFormat // used, limit
	quotaDuration   problemFormat // left, limit
	quotaDurationOf problemFormat // the video's, left
	fileTooLarge    problemFormat // limit
	uploadRejected  problemFormat // why
	tooManyAttempts problemFormat // minutes
}

// QuotaVideos says that all videos are used up.
func (t *Text) QuotaVideos(used, limit int) Problem {
	return t.Problems.quotaVideos.with(used, limit)
}

// QuotaDuration says that a video does not fit what is left. Its own duration
// is zero when it is not known.
func (t *Text) QuotaDuration(video, left, limit time.Duration) Problem {
	if video <= 0 {
		return t.Problems.quotaDuration.with(clockDown(left), Clock(limit))
	}
	return t.Problems.quotaDurationOf.with(clockUp(video), clockDown(left))
}

// FileTooLarge says how many bytes a file may have.
func (t *Text) FileTooLarge(limit int64) Problem {
	return t.Problems.fileTooLarge.with(Size(limit))
}

// UploadRejected says why nothing came of an upload that had arrived.
func (t *Text) UploadRejected(code string) Problem {
	return t.Problems.uploadRejected.with(t.Reason(code))
}

// TooManyAttempts says how long to wait before the next one.
func (t *Text) TooManyAttempts(wait time.Duration) Problem {
	return t.Problems.tooManyAttempts.with(max(1, int((wait+time.Minute-1)/time.Minute)))
}

// Fields are what can be wrong with one field of a request.
type Fields struct {
	UsernameRequired, UsernameInvalid         string
	PasswordRequired, PasswordLength          string
	FileRequired, FileMoreThanOne, FormBroken string
	NotOffered                                string
	PasswordTwice, RoleInvalid                string
	NumberInvalid, BelowZero, ReasonRequired  string
	CursorInvalid, LimitInvalid, SortInvalid  string
	SearchTooLong, ReasonTooLong              string
	FilterInvalid, SelectionInvalid           string
	LanguageInvalid, JSONMalformed            string
	ContentTypeUnknown                        string
	MetadataInvalid, ChecksumInvalid          string
	ChecksumUnknown                           Format // those that are known
	Account                                   AccountFields
	AmountRequired, ClockInvalid              string
	LanguageUnknown, TranslateNotOffered      string
	SubtitleTypeUnknown, SubtitlesUnreadable  string
	SubtitleFileRequired, SubtitlesNotUTF8    string
	WidthInvalid, CuesInvalid                 string
	CueInvalid                                Format // number of the cue
	SubtitlesUnreadableAt                     Format // number of the line
}

// Rejected are the reasons why an upload was turned away after it had arrived.
type Rejected struct {
	NotAVideo, QuotaVideos, QuotaDuration, FileTooLarge, StorageFull, Interrupted, Other string
}

// reasonCodes are those that Reason has words for.
var reasonCodes = []string{"not-a-video", "quota-videos", "quota-duration", "file-too-large", "storage-full", "interrupted"}

// Reason explains the code that a rejected video carries.
func (t *Text) Reason(code string) string {
	switch code {
	case "not-a-video":
		return t.Rejected.NotAVideo
	case "quota-videos":
		return t.Rejected.QuotaVideos
	case "quota-duration":
		return t.Rejected.QuotaDuration
	case "file-too-large":
		return t.Rejected.FileTooLarge
	case "storage-full":
		return t.Rejected.StorageFull
	case "interrupted":
		return t.Rejected.Interrupted
	default:
		return t.Rejected.Other
	}
}
