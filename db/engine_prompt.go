package db

import (
	"context"
	"database/sql"
	"fmt"
)

// EnginePrompt is what a user has speech engines expect in all their videos.
func (d *DB) EnginePrompt(ctx context.Context, userID int64) (string, error) {
	var prompt string
	err := d.reader.QueryRowContext(ctx, "SELECT engine_prompt FROM users WHERE id = CAST($1 AS INTEGER)", userID).Scan(&prompt)
	if err != nil {
		return "", fmt.Errorf("read engine prompt: %w", notFound(err))
	}
	return prompt, nil
}

// SetEnginePrompt changes it for the runs that begin from now on. ErrNotFound for
// a user who was deleted.
func (d *DB) SetEnginePrompt(ctx context.Context, userID int64, prompt string) error {
	return d.write(ctx, "set engine prompt", func(tx *sql.Tx) error {
		return oneRow(tx.ExecContext(ctx, `
			UPDATE users SET engine_prompt = $1, updated_at = $2
			WHERE id = CAST($3 AS INTEGER) AND deleted_at IS NULL`, prompt, d.nowMillis(), userID))
	})
}
