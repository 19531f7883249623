package media

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Elements of Matroska (RFC 9559, section 5.1).
const (
	idSegment     = 0x18538067
	idCluster     = 0x1F43B675
	idTimestamp   = 0xE7
	idSimpleBlock = 0xA3
	idBlockGroup  = 0xA0
	idBlock       = 0xA1
)

const (
	// maxElement bounds a block; one of PCM holds a frame of some decoder.
	maxElement = 4 << 20
	// longestHead is that of an element's ID and length.
	longestHead = 4 + 8
)

// blockWriter takes Matroska with one track, as ffmpeg writes it into a pipe,
// and hands on each block: when it begins, and what it holds until the next call.
type blockWriter struct {
	block   func(start time.Duration, data []byte) error
	cluster int64  // when the cluster begins, in milliseconds
	skip    uint64 // bytes that are of no interest and still to come
	rest    []byte // the beginning of an element
}

func (w *blockWriter) Write(data []byte) (int, error) {
	n := len(data)
	skipped := min(w.skip, uint64(n))
	w.skip -= skipped
	w.rest = append(w.rest, data[skipped:]...)
	used := 0
	for {
		took, err := w.element(w.rest[used:])
		if err != nil {
			return 0, err
		}
		if took == 0 {
			w.rest = w.rest[:copy(w.rest, w.rest[used:])]
			return n, nil
		}
		used += took
	}
}

// element takes the element that data begins with and returns how many bytes
// that were. It is zero for one that has not come whole yet.
func (w *blockWriter) element(data []byte) (int, error) {
	id, afterID := ebmlNumber(data, false)
	size, body := ebmlNumber(afterID, true)
	if body == nil {
		if len(data) >= longestHead {
			return 0, fmt.Errorf("%w: %w: broken element", ErrUnavailable, errOutput)
		}
		return 0, nil
	}
	head := len(data) - len(body)
	switch id {
	case idSegment, idCluster, idBlockGroup:
		return head, nil // What it holds comes next; a pipe's lengths may be unknown.
	case idTimestamp, idSimpleBlock, idBlock:
		if size > maxElement {
			return 0, fmt.Errorf("%w: %w: element of %d bytes", ErrUnavailable, errOutput, size)
		}
		if size > uint64(len(body)) {
			return 0, nil
		}
		return head + int(size), w.take(id, body[:size])
	}
	here := min(size, uint64(len(body)))
	w.skip = size - here
	return head + int(here), nil
}

func (w *blockWriter) take(id uint64, body []byte) error {
	if id == idTimestamp {
		w.cluster = 0
		for _, b := range body {
			w.cluster = w.cluster<<8 | int64(b)
		}
		return nil
	}
	// The track's number, 16 bits of time within the cluster, flags (section 10.1).
	_, rest := ebmlNumber(body, true)
	if len(rest) < 3 {
		return fmt.Errorf("%w: %w: block of %d bytes", ErrUnavailable, errOutput, len(body))
	}
	within := int16(binary.BigEndian.Uint16(rest))
	return w.block(time.Duration(w.cluster+int64(within))*time.Millisecond, rest[3:])
}
