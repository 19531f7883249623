package subtitles

import (
	"math"
	"strings"
)

// borderCost is what a break costs beside lines that are not equally long: one
// that is half a line longer or shorter than it should be costs 250.
var borderCost = [...]float64{
	borderNone: 0, borderSentence: 0, borderPhrase: 40, borderSpace: 120, borderWord: 150, borderDoubt: 300, borderWeak: 400, borderTorn: 2000,
}

// fits reports that a text is no higher and wider than is allowed, as it stands.
func fits(text string, o Options) bool {
	count := 0
	for line := range strings.SplitSeq(text, "\n") {
		if count++; count > o.Lines || width(line) > o.Width {
			return false
		}
	}
	return true
}

// filler fills lines one after the other, each as far as it goes, which takes the
// fewest lines.
type filler struct {
	limit int // columns
	lines int
	used  int // columns of the last line
	gap   int // columns after the last token
}

func (f *filler) add(p token) {
	if f.lines == 0 || f.used+f.gap+p.width > f.limit {
		f.lines++
		f.used = p.width
	} else {
		f.used += f.gap + p.width
	}
	f.gap = p.gapWidth
}

// wordFiller fills lines like filler, but never breaks at a border that may be
// within a word.
type wordFiller struct {
	filler
	word int  // columns since the last good border
	part bool // the next token may go on with a word
	torn bool // a word is wider than a line
}

func (f *wordFiller) add(p token) {
	if f.part {
		f.word += f.gap + p.width
	} else {
		f.word = p.width
	}
	if f.part && f.used+f.gap+p.width > f.limit { // The word begins the next line.
		f.lines++
		f.used, f.gap = f.word, p.gapWidth
	} else {
		f.filler.add(p)
	}
	f.torn = f.torn || f.word > f.limit
	f.part = p.end >= borderDoubt
}

// keepsWords reports that so many lines hold all without a break that may be
// within a word.
func (f *wordFiller) keepsWords(lines int) bool { return !f.torn && f.lines <= lines }

func linesOf(tokens []token, limit int) int {
	f := filler{limit: limit}
	for _, p := range tokens {
		f.add(p)
	}
	return f.lines
}

// layOut gives the text of tokens in as few lines as they take, broken where it
// costs least. The first line is the shorter one where it makes no difference.
func layOut(tokens []token, o Options) string {
	count := linesOf(tokens, o.Width)
	if count <= 1 {
		return textOf(tokens)
	}
	ideal := float64(columnsOf(tokens)) / float64(count)
	n := len(tokens)
	// best[i] is the cheapest way to lay out the tokens before i in the lines so
	// far, and from[l][i] where the last of l lines begins.
	best := make([]float64, n+1)
	for i := range best[1:] {
		best[i+1] = math.Inf(1)
	}
	from := make([][]int, count+1)
	for l := 1; l <= count; l++ {
		next := make([]float64, n+1)
		for i := range next {
			next[i] = math.Inf(1)
		}
		from[l] = make([]int, n+1)
		for i := range n {
			if math.IsInf(best[i], 1) {
				continue
			}
			used := 0
			for j := i; j < n && used+tokens[j].width <= o.Width; j++ {
				used += tokens[j].width
				cost := best[i] + deviation(float64(used), ideal, float64(o.Width))
				if j < n-1 {
					cost += borderCost[tokens[j].end]
				}
				if cost < next[j+1] {
					next[j+1], from[l][j+1] = cost, i
				}
				used += tokens[j].gapWidth
			}
		}
		best = next
	}
	lines := make([]string, count)
	for l, end := count, n; l > 0; l-- {
		start := from[l][end]
		lines[l-1] = textOf(tokens[start:end])
		end = start
	}
	return strings.Join(lines, "\n")
}

// deviation is what a line or cue costs that is not as long as it should be.
func deviation(used, ideal, limit float64) float64 {
	share := (used - ideal) / limit
	return 1000 * share * share
}

// textOf gives tokens as one line. A mark may stand on a space, which a line
// cannot begin with.
func textOf(tokens []token) string {
	var b strings.Builder
	for i, p := range tokens {
		b.WriteString(p.text)
		if i < len(tokens)-1 {
			b.WriteString(p.gap)
		}
	}
	return strings.TrimSpace(b.String())
}

// columnsOf is the width of textOf.
func columnsOf(tokens []token) int {
	sum := 0
	for i, p := range tokens {
		sum += p.width
		if i < len(tokens)-1 {
			sum += p.gapWidth
		}
	}
	return sum
}
