package background

import (
	"context"
	"log/slog"
	"strings"
	"testing"
)

// TestAttemptThatPanics is logged, and what comes after it runs.
func TestAttemptThatPanics(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	Attempt(t.Context(), slog.New(slog.NewTextHandler(&log, nil)), "a task", func(context.Context) error { panic("x") })
	if got := log.String(); !strings.Contains(got, "msg=panic") || !strings.Contains(got, "not done yet") {
		t.Errorf("the log is %s", got)
	}
}
