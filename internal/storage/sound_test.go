package storage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestStoreSounds(t *testing.T) {
	store, id, other := openStore(t), uuid.NewString(), uuid.NewString()
	if size, err := store.SoundSize(id, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %d bytes, %v, want fs.ErrNotExist", size, err)
	}
	fill := func(text string, err error) func(Sound) error {
		return func(f Sound) error {
			_, wrote := f.WriteAt([]byte(text), 0)
			return errors.Join(wrote, err)
		}
	}
	failed := errors.New("failed")
	for _, step := range []struct {
		write string
		fails error
		want  string
	}{{"first", nil, "first"}, {"2nd", nil, "2nd"}, {"third", failed, "2nd"}, {"", nil, ""}} {
		if err := store.MakeSound(t.Context(), id, 0, fill(step.write, step.fails)); !errors.Is(err, step.fails) {
			t.Fatalf("got %v, want %v", err, step.fails)
		}
		local, err := store.LocalSound(t.Context(), id, 0)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(local.Path)
		if err != nil {
			t.Fatal(err)
		}
		size, err := store.SoundSize(id, 0)
		if err != nil || string(got) != step.want || size != int64(len(step.want)) {
			t.Errorf("%s has %q, want %q; %d bytes: %v", local.Path, got, step.want, size, err)
		}
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(filepath.Join(store.audio, id)); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	if err := store.MakeSound(t.Context(), other, 0, fill("x", nil)); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values([]string{id, other}))
	var listed []string
	for id, err := range store.Sounds() {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, id)
	}
	if slices.Sort(listed); !slices.Equal(listed, want) || !slices.Equal(names(t, store.audio), want) {
		t.Errorf("listed %v of %v, want %v", listed, names(t, store.audio), want)
	}
	for range 2 { // A missing file is no error.
		if err := errors.Join(store.RemoveSound(id), store.Remove(other)); err != nil {
			t.Fatal(err)
		}
	}
	if left := names(t, store.audio); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
	if err := os.Mkdir(filepath.Join(store.audio, id), 0o700); err != nil { // Nothing can take its place.
		t.Fatal(err)
	}
	if err := store.MakeSound(t.Context(), id, 0, fill("x", nil)); err == nil || len(names(t, store.audio)) != 1 {
		t.Errorf("in the place of a folder: %v, left is %v", err, names(t, store.audio))
	}
	if err := os.RemoveAll(store.audio); err != nil {
		t.Fatal(err)
	}
	if err := store.MakeSound(t.Context(), id, 0, fill("x", nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v, want fs.ErrNotExist", err)
	}
}

// TestExplainsSound has a disk without room for a sound.
func TestExplainsSound(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if _, err := (soundFile{full}).WriteAt([]byte("x"), 0); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
}
