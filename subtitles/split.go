package subtitles

import (
	"math"
	"slices"
	"time"
)

// borderWeight says how much more it matters where a cue ends than where a line
// does, beside being as long as the others.
const borderWeight = 2.5

// divide cuts tokens into parts of which each fits into a cue, and into more
// where they would stay too long and are long enough themselves.
func divide(tokens []token, lasts time.Duration, o Options) [][]token {
	capacity := float64(o.Width * o.Lines)
	total := float64(columnsOf(tokens))
	count := math.Ceil(total / capacity)
	byTime := math.Ceil(float64(lasts) / float64(o.MaxTime))
	count = max(count, min(byTime, math.Floor(total/float64(o.Width)*2)))
	if count <= 1 && linesOf(tokens, o.Width) <= o.Lines {
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
		used := 0
		for j := i; j < n; j++ {
			if f.add(tokens[j]); f.lines > o.Lines {
				break
			}
			used += tokens[j].width
			cost := best[i] + deviation(float64(used), ideal, ideal)
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
