package media

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// ErrNoTrack says that a file has no such track, or none that can be read.
var ErrNoTrack = errors.New("no such track")

// maxTrackText bounds the text of a track, in bytes, as that of a file of subtitles.
const maxTrackText = 64 << 20

// Subtitles waits for a turn and reads a track of text of the owner's file at path,
// by its number: as ASS or WebVTT where it is that, else as SRT. Errors are
// ErrNoTrack, ErrNotVideo, and ErrUnavailable when another try may succeed.
func (m *Muxer) Subtitles(ctx context.Context, owner, path string, number int) ([]byte, error) {
	text, err := m.subtitles(ctx, owner, path, number)
	if err != nil {
		return nil, fmt.Errorf("read subtitle track %d: %w", number, err)
	}
	return text, nil
}

func (m *Muxer) subtitles(ctx context.Context, owner, path string, number int) ([]byte, error) {
	s, err := m.meter.open(owner, path)
	if err != nil {
		return nil, err
	}
	defer s.close()
	release, err := m.limiter.acquire(ctx, owner)
	if err != nil {
		return nil, err
	}
	defer release()
	ctx, end := s.begin(ctx, 0)
	defer end()
	list, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range list.tracks {
		if t.Kind == TrackSubtitle && t.Number == number && t.Text {
			return s.subtitles(ctx, t)
		}
	}
	return nil, ErrNoTrack
}

func (s *subject) subtitles(ctx context.Context, t Track) ([]byte, error) {
	format := []string{"-f", "srt"}
	switch t.codec {
	case "ass", "ssa":
		format = []string{"-c", "copy", "-f", "ass"}
	case "webvtt":
		format = []string{"-c", "copy", "-f", "webvtt"}
	}
	output := &boundedWriter{most: maxTrackText}
	args := append([]string{"-nostdin"}, s.input()...)
	args = append(args, "-i", s.source(), "-map", "0:"+strconv.Itoa(t.index))
	err := s.run(ctx, process{
		program: s.meter.ffmpeg,
		args:    append(append(args, format...), "pipe:1"),
		stdout:  output,
	})
	if errors.Is(err, errFailed) || errors.Is(err, errTooLarge) {
		return nil, fmt.Errorf("%w: %w", ErrNoTrack, err)
	}
	return output.data, err
}
