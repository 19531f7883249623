package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// sitePage is a page of the site in one of its states.
type sitePage struct {
	name  string
	as    string     // the user who looks; empty: signed out
	path  string     // what is opened
	reach func(*tab) // what is done there then, in whatever language; nil: nothing
}

// site is a server with a page for everything that pages can show, for tests
// of what must hold on each. A new page needs a line in pages, and one with
// states of its own a line for each.
type site struct {
	s     *server
	pages []sitePage
}

// openSite has john with all kinds of videos, a ledger and tokens, ann without
// anything, a disabled and a deleted user, and more users than a page lists.
func openSite(t *testing.T) *site {
	t.Helper()
	e := startEngine(t, spoken(0, 0.9, "สวัสดีครับ <b>ทุกคน</b>"), spoken(0.5, 0.95, "everybody"))
	s := start(t, e.flags("--max-file-size-mb=5")...)
	john, admin := s.register("john"), s.admin()
	for _, name := range []string{"ann", "off", "gone"} {
		s.register(name)
	}
	film := john.accepted("film.mp4", read(t, clip(t, 1))).Video.ID
	tone := john.accepted(strings.Repeat("เพลงยาว ", 12)+".wav", wav(90_000, 1)).Video.ID
	john.awaits(film, "done")
	john.awaits(tone, "done")
	e.answers(answerStatus(400))
	failed := john.accepted("refused.wav", wav(1000, 2)).Video.ID
	john.awaits(failed, "failed")
	e.answers(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	running := john.accepted("running.wav", wav(1000, 3)).Video.ID
	john.awaits(running, "running")
	queued := john.accepted("queued.wav", wav(1000, 4)).Video.ID
	rejected := john.created("fake.mp4", 20)
	john.chunk(rejected, 0, []byte("no video at all, no.")).want(204)
	john.outcome(rejected)
	john.chunk(john.created("unfinished.wav", 1000), 0, make([]byte, 400)).want(204)
	script := s.login("john", password)
	john.personal("read")
	s.bearer(john.personal("upload").Token).session()

	admin.do("PUT", "/admin/sessions/user_john/limits", map[string]any{"maxVideos": 8, "reason": "a course"}).want(200)
	for i := range 21 {
		admin.post("/admin/sessions/user_john/correct", map[string]any{"videos_count": 1 - 2*(i%2), "reason": "back and forth"}).want(200)
	}
	admin.do("PATCH", "/admin/users/off", map[string]any{"disabled": true}).want(200)
	admin.do("DELETE", "/admin/users/gone", nil).want(204)
	var crowd strings.Builder
	fmt.Fprintln(&crowd, "username")
	for i := range 25 {
		fmt.Fprintf(&crowd, "somebody-%d\n", i)
	}
	s.command(0, "user", "import", written(t, "crowd.csv", crowd.String()))
	pages := sitePages(t, film, tone, script.signIns()[0].ID, john.personalTokens()[0].ID)
	return &site{s, append(pages, subtitlePages(film, failed, running, queued)...)}
}

// closedSite is one that nobody can register at.
func closedSite(t *testing.T) *site {
	t.Helper()
	s := start(t, "--registration=closed")
	video := s.admin().accepted("a.mp4", read(t, clip(t, 1))).Video.ID
	return &site{s, []sitePage{
		{name: "login, closed", path: "/login"},
		{name: "register, closed", path: "/register"},
		{name: "video, no engine", as: "admin", path: "/videos/" + video},
		{name: "queue, no engine", as: "admin", path: "/admin/subtitles"},
	}}
}

// subtitlePages are those of videos whose subtitles are done, have failed, run
// and wait.
func subtitlePages(done, failed, running, queued string) []sitePage {
	const edit = `document.querySelector("#cues textarea")`
	return []sitePage{
		{name: "subtitles", as: "john", path: "/videos/" + done, reach: func(b *tab) {
			b.until(edit)
			b.openAll()
		}},
		{name: "subtitles, a line chosen", as: "john", path: "/videos/" + done, reach: func(b *tab) {
			b.until(edit)
			b.do(chromedp.Evaluate[chromedp.Void](edit + ".focus()"))
		}},
		{name: "subtitles, a wrong time", as: "john", path: "/videos/" + done, reach: func(b *tab) {
			b.until(edit)
			b.do(chromedp.SendKeys(chromedp.CSS("#cues [data-field=end]"), "x"))
			b.until(`document.querySelector("#cues [aria-invalid=true]")`)
		}},
		{name: "subtitles, failed", as: "john", path: "/videos/" + failed},
		{name: "subtitles, running", as: "john", path: "/videos/" + running},
		{name: "subtitles, queued", as: "john", path: "/videos/" + queued},
		{name: "queue of subtitles", as: "admin", path: "/admin/subtitles"},
	}
}

func sitePages(t *testing.T, film, tone, signIn, apiToken string) []sitePage {
	fake, large := written(t, "fake.mp4", "no video at all"), written(t, "large.mp4", strings.Repeat("x", 5<<20+1))
	made := 0 // users, each of which needs a name of its own
	const john, confirming = "/admin/sessions/user_john", `document.querySelector("dialog[open]")`
	pages := []sitePage{
		{name: "login", path: "/login?next=/account"},
		{name: "login, refused", path: "/login", reach: func(b *tab) {
			b.fill("#login", "nobody", "not the password")
			b.click("#login [type=submit]")
			b.until(alerting(""))
		}},
		{name: "register", path: "/register"},
		{name: "register, refused", path: "/register", reach: func(b *tab) {
			b.fill("#register", "a b", "short")
			b.click("#register [type=submit]")
			b.until(`document.querySelector("#username-error").textContent && document.querySelector("#password-error").textContent`)
		}},
		{name: "docs", path: "/docs"},
		{name: "not found, signed out", path: "/nothing"},

		{name: "home, empty", as: "ann", path: "/"},
		{name: "home", as: "john", path: "/"},
		{name: "home, choosing files", as: "john", path: "/", reach: func(b *tab) {
			b.chooseAll(clip(b.t, 1), large)
			b.is(clip(b.t, 1), "ready")
			b.is(large, "unfit")
		}},
		{name: "home, a file refused", as: "ann", path: "/", reach: func(b *tab) {
			b.chooseAll(fake)
			b.send()
			b.is(fake, "refused", "failed")
		}},
		{name: "home, playing", as: "john", path: "/", reach: func(b *tab) {
			// A slow page may move between the aim of a mouse and its click.
			b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector("[data-video-id='%s'] .video-link").click()`, film)))
			b.until(`document.querySelector("#videos video")`)
		}},
		{name: "home, asking", as: "john", path: "/", reach: func(b *tab) {
			b.click(fmt.Sprintf("[data-video-id=%q] form button", film))
			b.until(confirming)
		}},
		{name: "video", as: "john", path: "/videos/" + film},
		{name: "sound", as: "john", path: "/videos/" + tone},
		{name: "delete a video", as: "john", path: "/videos/" + film + "/delete"},
		{name: "account, new", as: "ann", path: "/account"},
		{name: "account", as: "john", path: "/account"},
		{name: "account, password refused", as: "john", path: "/account", reach: func(b *tab) {
			b.do(chromedp.SendKeys(chromedp.CSS("#old_password"), "not it"), chromedp.SendKeys(chromedp.CSS("#new_password"), "short"))
			b.click("#change-password [type=submit]")
			b.until(`document.querySelector("#new_password-error").textContent`)
		}},
		{name: "account, token made", as: "ann", path: "/account", reach: func(b *tab) {
			b.do(chromedp.SendKeys(chromedp.CSS("#name"), "nightly"))
			b.click("#create-token [type=submit]")
			b.until(`document.querySelector("#new-token")`)
		}},
		{name: "account, asking", as: "john", path: "/account", reach: func(b *tab) {
			b.click(fmt.Sprintf("[data-token-id=%q] button", apiToken))
			b.until(confirming)
		}},
		{name: "sign out elsewhere", as: "john", path: "/account/sign-ins/end"},
		{name: "sign out one", as: "john", path: "/account/sign-ins/" + signIn + "/end"},
		{name: "revoke a token", as: "john", path: "/account/tokens/" + apiToken + "/revoke"},
		{name: "forbidden", as: "john", path: "/admin/sessions"},
		{name: "not found", as: "john", path: "/videos/none"},

		{name: "sessions", as: "admin", path: "/admin/sessions"},
		{name: "sessions, figures", as: "admin", path: "/admin/sessions", reach: func(b *tab) { b.openAll() }},
		{name: "sessions, sorted and searched", as: "admin", path: "/admin/sessions?q=o&sort=-videos"},
		{name: "sessions, filtered", as: "admin", path: "/admin/sessions?filter=disabled&sort=created"},
		{name: "sessions, nobody", as: "admin", path: "/admin/sessions?q=nobody&filter=near"},
		{name: "sessions, chosen", as: "admin", path: "/admin/sessions?q=o", reach: func(b *tab) {
			b.click("[value=user_john]")
			b.until(`!document.querySelector("#reset-chosen").disabled`)
		}},
		{name: "sessions, asking", as: "admin", path: "/admin/sessions?q=john", reach: func(b *tab) {
			b.click("#reset-user_john")
			b.until(confirming)
		}},
		{name: "sessions, an impossible sort", as: "admin", path: "/admin/sessions?sort=nonsense"},
		{name: "reset many, nobody", as: "admin", path: "/admin/sessions/reset"},
		{name: "reset many, chosen", as: "admin", path: "/admin/sessions/reset?session=user_john&session=user_ann"},
		{name: "reset many, all", as: "admin", path: "/admin/sessions/reset?all=1"},
		{name: "reset many, done", as: "admin", path: "/admin/sessions/reset?session=user_somebody-1", reach: func(b *tab) {
			b.click("#do-many")
			b.until(`document.querySelector("main h1") && !document.querySelector("#do-many")`)
		}},
		{name: "limit many", as: "admin", path: "/admin/sessions/limits?all=1&q=somebody"},
		{name: "limit many, refused", as: "admin", path: "/admin/sessions/limits?session=user_ann", reach: func(b *tab) {
			b.do(chromedp.SendKeys(chromedp.CSS("#maxVideos"), "many"))
			b.click("#do-many")
			b.until(`document.querySelector("#maxVideos-error").textContent`)
		}},
		{name: "session", as: "admin", path: john},
		{name: "session, figures", as: "admin", path: john, reach: func(b *tab) { b.openAll() }},
		{name: "session, older events", as: "admin", path: john, reach: func(b *tab) {
			b.click("#more-events-link")
			b.until(`document.querySelectorAll("#events > li").length > 20`)
		}},
		{name: "session, refused", as: "admin", path: john, reach: func(b *tab) {
			b.do(chromedp.SendKeys(chromedp.CSS("#limits-maxVideos"), "x"))
			b.click("#limits-send")
			b.until(`document.querySelector("#limits-maxVideos-error").textContent`)
		}},
		{name: "session, asking", as: "admin", path: john, reach: func(b *tab) {
			b.click("#change-disabledtrue")
			b.until(confirming)
		}},
		{name: "session of oneself", as: "admin", path: "/admin/sessions/user_admin"},
		{name: "session, disabled", as: "admin", path: "/admin/sessions/user_off"},
		{name: "session, deleted", as: "admin", path: "/admin/sessions/user_gone"},
		{name: "reset one", as: "admin", path: john + "/reset"},
		{name: "new user", as: "admin", path: "/admin/users/new"},
		{name: "new user, refused", as: "admin", path: "/admin/users/new", reach: func(b *tab) {
			b.fill("#new-user", "JOHN", "short")
			b.click("#new-user [type=submit]")
			b.until(`document.querySelector("#password-error").textContent`)
		}},
		{name: "new user, made", as: "admin", path: "/admin/users/new", reach: func(b *tab) {
			made++
			b.do(chromedp.SendKeys(chromedp.CSS("#username"), fmt.Sprintf("new-%d", made)))
			b.click("#new-user [type=submit]")
			b.until(`document.querySelector("#made-password")`)
		}},
		{name: "new password", as: "admin", path: "/admin/users/john/password"},
		{name: "own new password", as: "admin", path: "/admin/users/admin/password"},
		{name: "make an admin", as: "admin", path: "/admin/users/john/change?role=admin"},
		{name: "disable a user", as: "admin", path: "/admin/users/john/change?disabled=true"},
		{name: "delete a user", as: "admin", path: "/admin/users/john/delete"},
	}
	return pages
}

// openAll opens whatever is folded.
func (b *tab) openAll() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
}

// each shows every page of the site in a tab of its user, one user beside the
// other. look is called on each page before anything is done there, and show
// brings it about.
func (w *site) each(t *testing.T, look func(b *tab, p sitePage, show func())) {
	for as, pass := range map[string]string{"": "", "ann": password, "john": password, "admin": adminPassword} {
		if !slices.ContainsFunc(w.pages, func(p sitePage) bool { return p.as == as }) {
			continue
		}
		t.Run("as "+as, func(t *testing.T) {
			t.Parallel()
			b := w.s.tab()
			b.t = t
			b.leavesUnasked()
			if as != "" {
				b.login(as, pass)
			}
			for _, p := range w.pages {
				if p.as == as {
					look(b, p, func() { b.show(p) })
				}
			}
		})
	}
}

// show opens a page and brings it into its state.
func (b *tab) show(p sitePage) {
	b.t.Helper()
	b.open(p.path)
	if p.reach != nil {
		p.reach(b)
		b.until(`!document.querySelector(".htmx-request, .htmx-added, .htmx-settling, .htmx-swapping")`)
	}
}

// leavesUnasked has the page be left although it asks whether to.
func (b *tab) leavesUnasked() {
	b.t.Helper()
	err := chromedp.Listen(b.ctx, func(ev any) {
		if _, asks := ev.(*page.EventJavascriptDialogOpening); !asks {
			return
		}
		go func() { // The browser waits for it, and so would the listener.
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// speak has the next pages come in this language.
func (b *tab) speak(language string) {
	b.t.Helper()
	call(b, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
}

// look has the next pages come in these colours, so wide, and with nothing
// that moves. What is open already is not redrawn as a whole.
func (b *tab) look(colours string, width int64) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: colours}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	b.do(chromedp.EmulateViewport(width, 900))
}

// written is a file with this text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
