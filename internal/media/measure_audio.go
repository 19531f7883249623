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
)

// errEnough ends a child whose further output would change nothing.
var errEnough = errors.New("enough was read")

var errNoPicture = errors.New("no picture can be decoded")

// sound is what the decoder makes of a file's sound.
type sound struct {
	length time.Duration // of the longest stream; zero when none decodes
	stream int           // the first, by index, that decodes; -1 when none does
}

// beginPlainSound starts to measure what a plain ffmpeg makes of the file's
// sound. The function it returns first waits for the length; the second ends
// the work, and waits for that end.
func (s *subject) beginPlainSound(ctx context.Context, atMost time.Duration) (func() (time.Duration, error), func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	var length time.Duration
	var err error
	go func() {
		defer close(ended)
		err = s.meter.contain(func() (err error) {
			length, err = soundLength(atMost, func(pcm io.Writer) error {
				return s.decode(ctx, pcm, nil, append([]string{"-vn"}, asPCM...)...)
			})
			return err
		})
	}()
	await := func() (time.Duration, error) { <-ended; return length, err }
	return await, func() { cancel(); <-ended }
}

// sound decodes all sound that a speech engine could be given: what a plain
// ffmpeg makes of the file, then every stream. A file may hold many of them,
// with the long one anywhere, and ffmpeg has a choice of its own: the default
// one by the file's word, then the one with the most channels. It is a
// TooLongError as soon as one is past atMost and its padding. The streams are
// read with these options of input.
func (s *subject) sound(
	ctx context.Context, awaitPlain func() (time.Duration, error), streams []int, atMost time.Duration, input ...string,
) (sound, error) {
	if len(streams) > maxSounds {
		return sound{}, fmt.Errorf("%w: more than %d streams of sound", ErrNotVideo, maxSounds)
	}
	// The only stream, with nothing left out, is what a plain ffmpeg decodes.
	plainIsAll := len(streams) == 1 && len(input) == 0
	found := sound{stream: -1}
	for _, index := range streams {
		if plainIsAll {
			break
		}
		length, err := soundLength(atMost, func(pcm io.Writer) error { return s.decodeSound(ctx, index, pcm, input...) })
		if err != nil {
			return sound{}, err
		}
		if length > 0 && found.stream < 0 {
			found.stream = index
		}
		found.length = max(found.length, length)
	}
	plain, err := awaitPlain()
	if err != nil {
		return sound{}, err
	}
	if plainIsAll && plain > 0 {
		found.stream = streams[0]
	}
	found.length = max(found.length, plain)
	return found, nil
}

// soundLength is the length of what decode writes. It is zero for a stream that
// cannot be decoded; one that breaks off counts up to there.
func soundLength(atMost time.Duration, decode func(io.Writer) error) (time.Duration, error) {
	pcm := &meteredWriter{limit: pcmBytes(atMost + codecPadding)}
	err := decode(pcm)
	length := pcmLength(pcm.count)
	switch {
	case errors.Is(err, errEnough):
		return 0, &TooLongError{Duration: length.Truncate(time.Millisecond)}
	case err != nil && !errors.Is(err, errFailed):
		return 0, err
	}
	return length, nil
}

// asPCM are the output options for what speech engines take.
var asPCM = []string{"-ac", "1", "-ar", strconv.Itoa(sampleRate), "-f", "s16le"}

// decodeSound writes an audio stream to pcm: signed 16-bit little-endian
// samples, 16 kHz, one channel. After errFailed, for a stream that cannot be
// decoded or breaks off, the samples that came are valid.
func (s *subject) decodeSound(ctx context.Context, index int, pcm io.Writer, input ...string) error {
	return s.decode(ctx, pcm, input, append([]string{"-map", "0:" + strconv.Itoa(index)}, asPCM...)...)
}

// picture requires that the first of the streams yields one decoded frame.
func (s *subject) picture(ctx context.Context, streams []int) error {
	if len(streams) == 0 {
		return fmt.Errorf("%w: no sound can be decoded", ErrNotVideo)
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
	args = append(args, "-i", s.source(), "-filter_threads", "1", "-max_error_rate", "1")
	args = append(args, output...)
	return s.run(ctx, process{
		program: s.meter.ffmpeg,
		args:    append(args, "pipe:1"),
		stdout:  w,
	})
}

// heard is all sound of a file that lasts as long by its packets, less what an
// edit list cuts away: nobody hears it, and no engine is given it. An edit list
// hides sound, too, where the table of times is wrong: such a file decodes to a
// hundredth of a second with the list and to all of its twenty seconds without,
// and counts twenty. Only what the table itself has as long is taken for cut.
func (s *subject) heard(
	ctx context.Context, awaitPlain func() (time.Duration, error), times *timeline, atMost time.Duration,
) (sound, error) {
	streams, ignored := times.streams("audio"), s.allSound()
	all, err := s.sound(ctx, awaitPlain, streams, atMost, ignored...)
	var long *TooLongError
	tooLong := errors.As(err, &long)
	if len(ignored) == 0 || err != nil && !tooLong || err == nil && all.length <= times.length()+codecPadding {
		return all, err
	}
	switch whole, errWhole := s.timeline(ctx, atMost, ignored...); {
	case errors.As(errWhole, &long):
	case errWhole != nil:
		return sound{}, errWhole
	case tooLong || all.length > whole.longest("audio")+codecPadding:
		return all, err
	}
	return s.sound(ctx, awaitPlain, streams, atMost)
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
