package cli

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	barWidth    = 30
	barInterval = 100 * time.Millisecond
)

// progress draws a bar on a terminal, and nothing elsewhere.
type progress struct {
	out   io.Writer
	what  string
	shown time.Time
}

func newProgress(out io.Writer, what string) *progress {
	if !isTerminal(out) {
		out = nil
	}
	return &progress{out: out, what: what}
}

// show draws the bar again, at most ten times a second.
func (p *progress) show(done, total int64) {
	if p.out == nil || total <= 0 || time.Since(p.shown) < barInterval {
		return
	}
	p.shown = time.Now()
	done = min(done, total)
	full := int(done * barWidth / total)
	fmt.Fprintf(p.out, "\r%s [%s%s] %3d%%\x1b[K", p.what,
		strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done*100/total)
}

// say shows that something goes on of which nobody knows how far it is.
func (p *progress) say(what string) {
	if p.out != nil {
		fmt.Fprintf(p.out, "\r%s …\x1b[K", what)
	}
}

// end wipes the bar away.
func (p *progress) end() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
