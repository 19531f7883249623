package subtitles

import (
	"regexp"
	"strings"
	"unicode"
)

// What Read takes at most. An hour of speech has some 1,200 cues, 60 kB of
// text and, as JSON that tells all about each word, up to 10 MB.
const (
	MaxFileBytes = 64 << 20
	MaxCues      = 100_000
	MaxCueBytes  = 64 << 10 // of one cue's text
	MaxTextBytes = 4 << 20  // of all texts together
)

// File is what a file has, and what was changed or dropped of it.
type File struct {
	Transcript
	Notices []Notice
}

// Read reads the subtitles of a stranger. It tells by the content whether they
// are WebVTT, SRT, SBV of YouTube, SubStation Alpha, TTML, LRC, MicroDVD, the TSV of openai-whisper, or JSON: that of openai-whisper and whisper-ctranslate2, of
// whisper.cpp, or of WriteJSON. They may be UTF-8, or UTF-16 with a byte order
// mark; lines may end as they do on any system.
//
// What comes back keeps the promises of Cue: tags like <b>, <v Ann> or {\an8}
// are taken out, entities are put back, cues without text are left out, a cue
// that ends when it starts lasts 1 ms. In files that people write, a cue that
// ends before it starts is an error; in JSON, which engines write, it lasts 1 ms
// as well, since the words matter more. No text is left out without a notice,
// and no line with two times is taken for text: what cannot be read is an error.
//
// go-astisub does not serve here. A time line without an end makes it panic,
// text after a thousand open tags costs memory by the square, a line of 64 KiB
// ends the file without an error, and a cue's own line that begins with "STYLE"
// or "NOTE ", or holds an arrow, is not taken for text.
//
// Errors: ErrUnreadable, as a *ReadError.
func Read(data []byte) (Transcript, error) {
	file, err := ReadFile(data, Bounds{})
	return file.Transcript, err
}

// ReadFile is Read for a file that somebody brings, with notices of what was
// changed and dropped and of what lies beyond the video.
func ReadFile(data []byte, bounds Bounds) (File, error) {
	if len(data) > MaxFileBytes {
		return File{}, &ReadError{Problem: ProblemTooLarge}
	}
	c := &collector{cueBytes: bounds.CueBytes}
	text, err := decodeText(data, &c.notices)
	if err != nil {
		return File{}, err
	}
	if strings.TrimLeftFunc(text, isBlank) == "" {
		return File{}, &ReadError{Problem: ProblemNoCues}
	}
	language, err := readText(text, c)
	if err != nil {
		return File{}, err
	}
	cues := tidy(c.finish(bounds.Video))
	return File{Transcript: Transcript{Language: language, Cues: cues}, Notices: c.notices.list}, nil
}

// isBlank reports whether a character cannot be seen.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// jsonBegin is not that of SRT without times, or of MicroDVD.
var jsonBegin = regexp.MustCompile(`^\s*\{\s*["}]|^\s*\{\s*$`)

func readText(text string, c *collector) (language string, err error) {
	if jsonBegin.MatchString(text) {
		return readJSON(text, c)
	}
	if isTTML(text) {
		return readTTML(text, c)
	}
	lines := splitLines(text)
	header, isVTT, almost := headerLine(lines)
	switch {
	case isVTT:
		return readVTT(lines, header, c)
	case almost:
		return "", unreadableLine(lines, header, ProblemHeader)
	case isASS(lines, header):
		return "", readASS(lines, c)
	case isLRC(lines, header):
		return "", readLRC(lines, c)
	case isTSV(lines, header):
		return "", readTSV(lines, header, c)
	case isMicroDVD(lines[header]):
		return "", readMicroDVD(lines, header, c)
	}
	return "", readSRT(lines, header, c)
}
