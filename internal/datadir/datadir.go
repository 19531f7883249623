// Package datadir makes the data directory and what lies in it, readable by its
// owner alone, and owned by whoever owns the folder around it, so that the
// service can use what a command makes as root.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

const (
	folderMode = 0o700
	fileMode   = 0o600
	others     = 0o077 // the permissions of all but the owner
	everybody  = 0o007
)

// Prepare makes the data directory where it is missing, and closes it where
// others may enter it. A directory that this account may not close, or that
// holds something else than our databases, is refused instead. databases are the
// names of the files that tell ours.
func Prepare(dir string, databases ...string) error {
	if err := MakeAll(dir); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the data directory: %w", err)
	}
	defer root.Close()
	if err := tighten(root, databases); err != nil {
		return fmt.Errorf("close the data directory %s to others: %w", dir, err)
	}
	return nil
}

// MakeAll is os.MkdirAll for a folder of ours.
func MakeAll(path string) error {
	err := os.Mkdir(path, folderMode)
	if errors.Is(err, fs.ErrNotExist) && path != "" {
		if err := MakeAll(filepath.Dir(path)); err != nil {
			return err
		}
		err = os.Mkdir(path, folderMode)
	}
	if err == nil {
		return giveNew(path, func(uid, gid int) error { return os.Lchown(path, uid, gid) })
	}
	if info, missing := os.Stat(path); missing == nil && info.IsDir() {
		return nil
	}
	return err
}

// Create makes a file for reading and writing; it fails with fs.ErrExist when
// the file is there already.
func Create(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	return given(file)
}

// CreateTemp is os.CreateTemp for a file of ours.
func CreateTemp(folder, pattern string) (*os.File, error) {
	file, err := os.CreateTemp(folder, pattern)
	if err != nil {
		return nil, err
	}
	return given(file)
}

// given gives a new file to whom its folder belongs, or removes it.
func given(file *os.File) (*os.File, error) {
	if err := giveNew(file.Name(), file.Chown); err != nil {
		return nil, errors.Join(err, os.Remove(file.Name()), file.Close())
	}
	return file, nil
}

// OpenFile opens a file for reading and writing, and makes it where it is missing.
func OpenFile(path string) (*os.File, error) {
	for {
		// A link would have root write to a file of somebody else's choice.
		file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		file, err = Create(path)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// Touch makes an empty file where there is none.
func Touch(path string) error {
	file, err := Create(path)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// giveNew gives what root has made to whom its folder belongs. Only root can
// chown; without CAP_CHOWN it is left as it is.
func giveNew(path string, chown func(uid, gid int) error) error {
	if os.Geteuid() != 0 {
		return nil
	}
	var folder unix.Stat_t
	if err := unix.Stat(filepath.Dir(path), &folder); err != nil {
		return &fs.PathError{Op: "stat", Path: filepath.Dir(path), Err: err}
	}
	if folder.Uid == 0 {
		return nil
	}
	if err := chown(int(folder.Uid), int(folder.Gid)); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// tighten closes the folder and what lies directly in it. The rest lies in
// folders that are closed then.
func tighten(root *os.Root, databases []string) error {
	folder, err := root.Stat(".")
	if err != nil {
		return err
	}
	if folder.Mode().Perm()&others != 0 {
		if err := tightenFolder(root, folder, databases); err != nil {
			return err
		}
	}
	entries, err := list(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() && !e.IsDir() {
			continue
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&others != 0 {
			err = root.Chmod(e.Name(), info.Mode()&^others)
		}
		// Another process may have removed it. What belongs to others is out of
		// reach in a closed folder.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

func tightenFolder(root *os.Root, folder fs.FileInfo, databases []string) error {
	ours, err := isOurs(root, folder, databases)
	if err != nil {
		return err
	}
	if ours {
		if err := root.Chmod(".", folder.Mode()&^others); !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	switch {
	case folder.Mode().Perm()&everybody == 0:
		return nil // A group, which somebody has chosen.
	case ours:
		return errors.New("it belongs to another account; have its owner close it with chmod 700")
	}
	return errors.New("it is open and holds other files; give --data-dir a folder of its own, or close this one with chmod 700")
}

// isOurs is true for a folder that holds one of our databases, or nothing. The shared
// folders of a machine, such as /tmp, are nobody's.
func isOurs(root *os.Root, folder fs.FileInfo, databases []string) (bool, error) {
	if folder.Mode()&fs.ModeSticky != 0 {
		return false, nil
	}
	entries, err := list(root)
	if err != nil {
		return false, err
	}
	foreign := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() != "lost+found" })
	return !foreign || slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return slices.Contains(databases, e.Name()) }), nil
}

func list(root *os.Root) ([]fs.DirEntry, error) {
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	entries, err := folder.ReadDir(-1)
	return entries, errors.Join(err, folder.Close())
}

// Sync makes a file, or the names in a folder, survive a power cut.
func Sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
