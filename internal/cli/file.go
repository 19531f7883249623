package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"gensubtitle/internal/datadir"
)

// temporaryPattern names files that are not whole yet.
const temporaryPattern = ".gensubtitle-*"

// newFile is a file that appears under its name when it is whole, closed to
// others. What was there is replaced only by force.
type newFile struct {
	*os.File
	path  string
	force bool
}

func createFile(path string, force bool) (*newFile, error) {
	if _, err := os.Lstat(path); err == nil && !force {
		return nil, exists(path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), temporaryPattern) // 0600
	if err != nil {
		return nil, fmt.Errorf("make a file for %s: %w", path, err)
	}
	return &newFile{file, path, force}, nil
}

func exists(path string) error {
	return fmt.Errorf("%s is there already; --force replaces it", path)
}

// keep gives the file its name, for good.
func (f *newFile) keep() error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	place := os.Rename
	if !f.force {
		place = os.Link // which replaces nothing that came meanwhile
	}
	if err := place(f.Name(), f.path); errors.Is(err, fs.ErrExist) {
		return exists(f.path)
	} else if err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	if err := datadir.Sync(filepath.Dir(f.path)); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

// close ends the work on the file and removes what does not bear its name.
func (f *newFile) close() error {
	err := os.Remove(f.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// writeFile has write fill a file that appears when it is whole.
func writeFile(path string, force bool, write func(io.Writer) error) (err error) {
	file, err := createFile(path, force)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.close()) }()
	out := bufio.NewWriter(file)
	if err := write(out); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return file.keep()
}
