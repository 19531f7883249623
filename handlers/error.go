package handlers

import (
	"math"
	"net/url"
	"strconv"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/internal/api"
	"gensubtitle/views"
)

type problemBody struct {
	Type     string            `json:"type"`
	Title    string            `json:"title"`
	Status   int               `json:"status"`
	Detail   string            `json:"detail"`
	Errors   map[string]string `json:"errors,omitempty"`
	Usage    *api.Usage        `json:"usage,omitempty"`
	Limits   *api.Limits       `json:"limits,omitempty"`
	NotReady []string          `json:"not_ready,omitempty"`
	Parts    map[string]string `json:"parts,omitempty"`
	// MaintenanceProblems is as in readinessBody.
	MaintenanceProblems *int `json:"maintenance_problems,omitempty"`
}

// answerUnrouted is for requests that never reached a route, such as one
// whose head cannot be parsed.
func (s *Server) answerUnrouted(c *fiber.Ctx, err error) error {
	s.secure(c)
	return answerError(c, err)
}

// answerError turns an error into an answer: for scripts problem details
// (RFC 9457), for htmx an alert to swap in, for browsers a page.
func answerError(c *fiber.Ctx, err error) error {
	p := problemOf(err)
	c.Response().ResetBody()
	if p.retryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	if p.challenge != "" {
		c.Set(fiber.HeaderWWWAuthenticate, p.challenge)
	}
	switch {
	case !wantsHTML(c):
		return answerJSONError(c, p)
	case p == errUnauthenticated:
		return leadToLogin(c)
	}
	return answerHTML(c, p)
}

func answerJSONError(c *fiber.Ctx, p *problem) error {
	t := text(c)
	words := p.words(t)
	body := problemBody{
		Type: problemPrefix + p.kind, Title: words.Title, Status: p.status, Detail: words.Detail,
		Errors: p.fieldErrors(t), NotReady: p.notReady, Parts: p.parts, MaintenanceProblems: p.maintenance,
	}
	if p.quota != nil {
		usage, limits := api.UsageOf(*p.quota), api.LimitsOf(p.quota.Limits)
		body.Usage, body.Limits = &usage, &limits
	}
	c.Status(p.status)
	if err := c.JSON(body); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return nil
}

// leadToLogin sends somebody who is signed out to the login page and from
// there back to where they were.
func leadToLogin(c *fiber.Ctx) error {
	here := c.OriginalURL()
	if c.Method() != fiber.MethodGet || wantsPart(c) {
		here = "/"
		if current, err := url.Parse(c.Get("HX-Current-URL")); err == nil && current.Path != "" {
			here = current.RequestURI()
		}
	}
	target := "/login?next=" + url.QueryEscape(localPath(here))
	if wantsPart(c) {
		c.Set("HX-Redirect", target)
		return c.SendStatus(fiber.StatusUnauthorized)
	}
	c.Response().Header.Del(fiber.HeaderWWWAuthenticate)
	return c.Redirect(target, fiber.StatusSeeOther)
}

// formAgain is how a form is shown again after what it sent was refused.
type formAgain struct {
	alert string // the id of its alert
	part  func(*fiber.Ctx, *problem) templ.Component
	page  func(*fiber.Ctx, *problem) error // without JavaScript
	whole bool                             // with it too: there is no part
}

// answerHTML shows the form that was sent again, or else a page of its own.
// htmx gets the alert alone, so that what was typed stays.
func answerHTML(c *fiber.Ctx, p *problem) error {
	sentence := p.sentence(text(c))
	form, ok := c.Locals(formKey).(formAgain)
	switch {
	case ok && isHTMX(c) && !form.whole:
		return answerAlert(c, p.status, form.alert, form.part(c, p))
	case ok && form.page(c, p) == nil:
		return nil
	case wantsPart(c):
		return answerAlert(c, p.status, views.PageAlertID, views.Alert(views.PageAlertID, sentence))
	}
	c.Response().ResetBody() // of a form's page that could not be made either
	return render(c, p.status, views.ErrorPage(page(c), p.status, p.words(text(c)).Title, sentence))
}

// answerAlert has htmx put the alert in the place of the one with its id,
// whatever the request was to swap.
func answerAlert(c *fiber.Ctx, status int, id string, alert templ.Component) error {
	c.Set("HX-Retarget", "#"+id)
	c.Set("HX-Reswap", "outerHTML")
	return render(c, status, alert)
}
