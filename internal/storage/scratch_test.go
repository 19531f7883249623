package storage

import (
	"errors"
	"io"
	"syscall"
	"testing"
)

// TestScratch begins anew, and gives back what it does not need.
func TestScratch(t *testing.T) {
	store := openStore(t)
	const room = 64 << 20
	file, err := store.Scratch(room)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"the first try", "done"} {
		if err := file.Empty(); err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt([]byte(text), 0); err != nil {
			t.Fatal(err)
		}
	}
	held := func() int64 {
		info, err := file.File().Stat()
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Blocks * 512
	}
	if n := held(); n < room {
		t.Errorf("it holds %d bytes of the disk", n)
	}
	if err := file.Trim(); err != nil {
		t.Fatal(err)
	}
	if n := held(); n > room/2 {
		t.Errorf("when trimmed, it holds %d bytes of the disk", n)
	}
	size, err := file.Size()
	if got, read := io.ReadAll(file); err != nil || read != nil || size != 4 || string(got) != "done" {
		t.Errorf("%d bytes: %q: %v, %v", size, got, err, read)
	}
	if left := names(t, store.exports); len(left) != 0 {
		t.Errorf("it has a name: %v", left)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// TestScratchWithoutRoom has a disk on which the file does not fit.
func TestScratchWithoutRoom(t *testing.T) {
	store := openStore(t)
	free, err := store.Free()
	if err != nil {
		t.Fatal(err)
	}
	if file, err := store.Scratch(2 * free); !errors.Is(err, ErrFull) || file != nil {
		t.Errorf("got %v, %v, want %v", file, err, ErrFull)
	}
	disk := t.TempDir() // with 1 MB more than what stays free
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=129m"); errors.Is(err, syscall.EPERM) {
		t.Skipf("mounting is not permitted: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Unmount(disk, 0); err != nil { // Fails while a file is open there.
			t.Error(err)
		}
	}()
	if store, err = OpenDisk(disk, nil); err != nil {
		t.Fatal(err)
	}
	first, err := store.Scratch(600 << 10)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := store.Scratch(600 << 10); !errors.Is(err, ErrFull) {
		t.Errorf("in the room of another: %v, %v, want %v", second, err, ErrFull)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if left := names(t, store.exports); len(left) != 0 {
		t.Errorf("left is %v", left)
	}
}
