// Package storage keeps the files of uploads under the ids of these: the names that
// they had come from strangers and are never used.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/sys/unix"
)

// Store keeps a file in incoming/ while it is received and measured, and in videos/
// once it is accepted. What is made of a video, its thumbnail and its sound, can be
// made again at any time. Files that no upload owns wait in orphans/.
//
// An id is a UUID in its canonical form, lower case with hyphens; no other is taken.
// A missing file is fs.ErrNotExist. A disk that is full is ErrFull, and one that
// fails ErrUnavailable. Many goroutines and processes may use a store at once.
type Store interface {
	// Create makes the incoming file of an upload that comes in one piece; it fails
	// with fs.ErrExist when the file is there already.
	Create(id string) (Incoming, error)
	// Resumable is where the tus protocol keeps uploads: as incoming files, under the
	// ids that the uploads were given. Concatenation and a length that is told later
	// are not offered.
	Resumable(Hooks) *handler.StoreComposer
	// Received is how many bytes of an incoming file have come, and when the last did.
	// Those that are still to be checked do not count.
	Received(id string) (int64, time.Time, error)
	// Continuable reports whether a resumable upload can be gone on with: whether
	// both its bytes and what tusd knows of it are there.
	Continuable(id string) (bool, error)
	// TryLock locks an upload against the requests that write to it, without asking
	// one of them to end: that is ErrLocked. The caller unlocks it.
	TryLock(id string) (unlock func() error, err error)
	// Sync makes what has come of an incoming file survive a power cut.
	Sync(id string) error
	// Keep makes a video of an incoming file. When it returns nil, that survives a
	// power cut. A file that was kept before is no error.
	Keep(id string) error
	// Discard removes an incoming file and what is kept beside it, but not a lock,
	// which its holder removes. A missing file is no error.
	Discard(id string) error
	// Incoming goes through the ids of incoming files, in no order and few at a time.
	// An error is the last pair. The loop may discard or keep what it is given.
	Incoming() iter.Seq2[string, error]

	// Has reports whether the file of an upload is there, incoming or kept.
	Has(id string) (bool, error)
	// HasAny reports whether anything of an upload is there.
	HasAny(id string) (bool, error)
	// Local gives the file of an upload a path on this machine, be it incoming or kept.
	Local(ctx context.Context, id string) (*Local, error)

	// Open opens a video for reading.
	Open(id string) (io.ReadSeekCloser, error)
	// Size is that of a video in bytes.
	Size(id string) (int64, error)
	// Remove removes a video and what was made of it; missing files are no error.
	Remove(id string) error
	// Videos goes through the ids of videos as Incoming does.
	Videos() iter.Seq2[string, error]

	// Thumbnail reads a thumbnail.
	Thumbnail(id string) ([]byte, error)
	// KeepThumbnail keeps a thumbnail, whole or not at all, and not of a video that is
	// gone.
	KeepThumbnail(ctx context.Context, id string, picture []byte) error
	// RemoveThumbnail removes a thumbnail; a missing one is no error.
	RemoveThumbnail(id string) error
	// Thumbnails goes through the ids of thumbnails as Incoming does.
	Thumbnails() iter.Seq2[string, error]

	// MakeSound has write fill a file, and keeps it as the sound of a video's track
	// when that went well: whole or not at all, in place of any other, and not of a
	// video that is gone. Track 0 is the default one.
	MakeSound(ctx context.Context, id string, track int, write func(Sound) error) error
	// SoundSize is that of a track's sound in bytes; 0 says that there is none to hear.
	SoundSize(id string, track int) (int64, error)
	// LocalSound gives a track's sound a path on this machine.
	LocalSound(ctx context.Context, id string, track int) (*Local, error)
	// RemoveSound removes the sound of all tracks; missing files are no error.
	RemoveSound(id string) error
	// Sounds goes through the ids of sounds as Incoming does.
	Sounds() iter.Seq2[string, error]

	// SetAside makes an orphan of a video and removes what was made of it. A missing
	// file is no error.
	SetAside(id string) error
	// SetAsideIncoming makes an orphan of an incoming file. A missing file is no error.
	SetAsideIncoming(id string) error
	// Orphans lists the files that were set aside.
	Orphans() ([]Orphan, error)
	// TakeBack moves an orphan back to where it was.
	TakeBack(Orphan) error
	// RemoveOrphan removes an orphan; a missing one is no error.
	RemoveOrphan(Orphan) error

	// Scratch makes a file without a name that has room for size bytes.
	Scratch(size int64) (*Scratch, error)
	// Free is the space in bytes that may still be filled.
	Free() (int64, error)
	// Ready says whether a file can be made, synced and removed.
	Ready() error
	// ClearLeftovers removes the locks and temporary files that processes left
	// behind which did not end well. Call it only where no other process uses the
	// store: a lock bears the number of its process, which the system may have
	// given to another.
	ClearLeftovers() error
	// ClearStale removes temporary files that have not been written to for so long
	// that nobody can be about to. It may be called beside other processes.
	ClearStale() error
}

var (
	// ErrFull says that the disk, or the server's share of it, is used up.
	ErrFull = errors.New("storage is full")
	// ErrUnavailable says that the disk is read-only or fails. Another try may succeed.
	ErrUnavailable = errors.New("storage is unavailable")
	// ErrLocked says that a request writes to an upload at this moment.
	ErrLocked = errors.New("upload is locked")
)

// errBadID refuses whatever could name a path outside the store.
var errBadID = errors.New("id is not a canonical UUID")

// explain adds ErrFull or ErrUnavailable to an error of the disk. It returns any
// other error as it is.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, unix.EROFS), errors.Is(err, unix.EIO):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// Incoming is a file that is being received in one piece.
type Incoming interface {
	// Write fails with ErrFull before the disk is so full that the databases have no room.
	io.WriteCloser
	// Reserve takes the room on the disk that the file will need, where the file
	// system can do that.
	Reserve(size int64) error
	// StartSync has the disk begin with what was written so far, so that Keep has
	// less left to wait for.
	StartSync()
	// Empty gives the room back.
	Empty() error
}

// Sound is the file of a sound that is being made. What is left out reads as zeros.
type Sound interface {
	io.WriterAt
	Truncate(size int64) error
}

// Local is a file with a path on this machine, for as long as it is used.
type Local struct {
	Path    string // absolute
	release func() error
}

// Close ends the use of the path.
func (l *Local) Close() error {
	if l.release == nil {
		return nil
	}
	return l.release()
}

// Orphan is a file that no upload owns. It waits in orphans/, in case the
// database was lost or is older than the files.
type Orphan struct {
	ID    string
	Name  string // within orphans/
	Part  bool   // it was incoming, and may not be whole
	Size  int64  // in bytes
	Since time.Time
}
