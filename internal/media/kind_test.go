package media

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// ebml is a Matroska header with this DocType.
func ebml(docType string) string {
	body := "\x42\x86\x81\x01" + "\x42\x82" + string([]byte{0x80 | byte(len(docType))}) + docType
	return "\x1A\x45\xDF\xA3" + string([]byte{0x80 | byte(len(body))}) + body
}

// adtsFrame is a header for 32 bytes of AAC and that many bytes in all.
var adtsFrame = "\xFF\xF1\x50\x80\x04\x1F\xFC" + strings.Repeat("\x00", 25)

// mp3Frame is a frame of MPEG-1 layer III, 128 kbit/s at 44.1 kHz: 417 bytes.
var mp3Frame = "\xFF\xFB\x90\x00" + strings.Repeat("\x00", 413)

// ac3Frame is a frame of AC-3, 32 kbit/s at 48 kHz: 128 bytes. eac3Frame has 64.
var (
	ac3Frame  = "\x0B\x77\x00\x00\x00\x40" + strings.Repeat("\x00", 122)
	eac3Frame = "\x0B\x77\x00\x1F\x00\x80" + strings.Repeat("\x00", 58)
)

// id3 is an ID3 tag of n bytes in all, n below 138.
func id3(n int) string {
	return "ID3\x04\x00\x00\x00\x00\x00" + string([]byte{byte(n - 10)}) + strings.Repeat("\xEE", n-10)
}

func TestIdentify(t *testing.T) {
	packets := func(pace, lead int) string {
		return strings.Repeat("\x01", lead) + strings.Repeat("G\x40\x00\x10"+strings.Repeat("\x00", pace-4), 6)
	}
	tests := []struct {
		name, head string
		want       kind
	}{
		{"mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", kindMP4},
		{"mov", "\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", kindMOV},
		{"m4a", "\x00\x00\x00\x14ftypM4A \x00\x00\x02\x00isom", kindM4A},
		{"3gp", "\x00\x00\x00\x14ftyp3gp5\x00\x00\x02\x003gp5", kind3GP},
		{"old mov", "\x00\x00\x00\x08wide\x00\x00\x00\x10mdat" + strings.Repeat("x", 16), kindMOV},
		{"old mov, box to the end", "\x00\x00\x00\x00mdat" + strings.Repeat("x", 16), kindMOV},
		{"mkv", ebml("matroska"), kindMKV},
		{"webm", ebml("webm"), kindWebM},
		{"ts", packets(188, 0), kindTS},
		{"m2ts", packets(192, 4), kindTS},
		{"ts with checksums", packets(204, 0), kindTS},
		{"ts from the middle", packets(188, 100), kindTS},
		{"mp3", mp3Frame + mp3Frame, kindMP3},
		{"adts", adtsFrame + adtsFrame, kindAAC},
		{"mp3 behind zeros", strings.Repeat("\x00", 20_000) + strings.Repeat(mp3Frame, 5), kindMP3},
		{"mp3 behind what looks like it", mp3Frame + "junk" + strings.Repeat(mp3Frame, 5), kindMP3},
		{"ac3", ac3Frame + ac3Frame, kindAC3},
		{"eac3", eac3Frame + eac3Frame, kindEAC3},
		{"w64", "riff\x2E\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\x00\x00" + strings.Repeat("\x00", 30), kind{"w64", "w64"}},
		{"mp3 with tag", id3(100) + mp3Frame + mp3Frame, kindMP3},
		{"mp3 with two tags", id3(100) + id3(20) + mp3Frame, kindMP3},
		{"aac with tag", id3(50) + adtsFrame + adtsFrame, kindAAC},
		{"flac with tag", id3(50) + "fLaC\x00\x00\x00\x22", kind{"flac", "flac"}},

		{"empty", "", kind{}},
		{"heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", kind{}},
		{"avif", "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif", kind{}},
		{"jpeg", "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01" + strings.Repeat("\x00", 900), kind{}},
		{"png", "\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR", kind{}},
		{"gif", "GIF89a\x01\x00\x01\x00\x80\x00\x00\xFF\xFF\xFF", kind{}},
		{"webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", kind{}},
		{"playlist", "#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n", kind{}},
		{"concat", "ffconcat version 1.0\nfile /etc/passwd\n", kind{}},
		{"html", "<!DOCTYPE html><script>alert(1)</script>", kind{}},
		{"svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`, kind{}},
		{"zip", "PK\x03\x04\x14\x00\x00\x00\x08\x00", kind{}},
		{"text with a box name", "abcdmoov is a word in this text", kind{}},
		{"text of one letter", strings.Repeat("G", 4096), kind{}},
		{"utf-16", "\xFF\xFEh\x00e\x00l\x00l\x00o\x00" + strings.Repeat("o\x00", 900), kind{}},
		{"other ebml", ebml("other"), kind{}},
		{"ebml cut off", ebml("matroska")[:12], kind{}},
		{"four mp3 frames behind junk", "junk" + strings.Repeat(mp3Frame, 4), kind{}},
		{"mp3 behind too much", strings.Repeat("\x00", 65_536) + strings.Repeat(mp3Frame, 5), kind{}},
		{"aac behind junk", "junk" + strings.Repeat(adtsFrame, 9), kind{}},
		{"one ac3 frame", ac3Frame + strings.Repeat("\x00", 300), kind{}},
		{"ac3 of no rate", strings.Repeat("\x0B\x77\x00\x00\xC0\x40"+strings.Repeat("\x00", 122), 3), kind{}},
		{"riff in lower case", "riff\x24\x00\x00\x00WAVEfmt ", kind{}},
		{"one mp3 frame, then text", mp3Frame + "text that follows", kind{}},
		{"tag alone", id3(100), kind{}},
		{"tags without end", strings.Repeat(id3(20), 20), kind{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok, err := identify(strings.NewReader(test.head), int64(len(test.head)))
			if err != nil || got != test.want || ok != (test.want != kind{}) {
				t.Errorf("got %v, %v, %v, want %v", got, ok, err, test.want)
			}
		})
	}
}

type brokenDisk struct{}

var errDisk = errors.New("disk is broken")

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestIdentifyTellsABrokenDisk(t *testing.T) {
	if _, ok, err := identify(brokenDisk{}, 100); ok || !errors.Is(err, errDisk) {
		t.Errorf("got %v, %v, want %v", ok, err, errDisk)
	}
}

func FuzzIdentify(f *testing.F) {
	for _, seed := range []string{
		"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", ebml("webm"), ebml("matroska")[:7], id3(30) + mp3Frame,
		mp3Frame + mp3Frame, adtsFrame + adtsFrame, "RIFF\x24\x00\x00\x00WAVEfmt ", "\x1A\x45\xDF\xA3\x01",
		strings.Repeat("G\x40\x00\x10"+strings.Repeat("\x00", 184), 6), "ID3\x04\x00\x10\x7F\x7F\x7F\x7F",
	} {
		f.Add([]byte(seed))
	}
	demuxers := []string{
		"ac3", "eac3", "w64", "mov", "matroska", "mpegts", "mpeg", "avi", "wav", "aiff", "flv", "asf", "ogg", "flac", "mp3", "aac", "amr", "caf",
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok, err := identify(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if ok != slices.Contains(demuxers, got.demuxer) || ok != (got.container != "") {
			t.Errorf("got %v, %v", got, ok)
		}
	})
}
