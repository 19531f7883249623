// Gensubtitle is a web service to which people upload videos for subtitles,
// within a quota that belongs to the user.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"gensubtitle/internal/cli"
	"gensubtitle/internal/config"
	"gensubtitle/internal/logging"
	"gensubtitle/internal/service"
)

// settings are the flags and environment variables of the program.
type settings struct {
	Serve config.Serve `cmd:"" default:"withargs" help:"Run the web service (the default)."`
	cli.Commands
}

func main() {
	os.Exit(run())
}

// run is main with an exit status.
func run() int {
	// Nothing that this process or its children make is for others.
	unix.Umask(0o077)
	var s settings
	parser, err := kong.New(&s, kong.Name("gensubtitle"),
		kong.Description("Upload videos, get subtitles, within a quota."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "gensubtitle:", err)
		return cli.Failure
	}
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "gensubtitle:", err)
		return cli.Misuse
	}
	if command.Command() == "serve" {
		return serve(s.Serve)
	}
	return cli.Run(command, &cli.Shell{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// serve is the service with an exit status.
func serve(s config.Serve) int {
	if err := s.Check(); err != nil {
		fmt.Fprintln(os.Stderr, "gensubtitle:", err)
		return cli.Misuse
	}
	logging.OutliveReaders()
	lines := logging.NewBuffer(os.Stderr)
	defer lines.Close()
	log := logging.New(s.LogFormat, os.Stderr, lines)
	ctx, stop := cli.UntilSignal()
	defer stop()
	err := service.Run(ctx, service.Options{Serve: s, Log: log, Dropped: lines.Dropped, StopTimeout: service.StopTimeout})
	if err != nil {
		log.Error("stopped", "error", err)
		return cli.Failure
	}
	return cli.OK
}
