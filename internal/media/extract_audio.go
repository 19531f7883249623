package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

const (
	// soundSlack is how far sound may be from where its times say that it
	// belongs before it is moved there, as ffmpeg's own resampler has it: the
	// times that containers give are coarse.
	soundSlack = 100 * time.Millisecond
	// maxOverlap is how much sound is dropped at most where times say that it is
	// over already. Where they want more, they are broken, and it is kept.
	maxOverlap  = 10 * time.Second
	soundBuffer = 64 << 10
	// firstLeap is how far behind a place at which the decoder gave up the next try
	// begins; each that gives nothing doubles it.
	firstLeap = time.Second
)

// SoundFile is where the sound for speech engines is written; an *os.File is one.
// Its errors are returned as they are.
type SoundFile interface {
	io.WriterAt
	Truncate(size int64) error
}

// Extract is for a video that was measured before: it writes what is heard of the
// owner's file at path, at most atMost of it, for speech engines: signed 16-bit
// little-endian samples, 16 kHz, one channel, no header. Sample n is heard n/16000 s
// after a player has begun, so where there is no sound, there is silence. The track
// is one by its number, or for 0 the default one, or where that gives next to nothing
// the next that gives more. Nothing is written for a file without such a track, or whose
// sound cannot be decoded, and that is no error. It waits for a turn and is bounded
// as Measure is. ErrUnavailable, and the errors of file.
func (m *Meter) Extract(ctx context.Context, owner, path string, track int, atMost time.Duration, file SoundFile) error {
	err := m.look(ctx, owner, path, atMost, func(ctx context.Context, s *subject) error {
		e := s.newExtraction(file, atMost)
		list, err := s.list(ctx)
		if err == nil {
			err = e.choose(ctx, list, track)
		}
		if err == nil {
			err = e.end(atMost)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("extract sound: %w", err)
	}
	return nil
}

// extraction writes a file's sound in time with its pictures.
type extraction struct {
	subject *subject
	file    SoundFile
	limit   int64         // bytes that may be wanted
	at      int64         // where the next byte belongs
	heard   int64         // bytes that were decoded
	from    time.Duration // where the decoder began
	buffer  []byte        // what belongs just before it and is not written yet
	err     error         // of the file
}

// newExtraction opens an account of its own for a file: what the extraction
// costs must not decide whether, and as how long, the file counts.
func (s *subject) newExtraction(file SoundFile, atMost time.Duration) *extraction {
	own := &subject{
		meter: s.meter, owner: s.owner, path: s.path, size: s.size, kind: s.kind, clock: s.clock, spent: s.spent, cpu: s.spend(0),
		parts: s.parts, patches: s.patches,
	}
	return &extraction{subject: own, file: file, limit: soundBytes(atMost)}
}

// beginExtraction starts to extract the default track of sound. The functions it
// returns are as those of beginPlainSound.
func (s *subject) beginExtraction(ctx context.Context, list listing, file SoundFile, atMost time.Duration) (func() (*extraction, error), func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	e := s.newExtraction(file, atMost)
	var err error
	go func() {
		defer close(ended)
		err = s.meter.contain(func() error { return e.first(ctx, list) })
	}()
	await := func() (*extraction, error) { <-ended; return e, err }
	return await, func() { cancel(); <-ended }
}

// choose extracts a track by its number, or for 0 the default one, or where that
// gives next to nothing the next that gives more.
func (e *extraction) choose(ctx context.Context, list listing, number int) error {
	if number > 0 {
		if track, ok := list.audio(number); ok {
			return e.stream(ctx, track.index)
		}
		return nil
	}
	if err := e.first(ctx, list); err != nil {
		return err
	}
	// A track that is silent for long costs another look at the file.
	if e.heard > e.limit/4 || list.sounds() < 2 {
		return nil
	}
	times, err := e.subject.timeline(ctx, pcmLength(e.limit))
	var long *TooLongError
	switch {
	case errors.Is(err, ErrNotVideo), errors.As(err, &long): // It is no longer the file that was measured.
		return nil
	case err != nil:
		return err
	}
	_, err = e.orNext(ctx, list, times)
	return err
}

// first extracts the default track, which is the one that players begin with.
func (e *extraction) first(ctx context.Context, list listing) error {
	if index := list.first(); index >= 0 {
		return e.stream(ctx, index)
	}
	return e.run(ctx, "0:a:0")
}

// orNext is called when the default track was extracted. Where that gave next to
// nothing of what its packets hold, it extracts the next that gives more. It
// returns the index of the stream.
func (e *extraction) orNext(ctx context.Context, list listing, times *timeline) (int, error) {
	first := list.first()
	if !e.scanty(times, first) || list.sounds() > maxSounds { // So many Measure does not take.
		return first, nil
	}
	scrap := -1 // the first track of which something was heard
	if e.heard > 0 {
		scrap = first
	}
	for _, track := range list.tracks {
		if track.Kind != TrackAudio || track.index == first {
			continue
		}
		e.restart()
		if err := e.stream(ctx, track.index); err != nil {
			return -1, err
		}
		if !e.scanty(times, track.index) {
			return track.index, nil
		}
		if scrap < 0 && e.heard > 0 {
			scrap = track.index
		}
	}
	e.restart()
	if scrap < 0 {
		return first, nil
	}
	return scrap, e.stream(ctx, scrap)
}

// scanty is true where less than a quarter was heard of what a stream's packets hold.
func (e *extraction) scanty(times *timeline, index int) bool {
	var held time.Duration
	if stream := times.tracks[index]; stream != nil {
		held = stream.times.length()
	}
	return e.heard == 0 || e.heard < soundBytes(held)/4
}

// restart forgets what was extracted.
func (e *extraction) restart() {
	e.at, e.heard, e.buffer = 0, 0, nil
	e.err = e.file.Truncate(0)
}

func (e *extraction) stream(ctx context.Context, index int) error {
	return e.run(ctx, "0:"+strconv.Itoa(index))
}

// run extracts a stream. For one that cannot be decoded, or that costs too much,
// what came of it is there. A decoder that gives up on a broken part is begun anew
// behind it.
func (e *extraction) run(ctx context.Context, stream string) error {
	e.from = 0
	for leap := firstLeap; ; {
		before := e.heard
		err := e.decode(ctx, stream)
		switch {
		case e.err != nil:
			return e.err
		case errors.Is(err, errEnough), errors.Is(err, ErrNotVideo):
			return nil
		case !errors.Is(err, errFailed):
			return err
		case e.heard == 0:
			return nil
		case e.heard > before:
			leap = firstLeap
		}
		e.from = max(e.from, pcmLength(e.at)) + leap
		leap *= 2
		if soundBytes(e.from) >= e.limit {
			return nil
		}
	}
}

// decode runs the decoder from a place in the file on.
func (e *extraction) decode(ctx context.Context, stream string) error {
	s := e.subject
	var input, output []string
	if s.kind.demuxer == "ogg" {
		// ffmpeg would take what is missing for a clock that was set anew.
		input = append(input, "-dts_delta_threshold", "1e9")
	}
	if e.from > 0 {
		input = append(input, "-ss", strconv.FormatFloat(e.from.Seconds(), 'f', 3, 64))
	}
	if s.kind.clockJumps() {
		// Of these ffmpeg takes the first moment of the streams that it was asked
		// for as the beginning, and not that of the file.
		output = append(output, "-map", "0:V:0?", "-map", "0:a", "-c", "copy", "-f", "null", "-")
	}
	output = append(output,
		"-map", stream, "-ac", "1", "-ar", strconv.Itoa(sampleRate), "-c:a", "pcm_s16le",
		"-avoid_negative_ts", "disabled", "-f", "matroska")
	return s.decode(ctx, &blockWriter{block: e.take}, input, output...)
}

// take puts samples where their time says. ffmpeg's resampler could do so too,
// and begins anew wherever the kind of sound changes, as it does between a film
// and an advertisement: all the time until there would be filled once more.
func (e *extraction) take(start time.Duration, pcm []byte) error {
	gap, slack := soundBytes(start+e.from)-e.at, soundBytes(soundSlack)
	e.heard += int64(len(pcm))
	if e.at == 0 {
		slack = 0
	}
	switch {
	case gap > slack:
		if err := e.flush(); err != nil {
			return err
		}
		e.at += gap // What is left out of a file reads as zeros.
	case gap < -slack && gap > -soundBytes(maxOverlap):
		pcm = pcm[min(-gap, int64(len(pcm))):]
	}
	if e.at >= e.limit {
		return errEnough
	}
	e.buffer = append(e.buffer, pcm...)
	e.at += int64(len(pcm))
	if len(e.buffer) >= soundBuffer {
		return e.flush()
	}
	return nil
}

func (e *extraction) flush() error {
	_, e.err = e.file.WriteAt(e.buffer, e.at-int64(len(e.buffer)))
	e.buffer = e.buffer[:0]
	return e.err
}

// end writes what is left and cuts what is beyond length.
func (e *extraction) end(length time.Duration) error {
	err := e.flush()
	if err == nil {
		err = e.file.Truncate(min(e.at, soundBytes(length)))
	}
	return err
}

// soundBytes are those of whole samples.
func soundBytes(length time.Duration) int64 {
	samples := int64(length/time.Second)*sampleRate + int64(length%time.Second*sampleRate/time.Second)
	return samples * bytesPerSample
}
