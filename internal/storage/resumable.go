package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tus/lockfile"
	"github.com/tus/tusd/v2/pkg/filelocker"
	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"

	"gensubtitle/internal/datadir"
)

const (
	// chunkBuffer is how much of an upload is written at once.
	chunkBuffer = 256 << 10
	// lockPoll is how often the holder of an upload's lock looks whether
	// somebody else wants it, and the other whether it is free.
	lockPoll = 500 * time.Millisecond
	// staleTime is far more than a file may take to be measured, which is what
	// the longest-lived temporary files wait for.
	staleTime = 24 * time.Hour
)

// What is kept beside incoming/<id>: what tusd knows of the upload, its lock of
// the one request that writes, a request to let go of it, and how many bytes
// there were before those that are still to be checked.
const (
	infoSuffix      = ".info"
	lockSuffix      = ".lock"
	stopSuffix      = ".stop"
	uncheckedSuffix = ".unchecked"
)

// Hooks replace what tusd would report or do in its own way. Each gets the
// request's context.
type Hooks struct {
	Failed func(context.Context, error) // something went wrong inside the store
	// Interrupter returns what ends a request, when another one waits for the
	// upload that it has locked. The library's own way to do so reads and writes
	// the request from two goroutines at once, as does asking its context later.
	Interrupter func(context.Context) func()
	// Check returns what decides, once the bytes of a request are written,
	// whether they stay: after an error they are removed again, also after a
	// crash. Nil, or returning nil: whatever comes stays.
	Check func(context.Context) func() error
	// MakeRoom makes room on a disk that has none for a lock, and reports whether
	// it did. Nil: nothing can.
	MakeRoom func() bool
}

// Resumable keeps them in incoming/.
func (d *Disk) Resumable(hooks Hooks) *handler.StoreComposer {
	composer := handler.NewStoreComposer()
	store := resumableStore{FileStore: filestore.New(d.incoming), hooks: hooks}
	composer.UseCore(store)
	composer.UseTerminater(store)
	composer.UseLocker(resumableLocker{
		FileLocker: filelocker.FileLocker{Path: d.incoming, HolderPollInterval: lockPoll, AcquirerPollInterval: lockPoll},
		hooks:      hooks,
	})
	return composer
}

// Received looks at incoming/<id>.
func (d *Disk) Received(id string) (int64, time.Time, error) {
	path, err := pathOf(d.incoming, id)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("look at incoming file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("look at incoming file: %w", err)
	}
	checked, err := readChecked(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return info.Size(), info.ModTime(), nil
	case err != nil:
		return 0, time.Time{}, fmt.Errorf("look at incoming file: %w", err)
	}
	return checked.bytes, info.ModTime(), nil
}

// Sync syncs incoming/<id> and its name.
func (d *Disk) Sync(id string) error {
	path, err := pathOf(d.incoming, id)
	if err != nil {
		return fmt.Errorf("sync incoming file: %w", err)
	}
	if err := datadir.Sync(path); err != nil {
		return fmt.Errorf("sync incoming file: %w", explain(err))
	}
	return syncDir(d.incoming)
}

// TryLock takes the lock that tusd takes.
func (d *Disk) TryLock(id string) (unlock func() error, err error) {
	path, err := pathOf(d.incoming, id)
	if err != nil {
		return nil, fmt.Errorf("lock upload: %w", err)
	}
	lock := lockfile.Lockfile(path + lockSuffix)
	switch err := lock.TryLock(); {
	case errors.Is(err, lockfile.ErrBusy), errors.Is(err, lockfile.ErrNotExist): // The latter: it changes hands.
		return nil, fmt.Errorf("lock upload: %w", ErrLocked)
	case err != nil:
		return nil, fmt.Errorf("lock upload: %w", explain(err))
	}
	return lock.Unlock, nil
}

// Continuable looks at incoming/<id> and what is beside it.
func (d *Disk) Continuable(id string) (bool, error) {
	path, err := pathOf(d.incoming, id)
	if err != nil {
		return false, fmt.Errorf("look at incoming file: %w", err)
	}
	for _, p := range []string{path, path + infoSuffix} {
		if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("look at incoming file: %w", err)
		}
	}
	return true, nil
}

// ClearLeftovers looks in all folders.
func (d *Disk) ClearLeftovers() error {
	return errors.Join(
		clearFiles(d.incoming, "*"+lockSuffix+"*", 0),
		clearFiles(d.incoming, "*"+stopSuffix, 0),
		d.clearTemporary(0),
	)
}

// ClearStale removes what has not been written to for a day.
func (d *Disk) ClearStale() error { return d.clearTemporary(staleTime) }

func (d *Disk) clearTemporary(age time.Duration) error {
	var errs []error
	for _, folder := range d.folders() {
		errs = append(errs, clearFiles(folder, temporaryPattern, age))
	}
	return errors.Join(errs...)
}

// clearFiles removes the files of this age or older whose names match. One that
// cannot be removed keeps none of the others.
func clearFiles(folder, pattern string, age time.Duration) error {
	// The pattern has only the name: the path to the folder may hold a "[".
	names, err := fs.Glob(os.DirFS(folder), pattern)
	if err != nil {
		return fmt.Errorf("list what was left behind: %w", err)
	}
	var errs []error
	for _, name := range names {
		path := filepath.Join(folder, name)
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && time.Since(info.ModTime()) >= age {
			err = remove(path)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("remove what was left behind: %w", err))
		}
	}
	return errors.Join(errs...)
}

type resumableStore struct {
	filestore.FileStore
	hooks Hooks
}

// NewUpload also takes the room that the upload needs, so that a disk which
// fills up refuses new uploads and not those that have begun.
func (s resumableStore) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	upload, err := s.FileStore.NewUpload(ctx, info)
	if err == nil {
		err = s.reserve(info)
	}
	if err != nil {
		s.hooks.Failed(ctx, fmt.Errorf("make upload: %w", explain(err)))
		return nil, err
	}
	return s.wrap(upload, info.ID, info.Size), nil
}

func (s resumableStore) wrap(upload handler.Upload, id string, size int64) resumableUpload {
	return resumableUpload{upload, s.hooks, filepath.Join(s.Path, id), size}
}

func (s resumableStore) reserve(info handler.FileInfo) error {
	path := filepath.Join(s.Path, info.ID)
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := reserve(file, info.Size); err != nil {
		return err
	}
	if err := datadir.Sync(path + infoSuffix); err != nil {
		return err
	}
	return syncDir(s.Path)
}

// GetUpload is called by who holds the upload's lock.
func (s resumableStore) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	upload, err := s.getUpload(ctx, id)
	if err != nil && !errors.Is(err, handler.ErrNotFound) {
		s.hooks.Failed(ctx, fmt.Errorf("open upload: %w", explain(err)))
	}
	return upload, err
}

func (s resumableStore) getUpload(ctx context.Context, id string) (handler.Upload, error) {
	upload, err := s.FileStore.GetUpload(ctx, id)
	if err != nil {
		return nil, err
	}
	info, err := upload.GetInfo(ctx)
	if err != nil {
		return nil, err
	}
	known := s.wrap(upload, id, info.Size)
	// A process that died was checking: what it had of that request goes.
	checked, err := readChecked(known.path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, err
	}
	if err := known.goBack(checked); err != nil {
		return nil, err
	}
	if upload, err = s.FileStore.GetUpload(ctx, id); err != nil {
		return nil, err
	}
	return s.wrap(upload, id, info.Size), nil
}

func (s resumableStore) AsTerminatableUpload(upload handler.Upload) handler.TerminatableUpload {
	return s.FileStore.AsTerminatableUpload(upload.(resumableUpload).Upload)
}

type resumableUpload struct {
	handler.Upload
	hooks Hooks
	path  string
	size  int64 // that it will have
}

func (u resumableUpload) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	var check func() error
	if u.hooks.Check != nil {
		check = u.hooks.Check(ctx)
	}
	if check == nil {
		return u.write(ctx, offset, src)
	}
	checked, err := u.beginCheck(offset)
	if err != nil {
		u.hooks.Failed(ctx, fmt.Errorf("write upload: %w", explain(err)))
		return 0, err
	}
	n, err := u.write(ctx, offset, src)
	if err == nil {
		if err = check(); err != nil {
			u.hooks.Failed(ctx, err)
		}
	}
	if err == nil {
		return n, remove(u.path + uncheckedSuffix)
	}
	// Where this fails, the next request does it.
	return 0, errors.Join(err, u.goBack(checked))
}

func (u resumableUpload) write(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := u.Upload.WriteChunk(ctx, offset, largeReads{src})
	if err != nil {
		u.hooks.Failed(ctx, fmt.Errorf("write upload: %w", explain(err)))
	}
	return n, err
}

// checked is how much of an upload counted before the bytes that are still to
// be checked, and when the last of it came.
type checked struct {
	bytes int64
	last  time.Time
}

// beginCheck notes that no byte from offset on counts yet. A symbolic link
// holds the note: it is made as a whole and takes no block of the disk.
func (u resumableUpload) beginCheck(offset int64) (checked, error) {
	info, err := os.Stat(u.path)
	if err != nil {
		return checked{}, err
	}
	c := checked{bytes: offset, last: info.ModTime()}
	return c, os.Symlink(fmt.Sprintf("%d %d", c.bytes, c.last.UnixNano()), u.path+uncheckedSuffix)
}

// readChecked reads that note; without one all bytes count: fs.ErrNotExist.
func readChecked(path string) (c checked, err error) {
	note, err := os.Readlink(path + uncheckedSuffix)
	if err != nil {
		return c, err
	}
	var last int64
	if _, err := fmt.Sscan(note, &c.bytes, &last); err != nil {
		return c, fmt.Errorf("read %s: %w", uncheckedSuffix, err)
	}
	c.last = time.Unix(0, last)
	return c, nil
}

// goBack removes the bytes that were not found to be right. The upload keeps
// its room on the disk, and expires when it would have without them.
func (u resumableUpload) goBack(to checked) error {
	file, err := os.OpenFile(u.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(to.bytes); err != nil {
		return err
	}
	if err := reserve(file, u.size); err != nil && !errors.Is(err, ErrFull) {
		return err
	}
	if err := os.Chtimes(u.path, time.Time{}, to.last); err != nil {
		return err
	}
	return remove(u.path + uncheckedSuffix)
}

// largeReads has io.Copy move more than its usual 32 KiB at once.
type largeReads struct{ io.Reader }

func (r largeReads) WriteTo(w io.Writer) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, r.Reader, make([]byte, chunkBuffer))
}

type resumableLocker struct {
	filelocker.FileLocker
	hooks Hooks
}

func (l resumableLocker) NewLock(id string) (handler.Lock, error) {
	lock, err := l.FileLocker.NewLock(id)
	return resumableLock{lock, l.hooks}, err
}

type resumableLock struct {
	lock  handler.Lock
	hooks Hooks
}

func (l resumableLock) Unlock() error { return l.lock.Unlock() }

func (l resumableLock) Lock(ctx context.Context, _ func()) error {
	interrupt := l.hooks.Interrupter(ctx)
	err := l.lock.Lock(ctx, interrupt)
	if errors.Is(explain(err), ErrFull) && l.hooks.MakeRoom != nil && l.hooks.MakeRoom() {
		err = l.lock.Lock(ctx, interrupt)
	}
	if err != nil {
		l.hooks.Failed(ctx, fmt.Errorf("lock upload: %w", explain(err)))
	}
	return err
}
