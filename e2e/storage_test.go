package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// spare is what the server keeps free beside the uploads.
const spare = 64 << 20

// smallDisk mounts a file system of this size for one test, which is skipped
// where mounting is not permitted.
func smallDisk(t *testing.T, size int64) string {
	t.Helper()
	disk := t.TempDir()
	mountSmall(t, disk, size)
	return disk
}

// mountSmall does so in a folder, until the test ends or unmount is called.
func mountSmall(t *testing.T, folder string, size int64) (unmount func()) {
	t.Helper()
	err := unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size))
	if errors.Is(err, unix.EPERM) {
		t.Skipf("mounting is not permitted: %v", err)
	}
	if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	unmount = sync.OnceFunc(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	})
	t.Cleanup(unmount)
	return unmount
}

// fill takes all room of a disk but this much, and returns what gives it back.
func fill(t *testing.T, disk string, leave int64) (empty func()) {
	t.Helper()
	file, err := os.CreateTemp(disk, "filler-*")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	block := make([]byte, 4<<10)
	for room(t, disk) > leave {
		if _, err := file.Write(block); err != nil && !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(file.Name()); err != nil {
			t.Error(err)
		}
	}
}

// room is what is free on a disk.
func room(t *testing.T, disk string) int64 {
	t.Helper()
	var stat unix.Statfs_t
	if err := unix.Statfs(disk, &stat); err != nil {
		t.Fatal(err)
	}
	return int64(stat.Bavail) * stat.Bsize
}

// TestNoRoomForUpload offers uploads that would leave less than the server
// keeps free. They are refused before their bodies are read.
func TestNoRoomForUpload(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 2*spare)
	s := startIn(t, disk)
	c := s.register("a")
	small := wav(100, 1)
	for name, test := range map[string]struct {
		room    int64
		framing string
	}{
		"a length that leaves too little":      {spare + 4<<20, "Content-Length: 5242880\r\n\r\n-"},
		"any length where there is too little": {spare - 1<<20, fmt.Sprintf("Content-Length: %d\r\n\r\n-", len(small))},
		"no length where there is too little":  {spare - 1<<20, "Transfer-Encoding: chunked\r\n\r\n1\r\n-\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			empty := fill(t, disk, test.room)
			defer empty()
			c.refusal(t, test.framing).problem(507, "storage-full")
			checkNothingLeft(t, c)
		})
	}
	t.Run("a length that leaves enough", func(t *testing.T) {
		empty := fill(t, disk, spare+4<<20)
		defer empty()
		const size = 3 << 20
		a, err := c.tryStream("a.mp4", padded(read(t, clip(t, 1)), size), size)
		if err != nil || a.status != 201 {
			t.Fatalf("upload: %v %+v", err, a)
		}
		var u uploaded
		a.decode(&u)
		c.do("DELETE", "/videos/"+u.Video.ID, nil).want(204)
	})
}

// checkNothingLeft looks for traces of a failed upload.
func checkNothingLeft(t *testing.T, c *client) {
	t.Helper()
	if n := rows(t, c.s.database(), "videos"); n != 0 {
		t.Errorf("%d slots held", n)
	}
	if left := c.s.media(); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

// TestDiskFillsUp fills the disk while an upload is under way. Once there is
// room again the same process takes the next.
func TestDiskFillsUp(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 2*spare)
	s := startIn(t, disk, "--max-videos=1")
	c, db := s.register("a"), s.database()
	b := body(part{"file", "a.mp4", strings.Repeat("x", 32<<20)})
	conn := s.dial()
	fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(b), b[:1<<20])
	eventually(t, patience, "the upload to be let in", func() bool { return rows(t, db, "videos") == 1 })
	empty := fill(t, disk, 0)
	if _, err := io.WriteString(conn, b[1<<20:]); err != nil {
		t.Fatal(err)
	}
	res := readResponse(t, conn)
	a := &answer{t, "POST /upload-video", res.StatusCode, res.Header, []byte(res.text)}
	a.problem(507, "storage-full")
	checkNothingLeft(t, c)
	checkUsage(t, c.session(), 0, 0)
	c.upload("a.wav", wav(100, 1)).problem(507, "storage-full")
	empty()
	c.accepted("a.wav", wav(100, 1))
	checkUsage(t, c.session(), 1, 100)
}

// TestUploadsFillTheDisk sends uploads together of which each would have room
// alone. Those that fail give back what they took, so the disk is not full of
// what nobody counts.
func TestUploadsFillTheDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 2*spare)
	s := startIn(t, disk)
	c := s.register("a")
	video, err := io.ReadAll(padded(read(t, clip(t, 1)), 40<<20))
	if err != nil {
		t.Fatal(err)
	}
	b := body(part{"file", "a.mp4", string(video)})
	const first = 1 << 20
	conns := make([]net.Conn, 4)
	for i := range conns {
		conns[i] = s.dial()
		fmt.Fprintf(conns[i], "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(b), b[:first])
	}
	parallel(len(conns), func(i int) {
		if _, err := io.WriteString(conns[i], b[first:]); err != nil {
			t.Errorf("upload %d: %v", i, err)
		}
	})
	statuses := map[int]int{}
	for _, conn := range conns {
		statuses[readResponse(t, conn).StatusCode]++
	}
	if statuses[507] == 0 || statuses[201]+statuses[507] != len(conns) {
		t.Errorf("statuses %v", statuses)
	}
	accepted := c.videos()
	if n := c.session().Usage.Videos; n != statuses[201] || len(accepted) != n || len(s.media()) != n {
		t.Errorf("%d videos counted, %d listed, %d files, but statuses %v", n, len(accepted), len(s.media()), statuses)
	}
	for _, v := range accepted {
		c.do("DELETE", "/videos/"+v.ID, nil).want(204)
	}
	c.accepted("a.wav", wav(100, 1))
}

// TestNoRoomForSound has room for a video, but not for its sound.
func TestNoRoomForSound(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	unmount := mountSmall(t, filepath.Join(s.dir, "audio"), 16<<10)
	c.upload("a.wav", wav(2000, 1)).problem(507, "storage-full")
	checkNothingLeft(t, c)
	checkUsage(t, c.session(), 0, 0)
	unmount()
	id := c.accepted("a.wav", wav(2000, 1)).Video.ID
	checkUsage(t, c.session(), 1, 2000)
	sound := filepath.Join(s.dir, "audio", id)
	if got := read(t, sound); string(got) != string(wav(2000, 1)[44:]) {
		t.Errorf("%d bytes of sound, want those of the upload", len(got))
	}
	c.do("DELETE", "/videos/"+id, nil).want(204)
	if _, err := os.Stat(sound); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sound of a deleted video: %v", err)
	}
}
