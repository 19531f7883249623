package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/datadir"
)

type backupCommand struct {
	folderSettings
	outputSettings
	File  string `arg:"" help:"File to write, which appears when it is whole and found sound."`
	Force bool   `help:"Replace a file that is there."`
}

// Help is the longer text of --help.
func (backupCommand) Help() string {
	return `The file holds the database as it is at one moment: users, passwords (as hashes), quotas, ledger, and which videos there are. Uploads go on meanwhile. Keep it closed to others.

The videos themselves are not in it. To back up everything while the service runs, first make this backup and then copy the folder videos. Sign-ins are not in it either: after a restore everybody signs in again.`
}

// Run writes the backup.
func (c *backupCommand) Run(ctx context.Context, sh *Shell) (err error) {
	if err := c.exists(ctx); err != nil {
		return err
	}
	// As one of the processes of the folder: a restore waits for the end.
	process, err := db.Join(filepath.Join(c.DataDir, db.ProcessesName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Leave()) }()
	file, err := createFile(c.File, c.Force)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.close()) }()
	bar := newProgress(sh.Err, "backing up")
	err = db.Backup(ctx, c.database(), file.Name(), func(done, total int) { bar.show(int64(done), int64(total)) })
	bar.end()
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at the backup: %w", err)
	}
	if err := file.keep(); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(sh.Out, struct {
			File  string `json:"file"`
			Bytes int64  `json:"bytes"`
		}{c.File, info.Size()})
	}
	_, err = fmt.Fprintf(sh.Out, "The database was backed up to %s (%d bytes).\n", c.File, info.Size())
	return err
}

type restoreCommand struct {
	folderSettings
	outputSettings
	File  string `arg:"" help:"File that backup has written."`
	Force bool   `help:"Replace a database that is there. It is kept beside the new one."`
}

// Help is the longer text of --help.
func (restoreCommand) Help() string {
	return `Stop the service first. The backup is checked before anything changes, and comes to its place at once or not at all. Where there is no data directory, one is made.

Everybody has to sign in again: login sessions and the key of the tokens are removed. Who sets --jwt-secret by hand should change it.

A video that was accepted after the backup is not in it: "gensubtitle check" tells which files belong to no video, and the next start removes them. Copy the folder videos elsewhere first where they matter.`
}

// Run puts the backup in its place.
func (c *restoreCommand) Run(ctx context.Context, sh *Shell) (err error) {
	_, err = os.Stat(c.database())
	there := err == nil
	if there && !c.Force {
		return fmt.Errorf("there is a database %s already; --force replaces it and keeps it beside the new one", c.database())
	}
	source, err := c.source()
	if err != nil {
		return err
	}
	defer source.Close()
	if err := datadir.Prepare(c.DataDir, db.FileName, db.LoginsName); err != nil {
		return err
	}
	gate, err := db.Seclude(filepath.Join(c.DataDir, db.ProcessesName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, gate.Close()) }()
	adopted, err := c.adopt(ctx, source)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(adopted) }() // It is gone when all went well.
	key := filepath.Join(c.DataDir, auth.KeyName)
	if err := os.Remove(key); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the key of the tokens: %w", err)
	}
	aside := c.database() + time.Now().UTC().Format(".20060102-150405.000")
	if err := db.Replace(ctx, c.database(), adopted, aside); err != nil {
		return err
	}
	return c.tell(sh, there, aside)
}

// source opens the backup. One with a log beside it is a database in use, or a
// copy of one, and not whole without that log.
func (c *restoreCommand) source() (*os.File, error) {
	if info, err := os.Stat(c.File + "-wal"); err == nil && info.Size() > 0 {
		return nil, fmt.Errorf("%s has a log beside it, so that it is no backup of this program", c.File)
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	return file, nil
}

// adopt copies the backup into the folder and makes it fit to be used. What is
// checked is the copy, which nobody else writes.
func (c *restoreCommand) adopt(ctx context.Context, source io.Reader) (path string, err error) {
	file, err := datadir.CreateTemp(c.DataDir, temporaryPattern)
	if err != nil {
		return "", fmt.Errorf("make room for the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = io.Copy(file, source)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("copy the backup: %w", err)
	}
	return file.Name(), db.AdoptBackup(ctx, file.Name(), time.Now())
}

func (c *restoreCommand) tell(sh *Shell, there bool, aside string) error {
	if !there {
		aside = ""
	}
	if c.JSON {
		return writeJSON(sh.Out, struct {
			Database string `json:"database"`
			Aside    string `json:"old_database,omitempty"`
		}{c.database(), aside})
	}
	text := "The database was restored from " + c.File + ".\n"
	if aside != "" {
		text += "The old one is now " + aside + ".\n"
	}
	_, err := fmt.Fprint(sh.Out, text+
		"Everybody has to sign in again. Before the next start, which removes the files of\n"+
		"videos that are not in the backup, look at what disagrees:\n"+
		"  gensubtitle check            # and with --repair, mend it\n")
	return err
}
