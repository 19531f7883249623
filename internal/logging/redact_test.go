package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	const personal = "gensub_abcdefghijklmnopqrstuvwxyz234567abcdefgh"
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
	for in, want := range map[string]string{
		"/videos":                                "/videos",
		"/" + personal:                           "/" + redacted,
		"/a/" + jwt + "/b":                       "/a/" + redacted + "/b",
		jwt + "," + personal:                     redacted + "," + redacted,
		"/x" + personal:                          "/x" + redacted,
		"/%67ensub_abcdefgh":                     "/" + redacted,
		"/%2567ensub_abcdefgh":                   "/" + redacted,
		"/%65yJhbGci.eyJzdWIi%2Esig":             "/" + redacted,
		"/%zzgensub_abc":                         "/%zz" + redacted,
		"/100%25":                                "/100%25",
		"/%E0%B8%81":                             "/%E0%B8%81",
		"/eyJhbGciOiJIUzI1NiJ9":                  "/eyJhbGciOiJIUzI1NiJ9",
		"Cannot GET /" + jwt[:len(jwt)-5]:        "Cannot GET /" + redacted,
		"gensubtitle_" + strings.Repeat("a", 40): "gensubtitle_" + strings.Repeat("a", 40),
	} {
		if got := redact(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestLoggerRedacts writes a token in each place that a line has.
func TestLoggerRedacts(t *testing.T) {
	const secret = "gensub_abcdefgh"
	for _, format := range []string{"text", "json"} {
		var all strings.Builder
		log := New(format, nil, io.Writer(&all)).With("bound", "/"+secret)
		log.Error("told "+secret, "path", "/"+secret, "error", fmt.Errorf("no %s: %w", secret, errors.New(secret)),
			slog.Group("group", "path", secret))
		if line := all.String(); strings.Contains(line, secret) || strings.Count(line, redacted) != 6 {
			t.Errorf("%s: %s", format, line)
		}
	}
}
