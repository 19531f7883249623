package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

const (
	sampleRate     = 16000 // Hz, one channel: what speech engines take
	bytesPerSample = 2     // signed, little endian

	// maxSoundTries is how many streams are tried for the first that decodes.
	maxSoundTries = 3
)

// errEnough ends a child whose further output would change nothing.
var errEnough = errors.New("enough was read")

var errNoPicture = errors.New("no picture can be decoded")

// sound is the length of the sound that a speech engine is given: the first
// audio stream, by index, that decodes to anything at all. It is zero when none
// does, and a TooLongError as soon as it is past atMost and its padding.
func (s *subject) sound(ctx context.Context, streams []int, atMost time.Duration) (time.Duration, error) {
	for _, index := range streams[:min(len(streams), maxSoundTries)] {
		pcm := &meteredWriter{limit: pcmBytes(atMost + codecPadding)}
		err := s.decodeSound(ctx, index, pcm)
		switch length := pcmLength(pcm.count); {
		case errors.Is(err, errEnough):
			return 0, &TooLongError{Duration: length.Truncate(time.Millisecond)}
		case err != nil && !errors.Is(err, errFailed):
			return 0, err
		case length > 0:
			return length, nil
		}
	}
	return 0, nil
}

// decodeSound writes an audio stream to pcm: signed 16-bit little-endian
// samples, 16 kHz, one channel. Edit lists are not honoured, because they can
// hide sound: a file whose table of times is wrong decodes to a hundredth of a
// second with them and to all of its twenty seconds without. After errFailed, for
// a stream that cannot be decoded or breaks off, the samples that came are valid.
func (s *subject) decodeSound(ctx context.Context, index int, pcm io.Writer) error {
	return s.decode(ctx, pcm, s.allSound(), "-map", "0:"+strconv.Itoa(index),
		"-ac", "1", "-ar", strconv.Itoa(sampleRate), "-f", "s16le")
}

// picture requires that the first of the streams yields one decoded frame.
func (s *subject) picture(ctx context.Context, streams []int) error {
	if len(streams) == 0 {
		return fmt.Errorf("%w: neither sound nor pictures", ErrNotVideo)
	}
	frame := &meteredWriter{}
	err := s.decode(ctx, frame, nil, "-map", "0:"+strconv.Itoa(streams[0]),
		"-frames:v", "1", "-c:v", "rawvideo", "-f", "rawvideo")
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err == nil, errors.Is(err, errFailed):
		return fmt.Errorf("%w: %w", ErrNotVideo, cmp.Or(err, errNoPicture))
	}
	return err
}

// decode runs ffmpeg over the file and its output into w.
func (s *subject) decode(ctx context.Context, w io.Writer, input []string, output ...string) error {
	args := append([]string{"-nostdin"}, s.input()...)
	args = append(args, input...)
	args = append(args, "-i", "file:"+s.path, "-filter_threads", "1", "-max_error_rate", "1")
	args = append(args, output...)
	return s.run(ctx, process{
		program: s.meter.ffmpeg,
		args:    append(args, "pipe:1"),
		stdout:  w,
	})
}

// allSound are the input options that keep a reader from leaving sound out.
func (s *subject) allSound() []string {
	if s.kind.demuxer == "mov" {
		return []string{"-ignore_editlist", "1"}
	}
	return nil
}

// meteredWriter counts bytes and answers errEnough past its limit.
type meteredWriter struct {
	count int64
	limit int64
}

func (w *meteredWriter) Write(data []byte) (int, error) {
	w.count += int64(len(data))
	if w.count > w.limit {
		return 0, errEnough
	}
	return len(data), nil
}

func pcmBytes(length time.Duration) int64 {
	return int64(length.Seconds() * sampleRate * bytesPerSample)
}

func pcmLength(bytes int64) time.Duration {
	samples := bytes / bytesPerSample
	return time.Duration(samples/sampleRate)*time.Second +
		time.Duration(samples%sampleRate)*time.Second/sampleRate
}
