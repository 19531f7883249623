package handlers

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Repair cleans up after processes that ended without doing so: it gives back
// their slots and removes every file that no row stands for. What is counted
// is never touched, nor what another living process works on.
func (s *Server) Repair(ctx context.Context) error {
	if err := s.releaseSlots(ctx); err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	err := errors.Join(
		s.removeOrphans(ctx, s.Files.Incoming(), s.Files.Discard),
		s.removeOrphans(ctx, s.Files.Videos(), s.Files.Remove),
		s.Process.Sweep(),
	)
	if err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	return nil
}

func (s *Server) releaseSlots(ctx context.Context) error {
	holders, err := s.DB.SlotHolders(ctx)
	if err != nil {
		return err
	}
	for _, id := range holders {
		dead, err := s.Process.Dead(id)
		if err != nil {
			return err
		}
		if !dead {
			continue
		}
		released, err := s.DB.ReleaseSlots(ctx, id)
		if err != nil {
			return err
		}
		s.Log.Info("slots of a dead process given back", "uploads", len(released))
	}
	return nil
}

// removeOrphans removes files without a row. A row is always made before its
// file, so the file of an upload under way is no orphan.
func (s *Server) removeOrphans(ctx context.Context, ids iter.Seq2[string, error], remove func(string) error) error {
	for id, err := range ids {
		if err != nil {
			return err
		}
		known, err := s.DB.HasVideo(ctx, id)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if err := remove(id); err != nil {
			return err
		}
		s.Log.Info("file that belonged to nothing removed", "file", id)
	}
	return nil
}
