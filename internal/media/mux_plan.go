package media

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// muxPlan is what becomes of the tracks of a file in a copy of it.
type muxPlan struct {
	pictures  []picture      // in their order
	subtitles []subtitleCopy // the file's own, which follow the new ones
	dropped   []int          // streams of pictures and sound that are left out, by index
	encoded   []int          // sounds that are encoded anew, by their place among those that stay
	leftOut   []string       // names of all that are left out
}

// subtitleCopy is a track of subtitles and the codec that it gets.
type subtitleCopy struct {
	track Track
	codec string
}

// matroskaSubtitles are the codecs of subtitles that Matroska takes as they are.
var matroskaSubtitles = []string{
	"subrip", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "hdmv_text_subtitle", "arib_caption",
}

// notMP4 are how the codecs of sound are called that MP4 does not take.
var notMP4 = regexp.MustCompile(`^(pcm_|adpcm_|wma|amr_|flac$|truehd$|mlp$|aac_latm$|tta$|wavpack$|speex$|nellymoser$)`)

// markMKVOnly finds the sound that MP4 goes without.
func (l listing) markMKVOnly() {
	held := slices.ContainsFunc(l.tracks, func(t Track) bool {
		return t.Kind == TrackAudio && !t.Unknown && !notMP4.MatchString(t.codec)
	})
	for i, t := range l.tracks {
		l.tracks[i].MKVOnly = held && t.Kind == TrackAudio && notMP4.MatchString(t.codec)
	}
}

// plan keeps each track that the format can hold.
func (l listing) plan(format MuxFormat) muxPlan {
	p := muxPlan{pictures: l.pictures}
	for _, t := range l.tracks {
		switch codec := subtitleCodec(t, format); {
		case t.Kind == TrackAudio && (t.Unknown || t.MKVOnly && format == MP4):
			p = p.without(t.index, t.called())
		case t.Kind == TrackAudio:
		case codec == "":
			p.leftOut = append(p.leftOut, t.called())
		default:
			p.subtitles = append(p.subtitles, subtitleCopy{t, codec})
		}
	}
	return p
}

// subtitleCodec is what a track of subtitles becomes, "" where nothing fits.
func subtitleCodec(t Track, format MuxFormat) string {
	switch {
	case format == MKV && slices.Contains(matroskaSubtitles, t.codec):
		return "copy"
	case !t.Text:
		return ""
	case format == MKV:
		return "srt"
	}
	return "mov_text"
}

// called is what a track is called to those who are told that it is missing.
func (t Track) called() string { return fmt.Sprintf("%s %d", t.Kind, t.Number) }

func (p muxPlan) without(index int, name string) muxPlan {
	p.dropped = append(slices.Clip(p.dropped), index)
	p.leftOut = append(slices.Clip(p.leftOut), name)
	p.pictures = slices.DeleteFunc(slices.Clone(p.pictures), func(v picture) bool { return v.index == index })
	return p
}

// worthwhile reports whether enough is left of a file for the format: something to
// see or hear, and of MP4, for which there is MKV instead, both where there was both.
func (p muxPlan) worthwhile(list listing, format MuxFormat) bool {
	sounds := 0
	for _, t := range list.tracks {
		if t.Kind == TrackAudio && !slices.Contains(p.dropped, t.index) {
			sounds++
		}
	}
	if format == MP4 {
		return (sounds > 0 || list.sounds() == 0) && (len(p.pictures) > 0 || len(list.pictures) == 0)
	}
	return sounds > 0 || len(p.pictures) > 0
}

// encoding has AAC encoded anew. Of bare frames, as MPEG-TS has them, one with a
// broken head keeps all from being copied, and a decoder goes past it.
func (p muxPlan) encoding(list listing) muxPlan {
	place := 0
	p.encoded = nil
	for _, t := range list.tracks {
		if t.Kind != TrackAudio || slices.Contains(p.dropped, t.index) {
			continue
		}
		if t.codec == "aac" {
			p.encoded = append(p.encoded, place)
		}
		place++
	}
	return p
}

// encoders are the options of sound that is encoded anew.
func (p muxPlan) encoders() []string {
	var args []string
	for _, place := range p.encoded {
		args = append(args, "-c:a:"+strconv.Itoa(place), "aac")
	}
	return args
}

func (p muxPlan) withoutSubtitles() muxPlan {
	p.leftOut = slices.Clip(p.leftOut)
	for _, s := range p.subtitles {
		p.leftOut = append(p.leftOut, s.track.called())
	}
	p.subtitles = nil
	return p
}

// maps are the options that add and leave out streams of the first input.
func (p muxPlan) maps() []string {
	var args []string
	for _, s := range p.subtitles {
		args = append(args, "-map", "0:"+strconv.Itoa(s.track.index))
	}
	for _, index := range p.dropped {
		args = append(args, "-map", "-0:"+strconv.Itoa(index))
	}
	return args
}

// codecs are the options of the file's own subtitles, which players do not begin
// with any more.
func (p muxPlan) codecs() []string {
	var args []string
	for i, s := range p.subtitles {
		n := strconv.Itoa(i + 1)
		args = append(args, "-c:s:"+n, s.codec, "-disposition:s:"+n, "-default")
		if s.track.Name != "" {
			// MKV and MP4 have names in different places.
			args = append(args, "-metadata:s:s:"+n, "title="+s.track.Name, "-metadata:s:s:"+n, "handler_name="+s.track.Name)
		}
	}
	return args
}
