package handlers

import (
	"net/url"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/views"
)

// plotDays is how far back the plots of a session go.
const plotDays = 30

// showSession answers with one quota session, and for browsers with all that
// an admin can see and do of it.
func (s *Server) showSession(c *fiber.Ctx) error {
	id, err := pathParam(c, "id")
	if err != nil {
		return err
	}
	if wantsHTML(c) {
		return s.renderSession(c, fiber.StatusOK, id, views.SentForm{})
	}
	session, err := s.DB.Session(c.UserContext(), id)
	if err != nil {
		return err
	}
	return c.JSON(api.AdminSessionOf(session))
}

// renderSession shows the page; sent is a form that was refused.
func (s *Server) renderSession(c *fiber.Ctx, status int, id string, sent views.SentForm) error {
	v, err := s.adminSession(c, id)
	if err != nil {
		return err
	}
	v.Sent = sent
	if v.Events, err = s.eventPage(c, id, c.Query("events")); err != nil {
		return err
	}
	if v.Videos, err = s.videoPart(c, id, c.Query("videos")); err != nil {
		return err
	}
	return render(c, status, views.SessionPage(page(c), v))
}

// renderSessionChange answers htmx with what a change shows in. The ledger is
// its newest page again, with the new entry on top.
func (s *Server) renderSessionChange(c *fiber.Ctx, id, form string) error {
	v, err := s.adminSession(c, id)
	if err != nil {
		return err
	}
	if v.Events, err = s.eventPage(c, id, ""); err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.SessionChanged(page(c), v, form))
}

// adminSession is a session without its lists.
func (s *Server) adminSession(c *fiber.Ctx, id string) (views.AdminSession, error) {
	var v views.AdminSession
	session, err := s.DB.Session(c.UserContext(), id)
	if err != nil {
		return v, err
	}
	v = views.AdminSession{
		Session: sessionView(session), Self: signedIn(c).SessionID == id,
		Own: ownLimitsView(session.Own), Defaults: ownLimitsView(db.OwnLimits{
			Videos: &s.Defaults.Videos, Duration: &s.Defaults.Duration, FileBytes: &s.Defaults.FileBytes,
		}),
	}
	if v.Quota, err = s.ownQuota(c, session.Quota); err != nil {
		return v, err
	}
	days, err := s.DB.UsageByDay(c.UserContext(), id, lastDays(time.Now().In(page(c).ZoneOrServers()), plotDays))
	v.Days = mapped(days, func(d db.DayUsage) views.UsageDay {
		return views.UsageDay{At: d.Start, Used: d.Used, Uploads: int(d.Uploads)}
	})
	return v, err
}

// eventPage reads one page of the ledger for people.
func (s *Server) eventPage(c *fiber.Ctx, id, cursor string) (views.EventPage, error) {
	events, next, err := s.events(c, id, cursor, defaultPage)
	return views.EventPage{SessionID: id, Events: mapped(events, eventView), Cursor: cursor, Next: next}, err
}

// videoPart reads one page of a user's videos for an admin.
func (s *Server) videoPart(c *fiber.Ctx, id, cursor string) (views.VideoPart, error) {
	videos, next, err := s.videosPage(c, id, cursor, defaultPage)
	return views.VideoPart{SessionID: id, Videos: mapped(videos, videoView), Cursor: cursor, Next: next}, err
}

// listEvents answers with a page of a session's ledger, newest first.
func (s *Server) listEvents(c *fiber.Ctx) error {
	id, limit, err := s.sessionAndLimit(c)
	if err != nil {
		return err
	}
	cursor := c.Query("cursor")
	switch {
	case wantsPart(c):
		events, err := s.eventPage(c, id, cursor)
		if err != nil {
			return err
		}
		return render(c, fiber.StatusOK, views.MoreEvents(page(c), events))
	case wantsHTML(c):
		return c.Redirect(views.SessionPath(id)+"?"+url.Values{"events": {cursor}}.Encode(), fiber.StatusSeeOther)
	}
	events, next, err := s.events(c, id, cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"events": mapped(events, eventOf), "next_cursor": cursorOrNull(next)})
}

// events reads one page; the cursor is the id of the last event before it.
func (s *Server) events(c *fiber.Ctx, id, cursor string, limit int) ([]db.Event, string, error) {
	before := int64(0)
	if cursor != "" {
		var err error
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before <= 0 {
			return nil, "", invalidField("cursor", func(f *views.Fields) string { return f.CursorInvalid })
		}
	}
	events, more, err := s.DB.ListEvents(c.UserContext(), id, before, limit)
	if err != nil || !more {
		return events, "", err
	}
	return events, strconv.FormatInt(events[len(events)-1].ID, 10), nil
}

// listSessionVideos answers with a page of one user's videos, newest first.
// An admin sees what there is, but not the files: those are the user's own.
func (s *Server) listSessionVideos(c *fiber.Ctx) error {
	id, limit, err := s.sessionAndLimit(c)
	if err != nil {
		return err
	}
	cursor := c.Query("cursor")
	switch {
	case wantsPart(c):
		videos, err := s.videoPart(c, id, cursor)
		if err != nil {
			return err
		}
		return render(c, fiber.StatusOK, views.MoreSessionVideos(page(c), videos))
	case wantsHTML(c):
		return c.Redirect(views.SessionPath(id)+"?"+url.Values{"videos": {cursor}}.Encode(), fiber.StatusSeeOther)
	}
	videos, next, err := s.videosPage(c, id, cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"videos": mapped(videos, videoOf), "next_cursor": cursorOrNull(next)})
}

// sessionAndLimit reads what the lists of a session have in common. There has
// to be such a session.
func (s *Server) sessionAndLimit(c *fiber.Ctx) (string, int, error) {
	id, err := pathParam(c, "id")
	if err != nil {
		return "", 0, err
	}
	limit, err := pageLimit(c)
	if err != nil {
		return "", 0, err
	}
	_, err = s.DB.Session(c.UserContext(), id)
	return id, limit, err
}

func ownLimitsView(o db.OwnLimits) views.OwnLimits {
	v := views.OwnLimits{Duration: o.Duration, FileBytes: o.FileBytes}
	if o.Videos != nil {
		n := int(*o.Videos)
		v.Videos = &n
	}
	return v
}

func eventView(e db.Event) views.Event {
	return views.Event{
		ID: e.ID, Kind: string(e.Kind), Actor: e.Actor, Reason: e.Reason, Videos: int(e.Videos),
		Duration: e.Duration, Limits: ownLimitsView(e.Limits), CreatedAt: e.CreatedAt,
	}
}
