package handlers

import (
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func TestPacedCheck(t *testing.T) {
	var p pacedCheck
	var mu sync.Mutex
	var began []time.Time
	check := func() []part {
		mu.Lock()
		defer mu.Unlock()
		began = append(began, time.Now())
		return []part{{name: "x"}}
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			asked := time.Now()
			if parts := p.await(check); len(parts) != 1 {
				t.Errorf("got %v", parts)
			}
			mu.Lock()
			defer mu.Unlock()
			if last := began[len(began)-1]; last.Before(asked) {
				t.Error("the result is older than the question")
			}
		})
	}
	waittest.Group(t, &all)
	if len(began) > 2 {
		t.Errorf("checked %d times at once", len(began))
	}
	for i := 1; i < len(began); i++ {
		if pause := began[i].Sub(began[i-1]); pause < readinessPause {
			t.Errorf("checked again after %v", pause)
		}
	}
}
