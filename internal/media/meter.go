// Package media knows what an uploaded file really is.
//
// The file comes from a stranger: its headers are not believed, and what reads it
// (ffprobe and ffmpeg) runs bounded in time, memory, output and in what it may open.
package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gensubtitle/internal/proc"
)

var (
	// ErrNotVideo says that a file is of a kind that is not taken, holds
	// nothing that can be decoded, or costs too much to look into. The file is
	// to blame: another try ends the same way.
	ErrNotVideo = errors.New("not a video or sound that can be decoded")

	// ErrUnavailable says that the file could not be measured for a reason on
	// our side: a program is missing or was killed, the machine was too slow,
	// the caller gave up. Another try may succeed.
	ErrUnavailable = errors.New("media are unavailable")
)

// TooLongError is a file that lasts longer than the caller allowed.
type TooLongError struct {
	Duration time.Duration // whole milliseconds
	Exact    bool          // false when measuring stopped early: it lasts at least Duration
}

func (e *TooLongError) Error() string {
	if e.Exact {
		return fmt.Sprintf("lasts %v, longer than allowed", e.Duration)
	}
	return fmt.Sprintf("lasts at least %v, longer than allowed", e.Duration)
}

const (
	defaultConcurrency = 2
	defaultTimeout     = 5 * time.Minute

	// What one file may cost: a start, a share for its size and one for its
	// length. Honest files need less than a tenth of it.
	baseTime      = 30 * time.Second
	bytesPerSec   = 8 << 20
	playbackSpeed = 50

	// clockPerCPU is how much longer than its processor time a measurement may
	// take by the clock. A file that is costly by itself meets the first limit;
	// the second is met only on a machine that is busy or whose disk is slow.
	clockPerCPU = 2

	// maxStreams is generous for the sake of films that bring their fonts, which
	// are streams too. maxSounds bounds those that are decoded.
	maxStreams = 100
	maxSounds  = 16
)

// Options configures a Meter. The zero value is usable.
type Options struct {
	FFmpeg  string // name in PATH, or path; "ffmpeg" when empty
	FFprobe string // name in PATH, or path; "ffprobe" when empty
	// Concurrency is how many files of one owner are looked into at once; 2 when
	// zero. There is one place more than that, so that nobody holds all of them.
	Concurrency int
	Timeout     time.Duration // the most that one file may take by the clock; 5 minutes when zero
	// Rejections is how much processor time the rejected files of one owner may
	// take within an hour; 0 for no limit.
	Rejections time.Duration

	Log    *slog.Logger        // of panics, unless nil
	Ran    func(Run)           // called after each run of a program, unless nil
	Waited func(time.Duration) // called when a file has its turn, unless nil
}

// Meter measures what a file really holds with the system's ffprobe and ffmpeg.
// It may be used by many goroutines at once.
type Meter struct {
	ffmpeg     string
	ffprobe    string
	timeout    time.Duration
	hangTime   time.Duration // without work, after which a child is ended
	memory     int64         // bytes that a child may hold
	limiter    *limiter
	shares     *limiter // of memory, for children that grow large
	rejections *rejections
	log        *slog.Logger
	ran        func(Run)
	waited     func(time.Duration)
}

// Measurement is what a file really holds.
type Measurement struct {
	// Duration is in whole milliseconds and more than zero: the longer of the
	// packet timeline and the longest decoded sound, without what an edit list
	// cuts away and without leaps of the clock. Sound of up to codecPadding beyond
	// it is a codec's warm-up and last partial frame, not content; whoever hands
	// the sound on must end it at Duration.
	Duration time.Duration

	// Container is the kind of file by its first bytes: mp4, mov, m4a, 3gp,
	// mkv, webm, avi, mpegts, mpeg, flv, asf, ogg, wav, w64, flac, mp3, mp2,
	// aac, ac3, eac3, amr, aiff or caf.
	Container string

	// HasPicture is true where there are moving pictures.
	HasPicture bool

	// Sound is the index of the stream that a speech engine is to be given, as
	// decodeSound writes it: the first that decodes to anything. It is -1 where
	// there is none. Duration covers it, for it covers every sound.
	Sound int

	// Tracks are those of sound and subtitles, as the file lists them.
	Tracks []Track

	// Declared is how long the file lasts by its own word, where that is notably
	// more than could be read: it is damaged, or not all there. Else it is zero.
	Declared time.Duration
}

// NewMeter looks for the programs when it needs them, not here: see Ready.
func NewMeter(options Options) *Meter {
	if options.Ran == nil {
		options.Ran = func(Run) {}
	}
	if options.Waited == nil {
		options.Waited = func(time.Duration) {}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	concurrency, shares := cmp.Or(options.Concurrency, defaultConcurrency), memoryShares()
	return &Meter{
		ffmpeg:     cmp.Or(options.FFmpeg, "ffmpeg"),
		ffprobe:    cmp.Or(options.FFprobe, "ffprobe"),
		timeout:    cmp.Or(options.Timeout, defaultTimeout),
		hangTime:   hangTime,
		memory:     maxMemory,
		limiter:    newLimiter(concurrency+1, concurrency),
		shares:     newLimiter(shares, shares),
		rejections: newRejections(options.Rejections),
		log:        options.Log,
		ran:        options.Ran,
		waited:     options.Waited,
	}
}

// Ready says whether both programs are there; the error names each missing one
// and is ErrUnavailable.
func (m *Meter) Ready() error {
	_, probeErr := proc.LookUp(m.ffprobe)
	_, mpegErr := proc.LookUp(m.ffmpeg)
	if err := errors.Join(probeErr, mpegErr); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// Allow returns a *RejectionsError for an owner whose rejected files have taken
// too much time of late.
func (m *Meter) Allow(owner string) error { return m.rejections.check(owner) }

// Measure waits for a turn and measures the owner's file at path, which lasts at
// most atMost. Meanwhile the sound is written to sound as Extract does, but never
// more than Measurement.Duration, unless that is nil. Errors are ErrNotVideo,
// *TooLongError or ErrUnavailable, and those of sound.
func (m *Meter) Measure(ctx context.Context, owner, path string, atMost time.Duration, sound SoundFile) (measured Measurement, err error) {
	err = m.look(ctx, owner, path, atMost, func(ctx context.Context, file *subject) (err error) {
		measured, err = file.measureAndExtract(ctx, atMost, sound)
		var long *TooLongError
		if errors.Is(err, ErrNotVideo) || errors.As(err, &long) {
			m.rejections.add(owner, time.Duration(file.spent.Load()))
		}
		return err
	})
	if err != nil {
		return Measurement{}, fmt.Errorf("measure: %w", err)
	}
	return measured, nil
}

type turnKey struct{}

// OnTurn returns a context with which a file calls begun when it has its turn.
// An error of begun is returned, and the file is not looked into.
func OnTurn(ctx context.Context, begun func(context.Context) error) context.Context {
	return context.WithValue(ctx, turnKey{}, begun)
}

// Begin calls what OnTurn was given, if anything. It is for meters, which have a turn.
func Begin(ctx context.Context) error {
	if begun, ok := ctx.Value(turnKey{}).(func(context.Context) error); ok {
		return begun(ctx)
	}
	return nil
}

// look waits for a turn and has work look into the owner's file at path.
func (m *Meter) look(ctx context.Context, owner, path string, atMost time.Duration, work func(context.Context, *subject) error) error {
	file, err := m.open(owner, path)
	if err != nil {
		return err
	}
	defer file.close()
	start := time.Now()
	release, err := m.limiter.acquire(ctx, owner)
	if err != nil {
		return err
	}
	defer release()
	m.waited(time.Since(start))
	if err := Begin(ctx); err != nil {
		return err
	}
	ctx, end := file.begin(ctx, atMost)
	defer end()
	return m.contain(func() error { return work(ctx, file) })
}

// contain makes a panic the fault of the file that brought it about. It does not
// end this process, and another try would end the same way.
func (m *Meter) contain(work func() error) error { return m.blame(proc.Contain(work)) }

// blame is ErrNotVideo for a panic.
func (m *Meter) blame(err error) error {
	var panicked *proc.PanicError
	if !errors.As(err, &panicked) || errors.Is(err, ErrNotVideo) {
		return err
	}
	m.log.Error("panic", "what", "media", "value", panicked.Value, "stack", string(panicked.Stack))
	return fmt.Errorf("%w: %w", ErrNotVideo, err)
}

// measureAndExtract has the sound extracted while the file is measured, by a run
// of its own: what is measured is the same with and without it.
func (s *subject) measureAndExtract(ctx context.Context, atMost time.Duration, sound SoundFile) (Measurement, error) {
	list, err := s.list(ctx)
	if err != nil {
		return Measurement{}, err
	}
	if sound == nil {
		measured, _, err := s.measureListed(ctx, list, atMost)
		return measured, err
	}
	extracted, stop := s.beginExtraction(ctx, list, sound, atMost)
	defer stop()
	measured, times, err := s.measureListed(ctx, list, atMost)
	if err != nil {
		return Measurement{}, err
	}
	e, err := extracted()
	if err == nil && measured.Sound >= 0 {
		err = measured.chooseSound(ctx, e, list, times)
	}
	if err == nil {
		err = e.end(measured.Duration)
	}
	if err != nil {
		return Measurement{}, fmt.Errorf("extract sound: %w", err)
	}
	return measured, nil
}

// chooseSound has another track extracted where the default one gives next to
// nothing, and makes that the default one.
func (m *Measurement) chooseSound(ctx context.Context, e *extraction, list listing, times *timeline) error {
	index, err := e.orNext(ctx, list, times)
	if err != nil || index < 0 || index == list.first() {
		return err
	}
	for i, track := range m.Tracks {
		if track.Kind == TrackAudio {
			m.Tracks[i].Default = track.index == index
		}
	}
	return nil
}

// measureListed adds to what was measured what the file says of itself.
func (s *subject) measureListed(ctx context.Context, list listing, atMost time.Duration) (Measurement, *timeline, error) {
	measured, times, err := s.measure(ctx, atMost)
	if err != nil {
		return Measurement{}, nil, err
	}
	measured.Tracks = list.tracks
	list.declared = max(list.declared, s.unreadRIFF(measured.Duration))
	if list.missing(measured.Duration) {
		measured.Declared = list.declared.Round(time.Millisecond)
	}
	return measured, times, nil
}

// subject is one file that is looked into.
type subject struct {
	meter   *Meter
	owner   string
	path    string // absolute
	size    int64
	kind    kind
	parts   parts    // that are read
	patches *os.File // in memory; nil where there are none
	clock   *clock
	spent   *atomic.Int64 // processor time that all its children have used

	mu  sync.Mutex
	cpu time.Duration // processor time that its children may still use
}

// begin opens the account of a file and starts its clock.
func (s *subject) begin(ctx context.Context, atMost time.Duration) (context.Context, func()) {
	length := min(s.meter.timeout, s.cost(atMost))
	s.cpu = length / clockPerCPU
	ctx, clock, end := startClock(ctx, length)
	s.clock = clock
	return ctx, end
}

// open tells what kind of file it is, which needs no turn.
func (m *Meter) open(owner, path string) (*subject, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	found, ok, err := identify(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%w: read first bytes: %w", ErrUnavailable, err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: this kind of file is not taken", ErrNotVideo)
	}
	s := m.newSubject(owner, path, info.Size(), found)
	if s.parts, err = takeApart(file, info.Size(), found); err != nil {
		return nil, fmt.Errorf("%w: look for junk: %w", ErrUnavailable, err)
	}
	if strings.ContainsAny(path, "|\\'\n") {
		s.parts = parts{} // No name of parts can be made of such a path.
	}
	if len(s.parts.patches) > 0 {
		if s.patches, err = inMemory(s.parts.patches); err != nil {
			return nil, fmt.Errorf("%w: keep patches: %w", ErrUnavailable, err)
		}
	}
	return s, nil
}

// close lets go of what was opened beside the file.
func (s *subject) close() {
	if s.patches != nil {
		_ = s.patches.Close() // It is in memory.
	}
}

func (m *Meter) newSubject(owner, path string, size int64, found kind) *subject {
	return &subject{meter: m, owner: owner, path: path, size: size, kind: found, spent: new(atomic.Int64)}
}

func (s *subject) cost(atMost time.Duration) time.Duration {
	return baseTime + time.Duration(s.size/bytesPerSec)*time.Second + atMost/playbackSpeed
}

// measure is the longer of the packet timeline and any decoded sound. Neither
// alone would do: a table of times can say that twenty seconds of sound last
// half a second, and sound can end long before the pictures do.
func (s *subject) measure(ctx context.Context, atMost time.Duration) (Measurement, *timeline, error) {
	plain, stop := s.beginPlainSound(ctx, atMost)
	defer stop()
	times, err := s.timeline(ctx, atMost)
	if err != nil {
		return Measurement{}, nil, err
	}
	duration := times.length().Round(time.Millisecond)
	if duration > atMost {
		return Measurement{}, nil, &TooLongError{Duration: duration, Exact: true}
	}
	sound, err := s.heard(ctx, plain, times, atMost)
	if err != nil {
		return Measurement{}, nil, err
	}
	if sound.length == 0 {
		if err := s.picture(ctx, times.streams("video")); err != nil {
			return Measurement{}, nil, err
		}
	}
	if sound.length > duration+codecPadding {
		duration = sound.length.Round(time.Millisecond)
	}
	switch {
	case duration > atMost:
		return Measurement{}, nil, &TooLongError{Duration: duration, Exact: true}
	case duration <= 0:
		return Measurement{}, nil, fmt.Errorf("%w: lasts no time", ErrNotVideo)
	}
	return Measurement{
		Duration:   duration,
		Container:  s.kind.container,
		HasPicture: len(times.streams("video")) > 0,
		Sound:      sound.stream,
	}, times, nil
}

// run runs a child on the account of this file. Two that run side by side may
// each use what was left at their start.
func (s *subject) run(ctx context.Context, child process) error {
	left := s.spend(0)
	if left <= 0 {
		return fmt.Errorf("%w: took too much processor time", ErrNotVideo)
	}
	start := time.Now()
	used, err := child.run(ctx, s, left)
	err = s.meter.blame(err)
	s.spend(used)
	s.spent.Add(int64(used))
	s.meter.ran(Run{Program: filepath.Base(child.program), Took: time.Since(start), Outcome: outcomeOf(err)})
	return err
}

// spend takes processor time off the account and returns what is left.
func (s *subject) spend(used time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cpu -= used
	return s.cpu
}

// input is how both programs are told to read the file: from this path alone
// and with bounded means. In all else they are as a plain ffmpeg would be, for
// every difference is a way to hold more sound than is counted. So they choose
// the reader themselves, and fail where it is not the one that the first bytes
// call for: a WAV header in front of MPEG-TS is MPEG-TS to ffmpeg. And how much
// of the file is looked at for streams stays as it is: asking for 10 s of it
// gives FLV less than the 90 s that it has by default.
func (s *subject) input() []string {
	return append([]string{
		"-hide_banner", "-loglevel", "error",
		"-threads", "1",
		"-max_pixels", strconv.Itoa(8192 * 8192),
		// One more than are taken: some readers skip what is beyond without a
		// word, and so the one beyond is what gives them away.
		"-max_streams", strconv.Itoa(maxStreams + 1),
	}, s.reader()...)
}
