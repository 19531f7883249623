package config

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"gensubtitle/internal/engine"
)

// TestEngineSettings has the defaults with one change, which is refused by the
// name of its flag.
func TestEngineSettings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*Engine)
		refused string
	}{
		{"the defaults", func(*Engine) {}, ""},
		{"a prompt", func(s *Engine) { s.EnginePrompt = strings.Repeat("x", engine.MaxPrompt) }, ""},
		{"a long prompt", func(s *Engine) { s.EnginePrompt = strings.Repeat("x", engine.MaxPrompt+1) }, "--engine-prompt"},
		{"a prompt in another encoding", func(s *Engine) { s.EnginePrompt = "\xff" }, "--engine-prompt"},
		{"pieces", func(s *Engine) { s.EnginePieces = 64 }, ""},
		{"no pieces", func(s *Engine) { s.EnginePieces = 0 }, "--engine-pieces"},
		{"many pieces", func(s *Engine) { s.EnginePieces = 65 }, "--engine-pieces"},
	} {
		var s Engine
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
