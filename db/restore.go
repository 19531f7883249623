package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gensubtitle/internal/datadir"
)

// AdoptBackup makes sure that a copy of a backup is a sound database of ours
// and ends every sign-in in it: what was made invalid after the backup must not
// come to life again. Versions only grow by one at a time, so that the seconds
// since 1970 are above all that there were.
func AdoptBackup(ctx context.Context, path string, now time.Time) error {
	if err := checkBackup(ctx, path); err != nil {
		return fmt.Errorf("look at the backup: %w", classify(err))
	}
	conn, err := openOne(ctx, dsn(path, "mode=rw&_journal_mode=DELETE&_synchronous=FULL"))
	if err != nil {
		return fmt.Errorf("open the backup: %w", classify(err))
	}
	_, err = conn.ExecContext(ctx, `
		UPDATE users SET credentials_version = max(credentials_version + 1, CAST($1 AS INTEGER))`, now.Unix())
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("end the sign-ins of the backup: %w", classify(err))
	}
	return nil
}

// Replace puts the file with in the place of the database at path, in a folder
// that is secluded. What was there is kept as aside, with its log where it has
// one; nothing is kept where there was nothing. Login sessions go.
//
// It may be interrupted anywhere: at path is always the old database or the new
// one, whole, and never one of them with the log of the other.
func Replace(ctx context.Context, path, with, aside string) error {
	err := func() error {
		dir := filepath.Dir(path)
		_, err := os.Stat(path)
		if err == nil {
			err = setAside(ctx, path, aside)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		logins := filepath.Join(dir, LoginsName)
		for _, gone := range []string{logins, logins + "-wal", logins + "-shm", path + "-wal", path + "-shm"} {
			if err := os.Remove(gone); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := datadir.Sync(dir); err != nil {
			return err
		}
		if err := os.Rename(with, path); err != nil {
			return err
		}
		return datadir.Sync(dir)
	}()
	if err != nil {
		return fmt.Errorf("replace the database: %w", err)
	}
	return nil
}

// setAside gives the database and its log second names. Then the log is written
// into it, so that it is whole under the first name without one; a damaged
// database may not have that, and has its log under the second name.
func setAside(ctx context.Context, path, aside string) error {
	if err := os.Link(path, aside); err != nil {
		return err
	}
	if err := os.Link(path+"-wal", aside+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := datadir.Sync(filepath.Dir(path)); err != nil {
		return err
	}
	if conn, err := openOne(ctx, dsn(path, "mode=rw")); err == nil {
		_, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		_ = errors.Join(err, conn.Close()) // It is replaced because it may be broken.
	}
	return nil
}
