package media

import (
	"fmt"
	"sync"
	"time"
)

// rejectionWindow is how long it takes until a whole budget is there again.
const rejectionWindow = time.Hour

// RejectionsError refuses to look into another file of somebody whose rejected
// ones have cost too much.
type RejectionsError struct {
	RetryAfter time.Duration // above 0
}

func (e *RejectionsError) Error() string {
	return fmt.Sprintf("rejected files took too much processor time, retry after %v", e.RetryAfter)
}

// rejections add up the processor time that each owner's rejected files have
// taken, in the memory of this process. It is paid back evenly: the whole budget
// within rejectionWindow.
type rejections struct {
	budget time.Duration // for each owner; 0 for no limit
	now    func() time.Time

	mu   sync.Mutex
	debt map[string]debt
}

// debt is what was owed at a time.
type debt struct {
	owed time.Duration
	at   time.Time
}

func newRejections(budget time.Duration) *rejections {
	return &rejections{budget: budget, now: time.Now, debt: map[string]debt{}}
}

// add counts the time that a rejected file took. It may exceed the budget, and
// takes as much longer to be paid back then.
func (r *rejections) add(owner string, spent time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name := range r.debt {
		if r.owed(name) <= 0 {
			delete(r.debt, name)
		}
	}
	r.debt[owner] = debt{owed: r.owed(owner) + spent, at: r.now()}
}

// check returns a *RejectionsError for an owner whose budget is used up.
func (r *rejections) check(owner string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	over := r.owed(owner) - r.budget
	if r.budget == 0 || over < 0 {
		return nil
	}
	return &RejectionsError{RetryAfter: max(time.Second, scale(over, rejectionWindow, r.budget))}
}

func (r *rejections) owed(owner string) time.Duration {
	d := r.debt[owner]
	return max(0, d.owed-scale(r.now().Sub(d.at), r.budget, rejectionWindow))
}

// scale is d × by / of.
func scale(d, by, of time.Duration) time.Duration {
	return time.Duration(float64(d) * (float64(by) / float64(of)))
}
