package handlers

import (
	"context"
	"maps"
	"sync"
	"time"

	"gensubtitle/internal/background"
)

// seen is when each sign-in and personal token was last used, by its id, until
// it is kept in the database.
type seen struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (s *seen) note(id string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[string]time.Time{}
	}
	s.at[id] = now
}

// all is what is not in the database yet.
func (s *seen) all() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.at)
}

// forget drops what was kept, unless it was seen again meanwhile.
func (s *seen) forget(kept map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.at, func(id string, at time.Time) bool { return kept[id].Equal(at) })
}

// keepSeen writes what was noted to the database, all in one transaction.
func (s *Server) keepSeen(ctx context.Context) error {
	at := s.seen.all()
	if err := s.DB.Seen(ctx, at); err != nil {
		return err
	}
	s.seen.forget(at)
	return nil
}

// seenInterval is how long it is kept in memory when sign-ins and tokens were last
// used: each write to the database has everybody's account read anew.
const seenInterval = 3 * time.Minute

// KeepSeen writes down from time to time when sign-ins and tokens were last used,
// until ctx ends.
func (s *Server) KeepSeen(ctx context.Context) {
	ticker := time.NewTicker(seenInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.attemptKeepSeen(ctx)
		}
	}
}

// attemptKeepSeen leaves what it could not write to the next time.
func (s *Server) attemptKeepSeen(ctx context.Context) {
	background.Attempt(ctx, s.Log, "note what was used", s.keepSeen)
}
