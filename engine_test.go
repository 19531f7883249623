package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"gensubtitle/internal/subtitles"
)

// TestEngineSettings has the defaults with one change, which is refused by the
// name of its flag.
func TestEngineSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*engineSettings)
		refused string
	}{
		{"the defaults", func(*engineSettings) {}, ""},
		{"a prompt", func(s *engineSettings) { s.EnginePrompt = strings.Repeat("x", subtitles.MaxPrompt) }, ""},
		{"a long prompt", func(s *engineSettings) { s.EnginePrompt = strings.Repeat("x", subtitles.MaxPrompt+1) }, "--engine-prompt"},
		{"a prompt in another encoding", func(s *engineSettings) { s.EnginePrompt = "\xff" }, "--engine-prompt"},
		{"pieces", func(s *engineSettings) { s.EnginePieces = 64 }, ""},
		{"no pieces", func(s *engineSettings) { s.EnginePieces = 0 }, "--engine-pieces"},
		{"many pieces", func(s *engineSettings) { s.EnginePieces = 65 }, "--engine-pieces"},
	} {
		var s engineSettings
		parser, err := kong.New(&s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(nil); err != nil {
			t.Fatal(err)
		}
		test.change(&s)
		err = s.check()
		if got := err != nil; got != (test.refused != "") || got && !strings.HasPrefix(err.Error(), test.refused+": ") {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}
