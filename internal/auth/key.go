package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gensubtitle/internal/datadir"
)

const (
	// KeyName is the file of the key in a data directory.
	KeyName = "jwt.key"
	// MinKeyBytes is the least length of a key for HMAC-SHA256 (RFC 7518, 3.2).
	MinKeyBytes = sha256.Size
	maxKeyBytes = 4096
	// unfinishedSuffix ends the name of a key file that is being written.
	unfinishedSuffix = ".tmp"
)

// ErrKey says that a key cannot be used to sign tokens.
var ErrKey = errors.New("key is not usable")

// CheckKey returns ErrKey for a key that is too short to sign tokens with: from
// one token, a short key can be found by trying.
func CheckKey(key []byte) error {
	if len(key) < MinKeyBytes {
		return fmt.Errorf("%w: %d bytes long, need at least %d", ErrKey, len(key), MinKeyBytes)
	}
	return nil
}

// LoadOrCreateKey returns the key that is kept in the file at path, and makes one
// of 32 random bytes where there is no file. Processes that start at once all get
// the same key. The folder must exist.
//
// The file has mode 0600. One that others could read, as happens when a backup is
// restored, gets that mode again: the data folder around it is closed to others,
// and a start refused would only be mended in the same way. A file that cannot be
// a key is ErrKey, and is left as it is.
func LoadOrCreateKey(path string) ([]byte, error) {
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("create key: %w", err)
		}
		key, err = readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if err := removeUnfinishedKeys(path); err != nil {
		return nil, fmt.Errorf("remove unfinished keys: %w", err)
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", ErrKey, path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := file.Chmod(0o600); err != nil {
			return nil, err
		}
	}
	key, err := io.ReadAll(io.LimitReader(file, maxKeyBytes+1))
	if err != nil {
		return nil, err
	}
	if len(key) > maxKeyBytes {
		return nil, fmt.Errorf("%w: more than %d bytes long", ErrKey, maxKeyBytes)
	}
	return key, CheckKey(key)
}

// createKey puts a new key at path unless something is there already. Under its
// final name the file is always whole: it is written and synced under another
// name, then linked, which unlike a rename never replaces what is there.
func createKey(path string) error {
	temp, err := datadir.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+unfinishedSuffix)
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := writeKey(temp); err != nil {
		return err
	}
	// Another process may have been first. It may even have removed our file,
	// which it does only once a key is in place.
	err = os.Link(temp.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return datadir.Sync(filepath.Dir(path))
}

// writeKey fills file with a new key, makes it last and closes it.
func writeKey(file *os.File) error {
	key := make([]byte, MinKeyBytes)
	rand.Read(key) // It never fails: it ends the process rather than give less.
	_, err := file.Write(key)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// removeUnfinishedKeys removes what processes left that were killed in createKey.
// The key at path must exist.
func removeUnfinishedKeys(path string) error {
	dir, base := filepath.Dir(path), filepath.Base(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, base+".") || !strings.HasSuffix(name, unfinishedSuffix) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
