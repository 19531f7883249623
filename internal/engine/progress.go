package engine

import "sync"

// progress passes on how much of a request is done, and never less than before,
// from whichever goroutine.
type progress struct {
	mu     sync.Mutex
	report func(percent int)
	last   int
}

// reach says that this part of the request is done, from 0 to 1.
func (p *progress) reach(part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	percent := int(100*part + 1e-9) // 0.29 is a little less than 29 %
	if p.report == nil || percent <= p.last || percent > 100 {
		return
	}
	p.last = percent
	p.report(percent)
}

// soundProgress adds up how much of a sound is heard, in whatever order its pieces are.
type soundProgress struct {
	whole *progress
	size  int64 // bytes of the sound
	mu    sync.Mutex
	heard map[soundPiece]int64 // bytes of each
	all   int64                // their sum
}

// reach says that so many bytes of a piece are heard.
func (p *soundProgress) reach(piece soundPiece, heard int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all += heard - p.heard[piece]
	p.heard[piece] = heard
	p.whole.reach(float64(p.all) / float64(p.size))
}
