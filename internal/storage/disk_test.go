package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
)

func openStore(t *testing.T) *Disk {
	t.Helper()
	store, err := OpenDisk(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func write(t *testing.T, store *Disk, id, text string) {
	t.Helper()
	file, err := store.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(file, text)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestStoreIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	store, err := OpenDisk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.NewString()
	write(t, store, id, "x")
	for path, want := range map[string]fs.FileMode{
		filepath.Join(dir, "incoming"):    fs.ModeDir | 0o700,
		filepath.Join(dir, "videos"):      fs.ModeDir | 0o700,
		filepath.Join(dir, "thumbnails"):  fs.ModeDir | 0o700,
		filepath.Join(dir, "audio"):       fs.ModeDir | 0o700,
		filepath.Join(dir, "exports"):     fs.ModeDir | 0o700,
		filepath.Join(store.incoming, id): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestStoreKeepsAFile(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	write(t, store, id, "whole")
	if _, err := store.Create(id); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v, want fs.ErrExist", err)
	}
	if _, err := store.Open(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open before Keep: %v, want fs.ErrNotExist", err)
	}
	for range 2 { // The second finds that it is kept already.
		if err := store.Keep(id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(store.incoming, id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("incoming file after Keep: %v, want it gone", err)
	}
	file, err := store.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := io.ReadAll(file); err != nil || string(text) != "whole" {
		t.Errorf("kept file holds %q, %v", text, err)
	}
	if err := store.Keep(uuid.NewString()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Keep of nothing: %v, want fs.ErrNotExist", err)
	}
}

func TestStoreRemovesOnlyItsSide(t *testing.T) {
	store := openStore(t)
	kept, coming := uuid.NewString(), uuid.NewString()
	write(t, store, kept, "kept")
	if err := store.Keep(kept); err != nil {
		t.Fatal(err)
	}
	write(t, store, coming, "coming")
	for range 2 { // A missing file is no error.
		if err := errors.Join(store.Discard(kept), store.Remove(coming)); err != nil {
			t.Fatal(err)
		}
	}
	if got := listed(t, store); !slices.Equal(got, []string{coming, kept}) {
		t.Errorf("left are %v, want %v", got, []string{coming, kept})
	}
	for range 2 {
		if err := errors.Join(store.Discard(coming), store.Remove(kept)); err != nil {
			t.Fatal(err)
		}
	}
	if got := listed(t, store); len(got) != 0 {
		t.Errorf("left are %v, want none", got)
	}
}

// listed is the ids in incoming/, then those in videos/.
func listed(t *testing.T, store *Disk) []string {
	t.Helper()
	var found []string
	for _, folder := range []func(func(string, error) bool){store.Incoming(), store.Videos()} {
		for id, err := range folder {
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, id)
		}
	}
	return found
}

// TestStoreTakesInfoAlong has what the tus library writes beside a file go
// wherever the file goes, except to the videos.
func TestStoreTakesInfoAlong(t *testing.T) {
	for what, act := range map[string]func(*Disk, string) error{
		"kept": (*Disk).Keep,
		// A crash came between the two steps of an earlier Keep.
		"kept before": func(s *Disk, id string) error {
			return errors.Join(os.Rename(filepath.Join(s.incoming, id), filepath.Join(s.videos, id)), s.Keep(id))
		},
		"discarded": (*Disk).Discard,
		"discarded without its file": func(s *Disk, id string) error {
			return errors.Join(os.Remove(filepath.Join(s.incoming, id)), s.Discard(id))
		},
	} {
		t.Run(what, func(t *testing.T) {
			store, id, other := openStore(t), uuid.NewString(), uuid.NewString()
			for _, id := range []string{id, other} {
				write(t, store, id, "x")
				put(t, filepath.Join(store.incoming, id)+infoSuffix, "{}")
			}
			if err := act(store, id); err != nil {
				t.Fatal(err)
			}
			want := []string{other, other + infoSuffix}
			if left := names(t, store.incoming); !slices.Equal(left, want) {
				t.Errorf("incoming has %v, want %v", left, want)
			}
			if kept := names(t, store.videos); len(kept) != strings.Count(what, "kept") || (len(kept) == 1 && kept[0] != id) {
				t.Errorf("videos has %v", kept)
			}
		})
	}
}

func TestStoreListsLoneInfo(t *testing.T) {
	store, lone := openStore(t), uuid.NewString()
	put(t, filepath.Join(store.incoming, lone)+infoSuffix, "{}")
	for _, stray := range []string{"stray" + infoSuffix, infoSuffix, lone + lockSuffix, lone + stopSuffix, lone + infoSuffix + infoSuffix} {
		put(t, filepath.Join(store.incoming, stray), "")
	}
	if got := listed(t, store); !slices.Equal(got, []string{lone}) {
		t.Errorf("listed %v, want %v", got, []string{lone})
	}
}

func TestStoreLocates(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	want := func(when, path string) {
		t.Helper()
		if there, err := store.Has(id); err != nil || there != (path != "") {
			t.Errorf("%s, it is there: %v, %v", when, there, err)
		}
		local, err := store.Local(t.Context(), id)
		if path == "" {
			if !errors.Is(err, fs.ErrNotExist) || local != nil {
				t.Errorf("%s: %v, %v, want fs.ErrNotExist", when, local, err)
			}
			return
		}
		if err != nil || local.Path != path || !filepath.IsAbs(path) {
			t.Fatalf("%s: %v, %v, want %s", when, local, err, path)
		}
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	}
	want("before Create", "")
	write(t, store, id, "x")
	want("before Keep", filepath.Join(store.incoming, id))
	if err := store.Keep(id); err != nil {
		t.Fatal(err)
	}
	want("after Keep", filepath.Join(store.videos, id))
	put(t, filepath.Join(store.videos, id+infoSuffix), "") // No file by itself.
	if err := store.Remove(id); err != nil {
		t.Fatal(err)
	}
	want("after Remove", "")
}

func TestStoreSize(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	write(t, store, id, "seven b")
	if size, err := store.Size(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before Keep: %d, %v, want fs.ErrNotExist", size, err)
	}
	if err := store.Keep(id); err != nil {
		t.Fatal(err)
	}
	if size, err := store.Size(id); err != nil || size != 7 {
		t.Errorf("after Keep: %d, %v, want 7", size, err)
	}
}

// put writes a file that the store has no method for.
func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// names is all that lies in a folder, sorted.
func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	return found
}

func TestStoreLists(t *testing.T) {
	store := openStore(t)
	want := map[string]bool{}
	for range 2*listBatch + 3 {
		id := uuid.NewString()
		write(t, store, id, "")
		want[id] = true
	}
	stray := filepath.Join(store.incoming, "stray.txt")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for id, err := range store.Incoming() {
		if err != nil || !want[id] {
			t.Fatalf("unexpected %q, %v", id, err)
		}
		delete(want, id)
		if err := store.Discard(id); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) != 0 {
		t.Errorf("%d files were not listed", len(want))
	}
	if err := os.RemoveAll(filepath.Dir(stray)); err != nil {
		t.Fatal(err)
	}
	for id, err := range store.Incoming() {
		if err == nil {
			t.Errorf("listed %q in a folder that is gone", id)
		}
		want[id] = true
	}
	if len(want) == 0 {
		t.Error("a folder that is gone gave no error")
	}
}

func TestStoreRefusesOtherNames(t *testing.T) {
	store := openStore(t)
	id := uuid.NewString()
	for _, bad := range []string{
		"", ".", "..", "../" + id, id + "/x", "/etc/passwd", "x", strings.ToUpper("a" + id[1:]),
		"{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id + "\x00", id + " ",
	} {
		if file, err := store.Create(bad); !errors.Is(err, errBadID) {
			t.Errorf("Create(%q): %v, %v", bad, file, err)
		}
		if file, err := store.Open(bad); !errors.Is(err, errBadID) {
			t.Errorf("Open(%q): %v, %v", bad, file, err)
		}
		for name, act := range map[string]func(string) error{
			"Keep": store.Keep, "Discard": store.Discard, "Remove": store.Remove, "Sync": store.Sync,
			"RemoveThumbnail": store.RemoveThumbnail, "RemoveSound": store.RemoveSound,
			"Has":        func(id string) error { _, err := store.Has(id); return err },
			"HasAny":     func(id string) error { _, err := store.HasAny(id); return err },
			"Local":      func(id string) error { _, err := store.Local(t.Context(), id); return err },
			"LocalSound": func(id string) error { _, err := store.LocalSound(t.Context(), id, 0); return err },
			"SoundSize":  func(id string) error { _, err := store.SoundSize(id, 0); return err },
			"SetAside":   store.SetAside, "SetAsideIncoming": store.SetAsideIncoming,
			"Continuable":   func(id string) error { _, err := store.Continuable(id); return err },
			"TryLock":       func(id string) error { _, err := store.TryLock(id); return err },
			"MakeSound":     func(id string) error { return store.MakeSound(t.Context(), id, 0, nil) },
			"KeepThumbnail": func(id string) error { return store.KeepThumbnail(t.Context(), id, nil) },
			"Thumbnail":     func(id string) error { _, err := store.Thumbnail(id); return err },
			"Received":      func(id string) error { _, _, err := store.Received(id); return err },
			"Size":          func(id string) error { _, err := store.Size(id); return err },
		} {
			if err := act(bad); !errors.Is(err, errBadID) {
				t.Errorf("%s(%q): %v", name, bad, err)
			}
		}
	}
}

func TestStoreIsReady(t *testing.T) {
	dir := t.TempDir()
	store, err := OpenDisk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Ready(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "incoming")); err != nil || len(entries) != 0 {
		t.Errorf("Ready left %v, %v", entries, err)
	}
	if free, err := store.Free(); err != nil || free <= 0 {
		t.Errorf("Free: %d, %v", free, err)
	}
	for _, folder := range []string{"videos", "incoming"} {
		if err := os.RemoveAll(filepath.Join(dir, folder)); err != nil {
			t.Fatal(err)
		}
		if err := store.Ready(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Ready without %s: %v, want fs.ErrNotExist", folder, err)
		}
	}
	if _, err := store.Free(); err == nil {
		t.Error("Free of a folder that is gone gave no error")
	}
}

func TestExplain(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	_, noSpace := full.WriteString("x")
	quota := &fs.PathError{Op: "write", Path: "x", Err: syscall.EDQUOT}
	for _, err := range []error{noSpace, quota} {
		if got := explain(err); !errors.Is(got, ErrFull) || !errors.Is(got, err) {
			t.Errorf("explain(%v) = %v", err, got)
		}
	}
	for _, failure := range []error{syscall.EIO, syscall.EROFS} {
		err := &fs.PathError{Op: "write", Path: "x", Err: failure}
		if got := explain(err); !errors.Is(got, ErrUnavailable) || !errors.Is(got, err) || errors.Is(got, ErrFull) {
			t.Errorf("explain(%v) = %v", err, got)
		}
	}
	for _, err := range []error{nil, io.ErrUnexpectedEOF, &fs.PathError{Err: syscall.EACCES}} {
		if got := explain(err); got != err {
			t.Errorf("explain(%v) = %v, want it unchanged", err, got)
		}
	}
}
