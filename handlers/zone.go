package handlers

import (
	"strings"
	"time"
	_ "time/tzdata" // Not every machine has the time zones that its readers are in.

	"github.com/gofiber/fiber/v2"
)

// zoneCookie is set by the page's script: the name of the reader's time zone.
const zoneCookie = "zone"

// maxZone is longer than the name of every time zone.
const maxZone = 64

// zoneOf is the reader's time zone, nil where it is not known: before the first
// page has set the cookie, and without JavaScript.
func zoneOf(c *fiber.Ctx) *time.Location {
	name := c.Cookies(zoneCookie)
	if name == "" || name == "Local" || len(name) > maxZone {
		return nil
	}
	// The cookie's text must not outlive the request, as the zone does.
	zone, err := time.LoadLocation(strings.Clone(name))
	if err != nil {
		return nil
	}
	return zone
}

// lastDays are the beginnings of n days in the zone of now, today's the last.
func lastDays(now time.Time, n int) []time.Time {
	year, month, day := now.Date()
	starts := make([]time.Time, n)
	for i := range starts {
		starts[i] = startOfDay(year, month, day-n+1+i, now.Location())
	}
	return starts
}

// startOfDay is midnight, or the first moment after it where the clocks skip it
// to save daylight.
func startOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	start := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if noon := time.Date(year, month, day, 12, 0, 0, 0, zone); start.Day() == noon.Day() {
		return start
	}
	_, skipped := start.ZoneBounds()
	return skipped
}
