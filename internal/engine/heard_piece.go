package engine

import (
	"encoding/json"
	"time"

	"gensubtitle/internal/subtitles"
)

// heardPiece is what an engine heard in a piece of a sound, as it is kept.
type heardPiece struct {
	Language string
	Cues     []subtitles.Cue
	Notes    []Note
}

// addTo adds up for how long each language was spoken.
func (p heardPiece) addTo(spoken map[string]time.Duration) {
	for _, cue := range p.Cues {
		spoken[p.Language] += cue.End - cue.Start
	}
}

func (r Request) keptPiece(key string, p soundPiece) (part heardPiece, ok bool) {
	if r.Pieces == nil {
		return part, false
	}
	answer, ok := r.Pieces.Kept(key, p.from, p.to)
	if !ok || json.Unmarshal(answer, &part) != nil {
		return heardPiece{}, false
	}
	return part, true
}

func (r Request) keepPiece(key string, p soundPiece, part heardPiece) {
	if r.Pieces == nil {
		return
	}
	answer, err := json.Marshal(part)
	if err != nil {
		panic("subtitles: texts and times that are no JSON: " + err.Error())
	}
	r.Pieces.Keep(key, p.from, p.to, answer)
}
