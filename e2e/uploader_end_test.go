package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTabHearsFaults has a page go wrong in each of the ways that fail a test.
func TestTabHearsFaults(t *testing.T) {
	t.Parallel()
	b := start(t).tab()
	b.open("/login")
	b.do(chromedp.Evaluate[chromedp.Void](`{
		setTimeout(() => { throw new Error("thrown") });
		Promise.reject(new Error("rejected"));
		console.error("written");
		document.addEventListener("click", () => { throw new Error("heard") });
		document.querySelector("h1").click();
		document.body.style.cssText += "x"; // The policy takes that.
		document.body.insertAdjacentHTML("beforeend", "<p onclick='x()'>inline</p>");
		setTimeout(() => (window.over = true), 50);
	}`))
	b.until(`window.over`)
	b.mu.Lock()
	defer b.mu.Unlock()
	all := strings.Join(b.wrong, "\n")
	for _, want := range []string{"Error: thrown", "Error: rejected", "written", "Error: heard", "Content Security Policy"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q was not heard in\n%s", want, all)
		}
	}
	b.wrong = nil
}

// holdChecks has the page wait for window.release before it hears what becomes
// of an upload.
func (b *tab) holdChecks() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`{
		const ask = window.fetch;
		window.fetch = async (address, options) => {
			if (String(address).startsWith("/videos/")) {
				await new Promise((release) => (window.release = release));
				const answer = await ask(address, options);
				setTimeout(() => (window.answered = answer.status), 100);
				return answer;
			}
			return ask(address, options);
		};
	}`))
}

// TestUploaderSignsOutWhileChecking signs out while one file is sent and
// another checked. What is heard of them afterwards is nobody's.
func TestUploaderSignsOutWhileChecking(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.holdChecks()
	small, large := light(t, "small.wav", wav(1000, 1)), heavy(t, "large.mp4")
	b.chooseAll(small)
	b.send()
	b.is(small, "checking")
	b.chooseAll(large)
	b.throttle(trickle)
	b.send()
	b.halfway(large)
	b.click(`form[action="/logout"] [type=submit]`)
	b.click("[data-confirm=yes]")
	b.until(`location.pathname === "/login"`)
	s.cutOff()
	b.throttle(-1)
	b.mark()
	b.hear()
	before := b.requests("GET /")
	b.do(chromedp.Evaluate[chromedp.Void](`release()`))
	b.until(`window.answered === 401`)
	if said := js[[]string](b, `heard`); len(said) > 0 || !b.marked() || js[string](b, `document.querySelector("#page-alert").textContent`) != "" {
		t.Errorf("somebody who signed out is told %q", said)
	}
	if n := b.requests("GET /") - before; n != 1 {
		t.Errorf("the page asked for %d more, not for the video alone", n)
	}
	b.fill("#login", "A", password)
	b.click("#login [type=submit]")
	b.quota("user_A", 1)
}

// TestUploaderHearsBrokenAnswers has the answers about a checked upload break
// off, come from somebody else, or not come: it is asked again.
func TestUploaderHearsBrokenAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A")
	b := s.tab()
	b.login("A", password)
	b.do(chromedp.Evaluate[chromedp.Void](`{
		const ask = window.fetch;
		const broken = () => new Response(new ReadableStream({ start: (body) => body.error(new TypeError("network error")) }));
		const answers = [broken, () => new Response("<p>Please pay for the hotel's line"), () => Response.error(), () => new Response("", { status: 502 }),
			() => { throw new TypeError("Failed to fetch"); }];
		window.fetch = async (address, options) =>
			String(address).startsWith("/videos/") && answers.length > 0 ? answers.shift()() : ask(address, options);
		window.left = () => answers.length;
	}`))
	path := light(t, "a.wav", wav(1000, 1))
	b.chooseAll(path)
	b.send()
	b.is(path, "counted")
	if n := js[int](b, `left()`); n != 0 {
		t.Errorf("%d answers were not asked for", n)
	}
	b.quota("user_A", 1)
}

// TestUploaderTakesNoLengthOfZero has the browser say that videos last 0 s, as
// it does of some that have no index: that is none to count with.
func TestUploaderTakesNoLengthOfZero(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"0", "NaN", "Infinity", "-1"} {
		s := start(t)
		s.register("A")
		b := s.tab()
		b.login("A", password)
		b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`void Object.defineProperty(HTMLMediaElement.prototype, "duration", { get: () => %s })`, length)))
		path := light(t, "a.wav", wav(1000, 1))
		b.chooseAll(path)
		b.until(`!document.querySelector(".upload canvas:not([hidden])")`)
		for _, selector := range []string{"[data-facts]", "[data-sum-all]"} {
			if text := js[string](b, fmt.Sprintf(`document.querySelector(%q).textContent`, selector)); strings.Contains(text, ":") {
				t.Errorf("%s: %s says %q", length, selector, text)
			}
		}
		b.send()
		b.is(path, "counted")
	}
}

// TestUploaderRemembersAsLongAsTheServer looks for what is left of an upload
// after so many days. The page finds old ones when it begins another.
func TestUploaderRemembersAsLongAsTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, "--upload-expiry-hours=720")
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	o := b.listenTo()
	path := heavy(t, "a.mp4")
	b.chooseAll(path)
	b.throttle(trickle)
	b.send()
	b.halfway(path)
	b.reload(o, true)
	s.cutOff()
	b.throttle(-1)
	remembered := func(days int) bool {
		b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`Date.now = () => performance.timeOrigin + performance.now() + %d * 24 * 3600_000`, days)))
		other := light(t, fmt.Sprintf("day-%d.wav", days), wav(1000, days))
		b.chooseAll(other)
		b.send()
		b.is(other, "counted")
		return js[bool](b, `Object.keys(localStorage).some((key) => key.includes("a.mp4"))`)
	}
	if !remembered(29) {
		t.Error("it was forgotten before the server does")
	}
	b.chooseAll(path)
	b.send()
	b.is(path, "counted")
	if got := o.lastOffset(); got == "0" || c.session().Usage.Videos != 2 {
		t.Errorf("it went on at %s; %+v", got, c.session())
	}
	b.do(chromedp.Evaluate[chromedp.Void](`{
		localStorage.setItem('upload:["user_A","a.mp4"]', JSON.stringify({ url: location.href, until: Date.now() }));
		localStorage.setItem("upload:broken", "{");
	}`))
	if remembered(32) || js[bool](b, `"upload:broken" in localStorage`) {
		t.Error("it was never forgotten")
	}
}

// TestMeasuredVideoThatCannotBeShown has the line break between hearing that a
// video in the list is measured and showing it.
func TestMeasuredVideoThatCannotBeShown(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("A").accepted("a.wav", wav(1000, 1))
	b := s.tab()
	b.login("A", password)
	b.do(chromedp.Evaluate[chromedp.Void](`{
		XMLHttpRequest.prototype.send = function () { setTimeout(() => this.onerror(new ProgressEvent("error"))) };
		const item = document.querySelector("#videos [data-video-id]");
		item.dataset.status = "measuring";
		item.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: item }, bubbles: true }));
	}`))
	b.alerts("ติดต่อเซิร์ฟเวอร์ไม่ได้")
}
