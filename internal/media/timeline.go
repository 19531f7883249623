package media

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// codecPadding is how much longer than its packets say sound may decode
	// without having more content: an encoder's warm-up and the unused part of
	// its last frame. AAC at 8 kHz has the most, up to 2,047 samples or 256 ms.
	codecPadding = 300 * time.Millisecond

	// overhang is how far, both ends together, packets of sound may stick out
	// of the pictures for the same reason where a container cannot say what to
	// cut: three frames of AAC, MP3 or Opus.
	overhang = 80 * time.Millisecond

	// maxJump is what the clock of a recording may leap between two packets of a
	// stream before it counts as set anew. ffmpeg's -dts_delta_threshold is the same.
	maxJump = 10 * time.Second

	// maxLine bounds a line of ffprobe's output, which is some 120 bytes long.
	maxLine = 4096
)

var (
	// errOutput is a program that does not write what it was asked for.
	errOutput  = errors.New("output not understood")
	errNothing = errors.New("neither sound nor pictures")
)

// span is a stretch of time; the zero value is empty.
type span struct {
	start, end time.Duration
	filled     bool
}

func (s *span) add(other span) {
	switch {
	case !other.filled:
	case !s.filled:
		*s = other
	default:
		s.start, s.end = min(s.start, other.start), max(s.end, other.end)
	}
}

func (s span) length() time.Duration { return s.end - s.start }

// stream is one track of a file.
type stream struct {
	kind    string // ffprobe's codec_type
	times   span
	offset  time.Duration // from the clock of the packets to times
	cover   bool          // an attached picture, which takes no time
	present bool          // it was listed at the end
}

// counts is true for sound and pictures; subtitles and data take no time.
func (s *stream) counts() bool { return s.kind == "audio" || s.kind == "video" }

// timeline collects when the packets of a file begin and end.
type timeline struct {
	tracks map[int]*stream
	atMost time.Duration
	jumps  bool // the clock may be set anew, as in broadcasts and joined recordings
}

// timeline reads every packet's times with ffprobe, edit lists honoured unless
// the options of input say otherwise, and stops with TooLongError as soon as one
// stream alone is past atMost.
func (s *subject) timeline(ctx context.Context, atMost time.Duration, input ...string) (*timeline, error) {
	times := &timeline{tracks: map[int]*stream{}, atMost: atMost, jumps: s.kind.clockJumps()}
	err := s.run(ctx, process{
		program: s.meter.ffprobe,
		args: append(append(s.input(), input...),
			// No tags are asked for: they can be megabytes long.
			"-show_entries", "packet=codec_type,stream_index,pts_time,dts_time,duration_time,flags"+
				":stream=index,codec_type:stream_disposition=attached_pic",
			"-of", "compact", "-i", s.source()),
		stdout: &lineWriter{line: times.read},
	})
	// What was read up to a broken place counts; the decoder judges next.
	if err != nil && !errors.Is(err, errFailed) {
		return nil, err
	}
	if len(times.streams("audio", "video")) == 0 {
		return nil, s.blameRecorder(fmt.Errorf("%w: %w", ErrNotVideo, cmp.Or(err, errNothing)))
	}
	return times, nil
}

// read takes one line such as
//
//	packet|codec_type=audio|stream_index=1|pts_time=0.5|dts_time=N/A|duration_time=0.02|flags=K_
//	stream|index=1|codec_type=audio|disposition:attached_pic=0
func (t *timeline) read(line []byte) error {
	section, rest, _ := strings.Cut(string(line), "|")
	switch section {
	case "packet":
		return t.readPacket(fields(rest))
	case "stream":
		f := fields(rest)
		track, err := t.track(f["index"], f["codec_type"])
		if err != nil {
			return err
		}
		track.present = true
		track.cover = track.kind == "video" && f["disposition:attached_pic"] == "1"
	}
	return nil
}

func (t *timeline) readPacket(f map[string]string) error {
	track, err := t.track(f["stream_index"], f["codec_type"])
	if err != nil || strings.Contains(f["flags"], "D") || !track.counts() {
		return err
	}
	start, ok := seconds(f["pts_time"])
	if !ok {
		start, ok = seconds(f["dts_time"])
	}
	if !ok {
		// A packet without a time follows the one before it.
		start = track.times.end - track.offset
	}
	start += track.offset
	if jump := start - track.times.end; t.jumps && track.times.filled && jump.Abs() > maxJump {
		track.offset -= jump
		start = track.times.end
	}
	length, _ := seconds(f["duration_time"])
	if !ok && length <= 0 {
		return nil
	}
	track.times.add(span{start: start, end: start + max(length, 0), filled: true})
	if length := track.times.length(); length > t.atMost+codecPadding {
		return &TooLongError{Duration: length.Round(time.Millisecond)}
	}
	return nil
}

// track finds or adds a stream.
func (t *timeline) track(index, codecType string) (*stream, error) {
	number, err := strconv.Atoi(index)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: stream index: %w", ErrUnavailable, errOutput, err)
	}
	if number < 0 || number >= maxStreams {
		return nil, fmt.Errorf("%w: more than %d streams", ErrNotVideo, maxStreams)
	}
	if t.tracks[number] == nil {
		t.tracks[number] = &stream{kind: codecType}
	}
	return t.tracks[number], nil
}

// streams lists the streams of these kinds by index, covers left out.
func (t *timeline) streams(kinds ...string) []int {
	var found []int
	for index := range maxStreams {
		track := t.tracks[index]
		if track != nil && track.present && !track.cover && slices.Contains(kinds, track.kind) {
			found = append(found, index)
		}
	}
	return found
}

// longest is the length of the longest stream of this kind.
func (t *timeline) longest(kind string) time.Duration {
	var length time.Duration
	for _, index := range t.streams(kind) {
		length = max(length, t.tracks[index].times.length())
	}
	return length
}

// length is the time from the first packet of sound or pictures to the end of
// the last, less a codec's padding around the pictures and before zero.
func (t *timeline) length() time.Duration {
	var sound, pictures span
	for _, index := range t.streams("audio") {
		sound.add(t.tracks[index].times)
	}
	for _, index := range t.streams("video") {
		pictures.add(t.tracks[index].times)
	}
	if sound.start < 0 && sound.start >= -codecPadding {
		sound.start = min(0, sound.end)
	}
	if sound.filled && pictures.filled {
		before := max(0, pictures.start-sound.start)
		after := max(0, sound.end-pictures.end)
		if before+after <= overhang {
			return pictures.length()
		}
	}
	pictures.add(sound)
	return pictures.length()
}

func fields(line string) map[string]string {
	found := map[string]string{}
	for pair := range strings.SplitSeq(line, "|") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			found[name] = value
		}
	}
	return found
}

// seconds reads a time; it is false for N/A and for what no clock can show.
func seconds(text string) (time.Duration, bool) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(number) || math.Abs(number) > 1e9 {
		return 0, false
	}
	return time.Duration(math.Round(number*1e6)) * time.Microsecond, true
}

// lineWriter hands on whole lines and refuses one that is longer than maxLine.
type lineWriter struct {
	line func([]byte) error
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	n := len(data)
	for {
		head, tail, ended := bytes.Cut(data, []byte("\n"))
		if len(w.rest)+len(head) > maxLine {
			return 0, fmt.Errorf("%w: %w: line too long", ErrUnavailable, errOutput)
		}
		w.rest = append(w.rest, head...)
		if !ended {
			return n, nil
		}
		if err := w.line(w.rest); err != nil {
			return 0, err
		}
		w.rest, data = w.rest[:0], tail
	}
}
