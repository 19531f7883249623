package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestDocs asks for the page as anybody may, in both languages.
func TestDocs(t *testing.T) {
	t.Parallel()
	anyone := start(t).anyone().with("Accept", "text/html")
	for language, want := range map[string]string{"th": "เอกสาร API", "en": "API documentation"} {
		page := parse(t, anyone.with("Accept-Language", language).get("/docs").want(200))
		shown := text(page)
		for _, want := range []string{want, "/admin/sessions/{id}/reset", "urn:gensubtitle:quota-duration", `curl "$URL/upload-video"`} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: %q is not shown", language, want)
			}
		}
		if operation := byID(page, "uploadVideo"); operation == nil {
			t.Errorf("%s: no place to link to", language)
		}
	}
	if footer := find(parse(t, anyone.get("/login")), func(n *htmlNode) bool { return attr(n, "href") == "/docs" }); footer == nil {
		t.Error("the login page does not lead there")
	}
}

// TestDocsFit wants nothing wider than a phone, but what scrolls by itself.
// The tab itself sees that nothing is asked of another host.
func TestDocsFit(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 800, DeviceScaleFactor: 1})
	b.open("/docs")
	if width := js[int](b, "document.documentElement.scrollWidth"); width != 390 {
		t.Errorf("the page is %d pixels wide", width)
	}
	if !js[bool](b, `[...document.querySelectorAll("pre")].some(e => e.scrollWidth > e.clientWidth)`) {
		t.Error("no box scrolls")
	}
}
