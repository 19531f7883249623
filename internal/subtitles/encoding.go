package subtitles

import (
	"bytes"
	"strings"
	stdunicode "unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decodeText gives the file's text as UTF-8 without a byte order mark.
func decodeText(data []byte, n *notices) (string, error) {
	if endian, mark, ok := utf16Of(data); ok {
		decoded, err := unicode.UTF16(endian, mark).NewDecoder().Bytes(data)
		if err != nil {
			return "", &ReadError{Problem: ProblemNotUTF8}
		}
		data = decoded
		number := 0
		for line := range strings.Lines(string(data)) {
			if number++; strings.Contains(line, "\uFFFD") { // Half of a letter, most likely.
				n.add(number, NoticeLetters, line)
			}
		}
	}
	text := strings.TrimPrefix(string(data), "\uFEFF")
	if utf8.ValidString(text) {
		return decodeTwice(text, n)
	}
	broken, whole, few := brokenUTF8(text)
	if !few || whole == 0 {
		if thai, ok := DecodeThai(data); ok {
			n.add(0, NoticeThai, "")
			return thai, nil
		}
	}
	if !few {
		return "", &ReadError{Line: broken[0].line, Content: content(broken[0].text), Problem: ProblemNotUTF8}
	}
	for _, b := range broken {
		n.add(b.line, NoticeLetters, b.text)
	}
	return decodeTwice(strings.ToValidUTF8(text, "\uFFFD"), n)
}

// utf16Of tells UTF-16 by its mark, or by the zero bytes of its first letters.
func utf16Of(data []byte) (unicode.Endianness, unicode.BOMPolicy, bool) {
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return unicode.BigEndian, unicode.UseBOM, true
	case len(data) < 4:
	case data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		return unicode.LittleEndian, unicode.IgnoreBOM, true
	case data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		return unicode.BigEndian, unicode.IgnoreBOM, true
	}
	return unicode.BigEndian, unicode.IgnoreBOM, false
}

// brokenLine is a line with bytes that are not UTF-8.
type brokenLine struct {
	line int
	text string
}

// brokenUTF8 returns the lines that are not UTF-8, how many letters above ASCII
// are whole, and whether the broken ones are few enough for a file that is UTF-8
// else: engines cut a letter in two where a cue ends, and a byte of another
// encoding comes in by copying. More than one in a hundred bytes, without whole
// letters beside them, is another encoding.
func brokenUTF8(text string) (lines []brokenLine, whole int, few bool) {
	broken, number := 0, 0
	for line := range strings.Lines(text) {
		number++
		before := broken
		for i := 0; i < len(line); {
			r, size := utf8.DecodeRuneInString(line[i:])
			i += size
			if r == utf8.RuneError && size == 1 {
				broken++
			} else if r >= utf8.RuneSelf {
				whole++
			}
		}
		if broken > before && len(lines) <= MaxCues {
			lines = append(lines, brokenLine{number, line})
		}
	}
	return lines, whole, broken <= max(2, whole, len(text)/100)
}

// DecodeThai reads Windows-874, which Thai editors on Windows still write. It is
// false for what is more likely something else: bytes that Windows-874 has no
// letter for, letters of Western Europe, which stand alone among ASCII, UTF-8 in
// which many letters are broken, and what would be no Thai: Hebrew, Korean and
// Cyrillic have letters where Thai has marks, which only follow consonants.
func DecodeThai(data []byte) (string, bool) {
	high, joined, utf8Leads := 0, 0, 0
	for i, b := range data {
		if b < utf8.RuneSelf {
			continue
		}
		high++
		if i > 0 && data[i-1] >= utf8.RuneSelf || i+1 < len(data) && data[i+1] >= utf8.RuneSelf {
			joined++
		}
		if i > 0 && data[i-1] == 0xE0 && (b == 0xB8 || b == 0xB9) { // of Thai in UTF-8, each third
			utf8Leads++
		}
	}
	decoded, err := charmap.Windows874.NewDecoder().Bytes(data)
	if err != nil || joined*10 < high*9 || utf8Leads*6 > high || bytes.ContainsRune(decoded, utf8.RuneError) {
		return "", false
	}
	text := string(decoded)
	return text, canBeThai(text) && !inPairs(data)
}

// canBeThai reports whether vowels and tones stand where Thai has them, but for
// one in fifty, and whether there are some: a tenth of the letters, where there
// are enough to tell.
func canBeThai(text string) bool {
	letters, dependent, wrong := 0, 0, 0
	before := rune(0)
	for _, r := range text {
		switch {
		case isThaiConsonant(r):
			letters++
		case isThaiMark(r):
			letters++
			dependent++
			if !isThaiConsonant(before) && !isThaiMark(before) {
				wrong++
			}
		case r == 'ะ' || r == 'า' || r == 'ำ' || r == 'ๅ':
			letters++
			dependent++
			if !isThaiConsonant(before) && !isThaiMark(before) && before != 'า' {
				wrong++
			}
		case r >= 'เ' && r <= 'ไ':
			letters++
			dependent++
		}
		if r < 'เ' || r > 'ไ' {
			if before >= 'เ' && before <= 'ไ' && !isThaiConsonant(r) && before+r != 2*'เ' {
				wrong++ // These come before a consonant.
			}
		}
		before = r
	}
	return wrong*50 <= letters && (letters < 20 || dependent*10 >= letters)
}

// isThaiMark reports what stands above or below a consonant.
func isThaiMark(r rune) bool {
	return r == 'ั' || r >= 'ิ' && r <= 'ฺ' || r >= '็' && r <= '๎'
}

// inPairs reports whether bytes above ASCII always come in pairs, as in the
// encodings of Korean and Chinese. Eight runs of Thai that all happen to be even
// are rare.
func inPairs(data []byte) bool {
	runs, length := 0, 0
	for i := 0; i <= len(data); i++ {
		if i < len(data) && data[i] >= utf8.RuneSelf {
			length++
			continue
		}
		if length%2 == 1 {
			return false
		}
		if length > 0 {
			runs++
		}
		length = 0
	}
	return runs >= 8
}

// decodeTwice reads UTF-8 whose bytes were taken for letters of Windows-1252 or
// Windows-874 and written as UTF-8 once more: "à¸ª" or "เธช" for "ส". One byte
// that cannot be such a letter leaves the text as it is, or, where nearly all
// of it looks so, cannot be put right.
func decodeTwice(text string, n *notices) (string, error) {
	decoded := text
	for again := true; again; { // Each time it is shorter.
		again = false
		for _, table := range []*charmap.Charmap{charmap.Windows1252, charmap.Windows874} {
			if inner, ok := encodedTwice(decoded, table); ok {
				decoded, again = strings.TrimPrefix(inner, "\uFEFF"), true
			}
		}
	}
	if decoded != text {
		n.add(0, NoticeDecoded, "")
		return decoded, nil
	}
	leads, high, lost := 0, 0, 0
	for _, lead := range []string{"à¸", "à¹", "เธ", "เน"} {
		leads += strings.Count(text, lead)
	}
	if leads < 3 {
		return text, nil
	}
	for _, r := range text {
		if r >= utf8.RuneSelf {
			high++
		}
		if r == utf8.RuneError || r >= 0x80 && r <= 0x9F {
			lost++
		}
	}
	if leads*4 < high || lost*10 < leads {
		return text, nil // Such pairs are Thai, too.
	}
	for number, line := range strings.Split(text, "\n") {
		if strings.Contains(line, "à¸") || strings.Contains(line, "เธ") {
			return "", &ReadError{Line: number + 1, Content: content(line), Problem: ProblemEncodedUTF8}
		}
	}
	return text, nil
}

// encodedTwice undoes it where each letter above ASCII was a byte of UTF-8.
// A single pair may be what somebody wrote.
func encodedTwice(text string, table *charmap.Charmap) (string, bool) {
	// The first byte of a letter in UTF-8, and for Thai the two that all have.
	leads := func(r rune) bool { return r >= 0xC2 && r <= 0xF4 }
	if !strings.ContainsFunc(text, leads) && !strings.Contains(text, "เธ") && !strings.Contains(text, "เน") {
		return "", false
	}
	inner := make([]byte, 0, len(text))
	high := 0
	for _, r := range text {
		b, ok := table.EncodeRune(r)
		if !ok {
			if r > 0x9F { // Undefined bytes become control characters.
				return "", false
			}
			b = byte(r)
		}
		if b >= utf8.RuneSelf {
			high++
		}
		inner = append(inner, b)
	}
	if high < 3 || !utf8.Valid(inner) {
		return "", false
	}
	if bytes.ContainsFunc(inner, func(r rune) bool {
		return r >= utf8.RuneSelf && !stdunicode.IsGraphic(r) && !stdunicode.Is(stdunicode.Cf, r)
	}) {
		return "", false // Nobody wrote that.
	}
	return string(inner), true
}

// splitLines splits a text at the line ends of any system, "\r\r\n" among them,
// which a program makes that converts them twice.
func splitLines(text string) []string {
	if strings.Contains(text, "\r\r\n") {
		var b strings.Builder
		for line := range strings.SplitAfterSeq(text, "\n") {
			if ended, ok := strings.CutSuffix(line, "\r\r\n"); ok {
				line = strings.TrimRight(ended, "\r") + "\n"
			}
			b.WriteString(line)
		}
		text = b.String()
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")
}
