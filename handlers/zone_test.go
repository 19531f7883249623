package handlers

import (
	"slices"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

func TestZoneOf(t *testing.T) {
	app := fiber.New()
	for cookie, want := range map[string]string{
		"":                         "",
		"Asia/Bangkok":             "Asia/Bangkok",
		"Asia/Calcutta":            "Asia/Calcutta",
		"Etc/GMT+7":                "Etc/GMT+7",
		"UTC":                      "UTC",
		"Local":                    "",
		"Asia/Nowhere":             "",
		"../../../etc/passwd":      "",
		"/usr/share/zoneinfo/Asia": "",
		"zone.tab":                 "",
		"Asia":                     "",
		"Asia/Bangkok\\x":          "",
		string(make([]byte, 100)):  "",
	} {
		c := app.AcquireCtx(&fasthttp.RequestCtx{})
		c.Request().Header.SetCookie(zoneCookie, cookie)
		got := ""
		if zone := zoneOf(c); zone != nil {
			got = zone.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", cookie, got, want)
		}
		app.ReleaseCtx(c)
	}
}

// TestLastDays has days of which the clocks skip or repeat a part.
func TestLastDays(t *testing.T) {
	for _, test := range []struct {
		zone, now string
		want      []string // the beginnings, in UTC
	}{
		{"Asia/Bangkok", "2026-11-24T00:30:00+07:00", []string{"2026-11-21T17:00:00Z", "2026-11-22T17:00:00Z", "2026-11-23T17:00:00Z"}},
		{"Asia/Kathmandu", "2026-11-24T00:00:00+05:45", []string{"2026-11-21T18:15:00Z", "2026-11-22T18:15:00Z", "2026-11-23T18:15:00Z"}},
		{"Europe/Berlin", "2026-10-26T12:00:00+01:00", []string{"2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"}},
		// Midnight is skipped: the 4th begins at 1 o'clock.
		{"America/Sao_Paulo", "2018-11-05T09:00:00-02:00", []string{"2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"}},
		{"Africa/Cairo", "2026-04-25T09:00:00+03:00", []string{"2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"}},
		// Midnight comes twice.
		{"America/Havana", "2026-11-02T12:00:00-05:00", []string{"2026-10-31T04:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"}},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		starts := lastDays(now.In(zone), len(test.want))
		got := mapped(starts, func(at time.Time) string { return at.UTC().Format(time.RFC3339) })
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.zone, got, test.want)
		}
		for i, start := range starts {
			if want := now.In(zone).AddDate(0, 0, i-len(starts)+1).Day(); start.Day() != want {
				t.Errorf("%s: %v is not on the %d", test.zone, start, want)
			}
		}
	}
}
