package subtitles

import (
	"sync"
	"time"
)

// pace is how fast an engine was with its last piece, from which we guess how
// far it is with this one.
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

// estimate reports guesses about a piece of a sound of size bytes until stop is
// called. None reaches the piece's end.
func (p *pace) estimate(done *progress, of soundPiece, size int64) (stop func()) {
	p.mu.Lock()
	speed := p.speed
	p.mu.Unlock()
	quit, quitted := make(chan struct{}), make(chan struct{})
	begun := time.Now()
	go func() {
		defer close(quitted)
		ticker := time.NewTicker(p.tick)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				done.reach(guess(time.Since(begun), speed, of, size))
			}
		}
	}()
	return func() { close(quit); <-quitted }
}

// guess is which part of the whole sound is heard, this long into a piece.
func guess(since time.Duration, speed float64, of soundPiece, size int64) float64 {
	heard := min(since.Seconds()*speed*bytesPerSecond, 0.99*float64(of.to-of.from))
	return (float64(of.from) + heard) / float64(size)
}
