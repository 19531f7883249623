package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"gensubtitle/internal/proc"

	"gensubtitle/internal/subtitles"
)

// CommandOptions is a speech engine that is a program on this machine.
type CommandOptions struct {
	// Command is the program and its arguments, quoted as for a shell, though
	// none is started. Filled in, each staying one argument, are
	//
	//	{audio}     path of a WAV file: 16 bits, 16 kHz, one channel
	//	{output}    path without an extension, for the program to add one to, or
	//	            to make a folder of: what counts is a file of JSON, VTT or SRT
	//	{language}  the language's code, or "auto"
	//	{language?} the code; where it is not known, the argument is left out, and
	//	            a flag right before it too
	//	{task}      "transcribe" or "translate"; where it is missing, the engine
	//	            does not translate
	//	{prompt}    names and terms that the program should know, on one line and
	//	            never with a dash at its begin; where there are none, the
	//	            argument is left out, and a flag right before it too
	//
	// {audio} and {output} are required. The program runs where this process
	// does, with its environment but for what begins with GENSUB_, and is done
	// when it exits: what it leaves running is ended then.
	Command string
	// Dir is the folder that runs have their own folders in. It is made.
	Dir string
	// Timeout bounds each run.
	Timeout time.Duration
	// KeepAll keeps also what Whisper makes up in silence, and what it repeats.
	KeepAll bool
}

// Command is a speech engine that is a program on this machine.
type Command struct {
	line    commandLine
	dir     string
	timeout time.Duration
	filter  filter
}

// NewCommand checks the options. It neither looks for the program nor
// makes a folder yet.
func NewCommand(o CommandOptions) (*Command, error) {
	line, err := parseCommandLine(o.Command)
	if err != nil {
		return nil, fmt.Errorf("the engine's command: %w", err)
	}
	if o.Timeout <= 0 {
		return nil, errors.New("the engine's time limit must be above zero")
	}
	dir, err := filepath.Abs(o.Dir) // a program may well go elsewhere
	if err != nil {
		return nil, fmt.Errorf("the engine's folder: %w", err)
	}
	return &Command{line: line, dir: dir, timeout: o.Timeout, filter: filter(!o.KeepAll)}, nil
}

// Translates reports whether Request.Translate can be asked for.
func (e *Command) Translates() bool { return e.line.has(taskPlace) }

// Prompts reports whether Request.Prompt is heeded.
func (e *Command) Prompts() bool { return e.line.has(promptPlace) }

// Transcribe runs the program on the whole sound, in a folder that is gone
// afterwards.
func (e *Command) Transcribe(ctx context.Context, r Request) (subtitles.Transcript, error) {
	if err := checkRequest(e, r); err != nil {
		return subtitles.Transcript{}, err
	}
	s, err := openSound(r.Audio)
	if err != nil {
		return subtitles.Transcript{}, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	defer s.close()
	done := &progress{report: r.Progress}
	length := s.whole().length()
	if length < shortestSpeech {
		done.reach(1)
		return subtitles.Transcript{Language: r.textLanguage()}, nil
	}
	folder, err := newWorkFolder(e.dir)
	if err != nil {
		return subtitles.Transcript{}, fmt.Errorf("%w: %w", ErrDown, err)
	}
	defer folder.remove()
	if err := folder.keepSound(s); err != nil {
		return subtitles.Transcript{}, fmt.Errorf("%w: %w", ErrDown, err)
	}
	args := e.line.fill(commandRun{audio: folder.audio(), output: folder.output(), language: r.Language, prompt: promptArgument(r.Prompt), translate: r.Translate})
	if err := e.run(ctx, args, done); err != nil {
		return subtitles.Transcript{}, err
	}
	heard, notes, err := folder.read(length, e.filter)
	if err != nil {
		return subtitles.Transcript{}, fmt.Errorf("%w: %w", failureOf(err), err)
	}
	r.notes(notes, 0)
	if language := r.textLanguage(); language != "" {
		heard.Language = language
	}
	done.reach(1)
	return heard, nil
}

// failureOf is the kind of an answer that could not be read.
func failureOf(err error) error {
	var senseless *senselessError
	if errors.As(err, &senseless) {
		return ErrUnusable
	}
	return ErrFailed
}

// run runs the program and tells whose fault it is when it does not end well.
func (e *Command) run(ctx context.Context, args []string, done *progress) error {
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	complaints := &complaintWriter{done: done}
	err := runCommand(limited, args, complaints)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("run the engine: %w", ctx.Err())
	case errors.Is(err, proc.ErrNotStarted):
		return fmt.Errorf("%w: %w", ErrDown, err)
	case limited.Err() != nil:
		return fmt.Errorf("%w: it did not end within %v", ErrFailed, e.timeout)
	}
	return fmt.Errorf("%w: %w: %q", ErrFailed, err, complaints.tail)
}
