// Package config is the one list of settings: flags, environment variables, and
// what they may be.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"gensubtitle/internal/auth"
)

// Serve are the settings of the service.
type Serve struct {
	Addr           string `default:"127.0.0.1:8000" env:"GENSUB_ADDR" help:"Address to listen on."`
	DataDir        string `default:"./data" env:"GENSUB_DATA_DIR" help:"Folder of the databases, videos and keys."`
	PublicURL      string `env:"GENSUB_PUBLIC_URL" name:"public-url" help:"https://… under which people reach the site."`
	TrustedProxies string `env:"GENSUB_TRUSTED_PROXIES" help:"CIDRs, separated by commas, whose X-Forwarded-For, or else Forwarded, is believed."`
	Limits
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
	Engine
	Webhook
	MetricsAddr string `env:"GENSUB_METRICS_ADDR" help:"Address that serves /metrics."`
	LogFormat   string `default:"auto" env:"GENSUB_LOG_FORMAT" enum:"auto,text,json" help:"auto, text or json."`
}

// Check returns what is wrong with the settings, by the name of the flag.
func (s Serve) Check() error {
	for _, check := range []func() error{
		s.checkAddresses, s.checkLimits, s.checkNumbers, s.Engine.check, s.Webhook.check, s.checkPassword,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s Serve) checkAddresses() error {
	if err := checkAddr(s.Addr); err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	if s.MetricsAddr != "" {
		if err := checkAddr(s.MetricsAddr); err != nil {
			return fmt.Errorf("--metrics-addr: %w", err)
		}
	}
	if _, err := s.Site(); err != nil {
		return err
	}
	_, err := s.Proxies()
	return err
}

func (s Serve) checkLimits() error {
	_, err := s.Defaults("")
	return err
}

func (s Serve) checkNumbers() error {
	return checkNumbers([]number{
		{"--max-unfinished-uploads", float64(s.MaxUnfinishedUploads), 1, 1e9},
		{"--max-rejected-seconds", s.MaxRejectedSeconds, 0, 1e6},
		{"--upload-expiry-hours", s.UploadExpiryHours, 0.0001, 1e5},
		{"--max-reserved-mb", float64(s.MaxReservedMB), 0, 1e9},
		{"--min-upload-kb-per-second", s.MinUploadKBPerSecond, 0, 1e6},
		{"--max-upload-hours", s.MaxUploadHours, 0, 1e5},
		{"--signups-per-hour", float64(s.SignupsPerHour), 0, 1e9},
	})
}

func (s Serve) checkPassword() error {
	if s.AdminPassword != "" && auth.CheckPassword(s.AdminPassword) != nil {
		return errors.New("--admin-password: needs 8 to 128 characters")
	}
	return nil
}

// Site is the address under which people reach the site, nil where any does.
func (s Serve) Site() (*url.URL, error) {
	site, err := parsePublicURL(s.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("--public-url: %w", err)
	}
	return site, nil
}

// Proxies are the addresses whose word about a client's address is believed.
func (s Serve) Proxies() ([]netip.Prefix, error) {
	proxies, err := parseProxies(s.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	return proxies, nil
}

// UploadExpiry is how long an unfinished upload may go without another byte.
func (s Serve) UploadExpiry() time.Duration { return hours(s.UploadExpiryHours) }

// MaxUploadTime is how long one upload request may take; 0 is for any time.
func (s Serve) MaxUploadTime() time.Duration { return hours(s.MaxUploadHours) }

// MaxRejected is the processor time that rejected files may take; 0 is for any.
func (s Serve) MaxRejected() time.Duration {
	return time.Duration(s.MaxRejectedSeconds * float64(time.Second))
}

func hours(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }
