package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
)

// A fragmented MP4 is read from box to box, and no reader finds its way past one
// that makes no sense. So what does not is read as a free box: all that follows
// keeps its place, which boxes may refer to (ISO/IEC 14496-12, 4.2 and 8.8).

const (
	boxHead = 8
	// maxMoof is far more than the index of a fragment has.
	maxMoof     = 16 << 20
	maxPatches  = 100
	searchBlock = 1 << 20
)

// fragmentBoxes are those that a fragmented file may consist of.
var fragmentBoxes = []string{
	"ftyp", "moov", "moof", "mdat", "styp", "sidx", "ssix", "emsg", "prft", "mfra", "free", "skip", "wide", "uuid", "meta", "udta", "pdin",
}

// withoutHoles returns the stretches of a fragmented file that make sense, and for
// each of those between them the head of a free box, as a patch; nil for any other
// file, and where all makes sense.
func withoutHoles(file io.ReaderAt, size int64) (segment, []byte, error) {
	w := &fragmentWalk{file: file, size: size}
	var whole segment
	var patches []byte
	at := int64(0)
	for {
		from, err := w.boxes(at)
		if err != nil {
			return nil, nil, err
		}
		whole = append(whole, stretch{from: at, to: from})
		if from == size || !w.fragmented {
			break
		}
		if at, err = w.nextFragment(from); err != nil {
			return nil, nil, err
		}
		if at == size { // Nothing follows that could be found.
			break
		}
		if len(patches) == maxPatches*boxHead || at-from > math.MaxUint32 {
			return nil, nil, nil
		}
		n := int64(len(patches))
		patches = append(patches, freeBox(at-from)...)
		whole = append(whole, stretch{from: n, to: n + boxHead, patch: true}, stretch{from: from + boxHead, to: at})
	}
	if len(patches) == 0 {
		return nil, nil, nil
	}
	return whole, patches, nil
}

// freeBox is the head of a box of that length.
func freeBox(length int64) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(length)), "free"...)
}

// fragmentWalk goes through a file from box to box.
type fragmentWalk struct {
	file       io.ReaderAt
	size       int64
	fragmented bool
}

// boxes goes past all boxes that follow, and returns where they end.
func (w *fragmentWalk) boxes(at int64) (int64, error) {
	for at < w.size {
		length, err := w.box(at)
		if err != nil || length == 0 {
			return at, err
		}
		at += length
	}
	return w.size, nil
}

// box is the length of the box at a place, 0 where there is none that makes sense.
// One that is cut off by the end of the file reaches there.
func (w *fragmentWalk) box(at int64) (int64, error) {
	kind, length, err := readBoxHead(w.file, at)
	if err != nil || !slices.Contains(fragmentBoxes, kind) {
		return 0, err
	}
	if length == 0 {
		length = w.size - at
	}
	if length < boxHead {
		return 0, nil
	}
	length = min(length, w.size-at)
	if kind != "moof" {
		return length, nil
	}
	w.fragmented = true
	if length > maxMoof {
		return 0, nil
	}
	index, err := readHead(w.file, at, length)
	if err != nil || !tiles(index[boxHead:], "traf") {
		return 0, err
	}
	return length, nil
}

// readBoxHead reads the kind and the length of a box; the kind is "" where the file
// ends, and the length 0 where the box reaches to its end (ISO/IEC 14496-12, 4.2).
func readBoxHead(file io.ReaderAt, at int64) (kind string, length int64, err error) {
	head, err := readHead(file, at, 2*boxHead)
	if err != nil || len(head) < boxHead {
		return "", 0, err
	}
	length = int64(binary.BigEndian.Uint32(head))
	if length == 1 && len(head) == 2*boxHead {
		length = int64(binary.BigEndian.Uint64(head[boxHead:]))
	}
	return string(head[4:8]), length, nil
}

// tiles reports whether data consists of boxes, and those of one kind do in turn.
func tiles(data []byte, inner string) bool {
	for len(data) > 0 {
		if len(data) < boxHead {
			return false
		}
		length := int(binary.BigEndian.Uint32(data))
		if length < boxHead || length > len(data) {
			return false
		}
		if string(data[4:8]) == inner && !tiles(data[boxHead:length], "") {
			return false
		}
		data = data[length:]
	}
	return true
}

// nextFragment looks for the index of a fragment behind a place; it is the end of
// the file where there is none.
func (w *fragmentWalk) nextFragment(after int64) (int64, error) {
	const mark = "moof\x00\x00\x00\x10mfhd"
	for at := after + boxHead; at < w.size; at += searchBlock {
		block, err := readHead(w.file, at+4, searchBlock+int64(len(mark))-1)
		if err != nil {
			return 0, err
		}
		for from := 0; ; {
			found := bytes.Index(block[from:], []byte(mark))
			if found < 0 {
				break
			}
			from += found
			place := at + int64(from)
			if length, err := w.box(place); err != nil || length > 0 {
				return place, err
			}
			from++
		}
	}
	return w.size, nil
}
