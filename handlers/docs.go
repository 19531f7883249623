package handlers

import (
	"github.com/gofiber/fiber/v2"

	"gensubtitle/views"
)

// docsPage shows what openapi.json says, for people.
func (s *Server) docsPage(c *fiber.Ctx) error {
	return render(c, fiber.StatusOK, views.DocsPage(page(c), s.docs))
}
