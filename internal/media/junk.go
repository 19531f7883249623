package media

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

const (
	// minJunk is how many bytes in a row make no sense before they are left out.
	// Readers find their way past less; past 64 KB some give up.
	minJunk = 32 << 10
	// maxStretches bounds what a broken file is put together from.
	maxStretches = 200
	// longestUnit is more than a page of Ogg, which has at most 65,307 bytes.
	longestUnit = 66 << 10
	peekSize    = 2 * longestUnit
)

// stretch is a part of a file, from and to in bytes.
type stretch struct {
	from, to int64
	patch    bool // of what is read in place of a part of the file
}

// segment is what of a file has one clock, in stretches.
type segment []stretch

// parts are what is read of a file; the zero value is all of it.
type parts struct {
	segments []segment
	streams  []int  // their numbers in MPEG-PS, where they come in any order
	patches  []byte // what stretches that are patches are of
}

// unit returns the length of the unit of a stream that data begins with: a page,
// a frame, a packet. It is 0 where data begins with none.
type unit func(data []byte) int

// unitOf is for kinds that consist of units alone, so that what is no unit can be
// left out; nil for all others. The units of the file begin at start.
func (k kind) unitOf(head []byte) (u unit, start int) {
	switch k.demuxer {
	case "ogg":
		return oggPage, 0
	case kindAAC.demuxer:
		return aacFrame, 0
	case kindTS.demuxer:
		start, pace := transportPace(head)
		return func(data []byte) int {
			if data[0] != 'G' {
				return 0
			}
			return pace
		}, start
	case kindPS.demuxer:
		return programUnit, 0
	}
	return nil, 0
}

// oggPage reads the header of a page (RFC 3533, section 6).
func oggPage(data []byte) int {
	const head = 27
	if len(data) < head || !bytes.HasPrefix(data, []byte("OggS\x00")) {
		return 0
	}
	segments := data[head:min(len(data), head+int(data[head-1]))]
	length := head + len(segments)
	for _, size := range segments {
		length += int(size)
	}
	return length
}

func aacFrame(data []byte) int {
	found, length := soundFrame(data)
	if found != kindAAC {
		return 0
	}
	return length
}

// takeApart finds the segments of a file, in stretches between which much makes no
// sense.
func takeApart(file io.ReaderAt, size int64, k kind) (parts, error) {
	least := int64(minJunk)
	if k == kindAAC {
		least = 1 // One broken head keeps the whole from being copied.
	}
	if k.demuxer == kindMP4.demuxer {
		whole, patches, err := withoutHoles(file, size)
		if whole == nil {
			return parts{}, err
		}
		return parts{segments: []segment{whole}, patches: patches}, nil
	}
	head, err := readHead(file, 0, headSize)
	if err != nil {
		return parts{}, err
	}
	u, start := k.unitOf(head)
	if u == nil {
		return parts{}, nil
	}
	w := &unitWalk{unit: u, clock: k.newClockWatch(), least: least, reader: bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 1<<20)}
	if err := w.skip(start); err != nil {
		return parts{}, err
	}
	found, err := w.stretches(size)
	if err != nil || len(found)+len(w.clock.resets) > maxStretches || len(found) == 1 && found[0].to == size && len(w.clock.resets) == 0 {
		return parts{}, err
	}
	return parts{segments: w.clock.segments(found), streams: w.clock.numbers}, nil
}

// unitWalk goes through a file from unit to unit.
type unitWalk struct {
	unit   unit
	clock  *clockWatch
	least  int64 // how much junk is left out
	reader *bufio.Reader
	at     int64
}

func (w *unitWalk) skip(n int) error {
	n, err := w.reader.Discard(n)
	w.at += int64(n)
	if errors.Is(err, io.EOF) {
		return nil // The last unit is cut off.
	}
	return err
}

func (w *unitWalk) peek() ([]byte, error) {
	data, err := w.reader.Peek(peekSize)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return data, err
}

func (w *unitWalk) stretches(size int64) ([]stretch, error) {
	found := []stretch{{to: size}}
	for begun := false; ; begun = true {
		from, err := w.units()
		if err != nil {
			return nil, err
		}
		to, err := w.junk()
		if err != nil {
			return nil, err
		}
		// What stands before the first unit is a tag, which readers know.
		if (begun || from > 0) && to-from >= w.least {
			found[len(found)-1].to = from
			found = append(found, stretch{from: to, to: size})
		}
		if to == size {
			break
		}
	}
	if last := len(found) - 1; last > 0 && found[last].from == size {
		found = found[:last]
	}
	return found, nil
}

// units goes past all units that follow and returns where they end.
func (w *unitWalk) units() (int64, error) {
	for {
		data, err := w.peek()
		if err != nil {
			return 0, err
		}
		if len(data) == 0 {
			return w.at, nil
		}
		length := w.unit(data)
		if length == 0 {
			return w.at, nil
		}
		w.clock.see(w.at, data[:min(length, len(data))])
		if err := w.skip(length); err != nil {
			return 0, err
		}
	}
}

// junk goes to the next unit that others follow, or to the end, and returns where
// that is.
func (w *unitWalk) junk() (int64, error) {
	for {
		data, err := w.peek()
		if err != nil {
			return 0, err
		}
		if len(data) == 0 {
			return w.at, nil
		}
		last := len(data)
		if last == peekSize {
			last -= longestUnit // Behind each begin that is looked at there is a whole unit.
		}
		for at := range last {
			if w.follow(data[at:]) {
				err := w.skip(at)
				return w.at, err
			}
		}
		if err := w.skip(last); err != nil {
			return 0, err
		}
	}
}

// follow reports whether data begins with units in a row, as many as tell them
// from chance.
func (w *unitWalk) follow(data []byte) bool {
	const enough = 4
	for n := range enough {
		if len(data) == 0 {
			return n > 0
		}
		length := w.unit(data)
		if length == 0 {
			return false
		}
		data = data[min(length, len(data)):]
	}
	return true
}
