package handlers

import (
	"context"
	"maps"
	"sync"
	"time"
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
