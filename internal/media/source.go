package media

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
)

// source is how a program is told to read the file: all of it, or those parts
// that make sense, one after the other.
func (s *subject) source() string {
	switch len(s.parts.segments) {
	case 0:
		return "file:" + s.path
	case 1:
		return s.joined(s.parts.segments[0])
	}
	list := "ffconcat version 1.0\n"
	for _, number := range s.parts.streams {
		list += fmt.Sprintf("stream\nexact_stream_id %d\n", number)
	}
	for _, part := range s.parts.segments {
		list += "file '" + s.joined(part) + "'\n"
	}
	return "data:text/plain;base64," + base64.StdEncoding.EncodeToString([]byte(list))
}

// joined reads stretches as one file.
func (s *subject) joined(stretches segment) string {
	parts := make([]string, len(stretches))
	for i, part := range stretches {
		path := s.path
		if part.patch {
			path = fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), s.patches.Fd())
		}
		parts[i] = fmt.Sprintf("subfile,,start,%d,end,%d,,:%s", part.from, part.to, path)
	}
	return "concat:" + strings.Join(parts, "|")
}

// reader are the options with which source can be read.
func (s *subject) reader() []string {
	switch len(s.parts.segments) {
	case 0:
		return []string{"-protocol_whitelist", "file", "-format_whitelist", s.kind.demuxer}
	case 1:
		return []string{"-protocol_whitelist", "file,concat,subfile", "-format_whitelist", s.kind.demuxer}
	}
	// This one gives each segment times that follow those of the last.
	return []string{
		"-protocol_whitelist", "file,concat,subfile,data", "-format_whitelist", "concat," + s.kind.demuxer,
		"-f", "concat", "-safe", "0",
	}
}
