package storage

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/tus/tusd/v2/pkg/handler"
)

func TestReceived(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	put(t, filepath.Join(store.incoming, id)+infoSuffix, "{}") // Alone it is nothing that has come.
	if size, _, err := store.Received(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %d, %v, want fs.ErrNotExist", size, err)
	}
	write(t, store, id, "")
	last := time.Unix(1_700_000_000, 123_000_000)
	for _, text := range []string{"", "a few", " bytes"} {
		put(t, filepath.Join(store.incoming, id), text)
		last = last.Add(time.Hour)
		if err := os.Chtimes(filepath.Join(store.incoming, id), time.Time{}, last); err != nil {
			t.Fatal(err)
		}
		size, touched, err := store.Received(id)
		if err != nil || size != int64(len(text)) || !touched.Equal(last) {
			t.Errorf("%d bytes at %v, want %d at %v: %v", size, touched, len(text), last, err)
		}
	}
	if err := store.Keep(id); err != nil {
		t.Fatal(err)
	}
	if size, _, err := store.Received(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Keep: %d, %v, want fs.ErrNotExist", size, err)
	}
}

func TestSync(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	if err := store.Sync(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v, want fs.ErrNotExist", err)
	}
	write(t, store, id, "x")
	if err := store.Sync(id); err != nil {
		t.Error(err)
	}
}

func TestClearLeftovers(t *testing.T) {
	id, lone := uuid.NewString(), uuid.NewString()
	for _, folder := range []string{"data", "a[b", "a*", "ก ข"} { // Some mean something in a pattern.
		t.Run(folder, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), folder)
			store, err := OpenDisk(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{
				"incoming/" + id, "incoming/" + id + ".info", "incoming/" + id + ".lock", "incoming/" + id + ".lock.12345",
				"incoming/" + id + ".stop", "incoming/" + lone + ".lock", "incoming/" + lone + ".stop", "incoming/.temporary-1",
				"videos/" + lone, "thumbnails/" + lone, "thumbnails/.temporary-2", "audio/" + lone, "audio/.temporary-3",
				"exports/.temporary-4", "jwt.key",
			} {
				put(t, filepath.Join(dir, path), "x")
			}
			for range 2 { // The second time there is nothing to clear.
				if err := store.ClearLeftovers(); err != nil {
					t.Fatal(err)
				}
			}
			for in, want := range map[string][]string{
				".":        {"audio", "exports", "incoming", "jwt.key", "orphans", "thumbnails", "videos"},
				"incoming": {id, id + ".info"}, "videos": {lone}, "thumbnails": {lone}, "audio": {lone}, "exports": {},
			} {
				if left := names(t, filepath.Join(dir, in)); !slices.Equal(left, slices.Sorted(slices.Values(want))) {
					t.Errorf("%s has %v, want %v", in, left, want)
				}
			}
		})
	}
}

// reports collects what a store was told to report.
type reports struct{ errs []error }

func (r *reports) add(_ context.Context, err error) { r.errs = append(r.errs, err) }

// want requires the errors that were reported since the last time.
func (r *reports) want(t *testing.T, want ...error) {
	t.Helper()
	if len(r.errs) != len(want) {
		t.Errorf("reported %v, want %v", r.errs, want)
	}
	for i := range min(len(want), len(r.errs)) {
		if !errors.Is(r.errs[i], want[i]) {
			t.Errorf("reported %v, want %v", r.errs[i], want[i])
		}
	}
	r.errs = nil
}

func TestResumableStore(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	var told reports
	uploads := store.Resumable(Hooks{Failed: told.add})
	const size = 1 << 20
	upload, err := uploads.Core.NewUpload(t.Context(), handler.FileInfo{ID: id, Size: size})
	if err != nil {
		t.Fatal(err)
	}
	if n, _, err := store.Received(id); err != nil || n != 0 {
		t.Errorf("of a new upload %d bytes have come: %v", n, err)
	}
	info, err := os.Stat(filepath.Join(store.incoming, id))
	if err != nil {
		t.Fatal(err)
	}
	if blocks := info.Sys().(*syscall.Stat_t).Blocks; blocks*512 < size {
		t.Errorf("%d blocks are reserved for %d bytes", blocks, size)
	}

	chunk := strings.Repeat("x", 3*chunkBuffer/2)
	if n, err := upload.WriteChunk(t.Context(), 0, strings.NewReader(chunk)); err != nil || n != int64(len(chunk)) {
		t.Errorf("wrote %d bytes: %v", n, err)
	}
	told.want(t)
	cut := io.MultiReader(strings.NewReader("more"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if n, err := upload.WriteChunk(t.Context(), int64(len(chunk)), cut); !errors.Is(err, io.ErrUnexpectedEOF) || n != 4 {
		t.Errorf("of a body that breaks off %d bytes are kept: %v", n, err)
	}
	told.want(t, io.ErrUnexpectedEOF)

	// Another process goes on with it.
	again, err := store.Resumable(Hooks{Failed: told.add}).Core.GetUpload(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.GetInfo(t.Context()); err != nil || got.Offset != int64(len(chunk))+4 || got.Size != size {
		t.Errorf("%d of %d bytes: %v", got.Offset, got.Size, err)
	}
	if err := uploads.Terminater.AsTerminatableUpload(again).Terminate(t.Context()); err != nil {
		t.Error(err)
	}
	if left := names(t, store.incoming); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
	if _, err := uploads.Core.GetUpload(t.Context(), id); !errors.Is(err, handler.ErrNotFound) {
		t.Errorf("after the end: %v, want %v", err, handler.ErrNotFound)
	}
	told.want(t) // That is an answer and no failure.
}

func TestResumableStoreTellsWhatFails(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	var told reports
	uploads := store.Resumable(Hooks{Failed: told.add})
	put(t, filepath.Join(store.incoming, id), "")
	put(t, filepath.Join(store.incoming, id)+infoSuffix, "no JSON")
	if _, err := uploads.Core.GetUpload(t.Context(), id); err == nil {
		t.Error("opened an upload of which nothing is known")
	} else {
		told.want(t, err)
	}
	if err := os.Mkdir(filepath.Join(store.incoming, id)+".taken", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := uploads.Core.NewUpload(t.Context(), handler.FileInfo{ID: id + ".taken", Size: 1}); err == nil {
		t.Error("made an upload where there is a folder")
	} else {
		told.want(t, err)
	}
}

// TestResumableCheck removes bytes that are not found to be right, at once and
// after a process died before it could look.
func TestResumableCheck(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	var told reports
	wrong := errors.New("wrong bytes")
	var found error
	looked := func() {}
	hooks := Hooks{Failed: told.add, Check: func(context.Context) func() error {
		return func() error { looked(); return found }
	}}
	uploads := store.Resumable(hooks)
	const size = 1 << 20
	upload, err := uploads.Core.NewUpload(t.Context(), handler.FileInfo{ID: id, Size: size})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(store.incoming, id)
	last := time.Unix(1_700_000_000, 0)
	check := func(what string, want int64) {
		t.Helper()
		n, touched, err := store.Received(id)
		if err != nil || n != want || !touched.Equal(last) {
			t.Errorf("%s: %d bytes at %v, want %d at %v: %v", what, n, touched, want, last, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if blocks := info.Sys().(*syscall.Stat_t).Blocks; blocks*512 < size {
			t.Errorf("%s: %d blocks are reserved for %d bytes", what, blocks, size)
		}
	}
	write := func(offset int64, want int64, wantErr error) {
		t.Helper()
		if n, err := upload.WriteChunk(t.Context(), offset, strings.NewReader("12345")); n != want || !errors.Is(err, wantErr) {
			t.Errorf("wrote %d, want %d: %v, want %v", n, want, err, wantErr)
		}
	}
	write(0, 5, nil)
	if err := os.Chtimes(path, time.Time{}, last); err != nil {
		t.Fatal(err)
	}
	check("right bytes", 5)
	found = wrong
	// Nobody counts them while they are looked at.
	looked = func() {
		if n, _, err := store.Received(id); err != nil || n != 5 {
			t.Errorf("while they are looked at %d bytes have come: %v", n, err)
		}
	}
	write(5, 0, wrong)
	check("wrong bytes", 5)
	told.want(t, wrong)

	// As a process leaves it that is killed meanwhile.
	looked = func() { panic("killed") }
	func() {
		defer func() { _ = recover() }()
		write(5, 0, nil)
	}()
	if n, _, err := store.Received(id); err != nil || n != 5 {
		t.Errorf("after a kill %d bytes have come: %v", n, err)
	}
	again, err := uploads.Core.GetUpload(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := again.GetInfo(t.Context()); err != nil || info.Offset != 5 {
		t.Errorf("offset %d: %v", info.Offset, err)
	}
	check("after the next request", 5)
	if err := store.Discard(id); err != nil {
		t.Error(err)
	}
	if left := names(t, store.incoming); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
}

// TestResumableLock holds the promise that one request at a time writes.
func TestResumableLock(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	var told reports
	asked := make(chan struct{})
	hooks := Hooks{Failed: told.add, Interrupter: func(context.Context) func() { return func() { close(asked) } }}
	first, err := store.Resumable(hooks).Locker.NewLock(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Lock(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	second, err := store.Resumable(hooks).Locker.NewLock(id)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := second.Lock(ended, nil); !errors.Is(err, handler.ErrLockTimeout) {
		t.Errorf("a lock that is held: %v, want %v", err, handler.ErrLockTimeout)
	}
	told.want(t, handler.ErrLockTimeout)
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Fatal("the holder was not asked to let go")
	}
	if err := first.Unlock(); err != nil {
		t.Error(err)
	}
	if err := second.Lock(t.Context(), nil); err != nil {
		t.Errorf("a lock that was let go of: %v", err)
	}
	if err := second.Unlock(); err != nil {
		t.Error(err)
	}
	if left := names(t, store.incoming); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
	told.want(t)
}
