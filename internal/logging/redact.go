package logging

import (
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// secretPattern is what a personal token and a JSON Web Token look like. People
// paste them into a path by mistake.
var secretPattern = regexp.MustCompile(`gensub_[A-Za-z0-9_-]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`)

const redacted = "[redacted]"

// redactAttr is for slog.HandlerOptions: it keeps tokens out of every line, message
// and errors included.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(redact(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(redact(err.Error()))
		}
	}
	return a
}

// redact also finds what is percent-encoded, however often, and then writes the
// text decoded.
func redact(text string) string {
	for decoded := text; ; {
		if clean := secretPattern.ReplaceAllString(decoded, redacted); clean != decoded {
			return clean
		}
		if !strings.Contains(decoded, "%") {
			return text
		}
		next, err := url.PathUnescape(decoded)
		if err != nil || next == decoded {
			return text
		}
		decoded = next
	}
}
