package e2e

import (
	"mime"
	"net/http"
	"strings"
	"testing"
)

// TestNotModified asks again for everything that has an entity tag.
func TestNotModified(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 0.9, "hello"))
	s := start(t, e.flags()...)
	c := s.register("a")
	id := c.accepted("a.mp4", read(t, clip(t, 1))).Video.ID
	c.awaits(id, "done")
	asset := ""
	for n := range parse(t, s.anyone().with("Accept", "text/html").get("/login").want(200)).Descendants() {
		if n.Data == "link" && strings.HasSuffix(attr(n, "href"), ".css") {
			asset = attr(n, "href")
		}
	}
	v := "/videos/" + id
	for _, path := range []string{
		v + "/file", v + "/thumbnail", v + "/subtitles", v + "/subtitles.vtt", v + "/subtitles.srt", v + "/subtitles.txt",
		v + "/subtitles.json", v + "/subtitles.vtt?width=20", "/openapi.json", asset,
	} {
		for _, encoding := range []string{"identity", "gzip"} {
			c := c.with("Accept-Encoding", encoding)
			if encoding == "gzip" {
				c.http = &http.Client{Timeout: patience} // What is compressed cannot be held against the document.
			}
			whole := c.get(path).want(200)
			tag := whole.header.Get("ETag")
			opaque := strings.TrimPrefix(tag, "W/")
			if !strings.HasPrefix(opaque, `"`) || !strings.HasSuffix(opaque, `"`) || len(opaque) < 3 {
				t.Errorf("%s: ETag %s", path, tag)
				continue
			}
			for _, asked := range []string{tag, opaque, "W/" + opaque, `"x", W/"y" ,` + tag, "*", opaque + ", " + `"x"`} {
				for _, method := range []string{"GET", "HEAD"} {
					a := c.with("If-None-Match", asked).do(method, path, nil).want(304)
					if len(a.body) > 0 {
						t.Errorf("%s %s: a body of %d bytes", method, path, len(a.body))
					}
					for _, name := range []string{"ETag", "Cache-Control", "Vary", "Content-Security-Policy"} {
						got := a.header.Get(name)
						// What compresses an answer adds to Vary.
						if want := whole.header.Get(name); got != want && !(name == "Vary" && strings.HasPrefix(want, got)) {
							t.Errorf("%s %s: %s is %q, with the answer %q", method, path, name, got, want)
						}
					}
				}
			}
			for _, asked := range []string{`"x"`, "x", `"` + strings.Trim(opaque, `"`), strings.Trim(opaque, `"`), "", `W/"x", "y"`} {
				if a := c.with("If-None-Match", asked).get(path).want(200); string(a.body) != string(whole.body) {
					t.Errorf("%s with %s: another body", path, asked)
				}
			}
		}
	}
	// It goes before a range, and after who asks.
	tag := c.get(v + "/file").want(200).header.Get("ETag")
	c.with("Range", "bytes=0-9").with("If-None-Match", tag).get(v + "/file").want(304)
	c.with("Range", "bytes=0-9").with("If-None-Match", `"x"`).get(v + "/file").want(206)
	s.register("b").with("If-None-Match", "*").get(v+"/file").problem(404, "not-found")
	s.anyone().with("If-None-Match", "*").get(v+"/subtitles.vtt").problem(401, "unauthenticated")
	// A change makes another one.
	old := c.get(v + "/subtitles.vtt").header.Get("ETag")
	c.do("PUT", v+"/subtitles", map[string]any{"cues": []cue{{0, 1, "mine"}}}).want(200)
	c.with("If-None-Match", old).get(v + "/subtitles.vtt").want(200)
}

// TestIfMatch gives one tag, several or any; the comparison is the strong one.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	id := c.accepted("a.wav", wav(2000, 1)).Video.ID
	path := "/videos/" + id + "/subtitles"
	edit := map[string]any{"cues": []cue{{0, 1, "mine"}}}
	for i, test := range []struct {
		asked  string
		status int
	}{
		{"*", 412}, // There is none yet.
		{`"1"`, 412},
		{`"0"`, 200},
		{`"0"`, 412},
		{`"1"`, 200},
		{"*", 200},
		{`"1", "2", "3"`, 200},
		{`"1", "2", "3"`, 412},
		{`"x",, "4"`, 200},
		{`W/"5"`, 412},
		{`W/"5", "5"`, 200},
		{`"6`, 412},
		{"6", 412},
		{`"x"`, 412},
		{`"06"`, 412},
		{"", 200}, // It is as if it were not there.
	} {
		a := c.with("If-Match", test.asked).do("PUT", path, edit)
		if a.status != test.status {
			t.Fatalf("%d: If-Match %s: %d, want %d: %s", i, test.asked, a.status, test.status, head(a.body))
		}
	}
	c.with("If-Match", "*").do("PUT", "/videos/019b9126-4d6e-7c3a-9a51-6b1f0c2d3e4f/subtitles", edit).problem(404, "not-found")
}

// TestDownloadNames wants a name in ASCII beside the whole one on every download.
func TestDownloadNames(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 0.9, "hello"))
	c := start(t, e.flags()...).register("a")
	id := c.accepted("บทที่ 2 intro.mp4", read(t, clip(t, 1))).Video.ID
	c.awaits(id, "done")
	for path, extension := range map[string]string{
		"/file": "mp4", "/subtitles.vtt": "vtt", "/subtitles.srt": "srt", "/subtitles.txt": "txt", "/subtitles.json": "json",
		"/subtitled.mp4": "mp4", "/subtitled.mkv": "mkv",
	} {
		got := c.get("/videos/" + id + path).want(200).header.Get("Content-Disposition")
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != "attachment" || params["filename"] != "บทที่ 2 intro."+extension {
			t.Errorf("%s: %s: %v %v", path, got, params, err)
		}
		if want := `attachment; filename="2 intro.` + extension + `"; filename*=UTF-8''`; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
