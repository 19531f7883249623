package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// script makes a program that stands in for ffprobe or ffmpeg. It gets no
// environment, so it calls what it needs by path.
func script(t *testing.T, text string) string {
	t.Helper()
	// A child that begins meanwhile would hold the file open, which cannot be run then.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	path := save(t, "fake", []byte("#!/bin/sh\n"+text+"\n"))
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// tone1s is a second of sound in a file.
func tone1s(t *testing.T) string {
	t.Helper()
	return encode(t, "x.wav", "-f", "lavfi", "-i", "sine=duration=1")
}

func TestEveryChildEndsWithTheMeasurement(t *testing.T) {
	path := tone1s(t)
	for _, test := range []struct {
		name    string
		timeout time.Duration
		cause   error
	}{
		{"clock runs out", 2 * time.Second, errTooSlow},
		{"caller gives up", time.Minute, context.Canceled},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mark := waittest.Mark()
			fake := script(t, "/bin/sleep "+mark+" & /bin/sleep "+mark+" & wait")
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error, 1)
			go func() {
				_, err := NewMeter(Options{FFprobe: fake, Timeout: test.timeout}).Measure(ctx, "user_a", path, time.Minute, nil)
				result <- err
			}()
			waittest.UntilRunning(t, mark, 2)
			if test.cause == context.Canceled {
				cancel()
			}
			defer cancel()
			err := waittest.Receive(t, result)
			if !errors.Is(err, ErrUnavailable) || !errors.Is(err, test.cause) || errors.Is(err, ErrNotVideo) {
				t.Errorf("got %v, want ErrUnavailable and %v", err, test.cause)
			}
			waittest.UntilRunning(t, mark, 0)
		})
	}
}

func TestChildrenOfAChildEndWithIt(t *testing.T) {
	mark := waittest.Mark()
	fake := script(t, "/bin/sleep "+mark+" >/dev/null 2>&1 & exit 3")
	_, err := NewMeter(Options{FFprobe: fake}).Measure(t.Context(), "user_a", tone1s(t), time.Minute, nil)
	if !errors.Is(err, ErrNotVideo) || !errors.Is(err, errFailed) {
		t.Errorf("got %v, want ErrNotVideo for a program that failed", err)
	}
	waittest.UntilRunning(t, mark, 0)
}

func TestADescendantThatHidesEndsToo(t *testing.T) {
	mark := waittest.Mark()
	fake := script(t, "/usr/bin/setsid /bin/sleep "+mark+" & until /bin/grep -q sleep /proc/$!/comm; do :; done")
	_, err := NewMeter(Options{FFprobe: fake}).Measure(t.Context(), "user_a", tone1s(t), time.Minute, nil)
	if n := waittest.Running(t, mark); !errors.Is(err, ErrNotVideo) || n > 0 {
		t.Errorf("got %v, and %d processes are left", err, n)
	}
}

func TestWhoseFaultAnEndIs(t *testing.T) {
	path := tone1s(t)
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"failed", "exit 1", ErrNotVideo},
		{"says nothing", "exit 0", ErrNotVideo},
		{"crashed", "kill -SEGV $$", ErrNotVideo},
		{"aborted", "kill -ABRT $$", ErrNotVideo},
		{"file size limit", "kill -XFSZ $$", ErrNotVideo},
		{"used its processor time", "while :; do :; done", ErrNotVideo},
		{"ignored the signal for it", "trap '' XCPU; while :; do :; done", ErrNotVideo},
		{"took too much memory", "exec /usr/bin/tail /dev/zero", ErrNotVideo},
		{"killed from outside", "kill -KILL $$", ErrUnavailable},
		{"ended from outside", "kill -TERM $$", ErrUnavailable},
		{"other output", "echo 'packet|codec_type=audio|stream_index=first'; exec /bin/sleep 60", ErrUnavailable},
		{"endless line", "exec /bin/dd if=/dev/zero bs=65536", ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file, err := NewMeter(Options{FFprobe: script(t, test.text)}).open("user_a", path)
			if err != nil {
				t.Fatal(err)
			}
			file.cpu, file.meter.memory = time.Second, 32<<20
			_, _, err = file.measure(t.Context(), time.Minute)
			for _, class := range []error{ErrNotVideo, ErrUnavailable} {
				if errors.Is(err, class) != (class == test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
			}
			if file.cpu > time.Second/2 && strings.Contains(test.text, "while") {
				t.Errorf("still has %v of its processor time", file.cpu)
			}
		})
	}
}

// TestWhatHangsIsEnded has programs that wait for nothing, and one that only
// looks so: its output is taken slowly.
func TestWhatHangsIsEnded(t *testing.T) {
	path := tone1s(t)
	for name, text := range map[string]string{
		"sleeps":    "exec /bin/sleep 1000",
		"is waited": "/bin/sleep 1000 & wait",
		"naps":      "while :; do /bin/sleep 0.5; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meter := NewMeter(Options{FFprobe: script(t, text)})
			meter.hangTime = 2 * time.Second
			_, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil)
			if !errors.Is(err, errHangs) || !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotVideo) {
				t.Errorf("got %v, want ErrUnavailable since it hangs", err)
			}
		})
	}
	t.Run("we are slow", func(t *testing.T) {
		t.Parallel()
		meter := NewMeter(Options{FFprobe: script(t, "echo x; exec /bin/sleep 1000")})
		meter.hangTime = time.Millisecond
		s := meter.newSubject("user_a", path, 0, kind{})
		s.cpu = time.Minute
		enough := errors.New("enough")
		slow := writerFunc(func([]byte) (int, error) { time.Sleep(3 * progressTick); return 0, enough })
		if err := s.run(t.Context(), process{program: meter.ffprobe, stdout: slow}); !errors.Is(err, enough) {
			t.Errorf("got %v, want the writer's own", err)
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(data []byte) (int, error) { return f(data) }

// TestPanicIsTheFilesOwn has our side panic at what a program writes, and beside it.
func TestPanicIsTheFilesOwn(t *testing.T) {
	var log bytes.Buffer
	meter := NewMeter(Options{FFprobe: script(t, "echo x"), Log: slog.New(slog.NewTextHandler(&log, nil))})
	s := meter.newSubject("user_a", tone1s(t), 0, kind{})
	s.cpu = time.Minute
	written := s.run(t.Context(), process{program: meter.ffprobe, stdout: writerFunc(func([]byte) (int, error) { panic("bad output") })})
	beside := meter.contain(func() error { panic("bad output") })
	for name, err := range map[string]error{"written": written, "beside": beside} {
		if !errors.Is(err, ErrNotVideo) || !strings.Contains(err.Error(), "bad output") {
			t.Errorf("%s: got %v, want ErrNotVideo", name, err)
		}
	}
	if n := strings.Count(log.String(), "TestPanicIsTheFilesOwn"); n < 2 {
		t.Errorf("logged %s", log.String())
	}
}

// TestLargeChildrenTakeTurns has programs that grow large while all memory for
// such is in use: they stand still, on no clock, and end well once there is some.
func TestLargeChildrenTakeTurns(t *testing.T) {
	path := tone1s(t)
	fake := script(t, "exec /bin/dd if=/dev/zero of=/dev/null bs=300M count=20")
	meter := NewMeter(Options{FFprobe: fake, Timeout: 10 * time.Second})
	meter.shares = newLimiter(1, 1)
	meter.hangTime = 3 * progressTick
	release := take(t, meter.shares, "user_b")
	result := make(chan error, 1)
	go func() {
		_, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil)
		result <- err
	}()
	waittest.Until(t, "the program to wait", func() bool {
		meter.shares.mu.Lock()
		defer meter.shares.mu.Unlock()
		return len(meter.shares.queue) > 0
	})
	select {
	case err := <-result:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(2 * meter.hangTime):
	}
	release()
	if err := waittest.Receive(t, result); !errors.Is(err, errNothing) {
		t.Errorf("got %v, want a program that ended well", err)
	}
	if len(meter.shares.owners) > 0 {
		t.Errorf("shares are not given back: %v", meter.shares.owners)
	}
}

// TestFloods lets both programs write without end: memory stays small and
// what the program says never blocks it.
func TestFloods(t *testing.T) {
	path := tone1s(t)
	flood := "/bin/dd if=/dev/zero bs=1048576 count=200"
	for _, test := range []struct {
		name    string
		options Options
		want    func(error) bool
	}{
		{"complaints", Options{FFprobe: script(t, flood+" status=none >&2; exit 1")}, func(err error) bool {
			return errors.Is(err, ErrNotVideo) && len(err.Error()) < 5*maxComplaints
		}},
		{"sound", Options{FFmpeg: script(t, "exec "+flood)}, func(err error) bool {
			var long *TooLongError
			return errors.As(err, &long) && long.Duration >= time.Minute && long.Duration < time.Minute+10*time.Second
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := NewMeter(test.options).Measure(t.Context(), "user_a", path, time.Minute, nil)
			runtime.ReadMemStats(&after)
			if !test.want(err) {
				t.Errorf("got %.500v", err)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
				t.Errorf("allocated %d bytes", grown)
			}
		})
	}
}

// TestChildIsConfined asks a child, once its limits are set, what it may use
// and what it was given.
func TestChildIsConfined(t *testing.T) {
	t.Setenv("GENSUB_JWT_SECRET", "hush")
	fake := script(t, `until /bin/grep -q 'open files  *32 ' /proc/self/limits; do :; done
until [ "$(/bin/cat /proc/self/oom_score_adj)" = 1000 ]; do :; done
/bin/grep -E 'cpu|file size|core' /proc/self/limits >&2
/usr/bin/env >&2
exit 1`)
	_, err := NewMeter(Options{FFprobe: fake, Timeout: 20 * time.Second}).Measure(t.Context(), "user_a", tone1s(t), time.Minute, nil)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Fatalf("got %v, want a failure that does not know the secret", err)
	}
	said := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), `\n`, " ")), " ")
	for _, want := range []string{
		"Max cpu time 10 10", "Max file size 0 0", "Max core file size 0 0",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in %s", want, said)
		}
	}
}

func TestMeasureWaitsForItsTurn(t *testing.T) {
	mark := waittest.Mark()
	path := tone1s(t)
	meter := NewMeter(Options{FFprobe: script(t, "exec /bin/sleep "+mark), Concurrency: 1})
	first, cancelFirst := context.WithCancel(t.Context())
	defer cancelFirst()
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := meter.Measure(first, "user_a", path, time.Minute, nil); !errors.Is(err, ErrUnavailable) {
			t.Errorf("first: got %v, want ErrUnavailable", err)
		}
	})
	waittest.UntilRunning(t, mark, 1)
	second, cancelSecond := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelSecond()
	_, err := meter.Measure(second, "user_a", path, time.Minute, nil)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("second: got %v, want ErrUnavailable", err)
	}
	if n := waittest.Running(t, mark); n != 1 {
		t.Errorf("%d children run at once, want 1", n)
	}
	// What is no video at all needs no turn.
	if _, err := meter.Measure(t.Context(), "user_a", save(t, "x.txt", []byte("text")), time.Minute, nil); !errors.Is(err, ErrNotVideo) {
		t.Errorf("text: got %v, want ErrNotVideo", err)
	}
	cancelFirst()
	waittest.Group(t, &group)
	waittest.UntilRunning(t, mark, 0)
}

// TestChildEndsWithTheServer kills a process in the middle of measuring. That
// process is this test again, told so by its environment.
func TestChildEndsWithTheServer(t *testing.T) {
	if fake := os.Getenv("MEDIA_TEST_FAKE"); fake != "" {
		_, err := NewMeter(Options{FFprobe: fake}).Measure(t.Context(), "user_a", os.Getenv("MEDIA_TEST_FILE"), time.Minute, nil)
		t.Fatalf("was to be killed, got %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mark := waittest.Mark()
	server := waittest.Command(t, self, "-test.run=^TestChildEndsWithTheServer$")
	server.Env = append(os.Environ(), "MEDIA_TEST_FAKE="+script(t, "exec /bin/sleep "+mark), "MEDIA_TEST_FILE="+tone1s(t))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 1)
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	waittest.UntilRunning(t, mark, 0)
}

// TestChildOutlivesThreads ends many threads while a child runs: it must not be
// taken for the end of the server (golang.org/issue/27505).
func TestChildOutlivesThreads(t *testing.T) {
	path := tone1s(t)
	meter := NewMeter(Options{FFprobe: script(t, "/bin/sleep 0.5; exit 1"), Concurrency: 4})
	var group sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		group.Go(func() {
			if _, err := meter.Measure(t.Context(), "user_a", path, time.Minute, nil); !errors.Is(err, errFailed) {
				t.Errorf("got %v, want the exit status of the child", err)
			}
		})
	}
	go func() {
		group.Wait()
		close(ended)
	}()
	for {
		var threads sync.WaitGroup
		for range 20 {
			threads.Go(runtime.LockOSThread) // ends its thread with it
		}
		waittest.Group(t, &threads)
		select {
		case <-ended:
			return
		default:
		}
	}
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{line: func(line []byte) error {
		got = append(got, string(line))
		return nil
	}}
	for _, part := range []string{"on", "e\ntwo\n\nth", "", "ree\nrest"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("Write(%q): %d, %v", part, n, err)
		}
	}
	if want := []string{"one", "two", "", "three"}; strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := w.Write(make([]byte, maxLine)); !errors.Is(err, errOutput) {
		t.Errorf("a line too long: %v, want errOutput", err)
	}
}

func TestTimelineLength(t *testing.T) {
	packet := func(kind string, index int, pts, dts, length, flags string) string {
		return "packet|codec_type=" + kind + "|stream_index=" + strconv.Itoa(index) + "|pts_time=" + pts +
			"|dts_time=" + dts + "|duration_time=" + length + "|flags=" + flags + "\n"
	}
	end := "stream|index=0|codec_type=video|disposition:attached_pic=0\n" +
		"stream|index=1|codec_type=audio|disposition:attached_pic=0\nstream|index=2|codec_type=subtitle\n" +
		"stream|index=3|codec_type=video|disposition:attached_pic=1\n"
	for _, test := range []struct {
		name, lines string
		want        time.Duration
	}{
		{"nothing", "", 0},
		{"not listed", packet("audio", 7, "0", "0", "9", "K_"), 0},
		{"one packet", packet("video", 0, "1.5", "1.5", "0.04", "K_"), 40 * time.Millisecond},
		{"a gap counts", packet("video", 0, "0", "0", "1", "K_") + packet("video", 0, "8", "8", "1", "K_"), 9 * time.Second},
		{"order does not", packet("video", 0, "8", "8", "1", "K_") + packet("video", 0, "0", "0", "1", "K_"), 9 * time.Second},
		{"discarded", packet("audio", 1, "0", "0", "2", "K_") + packet("audio", 1, "2", "2", "5", "KD"), 2 * time.Second},
		{"both streams", packet("video", 0, "0", "0", "2", "K_") + packet("audio", 1, "1", "1", "4", "K_"), 5 * time.Second},
		{"subtitles and covers", packet("audio", 1, "0", "0", "2", "K_") + packet("subtitle", 2, "0", "0", "500", "K_") +
			packet("video", 3, "0", "0", "50", "K_"), 2 * time.Second},
		{"warm-up before the pictures", packet("video", 0, "0.02", "0", "2", "K_") + packet("audio", 1, "0", "0", "2.05", "K_"), 2 * time.Second},
		{"more than a warm-up", packet("video", 0, "0.02", "0", "2", "K_") + packet("audio", 1, "0", "0", "2.09", "K_"), 2090 * time.Millisecond},
		{"warm-up before zero", packet("audio", 1, "-0.02", "0", "2.02", "K_"), 2 * time.Second},
		{"really before zero", packet("audio", 1, "-1", "0", "2", "K_"), 2 * time.Second},
		{"dts in place of pts", packet("video", 0, "N/A", "3", "1", "K_") + packet("video", 0, "5", "5", "1", "K_"), 3 * time.Second},
		{"no times at all", strings.Repeat(packet("audio", 1, "N/A", "N/A", "0.5", "K_"), 6), 3 * time.Second},
		{"no length", packet("audio", 1, "0", "0", "N/A", "K_") + packet("audio", 1, "1", "1", "N/A", "K_"), time.Second},
		{"no clock shows this", packet("audio", 1, "0", "0", "2", "K_") + packet("audio", 1, "1e10", "1e10", "-7", "K_") +
			packet("audio", 1, "NaN", "1e300", "N/A", "K_"), 2 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			times := &timeline{tracks: map[int]*stream{}, atMost: time.Minute}
			w := &lineWriter{line: times.read}
			if _, err := w.Write([]byte(test.lines + end)); err != nil {
				t.Fatal(err)
			}
			if got := times.length(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	times := &timeline{tracks: map[int]*stream{}, atMost: time.Minute}
	for index := range maxStreams {
		if err := times.read([]byte(packet("audio", index, "0", "0", "1", "K_"))); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{packet("audio", maxStreams, "0", "0", "1", "K_"), fmt.Sprintf("stream|index=%d", maxStreams)} {
		if err := times.read([]byte(line)); !errors.Is(err, ErrNotVideo) {
			t.Errorf("%s: got %v, want ErrNotVideo", line, err)
		}
	}
}

// TestNothingDecodes is an ffmpeg that ends well and gives nothing.
func TestNothingDecodes(t *testing.T) {
	silent := encode(t, "x.mp4", "-f", "lavfi", "-i", pictures, "-c:v", "libx264")
	meter := NewMeter(Options{FFmpeg: script(t, "exit 0")})
	if got, err := meter.Measure(t.Context(), "user_a", silent, time.Minute, nil); !errors.Is(err, ErrNotVideo) {
		t.Errorf("got %v, %v, want ErrNotVideo", got, err)
	}
}
