package handlers

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	began := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	const rate = 64 << 10
	for _, test := range []struct {
		name  string
		least int64
		most  time.Duration
		took  time.Duration
		read  int64
		slow  bool
		until time.Duration // from its beginning
	}{
		{"nothing in the first minute", rate, 2 * time.Hour, time.Minute, 0, false, 90 * time.Second},
		{"nothing after it", rate, 2 * time.Hour, 61 * time.Second, 0, true, 91 * time.Second},
		{"just enough", rate, 2 * time.Hour, 100 * time.Second, 100 * rate, false, 130 * time.Second},
		{"just too little", rate, 2 * time.Hour, 100 * time.Second, 100*rate - 1, true, 130 * time.Second},
		{"much at first, then a byte every 29 seconds", rate, 2 * time.Hour, time.Hour, 100 << 20, true, time.Hour + 30*time.Second},
		{"any speed", 0, 2 * time.Hour, time.Hour, 1, false, time.Hour + 30*time.Second},
		{"nearly too long", rate, 2 * time.Hour, 2*time.Hour - time.Second, 1 << 40, false, 2 * time.Hour},
		{"too long", rate, 2 * time.Hour, 2 * time.Hour, 1 << 40, true, 2 * time.Hour},
		{"too long at any speed", 0, time.Second, time.Second, 1 << 40, true, time.Second},
		{"for ever", 0, 0, 1000 * time.Hour, 1, false, 1000*time.Hour + 30*time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := pace{least: test.least, most: test.most, began: began, now: func() time.Time { return began.Add(test.took) }}
			if err := p.check(test.read); (err != nil) != test.slow {
				t.Errorf("got %v", err)
			}
			if got := p.deadline().Sub(began); got != test.until {
				t.Errorf("waits until %v, want %v", got, test.until)
			}
		})
	}
}

// TestRetryAfter wants every refusal that passes to say when.
func TestRetryAfter(t *testing.T) {
	for _, p := range []*problem{
		errTooManyUploads, errTooMuchReserved, tooManyAttempts(0), tooManyAttempts(time.Millisecond), errBusy, errUnavailable,
	} {
		if (p.status != 429 && p.status != 503) || p.retryAfter <= 0 {
			t.Errorf("%s: status %d, Retry-After %v", p.kind, p.status, p.retryAfter)
		}
	}
	// Whatever may answer so says in the document that it does.
	for path, item := range readOpenAPI(t).Paths.Map() {
		for method, operation := range item.Operations() {
			for _, status := range []string{"429", "503"} {
				if r := operation.Responses.Value(status); r != nil && r.Value.Headers["Retry-After"] == nil {
					t.Errorf("%s %s: %s is described without Retry-After", method, path, status)
				}
			}
		}
	}
}
