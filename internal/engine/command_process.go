package engine

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"gensubtitle/internal/proc"
)

// runCommand runs a program with this process's environment but for our own
// settings, and waits until nothing is left of it, whether it ended or ctx did.
// Errors are those of proc.Run.
func runCommand(ctx context.Context, args []string, stderr io.Writer) error {
	return proc.Run(ctx, proc.Command{
		Program: args[0],
		Args:    args[1:],
		Env:     slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "GENSUB_") }),
		Stderr:  stderr,
	})
}
