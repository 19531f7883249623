// Gensubtitle is a web service to which people upload videos for subtitles,
// within a quota that belongs to the user.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gofiber/storage/sqlite3/v2"
	"golang.org/x/sys/unix"

	"gensubtitle/db"
	"gensubtitle/handlers"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/cli"
	"gensubtitle/internal/datadir"
	"gensubtitle/internal/media"
	"gensubtitle/internal/upkeep"
	"gensubtitle/internal/webhook"
)

const (
	stopTimeout        = 30 * time.Second
	tokenLife          = 12 * time.Hour
	measureTime        = 10 * time.Minute
	metricsTimeout     = 10 * time.Second
	metricsStopTimeout = 2 * time.Second
)

// settings are the flags and environment variables of the program.
type settings struct {
	Serve serveSettings `cmd:"" default:"withargs" help:"Run the web service (the default)."`
	cli.Commands
}

type serveSettings struct {
	Addr           string `default:"127.0.0.1:8000" env:"GENSUB_ADDR" help:"Address to listen on."`
	DataDir        string `default:"./data" env:"GENSUB_DATA_DIR" help:"Folder of the databases, videos and keys."`
	PublicURL      string `env:"GENSUB_PUBLIC_URL" name:"public-url" help:"https://… under which people reach the site."`
	TrustedProxies string `env:"GENSUB_TRUSTED_PROXIES" help:"CIDRs, separated by commas, whose X-Forwarded-For, or else Forwarded, is believed."`
	cli.LimitSettings
	MaxUnfinishedUploads int64   `default:"3" env:"GENSUB_MAX_UNFINISHED_UPLOADS" help:"Resumable uploads that each user may leave unfinished."`
	MaxRejectedSeconds   float64 `default:"300" env:"GENSUB_MAX_REJECTED_SECONDS" help:"Processor seconds that files of each user which are then rejected may take within an hour; 0 = no limit."`
	UploadExpiryHours    float64 `default:"24" env:"GENSUB_UPLOAD_EXPIRY_HOURS" help:"Hours after which an unfinished upload that nothing comes of is removed; may be fractional."`
	MoveOrphans          bool    `env:"GENSUB_MOVE_ORPHANS" help:"Start although the database knows no videos and the folder has some: set them aside in orphans/."`
	MaxReservedMB        int64   `default:"1500" env:"GENSUB_MAX_RESERVED_MB" name:"max-reserved-mb" help:"Space in MB that each user's unfinished uploads may hold; 0 = no limit."`
	MinUploadKBPerSecond float64 `default:"64" env:"GENSUB_MIN_UPLOAD_KB_PER_SECOND" name:"min-upload-kb-per-second" help:"Average KB a second that an upload request has to bring after its first minute; 0 = any."`
	MaxUploadHours       float64 `default:"2" env:"GENSUB_MAX_UPLOAD_HOURS" help:"Hours that one upload request may take; may be fractional; 0 = any."`
	Registration         string  `default:"open" env:"GENSUB_REGISTRATION" enum:"open,closed" help:"Who may register: open or closed."`
	SignupsPerHour       int     `default:"30" env:"GENSUB_SIGNUPS_PER_HOUR" help:"Registrations of one address in an hour; 0 = no limit."`
	AdminPassword        string  `env:"GENSUB_ADMIN_PASSWORD" help:"Password of the user admin, whom the first start creates."`
	JWTSecret            string  `env:"GENSUB_JWT_SECRET" name:"jwt-secret" help:"Key of the tokens; made once and kept if empty."`
	engineSettings
	webhookSettings
	MetricsAddr string        `env:"GENSUB_METRICS_ADDR" help:"Address that serves /metrics."`
	LogFormat   string        `default:"auto" env:"GENSUB_LOG_FORMAT" enum:"auto,text,json" help:"auto, text or json."`
	StopTimeout time.Duration `kong:"-"` // stopTimeout, less in tests
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
		return s.Serve.run()
	}
	return cli.Run(command, &cli.Shell{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// run is the service with an exit status.
func (s serveSettings) run() int {
	config, err := s.check()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gensubtitle:", err)
		return cli.Misuse
	}
	outliveReaders()
	lines := newLogBuffer(os.Stderr)
	defer lines.Close()
	log := newLogger(s.LogFormat, os.Stderr, lines)
	ctx, stop := cli.UntilSignal()
	defer stop()
	s.StopTimeout = stopTimeout
	if err := Run(ctx, s, config, log, lines.Dropped); err != nil {
		log.Error("stopped", "error", err)
		return cli.Failure
	}
	return 0
}

// check turns the settings into what the server takes, or says which is wrong.
func (s serveSettings) check() (handlers.Config, error) {
	c := handlers.Config{
		RegistrationOpen: s.Registration == "open",
		SignupsPerHour:   s.SignupsPerHour,
		MaxUnfinished:    s.MaxUnfinishedUploads,
		UploadExpiry:     time.Duration(s.UploadExpiryHours * float64(time.Hour)),
		MinUploadRate:    int64(s.MinUploadKBPerSecond * 1024),
		MaxUploadTime:    time.Duration(s.MaxUploadHours * float64(time.Hour)),
		MaxSubtitleRuns:  s.MaxSubtitleRuns,
		EngineName:       s.engineName(),
	}
	if err := checkAddr(s.Addr); err != nil {
		return c, fmt.Errorf("--addr: %w", err)
	}
	if s.MetricsAddr != "" {
		if err := checkAddr(s.MetricsAddr); err != nil {
			return c, fmt.Errorf("--metrics-addr: %w", err)
		}
	}
	var err error
	if c.Defaults, err = s.Limits(""); err != nil {
		return c, err
	}
	numbers := []struct {
		flag               string
		value, least, most float64
	}{
		{"--max-unfinished-uploads", float64(s.MaxUnfinishedUploads), 1, 1e9},
		{"--max-rejected-seconds", s.MaxRejectedSeconds, 0, 1e6},
		{"--upload-expiry-hours", s.UploadExpiryHours, 0.0001, 1e5},
		{"--max-reserved-mb", float64(s.MaxReservedMB), 0, 1e9},
		{"--min-upload-kb-per-second", s.MinUploadKBPerSecond, 0, 1e6},
		{"--max-upload-hours", s.MaxUploadHours, 0, 1e5},
		{"--signups-per-hour", float64(s.SignupsPerHour), 0, 1e9},
	}
	for _, n := range numbers {
		if err := cli.CheckNumber(n.flag, n.value, n.least, n.most); err != nil {
			return c, err
		}
	}
	if err := s.engineSettings.check(); err != nil {
		return c, err
	}
	if err := s.webhookSettings.check(); err != nil {
		return c, err
	}
	if s.AdminPassword != "" && auth.CheckPassword(s.AdminPassword) != nil {
		return c, errors.New("--admin-password: needs 8 to 128 characters")
	}
	if c.PublicURL, err = parsePublicURL(s.PublicURL); err != nil {
		return c, fmt.Errorf("--public-url: %w", err)
	}
	if c.TrustedProxies, err = parseProxies(s.TrustedProxies); err != nil {
		return c, fmt.Errorf("--trusted-proxies: %w", err)
	}
	return c, nil
}

func checkAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	_, err = net.LookupPort("tcp", port)
	return err
}

func parsePublicURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not of the form https://host", text)
	}
	// Browsers leave the usual port out.
	u.Host = strings.ToLower(strings.TrimSuffix(u.Host, ":443"))
	return u, nil
}

func parseProxies(text string) ([]netip.Prefix, error) {
	var proxies []netip.Prefix
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		if addr, err := netip.ParseAddr(item); err == nil {
			proxies = append(proxies, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a range such as 10.0.0.0/8", item)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

// Run serves until ctx ends, and then stops in good order: requests first, then
// what works in the background, and the databases last. dropped counts the
// lines that the log has lost.
func Run(ctx context.Context, s serveSettings, config handlers.Config, log *slog.Logger, dropped func() uint64) error {
	// First of all, so that a start which cannot serve changes nothing.
	listener, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	parts, cleanup, err := open(ctx, s, config, log)
	if err != nil {
		return err
	}
	defer cleanup()
	parts.Metrics.WatchLog(dropped)
	server, err := handlers.New(config, parts)
	if err != nil {
		return err
	}
	if err := parts.House.CheckVideos(ctx); err != nil {
		return s.orphansRefused(err)
	}
	// What cannot be cleaned up now is tried again while the service runs.
	if err := parts.House.Clean(ctx); err != nil && ctx.Err() == nil {
		log.Error("not done yet", "error", err)
	}
	if err := firstAdmin(ctx, parts, s.AdminPassword, os.Stdout, log); err != nil {
		return err
	}
	if err := parts.Meter.Ready(); err != nil {
		log.Warn("uploads cannot be measured", "error", err)
	}
	if s.MetricsAddr != "" {
		endMetrics, err := serveMetrics(s.MetricsAddr, parts.Metrics.Handler(), log)
		if err != nil {
			return err
		}
		defer endMetrics()
	}
	hooks, err := s.sender(parts.DB, log)
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
		log.Info("stopping", "at_most", s.StopTimeout)
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.StopTimeout)
	defer cancel()
	return errors.Join(err, server.Stop(stopping))
}

// orphansRefused says what an operator can do about a database that lacks the
// videos of its folder.
func (s serveSettings) orphansRefused(err error) error {
	if !errors.Is(err, upkeep.ErrNoVideos) {
		return err
	}
	return fmt.Errorf("%s: %w; put the right %s back, or set the files aside with --move-orphans", s.DataDir, err, db.FileName)
}

// work keeps the house clean, makes subtitles and tells the webhook until ctx
// ends; what it returns waits until that is done.
func work(ctx context.Context, server *handlers.Server, p handlers.Parts, hooks *webhook.Sender) *sync.WaitGroup {
	var working sync.WaitGroup
	working.Go(func() { server.Tend(ctx) })
	if p.Transcriber != nil {
		working.Go(func() { p.Transcriber.Run(ctx) })
	}
	if hooks != nil {
		hooks.Ended = p.Metrics.Told
		working.Go(func() { hooks.Run(ctx) })
	}
	return &working
}

// serveMetrics serves /metrics on an address of its own until it is closed.
func serveMetrics(addr string, metrics http.Handler, log *slog.Logger) (func(), error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: metricsTimeout, WriteTimeout: metricsTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("listening for metrics", "addr", listener.Addr().String())
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("metrics are no longer served", "error", err)
		}
	}()
	return func() {
		// A scrape reads the database, which is closed next.
		ctx, cancel := context.WithTimeout(context.Background(), metricsStopTimeout)
		defer cancel()
		_ = errors.Join(server.Shutdown(ctx), server.Close())
	}, nil
}

// open opens all that the server works with below the data directory.
func open(ctx context.Context, s serveSettings, config handlers.Config, log *slog.Logger) (handlers.Parts, func(), error) {
	var closers []func() error
	cleanup := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			if err := closers[i](); err != nil {
				log.Error("close", "error", err)
			}
		}
	}
	p := handlers.Parts{Log: log, Metrics: handlers.NewMetrics(), Ballast: media.NewBallast(s.DataDir, log)}
	err := func() error {
		if !s.MoveOrphans {
			if err := upkeep.CheckFolder(s.DataDir); err != nil {
				return s.orphansRefused(err)
			}
		}
		// Before anything is made, so that a refusal changes nothing.
		if err := db.CheckVersion(ctx, filepath.Join(s.DataDir, db.FileName)); err != nil {
			return err
		}
		if err := datadir.Prepare(s.DataDir, db.FileName, db.LoginsName); err != nil {
			return err
		}
		var err error
		if p.Process, err = db.Join(filepath.Join(s.DataDir, db.ProcessesName)); err != nil {
			return err
		}
		closers = append(closers, p.Process.Leave)
		if p.DB, err = db.Open(ctx, db.Options{
			Path: filepath.Join(s.DataDir, db.FileName), Defaults: config.Defaults, Observe: p.Metrics.Written,
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
		if p.Files, err = media.OpenStore(s.DataDir); err != nil {
			return err
		}
		p.Files.Keeps = p.DB.KeepsFiles
		p.House = &upkeep.House{
			DB: p.DB, Files: p.Files, Process: p.Process, Log: log, Expiry: config.UploadExpiry, MoveOrphans: s.MoveOrphans,
		}
		if err := p.Ballast.Fill(); err != nil {
			log.Warn("there is no ballast yet", "error", err)
		}
		p.Meter = media.NewMeter(media.Options{
			Concurrency: runtime.GOMAXPROCS(0), Timeout: measureTime, Log: log,
			Rejections: time.Duration(s.MaxRejectedSeconds * float64(time.Second)), Ran: p.Metrics.Ran, Waited: p.Metrics.Waited,
		})
		p.Muxer = media.NewMuxer(p.Meter, p.Files)
		if p.Transcriber, err = newTranscriber(s, p); err != nil {
			return err
		}
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

func signingKey(s serveSettings, log *slog.Logger) ([]byte, error) {
	if s.JWTSecret == "" {
		return auth.LoadOrCreateKey(filepath.Join(s.DataDir, auth.KeyName))
	}
	if err := auth.CheckKey([]byte(s.JWTSecret)); err != nil {
		log.Warn("--jwt-secret is short enough to be guessed from one token; use 32 characters or more")
	}
	return []byte(s.JWTSecret), nil
}

// firstAdmin creates the user admin where there is no user at all. A password
// that it makes up is printed once, on out alone. Where nobody reads that, the
// service is needed all the same.
func firstAdmin(ctx context.Context, p handlers.Parts, password string, out io.Writer, log *slog.Logger) error {
	has, err := p.DB.HasUsers(ctx)
	if err != nil || has {
		return err
	}
	made := password == ""
	if made {
		password = auth.RandomPassword()
	}
	hash, err := p.Hasher.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("create admin: %w", err)
	}
	name, err := auth.ParseUsername("admin")
	if err != nil {
		return fmt.Errorf("create admin: %w", err)
	}
	_, err = p.DB.CreateUser(ctx, db.NewUser{
		Name: name.Name, Key: name.Key, SessionID: name.SessionID(), PasswordHash: hash, Role: db.RoleAdmin,
	})
	if errors.Is(err, db.ErrUsernameTaken) {
		return nil // Another process was first.
	}
	if err != nil {
		return err
	}
	if !made {
		return nil
	}
	if _, err := fmt.Fprintf(out, "The user admin was created with the password: %s\n", password); err != nil {
		log.Warn("the password of the user admin could not be printed; set one with: gensubtitle user passwd admin", "error", err)
	}
	return nil
}
