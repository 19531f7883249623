package storage

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

// SetAside moves videos/<id> to orphans/<id>.
func (d *Disk) SetAside(id string) error {
	if _, err := d.setAside(d.videos, id, ""); err != nil {
		return err
	}
	return errors.Join(d.RemoveThumbnail(id), d.RemoveSound(id))
}

// SetAsideIncoming moves incoming/<id> to orphans/<id>.part, with what tusd keeps
// beside it.
func (d *Disk) SetAsideIncoming(id string) error {
	moved, err := d.setAside(d.incoming, id, partSuffix)
	if err != nil {
		return err
	}
	if !moved {
		return d.Discard(id) // Without bytes, what is beside them is of no use.
	}
	if err := renameBeside(filepath.Join(d.incoming, id), filepath.Join(d.orphans, id+partSuffix)); err != nil {
		return fmt.Errorf("set file aside: %w", err)
	}
	return nil
}

// renameBeside moves what is kept beside the file of a resumable upload.
func renameBeside(from, to string) error {
	for _, suffix := range []string{infoSuffix, uncheckedSuffix} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explain(err)
		}
	}
	return nil
}

func (d *Disk) setAside(folder, id, suffix string) (moved bool, err error) {
	from, err := pathOf(folder, id)
	if err != nil {
		return false, fmt.Errorf("set file aside: %w", err)
	}
	// The time of the move, from which its age counts.
	now := time.Now()
	err = os.Chtimes(from, now, now)
	if err == nil {
		err = renameNew(from, filepath.Join(d.orphans, id+suffix))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("set file aside: %w", explain(err))
	}
	return true, errors.Join(syncDir(d.orphans), syncDir(folder))
}

// TakeBack moves an orphan to videos/ or incoming/.
func (d *Disk) TakeBack(o Orphan) error {
	folder := d.videos
	if o.Part {
		folder = d.incoming
		// First, since without it an upload cannot be gone on with.
		if err := renameBeside(filepath.Join(d.orphans, o.Name), filepath.Join(folder, o.ID)); err != nil {
			return fmt.Errorf("take file back: %w", err)
		}
	}
	if err := renameNew(filepath.Join(d.orphans, o.Name), filepath.Join(folder, o.ID)); err != nil {
		return fmt.Errorf("take file back: %w", explain(err))
	}
	return errors.Join(syncDir(folder), syncDir(d.orphans))
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

// Orphans lists orphans/; other names there are not ours.
func (d *Disk) Orphans() ([]Orphan, error) {
	entries, err := os.ReadDir(d.orphans)
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

// RemoveOrphan removes a file of orphans/.
func (d *Disk) RemoveOrphan(o Orphan) error {
	path := filepath.Join(d.orphans, o.Name)
	if err := errors.Join(remove(path), remove(path+infoSuffix), remove(path+uncheckedSuffix)); err != nil {
		return fmt.Errorf("remove orphan: %w", err)
	}
	return nil
}
