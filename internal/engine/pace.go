package engine

import (
	"sync"
	"time"

	"gensubtitle/internal/proc"
)

// pace is how fast an engine was with its last piece, from which we guess how
// far it is with others.
type pace struct {
	tick  time.Duration // between guesses
	mu    sync.Mutex
	speed float64 // seconds of sound heard in a second; 0 before the first piece
}

func (p *pace) saw(length, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.speed = length.Seconds() / max(took, time.Millisecond).Seconds()
}

// estimate reports guesses about a piece until stop is called. None reaches the
// piece's end.
func (p *pace) estimate(done *soundProgress, of soundPiece) (stop func()) {
	p.mu.Lock()
	speed := p.speed
	p.mu.Unlock()
	quit, quitted := make(chan struct{}), make(chan error)
	begun := time.Now()
	go func() {
		quitted <- proc.Contain(func() error {
			ticker := time.NewTicker(p.tick)
			defer ticker.Stop()
			for {
				select {
				case <-quit:
					return nil
				case <-ticker.C:
					done.reach(of, guess(time.Since(begun), speed, of))
				}
			}
		})
	}()
	return func() {
		close(quit)
		if err := <-quitted; err != nil {
			panic(err) // where it can be recovered
		}
	}
}

// guess is how many bytes of a piece are heard, this long into it.
func guess(since time.Duration, speed float64, of soundPiece) int64 {
	return int64(min(since.Seconds()*speed*bytesPerSecond, 0.99*float64(of.to-of.from)))
}
