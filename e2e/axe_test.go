package e2e

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeSource is axe-core, which looks for what keeps people out of a page. It is
// copied here by e2e/axe/build.js.
//
//go:embed axe/axe.min.js
var axeSource string

// axeRun runs every rule that is on by itself, the best practices with them,
// and the one of WCAG 2.2 on the size of targets, which axe leaves off.
const axeRun = `axe.run({rules: {"target-size": {enabled: true}}, resultTypes: ["violations"], selectors: false}).then(({violations}) => violations.flatMap(v =>
	v.nodes.map(n => v.id + ": " + n.html.replace(/\s+/g, " ").slice(0, 200) + "\n\t" + n.failureSummary.replace(/\s+/g, " "))))`

// ways are how a page is looked at. What is done in a page changes little of
// it, so that the first two, with both languages and both colours, do for that.
var ways = []struct {
	language, colours string
	width             int64
}{{"th", "light", 1280}, {"en", "dark", 390}, {"th", "dark", 1280}, {"en", "light", 390}}

// TestAxe looks at every page in both languages and both colours, wide and
// narrow.
func TestAxe(t *testing.T) {
	t.Parallel()
	for _, w := range []*site{openSite(t), closedSite(t)} {
		w.each(t, func(b *tab, p sitePage, show func()) {
			for i, way := range ways {
				if i >= 2 && p.reach != nil {
					break
				}
				b.speak(way.language)
				b.look(way.colours, way.width)
				show()
				if got := js[string](b, "document.documentElement.lang"); got != way.language {
					b.t.Errorf("%s: the language is %q, not %q", p.name, got, way.language)
				}
				b.axe(fmt.Sprintf("%s, %v", p.name, way))
			}
		})
	}
}

// axe wants nothing found on the page as it is.
func (b *tab) axe(where string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](axeSource + ";0"))
	ctx, cancel := b.limited()
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: run axe: %v", where, err)
	}
	if len(found) > 0 {
		b.t.Errorf("%s:\n%s", where, strings.Join(found, "\n"))
	}
}
