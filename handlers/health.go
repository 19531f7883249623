package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	readinessTimeout = 5 * time.Second
	readinessLife    = time.Minute // of what is written to try it
)

// health says that the process runs.
func (s *Server) health(c *fiber.Ctx) error {
	return c.JSON(fiber.Map{"status": "ok"})
}

// readiness says whether the program can do its work, and if not, what stands
// in the way.
func (s *Server) readiness(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), readinessTimeout)
	defer cancel()
	var notReady []string
	check := func(name string, err error) {
		if err != nil {
			notReady = append(notReady, name)
			s.logOf(c).Warn("not ready", "part", name, "error", err)
		}
	}
	if s.stopping.Load() {
		notReady = append(notReady, "stopping")
	}
	check("database", s.DB.Ready(ctx))
	check("logins", s.Parts.Logins.Set("readiness", []byte("ready"), readinessLife))
	check("storage", s.Files.Ready())
	check("ffmpeg", s.Meter.Ready())
	if len(notReady) > 0 {
		p := *errUnavailable
		p.notReady = notReady
		return &p
	}
	return c.JSON(fiber.Map{"status": "ok"})
}
