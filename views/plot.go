package views

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Plot is a series of values over time, as a picture and as a table.
type Plot struct {
	Title     string      // what the values are
	Zone      string      // whose days they are
	Points    []PlotPoint // oldest first
	Limit     float64     // drawn as a line where LimitText says what it is
	LimitText string
}

// PlotPoint is one value of a Plot.
type PlotPoint struct {
	Label string // when it was, such as Text.Day writes it
	Text  string // the value as people read it
	Value float64
}

// PlotText are the words around every plot.
type PlotText struct {
	Highest, Limit Format // the value
	Summary        SummaryFormat
	Day, Figures   string
}

var plotEnglish = PlotText{
	Highest: "Highest: %s",
	Limit:   "Limit: %s",
	Summary: "{title}, highest {highest}. The figures are in the table below.",
	Day:     "Day",
	Figures: "Show the figures",
}

var plotThai = PlotText{
	Highest: "สูงสุด %s",
	Limit:   "จำกัดที่ %s",
	Summary: "{title} สูงสุด {highest} ดูตัวเลขได้ในตารางด้านล่าง",
	Day:     "วันที่",
	Figures: "ดูเป็นตัวเลข",
}

// Day writes a day as the plots label it.
func (t *Text) Day(at time.Time) string {
	return strconv.Itoa(at.Day()) + " " + t.Months[at.Month()-1]
}

// A plot is drawn in units that the page stretches to the room there is. A
// point is one step wide; a few points do not fill the whole width, so that
// one of them does not look like a wall.
const (
	plotHeight = 100.0
	plotTop    = 6.0 // room above the highest, for the thickness of lines
	plotStep   = 10.0
	fewPoints  = 10
	leastBar   = 1.5 // of what is more than nothing
)

func (p Plot) width() float64 { return plotStep * float64(max(len(p.Points), fewPoints)) }

func (p Plot) viewBox() string { return "0 0 " + coordinate(p.width()) + " " + coordinate(plotHeight) }

// highest is the point with the largest value; empty where there are none.
func (p Plot) highest() PlotPoint {
	var highest PlotPoint
	for i, point := range p.Points {
		if i == 0 || point.Value > highest.Value {
			highest = point
		}
	}
	return highest
}

func (p Plot) hasLimit() bool { return p.LimitText != "" }

// y is where a value is drawn. The scale reaches from zero to the highest of
// the values and the limit.
func (p Plot) y(value float64) float64 {
	top := max(p.highest().Value, p.Limit)
	if top <= 0 || value <= 0 {
		return plotHeight
	}
	return plotHeight - (plotHeight-plotTop)*(value/top)
}

// plotBar is one rectangle of a BarPlot.
type plotBar struct{ X, Y, Height string }

const barWidth = 0.7 * plotStep

func (p Plot) bars() []plotBar {
	var all []plotBar
	for i, point := range p.Points {
		if point.Value <= 0 {
			continue
		}
		y := min(p.y(point.Value), plotHeight-leastBar)
		x := plotStep*float64(i) + (plotStep-barWidth)/2
		all = append(all, plotBar{X: coordinate(x), Y: coordinate(y), Height: coordinate(plotHeight - y)})
	}
	return all
}

// steps is the line over all points, each of which holds for its whole step.
func (p Plot) steps() string {
	var path strings.Builder
	for i, point := range p.Points {
		verb := " V"
		if i == 0 {
			verb = "M0 "
		}
		path.WriteString(verb + coordinate(p.y(point.Value)) + " H" + coordinate(plotStep*float64(i+1)))
	}
	return path.String()
}

// area is what lies below the steps.
func (p Plot) area() string {
	if len(p.Points) == 0 {
		return ""
	}
	return p.steps() + " V" + coordinate(plotHeight) + " H0 Z"
}

// coordinate is exact to a hundredth, which nobody can see.
func coordinate(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}
