package db

import (
	"encoding/json"
	"fmt"
)

// Track is one track of sound or subtitles of a video, as its file lists it.
type Track struct {
	Kind     string `json:"kind"`     // audio or subtitle
	Number   int    `json:"number"`   // among those of its kind, from 1
	Language string `json:"language"` // ISO 639-1 or -3; "" when not known
	Name     string `json:"name"`     // "" when it has none
	Default  bool   `json:"default"`  // the engine is given it unless another is chosen
	Text     bool   `json:"text"`     // subtitles that are text, and no pictures
	Unknown  bool   `json:"unknown"`  // nothing here can read it
	MKVOnly  bool   `json:"mkv_only"` // sound that a download as MP4 goes without
}

// Tracks are kept as JSON.
type Tracks []Track

// Scan reads what Value wrote.
func (t *Tracks) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("tracks are no text: %T", value)
	}
	return json.Unmarshal([]byte(text), t)
}

func (t Tracks) text() (string, error) {
	if t == nil {
		t = Tracks{}
	}
	text, err := json.Marshal(t)
	return string(text), err
}

// Find returns the track of this kind and number.
func (t Tracks) Find(kind string, number int) (Track, bool) {
	for _, track := range t {
		if track.Kind == kind && track.Number == number {
			return track, true
		}
	}
	return Track{}, false
}
