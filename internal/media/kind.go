package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

// kind is what a file is by its first bytes.
type kind struct {
	container string // the name that people see
	demuxer   string // ffmpeg's name of the one reader that may open it
}

// clockJumps is true where ffmpeg, too, takes a leap of the clock for a clock that
// was set anew, and not for time that passes.
func (k kind) clockJumps() bool { return k == kindTS || k == kindPS }

// headSize is how much of a file is looked at to tell its kind: more than a
// frame of any kind of bare sound.
const headSize = 8 << 10

const (
	// maxJunk is how far into a file MP3 may begin, behind what is left of a
	// picture, a tag or a broken copy. The reader looks as far.
	maxJunk = 64 << 10
	// junkFrames are the frames in a row that tell sound from chance there.
	junkFrames = 5
)

// maxID3Tags bounds how many ID3 tags are skipped in front of the sound.
const maxID3Tags = 4

var (
	kindMP4  = kind{"mp4", "mov"}
	kindMOV  = kind{"mov", "mov"}
	kindM4A  = kind{"m4a", "mov"}
	kind3GP  = kind{"3gp", "mov"}
	kindMKV  = kind{"mkv", "matroska"}
	kindWebM = kind{"webm", "matroska"}
	kindTS   = kind{"mpegts", "mpegts"}
	kindPS   = kind{"mpeg", "mpeg"}
	kindMP3  = kind{"mp3", "mp3"}
	kindMP2  = kind{"mp2", "mp3"}
	kindAAC  = kind{"aac", "aac"}
	kindAC3  = kind{"ac3", "ac3"}
	kindEAC3 = kind{"eac3", "eac3"}
)

// signatures are the kinds that fixed bytes at the start and, for the RIFF and
// IFF families, at offset 8 tell apart.
var signatures = []struct {
	start, at8 string
	kind       kind
}{
	{"RIFF", "AVI ", kind{"avi", "avi"}},
	{"RIFF", "WAVE", kind{"wav", "wav"}},
	{"RF64", "WAVE", kind{"wav", "wav"}},
	{"riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00", "", kind{"w64", "w64"}},
	{"FORM", "AIFF", kind{"aiff", "aiff"}},
	{"FORM", "AIFC", kind{"aiff", "aiff"}},
	{"\x00\x00\x01\xBA", "", kindPS},
	{"FLV\x01", "", kind{"flv", "flv"}},
	{"\x30\x26\xB2\x75\x8E\x66\xCF\x11", "", kind{"asf", "asf"}},
	{"OggS", "", kind{"ogg", "ogg"}},
	{"fLaC", "", kind{"flac", "flac"}},
	{"#!AMR\n", "", kind{"amr", "amr"}},
	{"#!AMR-WB\n", "", kind{"amr", "amr"}},
	{"caff\x00\x01", "", kind{"caf", "caf"}},
}

// pictureBrands are the ftyp brands of still pictures and their sequences.
var pictureBrands = []string{
	"heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs",
	"mif1", "mif2", "msf1", "avif", "avis", "avio", "crx ", "jp2 ", "jpx ", "jpm ", "jxl ",
}

// identify tells the kind of a file of the given size by its first bytes. It is
// false for a kind that is not taken; the error is one of reading alone.
func identify(file io.ReaderAt, size int64) (kind, bool, error) {
	head, tags, err := behindID3(file, size)
	switch {
	case err != nil, head == nil:
		return kind{}, false, err
	case tags > 0:
		return taggedKind(head), true, nil
	}
	for _, known := range []func([]byte, int64) kind{
		signatureKind, movieKind, matroskaKind, transportKind, soundKind,
	} {
		if found := known(head, size); found != (kind{}) {
			return found, true, nil
		}
	}
	if head, err = readHead(file, 0, maxJunk+junkFrames*headSize); err != nil {
		return kind{}, false, err
	}
	found := soundBehindJunk(head)
	return found, found != kind{}, nil
}

// behindID3 returns the first bytes behind the ID3 tags that a file begins with, and
// how many of those there are; nil where there are too many, or nothing follows.
func behindID3(file io.ReaderAt, size int64) (head []byte, tags int, err error) {
	head, err = readHead(file, 0, headSize)
	for offset := int64(0); err == nil && isID3(head); tags++ {
		if offset += id3Size(head); tags == maxID3Tags || offset >= size {
			return nil, tags, nil
		}
		head, err = readHead(file, offset, headSize)
	}
	return head, tags, err
}

func readHead(file io.ReaderAt, offset, size int64) ([]byte, error) {
	head := make([]byte, size)
	n, err := file.ReadAt(head, offset)
	if err == io.EOF {
		err = nil
	}
	return head[:n], err
}

func signatureKind(head []byte, _ int64) kind {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.start)) && (s.at8 == "" || hasAt(head, 8, s.at8)) {
			return s.kind
		}
	}
	return kind{}
}

// movieKind knows MP4 and its relatives by the brand in their ftyp box, and
// QuickTime files older than ftyp by the box that they start with
// (ISO/IEC 14496-12; QuickTime File Format).
func movieKind(head []byte, size int64) kind {
	if len(head) < 16 {
		return kind{}
	}
	switch length := int64(binary.BigEndian.Uint32(head)); string(head[4:8]) {
	case "ftyp":
		return brandKind(string(head[8:12]))
	case "moov", "mdat", "wide", "free", "skip", "pnot":
		// A box length of 0 reaches to the end of the file, 1 announces a
		// 64-bit length. Text that happens to hold such a word has neither.
		if length <= 1 || (length >= 8 && length <= size) {
			return kindMOV
		}
	}
	return kind{}
}

func brandKind(brand string) kind {
	switch {
	case slices.Contains(pictureBrands, brand):
		return kind{}
	case brand == "qt  ":
		return kindMOV
	case brand == "M4A " || brand == "M4B " || brand == "M4P " || brand == "F4A ":
		return kindM4A
	case brand[:2] == "3g":
		return kind3GP
	}
	return kindMP4
}

// matroskaKind reads the DocType of an EBML header (RFC 8794, section 11.2).
func matroskaKind(head []byte, _ int64) kind {
	rest, ok := bytes.CutPrefix(head, []byte("\x1A\x45\xDF\xA3"))
	if !ok {
		return kind{}
	}
	_, rest = ebmlNumber(rest, true)
	for len(rest) > 0 {
		id, afterID := ebmlNumber(rest, false)
		length, body := ebmlNumber(afterID, true)
		if length > uint64(len(body)) {
			return kind{}
		}
		if id == 0x4282 {
			switch string(bytes.TrimRight(body[:length], "\x00")) {
			case "matroska":
				return kindMKV
			case "webm":
				return kindWebM
			}
			return kind{}
		}
		rest = body[length:]
	}
	return kind{}
}

// ebmlNumber reads an element's ID or its length, whose leading marker bit is
// cleared, and returns what follows; nothing follows a broken number.
func ebmlNumber(data []byte, clearMarker bool) (uint64, []byte) {
	if len(data) == 0 || data[0] == 0 {
		return 0, nil
	}
	width, marker := 1, byte(0x80)
	for data[0]&marker == 0 {
		width, marker = width+1, marker>>1
	}
	if width > len(data) {
		return 0, nil
	}
	first := data[0]
	if clearMarker {
		first &^= marker
	}
	number := uint64(first)
	for _, b := range data[1:width] {
		number = number<<8 | uint64(b)
	}
	return number, data[width:]
}

// transportKind looks for the sync byte of MPEG-TS, and the adaptation field
// control that is never zero (ISO/IEC 13818-1, 2.4.3), at the pace of packets:
// 188 bytes, 192 with a time stamp before each (Blu-ray, cameras), or 204 with
// a checksum behind. A recording may start in the middle of a packet.
func transportKind(head []byte, _ int64) kind {
	if _, pace := transportPace(head); pace > 0 {
		return kindTS
	}
	return kind{}
}

// transportPace is where the first packet starts, and how far the next is from it;
// 0 where there are none.
func transportPace(head []byte) (start, pace int) {
	const wanted = 5
	for _, pace := range []int{188, 192, 204} {
		for start := 0; start < pace; start++ {
			found := 0
			for at := start; at+3 < len(head) && head[at] == 'G' && head[at+3]&0x30 != 0; at += pace {
				found++
			}
			if found >= wanted {
				return start, pace
			}
		}
	}
	return 0, 0
}

// soundKind knows bare MPEG audio and ADTS by two headers that follow one
// another at the distance that the first one says.
func soundKind(head []byte, _ int64) kind {
	found, length := soundFrame(head)
	if length == 0 || length >= len(head) {
		return kind{}
	}
	if next, _ := soundFrame(head[length:]); next != found {
		return kind{}
	}
	return found
}

// soundBehindJunk knows MPEG audio that begins late.
func soundBehindJunk(head []byte) kind {
	for at := range min(maxJunk, len(head)) {
		found, next := soundFrame(head[at:])
		for frames := 1; next > 0 && found.demuxer == kindMP3.demuxer; frames++ {
			if frames == junkFrames {
				return found
			}
			after := head[min(at+next, len(head)):]
			another, length := soundFrame(after)
			if another != found || length == 0 {
				break
			}
			next += length
		}
	}
	return kind{}
}

// taggedKind is the kind behind an ID3 tag. MP3 is where such tags belong, so
// anything unknown is left to the MP3 reader, which finds no sound in the rest.
func taggedKind(head []byte) kind {
	if bytes.HasPrefix(head, []byte("fLaC")) {
		return kind{"flac", "flac"}
	}
	if found, _ := soundFrame(head); found != (kind{}) {
		return found
	}
	return kindMP3
}

func isID3(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "ID3" && head[3] != 0xFF && head[4] != 0xFF &&
		(head[6]|head[7]|head[8]|head[9])&0x80 == 0
}

// id3Size is the length of a whole tag: four times seven bits, the header, and
// a footer where a flag says so (ID3v2.4, section 3.1).
func id3Size(head []byte) int64 {
	size := int64(head[6])<<21 | int64(head[7])<<14 | int64(head[8])<<7 | int64(head[9]) + 10
	if head[5]&0x10 != 0 {
		size += 10
	}
	return size
}

// Bit rates in kbit/s by the header's index; zero is free format or invalid.
var (
	layer2Rates    = [16]int{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384}
	layer3Rates    = [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
	ac3Rates       = [19]int{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640}
	lowRates       = [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}
	mpegFrequency  = [4]int{44100, 48000, 32000, 0}
	mpegVersionDiv = [4]int{4, 0, 2, 1} // MPEG 2.5, reserved, MPEG 2, MPEG 1
)

// soundFrame reads one frame header: its kind and the frame's length in bytes,
// or 0 where there is none (ISO/IEC 11172-3, section 2.4; 13818-7, section 6.2).
func soundFrame(data []byte) (kind, int) {
	switch {
	case len(data) < 6:
		return kind{}, 0
	case data[0] == 0x0B && data[1] == 0x77:
		return dolbyFrame(data)
	case data[0] != 0xFF || data[1]&0xE0 != 0xE0:
		return kind{}, 0
	}
	version, layer := data[1]>>3&3, data[1]>>1&3
	if layer == 0 {
		length := int(data[3]&3)<<11 | int(data[4])<<3 | int(data[5])>>5
		if data[1]&0xF0 != 0xF0 || data[2]>>2&15 > 12 || length < 8 {
			return kind{}, 0
		}
		return kindAAC, length
	}
	div, frequency := mpegVersionDiv[version], mpegFrequency[data[2]>>2&3]
	if div == 0 || frequency == 0 || layer == 3 {
		return kind{}, 0
	}
	found, rates, samples := kindMP3, &layer3Rates, 144
	if layer == 2 {
		found, rates = kindMP2, &layer2Rates
	}
	if div > 1 {
		if rates = &lowRates; layer == 1 {
			samples = 72
		}
	}
	length := samples * rates[data[2]>>4] * 1000 / (frequency / div)
	if length == 0 {
		return kind{}, 0
	}
	return found, length + int(data[2]>>1&1)
}

// dolbyFrame is soundFrame for AC-3 and E-AC-3, of which data has the beginning
// (ETSI TS 102 366, sections 4.4.1 and E.1.3.1).
func dolbyFrame(data []byte) (kind, int) {
	switch version := data[5] >> 3; {
	case version > 16:
		return kind{}, 0
	case version > 10:
		return kindEAC3, 2 * (int(data[2]&7)<<8 | int(data[3]) + 1)
	}
	code := int(data[4] & 0x3F)
	if code/2 >= len(ac3Rates) {
		return kind{}, 0
	}
	switch rate := ac3Rates[code/2]; data[4] >> 6 {
	case 0: // 48 kHz
		return kindAC3, 4 * rate
	case 1: // 44.1 kHz, where every other frame has a word more
		return kindAC3, 2 * (rate*320/147 + code%2)
	case 2: // 32 kHz
		return kindAC3, 6 * rate
	}
	return kind{}, 0
}

func hasAt(data []byte, offset int, want string) bool {
	return len(data) >= offset+len(want) && string(data[offset:offset+len(want)]) == want
}
