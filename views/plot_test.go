package views

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

func plotOf(limit float64, values ...float64) Plot {
	plot := Plot{Title: "Uploads", Limit: limit}
	if limit > 0 {
		plot.LimitText = "the limit"
	}
	for _, v := range values {
		plot.Points = append(plot.Points, PlotPoint{Label: "4 Mar", Text: "some", Value: v})
	}
	return plot
}

func TestPlotStaysInItsFrame(t *testing.T) {
	for name, plot := range map[string]Plot{
		"nothing":         plotOf(0),
		"only a limit":    plotOf(10),
		"all zero":        plotOf(0, 0, 0, 0),
		"one":             plotOf(10, 3),
		"below the limit": plotOf(10, 1, 2, 3),
		"above the limit": plotOf(2, 1, 2, 300),
		"huge":            plotOf(1, math.MaxFloat64, 1, 0),
		"tiny":            plotOf(1e9, 1),
		"negative":        plotOf(1, -5),
	} {
		t.Run(name, func(t *testing.T) {
			for _, point := range append(plot.Points, PlotPoint{Value: plot.Limit}) {
				if y := plot.y(point.Value); !(y >= 0 && y <= plotHeight) {
					t.Errorf("%g is drawn at %g", point.Value, y)
				}
			}
			for _, c := range []templ.Component{BarPlot(signedIn(Thai), plot), StepPlot(signedIn(English), plot)} {
				if source := rendered(t, c); strings.Contains(source, "NaN") || strings.Contains(source, "Inf") {
					t.Errorf("no number: %s", source)
				}
			}
		})
	}
}

func TestPlotDrawsWhatThereIs(t *testing.T) {
	plot := plotOf(4, 0, 1, 2, 0.000001)
	if got, want := plot.steps(), "M0 100 H10 V76.5 H20 V53 H30 V100 H40"; got != want {
		t.Errorf("steps %q, want %q", got, want)
	}
	if got, want := plot.area(), plot.steps()+" V100 H0 Z"; got != want {
		t.Errorf("area %q, want %q", got, want)
	}
	bars := plot.bars()
	if len(bars) != 3 || bars[1] != (plotBar{X: "21.5", Y: "53", Height: "47"}) {
		t.Errorf("bars %v", bars)
	}
	if last := bars[2]; last.Height != "1.5" {
		t.Errorf("a little is %v, which cannot be seen", last)
	}
}

func TestPlotIsATableToo(t *testing.T) {
	plot := Plot{Title: "Minutes", Zone: "Asia/Tokyo", Limit: 10, LimitText: "10:00", Points: []PlotPoint{
		{Label: "3 Mar", Text: "2:00", Value: 2}, {Label: "4 Mar", Text: "1:30", Value: 1.5},
	}}
	for name, c := range map[string]templ.Component{"bars": BarPlot(signedIn(English), plot), "steps": StepPlot(signedIn(English), plot)} {
		t.Run(name, func(t *testing.T) {
			var table, picture *html.Node
			for _, n := range elements(t, rendered(t, c)) {
				switch n.Data {
				case "table":
					table = n
				case "svg":
					picture = n
				}
			}
			if got, want := textOf(table), "Day (Asia/Tokyo)Minutes 3 Mar2:004 Mar1:30"; got != want {
				t.Errorf("the table says %q, want %q", got, want)
			}
			if label, _ := attribute(picture, "aria-label"); !strings.Contains(label, "Minutes") || !strings.Contains(label, "2:00") {
				t.Errorf("the picture says %q", label)
			}
		})
	}
}

func TestPlotEscapes(t *testing.T) {
	plot := Plot{Title: hostile, LimitText: hostile, Limit: 1, Points: []PlotPoint{{Label: hostile, Text: hostile, Value: 1}}}
	if source := rendered(t, StepPlot(signedIn(English), plot)); strings.Contains(source, "<script>") || strings.Contains(source, "<img") {
		t.Error("text becomes elements")
	}
}

func TestDay(t *testing.T) {
	at := time.Date(2026, time.March, 4, 23, 0, 0, 0, time.FixedZone("Bangkok", 7*3600))
	if got := Messages(English).Day(at); got != "4 Mar" {
		t.Errorf("English: %q", got)
	}
	if got := Messages(Thai).Day(at); got != "4 มี.ค." {
		t.Errorf("Thai: %q", got)
	}
}
