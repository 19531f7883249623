package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyboardWalk is the page's side of walk: what Tab should come to, and how
// each of it looked without the focus.
const keyboardWalk = `(() => {
	document.activeElement.blur();
	const root = document.querySelector("dialog[open]") ?? document;
	const chosen = (e) => e.type !== "radio" || e.checked;
	const all = [...root.querySelectorAll("a[href], button, input, select, textarea, summary, video[controls], audio[controls], [tabindex='0']")]
		.filter((e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}) && chosen(e));
	// A focus may show on what stands for an element: its label, the box around it, a part of it.
	const faces = (e) => [[e, ""], [e, "::after"], ...[...(e.labels ?? [])].map((l) => [l, ""]), [e.parentElement, ""], [e.parentElement?.parentElement, ""]].filter(([f]) => f);
	const face = ([e, part]) => { const s = getComputedStyle(e, part); return [s.outlineStyle, s.outlineWidth, s.boxShadow].join(); };
	const before = new Map(all.map((e) => [e, faces(e).map(face)]));
	const name = (e) => e.outerHTML.replace(/\s+/g, " ").slice(0, 160);
	const seen = new Set();
	let first, last; // The walk begins where the page was clicked last.
	window.walk = {
		// step takes in where the focus is, and says what is wrong with it there; "end" when it is back where the walk began.
		step() {
			const e = document.activeElement, was = last;
			last = e;
			if (e === document.body || e === document.documentElement) return "";
			if (e === first && e !== was) return "end";
			if (seen.has(e)) return "";
			first ??= e;
			seen.add(e);
			const shown = faces(e).find((f, i) => before.has(e) ? face(f) !== before.get(e)[i] : getComputedStyle(e).outlineStyle !== "none");
			if (!shown) return "no focus to be seen: " + name(e);
			const box = shown[0].getBoundingClientRect();
			const inside = box.bottom > 4 && box.right > 4 && box.top < innerHeight - 4 && box.left < innerWidth - 4;
			return inside && box.width > 4 && box.height > 4 ? "" : "out of sight: " + name(e);
		},
		missed: () => all.filter((e) => e.isConnected && !seen.has(e)).map(name),
	};
	return all.length;
})()`

// TestKeyboardEverywhere presses Tab through every page: it comes to whatever
// can be used, shows where it is, and out again.
func TestKeyboardEverywhere(t *testing.T) {
	t.Parallel()
	for _, w := range []*site{openSite(t), closedSite(t)} {
		w.each(t, func(b *tab, p sitePage, show func()) {
			show()
			b.walk(p.name)
		})
	}
}

// walk presses Tab until the focus has gone round.
func (b *tab) walk(where string) {
	b.t.Helper()
	for range 2*js[int](b, keyboardWalk) + 40 { // A player has several stops of its own.
		b.do(chromedp.KeyEvent(kb.Tab))
		switch wrong := js[string](b, "walk.step()"); wrong {
		case "":
		case "end":
			if missed := js[[]string](b, "walk.missed()"); len(missed) > 0 {
				b.t.Errorf("%s: Tab never comes to\n%s", where, strings.Join(missed, "\n"))
			}
			return
		default:
			b.t.Errorf("%s: %s", where, wrong)
		}
	}
	b.t.Errorf("%s: Tab never gets out, and is at %s", where, js[string](b, "document.activeElement.outerHTML.slice(0, 200)"))
}

// goTo presses Tab until the focus is on this element.
func (b *tab) goTo(selector string) {
	b.t.Helper()
	for range 100 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if js[bool](b, `document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
	}
	b.t.Fatalf("Tab never came to %s", selector)
}

// keys presses these keys one after another.
func (b *tab) keys(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.do(chromedp.KeyEvent(key))
	}
}

// TestSessionsByKeyboard searches, sorts, filters, chooses and resets without
// a mouse; what is searched and sorted by is in the address.
func TestSessionsByKeyboard(t *testing.T) {
	t.Parallel()
	s, admin := installation(t)
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/sessions")
	b.mark()
	rows := func(want string) {
		t.Helper()
		b.until(`[...document.querySelectorAll("tr[data-session-id]")].map(r => r.dataset.sessionId.slice(5)).join(" ") === ` + quote(want))
	}
	rows("admin ann jane john")
	b.goTo("#q")
	b.keys("j")
	rows("jane john")
	b.until(`location.search.includes("q=j") && document.activeElement.id === "q"`)
	b.keys("o", kb.Enter)
	rows("john")
	b.keys(kb.Backspace)
	rows("jane john")
	b.goTo("#sort-username")
	b.keys(kb.Enter)
	rows("john jane")
	b.until(`location.search.includes("sort=-username") && document.activeElement.id === "sort-username"`)
	b.keys(kb.Enter)
	rows("jane john")
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#q").focus()`))
	b.goTo("[data-select-page]")
	b.keys(" ")
	b.until(`document.querySelectorAll("[name=session]:checked").length === 2`)
	b.goTo("[value=user_jane]")
	b.keys(" ")
	b.until(`document.querySelectorAll("[name=session]:checked").length === 1`)
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#q").focus()`))
	b.goTo("#reset-chosen")
	b.keys(kb.Enter)
	b.until(`document.querySelector("#do-many")`)
	b.shows("main", "john")
	b.goTo("#reason")
	b.keys("over")
	b.goTo("#do-many")
	checkUsage(t, s.session(admin, "john"), 1, 1500)
	b.keys(kb.Enter)
	b.shows("h1", "เสร็จแล้ว")
	checkUsage(t, s.session(admin, "john"), 0, 0)
	checkUsage(t, s.session(admin, "jane"), 1, 1500)
	b.goTo("main a")
	b.keys(kb.Enter)
	b.until(`location.pathname === "/admin/sessions" && document.querySelector("#sessions")`)
}

// TestSwappedInWorksAtOnce presses a link that was swapped in before the browser
// does anything else: a quick reader's key does not load the page anew.
func TestSwappedInWorksAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := installation(t)
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/sessions")
	b.mark()
	b.do(chromedp.Evaluate[chromedp.Void](`new MutationObserver((_, observer) => {
		observer.disconnect();
		document.querySelector("#sort-username").click();
	}).observe(document.querySelector("#sessions-list").parentElement, { childList: true });
	document.querySelector("#sort-username").click()`))
	b.until(`location.search.includes("sort=username") && document.querySelector("tr[data-session-id]").dataset.sessionId === "user_admin"`)
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
}

// session is a user's quota session as the admin is told of it.
func (s *server) session(admin *client, name string) session {
	s.t.Helper()
	var one session
	admin.get("/admin/sessions/user_" + name).want(200).decode(&one)
	return one
}

// TestUsersByKeyboard makes an account, gives it another password, disables and
// deletes it without a mouse.
func TestUsersByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin()
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/sessions")
	b.goTo(`a[href="/admin/users/new"]`)
	b.keys(kb.Enter)
	b.until(`location.pathname === "/admin/users/new" && document.querySelector("#new-user")`)
	b.goTo("#username")
	b.keys("a b", kb.Enter)
	b.until(`document.querySelector("#username-error").textContent && document.activeElement.id === "username"`)
	b.keys(kb.Backspace, kb.Backspace, kb.Enter)
	b.until(`document.querySelector("#made-password")`)
	first := js[string](b, `document.querySelector("#made-password").textContent`)
	s.login("a", first)
	b.goTo("main a")
	b.keys(kb.Enter)
	b.until(`location.pathname === "/admin/sessions/user_a" && document.querySelector("#account-card")`)

	b.goTo(`a[href="/admin/users/a/password"]`)
	b.keys(kb.Enter)
	b.until(`document.querySelector("#new-password")`)
	b.goTo("#password")
	b.keys("another password", kb.Enter)
	b.until(`location.pathname === "/admin/sessions/user_a" && document.querySelector("#account-card")`)
	s.login("a", "another password")
	s.anyone().post("/login", credentials("a", first)).problem(401, "bad-credentials")

	asked := func(button string) {
		t.Helper()
		b.goTo(button)
		b.keys(kb.Enter)
		b.until(`document.querySelector("dialog[open]")`)
		b.keys(kb.Escape)
		b.until(`!document.querySelector("dialog[open]") && document.activeElement.matches(` + quote(button) + `)`)
		b.keys(kb.Enter)
		b.until(`document.querySelector("dialog[open]")`)
		b.goTo("[data-confirm=yes]")
		b.keys(kb.Enter)
	}
	asked("#change-disabledtrue")
	b.until(`document.querySelector("#change-disabledfalse")`)
	if !s.session(admin, "a").Disabled {
		t.Error("the user is not disabled")
	}
	asked("#change-")
	b.until(`!document.querySelector("#account-card")`)
	admin.do("DELETE", "/admin/users/a", nil).problem(404, "not-found")
}

// TestDocsByKeyboard follows the contents and unfolds what is folded.
func TestDocsByKeyboard(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open("/docs")
	b.goTo(`.docs-contents a[href="#uploadVideo"]`)
	b.keys(kb.Enter)
	b.until(`location.hash === "#uploadVideo" && (y => y >= 0 && y < 200)(document.querySelector("#uploadVideo").getBoundingClientRect().top)`)
	b.keys(kb.Tab)
	b.until(`document.activeElement.matches('article[aria-labelledby="uploadVideo"] *')`)
	b.goTo("summary")
	b.keys(kb.Enter)
	b.until(`document.activeElement.parentElement.open`)
}
