package engine

import (
	"strings"
	"testing"
)

func TestPrompt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ prompt, end, argument string }{
		{"", "", ""},
		{" \n\t", "", ""},
		{" สมชาย, Kubernetes\n", "สมชาย, Kubernetes", "สมชาย, Kubernetes"},
		{"one\r\ntwo\u2028three\u2029four\u0085five", "one\r\ntwo\u2028three\u2029four\u0085five", "one  two three four five"},
		{"a\x00b\x1b[0m", "a\x00b\x1b[0m", "a b [0m"},
		{"--output_dir /etc", "--output_dir /etc", "output_dir /etc"},
		{"\n - -\x00-x -y", "- -\x00-x -y", "x -y"},
		{"---", "---", ""},
		{"bad \xff byte", "bad \xff byte", "bad \uFFFD byte"},
		{"begin " + strings.Repeat("x", MaxPrompt), strings.Repeat("x", MaxPrompt), strings.Repeat("x", MaxPrompt)},
		// A letter of three bytes is not cut in two.
		{"ก" + strings.Repeat("x", MaxPrompt-2), strings.Repeat("x", MaxPrompt-2), strings.Repeat("x", MaxPrompt-2)},
		// What the cut uncovers is no option either.
		{"x-" + strings.Repeat("y", MaxPrompt-1), "-" + strings.Repeat("y", MaxPrompt-1), strings.Repeat("y", MaxPrompt-1)},
	} {
		if got := promptEnd(test.prompt); got != test.end {
			t.Errorf("%.40q: got end %.40q, want %.40q", test.prompt, got, test.end)
		}
		if got := promptArgument(test.prompt); got != test.argument {
			t.Errorf("%.40q: got argument %.40q, want %.40q", test.prompt, got, test.argument)
		}
	}
}
