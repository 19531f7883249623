package storage

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

// listBatch is how many directory entries are held in memory at once.
const listBatch = 256

// temporaryPattern names files that are not yet, or never will be, what they
// are for.
const temporaryPattern = ".temporary-*"

// Disk is a Store below one data directory: incoming/<id>, videos/<id>,
// thumbnails/<id> and audio/<id>. Files in exports/ have a name for a moment only.
type Disk struct {
	incoming   string
	videos     string
	thumbnails string
	audio      string
	exports    string
	orphans    string
	keeps      func(ctx context.Context, id string) (bool, error)
}

// OpenDisk makes these folders below dir (0700) where they are missing. keeps
// reports whether an upload is to keep its files: what is made of a video is removed
// again when the video went meanwhile. Nil keeps all.
func OpenDisk(dir string, keeps func(ctx context.Context, id string) (bool, error)) (*Disk, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	d := &Disk{
		incoming: filepath.Join(dir, "incoming"), videos: filepath.Join(dir, "videos"),
		thumbnails: filepath.Join(dir, "thumbnails"), audio: filepath.Join(dir, "audio"),
		exports: filepath.Join(dir, "exports"), orphans: filepath.Join(dir, "orphans"),
		keeps: keeps,
	}
	for _, folder := range d.folders() {
		if err := datadir.MakeAll(folder); err != nil {
			return nil, fmt.Errorf("open store: %w", explain(err))
		}
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return d, nil
}

func (d *Disk) folders() []string {
	return []string{d.incoming, d.videos, d.thumbnails, d.audio, d.exports, d.orphans}
}

// Has looks for incoming/<id> and videos/<id>.
func (d *Disk) Has(id string) (bool, error) {
	_, err := d.locate(id)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Local is the path itself.
func (d *Disk) Local(_ context.Context, id string) (*Local, error) {
	path, err := d.locate(id)
	if err != nil {
		return nil, err
	}
	return &Local{Path: path}, nil
}

func (d *Disk) locate(id string) (string, error) {
	for _, folder := range []string{d.incoming, d.videos} {
		path, err := pathOf(folder, id)
		if err == nil {
			_, err = os.Lstat(path)
		}
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("locate file: %w", err)
		}
	}
	return "", fmt.Errorf("locate file of upload %s: %w", id, fs.ErrNotExist)
}

// Keep moves incoming/<id> to videos/<id>, and syncs the bytes and the new name.
func (d *Disk) Keep(id string) error {
	from, err := pathOf(d.incoming, id)
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	to := filepath.Join(d.videos, id)
	if err := datadir.Sync(from); errors.Is(err, fs.ErrNotExist) {
		if _, kept := os.Lstat(to); kept != nil {
			return fmt.Errorf("keep file: %w", err)
		}
	} else if err != nil {
		return fmt.Errorf("keep file: %w", explain(err))
	} else if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("keep file: %w", explain(err))
	}
	if err := remove(from + infoSuffix); err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	for _, folder := range []string{d.videos, d.incoming} {
		if err := syncDir(folder); err != nil {
			return fmt.Errorf("keep file: %w", err)
		}
	}
	return nil
}

// Size is that of videos/<id>.
func (d *Disk) Size(id string) (int64, error) {
	path, err := pathOf(d.videos, id)
	if err != nil {
		return 0, fmt.Errorf("look at video: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("look at video: %w", err)
	}
	return info.Size(), nil
}

// Open opens videos/<id>.
func (d *Disk) Open(id string) (io.ReadSeekCloser, error) {
	path, err := pathOf(d.videos, id)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	return file, nil
}

// Discard removes incoming/<id> and what is kept beside it.
func (d *Disk) Discard(id string) error {
	path, err := pathOf(d.incoming, id)
	if err != nil {
		return fmt.Errorf("discard incoming file: %w", err)
	}
	if err := errors.Join(remove(path), remove(path+infoSuffix), remove(path+uncheckedSuffix)); err != nil {
		return fmt.Errorf("discard incoming file: %w", err)
	}
	return nil
}

// Remove removes videos/<id> and what was made of it.
func (d *Disk) Remove(id string) error {
	path, err := pathOf(d.videos, id)
	if err != nil {
		return fmt.Errorf("remove video: %w", err)
	}
	if err := remove(path); err != nil {
		return fmt.Errorf("remove video: %w", err)
	}
	return errors.Join(d.RemoveThumbnail(id), d.RemoveSound(id))
}

// Incoming goes through incoming/.
func (d *Disk) Incoming() iter.Seq2[string, error] { return ids(d.incoming) }

// Videos goes through videos/.
func (d *Disk) Videos() iter.Seq2[string, error] { return ids(d.videos) }

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

// HasAny looks in all folders but orphans/.
func (d *Disk) HasAny(id string) (bool, error) {
	if !isID(id) {
		return false, fmt.Errorf("look for files: %w: %q", errBadID, id)
	}
	suffixes := []string{"", infoSuffix, uncheckedSuffix}
	for track := range maxTracks {
		suffixes = append(suffixes, soundSuffix(track+1))
	}
	for _, folder := range []string{d.incoming, d.videos, d.thumbnails, d.audio} {
		for _, suffix := range suffixes {
			if _, err := os.Lstat(filepath.Join(folder, id+suffix)); !errors.Is(err, fs.ErrNotExist) {
				return err == nil, err
			}
		}
	}
	return false, nil
}

// Free is the space in bytes that an unprivileged user may still fill.
func (d *Disk) Free() (int64, error) { return freeBytes(d.incoming) }

func freeBytes(folder string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return 0, fmt.Errorf("free space: %w", err)
	}
	return int64(stat.Bavail) * stat.Bsize, nil
}

// Ready says whether a file can be made, synced and removed here.
func (d *Disk) Ready() error {
	file, err := os.CreateTemp(d.incoming, temporaryPattern)
	if err != nil {
		return fmt.Errorf("store is not ready: %w", explain(err))
	}
	_, err = file.WriteString("ready")
	err = errors.Join(err, file.Sync(), file.Close(), os.Remove(file.Name()))
	if err != nil {
		return fmt.Errorf("store is not ready: %w", explain(err))
	}
	if _, err := os.Stat(d.videos); err != nil {
		return fmt.Errorf("store is not ready: %w", err)
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
		return fmt.Errorf("sync folder: %w", explain(err))
	}
	return nil
}
