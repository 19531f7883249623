package db

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"gensubtitle/internal/datadir"
)

// Node is this process among those that share a data directory. It holds a
// lock on a file of its own, which the kernel lets go of however the process
// ends; so whoever can take another's lock knows that its holder is dead.
type Node struct {
	ID   string
	dir  string
	file *os.File
}

const gateName = "gate"

// ErrInUse says that another process works with the data directory.
var ErrInUse = errors.New("another process uses the data directory")

// Join registers this process below dir, the folder of the lock files. Whoever
// opens the database does so first, so that nobody replaces it meanwhile.
func Join(dir string) (*Node, error) {
	if err := datadir.MakeAll(dir); err != nil {
		return nil, fmt.Errorf("make the folder of process locks: %w", err)
	}
	gate, err := passGate(dir)
	if err != nil {
		return nil, err
	}
	defer gate.Close()
	id := uuid.NewString()
	file, err := datadir.Create(filepath.Join(dir, id))
	if err == nil {
		err = lock(file, unix.LOCK_NB)
	}
	if err != nil {
		return nil, fmt.Errorf("register this process: %w", err)
	}
	return &Node{ID: id, dir: dir, file: file}, nil
}

// passGate keeps Sweep from taking a lock file that Join has made and not yet
// locked. Closing the file opens the gate again.
func passGate(dir string) (*os.File, error) {
	gate, err := lockFile(filepath.Join(dir, gateName), 0)
	if err != nil {
		return nil, fmt.Errorf("lock the folder of process locks: %w", err)
	}
	return gate, nil
}

// Leave ends the registration.
func (p *Node) Leave() error {
	return errors.Join(os.Remove(p.file.Name()), p.file.Close())
}

// Dead reports whether another process has ended. One without a lock file
// has: the file is made before anything else bears its id.
func (p *Node) Dead(id string) (bool, error) {
	if id == p.ID {
		return false, nil
	}
	if uuid.Validate(id) != nil {
		return true, nil
	}
	file, err := os.OpenFile(filepath.Join(p.dir, id), os.O_RDWR, 0)
	if err == nil {
		err = lock(file, unix.LOCK_NB)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return true, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look whether a process lives: %w", err)
	}
	return true, file.Close()
}

// Alone reports whether no other process is registered and alive.
func (p *Node) Alone() (bool, error) {
	gate, err := passGate(p.dir)
	if err != nil {
		return false, err
	}
	defer gate.Close()
	return p.alone()
}

// alone is Alone for one who holds the gate.
func (p *Node) alone() (bool, error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return false, fmt.Errorf("list process locks: %w", err)
	}
	for _, e := range entries {
		if e.Name() == gateName || e.Name() == p.ID {
			continue
		}
		dead, err := p.Dead(e.Name())
		if err != nil || !dead {
			return false, err
		}
	}
	return true, nil
}

// Seclude keeps every process from joining the folder until the gate that it
// returns is closed; those who come meanwhile wait in Join. ErrInUse when a
// process has joined already.
func Seclude(dir string) (gate io.Closer, err error) {
	if err := datadir.MakeAll(dir); err != nil {
		return nil, fmt.Errorf("make the folder of process locks: %w", err)
	}
	file, err := passGate(dir)
	if err != nil {
		return nil, err
	}
	alone, err := (&Node{dir: dir}).alone()
	if err == nil && !alone {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Sweep removes the lock files of dead processes. Call it once their slots
// have been released.
func (p *Node) Sweep() error {
	gate, err := passGate(p.dir)
	if err != nil {
		return err
	}
	defer gate.Close()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return fmt.Errorf("list process locks: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if e.Name() == gateName {
			continue
		}
		dead, err := p.Dead(e.Name())
		if err == nil && dead {
			err = os.Remove(filepath.Join(p.dir, e.Name()))
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove a dead process's lock: %w", err))
		}
	}
	return errors.Join(errs...)
}

// lockFile locks a file, which it makes where it is missing.
func lockFile(path string, how int) (*os.File, error) {
	file, err := datadir.OpenFile(path)
	if err != nil {
		return nil, err
	}
	return file, lock(file, how)
}

// lock closes the file where it cannot be locked.
func lock(file *os.File, how int) error {
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|how); err != nil {
		return errors.Join(err, file.Close())
	}
	return nil
}
