package db

import (
	"context"
	"database/sql"
	"fmt"
)

// Removals lists the uploads whose files are still to be removed. A statement
// that deletes or rejects an upload lists it in the same transaction.
func (d *DB) Removals(ctx context.Context) ([]string, error) {
	return d.texts(ctx, "list files to be removed", "SELECT video_id FROM removals ORDER BY video_id")
}

// IsRemoval reports whether the files of an upload are to be removed.
func (d *DB) IsRemoval(ctx context.Context, videoID string) (bool, error) {
	return d.exists(ctx, "look for files to be removed", "SELECT 1 FROM removals WHERE video_id = $1", videoID)
}

// EndRemoval notes that the files of an upload are gone.
func (d *DB) EndRemoval(ctx context.Context, videoID string) error {
	return d.writeUncounted(ctx, "end removal", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM removals WHERE video_id = $1", videoID)
		return err
	})
}

// OwnsFiles reports whether the database has a use for the files of an upload:
// it knows the upload, or is still to remove what is left of it.
func (d *DB) OwnsFiles(ctx context.Context, videoID string) (bool, error) {
	return d.exists(ctx, "look for the owner of files", `
		SELECT 1 FROM videos WHERE id = $1 UNION ALL SELECT 1 FROM removals WHERE video_id = $1`, videoID)
}

// KeepsFiles reports whether an upload is there and has not been rejected, so
// that what was just made of it is to stay.
func (d *DB) KeepsFiles(ctx context.Context, videoID string) (bool, error) {
	return d.exists(ctx, "look for the upload of files", "SELECT 1 FROM videos WHERE id = $1 AND status <> 'rejected'", videoID)
}

// KnowsVideos reports whether there is any upload, or any whose files are still
// to be removed.
func (d *DB) KnowsVideos(ctx context.Context) (bool, error) {
	return d.exists(ctx, "look for videos", "SELECT 1 FROM videos UNION ALL SELECT 1 FROM removals")
}

func (d *DB) exists(ctx context.Context, what, query string, args ...any) (bool, error) {
	var has bool
	err := d.reader.QueryRowContext(ctx, "SELECT EXISTS ("+query+")", args...).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, classify(err))
	}
	return has, nil
}
