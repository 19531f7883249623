package media

import (
	"context"
	"errors"
	"time"
)

// Run is one run of ffprobe or ffmpeg.
type Run struct {
	Program string // ffprobe or ffmpeg
	Took    time.Duration
	Outcome Outcome
}

// Outcome is how a run ended.
type Outcome string

// The outcomes there are.
const (
	RunEnded       Outcome = "ended"       // well
	RunStopped     Outcome = "stopped"     // by us, since more of it would change nothing
	RunFailed      Outcome = "failed"      // the program could not read the file
	RunRefused     Outcome = "refused"     // the file crashed it, or cost too much
	RunUnavailable Outcome = "unavailable" // for a reason on our side
)

func outcomeOf(err error) Outcome {
	var long *TooLongError
	switch {
	case err == nil:
		return RunEnded
	case errors.Is(err, errEnough), errors.As(err, &long), errors.Is(err, context.Canceled):
		return RunStopped
	case errors.Is(err, ErrUnavailable):
		return RunUnavailable
	case errors.Is(err, ErrNotVideo):
		return RunRefused
	}
	return RunFailed
}
