package handlers

import (
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/views"
)

// limits answers with the caller's own limits, or the defaults.
func (s *Server) limits(c *fiber.Ctx) error {
	return c.JSON(api.LimitsOf(s.limitsFor(c)))
}

func (s *Server) limitsFor(c *fiber.Ctx) db.Limits {
	if v, ok := c.Locals(visitorKey).(*visitor); ok {
		return v.Quota.Limits
	}
	return s.Defaults
}

// userSession answers with the caller's quota session.
func (s *Server) userSession(c *fiber.Ctx) error {
	v := signedIn(c)
	return c.JSON(api.SessionOf(v.Name, v.Quota))
}

// quotaWidget answers with the widget alone.
func (s *Server) quotaWidget(c *fiber.Ctx) error {
	quota, err := s.ownQuota(c, signedIn(c).Quota)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.QuotaWidget(page(c), quota))
}

// ownQuota is the caller's quota with the uploads that are under way.
func (s *Server) ownQuota(c *fiber.Ctx, q db.Quota) (views.Quota, error) {
	v := quotaView(q)
	running, err := s.DB.Slots(c.UserContext(), q.SessionID)
	v.InFlight = int(running)
	return v, err
}

// home is the page of a signed-in user.
func (s *Server) home(c *fiber.Ctx) error {
	return s.renderHome(c, fiber.StatusOK, "")
}

func (s *Server) renderHome(c *fiber.Ctx, status int, alert string) error {
	v := signedIn(c)
	videos, next, err := s.videosPage(c, v.SessionID, c.Query("cursor"), defaultPage)
	if err != nil {
		return err
	}
	quota, err := s.ownQuota(c, v.Quota)
	if err != nil {
		return err
	}
	return render(c, status, views.HomePage(page(c), views.Home{
		Quota: quota, Videos: mapped(videos, s.shown), NextCursor: next, Alert: alert,
	}))
}
