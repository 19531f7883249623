package storage

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strconv"
)

// maxTracks is the highest number of a track that can be chosen, no less than how
// many tracks of sound a video may have.
const maxTracks = 16

// MakeSound writes audio/<id>, or audio/<id>.<n> for a track that a user chose.
func (d *Disk) MakeSound(ctx context.Context, id string, track int, write func(Sound) error) error {
	path, err := d.soundPath(id, track)
	if err == nil {
		err = d.makeDerived(ctx, path, id, func(file *os.File) error { return write(soundFile{file}) })
	}
	if err != nil {
		return fmt.Errorf("make sound: %w", err)
	}
	return nil
}

// LocalSound is the path itself.
func (d *Disk) LocalSound(_ context.Context, id string, track int) (*Local, error) {
	path, err := d.soundPath(id, track)
	if err != nil {
		return nil, fmt.Errorf("locate sound: %w", err)
	}
	return &Local{Path: path}, nil
}

func (d *Disk) soundPath(id string, track int) (string, error) {
	path, err := pathOf(d.audio, id)
	switch {
	case err != nil:
		return "", err
	case track < 0 || track > maxTracks:
		return "", fmt.Errorf("%w: track %d", errBadID, track)
	case track > 0:
		path += soundSuffix(track)
	}
	return path, nil
}

func soundSuffix(track int) string { return "." + strconv.Itoa(track) }

// SoundSize is that of audio/<id> or audio/<id>.<n>.
func (d *Disk) SoundSize(id string, track int) (int64, error) {
	path, err := d.soundPath(id, track)
	if err != nil {
		return 0, fmt.Errorf("size of sound: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("size of sound: %w", err)
	}
	return info.Size(), nil
}

// RemoveSound removes audio/<id> and audio/<id>.<n>.
func (d *Disk) RemoveSound(id string) error {
	for track := range maxTracks + 1 {
		path, err := d.soundPath(id, track)
		if err == nil {
			err = remove(path)
		}
		if err != nil {
			return fmt.Errorf("remove sound: %w", err)
		}
	}
	return nil
}

// Sounds goes through audio/.
func (d *Disk) Sounds() iter.Seq2[string, error] { return ids(d.audio) }

// soundFile explains what a disk says.
type soundFile struct{ file *os.File }

func (f soundFile) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.file.WriteAt(b, at)
	return n, explain(err)
}

func (f soundFile) Truncate(size int64) error { return explain(f.file.Truncate(size)) }
