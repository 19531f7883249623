package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// outputSettings say how a command prints what it found.
type outputSettings struct {
	JSON bool `name:"json" help:"Print JSON, in the shapes of the API."`
}

func writeJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// tableRows is how many rows decide together how wide their columns are.
const tableRows = 500

// table prints rows under a header: in columns that are aligned on a terminal,
// and separated by tabs elsewhere, for cut and awk. It keeps few rows at once,
// so that a list may be of any length.
type table struct {
	out     *bufio.Writer
	aligned bool
	rows    [][]string
	widths  []int
}

func newTable(out io.Writer, header ...string) *table {
	return &table{
		out: bufio.NewWriter(out), aligned: isTerminal(out),
		rows: [][]string{header}, widths: make([]int, len(header)),
	}
}

func (t *table) add(cells ...string) error {
	t.rows = append(t.rows, cells)
	if len(t.rows) >= tableRows {
		return t.flush()
	}
	return nil
}

func (t *table) flush() error {
	if t.aligned {
		for _, row := range t.rows {
			for i, cell := range row {
				t.widths[i] = max(t.widths[i], runewidth.StringWidth(cell))
			}
		}
	}
	for _, row := range t.rows {
		if _, err := t.out.WriteString(t.line(row)); err != nil {
			return err
		}
	}
	t.rows = t.rows[:0]
	return t.out.Flush()
}

func (t *table) line(row []string) string {
	if !t.aligned {
		return strings.Join(row, "\t") + "\n"
	}
	var line strings.Builder
	for i, cell := range row {
		// Marks above and below a Thai letter take no column of their own.
		line.WriteString(runewidth.FillRight(cell, t.widths[i]) + "  ")
	}
	return strings.TrimRight(line.String(), " ") + "\n"
}

// list prints JSON of the form {"name": [items…], …} as the items come.
type list struct {
	out   *bufio.Writer
	count int
}

func newList(out io.Writer, name string) (*list, error) {
	l := &list{out: bufio.NewWriter(out)}
	_, err := fmt.Fprintf(l.out, "{%q: [", name)
	return l, err
}

func (l *list) add(item any) error {
	line, err := json.Marshal(item)
	if err != nil {
		return err
	}
	separator := ",\n  "
	if l.count == 0 {
		separator = "\n  "
	}
	l.count++
	_, err = l.out.WriteString(separator + string(line))
	return err
}

// close ends the list with members that follow it.
func (l *list) close(more string) error {
	if _, err := l.out.WriteString("\n]" + more + "}\n"); err != nil {
		return err
	}
	return l.out.Flush()
}
