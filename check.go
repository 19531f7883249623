package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"gensubtitle/db"
	"gensubtitle/media"
	"gensubtitle/upkeep"
)

// checkSettings are those of the command that looks for disagreements.
type checkSettings struct {
	DataDir string `default:"./data" env:"GENSUB_DATA_DIR" help:"Folder of the databases, videos and keys."`
	Repair  bool   `help:"Mend what is safe to mend. May be used beside a running service."`
}

// run prints each disagreement and returns 0 where there is none, or none is
// left, and 1 otherwise.
func (s checkSettings) run(out, errs io.Writer) int {
	left, err := s.check(context.Background(), out)
	if err != nil {
		fmt.Fprintln(errs, "gensubtitle:", err)
		return exitFailure
	}
	if left > 0 {
		return exitFailure
	}
	return 0
}

// check returns how many disagreements are left.
func (s checkSettings) check(ctx context.Context, out io.Writer) (left int, err error) {
	path := filepath.Join(s.DataDir, databaseName)
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("find the database: %w", err)
	}
	if info.Size() == 0 { // To a database without rows, every file is nobody's.
		return 0, fmt.Errorf("find the database: %s is empty", path)
	}
	house := &upkeep.House{Log: slog.New(slog.DiscardHandler), Expiry: 365 * 24 * time.Hour}
	if house.DB, err = db.Open(ctx, db.Options{Path: path}); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, house.DB.Close()) }()
	if house.Process, err = db.Join(filepath.Join(s.DataDir, processesName)); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, house.Process.Leave()) }()
	if house.Files, err = media.OpenStore(s.DataDir); err != nil {
		return 0, err
	}
	found, mended := 0, 0
	err = house.Check(ctx, s.Repair, func(f upkeep.Finding) error {
		found++
		note := ""
		if f.Mended {
			mended++
			note = " (mended)"
		}
		_, err := fmt.Fprintf(out, "%s: %s%s\n", f.Subject, f.Problem, note)
		return err
	})
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(out, "%d found, %d mended\n", found, mended)
	return found - mended, err
}
