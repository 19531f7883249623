package views

import "time"

// Problem tells people what went wrong and what they can do about it.
type Problem struct{ Title, Detail string }

// problemOf is a Problem with figures in its detail.
type problemOf[F ~string] struct {
	Title  string
	Detail F
}

func (p problemOf[F]) with(detail string) Problem { return Problem{Title: p.Title, Detail: detail} }

// Problems are the errors that an answer can carry. Those with figures in
// them are methods of Text.
type Problems struct {
	Unauthenticated, BadCredentials              Problem
	Forbidden, RegistrationClosed                Problem
	SessionMismatch, CrossOrigin                 Problem
	NotFound, MethodNotAllowed                   Problem
	UsernameTaken                                Problem
	BodyTooLarge, NotAVideo, Unfinished, Invalid Problem
	Unmeasurable                                 Problem
	Busy, Unavailable, StorageFull               Problem
	UploadStalled, UploadIncomplete              Problem
	OffsetMismatch, UploadLocked                 Problem
	TooManyUploads, TooMuchReserved              Problem
	UploadTooSlow, ChecksumMismatch              Problem
	FullUpload, FullSignIn                       Problem
	FullSubtitles, FullDelete                    Problem
	TusVersion, TusHeaders                       Problem
	LastAdmin, SelectionChanged                  Problem
	EncodedBody, ContentType                     Problem
	Malformed, Timeout                           Problem
	NoEngine, TooManyRuns                        Problem
	KeyInUse, KeyReused                          Problem
	SubtitlesChanged, NotMuxable, NoContainer    Problem
	Misdirected, Internal                        Problem

	quotaVideos     problemOf[UsedFormat]
	quotaDuration   problemOf[LeftFormat]
	quotaDurationOf problemOf[LengthFormat]
	fileTooLarge    problemOf[Format] // limit
	textTooLarge    problemOf[Format] // limit
	uploadRejected  problemOf[Format] // why
	tooManyAttempts problemOf[Format] // minutes
	tooManyRejected problemOf[Format] // minutes
}

// QuotaVideos says that all videos are used up.
func (t *Text) QuotaVideos(used, limit int) Problem {
	p := t.Problems.quotaVideos
	return p.with(p.Detail.With(used, limit))
}

// QuotaDuration says that a video does not fit what is left. Its own duration
// is zero when it is not known.
func (t *Text) QuotaDuration(video, left, limit time.Duration) Problem {
	if video <= 0 {
		p := t.Problems.quotaDuration
		return p.with(p.Detail.With(clockDown(left), Clock(limit)))
	}
	p := t.Problems.quotaDurationOf
	return p.with(p.Detail.With(clockUp(video), clockDown(left)))
}

// FileTooLarge says how many bytes a file may have.
func (t *Text) FileTooLarge(limit int64) Problem {
	p := t.Problems.fileTooLarge
	return p.with(p.Detail.With(Size(limit)))
}

// TextTooLarge says how many bytes a file of subtitles may have.
func (t *Text) TextTooLarge(limit int64) Problem {
	p := t.Problems.textTooLarge
	return p.with(p.Detail.With(Size(limit)))
}

// UploadRejected says why nothing came of an upload that had arrived.
func (t *Text) UploadRejected(code string) Problem {
	p := t.Problems.uploadRejected
	return p.with(p.Detail.With(t.Reason(code)))
}

// TooManyAttempts says how long to wait before the next one.
func (t *Text) TooManyAttempts(wait time.Duration) Problem {
	p := t.Problems.tooManyAttempts
	return p.with(p.Detail.With(minutes(wait)))
}

// TooManyRejected says how long to wait before the next upload.
func (t *Text) TooManyRejected(wait time.Duration) Problem {
	p := t.Problems.tooManyRejected
	return p.with(p.Detail.With(minutes(wait)))
}

// minutes are those that a wait takes, rounded up.
func minutes(wait time.Duration) int { return max(1, int((wait+time.Minute-1)/time.Minute)) }

// Fields are what can be wrong with one field of a request.
type Fields struct {
	UsernameRequired, UsernameInvalid         string
	PasswordRequired, PasswordLength          string
	FileRequired, FileMoreThanOne, UnknownKey string
	NotOffered                                string
	PasswordTwice, RoleInvalid                string
	NumberInvalid, BelowZero, ReasonRequired  string
	KeyInvalid                                string
	CursorInvalid, LimitInvalid, SortInvalid  string
	SearchTooLong, ReasonTooLong              string
	FilterInvalid, SelectionInvalid           string
	LanguageInvalid, JSONMalformed            string
	MetadataInvalid, ChecksumInvalid          string
	ChecksumUnknown                           Format // those that are known
	Account                                   AccountFields
	AmountRequired, ClockInvalid              string
	LanguageUnknown, TranslateNotOffered      string
	TrackUnknown, PromptTooLong               string
	SubtitleFile                              SubtitleFileText
	SubtitleFileRequired                      string
	WidthInvalid, CuesInvalid                 string
	CueInvalid                                Format // number of the cue
}

// Rejected are the reasons why an upload was turned away after it had arrived.
type Rejected struct {
	NotAVideo, Unfinished, Unmeasurable, QuotaVideos, QuotaDuration, FileTooLarge, StorageFull, Interrupted, Other string
}

// reasonCodes are those that Reason has words for.
var reasonCodes = []string{"not-a-video", "unfinished-recording", "unmeasurable", "quota-videos", "quota-duration", "file-too-large", "storage-full", "interrupted"}

// Reason explains the code that a rejected video carries.
func (t *Text) Reason(code string) string {
	switch code {
	case "not-a-video":
		return t.Rejected.NotAVideo
	case "unfinished-recording":
		return t.Rejected.Unfinished
	case "unmeasurable":
		return t.Rejected.Unmeasurable
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
