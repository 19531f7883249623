// Package cli holds every command but the service itself. They work on the same
// code as the service and may be used beside it.
//
// A command ends with exit status 0 when all went well, 1 when it could not be
// done, and 2 when it was called wrongly. What went wrong is one line on
// standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
)

// The exit statuses there are.
const (
	OK      = 0
	Failure = 1
	Misuse  = 2
)

// Commands are all of them, for kong.
type Commands struct {
	User    userCommands    `cmd:"" help:"Add, list, change, delete and import users."`
	Session sessionCommands `cmd:"" help:"List, show, reset, limit and export quota sessions."`
	Backup  backupCommand   `cmd:"" help:"Copy the database while the service runs."`
	Restore restoreCommand  `cmd:"" help:"Put a backup in the place of the database."`
	Check   checkCommand    `cmd:"" help:"Compare database, ledger and files: exit status 0 if they agree, 1 if not."`
	Version versionCommand  `cmd:"" help:"Say which version of the program this is."`
}

// Shell is where a command reads and writes.
type Shell struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// errUsage says that a command was called wrongly.
var errUsage = errors.New("wrong usage")

// errReported says that what failed has been printed already.
var errReported = errors.New("has been reported")

func misuse(format string, args ...any) error {
	return fmt.Errorf("%w%w", errUsage, fmt.Errorf(format, args...))
}

// Run runs the command that was chosen and returns the exit status.
func Run(command *kong.Context, sh *Shell) int {
	ctx, stop := UntilSignal()
	defer stop()
	command.BindTo(ctx, (*context.Context)(nil))
	err := command.Run(sh)
	switch {
	case err == nil:
		return OK
	case errors.Is(err, errReported):
		return Failure
	}
	fmt.Fprintln(sh.Err, "gensubtitle:", words(err))
	if errors.Is(err, errUsage) {
		return Misuse
	}
	return Failure
}

// words is an error as one line for people.
func words(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, db.ErrLastAdmin):
		return "refused: no enabled admin would be left"
	case errors.Is(err, db.ErrStorageFull):
		return "the disk is full"
	case errors.Is(err, db.ErrInUse):
		return "refused: another process uses the data directory; stop the service first"
	case errors.Is(err, auth.ErrPasswordLength):
		return fmt.Sprintf("a password needs %d to %d characters", auth.MinPasswordLength, auth.MaxPasswordLength)
	case errors.Is(err, auth.ErrPasswordEncoding):
		return "the password is not valid UTF-8"
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	return strings.TrimPrefix(text, errUsage.Error())
}

// isTerminal reports whether somebody sits at the other end.
func isTerminal(end any) bool {
	file, ok := end.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}
