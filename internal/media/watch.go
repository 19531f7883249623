package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gensubtitle/internal/proc"
)

const (
	memoryTick   = 10 * time.Millisecond
	progressTick = time.Second

	// smallMemory is what each program may hold at any time. Those that look into
	// 4K and 8K films take 60 to 140 MB.
	smallMemory = 192 << 20
	// maxMemory is what one may hold while it has one of the shares of memory. A
	// picture of an 8K film in 10 bits takes 460 MB to decode.
	maxMemory = 1536 << 20

	// hangTime is how long a program may go without work. Work is workTime of a
	// processor, or workBytes read: less of a file in that time is no use to anybody.
	hangTime  = 15 * time.Second
	workTime  = 100 * time.Millisecond
	workBytes = 64 << 10
)

var errHangs = errors.New("neither computed nor read anything for too long")

// memoryShares is how many programs may be large at once: what half of the
// memory that the machine has to spare is enough for, and one at least.
func memoryShares() int {
	return max(1, int(min(availableMemory(), cgroupMemory())/2/maxMemory))
}

// availableMemory is that of the machine, or nothing where that is not known.
func availableMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "MemAvailable:")
	var kilobytes int64
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10
}

// cgroupMemory is what the control group leaves to this process, as containers
// and service managers set it (cgroup v2).
func cgroupMemory() int64 {
	path, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return math.MaxInt64
	}
	left := int64(math.MaxInt64)
	_, name, _ := strings.Cut(strings.TrimSpace(string(path)), "0::")
	for dir := filepath.Join("/sys/fs/cgroup", name); strings.HasPrefix(dir, "/sys/fs/cgroup"); dir = filepath.Dir(dir) {
		limit, limitErr := readNumber(filepath.Join(dir, "memory.max"))
		used, usedErr := readNumber(filepath.Join(dir, "memory.current"))
		if limitErr == nil && usedErr == nil { // "max" is no number.
			left = min(left, max(0, limit-used))
		}
	}
	return left
}

func readNumber(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// watcher watches a program of a file: that it does something, and how much
// memory it holds. RLIMIT_AS would be simpler, but ffmpeg's MKV reader takes a
// failed allocation for the end of the file. Memory fills at a few GB/s, so what
// comes between two looks is bounded too.
type watcher struct {
	subject *subject
	child   *proc.Process
	writing *atomic.Bool // somebody takes what it wrote, and may let it wait
}

// watch returns when the program has ended, or with an error once it is to be
// ended. A program that grows large waits for a share of memory, and is paused
// meanwhile.
func (w *watcher) watch(ctx context.Context) error {
	memory, progress := time.NewTicker(memoryTick), time.NewTicker(progressTick)
	defer memory.Stop()
	defer progress.Stop()
	worked, err := w.look()
	large := false
	for since := time.Now(); err == nil; {
		select {
		case <-w.child.Ended():
			return nil
		case <-progress.C:
			var now work
			now, err = w.look()
			switch {
			case now.isMoreThan(worked):
				worked, since = now, time.Now()
			case time.Since(since) > w.subject.meter.hangTime:
				return fmt.Errorf("%w: %w", ErrUnavailable, errHangs)
			}
		case <-memory.C:
			var held int64
			held, err = resident(w.child.PID())
			if held > w.subject.meter.memory {
				return fmt.Errorf("%w: took more than %d bytes of memory", ErrNotVideo, w.subject.meter.memory)
			}
			if held > smallMemory && !large {
				release, waited := w.share(ctx)
				if waited != nil {
					return waited
				}
				defer release()
				large, since = true, time.Now()
			}
		}
	}
	select {
	case <-w.child.Ended():
		return nil // Its number is no longer its own.
	case <-time.After(progressTick):
		return fmt.Errorf("%w: watch program: %w", ErrUnavailable, err)
	}
}

// share waits for a share of memory while the program and the file's clock stand still.
func (w *watcher) share(ctx context.Context) (release func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.child.Ended():
			cancel()
		case <-ctx.Done():
		}
	}()
	w.subject.clock.pause()
	defer w.subject.clock.resume()
	w.child.Pause()
	defer w.child.Resume()
	return w.subject.meter.shares.acquire(ctx, w.subject.owner)
}

// work is what a program has done so far.
type work struct {
	cpu  time.Duration
	read int64
	busy bool // it computes, waits for a disk, or for us
}

func (w work) isMoreThan(before work) bool {
	return w.busy || w.cpu-before.cpu >= workTime || w.read-before.read >= workBytes
}

func (w *watcher) look() (work, error) {
	const ticksPerSecond = 100 // USER_HZ, the same on all that Go runs on
	dir := fmt.Sprintf("/proc/%d/", w.child.PID())
	stat, err := statFields(dir + "stat")
	if err != nil {
		return work{}, err
	}
	now := work{busy: w.writing.Load()}
	for _, field := range stat[11:15] { // utime, stime, and those of its children
		ticks, _ := strconv.ParseInt(field, 10, 64)
		now.cpu += time.Duration(ticks) * time.Second / ticksPerSecond
	}
	if text, err := os.ReadFile(dir + "io"); err == nil { // Some kernels do without.
		_, _ = fmt.Sscanf(string(text), "rchar: %d", &now.read)
	}
	threads, _ := filepath.Glob(dir + "task/*/stat")
	for _, path := range threads {
		if thread, err := statFields(path); err == nil && (thread[0] == "R" || thread[0] == "D") {
			now.busy = true
		}
	}
	return now, nil
}

// statFields are those of proc(5), stat, from the third on.
func statFields(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 15 {
		return nil, fmt.Errorf("%s: %d fields", path, len(fields))
	}
	return fields, nil
}

// resident is how many bytes of memory a process holds (proc(5), statm); a
// zombie holds none.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(text), &total, &pages); err != nil {
		return 0, err
	}
	return pages * int64(os.Getpagesize()), nil
}
