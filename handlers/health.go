package handlers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	readinessTimeout = 5 * time.Second
	readinessLife    = time.Minute // of what is written to try it
	// readinessPause is the least time between two checks: anybody may ask for
	// one, and each writes to the disk.
	readinessPause = time.Second
)

// health says that the process runs.
func (s *Server) health(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"status": "ok"})
}

// readinessBody is what is told of a service that can do its work.
type readinessBody struct {
	Status string            `json:"status"`
	Parts  map[string]string `json:"parts,omitempty"` // when asked for
	// MaintenanceProblems counts what the last clean-up could not do.
	MaintenanceProblems *int `json:"maintenance_problems,omitempty"`
}

// readiness says whether the program can do its work, and if not, what stands
// in the way.
func (s *Server) readiness(c *fiber.Ctx) error {
	var parts []part
	if s.stopping.Load() {
		parts = []part{{"stopping", errUnavailable}}
	} else {
		parts = s.ready.await(func() []part { return s.checkParts(s.logOf(c)) })
	}
	body := readinessBody{Status: "ok"}
	if c.Context().QueryArgs().Has("verbose") {
		problems := s.Uploads.Problems()
		body.Parts, body.MaintenanceProblems = map[string]string{}, &problems
	}
	p := *errUnavailable
	for _, part := range parts {
		state := "ok"
		if part.err != nil {
			state = problemOf(part.err).kind
			p.notReady = append(p.notReady, part.name)
		}
		if body.Parts != nil {
			body.Parts[part.name] = state
		}
	}
	if len(p.notReady) > 0 {
		p.parts, p.maintenance = body.Parts, body.MaintenanceProblems
		return &p
	}
	return c.JSON(body)
}

// part is what the program needs, and what is wrong with it.
type part struct {
	name string
	err  error
}

func (s *Server) checkParts(log *slog.Logger) []part {
	ctx, cancel := context.WithTimeout(context.Background(), readinessTimeout)
	defer cancel()
	parts := []part{
		{"database", s.DB.Ready(ctx)},
		{"logins", storeError(s.Dependencies.Logins.Set("readiness", []byte("ready"), readinessLife))},
		{"storage", s.storageReady()},
		{"ffmpeg", s.Meter.Ready()},
	}
	for _, p := range parts {
		if p.err != nil {
			log.Warn("not ready", "part", p.name, "error", p.err)
		}
	}
	return parts
}

// storageReady requires the room without which no upload is taken.
func (s *Server) storageReady() error {
	if err := s.Files.Ready(); err != nil {
		return err
	}
	return s.Uploads.DiskRoom(0)
}

// pacedCheck runs a check at most once a second. Whoever asks gets the result
// of one that began after they did, and shares it with all who asked meanwhile.
type pacedCheck struct {
	mu   sync.Mutex
	last time.Time // when a check last began
	next *sharedCheck
}

type sharedCheck struct {
	done  chan struct{}
	parts []part
}

func (p *pacedCheck) await(check func() []part) []part {
	p.mu.Lock()
	shared := p.next
	if shared != nil {
		p.mu.Unlock()
		<-shared.done
		return shared.parts
	}
	// What those who wait get when the check panics.
	shared = &sharedCheck{done: make(chan struct{}), parts: []part{{"check", errInternal}}}
	p.next = shared
	pause := time.Until(p.last.Add(readinessPause))
	p.mu.Unlock()

	defer close(shared.done)
	time.Sleep(pause)
	p.mu.Lock()
	p.next, p.last = nil, time.Now()
	p.mu.Unlock()
	shared.parts = check()
	return shared.parts
}
