package config

import (
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/api"
)

// Limits are the limits of users who have none of their own. The service
// and the commands that show limits take the same ones.
type Limits struct {
	MaxVideos          int64   `default:"10" env:"GENSUB_MAX_VIDEOS" help:"Videos of each user."`
	MaxDurationMinutes float64 `default:"10" env:"GENSUB_MAX_DURATION_MINUTES" help:"Minutes of each user; may be fractional."`
	MaxFileSizeMB      float64 `default:"500" env:"GENSUB_MAX_FILE_SIZE_MB" name:"max-file-size-mb" help:"Size of a file; MB = 1,048,576 bytes."`
}

// Defaults turns the settings into limits, or says which is wrong; prefix is what
// the names of the flags have before "max-…".
func (s Limits) Defaults(prefix string) (db.Limits, error) {
	if err := checkNumbers([]number{
		{"--" + prefix + "max-videos", float64(s.MaxVideos), 0, api.MostVideos},
		{"--" + prefix + "max-duration-minutes", s.MaxDurationMinutes, 0, api.MostMinutes},
		{"--" + prefix + "max-file-size-mb", s.MaxFileSizeMB, 0, api.MostMB},
	}); err != nil {
		return db.Limits{}, err
	}
	return db.Limits{Videos: s.MaxVideos, Duration: Minutes(s.MaxDurationMinutes), FileBytes: int64(s.MaxFileSizeMB * (1 << 20))}, nil
}

// Minutes is a duration in whole milliseconds.
func Minutes(n float64) time.Duration {
	return time.Duration(n * float64(time.Minute)).Round(time.Millisecond)
}
