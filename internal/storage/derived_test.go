package storage

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"gensubtitle/internal/waittest"
)

func TestStoreThumbnails(t *testing.T) {
	store, id, other := openStore(t), uuid.NewString(), uuid.NewString()
	if _, err := store.Thumbnail(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v, want fs.ErrNotExist", err)
	}
	for _, picture := range []string{"first", "the second", ""} { // An empty one says that there is none.
		if err := store.KeepThumbnail(t.Context(), id, []byte(picture)); err != nil {
			t.Fatal(err)
		}
		if got, err := store.Thumbnail(id); err != nil || string(got) != picture {
			t.Errorf("got %q, want %q: %v", got, picture, err)
		}
	}
	if info, err := os.Stat(filepath.Join(store.thumbnails, id)); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	if err := store.KeepThumbnail(t.Context(), other, []byte("x")); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values([]string{id, other}))
	var listed []string
	for id, err := range store.Thumbnails() {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, id)
	}
	if slices.Sort(listed); !slices.Equal(listed, want) || !slices.Equal(names(t, store.thumbnails), want) {
		t.Errorf("listed %v of %v, want %v", listed, names(t, store.thumbnails), want)
	}
	for range 2 { // A missing file is no error.
		if err := errors.Join(store.RemoveThumbnail(id), store.Remove(other)); err != nil {
			t.Fatal(err)
		}
	}
	if left := names(t, store.thumbnails); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
}

// TestStoreThumbnailIsWhole reads while others write.
func TestStoreThumbnailIsWhole(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	pictures := [][]byte{bytes.Repeat([]byte("a"), 100_000), bytes.Repeat([]byte("b"), 200_000)}
	if err := store.KeepThumbnail(t.Context(), id, pictures[0]); err != nil {
		t.Fatal(err)
	}
	var writers, readers sync.WaitGroup
	written := make(chan struct{})
	for _, picture := range pictures {
		writers.Go(func() {
			for range 20 {
				if err := store.KeepThumbnail(t.Context(), id, picture); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Go(func() {
		for {
			got, err := store.Thumbnail(id)
			if err != nil || (!bytes.Equal(got, pictures[0]) && !bytes.Equal(got, pictures[1])) {
				t.Errorf("read %d bytes of neither picture: %v", len(got), err)
				return
			}
			select {
			case <-written:
				return
			default:
			}
		}
	})
	waittest.Group(t, &writers)
	close(written)
	waittest.Group(t, &readers)
	if left := names(t, store.thumbnails); !slices.Equal(left, []string{id}) {
		t.Errorf("left is %v, want %s alone", left, id)
	}
}

func TestStoreThumbnailOrNothing(t *testing.T) {
	store, id := openStore(t), uuid.NewString()
	path := filepath.Join(store.thumbnails, id)
	if err := os.Mkdir(path, 0o700); err != nil { // Nothing can take its place.
		t.Fatal(err)
	}
	if err := store.KeepThumbnail(t.Context(), id, []byte("x")); err == nil {
		t.Error("kept a thumbnail in the place of a folder")
	}
	if left := names(t, store.thumbnails); !slices.Equal(left, []string{id}) {
		t.Errorf("left is %v, want the folder alone", left)
	}
	if err := os.RemoveAll(store.thumbnails); err != nil {
		t.Fatal(err)
	}
	if err := store.KeepThumbnail(t.Context(), id, []byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v, want fs.ErrNotExist", err)
	}
}
