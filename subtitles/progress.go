package subtitles

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
