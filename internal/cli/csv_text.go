package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"gensubtitle/internal/subtitles"
)

// csvText reads a text as UTF-8, in whichever encoding a spreadsheet has
// written it. Windows-874 shows with the first letter beyond ASCII.
type csvText struct {
	raw      *bufio.Reader
	decoded  io.Reader // nil while the raw text is UTF-8
	encoding string
	lines    int64  // that were read of UTF-8
	letters  bool   // beyond ASCII were read of UTF-8
	left     []byte // of a letter that did not fit
}

const textWindow = 64 << 10 // is looked at to tell Windows-874

func newCSVText(from io.Reader) (*csvText, error) {
	t := &csvText{raw: bufio.NewReaderSize(from, textWindow), encoding: "UTF-8"}
	mark, err := t.raw.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	switch {
	case bytes.HasPrefix(mark, []byte("PK\x03\x04")), bytes.HasPrefix(mark, []byte("\xd0\xcf\x11\xe0")):
		return nil, errors.New("the file is a workbook of a spreadsheet; save it as CSV")
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, err = t.raw.Discard(3)
		if err != nil {
			return nil, fmt.Errorf("read the file: %w", err)
		}
	// The first letter of a heading is ASCII, half of which is 0 in UTF-16.
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), len(mark) > 1 && mark[0] != 0 && mark[1] == 0:
		t.decodeUTF16(unicode.LittleEndian)
	case bytes.HasPrefix(mark, []byte("\xfe\xff")), len(mark) > 1 && mark[0] == 0 && mark[1] != 0:
		t.decodeUTF16(unicode.BigEndian)
	}
	return t, nil
}

func (t *csvText) decodeUTF16(order unicode.Endianness) {
	t.encoding = "UTF-16"
	t.decoded = transform.NewReader(t.raw, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
}

func (t *csvText) Read(p []byte) (int, error) {
	if len(t.left) == 0 {
		if len(p) >= utf8.UTFMax {
			return t.read(p)
		}
		letter := make([]byte, utf8.UTFMax)
		n, err := t.read(letter)
		if n == 0 {
			return 0, err
		}
		t.left = letter[:n]
	}
	n := copy(p, t.left)
	t.left = t.left[n:]
	return n, nil
}

// read takes a place for a letter at least.
func (t *csvText) read(p []byte) (int, error) {
	if t.decoded != nil {
		return t.decoded.Read(p)
	}
	window, err := t.raw.Peek(min(len(p), textWindow))
	if len(window) == 0 {
		return 0, err
	}
	whole := t.wholeUTF8(window)
	if whole == 0 {
		if err := t.decodeThai(); err != nil {
			return 0, err
		}
		if t.decoded != nil {
			return t.decoded.Read(p)
		}
		whole = 1 // One letter is broken: its row is refused.
	}
	n, err := t.raw.Read(p[:whole])
	t.lines += int64(bytes.Count(p[:n], []byte("\n")))
	return n, err
}

// wholeUTF8 is how many bytes are whole letters. The last may be cut off.
func (t *csvText) wholeUTF8(text []byte) int {
	at := 0
	for at < len(text) {
		letter, size := utf8.DecodeRune(text[at:])
		if letter == utf8.RuneError && size <= 1 {
			break
		}
		t.letters = t.letters || size > 1
		at += size
	}
	return at
}

// decodeThai goes on in Windows-874 where all was ASCII so far and what follows
// looks like it.
func (t *csvText) decodeThai() error {
	if t.letters {
		return nil
	}
	window, err := t.raw.Peek(textWindow)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, ok := subtitles.DecodeThai(window); !ok {
		return fmt.Errorf("line %d: the text is neither UTF-8 nor UTF-16 nor Windows-874; save the file as CSV UTF-8", t.lines+1)
	}
	t.encoding = "Windows-874"
	t.decoded = transform.NewReader(t.raw, charmap.Windows874.NewDecoder())
	return nil
}

// separators are those that spreadsheets write, and what they are called.
var separators = []struct {
	mark rune
	name string
}{{',', "commas"}, {';', "semicolons"}, {'\t', "tabs"}}

// findSeparator finds out what separates the columns: what the first line says
// of it, as Excel writes "sep=;", or what most often comes in the headings.
// That first line is skipped.
func findSeparator(text *bufio.Reader) (mark rune, name string, skipped int64, err error) {
	line, err := peekLine(text)
	if err != nil {
		return 0, "", 0, err
	}
	if told, ok := strings.CutPrefix(strings.ToLower(strings.Trim(line, "\"\r\n")), "sep="); ok {
		if _, err := text.Discard(len(line)); err != nil {
			return 0, "", 0, err
		}
		for _, s := range separators {
			if told == string(s.mark) {
				return s.mark, s.name, 1, nil
			}
		}
		return 0, "", 0, fmt.Errorf("line 1: %q is not a comma, a semicolon or a tab", told)
	}
	best, most := separators[0], 0
	for _, s := range separators {
		if n := countOutsideQuotes(line, s.mark); n > most {
			best, most = s, n
		}
	}
	return best.mark, best.name, 0, nil
}

// peekLine is the first line with its end, or the beginning of one that is too long.
func peekLine(text *bufio.Reader) (string, error) {
	begin, err := text.Peek(maxRowBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line, _, ended := bytes.Cut(begin, []byte("\n"))
	if ended {
		line = begin[:len(line)+1]
	}
	return string(line), nil
}

func countOutsideQuotes(line string, mark rune) int {
	count, quoted := 0, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == mark && !quoted:
			count++
		}
	}
	return count
}
