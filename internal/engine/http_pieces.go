package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"gensubtitle/internal/proc"

	"gensubtitle/internal/subtitles"
)

// hearing is a sound that an engine hears in pieces.
type hearing struct {
	engine  *HTTP
	request Request
	sound   *sound
	key     string
	pieces  []soundPiece
	heard   []heardPiece // what was heard in each
	done    *soundProgress
	failed  atomic.Bool // No further piece is to be begun.
}

// newHearing cuts a sound into pieces.
func (e *HTTP) newHearing(r Request, s *sound, done *progress) (*hearing, error) {
	largest := r
	if r.Language == "" {
		largest.Language = longestCode // It may be found out before the last piece.
	}
	body, err := e.form(largest, askWords)
	if err != nil {
		return nil, err
	}
	pieces, err := s.pieces(e.maxBytes - body.size())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return &hearing{
		engine: e, request: r, sound: s, key: e.pieceKey(r), pieces: pieces, heard: make([]heardPiece, len(pieces)),
		done: &soundProgress{whole: done, size: s.size, heard: map[soundPiece]int64{}},
	}, nil
}

// all has all pieces heard. The language is found out once, not for each piece, so
// pieces go one after the other until it is known.
func (h *hearing) all(ctx context.Context) error {
	spoken := map[string]time.Duration{}
	next := 0
	for ; next < len(h.pieces) && h.request.Language == "" && !h.request.Translate; next++ {
		if err := h.piece(ctx, next); err != nil {
			return err
		}
		h.heard[next].addTo(spoken)
		h.request.Language = mainLanguage(spoken)
	}
	return h.together(ctx, next)
}

// together has the pieces from one on heard, several at once. After an error none is
// begun any more, but those under way are waited for: they are paid for.
func (h *hearing) together(ctx context.Context, from int) error {
	errs := make([]error, len(h.pieces))
	var group errgroup.Group
	group.SetLimit(h.engine.together)
	for i := from; i < len(h.pieces); i++ {
		group.Go(func() error {
			if h.failed.Load() {
				return nil
			}
			errs[i] = proc.Contain(func() error { return h.piece(ctx, i) })
			if errs[i] != nil {
				h.failed.Store(true)
			}
			return nil // The first in time is not the one to return.
		})
	}
	_ = group.Wait()
	return joinErrors(errs)
}

// piece has one piece heard, unless it was heard before.
func (h *hearing) piece(ctx context.Context, i int) error {
	p := h.pieces[i]
	part, kept := h.request.keptPiece(h.key, p)
	if !kept {
		var err error
		part, err = h.engine.hear(ctx, h.request, h.sound, p, h.done)
		if i > 0 && i == len(h.pieces)-1 && p.length() < shortRest && errors.Is(err, ErrRefused) {
			part, err = heardPiece{Notes: []Note{{Kind: NoteRefused}}}, nil
		}
		if err != nil {
			return err
		}
		h.request.keepPiece(h.key, p, part)
	}
	h.heard[i] = part
	h.done.reach(p, p.to-p.from)
	return nil
}

// transcript puts the times of the pieces together, and tells what was odd in them.
func (h *hearing) transcript() subtitles.Transcript {
	var whole subtitles.Transcript
	spoken := map[string]time.Duration{}
	for i, part := range h.heard {
		begin := h.pieces[i].start()
		h.request.notes(part.Notes, begin)
		for _, cue := range part.Cues {
			whole.Cues = append(whole.Cues, moved(cue, begin))
		}
		part.addTo(spoken)
	}
	whole.Language = mostSpoken(spoken)
	return whole
}

// joinErrors is the first of the errors of the pieces, with the longest wait that any
// of them asks for. A panic goes on in the caller, where it can be recovered.
func joinErrors(errs []error) error {
	var first error
	var longest time.Duration
	for _, err := range errs {
		if first == nil {
			first = err
		}
		var later *LaterError
		if errors.As(err, &later) {
			longest = max(longest, later.After)
		}
		var panicked *proc.PanicError
		if errors.As(err, &panicked) {
			panic(fmt.Sprintf("%v\n%s", panicked.Value, panicked.Stack))
		}
	}
	var own *LaterError
	if longest == 0 || errors.As(first, &own) && own.After == longest {
		return first
	}
	// errors.As finds what is the first argument.
	return fmt.Errorf("%[2]w: %[1]w", &LaterError{longest}, first)
}
