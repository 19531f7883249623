package cli

import (
	"fmt"
	"time"

	"gensubtitle/db"
)

// What a limit may be at most.
const (
	mostVideos  = 1e9
	mostMinutes = 1e8
	mostMB      = 1e9
)

// LimitSettings are the limits of users who have none of their own. The service
// and the commands that show limits take the same ones.
type LimitSettings struct {
	MaxVideos          int64   `default:"10" env:"GENSUB_MAX_VIDEOS" help:"Videos of each user."`
	MaxDurationMinutes float64 `default:"10" env:"GENSUB_MAX_DURATION_MINUTES" help:"Minutes of each user; may be fractional."`
	MaxFileSizeMB      float64 `default:"500" env:"GENSUB_MAX_FILE_SIZE_MB" name:"max-file-size-mb" help:"Size of a file; MB = 1,048,576 bytes."`
}

// Limits turns the settings into limits, or says which is wrong; prefix is what
// the names of the flags have before "max-…".
func (s LimitSettings) Limits(prefix string) (db.Limits, error) {
	for _, l := range []struct {
		flag        string
		value, most float64
	}{
		{"max-videos", float64(s.MaxVideos), mostVideos},
		{"max-duration-minutes", s.MaxDurationMinutes, mostMinutes},
		{"max-file-size-mb", s.MaxFileSizeMB, mostMB},
	} {
		if err := CheckNumber("--"+prefix+l.flag, l.value, 0, l.most); err != nil {
			return db.Limits{}, err
		}
	}
	return db.Limits{Videos: s.MaxVideos, Duration: minutes(s.MaxDurationMinutes), FileBytes: int64(s.MaxFileSizeMB * (1 << 20))}, nil
}

// CheckNumber says that a setting is not between least and most.
func CheckNumber(flag string, value, least, most float64) error {
	if !(value >= least && value <= most) { // NaN is neither.
		return fmt.Errorf("%s: %v is not between %v and %.0f", flag, value, least, most)
	}
	return nil
}

func minutes(n float64) time.Duration {
	return time.Duration(n * float64(time.Minute)).Round(time.Millisecond)
}
