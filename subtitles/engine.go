package subtitles

import (
	"context"
	"errors"
	"time"
)

// Engine turns sound into text. It may be used by many goroutines at once.
type Engine interface {
	// Transcribe writes down what is said. Errors are ErrDown, ErrFailed or
	// ErrRefused, the first two perhaps with a *LaterError; or ctx's own.
	Transcribe(ctx context.Context, r Request) (Transcript, error)
	// Translates reports whether Request.Translate can be asked for.
	Translates() bool
}

// Request is what an engine is asked for.
type Request struct {
	// Audio is the path of the sound: signed 16-bit little-endian samples,
	// 16 kHz, one channel, without a header.
	Audio     string
	Language  string // as in Transcript; "" lets the engine find out
	Translate bool   // into English
	// Progress is called with 0 to 100, never less than before, unless nil.
	Progress func(percent int)
}

var (
	// ErrDown says that the engine cannot be had now, or not as it is set up:
	// no connection, too busy, no such model, wrong key. The next request for
	// any sound would most likely end the same way.
	ErrDown = errors.New("the speech engine cannot be had")
	// ErrFailed says that this request went wrong: an answer that makes no
	// sense, a crash, a time limit. Another try may go well.
	ErrFailed = errors.New("the speech engine failed")
	// ErrRefused says that the engine will never take this request.
	ErrRefused = errors.New("the speech engine refuses this sound")
)

// LaterError tells when the engine wants to be asked again.
type LaterError struct{ After time.Duration }

func (e *LaterError) Error() string { return "asked to wait for " + e.After.String() }
