package media

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLacksIndex(t *testing.T) {
	t.Parallel()
	const ftyp = "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"
	for name, test := range map[string]struct {
		file string
		want bool
	}{
		"cut in its data":        {ftyp + "\x00\x01\x00\x00mdat" + strings.Repeat("x", 50), true},
		"no length yet":          {ftyp + "\x00\x00\x00\x00mdat" + strings.Repeat("x", 50), true},
		"a length of its head":   {ftyp + "\x00\x00\x00\x08mdat" + strings.Repeat("x", 50), true},
		"a long length to come":  {ftyp + "\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("x", 50), true},
		"ends after its data":    {ftyp + "\x00\x00\x00\x0Cmdatxxxx", true},
		"index after a long box": {ftyp + "\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x14xxxx\x00\x00\x00\x08moov", false},
		"index at the end":       {ftyp + "\x00\x00\x00\x0Cmdatxxxx\x00\x00\x00\x08moov", false},
		"index first":            {ftyp + "\x00\x00\x00\x08moov\x00\x00\x00\x00mdat", false},
		"no data":                {ftyp + "\x00\x00\x00\x08free", false},
		"garbage":                {ftyp + "\xFF\xFF\xFF\xFFgarbage", false},
		"nothing":                {"", false},
		"boxes without end":      {strings.Repeat("\x00\x00\x00\x08free", maxBoxes) + "\x00\x00\x00\x00mdat", false},
	} {
		if got := lacksIndex(strings.NewReader(test.file), int64(len(test.file))); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// TestUnfinishedRecording cuts a film before its index, and breaks others.
func TestUnfinishedRecording(t *testing.T) {
	t.Parallel()
	whole := load(t, encode(t, "x.mp4", "-f", "lavfi", "-i", "sine=duration=1"))
	at := strings.LastIndex(string(whole), "moov") - 4
	for name, test := range map[string]struct {
		file       []byte
		unfinished bool
	}{
		"unfinished": {whole[:at], true},
		"cut":        {whole[:at/2], true},
		"no film":    {append([]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), make([]byte, 5000)...), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewMeter(Options{}).Measure(t.Context(), "user_a", save(t, "x", test.file), time.Minute, nil)
			if !errors.Is(err, ErrNotVideo) || errors.Is(err, ErrUnfinished) != test.unfinished {
				t.Errorf("got %v", err)
			}
		})
	}
}
