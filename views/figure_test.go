package views

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	for _, test := range []struct {
		in                time.Duration
		nearest, up, down string
	}{
		{0, "0:00", "0:00", "0:00"},
		{time.Millisecond, "0:00", "0:01", "0:00"},
		{9 * time.Second, "0:09", "0:09", "0:09"},
		{20020 * time.Millisecond, "0:20", "0:21", "0:20"},
		{450500 * time.Millisecond, "7:30", "7:31", "7:30"},
		{450501 * time.Millisecond, "7:31", "7:31", "7:30"},
		{59*time.Minute + 59*time.Second + 900*time.Millisecond, "1:00:00", "1:00:00", "59:59"},
		{25*time.Hour + time.Minute + time.Second, "25:01:01", "25:01:01", "25:01:01"},
	} {
		if got := Clock(test.in); got != test.nearest {
			t.Errorf("Clock(%v) = %q, want %q", test.in, got, test.nearest)
		}
		if got := clockUp(test.in); got != test.up {
			t.Errorf("clockUp(%v) = %q, want %q", test.in, got, test.up)
		}
		if got := clockDown(test.in); got != test.down {
			t.Errorf("clockDown(%v) = %q, want %q", test.in, got, test.down)
		}
	}
}

func TestSize(t *testing.T) {
	for _, test := range []struct {
		in   int64
		want string
	}{
		{0, "0 KB"},
		{1, "0 KB"},
		{1536, "1.5 KB"},
		{820 << 10, "820 KB"},
		{1<<20 - 1, "1 MB"},
		{1 << 20, "1 MB"},
		{12<<20 + 300<<10, "12.3 MB"},
		{500 << 20, "500 MB"},
		{1 << 30, "1 GB"},
		{3 << 50, "3072 TB"},
	} {
		if got := Size(test.in); got != test.want {
			t.Errorf("Size(%d) = %q, want %q", test.in, got, test.want)
		}
	}
}
