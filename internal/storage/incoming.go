package storage

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// lookBytes is how much is written between two looks at what is free.
const lookBytes = 4 << 20

// Create makes incoming/<id> (0600).
func (d *Disk) Create(id string) (Incoming, error) {
	path, err := pathOf(d.incoming, id)
	if err != nil {
		return nil, fmt.Errorf("create incoming file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create incoming file: %w", explain(err))
	}
	return &incomingFile{file: file, free: d.Free}, nil
}

type incomingFile struct {
	file    *os.File
	free    func() (int64, error)
	written int64 // since it was last looked how much is free
}

func (f *incomingFile) Write(b []byte) (int, error) {
	if f.written += int64(len(b)); f.written >= lookBytes {
		f.written = 0
		free, err := f.free()
		if err == nil && free < SpareBytes {
			err = ErrFull
		}
		if err != nil {
			return 0, err
		}
		f.StartSync()
	}
	n, err := f.file.Write(b)
	return n, explain(err)
}

func (f *incomingFile) Close() error { return explain(f.file.Close()) }

func (f *incomingFile) Reserve(size int64) error { return reserve(f.file, size) }

func (f *incomingFile) Empty() error { return explain(f.file.Truncate(0)) }

func (f *incomingFile) StartSync() {
	// Where this is not offered, Keep does it all.
	_ = unix.SyncFileRange(int(f.file.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}

// reserve takes the room on the disk that a file will need, where the file
// system can do that; its size stays as it is.
func reserve(file *os.File, size int64) error {
	err := unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.ENOSYS) {
		return explain(err)
	}
	return nil
}
