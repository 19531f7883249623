package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/datadir"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/uploads"
)

// folderSettings say which data directory a command works on.
type folderSettings struct {
	DataDir string `default:"./data" env:"GENSUB_DATA_DIR" help:"Folder of the databases, videos and keys."`
}

func (s folderSettings) database() string { return filepath.Join(s.DataDir, db.FileName) }

// exists returns an error where there is no database, so that a wrong folder
// never becomes a new installation, and where a newer program has made it.
func (s folderSettings) exists(ctx context.Context) error {
	info, err := os.Stat(s.database())
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s; say with --data-dir where it is", s.database())
	}
	if err != nil {
		return fmt.Errorf("find the database: %w", err)
	}
	if info.Size() == 0 { // To a database without rows, every file is nobody's.
		return fmt.Errorf("the database %s is empty", s.database())
	}
	return db.CheckVersion(ctx, s.database())
}

// begin says so where there is no database yet.
func (s folderSettings) begin(ctx context.Context, sh *Shell) error {
	if _, err := os.Stat(s.database()); !errors.Is(err, fs.ErrNotExist) {
		return s.exists(ctx)
	}
	err := uploads.CheckFolder(s.DataDir)
	if errors.Is(err, uploads.ErrNoVideos) {
		return fmt.Errorf("%s: %w; put the right %s back", s.DataDir, err, db.FileName)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(sh.Err, "This begins a new installation in %s.\n", s.DataDir)
	return err
}

// open opens the database as one of the processes that use it.
func (s folderSettings) open(ctx context.Context, defaults db.Limits) (*db.DB, func() error, error) {
	_, database, closer, err := s.join(ctx, defaults)
	return database, closer, err
}

func (s folderSettings) join(ctx context.Context, defaults db.Limits) (*db.Node, *db.DB, func() error, error) {
	if err := datadir.Prepare(s.DataDir, db.FileName, db.LoginsName); err != nil {
		return nil, nil, nil, err
	}
	process, err := db.Join(filepath.Join(s.DataDir, db.ProcessesName))
	if err != nil {
		return nil, nil, nil, err
	}
	ballast := storage.NewBallast(s.DataDir, slog.New(slog.DiscardHandler))
	database, err := db.Open(ctx, db.Options{Path: s.database(), Defaults: defaults, MakeRoom: ballast.GiveUp})
	if err != nil {
		return nil, nil, nil, errors.Join(err, process.Leave())
	}
	return process, database, func() error { return errors.Join(database.Close(), process.Leave()) }, nil
}

// uploads is the database with the files.
func (s folderSettings) uploads(ctx context.Context, log *slog.Logger) (*uploads.Service, func() error, error) {
	if err := s.exists(ctx); err != nil {
		return nil, nil, err
	}
	process, database, closer, err := s.join(ctx, db.Limits{})
	if err != nil {
		return nil, nil, err
	}
	files, err := storage.OpenDisk(s.DataDir, database.KeepsFiles)
	if err != nil {
		return nil, nil, errors.Join(err, closer())
	}
	// Nothing that a command does looks at the expiry.
	return uploads.New(uploads.Options{DB: database, Files: files, Node: process, Log: log, Expiry: 365 * 24 * time.Hour}), closer, nil
}

// withDB has f work on the database of a folder that exists.
func (s folderSettings) withDB(ctx context.Context, defaults db.Limits, f func(*db.DB) error) error {
	if err := s.exists(ctx); err != nil {
		return err
	}
	d, closer, err := s.open(ctx, defaults)
	if err != nil {
		return err
	}
	return errors.Join(f(d), closer())
}

// actor is who the ledger says has done something: no username has a colon.
func actor() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli:" + strconv.Itoa(os.Getuid())
}
