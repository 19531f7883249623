// Package service opens the parts of the web service, runs them together, and
// stops them in good order.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"gensubtitle/db"
	"gensubtitle/handlers"
	"gensubtitle/internal/config"
	"gensubtitle/internal/uploads"
	"gensubtitle/internal/webhook"
)

// StopTimeout is how long requests may take to end at a stop.
const StopTimeout = 30 * time.Second

// Options are what a service is run with.
type Options struct {
	config.Serve
	Log         *slog.Logger
	Dropped     func() uint64 // lines that the log has lost
	StopTimeout time.Duration // how long requests may take to end at a stop
}

// Run serves until ctx ends, and then stops in good order: requests first, then
// what works in the background, and the databases last.
func Run(ctx context.Context, o Options) error {
	log := o.Log
	// First of all, so that a start which cannot serve changes nothing.
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	parts, cleanup, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer cleanup()
	parts.Metrics.WatchLog(o.Dropped)
	server, err := newServer(o.Serve, parts)
	if err != nil {
		return err
	}
	if err := parts.Uploads.CheckVideos(ctx); err != nil {
		return o.orphansRefused(err)
	}
	// What cannot be cleaned up now is tried again while the service runs.
	if err := parts.Uploads.Clean(ctx); err != nil && ctx.Err() == nil {
		log.Error("not done yet", "error", err)
	}
	if err := firstAdmin(ctx, parts, o.AdminPassword, os.Stdout, log); err != nil {
		return err
	}
	if err := parts.Meter.Ready(); err != nil {
		log.Warn("uploads cannot be measured", "error", err)
	}
	if o.MetricsAddr != "" {
		endMetrics, err := serveMetrics(o.MetricsAddr, parts.Metrics.Handler(), log)
		if err != nil {
			return err
		}
		defer endMetrics()
	}
	hooks, err := newSender(o.Webhook, parts.DB, log)
	if err != nil {
		return err
	}
	working, endWork := context.WithCancel(ctx)
	worked := work(working, server, parts, hooks)
	defer func() { endWork(); worked.Wait() }()
	log.Info("listening", "addr", listener.Addr().String())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err = <-served:
	case <-ctx.Done():
		log.Info("stopping", "at_most", o.StopTimeout)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.StopTimeout)
	defer cancel()
	return errors.Join(err, server.Stop(stopping))
}

// orphansRefused says what an operator can do about a database that lacks the
// videos of its folder.
func (o Options) orphansRefused(err error) error {
	if !errors.Is(err, uploads.ErrNoVideos) {
		return err
	}
	return fmt.Errorf("%s: %w; put the right %s back, or set the files aside with --move-orphans", o.DataDir, err, db.FileName)
}

// work keeps the uploads going, makes subtitles and tells the webhook until ctx
// ends; what it returns waits until that is done.
func work(ctx context.Context, server *handlers.Server, p handlers.Dependencies, hooks *webhook.Sender) *sync.WaitGroup {
	var working sync.WaitGroup
	working.Go(func() { p.Uploads.Maintain(ctx) })
	working.Go(func() { server.KeepSeen(ctx) })
	working.Go(func() { server.WatchClients(ctx) })
	if p.Transcriber != nil {
		working.Go(func() { p.Transcriber.Run(ctx) })
	}
	if hooks != nil {
		hooks.Ended = p.Metrics.Notified
		working.Go(func() { hooks.Run(ctx) })
	}
	return &working
}

// newSender is nil where nobody is to be told.
func newSender(s config.Webhook, d *db.DB, log *slog.Logger) (*webhook.Sender, error) {
	if s.WebhookURL == "" {
		return nil, nil
	}
	key, err := webhook.Key(s.WebhookSecret)
	if err != nil {
		return nil, fmt.Errorf("--webhook-secret: %w", err)
	}
	return webhook.New(d, s.WebhookURL, key, log), nil
}
