package waittest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Mark returns an argument for sleep, of at least 1000 seconds, that no other
// process has. Running finds the processes by it.
func Mark() string { return fmt.Sprintf("%d.%d", 1000+os.Getpid(), time.Now().UnixNano()) }

// Running counts the processes that have this argument.
func Running(t testing.TB, mark string) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range lines {
		line, err := os.ReadFile(path) // The process may have ended meanwhile.
		if err == nil && strings.Contains(string(line), "\x00"+mark+"\x00") {
			found++
		}
	}
	return found
}

// UntilRunning polls until n processes have this argument.
func UntilRunning(t testing.TB, mark string, n int) {
	t.Helper()
	Until(t, fmt.Sprintf("%d marked processes", n), func() bool { return Running(t, mark) == n })
}
