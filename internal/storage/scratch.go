package storage

import (
	"errors"
	"fmt"
	"os"
)

// scratchSpare stays free on the disk, for the databases and for uploads.
const scratchSpare = 128 << 20

// Scratch is a file without a name on this machine's disk, which a child may write:
// nothing of it is left once it is closed, or the process dead.
type Scratch struct {
	file *os.File
	room int64
}

// Scratch makes one in exports/.
func (d *Disk) Scratch(size int64) (*Scratch, error) {
	// Not every file system can reserve.
	free, err := d.Free()
	if err == nil && free < size+scratchSpare {
		err = ErrFull
	}
	if err != nil {
		return nil, fmt.Errorf("make scratch file: %w", err)
	}
	file, err := os.CreateTemp(d.exports, temporaryPattern)
	if err != nil {
		return nil, fmt.Errorf("make scratch file: %w", explain(err))
	}
	err = explain(os.Remove(file.Name()))
	if err == nil {
		err = reserve(file, size)
	}
	if err != nil {
		return nil, fmt.Errorf("make scratch file: %w", errors.Join(err, file.Close()))
	}
	return &Scratch{file, size}, nil
}

// File is the file itself, to be handed to a child.
func (s *Scratch) File() *os.File { return s.file }

func (s *Scratch) Read(b []byte) (int, error) { return s.file.Read(b) }

// ReadAt is an io.ReaderAt.
func (s *Scratch) ReadAt(b []byte, at int64) (int, error) { return s.file.ReadAt(b, at) }

// WriteAt is an io.WriterAt.
func (s *Scratch) WriteAt(b []byte, at int64) (int, error) {
	n, err := s.file.WriteAt(b, at)
	return n, explain(err)
}

// Close ends the file.
func (s *Scratch) Close() error { return s.file.Close() }

// Size is that of what was written, in bytes.
func (s *Scratch) Size() (int64, error) {
	info, err := s.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("size of scratch file: %w", err)
	}
	return info.Size(), nil
}

// Empty has the file begin anew, with its room.
func (s *Scratch) Empty() error {
	if err := s.file.Truncate(0); err != nil {
		return explain(err)
	}
	return reserve(s.file, s.room)
}

// Trim returns the room that was reserved beyond the end.
func (s *Scratch) Trim() error {
	size, err := s.Size()
	if err == nil {
		err = s.file.Truncate(size)
	}
	return explain(err)
}
