package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxPrompt is how many bytes of a prompt an engine is told. That is more than
// Whisper takes, which is 224 tokens.
const MaxPrompt = 4 << 10

// promptEnd is the end of a prompt that is too long, for Whisper reads the last
// tokens of one.
func promptEnd(prompt string) string {
	from := max(0, len(prompt)-MaxPrompt)
	for from < len(prompt) && !utf8.RuneStart(prompt[from]) {
		from++
	}
	return strings.TrimSpace(prompt[from:])
}

// promptArgument is a prompt as an argument of a program: on one line, and never
// an option, as it may come from a user.
func promptArgument(prompt string) string {
	prompt = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, prompt)
	return strings.TrimLeftFunc(promptEnd(prompt), func(r rune) bool { return r == '-' || unicode.IsSpace(r) })
}
