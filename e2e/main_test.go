package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// scratch is the folder of this run: the built program and the test videos.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "gensubtitle-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	closeBrowser()
	return code
}

// build compiles the program, with the race detector where the tests have it,
// so that a race on the server's side fails the test that met it.
func build() error {
	args := []string{"build", "-o", program()}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "gensubtitle")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build gensubtitle: %w\n%s", err, out)
	}
	return nil
}

// program is the path of the built binary.
func program() string { return filepath.Join(scratch, "gensubtitle") }
