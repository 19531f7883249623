package views

import (
	"fmt"
	"strings"
)

// Format is a text with one verb of package fmt in it.
type Format string

// With fills the verb in.
func (f Format) With(value any) string { return fmt.Sprintf(string(f), value) }

// Texts with several values have the name of each in braces, so that a
// translation cannot mix them up, whatever their order.
type (
	// UsedFormat has {used} and {limit} in it.
	UsedFormat string
	// ReadFormat has {read} and {length} in it.
	ReadFormat string
	// LeftOutFormat has {format} and {tracks} in it.
	LeftOutFormat string
	// LeftFormat has {left} and {limit} in it.
	LeftFormat string
	// LengthFormat has {length} and {left} in it.
	LengthFormat string
	// AgentFormat has {program} and {system} in it.
	AgentFormat string
	// SummaryFormat has {title} and {highest} in it.
	SummaryFormat string
	// Template is filled in by the page's script, which knows the names.
	Template string
)

// With fills in what is used of how much.
func (f UsedFormat) With(used, limit any) string { return fillIn(f, "{used}", used, "{limit}", limit) }

// With fills in how much was read of how long a file is.
func (f ReadFormat) With(read, length any) string {
	return fillIn(f, "{read}", read, "{length}", length)
}

// With fills in a format and what it goes without.
func (f LeftOutFormat) With(format, tracks any) string {
	return fillIn(f, "{format}", format, "{tracks}", tracks)
}

// With fills in what is left of how much.
func (f LeftFormat) With(left, limit any) string { return fillIn(f, "{left}", left, "{limit}", limit) }

// With fills in how long something is and how much is left for it.
func (f LengthFormat) With(length, left any) string {
	return fillIn(f, "{length}", length, "{left}", left)
}

// With fills in a program and the system that it runs on.
func (f AgentFormat) With(program, system any) string {
	return fillIn(f, "{program}", program, "{system}", system)
}

// With fills in what is plotted and the highest value of it.
func (f SummaryFormat) With(title, highest any) string {
	return fillIn(f, "{title}", title, "{highest}", highest)
}

func fillIn[F ~string](f F, namesAndValues ...any) string {
	texts := make([]string, len(namesAndValues))
	for i, v := range namesAndValues {
		texts[i] = fmt.Sprint(v)
	}
	return strings.NewReplacer(texts...).Replace(string(f))
}

// Plural is a text about a number. Thai has one form for all of them.
type Plural[F ~string] struct{ One, Other F }

// Of chooses the form for a number.
func (p Plural[F]) Of(n int) F {
	if n == 1 && p.One != "" {
		return p.One
	}
	return p.Other
}
