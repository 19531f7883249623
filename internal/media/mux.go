package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// ErrNotMuxable says that a file cannot be put into the container that was asked
// for: its streams do not fit, or there is no picture for an MP4.
var ErrNotMuxable = errors.New("does not fit the container")

// MuxFormat is a container that takes subtitles beside any picture and sound, or
// beside those that most players know.
type MuxFormat string

// The formats there are. MKV is also what sound alone goes into, as .mka.
const (
	MKV MuxFormat = "mkv"
	MP4 MuxFormat = "mp4"
)

// muxer is ffmpeg's name of a format.
func (f MuxFormat) muxer() string {
	if f == MP4 {
		return "mp4"
	}
	return "matroska"
}

const (
	// defaultExports bounds how many files of one owner are muxed at once; one
	// more may be somebody else's. It is the disk that they keep busy.
	defaultExports = 2
	// muxBytes and a quarter of the input is how much larger than its input an
	// output may be. MKV adds 7 bytes to each packet, and speech has small ones.
	muxBytes = 1 << 20
	// muxOutput and muxSubtitles are how a child names the files that it is handed.
	muxOutput    = "file:/proc/self/fd/3"
	muxSubtitles = "file:/proc/self/fd/4"
)

// Mux is a request for a file with subtitles in it.
type Mux struct {
	Owner     string    // whose turn it takes
	Video     string    // path of the file, of a kind that Measure takes
	Subtitles []byte    // SRT, valid UTF-8
	Format    MuxFormat // of the output
	Language  string    // of the subtitles, ISO 639-1 or -3; "" when it is not known
}

// Muxed is a file with subtitles in it, to be read from its start.
type Muxed struct {
	Scratch
	// LeftOut names the tracks that no container takes, such as "audio 2", counted
	// among those of their kind from 1.
	LeftOut []string
}

// Muxer puts subtitles into copies of videos. It may be used by many goroutines
// at once.
type Muxer struct {
	meter   *Meter
	scratch func(size int64) (Scratch, error)
	limiter *limiter
}

// Scratch is a file without a name, with room for as much as was asked for.
type Scratch interface {
	io.ReadCloser
	io.ReaderAt
	io.WriterAt
	Size() (int64, error) // in bytes
	File() *os.File       // to be handed to a child
	Empty() error         // begins anew, with its room
	Trim() error          // returns the room beyond the end
}

// NewMuxer makes a Muxer that runs meter's programs, at turns of its own, and
// writes to what scratch makes, whose errors it returns.
func NewMuxer(meter *Meter, scratch func(size int64) (Scratch, error)) *Muxer {
	return &Muxer{meter: meter, scratch: scratch, limiter: newLimiter(defaultExports+1, defaultExports)}
}

// Mux waits for a turn and returns the file, to be read from its start. It has
// no name, so that nothing of it is left once it is closed, or the process dead.
//
// Picture and sound are copied as they are, with their tags and chapters, and the
// file's own subtitles follow the new ones, turned into text where the format wants
// that; other streams, covers and attachments are left out. What an
// edit list hides at the beginning is seen in MKV, with the subtitles still in time. A
// track of an unknown kind, as newer phones write beside one that all can play,
// is left out, too, and so are subtitles that the format cannot hold.
//
// Errors are ErrNotMuxable, ErrNotVideo for a file that must not be looked into,
// ErrUnavailable when another try may succeed, and those of the scratch file.
func (m *Muxer) Mux(ctx context.Context, job Mux) (*Muxed, error) {
	output, err := m.mux(ctx, job)
	if err != nil {
		return nil, fmt.Errorf("mux subtitles: %w", err)
	}
	return output, nil
}

func (m *Muxer) mux(ctx context.Context, job Mux) (*Muxed, error) {
	s, err := m.meter.open(job.Owner, job.Video)
	if err != nil {
		return nil, err
	}
	defer s.close()
	release, err := m.limiter.acquire(ctx, job.Owner)
	if err != nil {
		return nil, err
	}
	defer release()
	most := s.size + s.size/4 + int64(len(job.Subtitles)) + muxBytes
	output, err := m.scratch(most)
	if err != nil {
		return nil, err
	}
	leftOut, err := s.mux(ctx, job, output, most)
	if err != nil {
		return nil, errors.Join(err, output.Close())
	}
	return &Muxed{output, leftOut}, nil
}

// mux writes the output, of at most so many bytes, and names what it left out.
func (s *subject) mux(ctx context.Context, job Mux, output Scratch, most int64) ([]string, error) {
	ctx, end := s.begin(ctx, 0)
	defer end()
	list, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	plan := list.plan(job.Format)
	err = s.copyTurned(ctx, job, output, most, plan)
	if errors.Is(err, errFailed) {
		plan, err = s.copyRest(ctx, job, output, most, list, plan, err)
	}
	if errors.Is(err, errFailed) {
		return nil, fmt.Errorf("%w: %w", ErrNotMuxable, err)
	}
	if err != nil {
		return nil, err
	}
	return plan.leftOut, output.Trim()
}

// copyRest is copyTracks without pictures and sound that cannot be copied, then
// with broken sound encoded anew, then without the file's own subtitles. Where none
// of that helps, what failed stays the error.
func (s *subject) copyRest(ctx context.Context, job Mux, output Scratch, most int64, list listing, plan muxPlan, failed error) (muxPlan, error) {
	less, err := s.withoutUncopyable(ctx, list, plan, job.Format)
	if err != nil {
		return plan, err
	}
	if !less.worthwhile(list, job.Format) {
		return plan, failed
	}
	plans := []muxPlan{less, less.encoding(list), less.withoutSubtitles(), less.encoding(list).withoutSubtitles()}
	for _, next := range plans {
		if len(next.leftOut) == len(plan.leftOut) && len(next.encoded) == len(plan.encoded) {
			continue // It is what failed.
		}
		plan = next
		if err := output.Empty(); err != nil {
			return plan, err
		}
		if failed = s.copyTurned(ctx, job, output, most, plan); !errors.Is(failed, errFailed) {
			break
		}
	}
	return plan, failed
}

// withoutUncopyable leaves out the pictures and sound that the format does not take.
func (s *subject) withoutUncopyable(ctx context.Context, list listing, plan muxPlan, format MuxFormat) (muxPlan, error) {
	check := func(index int, name string) error {
		output, err := inMemory(nil) // Of some sound the head is written last.
		if err != nil {
			return fmt.Errorf("%w: try a track: %w", ErrUnavailable, err)
		}
		defer output.Close()
		args := append([]string{"-nostdin", "-y"}, s.input()...)
		err = s.run(ctx, process{
			program: s.meter.ffmpeg,
			args: append(args, "-i", s.source(), "-map", "0:"+strconv.Itoa(index), "-c", "copy", "-frames:0", "1",
				"-f", format.muxer(), muxOutput),
			stdout:   &headWriter{},
			files:    []*os.File{output},
			fileSize: s.size + muxBytes,
		})
		if errors.Is(err, errFailed) {
			plan = plan.without(index, name)
			return nil
		}
		return err
	}
	for n, p := range list.pictures {
		if err := check(p.index, fmt.Sprintf("video %d", n+1)); err != nil {
			return plan, err
		}
	}
	for _, t := range list.tracks {
		if t.Kind == TrackAudio && !t.Unknown {
			if err := check(t.index, t.called()); err != nil {
				return plan, err
			}
		}
	}
	return plan, nil
}

// copyTracks writes a file from the tracks of the plan and the subtitles.
func (s *subject) copyTracks(ctx context.Context, job Mux, output Scratch, most int64, plan muxPlan) error {
	pictures, text := "0:V?", job.Subtitles
	codec := []string{"-c:s:0", "copy"}
	if job.Format == MP4 {
		pictures, text = "0:V", plainSRT(text)
		// MP4 has 31 bits for how long a sample lasts: in microseconds, which
		// ffmpeg would count in, that is 36 minutes without a caption.
		codec = []string{"-c:s:0", "mov_text", "-time_base:s", "1:1000"}
	}
	subtitles, err := inMemory(text)
	if err != nil {
		return fmt.Errorf("%w: keep subtitles: %w", ErrUnavailable, err)
	}
	defer subtitles.Close()
	title := ownName(job.Language)
	args := append([]string{"-nostdin", "-y"}, s.input()...)
	args = append(args,
		// AVI and MPEG leave times out that MKV needs.
		"-fflags", "+genpts", "-i", s.source(),
		"-protocol_whitelist", "file", "-format_whitelist", "srt", "-f", "srt", "-i", muxSubtitles,
		"-map", pictures, "-map", "0:a?", "-map", "1:s")
	args = append(args, plan.maps()...)
	if job.Format == MKV {
		args = append(args, reserve(plan.pictures)...)
	}
	args = append(args, "-c:v", "copy", "-c:a", "copy")
	args = append(append(append(args, plan.encoders()...), codec...), plan.codecs()...)
	args = append(args,
		"-metadata:s:s:0", "language="+threeLetters(job.Language),
		"-metadata:s:s:0", "title="+title, "-metadata:s:s:0", "handler_name="+title,
		"-disposition:s:0", "default",
		// The room that was taken for the file is not given back at its opening.
		"-f", job.Format.muxer(), "-truncate", "0", muxOutput)
	return s.run(ctx, process{
		program:  s.meter.ffmpeg,
		args:     args,
		stdout:   &headWriter{},
		files:    []*os.File{output.File(), subtitles},
		fileSize: most,
	})
}

// copyTurned is copyTracks with pictures turned as they are in the file. Where MKV
// cannot be told so, they lie as they were recorded.
func (s *subject) copyTurned(ctx context.Context, job Mux, output Scratch, most int64, plan muxPlan) error {
	err := s.copyTracks(ctx, job, output, most, plan)
	if err != nil || job.Format != MKV {
		return err
	}
	err = rotate(output, plan.pictures)
	if !errors.Is(err, errNoTracks) {
		return err
	}
	s.meter.log.Warn("pictures not turned", "error", err)
	plan.pictures = nil
	if err := output.Empty(); err != nil {
		return err
	}
	return s.copyTracks(ctx, job, output, most, plan)
}

// inMemory is a file that lies in memory. Of a pipe ffmpeg reads a few cues at a
// time and sleeps in between: 25,000 cues took 21 s.
func inMemory(data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("subtitles", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "subtitles")
	if _, err := file.Write(data); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// plainSRT keeps a reader of SRT from taking text for markup: a mark that is not
// seen (U+2060) follows each character that could begin some. MP4 has no text
// of SRT in it, so it is read for that, and unknown tags are dropped.
func plainSRT(text []byte) []byte {
	for _, begin := range []string{"<", "{", `\`} {
		text = bytes.ReplaceAll(text, []byte(begin), []byte(begin+"\u2060"))
	}
	return text
}

// threeLetters is a language's code of ISO 639-2, as far as it has one there.
func threeLetters(code string) string {
	base, err := language.ParseBase(code)
	if err != nil {
		return "und"
	}
	return base.ISO3()
}

// ownName is what its speakers call a language, by which players list its
// subtitles; "" where that is not known.
func ownName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return ""
	}
	return display.Self.Name(tag)
}
