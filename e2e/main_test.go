package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// scratch is the folder of this run: the built program and the test videos.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	if testing.Short() {
		return m.Run() // Without the program.
	}
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
	if code == 0 && wholeRun() {
		code = checkSeen()
	}
	return code
}

// wholeRun is true where no test was left out.
func wholeRun() bool {
	return flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
}

// checkSeen fails a run in which some answer of the document was never got.
func checkSeen() int {
	document, err := readDocument()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	unseen := document.unseen()
	for _, answer := range unseen {
		fmt.Fprintln(os.Stderr, "described, but no test got it:", answer)
	}
	return min(len(unseen), 1)
}

// build compiles the program, with the race detector where the tests have it,
// so that a race on the server's side fails the test that met it.
func build() error {
	args := []string{"build", "-o", program()}
	if raceEnabled {
		args = append(args, "-race")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append(args, "gensubtitle")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build gensubtitle: %w\n%s", err, out)
	}
	return nil
}

// program is the path of the built binary.
func program() string { return filepath.Join(scratch, "gensubtitle") }
