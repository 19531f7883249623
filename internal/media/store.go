// Package media knows what an uploaded file really is and where it lies on disk.
//
// Store keeps the files, Meter measures them. A file comes from a stranger: its
// name is never used, its headers are not believed, and what reads it (ffprobe
// and ffmpeg) runs bounded in time, memory, output and in what it may open.
package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"gensubtitle/internal/datadir"
)

// ErrStorageFull says that the disk, or the server's share of it, is used up.
var ErrStorageFull = errors.New("storage is full")

// errBadID refuses whatever could name a path outside the store.
var errBadID = errors.New("id is not a canonical UUID")

// listBatch is how many directory entries are held in memory at once.
const listBatch = 256

// temporaryPattern names files that are not yet, or never will be, what they
// are for.
const temporaryPattern = ".temporary-*"

// Store keeps video files below one data directory: incoming/<id> while an
// upload is received and measured, videos/<id> once it is accepted, and
// thumbnails/<id> and audio/<id>, which can be made again at any time. Files in
// exports/ have a name for a moment only. Files that no upload owns wait in
// orphans/. An id is a UUID in its canonical form, lower case with hyphens; no
// other is taken.
type Store struct {
	incoming   string
	videos     string
	thumbnails string
	audio      string
	exports    string
	orphans    string

	// Keeps reports whether an upload is to keep its files. What is made of a
	// video is removed again when the video went meanwhile. Nil keeps all.
	Keeps func(ctx context.Context, id string) (bool, error)
}

// OpenStore makes these folders below dir (0700) where they are missing.
func OpenStore(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{
		incoming: filepath.Join(dir, "incoming"), videos: filepath.Join(dir, "videos"),
		thumbnails: filepath.Join(dir, "thumbnails"), audio: filepath.Join(dir, "audio"),
		exports: filepath.Join(dir, "exports"), orphans: filepath.Join(dir, "orphans"),
	}
	for _, folder := range s.folders() {
		if err := datadir.MakeAll(folder); err != nil {
			return nil, fmt.Errorf("open store: %w", StorageError(err))
		}
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

func (s *Store) folders() []string {
	return []string{s.incoming, s.videos, s.thumbnails, s.audio, s.exports, s.orphans}
}

// Create makes incoming/<id> (0600) for writing; it fails with fs.ErrExist when
// the file is there already.
func (s *Store) Create(id string) (*os.File, error) {
	path, err := pathOf(s.incoming, id)
	if err != nil {
		return nil, fmt.Errorf("create incoming file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create incoming file: %w", StorageError(err))
	}
	return file, nil
}

// IncomingPath is the absolute path of incoming/<id>, or "" for a bad id.
func (s *Store) IncomingPath(id string) string {
	path, _ := pathOf(s.incoming, id)
	return path
}

// Locate is the path of a file that is whole: incoming/<id>, or videos/<id>
// where it was kept already. It is fs.ErrNotExist when there is neither.
func (s *Store) Locate(id string) (string, error) {
	for _, path := range []string{s.IncomingPath(id), s.Path(id)} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	return "", fmt.Errorf("locate file of upload %s: %w", id, fs.ErrNotExist)
}

// Path is the absolute path of videos/<id>, or "" for a bad id.
func (s *Store) Path(id string) string {
	path, _ := pathOf(s.videos, id)
	return path
}

// Keep moves incoming/<id> to videos/<id>. When it returns nil, the bytes and
// the new name survive a power cut. A file that is in videos/ already and no
// longer in incoming/ was kept before, and that is no error.
func (s *Store) Keep(id string) error {
	from, err := pathOf(s.incoming, id)
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	to := s.Path(id)
	if err := datadir.Sync(from); errors.Is(err, fs.ErrNotExist) {
		if _, kept := os.Lstat(to); kept != nil {
			return fmt.Errorf("keep file: %w", err)
		}
	} else if err != nil {
		return fmt.Errorf("keep file: %w", StorageError(err))
	} else if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("keep file: %w", StorageError(err))
	}
	if err := remove(from + infoSuffix); err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	for _, folder := range []string{s.videos, s.incoming} {
		if err := syncDir(folder); err != nil {
			return fmt.Errorf("keep file: %w", err)
		}
	}
	return nil
}

// Size is that of videos/<id> in bytes; a missing one is fs.ErrNotExist.
func (s *Store) Size(id string) (int64, error) {
	path, err := pathOf(s.videos, id)
	if err != nil {
		return 0, fmt.Errorf("look at video: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("look at video: %w", err)
	}
	return info.Size(), nil
}

// Open opens videos/<id> for reading; a missing one is fs.ErrNotExist.
func (s *Store) Open(id string) (*os.File, error) {
	path, err := pathOf(s.videos, id)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	return file, nil
}

// Reserve takes the room on the disk that a file will need, where the file
// system can do that; its size stays as it is.
func Reserve(file *os.File, size int64) error {
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENOSYS) {
		return StorageError(err)
	}
	return nil
}

// StartSync has the disk begin with what was written so far, so that a later
// Sync has less left to wait for.
func StartSync(file *os.File) {
	// Where this is not offered, Sync does it all.
	_ = unix.SyncFileRange(int(file.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}

// Discard removes incoming/<id> and what is kept beside it, but not a lock,
// which its holder removes. A missing file is no error.
func (s *Store) Discard(id string) error {
	path, err := pathOf(s.incoming, id)
	if err != nil {
		return fmt.Errorf("discard incoming file: %w", err)
	}
	if err := errors.Join(remove(path), remove(path+infoSuffix), remove(path+uncheckedSuffix)); err != nil {
		return fmt.Errorf("discard incoming file: %w", err)
	}
	return nil
}

// Remove removes videos/<id> and what was made of it; missing files are no error.
func (s *Store) Remove(id string) error {
	path, err := pathOf(s.videos, id)
	if err != nil {
		return fmt.Errorf("remove video: %w", err)
	}
	if err := remove(path); err != nil {
		return fmt.Errorf("remove video: %w", err)
	}
	return errors.Join(s.RemoveThumbnail(id), s.RemoveSound(id))
}

// Incoming goes through the ids in incoming/, in no order and few at a time.
// An error is the last pair. The loop may discard or keep what it is given.
func (s *Store) Incoming() iter.Seq2[string, error] { return ids(s.incoming) }

// Videos goes through the ids in videos/ as Incoming does.
func (s *Store) Videos() iter.Seq2[string, error] { return ids(s.videos) }

// HasVideos reports whether the data directory dir, which may not exist, holds
// files in videos/. It makes nothing.
func HasVideos(dir string) (bool, error) {
	for _, err := range ids(filepath.Join(dir, "videos")) {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	}
	return false, nil
}

// HasFiles reports whether anything of an upload is there.
func (s *Store) HasFiles(id string) (bool, error) {
	if !isID(id) {
		return false, fmt.Errorf("look for files: %w: %q", errBadID, id)
	}
	suffixes := []string{"", infoSuffix, uncheckedSuffix}
	for track := range maxSounds {
		suffixes = append(suffixes, soundSuffix(track+1))
	}
	for _, folder := range []string{s.incoming, s.videos, s.thumbnails, s.audio} {
		for _, suffix := range suffixes {
			if _, err := os.Lstat(filepath.Join(folder, id+suffix)); !errors.Is(err, fs.ErrNotExist) {
				return err == nil, err
			}
		}
	}
	return false, nil
}

// Free is the space in bytes that an unprivileged user may still fill.
func (s *Store) Free() (int64, error) { return freeBytes(s.incoming) }

func freeBytes(folder string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return 0, fmt.Errorf("free space: %w", err)
	}
	return int64(stat.Bavail) * stat.Bsize, nil
}

// Ready says whether a file can be made, synced and removed here.
func (s *Store) Ready() error {
	file, err := os.CreateTemp(s.incoming, temporaryPattern)
	if err != nil {
		return fmt.Errorf("store is not ready: %w", StorageError(err))
	}
	_, err = file.WriteString("ready")
	err = errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
	if err != nil {
		return fmt.Errorf("store is not ready: %w", StorageError(err))
	}
	if _, err := os.Stat(s.videos); err != nil {
		return fmt.Errorf("store is not ready: %w", err)
	}
	return nil
}

// StorageError adds to an error of the disk what it means: ErrStorageFull when
// the disk or a disk quota is full, ErrUnavailable when the disk is read-only or
// fails. It returns any other error as it is.
func StorageError(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w: %w", ErrStorageFull, err)
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EIO):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// makeDerived has write fill a file that is made of a video: whole or not at all,
// in place of any other, and not for a video that is gone.
func (s *Store) makeDerived(ctx context.Context, path, id string, write func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), temporaryPattern)
	if err != nil {
		return StorageError(err)
	}
	err = write(file)
	if err == nil {
		err = StorageError(file.Sync())
	}
	err = errors.Join(err, StorageError(file.Close()))
	if err == nil {
		err = s.keepDerived(ctx, file.Name(), path, id)
	}
	if err != nil {
		return errors.Join(err, remove(file.Name()))
	}
	return nil
}

// keepDerived renames what was made of a video to its place, and removes it
// again when the video is gone: whoever deleted the video may not have seen it.
func (s *Store) keepDerived(ctx context.Context, from, to, id string) error {
	if err := os.Rename(from, to); err != nil {
		return StorageError(err)
	}
	if s.Keeps == nil {
		return nil
	}
	// Without an answer it stays: maintenance finds it.
	if keeps, err := s.Keeps(ctx, id); err == nil && !keeps {
		return remove(to)
	}
	return nil
}

func pathOf(folder, id string) (string, error) {
	if !isID(id) {
		return "", fmt.Errorf("%w: %q", errBadID, id)
	}
	return filepath.Join(folder, id), nil
}

// isID is true only for the canonical form: uuid.Parse also takes braces, a URN
// and capitals, which would be other file names for the same id.
func isID(id string) bool {
	parsed, err := uuid.Parse(id)
	return err == nil && parsed.String() == id
}

func ids(folder string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		dir, err := os.Open(folder)
		if err != nil {
			yield("", fmt.Errorf("list files: %w", err))
			return
		}
		defer dir.Close()
		for {
			names, err := dir.Readdirnames(listBatch)
			for _, name := range names {
				if id := idOf(name); isID(id) && !yield(id, nil) {
					return
				}
			}
			if len(names) == 0 {
				if err != nil && !errors.Is(err, io.EOF) {
					yield("", fmt.Errorf("list files: %w", err))
				}
				return
			}
		}
	}
}

// idOf is the id that a file's name begins with. What tusd keeps beside a file
// stands for it where that is gone, and so does the sound of a track.
func idOf(name string) string {
	id, suffix, found := strings.Cut(name, ".")
	if _, err := strconv.Atoi(suffix); !found || err == nil || "."+suffix == infoSuffix || "."+suffix == uncheckedSuffix {
		return id
	}
	return name
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncDir(path string) error {
	if err := datadir.Sync(path); err != nil {
		return fmt.Errorf("sync folder: %w", StorageError(err))
	}
	return nil
}
