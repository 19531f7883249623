package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
	"unicode/utf8"

	"gensubtitle/db"
	"gensubtitle/handlers"
	"gensubtitle/internal/cli"
	"gensubtitle/internal/subtitles"
	"gensubtitle/internal/transcribe"
	"gensubtitle/internal/webhook"
)

// workName is the folder of an engine's command below the data directory.
const workName = "work"

// engineSettings say who writes the subtitles. Without an address or a command
// nobody does, and all else works.
type engineSettings struct {
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
func (s engineSettings) check() error {
	if s.EngineURL != "" && s.EngineCommand != "" {
		return errors.New("--engine-url, --engine-command: set only one of them")
	}
	for _, n := range []struct {
		flag               string
		value, least, most float64
	}{
		{"--engine-max-mb", s.EngineMaxMB, minEngineMB, mostEngineMB},
		{"--engine-pieces", float64(s.EnginePieces), 1, mostPieces},
		{"--engine-concurrency", float64(s.EngineConcurrency), 1, mostConcurrentVideos},
		{"--engine-timeout-minutes", s.EngineTimeoutMinutes, 0.01, mostEngineMinutes},
		{"--max-subtitle-runs", float64(s.MaxSubtitleRuns), 0, 1e9},
	} {
		if err := cli.CheckNumber(n.flag, n.value, n.least, n.most); err != nil {
			return err
		}
	}
	if len(s.EnginePrompt) > subtitles.MaxPrompt || !utf8.ValidString(s.EnginePrompt) {
		return fmt.Errorf("--engine-prompt: it must be UTF-8 of at most %d bytes", subtitles.MaxPrompt)
	}
	_, err := s.engine(".")
	return err
}

// engine is nil where none is set.
func (s engineSettings) engine(dataDir string) (subtitles.Engine, error) {
	timeout := time.Duration(s.EngineTimeoutMinutes * float64(time.Minute))
	switch {
	case s.EngineURL != "":
		engine, err := subtitles.NewHTTPEngine(subtitles.HTTPOptions{
			URL: s.EngineURL, Key: s.EngineKey, Model: s.EngineModel,
			MaxBytes: int64(s.EngineMaxMB * (1 << 20)), Timeout: timeout, Pieces: s.EnginePieces, Translate: s.EngineTranslate,
			KeepAll: !s.EngineFilter,
		})
		if err != nil {
			return nil, fmt.Errorf("--engine-url: %w", err)
		}
		return engine, nil
	case s.EngineCommand != "":
		engine, err := subtitles.NewCommandEngine(subtitles.CommandOptions{
			Command: s.EngineCommand, Timeout: timeout, Dir: filepath.Join(dataDir, workName), KeepAll: !s.EngineFilter,
		})
		if err != nil {
			return nil, fmt.Errorf("--engine-command: %w", err)
		}
		return engine, nil
	}
	return nil, nil
}

// engineName is what admins see of the settings: an address, or a program
// without its arguments, any of which may be secret.
func (s engineSettings) engineName() string {
	return cmp.Or(s.EngineURL, subtitles.ProgramOf(s.EngineCommand))
}

// newTranscriber is nil where no engine is set.
func newTranscriber(s serveSettings, p handlers.Parts) (*transcribe.Worker, error) {
	engine, err := s.engine(s.DataDir)
	if engine == nil || err != nil {
		return nil, err
	}
	if err := subtitles.ClearWork(filepath.Join(s.DataDir, workName)); err != nil {
		p.Log.Warn("what killed runs of the engine left is still there", "error", err)
	}
	return transcribe.New(transcribe.Options{
		DB: p.DB, Files: p.Files, Meter: p.Meter, Process: p.Process.ID, Engine: engine, Log: p.Log,
		Prompt: s.EnginePrompt, Concurrency: s.EngineConcurrency, Ended: p.Metrics.Transcribed,
	}), nil
}

// webhookSettings say whom to tell of videos and subtitles.
type webhookSettings struct {
	WebhookURL    string `env:"GENSUB_WEBHOOK_URL" name:"webhook-url" help:"Address that is told when a video was accepted and when its subtitles are done or failed."`
	WebhookSecret string `env:"GENSUB_WEBHOOK_SECRET" help:"Secret that signs what is told: whsec_ and base64, or 16 characters or more."`
}

func (s webhookSettings) check() error {
	if s.WebhookURL == "" {
		return nil
	}
	if err := webhook.CheckURL(s.WebhookURL); err != nil {
		return fmt.Errorf("--webhook-url: %w", err)
	}
	if _, err := webhook.Key(s.WebhookSecret); err != nil {
		return fmt.Errorf("--webhook-secret: %w", err)
	}
	return nil
}

// sender is nil where nobody is to be told.
func (s webhookSettings) sender(d *db.DB, log *slog.Logger) (*webhook.Sender, error) {
	if s.WebhookURL == "" {
		return nil, nil
	}
	key, err := webhook.Key(s.WebhookSecret)
	if err != nil {
		return nil, fmt.Errorf("--webhook-secret: %w", err)
	}
	return webhook.New(d, s.WebhookURL, key, log), nil
}
