package upkeep

import (
	"context"
	"errors"
)

// DeleteUser ends an account as db.DeleteUser does and removes its files.
func (h *House) DeleteUser(ctx context.Context, key string) error {
	ids, err := h.DB.DeleteUser(ctx, key)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := errors.Join(h.Files.Discard(id), h.Files.Remove(id)); err != nil {
			// The row is gone, so the file is nobody's: the next clean-up removes it.
			h.Log.Error("file of a deleted user not removed", "video", id, "error", err)
		}
	}
	return nil
}
