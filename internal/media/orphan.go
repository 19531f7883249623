package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// partSuffix marks an orphan of incoming/, which may not be whole.
const partSuffix = ".part"

// Orphan is a file that no upload owns. It waits in orphans/, in case the
// database was lost or is older than the files.
type Orphan struct {
	ID    string
	Name  string // within orphans/
	Part  bool   // of incoming/: it may not be whole
	Size  int64  // in bytes
	Since time.Time
}

// SetAside moves videos/<id> to orphans/ and removes what was made of it. A
// missing file is no error.
func (s *Store) SetAside(id string) error {
	if _, err := s.setAside(s.videos, id, ""); err != nil {
		return err
	}
	return errors.Join(s.RemoveThumbnail(id), s.RemoveSound(id))
}

// SetAsideIncoming moves incoming/<id> to orphans/, with what tusd keeps beside
// it. A missing file is no error.
func (s *Store) SetAsideIncoming(id string) error {
	moved, err := s.setAside(s.incoming, id, partSuffix)
	if err != nil {
		return err
	}
	if !moved {
		return s.Discard(id) // Without bytes, what is beside them is of no use.
	}
	if err := renameBeside(filepath.Join(s.incoming, id), filepath.Join(s.orphans, id+partSuffix)); err != nil {
		return fmt.Errorf("set file aside: %w", err)
	}
	return nil
}

// renameBeside moves what is kept beside the file of a resumable upload.
func renameBeside(from, to string) error {
	for _, suffix := range []string{infoSuffix, uncheckedSuffix} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return StorageError(err)
		}
	}
	return nil
}

func (s *Store) setAside(folder, id, suffix string) (moved bool, err error) {
	from, err := pathOf(folder, id)
	if err != nil {
		return false, fmt.Errorf("set file aside: %w", err)
	}
	// The time of the move, from which its age counts.
	now := time.Now()
	err = os.Chtimes(from, now, now)
	if err == nil {
		err = renameNew(from, filepath.Join(s.orphans, id+suffix))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("set file aside: %w", StorageError(err))
	}
	return true, errors.Join(syncDir(s.orphans), syncDir(folder))
}

// TakeBack moves an orphan back to where it was. It is fs.ErrNotExist when it is
// gone.
func (s *Store) TakeBack(o Orphan) error {
	folder := s.videos
	if o.Part {
		folder = s.incoming
		// First, since without it an upload cannot be gone on with.
		if err := renameBeside(filepath.Join(s.orphans, o.Name), filepath.Join(folder, o.ID)); err != nil {
			return fmt.Errorf("take file back: %w", err)
		}
	}
	if err := renameNew(filepath.Join(s.orphans, o.Name), filepath.Join(folder, o.ID)); err != nil {
		return fmt.Errorf("take file back: %w", StorageError(err))
	}
	return errors.Join(syncDir(folder), syncDir(s.orphans))
}

// renameNew renames a file and replaces none (renameat2(2)).
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		// This file system cannot promise it. Only maintenance writes here.
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
		}
		return os.Rename(from, to)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// Orphans lists the files in orphans/ that were set aside; other names there
// are not ours.
func (s *Store) Orphans() ([]Orphan, error) {
	entries, err := os.ReadDir(s.orphans)
	if err != nil {
		return nil, fmt.Errorf("list orphans: %w", err)
	}
	var found []Orphan
	for _, e := range entries {
		id, part := strings.CutSuffix(e.Name(), partSuffix)
		if !isID(id) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look at orphan: %w", err)
		}
		found = append(found, Orphan{ID: id, Name: e.Name(), Part: part, Size: info.Size(), Since: info.ModTime()})
	}
	return found, nil
}

// RemoveOrphan removes a file of orphans/; a missing one is no error.
func (s *Store) RemoveOrphan(o Orphan) error {
	path := filepath.Join(s.orphans, o.Name)
	if err := errors.Join(remove(path), remove(path+infoSuffix), remove(path+uncheckedSuffix)); err != nil {
		return fmt.Errorf("remove orphan: %w", err)
	}
	return nil
}
