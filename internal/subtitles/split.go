package subtitles

import (
	"math"
	"slices"
	"time"
)

// borderWeight says how much more it matters where a cue ends than where a line
// does, beside being as long as the others.
const borderWeight = 2.5

// costOfTorn is what a part costs of which a line has to be broken where it may be
// within a word: more than dividing it into halves at a space.
const costOfTorn = 700

// divide cuts tokens into parts of which each fits into a cue, and into more
// where they would stay too long and are long enough themselves.
func divide(tokens []token, lasts time.Duration, o Options) [][]token {
	capacity := float64(o.Width * o.Lines)
	total := float64(columnsOf(tokens))
	count := math.Ceil(total / capacity)
	byTime := math.Ceil(float64(lasts) / float64(o.MaxTime))
	count = max(count, min(byTime, math.Floor(total/float64(o.Width)*2)))
	halves := lasts >= 2*(o.MinTime+gap) // are long enough to be seen
	if count <= 1 && linesOf(tokens, o.Width) <= o.Lines && !(halves && mustTear(tokens, o)) {
		return [][]token{tokens}
	}
	ideal := max(total/max(count, 1), 1)
	n := len(tokens)
	best := make([]float64, n+1) // the cheapest way to divide the tokens before i
	from := make([]int, n+1)
	for i := range best[1:] {
		best[i+1] = math.Inf(1)
	}
	for i := range n {
		f := filler{limit: o.Width}
		w := wordFiller{filler: f}
		used := 0
		for j := i; j < n; j++ {
			if f.add(tokens[j]); f.lines > o.Lines {
				break
			}
			used += tokens[j].width
			cost := best[i] + deviation(float64(used), ideal, ideal)
			if w.add(tokens[j]); !w.keepsWords(o.Lines) {
				cost += costOfTorn
			}
			if j < n-1 {
				cost += borderWeight * borderCost[tokens[j].end]
			}
			if cost < best[j+1] {
				best[j+1], from[j+1] = cost, i
			}
			used += tokens[j].gapWidth
		}
	}
	var parts [][]token
	for end := n; end > 0; end = from[end] {
		parts = append(parts, tokens[from[end]:end])
	}
	slices.Reverse(parts)
	return parts
}

// mustTear reports that a word may have to be broken for tokens to fit into one
// cue.
func mustTear(tokens []token, o Options) bool {
	w := wordFiller{filler: filler{limit: o.Width}}
	for _, p := range tokens {
		w.add(p)
	}
	return !w.keepsWords(o.Lines)
}
