package views

import (
	"strconv"
	"strings"
)

// audioTracks are those that can be chosen from; nil where there is no choice.
func (v Video) audioTracks() []Track {
	if tracks := v.tracks(func(t Track) bool { return t.Kind == "audio" && !t.Unknown }); len(tracks) > 1 {
		return tracks
	}
	return nil
}

// textTracks are the subtitles in the file that can be read.
func (v Video) textTracks() []Track {
	return v.tracks(func(t Track) bool { return t.Kind == "subtitle" && t.Text })
}

// leftOut are the tracks that a download in this format goes without.
func (v Video) leftOut(format string) []Track {
	return v.tracks(func(t Track) bool {
		return t.Unknown || format == "mp4" && (t.MKVOnly || t.Kind == "subtitle" && !t.Text)
	})
}

// leftOutNote names them.
func (p Page) leftOutNote(format string, tracks []Track) string {
	t := p.text()
	names := make([]string, len(tracks))
	for i, track := range tracks {
		kind := t.Subtitles.AudioTrack
		if track.Kind == "subtitle" {
			kind = t.Subtitles.SubtitleTrack
		}
		names[i] = kind.With(t.trackLabel(p.Language, track))
	}
	return t.Subtitles.LeftOut.With(fileKind(format), strings.Join(names, ", "))
}

func (v Video) tracks(wanted func(Track) bool) []Track {
	var found []Track
	for _, t := range v.Tracks {
		if wanted(t) {
			found = append(found, t)
		}
	}
	return found
}

// trackLabel is a track's number, language and name, as far as they are known.
func (t *Text) trackLabel(l Language, track Track) string {
	label := strconv.Itoa(track.Number)
	if track.Language != "" {
		label += " · " + l.nameOf(track.Language)
	}
	if track.Name != "" {
		label += " · " + track.Name
	}
	if track.Default {
		label += " (" + t.Subtitles.DefaultTrack + ")"
	}
	return label
}

// chosen reports whether a track is the one that was asked for.
func (s SubtitleState) chosen(t Track) bool {
	return t.Number == s.Track || s.Track == 0 && t.Default
}
