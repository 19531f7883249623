// Package subtitles reads, shapes and writes subtitles, in the files that editors
// take.
//
// Threats it answers: text that would be markup, or a cue's time line, in the file
// that it is written to; a file that costs more to read than it is worth.
package subtitles

import "time"

// Cue is one caption.
type Cue struct {
	// Start and End are whole milliseconds since the video began. What this
	// package returns has 0 <= Start < End, sorted by Start.
	Start, End time.Duration
	// Text is plain: lines ended by "\n", never markup, valid UTF-8.
	Text string
	// Words are the times of the text's words where an engine tells them.
	Words []Word
}

// Word is a part of a cue's text, with the space before it where there is one.
type Word struct {
	Start, End time.Duration
	Text       string
}

// Transcript is what was said in a video.
type Transcript struct {
	Language string // ISO 639-1 where it has a code there, else ISO 639-3; "" when not known
	Cues     []Cue
}
