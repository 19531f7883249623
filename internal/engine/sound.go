package engine

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

const (
	sampleRate     = 16000 // Hz, one channel
	sampleSize     = 2     // bytes: signed, little endian
	bytesPerSecond = sampleRate * sampleSize
	wavHeader      = 44 // bytes

	// A pause between words lasts 100 to 300 ms and more between sentences, so
	// the quietest 250 ms lie in one where there is one.
	soundFrame  = 10 * bytesPerSecond / 1000 // bytes of 10 ms
	pauseFrames = 25

	// shortestPiece is what a cut leaves at least: engines refuse sound below
	// 100 ms, and make things up about little more.
	shortestPiece = bytesPerSecond
	// shortestSpeech is the length below which no engine is asked.
	shortestSpeech = 100 * time.Millisecond
)

// sound is a file of samples as Request.Audio names one, open for reading.
type sound struct {
	file *os.File
	size int64 // bytes of whole samples
}

// soundPiece is a part of a sound, in bytes from its begin.
type soundPiece struct{ from, to int64 }

func openSound(path string) (*sound, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open sound: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("size of sound: %w", err)
	}
	return &sound{file: file, size: info.Size() / sampleSize * sampleSize}, nil
}

func (s *sound) close() { _ = s.file.Close() }

// whole is the sound as one piece.
func (s *sound) whole() soundPiece { return soundPiece{to: s.size} }

// pieces cuts the sound so that each piece's WAV file has at most maxBytes,
// each time at the quietest moment in the last fifth of what would fit. It
// reads that fifth alone, a little at a time.
func (s *sound) pieces(maxBytes int64) ([]soundPiece, error) {
	room := (maxBytes - wavHeader) / sampleSize * sampleSize
	if room < 2*shortestPiece {
		return nil, fmt.Errorf("cut sound: %d bytes are too few for a piece", maxBytes)
	}
	var pieces []soundPiece
	from := int64(0)
	for s.size-from > room {
		limit := min(from+room, s.size-shortestPiece)
		cut, err := s.quietest(limit-room/5, limit)
		if err != nil {
			return nil, fmt.Errorf("cut sound: %w", err)
		}
		pieces = append(pieces, soundPiece{from, cut})
		from = cut
	}
	if from < s.size {
		pieces = append(pieces, soundPiece{from, s.size})
	}
	return pieces, nil
}

// quietest is the middle of the quietest stretch of pauseFrames between two
// places, which both lie in the sound; the last of equal ones, as larger pieces
// give engines more to understand.
func (s *sound) quietest(from, to int64) (int64, error) {
	from -= from % sampleSize
	reader := bufio.NewReaderSize(io.NewSectionReader(s.file, from, to-from), 64<<10)
	frame := make([]byte, soundFrame)
	var recent [pauseFrames]int64
	var loud int64
	best, cut := int64(math.MaxInt64), to-to%sampleSize
	for n := range (to - from) / soundFrame {
		if _, err := io.ReadFull(reader, frame); err != nil {
			return 0, fmt.Errorf("read sound: %w", err)
		}
		oldest := &recent[n%pauseFrames]
		loud -= *oldest
		*oldest = loudness(frame)
		loud += *oldest
		if n >= pauseFrames-1 && loud <= best {
			best, cut = loud, from+(n+1)*soundFrame-pauseFrames*soundFrame/2
		}
	}
	return cut, nil
}

// loudness is the energy of some samples.
func loudness(frame []byte) int64 {
	var energy int64
	for at := 0; at < len(frame); at += sampleSize {
		sample := int64(int16(binary.LittleEndian.Uint16(frame[at:])))
		energy += sample * sample
	}
	return energy
}

// start is when the piece begins in its sound.
func (p soundPiece) start() time.Duration { return soundLength(p.from) }

func (p soundPiece) length() time.Duration { return soundLength(p.to - p.from) }

// soundLength is how long so many bytes of sound last, in whole milliseconds.
func soundLength(size int64) time.Duration {
	return time.Duration(size*1000/bytesPerSecond) * time.Millisecond
}

// wav reads a piece as a WAV file of wavHeader bytes and its samples. A sound
// that shrank meanwhile makes it end early.
func (s *sound) wav(p soundPiece) io.Reader {
	return io.MultiReader(newWAVHeader(p.to-p.from), io.NewSectionReader(s.file, p.from, p.to-p.from))
}

// newWAVHeader describes so many bytes of samples (Multimedia Programming
// Interface and Data Specifications 1.0, 1991, "WAVE"). Its fields end at 4 GB,
// 37 hours; readers take the largest size as "to the end".
func newWAVHeader(size int64) io.Reader {
	header := make([]byte, 0, wavHeader)
	header = append(header, "RIFF"...)
	header = binary.LittleEndian.AppendUint32(header, uint32(min(size+wavHeader-8, math.MaxUint32)))
	header = append(header, "WAVEfmt "...)
	header = binary.LittleEndian.AppendUint32(header, 16) // bytes of format
	header = binary.LittleEndian.AppendUint16(header, 1)  // PCM
	header = binary.LittleEndian.AppendUint16(header, 1)  // channel
	header = binary.LittleEndian.AppendUint32(header, sampleRate)
	header = binary.LittleEndian.AppendUint32(header, bytesPerSecond)
	header = binary.LittleEndian.AppendUint16(header, sampleSize)
	header = binary.LittleEndian.AppendUint16(header, 8*sampleSize)
	header = append(header, "data"...)
	header = binary.LittleEndian.AppendUint32(header, uint32(min(size, math.MaxUint32)))
	return bytes.NewReader(header)
}
