package media

import (
	"bytes"
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"time"
)

// declared is how long sound and pictures last by the header, zero where that is
// not said. A file may be longer for the sake of its subtitles, and begin late.
func (p probeOutput) declared() time.Duration {
	length, _ := seconds(p.Format.Duration)
	start, _ := seconds(p.Format.Start)
	var longest time.Duration
	subtitles := false
	for _, stream := range p.Streams {
		subtitles = subtitles || stream.Kind == TrackSubtitle
		if stream.Kind != TrackAudio && stream.Kind != "video" || stream.Disposition["attached_pic"] == 1 {
			continue
		}
		own, ok := seconds(stream.Duration)
		if !ok {
			own = clockTime(stream.Tags["DURATION"]) - start // In Matroska it is the end.
		}
		longest = max(longest, own)
	}
	if length -= max(0, start); longest > 0 {
		return min(length, longest)
	}
	if subtitles {
		return 0
	}
	return length
}

// clockTime reads the likes of 00:01:02.500000000; it is zero for all else.
func clockTime(text string) time.Duration {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0
	}
	hours, errHours := strconv.Atoi(parts[0])
	minutes, errMinutes := strconv.Atoi(parts[1])
	rest, ok := seconds(parts[2])
	if errHours != nil || errMinutes != nil || !ok {
		return 0
	}
	return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + rest
}

// declares is true for a file whose header says how long it lasts. Of others ffprobe
// guesses it.
func (s *subject) declares() bool {
	switch s.kind.demuxer {
	case "mov", "matroska", "avi", "flv", "asf", "ogg", "wav", "w64", "flac", "aiff", "caf":
		return true
	case kindMP3.demuxer:
		return s.countsFrames()
	}
	return false
}

// countsFrames reports whether the first frame of MP3 says how many there are, as
// encoders have it after Xing.
func (s *subject) countsFrames() bool {
	file, err := os.Open(s.path)
	if err != nil {
		return false
	}
	defer file.Close()
	head, _, err := behindID3(file, s.size)
	if err != nil {
		return false
	}
	first := head[:min(len(head), 64)]
	return bytes.Contains(first, []byte("Xing")) || bytes.Contains(first, []byte("Info")) || bytes.Contains(first, []byte("VBRI"))
}

// missing is true where a file says that it lasts notably longer than what was
// read of it. Headers are rough, and cut recordings keep the old one.
func (l listing) missing(read time.Duration) bool { return l.declared > read+read/20+2*time.Second }

// pipedRIFF is less than writers give as the size of what they cannot know:
// 0x7FFFF024, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF.
const pipedRIFF = 0x7FFFF000

// unreadRIFF adds to the length what is missing at the end of a RIFF file, of
// which readers take the length from what is there.
func (s *subject) unreadRIFF(length time.Duration) time.Duration {
	file, err := os.Open(s.path)
	if err != nil {
		return 0
	}
	defer file.Close()
	head, err := readHead(file, 0, 8)
	if err != nil || len(head) < 8 || string(head[:4]) != "RIFF" {
		return 0
	}
	declared := int64(binary.LittleEndian.Uint32(head[4:]))
	// What is written into a pipe has the largest size that its writer knows.
	if declared+8 <= s.size || declared >= pipedRIFF || s.size == 0 {
		return 0
	}
	return time.Duration(float64(length) * float64(declared) / float64(s.size))
}
