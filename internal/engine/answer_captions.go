package engine

import (
	"math"

	"gensubtitle/internal/subtitles"
)

// readCaptions reads WebVTT or SRT of an engine. A time that is wrong is one that is
// not known.
func (a *answer) readCaptions(data []byte) error {
	read, err := subtitles.ReadLoose(data)
	if err != nil {
		return err
	}
	for _, c := range read.Captions {
		s := segment{text: c.Text, noSpeech: math.NaN(), logProb: math.NaN(), compression: math.NaN()}
		s.start, s.end = looseSeconds(c.Start), looseSeconds(c.End)
		a.segments = append(a.segments, s)
	}
	if a.language == "" {
		a.language = read.Language
	}
	if a.hasList = read.Found; !a.hasList {
		a.text = read.Text
	}
	return nil
}
