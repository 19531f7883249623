package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTusNoRoom creates uploads for which the disk has no room, alone or beside
// those that are under way.
func TestTusNoRoom(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 2*spare)
	c := startIn(t, disk).register("a")
	c.create("a.mp4", 2*spare).problem(507, "storage-full")
	checkNothingLeft(t, c)
	// The room of an upload is taken when it is created, not when it comes.
	path := c.created("a.mp4", 40<<20)
	c.create("b.mp4", 40<<20).problem(507, "storage-full")
	c.tus().do("DELETE", path, nil).want(204)
	c.tus().do("DELETE", c.created("b.mp4", 40<<20), nil).want(204)
	checkNothingLeft(t, c)
	checkNothingIncoming(t, c.s)
}

// TestTusDiskFillsUp fills the disk after an upload was let in, whose room is
// its own.
func TestTusDiskFillsUp(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 2*spare)
	s := startIn(t, disk)
	c := s.register("a")
	data := read(t, clip(t, 60))
	path := c.created("a.mp4", int64(len(data)))
	c.chunk(path, 0, data[:1000]).want(204)
	empty := fill(t, disk, 1<<20) // Room for the database's own writes.
	c.create("b.mp4", 1000).problem(507, "storage-full")
	c.chunk(path, 1000, data[1000:]).want(204)
	if v, reason := c.outcome(path); v.Status != "accepted" {
		t.Errorf("%s %s", v.Status, reason)
	}
	empty()
	c.accepted("b.wav", wav(100, 1))
	checkUsage(t, c.session(), 2, 60_100)
}

// TestLockedDatabase has another program lock the database. Nothing is counted
// or left meanwhile, and all works again after.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	c.accepted("a.wav", wav(100, 1))
	data := wav(1000, 2)
	path := c.created("b.wav", int64(len(data)))
	c.chunk(path, 0, data[:1000]).want(204)
	held := len(s.media()) + len(s.incoming())

	other, err := s.database().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alter(t, other, "BEGIN IMMEDIATE")
	c.create("c.wav", 1000).problem(503, "unavailable")
	c.upload("c.wav", wav(100, 3)).problem(503, "unavailable")
	c.chunk(path, 1000, data[1000:]).problem(503, "unavailable") // The bytes have come all the same.
	checkUsage(t, c.session(), 1, 100)
	if now := len(s.media()) + len(s.incoming()); now != held {
		t.Errorf("%d files, before %d", now, held)
	}
	alter(t, other, "ROLLBACK")

	c.accepted("d.wav", wav(100, 4))
	if at := c.offset(path); at != len(data) {
		t.Errorf("offset %d, want %d", at, len(data))
	}
	if v, reason := c.outcome(path); v.Status != "accepted" {
		t.Errorf("%s %s", v.Status, reason)
	}
	checkUsage(t, c.session(), 3, 1200)
}

// TestReadOnlyDisk starts on a disk that can only be read, and later on the
// same one when it can be written again.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 4*spare)
	s := startIn(t, disk)
	s.register("a").accepted("a.wav", wav(100, 1))
	s.stop()
	remount(t, disk, unix.MS_RDONLY)
	cmd := command(t, "--addr=127.0.0.1:0", "--data-dir="+s.dir)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); err == nil || code != 1 || !strings.Contains(string(out), s.dir) {
		t.Errorf("exit status %d: %s", code, out)
	}
	remount(t, disk, 0)
	s.restart()
	checkUsage(t, s.login("a", password).session(), 1, 100)
}

// remount changes how a small disk is mounted.
func remount(t *testing.T, disk string, flags uintptr) {
	t.Helper()
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|flags, ""); err != nil {
		t.Fatalf("remount: %v", err)
	}
}

// TestBrokenDatabase starts the program on files that are no database.
func TestBrokenDatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"gensubtitle.db", "logins.db"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			garbage := []byte(strings.Repeat("this is no database\n", 500))
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, garbage, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := command(t, "--addr=127.0.0.1:0", "--data-dir="+dir, "--admin-password="+adminPassword)
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); err == nil || code != 1 {
				t.Errorf("exit status %d", code)
			}
			if !strings.Contains(string(out), path) || strings.Contains(string(out), "goroutine") {
				t.Errorf("it said: %s", out)
			}
			if now := read(t, path); string(now) != string(garbage) {
				t.Error("the file was changed")
			}
		})
	}
}
