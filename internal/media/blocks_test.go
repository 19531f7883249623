package media

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func TestBlockWriter(t *testing.T) {
	const (
		cluster = "\x1F\x43\xB6\x75\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF" // of unknown length
		at1s    = "\xE7\x82\x03\xE8"
		void    = "\xEC\x84\xA3\x85\x81\x00"
		first   = "\xA3\x86\x81\x00\x05\x80ab"
		second  = "\xA0\x88\xA1\x86\x81\xFF\xFE\x00cd" // in a group, before its cluster
	)
	for _, test := range []struct {
		name, text, want string
		broken           bool
	}{
		{"nothing", "", "", false},
		{"a header", ebml("matroska"), "", false},
		{"blocks", ebml("matroska") + void + cluster + at1s + first + void + second, "1.005s ab, 998ms cd", false},
		{"two clusters", cluster + at1s + first + cluster + "\xE7\x81\x07" + first, "1.005s ab, 12ms ab", false},
		{"a block that breaks off", cluster + at1s + first + second[:9], "1.005s ab", false},
		{"an element that breaks off", cluster + at1s + "\xEC\xFEab", "", false},
		{"no element", first + strings.Repeat("\x00", longestHead), "5ms ab", true},
		{"a block that is too large", "\xA3\x08\x7F\xFF\xFF\xFF" + first, "", true},
		{"a block that is too small", "\xA3\x83\x81\x00\x05", "", true},
	} {
		for _, step := range []int{1, 3, len(test.text) + 1} {
			var got []string
			w := &blockWriter{block: func(start time.Duration, data []byte) error {
				got = append(got, fmt.Sprintf("%v %s", start, data))
				return nil
			}}
			var err error
			for text := test.text; text != "" && err == nil; text = text[min(step, len(text)):] {
				_, err = w.Write([]byte(text[:min(step, len(text))]))
			}
			if errors.Is(err, errOutput) != test.broken || errors.Is(err, ErrUnavailable) != test.broken {
				t.Errorf("%s: %v", test.name, err)
			}
			if all := strings.Join(got, ", "); all != test.want {
				t.Errorf("%s, %d bytes at a time: got %q, want %q", test.name, step, all, test.want)
			}
		}
	}
	full := errors.New("full")
	w := &blockWriter{block: func(time.Duration, []byte) error { return full }}
	if _, err := w.Write([]byte(first)); !errors.Is(err, full) || errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want %v", err, full)
	}
}

// TestBlockWriterReadsFFmpeg has all samples come, and little of it be kept.
func TestBlockWriterReadsFFmpeg(t *testing.T) {
	bytes, end := 0, time.Duration(0)
	w := &blockWriter{block: func(start time.Duration, data []byte) error {
		bytes, end = bytes+len(data), start+pcmLength(int64(len(data)))
		return nil
	}}
	cmd := waittest.Command(t, "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=duration=120",
		"-ar", "16000", "-c:a", "pcm_s16le", "-f", "matroska", "pipe:1")
	cmd.Stdout = w
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if want := 120 * time.Second; bytes != int(soundBytes(want)) || (end-want).Abs() > time.Millisecond || cap(w.rest) > 256<<10 {
		t.Errorf("%d bytes, end at %v, %d are kept", bytes, end, cap(w.rest))
	}
}
