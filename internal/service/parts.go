package service

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofiber/storage/sqlite3/v2"

	"gensubtitle/db"
	"gensubtitle/handlers"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/config"
	"gensubtitle/internal/datadir"
	"gensubtitle/internal/engine"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/transcribe"
	"gensubtitle/internal/uploads"
)

const (
	tokenLife   = 12 * time.Hour
	measureTime = 10 * time.Minute
)

// open opens all that the server works with below the data directory.
func open(ctx context.Context, o Options) (handlers.Dependencies, func(), error) {
	var closers []func() error
	cleanup := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			if err := closers[i](); err != nil {
				o.Log.Error("close", "error", err)
			}
		}
	}
	s, log := o.Serve, o.Log
	p := handlers.Dependencies{Log: log, Metrics: handlers.NewMetrics(), Ballast: storage.NewBallast(s.DataDir, log)}
	err := func() error {
		if !s.MoveOrphans {
			if err := uploads.CheckFolder(s.DataDir); err != nil {
				return o.orphansRefused(err)
			}
		}
		// Before anything is made, so that a refusal changes nothing.
		if err := db.CheckVersion(ctx, filepath.Join(s.DataDir, db.FileName)); err != nil {
			return err
		}
		if err := datadir.Prepare(s.DataDir, db.FileName, db.LoginsName); err != nil {
			return err
		}
		defaults, err := s.Defaults("")
		if err != nil {
			return err
		}
		if p.Node, err = db.Join(filepath.Join(s.DataDir, db.ProcessesName)); err != nil {
			return err
		}
		closers = append(closers, p.Node.Leave)
		if p.DB, err = db.Open(ctx, db.Options{
			Path: filepath.Join(s.DataDir, db.FileName), Defaults: defaults, Observe: p.Metrics.Written,
			Webhooks: s.WebhookURL != "", MaxReserved: s.MaxReservedMB << 20, MakeRoom: p.Ballast.GiveUp,
		}); err != nil {
			return err
		}
		closers = append(closers, p.DB.Close)
		logins, err := openLogins(filepath.Join(s.DataDir, db.LoginsName))
		if err != nil {
			return err
		}
		closers = append(closers, logins.Close)
		p.Logins = logins
		if p.Files, err = storage.OpenDisk(s.DataDir, p.DB.KeepsFiles); err != nil {
			return err
		}
		if err := p.Ballast.Fill(); err != nil {
			log.Warn("there is no ballast yet", "error", err)
		}
		p.Meter = media.NewMeter(media.Options{
			Concurrency: runtime.GOMAXPROCS(0), Timeout: measureTime, Log: log,
			Rejections: s.MaxRejected(), Ran: p.Metrics.Ran, Waited: p.Metrics.Waited,
		})
		p.Muxer = media.NewMuxer(p.Meter, func(size int64) (media.Scratch, error) { return p.Files.Scratch(size) })
		if p.Transcriber, err = newTranscriber(s, p); err != nil {
			return err
		}
		p.Uploads = uploads.New(uploads.Options{
			DB: p.DB, Files: p.Files, Node: p.Node, Meter: p.Meter, Ballast: p.Ballast, Log: log,
			Expiry: s.UploadExpiry(), MaxUnfinished: s.MaxUnfinishedUploads,
			Transcribe: p.Transcriber != nil, MoveOrphans: s.MoveOrphans,
		})
		if p.Hasher, err = auth.NewHasher(runtime.GOMAXPROCS(0), handlers.SignInWait); err != nil {
			return err
		}
		key, err := signingKey(s, log)
		if err != nil {
			return err
		}
		p.Signer = auth.NewSigner(key, tokenLife)
		return nil
	}()
	if err != nil {
		cleanup()
		return p, nil, err
	}
	return p, cleanup, nil
}

// newTranscriber is nil where no engine is set.
func newTranscriber(s config.Serve, p handlers.Dependencies) (*transcribe.Worker, error) {
	speech, err := s.Engine.New(s.DataDir)
	if speech == nil || err != nil {
		return nil, err
	}
	if err := engine.ClearWork(filepath.Join(s.DataDir, config.WorkName)); err != nil {
		p.Log.Warn("what killed runs of the engine left is still there", "error", err)
	}
	return transcribe.New(transcribe.Options{
		DB: p.DB, Files: p.Files, Meter: p.Meter, Node: p.Node.ID, Engine: speech, Log: p.Log,
		Prompt: s.EnginePrompt, Concurrency: s.EngineConcurrency, Ended: p.Metrics.Transcribed,
	}), nil
}

// openLogins opens the store of login sessions, which panics when it cannot.
func openLogins(path string) (storage *sqlite3.Storage, err error) {
	if err := datadir.Touch(path); err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("open login sessions %s: %v", path, problem)
		}
	}()
	return sqlite3.New(sqlite3.Config{
		Database:     db.LoginsDSN(path),
		Table:        "logins",
		GCInterval:   10 * time.Minute,
		MaxOpenConns: 4,
		MaxIdleConns: 4,
		// The library closes connections after a second. Opening the file anew
		// needs room for its log, which a full disk does not have.
		ConnMaxLifetime: -1,
	}), nil
}

func signingKey(s config.Serve, log *slog.Logger) ([]byte, error) {
	if s.JWTSecret == "" {
		return auth.LoadOrCreateKey(filepath.Join(s.DataDir, auth.KeyName))
	}
	if err := auth.CheckKey([]byte(s.JWTSecret)); err != nil {
		log.Warn("--jwt-secret is short enough to be guessed from one token; use 32 characters or more")
	}
	return []byte(s.JWTSecret), nil
}

func newServer(s config.Serve, p handlers.Dependencies) (*handlers.Server, error) {
	defaults, err := s.Defaults("")
	if err != nil {
		return nil, err
	}
	site, err := s.Site()
	if err != nil {
		return nil, err
	}
	proxies, err := s.Proxies()
	if err != nil {
		return nil, err
	}
	return handlers.New(handlers.Config{
		PublicURL: site, TrustedProxies: proxies, Defaults: defaults,
		RegistrationOpen: s.Registration == "open", SignupsPerHour: s.SignupsPerHour,
		UploadExpiry:  s.UploadExpiry(),
		MinUploadRate: int64(s.MinUploadKBPerSecond * 1024), MaxUploadTime: s.MaxUploadTime(),
		MaxSubtitleRuns: s.MaxSubtitleRuns, EngineName: s.Name(),
	}, p)
}
