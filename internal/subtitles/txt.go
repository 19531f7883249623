package subtitles

import (
	"bufio"
	"fmt"
	"io"
)

// WriteTXT writes the words alone, in UTF-8, a line for each line of a cue. It
// has no markup, so text stands in it as it is.
func WriteTXT(w io.Writer, t Transcript) error {
	b := bufio.NewWriter(w)
	for _, c := range tidy(t.Cues) {
		b.WriteString(c.Text)
		b.WriteByte('\n')
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write TXT: %w", err)
	}
	return nil
}
