package uploads

import (
	"errors"

	"gensubtitle/db"
	"gensubtitle/internal/media"
)

// Why an upload was rejected.
const (
	NotAVideo     = "not-a-video"
	Unfinished    = "unfinished-recording"
	Unmeasurable  = "unmeasurable"
	QuotaVideos   = "quota-videos"
	QuotaDuration = "quota-duration"
)

// Rejected says that an upload is none that can be accepted. No other try would
// end otherwise.
type Rejected struct {
	Reason string
	cause  error
}

func (r *Rejected) Error() string { return r.Reason + ": " + r.cause.Error() }

func (r *Rejected) Unwrap() error { return r.cause }

// errUnmeasurable says that measuring ended the process, or panicked, too often.
var errUnmeasurable = errors.New("measuring it ended the process, or panicked")

// orRejected makes a *Rejected of an error that is final.
func orRejected(err error) error {
	var quota *db.QuotaError
	switch {
	case errors.As(err, &quota) && quota.Resource == db.Videos:
		return &Rejected{QuotaVideos, err}
	case errors.As(err, &quota):
		return &Rejected{QuotaDuration, err}
	case errors.Is(err, media.ErrUnfinished):
		return &Rejected{Unfinished, err}
	case errors.Is(err, media.ErrNotVideo):
		return &Rejected{NotAVideo, err}
	}
	return err
}
