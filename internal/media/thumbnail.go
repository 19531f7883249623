package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

const (
	// thumbnailBytes is far more than a picture of this size needs.
	thumbnailBytes = 256 << 10
	thumbnailScale = "scale=w=320:h=320:force_original_aspect_ratio=decrease:force_divisible_by=2"
)

// Thumbnail is a JPEG of at most 320 pixels each way from near the beginning
// of the owner's file at path, where most videos have left black behind. It waits
// for a turn and is bounded as Measure is. ErrNotVideo when there is no picture,
// ErrUnavailable when another try may succeed.
func (m *Meter) Thumbnail(ctx context.Context, owner, path string) (picture []byte, err error) {
	err = m.look(ctx, owner, path, 0, func(ctx context.Context, file *subject) (err error) {
		picture, err = file.thumbnail(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("thumbnail: %w", err)
	}
	return picture, nil
}

func (s *subject) thumbnail(ctx context.Context) ([]byte, error) {
	for _, track := range []string{"0:V:0", "0:V:1"} { // The first may be of a kind that cannot be decoded.
		for _, start := range []string{"2", "0"} { // A short file has nothing at two seconds.
			picture, err := s.still(ctx, track, start)
			if err != nil || len(picture) > 0 {
				return picture, err
			}
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrNotVideo, errNoPicture)
}

// still is a picture of a track from about a time; nil where none can be decoded.
func (s *subject) still(ctx context.Context, track, start string) ([]byte, error) {
	picture := &boundedBuffer{}
	err := s.decode(ctx, picture, []string{"-noaccurate_seek", "-ss", start},
		"-map", track, "-frames:v", "1", "-vf", thumbnailScale, "-pix_fmt", "yuvj420p",
		"-c:v", "mjpeg", "-q:v", "5", "-f", "image2pipe")
	if err != nil && !errors.Is(err, errFailed) {
		return nil, err
	}
	return picture.Bytes(), nil
}

type boundedBuffer struct{ bytes.Buffer }

func (b *boundedBuffer) Write(data []byte) (int, error) {
	if b.Len()+len(data) > thumbnailBytes {
		return 0, fmt.Errorf("%w: thumbnail is too large", ErrNotVideo)
	}
	return b.Buffer.Write(data)
}
