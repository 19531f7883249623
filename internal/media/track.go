package media

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

// The kinds of Track.
const (
	TrackAudio    = "audio"
	TrackSubtitle = "subtitle"
)

const (
	// maxListing bounds the list of a file's tracks, in bytes: names can be
	// megabytes long.
	maxListing = 256 << 10
	// maxTrackName bounds what is shown of a name, in characters.
	maxTrackName = 100
)

// Track is one track of sound or subtitles.
type Track struct {
	Kind     string // TrackAudio or TrackSubtitle
	Number   int    // among those of its kind, from 1
	Language string // ISO 639-1, or -3 where there is no such code; "" when not known
	Name     string // "" when it has none
	Default  bool   // what players begin with, or the sound that is heard in its place; at most one of each kind
	Text     bool   // subtitles of text, not of pictures
	Unknown  bool   // of a kind that ffmpeg does not know
	MKVOnly  bool   // sound that MP4 cannot hold, beside some that it can

	index int    // among all streams
	codec string // ffmpeg's name
}

// listing is what a file says of itself.
type listing struct {
	tracks   []Track
	pictures []picture
	declared time.Duration // how long it lasts by its header; zero when that says nothing
}

// probeOutput is what ffprobe writes of a file.
type probeOutput struct {
	Streams []struct {
		Index       int               `json:"index"`
		Kind        string            `json:"codec_type"`
		Codec       string            `json:"codec_name"`
		Duration    string            `json:"duration"`
		Disposition map[string]int    `json:"disposition"`
		Tags        map[string]string `json:"tags"`
		SideData    []struct {
			Rotation float64 `json:"rotation"`
		} `json:"side_data_list"`
	} `json:"streams"`
	Format struct {
		Start    string `json:"start_time"`
		Duration string `json:"duration"`
	} `json:"format"`
}

// list reads what the file says of itself. It is empty for a file that cannot be
// read: measuring says so.
func (s *subject) list(ctx context.Context) (listing, error) {
	// Names that fill the list are left out of it.
	for _, tags := range []string{":stream_tags=language,title,handler_name,DURATION", ":stream_tags=language,DURATION", ""} {
		output := &boundedWriter{most: maxListing}
		err := s.run(ctx, process{
			program: s.meter.ffprobe,
			args: append(s.input(), "-show_entries",
				"format=start_time,duration:stream=index,codec_type,codec_name,duration:stream_disposition=default,attached_pic:stream_side_data=rotation"+tags,
				"-of", "json", "-i", s.source()),
			stdout: output,
		})
		switch {
		case errors.Is(err, errTooLarge):
			continue
		case errors.Is(err, errFailed), errors.Is(err, ErrNotVideo):
			return listing{}, nil
		case err != nil:
			return listing{}, err
		}
		return s.readListing(output.data), nil
	}
	return listing{}, nil
}

// readListing reads what ffprobe wrote. What is no list has no tracks.
func (s *subject) readListing(data []byte) listing {
	var found probeOutput
	var l listing
	if json.Unmarshal(data, &found) != nil {
		return l
	}
	count, chosen := map[string]int{}, map[string]bool{} // by kind
	for _, stream := range found.Streams {
		if stream.Kind == "video" && stream.Disposition["attached_pic"] == 0 {
			p := picture{index: stream.Index, title: stream.Tags["title"]}
			for _, data := range stream.SideData {
				p.rotation += data.Rotation // All but one have none.
			}
			l.pictures = append(l.pictures, p)
		}
		if stream.Kind != TrackAudio && stream.Kind != TrackSubtitle {
			continue
		}
		count[stream.Kind]++
		t := Track{
			Kind: stream.Kind, Number: count[stream.Kind], Text: textCodecs[stream.Codec], Unknown: stream.Codec == "" || stream.Codec == "unknown" || stream.Codec == "none", index: stream.Index, codec: stream.Codec,
		}
		t.Language, t.Name = readTags(stream.Tags)
		t.Default = stream.Disposition["default"] == 1 && !t.Unknown && !chosen[t.Kind]
		chosen[t.Kind] = chosen[t.Kind] || t.Default
		l.tracks = append(l.tracks, t)
	}
	for i, t := range l.tracks {
		if t.Kind == TrackAudio && !t.Unknown && !chosen[TrackAudio] {
			// Where the file has no word on it, players take the first sound.
			l.tracks[i].Default, chosen[TrackAudio] = true, true
		}
	}
	l.markMKVOnly()
	if s.declares() {
		l.declared = found.declared()
	}
	return l
}

// textCodecs are the subtitles that ffmpeg can turn into SRT. TTML it only writes.
var textCodecs = map[string]bool{
	"subrip": true, "srt": true, "ass": true, "ssa": true, "mov_text": true, "webvtt": true, "text": true,
}

// audio returns the track of sound with that number; for 0 the default one.
func (l listing) audio(number int) (Track, bool) {
	for _, t := range l.tracks {
		if t.Kind == TrackAudio && (t.Number == number || number == 0 && t.Default) {
			return t, true
		}
	}
	return Track{}, false
}

// first is the index of the default track of sound, -1 where there is none.
func (l listing) first() int {
	if track, ok := l.audio(0); ok {
		return track.index
	}
	return -1
}

// sounds counts the tracks of sound.
func (l listing) sounds() int {
	count := 0
	for _, t := range l.tracks {
		if t.Kind == TrackAudio {
			count++
		}
	}
	return count
}

// shortCode is the code of ISO 639-1 for one of 639-2, as containers have it.
func shortCode(code string) string {
	first, _, _ := strings.Cut(strings.ReplaceAll(code, "_", "-"), "-")
	base, err := language.ParseBase(first)
	if err != nil || base.String() == "und" {
		return ""
	}
	return base.String()
}

// readTags returns a track's language and name. In place of a name MP4 has that
// of the program that wrote it.
func readTags(tags map[string]string) (code, name string) {
	lower := map[string]string{} // Matroska has them in capitals.
	for key, value := range tags {
		lower[strings.ToLower(key)] = value
	}
	name = lower["title"]
	if handler := lower["handler_name"]; name == "" && !isWriter(handler) {
		name = handler
	}
	name = Visible(name)
	if runes := []rune(name); len(runes) > maxTrackName {
		name = string(runes[:maxTrackName-1]) + "…"
	}
	return shortCode(lower["language"]), name
}

// Visible is a text without what cannot be seen, in one line. The marks that join
// letters, or keep them apart, belong to words and emoji.
func Visible(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c', r == '\u200d':
			return r
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(strings.Trim(text, "\u200c\u200d ")), " ")
}

// writerName is what programs and cameras call the reader of a track, where a name
// should stand.
var writerName = regexp.MustCompile(`(?i)^[#. ]*(` +
	`core media .*|gopro .*|iso ?media file produced by google.*|twitter-vork muxer|` +
	`(apple|gpac|mainconcept|l-smash|bento4|dv systems) .*handler|` +
	`(sound|video|audio|subtitles?|text|data|metadata|time ?code|hint)? ?(media)? ?handler?|` +
	`audio|sound|video|stereo|mono)?[:. ]*(created on.*)?$`)

// isWriter reports whether a handler's name says no more than what wrote the track.
func isWriter(handler string) bool { return writerName.MatchString(Visible(handler)) }

// errTooLarge is output beyond a limit.
var errTooLarge = errors.New("too much output")

// boundedWriter keeps what is written, and answers errTooLarge past its limit.
type boundedWriter struct {
	data []byte
	most int
}

func (w *boundedWriter) Write(data []byte) (int, error) {
	if len(w.data)+len(data) > w.most {
		return 0, errTooLarge
	}
	w.data = append(w.data, data...)
	return len(data), nil
}
