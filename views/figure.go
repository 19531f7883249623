package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Clock writes a duration as m:ss or h:mm:ss, to the nearest second.
func Clock(d time.Duration) string { return clockDown(wholeSeconds(d)) }

// wholeSeconds rounds to the nearest second, half a second down.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + 499*time.Millisecond).Truncate(time.Second)
}

// clockUp is for what is too long and clockDown for the room it does not fit,
// so that the two never look the same.
func clockUp(d time.Duration) string { return clockDown(d + 999*time.Millisecond) }

func clockDown(d time.Duration) string {
	seconds := int64(d / time.Second)
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// Size writes a number of bytes with units of 1,024: "820 KB", "12.3 MB", "500 MB".
func Size(bytes int64) string {
	units := []string{"KB", "MB", "GB", "TB"}
	size := float64(bytes) / 1024
	unit := 0
	for size >= 1023.95 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	digits := 1
	if size >= 99.95 {
		digits = 0
	}
	return strings.TrimSuffix(strconv.FormatFloat(size, 'f', digits, 64), ".0") + " " + units[unit]
}
