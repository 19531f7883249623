package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Elements of Matroska (RFC 9559, section 5.1) and of EBML (RFC 8794, section 11.3).
const (
	idTracks     = 0x1654AE6B
	idTrackEntry = 0xAE
	idName       = 0x536E
	idVideo      = 0xE0
	idProjection = 0x7670
	idPoseRoll   = 0x7675
	idVoid       = 0xEC
)

// tracksWithin is how far into a file that ffmpeg has written the tracks end.
const tracksWithin = 4 << 20

// errNoTracks is a file in which the tracks are not where they are looked for.
var errNoTracks = errors.New("the tracks of the file are not as expected")

// picture is a stream of moving pictures.
type picture struct {
	index    int
	title    string
	rotation float64 // in degrees, counterclockwise, by which players turn it
}

// reservation keeps room in the head of an MKV: a name that the n-th pictures get,
// which is taken away again.
func (p picture) reservation(n int) string { return fmt.Sprintf("%s%016d", p.title, n) }

// reserve are the options by which ffmpeg makes room for the rotations.
func reserve(pictures []picture) []string {
	var args []string
	for n, p := range pictures {
		if p.rotation != 0 {
			args = append(args, fmt.Sprintf("-metadata:s:v:%d", n), "title="+p.reservation(n))
		}
	}
	if args != nil {
		args = append(args, "-write_crc32", "0") // It would be wrong afterwards.
	}
	return args
}

// rotate writes into an MKV how its pictures are turned, which ffmpeg leaves out
// before version 6.1. Nothing moves in the file: it takes the room that was kept by
// reserve.
func rotate(file interface {
	io.ReaderAt
	io.WriterAt
}, pictures []picture,
) error {
	if !slices.ContainsFunc(pictures, func(p picture) bool { return p.rotation != 0 }) {
		return nil
	}
	head, err := readHead(file, 0, tracksWithin)
	if err != nil {
		return fmt.Errorf("rotate pictures: %w", err)
	}
	tracks, at, err := findTracks(head)
	if err != nil {
		return fmt.Errorf("rotate pictures: %w", err)
	}
	for n, p := range pictures {
		if p.rotation == 0 {
			continue
		}
		entry, offset, err := p.rotated(tracks, n)
		if err != nil {
			return fmt.Errorf("rotate pictures: %w", err)
		}
		if _, err := file.WriteAt(entry, int64(at+offset)); err != nil {
			return fmt.Errorf("rotate pictures: %w", err)
		}
	}
	return nil
}

// element is one of EBML: its head and its body as they stand in the file.
type element struct {
	id         uint64
	head, body []byte
}

// nextElement returns the element that data begins with, and what follows.
func nextElement(data []byte) (e element, rest []byte, ok bool) {
	id, afterID := ebmlNumber(data, false)
	size, body := ebmlNumber(afterID, true)
	if body == nil || size > uint64(len(body)) {
		return e, nil, false
	}
	return element{id, data[:len(data)-len(body)], body[:size]}, body[size:], true
}

// findTracks returns the body of the Tracks element and where it begins.
func findTracks(head []byte) ([]byte, int, error) {
	_, rest, ok := nextElement(head) // of EBML
	if !ok {
		return nil, 0, errNoTracks
	}
	id, afterID := ebmlNumber(rest, false)
	if _, rest = ebmlNumber(afterID, true); id != idSegment {
		return nil, 0, errNoTracks
	}
	for {
		e, next, ok := nextElement(rest)
		if !ok {
			return nil, 0, errNoTracks
		}
		if e.id == idTracks {
			return e.body, len(head) - len(next) - len(e.body), nil
		}
		rest = next
	}
}

// rotated returns the entry of the n-th pictures as it is to be, and where its body
// begins in the tracks.
func (p picture) rotated(tracks []byte, n int) ([]byte, int, error) {
	rest := tracks
	for {
		e, next, ok := nextElement(rest)
		if !ok {
			return nil, 0, errNoTracks
		}
		if e.id == idTrackEntry {
			entry, found, err := p.rewrite(e.body, n)
			if found || err != nil {
				return entry, len(tracks) - len(next) - len(e.body), err
			}
		}
		rest = next
	}
}

// rewrite returns an entry of the same length with the rotation in the place of the
// reservation; found is false where it has none.
func (p picture) rewrite(entry []byte, n int) (out []byte, found bool, err error) {
	for rest := entry; len(rest) > 0; {
		e, next, ok := nextElement(rest)
		if !ok {
			return nil, found, errNoTracks
		}
		rest = next
		switch {
		case e.id == idName && string(e.body) == p.reservation(n):
			found = true
			if p.title != "" {
				out = append(out, ebmlElement(idName, []byte(p.title), 1)...)
			}
		case e.id == idVideo && !hasElement(e.body, idProjection):
			roll := binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(p.rotation)))
			projection := ebmlElement(idProjection, ebmlElement(idPoseRoll, roll, 1), 1)
			out = append(out, ebmlElement(idVideo, append(bytes.Clone(e.body), projection...), len(e.head)-1)...)
		default:
			out = append(append(out, e.head...), e.body...)
		}
	}
	if !found {
		return nil, false, nil
	}
	left := len(entry) - len(out) - len("\xEC\x80")
	if left < 0 || left >= 1<<7-1 {
		return nil, true, errNoTracks
	}
	return append(out, ebmlElement(idVoid, make([]byte, left), 1)...), true, nil
}

func hasElement(data []byte, id uint64) bool {
	for len(data) > 0 {
		e, rest, ok := nextElement(data)
		if !ok || e.id == id {
			return ok
		}
		data = rest
	}
	return false
}

// ebmlElement is an element whose size takes so many bytes, or more where those are
// too few.
func ebmlElement(id uint32, body []byte, width int) []byte {
	var out []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if b := byte(id >> shift); b != 0 || out != nil {
			out = append(out, b)
		}
	}
	for uint64(len(body)) >= 1<<(7*width)-1 {
		width++
	}
	size := uint64(len(body)) | 1<<(7*width)
	for shift := 8 * (width - 1); shift >= 0; shift -= 8 {
		out = append(out, byte(size>>shift))
	}
	return append(out, body...)
}
