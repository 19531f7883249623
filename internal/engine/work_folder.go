package engine

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"gensubtitle/internal/subtitles"
)

// runPrefix begins the names of the folders that runs have.
const runPrefix = "run-"

// maxFound bounds how many files of a program are looked at.
const maxFound = 1000

// maxWritten bounds the text of a program. Six hours of speech with the time of
// each word take some 20 MB.
const maxWritten = 64 << 20

// workFolder is what one run of a program reads and writes.
type workFolder struct {
	path string
	// lock is the folder itself, locked while the run goes on, so that another
	// process on the same data does not take it for a leftover.
	lock *os.File
}

func newWorkFolder(dir string) (*workFolder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the engine's folder: %w", err)
	}
	path, err := os.MkdirTemp(dir, runPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the engine: %w", err)
	}
	lock, err := lockFolder(path)
	if err != nil {
		_ = os.RemoveAll(path)
		return nil, fmt.Errorf("lock the engine's folder: %w", err)
	}
	return &workFolder{path: path, lock: lock}, nil
}

// lockFolder fails where the folder is locked already. The lock ends with the
// file or the process (flock(2)).
func lockFolder(path string) (*os.File, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = folder.Close()
		return nil, err
	}
	return folder, nil
}

// ClearWork removes what killed processes left in CommandOptions.Dir. Folders of
// runs that are under way in another process stay.
func ClearWork(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for what engines left: %w", err)
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), runPrefix) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		lock, err := lockFolder(path)
		if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.RemoveAll(path)
			_ = lock.Close()
		}
		if err != nil {
			return fmt.Errorf("remove what an engine left: %w", err)
		}
	}
	return nil
}

// remove is done when no process of the run is left. Should it fail, ClearWork
// does it at the next start.
func (f *workFolder) remove() {
	_ = os.RemoveAll(f.path)
	_ = f.lock.Close()
}

func (f *workFolder) audio() string { return filepath.Join(f.path, "audio.wav") }

func (f *workFolder) output() string { return filepath.Join(f.path, "subtitles") }

// keepSound writes the whole sound as a WAV file.
func (f *workFolder) keepSound(s *sound) error {
	file, err := os.OpenFile(f.audio(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make the engine's sound: %w", err)
	}
	_, err = io.Copy(file, s.wav(s.whole()))
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the engine's sound: %w", err)
	}
	return nil
}

// read finds what the program wrote: at output itself, or any file below the
// folder with the extension of one; JSON first, which knows most. The first
// that can be read counts.
func (f *workFolder) read(length time.Duration, keep filter) (subtitles.Transcript, []Note, error) {
	paths, err := f.written()
	if err != nil {
		return subtitles.Transcript{}, nil, err
	}
	if len(paths) == 0 {
		return subtitles.Transcript{}, nil, errors.New("it wrote no JSON, VTT or SRT")
	}
	var unreadable error
	for _, path := range paths {
		heard, notes, err := readWritten(path, length, keep)
		if err == nil {
			return heard, notes, nil
		}
		unreadable = cmp.Or(unreadable, fmt.Errorf("what it wrote: %w", err))
	}
	return subtitles.Transcript{}, nil, unreadable
}

// written lists the files that may be the text, the best first.
func (f *workFolder) written() ([]string, error) {
	kinds := []string{".json", ".vtt", ".srt"}
	var paths []string
	seen := 0
	err := filepath.WalkDir(f.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if seen++; seen > maxFound {
			return fs.SkipAll
		}
		if entry.Type().IsRegular() && (path == f.output() || slices.Contains(kinds, filepath.Ext(path))) {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for what it wrote: %w", err)
	}
	// Without an extension comes output alone, whose kind is -1.
	slices.SortStableFunc(paths, func(a, b string) int {
		return cmp.Compare(slices.Index(kinds, filepath.Ext(a)), slices.Index(kinds, filepath.Ext(b)))
	})
	return paths, nil
}

func readWritten(path string, length time.Duration, keep filter) (subtitles.Transcript, []Note, error) {
	file, err := os.Open(path)
	if err != nil {
		return subtitles.Transcript{}, nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(file, maxWritten+1))
	switch {
	case err != nil:
		return subtitles.Transcript{}, nil, err
	case len(data) > maxWritten:
		return subtitles.Transcript{}, nil, fmt.Errorf("more than %d MB", maxWritten>>20)
	case len(data) == 0 && filepath.Ext(path) == ".srt":
		return subtitles.Transcript{}, nil, nil // all that SRT has for a sound without speech
	}
	return readAnswer(data, length, keep)
}
