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
