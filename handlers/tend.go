package handlers

import (
	"context"
	"time"

	"gensubtitle/internal/background"
)

const (
	cleanInterval = time.Hour
	// Work that failed for a reason on our side is tried again this often, and
	// uploads that have expired are looked for.
	tendInterval    = time.Minute
	tendIntervalMin = time.Second
	// When sign-ins and tokens were last used is kept in memory in between: each
	// write to the database has everybody's account read anew.
	seenInterval = 3 * time.Minute
)

// Tend takes up work that was left behind and keeps the house clean until ctx
// ends. A failure is logged and tried again.
func (s *Server) Tend(ctx context.Context) {
	clean := time.NewTicker(cleanInterval)
	defer clean.Stop()
	tend := time.NewTicker(max(tendIntervalMin, min(tendInterval, s.UploadExpiry/4)))
	defer tend.Stop()
	seen := time.NewTicker(seenInterval)
	defer seen.Stop()
	for {
		s.attend(ctx, "take up measuring", s.resumeMeasuring)
		select {
		case <-ctx.Done():
			return
		case <-clean.C:
			s.attend(ctx, "clean up", s.House.Clean)
		case <-seen.C:
			s.attend(ctx, "note what was used", s.keepSeen)
		case <-tend.C:
			s.retryLeftovers()
			s.attend(ctx, "make the ballast", func(context.Context) error { return s.Ballast.Fill() })
			s.attend(ctx, "remove expired uploads", s.House.Expire)
		}
	}
}

func (s *Server) attend(ctx context.Context, what string, work func(context.Context) error) {
	err := func() (err error) {
		defer background.Recover(s.Log, what, &err)
		return work(ctx)
	}()
	if err != nil && ctx.Err() == nil {
		s.Log.Error("not done yet", "what", what, "error", err)
	}
}
