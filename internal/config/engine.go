package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"time"
	"unicode/utf8"

	"gensubtitle/internal/engine"
)

// WorkName is the folder of an engine's command below the data directory.
const WorkName = "work"

// Engine says who writes the subtitles. Without an address or a command
// nobody does, and all else works.
type Engine struct {
	EngineURL            string  `env:"GENSUB_ENGINE_URL" name:"engine-url" help:"Address of a speech engine that speaks the OpenAI transcription API."`
	EngineKey            string  `env:"GENSUB_ENGINE_KEY" help:"Key of that engine; prefer the variable, which other users of the machine cannot see."`
	EngineModel          string  `default:"whisper-1" env:"GENSUB_ENGINE_MODEL" help:"Model that it is asked for."`
	EngineMaxMB          float64 `default:"25" env:"GENSUB_ENGINE_MAX_MB" name:"engine-max-mb" help:"Largest file that it takes, in MB; longer sound is cut at silences."`
	EnginePieces         int     `default:"1" env:"GENSUB_ENGINE_PIECES" help:"Pieces of one video's sound that it is sent at once, as soon as the language is known."`
	EngineTranslate      bool    `default:"true" negatable:"" env:"GENSUB_ENGINE_TRANSLATE" help:"Offer its translations into English."`
	EnginePrompt         string  `env:"GENSUB_ENGINE_PROMPT" help:"Names and terms that the engine is told to expect."`
	EngineFilter         bool    `default:"true" negatable:"" env:"GENSUB_ENGINE_FILTER" help:"Leave out what Whisper makes up in silence, and what it repeats."`
	EngineCommand        string  `env:"GENSUB_ENGINE_COMMAND" help:"Program that writes subtitles, with {audio}, {output}, and perhaps {language}, {task} and {prompt}."`
	EngineConcurrency    int     `default:"1" env:"GENSUB_ENGINE_CONCURRENCY" help:"Videos that the engine is given at once."`
	EngineTimeoutMinutes float64 `default:"60" env:"GENSUB_ENGINE_TIMEOUT_MINUTES" help:"Minutes that it may take for one piece of sound."`
	MaxSubtitleRuns      int     `default:"10" env:"GENSUB_MAX_SUBTITLE_RUNS" help:"Times that the subtitles of one video may be made; 0 = no limit."`
}

const (
	minEngineMB          = 1 // half a minute of sound
	mostEngineMB         = 1 << 20
	mostEngineMinutes    = 1e5
	mostConcurrentVideos = 1000
	mostPieces           = 64
)

// check returns what is wrong with the settings.
func (s Engine) check() error {
	if s.EngineURL != "" && s.EngineCommand != "" {
		return errors.New("--engine-url, --engine-command: set only one of them")
	}
	if err := checkNumbers([]number{
		{"--engine-max-mb", s.EngineMaxMB, minEngineMB, mostEngineMB},
		{"--engine-pieces", float64(s.EnginePieces), 1, mostPieces},
		{"--engine-concurrency", float64(s.EngineConcurrency), 1, mostConcurrentVideos},
		{"--engine-timeout-minutes", s.EngineTimeoutMinutes, 0.01, mostEngineMinutes},
		{"--max-subtitle-runs", float64(s.MaxSubtitleRuns), 0, 1e9},
	}); err != nil {
		return err
	}
	if len(s.EnginePrompt) > engine.MaxPrompt || !utf8.ValidString(s.EnginePrompt) {
		return fmt.Errorf("--engine-prompt: it must be UTF-8 of at most %d bytes", engine.MaxPrompt)
	}
	_, err := s.New(".")
	return err
}

// New is nil where no engine is set. Its work is done in the data directory.
func (s Engine) New(dataDir string) (engine.Engine, error) {
	timeout := time.Duration(s.EngineTimeoutMinutes * float64(time.Minute))
	switch {
	case s.EngineURL != "":
		engine, err := engine.NewHTTP(engine.HTTPOptions{
			URL: s.EngineURL, Key: s.EngineKey, Model: s.EngineModel,
			MaxBytes: int64(s.EngineMaxMB * (1 << 20)), Timeout: timeout, Pieces: s.EnginePieces, Translate: s.EngineTranslate,
			KeepAll: !s.EngineFilter,
		})
		if err != nil {
			return nil, fmt.Errorf("--engine-url: %w", err)
		}
		return engine, nil
	case s.EngineCommand != "":
		engine, err := engine.NewCommand(engine.CommandOptions{
			Command: s.EngineCommand, Timeout: timeout, Dir: filepath.Join(dataDir, WorkName), KeepAll: !s.EngineFilter,
		})
		if err != nil {
			return nil, fmt.Errorf("--engine-command: %w", err)
		}
		return engine, nil
	}
	return nil, nil
}

// Name is what admins see of the settings: an address, or a program
// without its arguments, any of which may be secret.
func (s Engine) Name() string {
	return cmp.Or(s.EngineURL, engine.ProgramOf(s.EngineCommand))
}
