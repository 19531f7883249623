package media

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrUnfinished comes with ErrNotVideo for an MP4 or one of its relatives whose
// index was never written: the camera or the program that recorded it stopped
// before the end. There is sound and picture in it, which nobody can find.
var ErrUnfinished = errors.New("the recording was not finished")

// maxBoxes bounds how many boxes are looked at for an index.
const maxBoxes = 10_000

// blameRecorder adds ErrUnfinished to the refusal of a file that it explains.
func (s *subject) blameRecorder(refusal error) error {
	if s.kind.demuxer != kindMP4.demuxer {
		return refusal
	}
	file, err := os.Open(s.path)
	if err != nil {
		return refusal
	}
	defer file.Close()
	if !lacksIndex(file, s.size) {
		return refusal
	}
	return fmt.Errorf("%w: %w", refusal, ErrUnfinished)
}

// lacksIndex is true for a file of boxes that has media data and no moov box. A
// recorder fills in the length of the data last, so a length that is too long,
// or none, ends the search (ISO/IEC 14496-12, section 4.2).
func lacksIndex(file io.ReaderAt, size int64) bool {
	data := false
	for at, boxes := int64(0), 0; at < size && boxes < maxBoxes; boxes++ {
		kind, length, _ := readBoxHead(file, at) // What cannot be read is not found.
		switch kind {
		case "moov":
			return false
		case "mdat":
			data = true
		}
		if length < boxHead || length > size-at {
			break
		}
		at += length
	}
	return data
}
