package uploads

import (
	"context"
	"time"

	"gensubtitle/internal/background"
)

const (
	cleanInterval = time.Hour
	// Work that failed for a reason on our side is tried again this often, and
	// uploads that have expired are looked for.
	maintainInterval    = time.Minute
	maintainIntervalMin = time.Second
)

// Maintain takes up work that was left behind and cleans up until ctx ends. A
// failure is logged and tried again.
func (s *Service) Maintain(ctx context.Context) {
	clean := time.NewTicker(cleanInterval)
	defer clean.Stop()
	often := time.NewTicker(max(maintainIntervalMin, min(maintainInterval, s.Expiry/4)))
	defer often.Stop()
	for {
		background.Attempt(ctx, s.Log, "take up measuring", s.resumeMeasuring)
		select {
		case <-ctx.Done():
			return
		case <-clean.C:
			background.Attempt(ctx, s.Log, "clean up", s.Clean)
		case <-often.C:
			s.retryAbandoned()
			background.Attempt(ctx, s.Log, "make the ballast", func(context.Context) error { return s.Ballast.Fill() })
			background.Attempt(ctx, s.Log, "remove expired uploads", s.Expire)
		}
	}
}
