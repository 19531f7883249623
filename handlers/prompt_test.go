package handlers

import (
	"strings"
	"testing"
)

func TestCleanPrompt(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		" สมชาย,\n  Wongnai\t":         "สมชาย, Wongnai",
		"\u200b\u202e\ufeff\u200d":     "",
		"a\u202eb":                     "ab",
		"می\u200cخواهم":                "می\u200cخواهم",
		"a\xffb":                       "a\ufffdb",
		strings.Repeat("ก", maxPrompt): strings.Repeat("ก", maxPrompt),
	} {
		if got, ok := cleanPrompt(given); !ok || got != want {
			t.Errorf("%q is %q, %v, want %q", given, got, ok, want)
		}
	}
	if _, ok := cleanPrompt(strings.Repeat("ก", maxPrompt+1)); ok {
		t.Error("a prompt that is too long is taken")
	}
}
