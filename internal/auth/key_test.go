package auth

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

func TestLoadOrCreateKey(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "jwt.key")
	made, err := LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 32 || bytes.Equal(made, make([]byte, 32)) {
		t.Errorf("made the key %x", made)
	}
	checkOnlyKeyFile(t, path, made)

	loaded, err := LoadOrCreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(loaded, made) {
		t.Errorf("made %x, then loaded %x", made, loaded)
	}
	other, err := LoadOrCreateKey(filepath.Join(t.TempDir(), "jwt.key"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(other, made) {
		t.Error("two folders have one key")
	}
}

// checkOnlyKeyFile checks that the folder of path holds nothing but the key.
func checkOnlyKeyFile(t *testing.T, path string, key []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(content, key) {
		t.Errorf("the file holds %x, want %x", content, key)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != 0o600 {
		t.Errorf("the file has mode %v, want 0600", mode)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("the folder holds %v, want the key alone", entries)
	}
}

func TestLoadOrCreateKeyRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	key, err := LoadOrCreateKey("jwt.key")
	if err != nil {
		t.Fatal(err)
	}
	checkOnlyKeyFile(t, "jwt.key", key)
}

func TestLoadOrCreateKeyTogether(t *testing.T) {
	for range 20 {
		path := filepath.Join(t.TempDir(), "jwt.key")
		start := make(chan struct{})
		keys := make([][]byte, 16)
		var group sync.WaitGroup
		for i := range keys {
			group.Go(func() {
				<-start
				key, err := LoadOrCreateKey(path)
				if err != nil {
					t.Error(err)
				}
				keys[i] = key
			})
		}
		close(start)
		waittest.Group(t, &group)
		for _, key := range keys {
			if !bytes.Equal(key, keys[0]) {
				t.Fatalf("got the keys %x and %x", keys[0], key)
			}
		}
		checkOnlyKeyFile(t, path, keys[0])
	}
}

// TestCreateKeyKeepsTheFirst is the moment at which another process was faster:
// this one saw no key, and there is one when it links its own.
func TestCreateKeyKeepsTheFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwt.key")
	first := bytes.Repeat([]byte{1}, 32)
	if err := os.WriteFile(path, first, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := createKey(path); err != nil {
		t.Fatal(err)
	}
	checkOnlyKeyFile(t, path, first)
}

func TestLoadOrCreateKeyExisting(t *testing.T) {
	for what, test := range map[string]struct {
		size int
		mode fs.FileMode
		want error
	}{
		"empty":             {0, 0o600, ErrKey},
		"a byte too short":  {31, 0o600, ErrKey},
		"short and open":    {31, 0o644, ErrKey},
		"just long enough":  {32, 0o600, nil},
		"longer":            {64, 0o600, nil},
		"the longest":       {4096, 0o600, nil},
		"no key at all":     {4097, 0o600, ErrKey},
		"readable by all":   {32, 0o644, nil},
		"readable by group": {32, 0o640, nil},
		"writable by all":   {32, 0o666, nil},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "jwt.key")
			content := bytes.Repeat([]byte{7}, test.size)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			key, err := LoadOrCreateKey(path)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if test.want == nil && !bytes.Equal(key, content) {
				t.Errorf("got the key %x", key)
			}
			if test.want != nil && key != nil {
				t.Errorf("got the key %x with an error", key)
			}
			checkOnlyKeyFile(t, path, content)
		})
	}
}

func TestLoadOrCreateKeyRemovesUnfinished(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "jwt.key")
	for _, name := range []string{"jwt.key.123.tmp", "jwt.key.456.tmp", "jwt.key.bak", "other.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadOrCreateKey(path); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"jwt.key": true, "jwt.key.bak": true, "other.tmp": true,
		"jwt.key.123.tmp": false, "jwt.key.456.tmp": false,
	} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadOrCreateKeyFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadOrCreateKey(filepath.Join(dir, "none", "jwt.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
	if _, err := LoadOrCreateKey(dir); !errors.Is(err, ErrKey) {
		t.Errorf("a folder as the key: got %v", err)
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(filepath.Join(dir, "gone"), dangling); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(dangling); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link to nothing: got %v", err)
	}
}

func TestCheckKey(t *testing.T) {
	for size, want := range map[int]error{0: ErrKey, 31: ErrKey, 32: nil, 64: nil} {
		if err := CheckKey(make([]byte, size)); !errors.Is(err, want) {
			t.Errorf("%d bytes: got %v, want %v", size, err, want)
		}
	}
}
