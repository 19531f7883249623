package uploads

import (
	"context"
	"log/slog"
	"strings"
	"testing"
)

// TestMaintenanceThatPanics is logged, and the next of it runs.
func TestMaintenanceThatPanics(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.attempt(t.Context(), "a task", func(context.Context) error { panic("x") })
	if got := log.String(); !strings.Contains(got, "msg=panic") || !strings.Contains(got, "not done yet") {
		t.Errorf("the log is %s", got)
	}
}
