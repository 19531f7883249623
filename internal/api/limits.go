package api

import (
	"fmt"
	"math"
	"time"

	"gensubtitle/db"
)

// The most that a limit may be.
const (
	MostVideos  = 1e9
	MostMinutes = 1e8
	MostMB      = 1e9
)

// Limits are what a quota session may use.
type Limits struct {
	MaxVideos          int64   `json:"maxVideos"`
	MaxDurationMinutes float64 `json:"maxDurationMinutes"`
	MaxFileSizeMB      float64 `json:"maxFileSizeMB"` // MB = 1,048,576 bytes
}

// LimitsOf are limits in the units of the API.
func LimitsOf(l db.Limits) Limits {
	return Limits{
		MaxVideos:          l.Videos,
		MaxDurationMinutes: float64(l.Duration.Milliseconds()) / 60_000,
		MaxFileSizeMB:      float64(l.FileBytes) / (1 << 20),
	}
}

// OwnLimits are the limits that a quota session has of its own; nil is the default.
type OwnLimits struct {
	MaxVideos          *float64 `json:"maxVideos"`
	MaxDurationMinutes *float64 `json:"maxDurationMinutes"`
	MaxFileSizeMB      *float64 `json:"maxFileSizeMB"`
}

// OwnLimitsOf are limits in the units of the API.
func OwnLimitsOf(o db.OwnLimits) OwnLimits {
	var l OwnLimits
	if o.Videos != nil {
		l.MaxVideos = new(float64(*o.Videos))
	}
	if o.Duration != nil {
		l.MaxDurationMinutes = new(float64(o.Duration.Milliseconds()) / 60_000)
	}
	if o.FileBytes != nil {
		l.MaxFileSizeMB = new(float64(*o.FileBytes) / (1 << 20))
	}
	return l
}

// LimitError says that a limit is not what it may be.
type LimitError struct {
	Field string // as in JSON
	Whole bool   // only whole numbers are taken
	Most  float64
}

func (e LimitError) Error() string {
	kind := "number"
	if e.Whole {
		kind = "whole number"
	}
	return fmt.Sprintf("no %s between 0 and %.0f", kind, e.Most)
}

// Parse returns the limits in the units of the database, or what is wrong with them.
func (l OwnLimits) Parse() (db.OwnLimits, []LimitError) {
	var wrong []LimitError
	scaled := func(value *float64, by float64, e LimitError) *int64 {
		if value == nil {
			return nil
		}
		if !(*value >= 0 && *value <= e.Most) || e.Whole && *value != math.Trunc(*value) { // NaN is not between.
			wrong = append(wrong, e)
			return nil
		}
		return new(int64(math.Round(*value * by)))
	}
	own := db.OwnLimits{
		Videos:    scaled(l.MaxVideos, 1, LimitError{"maxVideos", true, MostVideos}),
		FileBytes: scaled(l.MaxFileSizeMB, 1<<20, LimitError{"maxFileSizeMB", false, MostMB}),
	}
	if ms := scaled(l.MaxDurationMinutes, 60_000, LimitError{"maxDurationMinutes", false, MostMinutes}); ms != nil {
		own.Duration = new(time.Duration(*ms) * time.Millisecond)
	}
	return own, wrong
}
