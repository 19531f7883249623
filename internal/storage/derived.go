package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
)

// Thumbnail reads thumbnails/<id>.
func (d *Disk) Thumbnail(id string) ([]byte, error) {
	path, err := pathOf(d.thumbnails, id)
	if err != nil {
		return nil, fmt.Errorf("read thumbnail: %w", err)
	}
	picture, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read thumbnail: %w", err)
	}
	return picture, nil
}

// KeepThumbnail writes thumbnails/<id>.
func (d *Disk) KeepThumbnail(ctx context.Context, id string, picture []byte) error {
	path, err := pathOf(d.thumbnails, id)
	if err == nil {
		err = d.makeDerived(ctx, path, id, func(file *os.File) error {
			_, err := file.Write(picture)
			return explain(err)
		})
	}
	if err != nil {
		return fmt.Errorf("keep thumbnail: %w", err)
	}
	return nil
}

// RemoveThumbnail removes thumbnails/<id>.
func (d *Disk) RemoveThumbnail(id string) error {
	path, err := pathOf(d.thumbnails, id)
	if err != nil {
		return fmt.Errorf("remove thumbnail: %w", err)
	}
	if err := remove(path); err != nil {
		return fmt.Errorf("remove thumbnail: %w", err)
	}
	return nil
}

// Thumbnails goes through thumbnails/.
func (d *Disk) Thumbnails() iter.Seq2[string, error] { return ids(d.thumbnails) }

// makeDerived has write fill a file that is made of a video: whole or not at all,
// in place of any other, and not for a video that is gone.
func (d *Disk) makeDerived(ctx context.Context, path, id string, write func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), temporaryPattern)
	if err != nil {
		return explain(err)
	}
	err = write(file)
	if err == nil {
		err = explain(file.Sync())
	}
	err = errors.Join(err, explain(file.Close()))
	if err == nil {
		err = d.keepDerived(ctx, file.Name(), path, id)
	}
	if err != nil {
		return errors.Join(err, remove(file.Name()))
	}
	return nil
}

// keepDerived renames what was made of a video to its place, and removes it
// again when the video is gone: whoever deleted the video may not have seen it.
func (d *Disk) keepDerived(ctx context.Context, from, to, id string) error {
	if err := os.Rename(from, to); err != nil {
		return explain(err)
	}
	if d.keeps == nil {
		return nil
	}
	// Without an answer it stays: maintenance finds it.
	if keeps, err := d.keeps(ctx, id); err == nil && !keeps {
		return remove(to)
	}
	return nil
}
