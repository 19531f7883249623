// Package engine asks speech engines what is said: over HTTP, or by a command.
//
// Threats it answers: an engine that stalls, lies, sends us elsewhere or never
// stops answering.
package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gensubtitle/internal/subtitles"
)

// Engine turns sound into text. It may be used by many goroutines at once.
type Engine interface {
	// Transcribe writes down what is said. Errors are ErrDown, ErrFailed or
	// ErrRefused, the first two perhaps with a *LaterError, the first perhaps with
	// a *SetupError; or ctx's own.
	Transcribe(ctx context.Context, r Request) (subtitles.Transcript, error)
	// Translates reports whether Request.Translate can be asked for.
	Translates() bool
	// Prompts reports whether Request.Prompt is heeded.
	Prompts() bool
}

// Request is what an engine is asked for.
type Request struct {
	// Audio is the path of the sound: signed 16-bit little-endian samples,
	// 16 kHz, one channel, without a header.
	Audio     string
	Language  string // as in Transcript; "" lets the engine find out
	Translate bool   // into English
	Prompt    string // names and terms that the engine should know; "" for none
	// Progress is called with 0 to 100, never less than before, by one goroutine at
	// a time, unless nil.
	Progress func(percent int)
	// Note is called with what was odd in the engine's answers, unless nil.
	Note func(Note)
	// Pieces keeps what was answered to each piece, unless nil.
	Pieces Pieces
}

// Pieces keeps the answers to pieces of a sound, so that none is asked for twice.
// The key names what was asked for, beside the piece in bytes of the sound. They may
// be used by many goroutines at once.
type Pieces interface {
	Kept(key string, begins, ends int64) (answer []byte, ok bool)
	Keep(key string, begins, ends int64, answer []byte)
}

// notes tells of what was odd in a part of the sound that begins at a time.
func (r Request) notes(notes []Note, at time.Duration) {
	for _, n := range notes {
		if n.At += at; r.Note != nil {
			r.Note(n)
		}
	}
}

var (
	// ErrDown says that the engine cannot be had now, or not as it is set up:
	// no connection, too busy, no such model, wrong key. The next request for
	// any sound would most likely end the same way.
	ErrDown = errors.New("the speech engine cannot be had")
	// ErrFailed says that this request went wrong: an answer that makes no
	// sense, a crash, a time limit. Another try may go well.
	ErrFailed = errors.New("the speech engine failed")
	// ErrUnusable is an ErrFailed that another try would not change: a whole
	// answer that makes no sense.
	ErrUnusable = fmt.Errorf("%w: its answer is of no use", ErrFailed)
	// ErrRefused says that the engine will never take this request.
	ErrRefused = errors.New("the speech engine refuses this sound")
)

// LaterError tells when the engine wants to be asked again.
type LaterError struct{ After time.Duration }

func (e *LaterError) Error() string { return "asked to wait for " + e.After.String() }

// Setup is what an operator must change.
type Setup string

// What there is to change.
const (
	SetupAddress     Setup = "address"     // nothing answers there as an engine does
	SetupKey         Setup = "key"         // it is refused
	SetupModel       Setup = "model"       // the engine has no such model
	SetupTimes       Setup = "times"       // the model gives no times
	SetupTranslation Setup = "translation" // the engine does not translate
)

// SetupError says what must be changed before the engine can be had.
type SetupError struct{ Setup Setup }

func (e *SetupError) Error() string {
	switch e.Setup {
	case SetupAddress:
		return "check --engine-url"
	case SetupKey:
		return "check GENSUB_ENGINE_KEY"
	case SetupModel:
		return "set --engine-model to a model that the engine has"
	case SetupTimes:
		return "this model gives no times; set --engine-model to one that does, such as whisper-1"
	}
	return "the engine does not translate; set --no-engine-translate"
}
