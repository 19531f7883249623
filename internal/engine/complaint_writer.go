package engine

import (
	"bytes"
	"regexp"
	"strconv"
)

const (
	maxComplaints = 4 << 10 // bytes of a program's standard error that are kept
	maxShownLine  = 256     // bytes of a line that are looked at
)

// percentLine is how whisper.cpp shows its progress ("progress =  35%"), and
// tqdm, which openai-whisper and others use (" 35%|███").
var percentLine = regexp.MustCompile(`progress *= *(\d{1,3})%|^ *(\d{1,3})%\|`)

// complaintWriter takes a program's standard error for as long as it writes,
// finds progress in it and keeps its end, where the reason is.
type complaintWriter struct {
	done *progress
	tail []byte
	line []byte // that has begun
}

func (w *complaintWriter) Write(data []byte) (int, error) {
	w.tail = append(w.tail, data[max(0, len(data)-maxComplaints):]...)
	w.tail = append(w.tail[:0], w.tail[max(0, len(w.tail)-maxComplaints):]...)
	for _, b := range data {
		switch {
		case b == '\n' || b == '\r':
			w.show()
			w.line = w.line[:0]
		case len(w.line) < maxShownLine:
			w.line = append(w.line, b)
		}
	}
	return len(data), nil
}

// show reports the progress that a line shows. The end is ours to report, once
// the text was read.
func (w *complaintWriter) show() {
	if bytes.IndexByte(w.line, '%') < 0 { // cheaper, for those who talk a lot
		return
	}
	found := percentLine.FindSubmatch(w.line)
	if found == nil {
		return
	}
	if percent, err := strconv.Atoi(string(found[1]) + string(found[2])); err == nil && percent < 100 {
		w.done.reach(float64(percent) / 100)
	}
}
