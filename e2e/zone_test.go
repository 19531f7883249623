package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"golang.org/x/net/html"
)

// TestReadersZone looks at the same moments from places that are 25 hours
// apart, so that their days are never the same, whatever the server's is.
func TestReadersZone(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	e.answers(answerStatus(503, "Retry-After", "600"))
	s := start(t, e.flags()...)
	c := s.register("a")
	id := c.accepted("a.wav", wav(1000, 1)).Video.ID
	eventually(t, patience, "the next try to be told", func() bool { return c.subtitles(id).RetryAt != nil })
	for _, name := range []string{"Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Katmandu"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		b := s.tab()
		call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: name})
		b.login("admin", adminPassword)
		for _, path := range []string{"/admin/sessions", "/admin/sessions/user_a"} {
			before := time.Now().In(zone).Format("_2")
			b.open(path)
			b.shows("[data-zone]", name)
			day := js[string](b, `document.querySelector(".plot-table tbody tr:last-child th").textContent.split(" ")[0]`)
			if after := time.Now().In(zone).Format("_2"); day != strings.TrimSpace(before) && day != strings.TrimSpace(after) {
				t.Errorf("%s: today is the %s on %s", name, day, path)
			}
		}
		for path, least := range map[string]int{"/": 0, "/account": 1, "/admin/sessions": 2, "/admin/sessions/user_a": 3, "/admin/subtitles": 3} {
			b.open(path)
			wrong := js[[]string](b, `(() => {
				return [...document.querySelectorAll("time")].filter((time) => {
					const at = new Date(time.dateTime);
					const clock = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
					return !time.textContent.startsWith(at.getDate() + " ") || !time.textContent.endsWith(clock);
				}).map((time) => time.outerHTML);
			})()`)
			if n := js[int](b, `document.querySelectorAll("time").length`); len(wrong) > 0 || n < least {
				t.Errorf("%s: %d times on %s, these in another zone: %q", name, n, path, wrong)
			}
		}
	}
}

// TestPlainZone reads pages without JavaScript: they are in the zone of the
// cookie, or in the server's, which they name.
func TestPlainZone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a").accepted("a.wav", wav(1000, 1))
	s.stop()
	s.env = []string{"TZ=Asia/Tokyo"}
	s.restart()
	at, err := time.Parse(time.RFC3339, s.admin().sessions("q=a").Sessions[0].LastUploadAt)
	if err != nil {
		t.Fatal(err)
	}
	admin := s.adminPage()
	for cookie, want := range map[string]struct {
		zone string // as the page names it
		time string // the end of what it says of a moment
	}{
		"":                         {"UTC+09:00", at.Add(9*time.Hour).Format("15:04") + " UTC+09:00"},
		"zone=Asia/Nowhere":        {"UTC+09:00", at.Add(9*time.Hour).Format("15:04") + " UTC+09:00"},
		"zone=../../../etc/passwd": {"UTC+09:00", at.Add(9*time.Hour).Format("15:04") + " UTC+09:00"},
		"zone=Asia/Kolkata":        {"Asia/Kolkata", at.Add(5*time.Hour + 30*time.Minute).Format("15:04")},
		"zone=America/St_Johns":    {"America/St_Johns", at.In(zoneNamed(t, "America/St_Johns")).Format("15:04")},
	} {
		page := admin.with("Cookie", cookie).get("/admin/sessions/user_a").want(200)
		doc := parse(t, page)
		if got := text(find(doc, func(n *htmlNode) bool {
			return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "data-zone" })
		})); got != want.zone {
			t.Errorf("%q: the days are those of %q, want %q", cookie, got, want.zone)
		}
		if got := text(find(doc, func(n *htmlNode) bool { return n.Data == "time" && attr(n, "datetime") == at.Format(time.RFC3339) })); !strings.HasSuffix(got, want.time) {
			t.Errorf("%q: the last upload was %q, want %q", cookie, got, want.time)
		}
	}
	// Scripts read UTC, wherever they are.
	var o struct{ Days []struct{ Day string } }
	before := time.Now().UTC().Format(time.DateOnly)
	s.admin().with("Cookie", "zone=Pacific/Kiritimati").get("/admin/overview").want(200).decode(&o)
	if after := time.Now().UTC().Format(time.DateOnly); o.Days[29].Day != before && o.Days[29].Day != after {
		t.Errorf("the last day is %s, want %s", o.Days[29].Day, after)
	}
}

func zoneNamed(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
