// Package handlers answers HTTP requests. It knows the database, the files,
// the pages and the rules of sign-in, and ties them together; each of those
// knows nothing of the others.
//
// Threats it answers: a body larger than it says or than is allowed, a body
// that never comes, a client that reads nothing, a page of another site that
// writes with our cookie, and two requests that each would take the last of
// something.
package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	tusd "github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/sync/singleflight"

	"gensubtitle/db"
	"gensubtitle/internal/apidoc"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/background"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/transcribe"
	"gensubtitle/internal/uploads"
	"gensubtitle/static"
)

const (
	readTimeout  = 30 * time.Second // for a request's head and any small body
	writeTimeout = 30 * time.Second
	idleTimeout  = 75 * time.Second
	// cutTimeout is how long requests that were cut off may take to clean up,
	// and seenTimeout how long the last write may take.
	cutTimeout   = 3 * time.Second
	seenTimeout  = 2 * time.Second
	headerBytes  = 16 << 10
	failWindow   = 15 * time.Minute
	accountFails = 5
	addressFails = 30
	signupWindow = time.Hour
)

// Config is what an operator decides.
type Config struct {
	PublicURL        *url.URL // nil: plain HTTP under any name
	TrustedProxies   []netip.Prefix
	Defaults         db.Limits
	RegistrationOpen bool
	SignupsPerHour   int           // of one address; 0 for no limit
	UploadExpiry     time.Duration // how long one may go without another byte
	MinUploadRate    int64         // bytes a second that an upload request has to bring; 0 for any
	MaxUploadTime    time.Duration // of one upload request; 0 for any
	MaxSubtitleRuns  int           // of one video; 0 for no limit
	EngineName       string        // what admins are told that the speech engine is
}

// Dependencies are what a Server works with. The caller opened them and closes them.
type Dependencies struct {
	Log     *slog.Logger
	DB      *db.DB
	Node    *db.Node
	Files   storage.Store
	Ballast *storage.Ballast
	Meter   *media.Meter
	Muxer   *media.Muxer
	Hasher  *auth.Hasher
	Signer  *auth.Signer
	Logins  fiber.Storage
	Uploads *uploads.Service
	Metrics *Metrics
	// Transcriber makes subtitles; nil where no engine is set.
	Transcriber *transcribe.Worker
}

// Server answers requests until it is stopped.
type Server struct {
	Config
	Dependencies
	app             *fiber.App
	logins          *logins
	origins         *http.CrossOriginProtection
	accountFailures *auth.Throttle
	addressFailures *auth.Throttle
	signups         *auth.Throttle
	stopping        atomic.Bool
	ready           pacedCheck
	running         running
	connections     connections
	background      *background.Group
	tus             *tusd.UnroutedHandler
	thumbnails      singleflight.Group
	exports, texts  limiter
	ownLarge, large limiter // large texts of one user, and of everybody
	seen            seen
	docs            *apidoc.Document
}

// New makes a server; Serve starts it.
func New(c Config, p Dependencies) (*Server, error) {
	s := &Server{
		Config:          c,
		Dependencies:    p,
		logins:          newLogins(ballasted{p.Logins, p.Ballast}, c.PublicURL != nil, p.Log),
		origins:         http.NewCrossOriginProtection(),
		accountFailures: auth.NewThrottle(accountFails, failWindow, time.Now),
		addressFailures: auth.NewThrottle(addressFails, failWindow, time.Now),
		background:      background.NewGroup(p.Log),
		signups:         auth.NewThrottle(c.SignupsPerHour, signupWindow, time.Now),
		exports:         limiter{most: maxExports},
		texts:           limiter{most: maxTexts},
		ownLarge:        limiter{most: 1},
		large:           limiter{most: maxLargeTexts},
	}
	var err error
	if s.docs, err = apidoc.Read(static.OpenAPI()); err != nil {
		return nil, err
	}
	if s.tus, err = s.newTus(); err != nil {
		return nil, err
	}
	s.app = fiber.New(fiber.Config{
		DisableStartupMessage:        true,
		Immutable:                    true,
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		// With streamed bodies this is no limit. It is how much of a body has to
		// be there before the handler runs, which would else be 8 KiB: a slow
		// client would wait too long for an answer that its head alone decides.
		BodyLimit:      1,
		ReadBufferSize: headerBytes,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		ErrorHandler:   s.answerUnrouted,
	})
	s.app.Server().CloseOnShutdown = true
	s.app.Server().ConnState = s.connections.changed
	s.Metrics.watch(s)
	s.Uploads.Events = uploads.Events{
		Accepted: s.accepted,
		Ended:    func(err error) { s.Metrics.uploadEnded(resumableUpload, err) },
		Dropped:  s.Metrics.uploadDropped,
	}
	s.routes()
	s.checkQueries()
	s.app.Server().Handler = s.survive(s.knownHeads(s.app.Server().Handler))
	return s, nil
}

// Serve answers requests on l until Stop, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	l, err := newClientListener(l, s.Log)
	if err != nil {
		return fmt.Errorf("prepare to serve: %w", err)
	}
	if err := s.app.Listener(l); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Stop refuses new uploads, lets requests that run finish until ctx ends, and
// then cuts off those that are left. Measuring that no request waits for is cut
// short: the next start takes it up again. When Stop returns, no request uses
// the database any more, unless it cannot be cut off.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	select {
	case <-s.running.idle():
	case <-ctx.Done():
		s.cutOff()
	}
	s.Uploads.Stop()
	s.background.Stop()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err := s.app.ShutdownWithContext(closing)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // Connections that nothing is asked on any more.
	}
	seen, cancel := context.WithTimeout(context.WithoutCancel(ctx), seenTimeout)
	defer cancel()
	s.attemptKeepSeen(seen)
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// cutOff ends the requests that wait for their clients, which give back their
// slots then. What does something else goes on; the next start cleans up.
func (s *Server) cutOff() {
	s.Log.Warn("requests are cut off", "running", s.running.count())
	s.connections.close()
	s.running.stop()
	select {
	case <-s.running.idle():
	case <-time.After(cutTimeout):
		s.Log.Warn("requests still run", "running", s.running.count())
	}
}
