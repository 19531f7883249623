package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"gensubtitle/internal/waittest"
)

// chrome is the one browser of a run. Each test has a profile of its own in it.
var chrome struct {
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
	err    error
}

// openBrowser starts the first browser that works. On Ubuntu the name
// `chromium-browser` may be a note about a snap instead of one.
func openBrowser() {
	chrome.err = errors.New("no Chromium found: install it, or name one in CHROME")
	for _, name := range []string{os.Getenv("CHROME"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if chrome.err = startBrowser(path); chrome.err == nil {
			return
		}
	}
}

func startBrowser(path string) error {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.WindowSize(1000, 900), chromedp.WSURLReadTimeout(60 * time.Second),
	}
	options = append(options, chromedp.Flag("accept-lang", "th"))
	for _, name := range []string{"disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage"} {
		options = append(options, chromedp.Flag(name, true))
	}
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(alloc) // Cancelled with its parent.
	// The first Do starts the browser, which a context that ends would end too.
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(ctx) }()
	select {
	case err := <-started:
		if err != nil {
			cancel()
			return fmt.Errorf("start %s: %w", path, err)
		}
	case <-time.After(waittest.Limit):
		cancel()
		return fmt.Errorf("start %s: not within %v", path, waittest.Limit)
	}
	chrome.ctx, chrome.cancel = ctx, cancel
	return nil
}

func closeBrowser() {
	if chrome.cancel != nil {
		closed := make(chan struct{})
		go func() {
			_ = chromedp.Cancel(chrome.ctx) // What is left is killed below.
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(waittest.Limit):
		}
		chrome.cancel()
	}
}

// tab is a page in a browser profile of its own. What the page may never do
// fails the test when it ends: an exception or a rejection that nobody catches,
// an error on the console, a message of the content security policy, a request
// to another host.
type tab struct {
	t     testing.TB
	s     *server
	addr  string // of the server, which may be down for a while
	ctx   context.Context
	mu    sync.Mutex
	asked []string
	wrong []string
}

func (s *server) tab() *tab {
	s.t.Helper()
	chrome.once.Do(openBrowser)
	if chrome.err != nil {
		s.t.Fatalf("start the browser: %v", chrome.err)
	}
	b := &tab{t: s.t, s: s, addr: s.addr}
	ctx, cancel := chromedp.NewContext(chrome.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.listen))
	b.ctx = ctx
	s.t.Cleanup(func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, w := range b.wrong {
			b.t.Errorf("the page: %s", w)
		}
	})
	opened := make(chan error, 1)
	go func() { opened <- chromedp.Do(ctx) }()
	if err := waittest.Receive(s.t, opened); err != nil {
		s.t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	// Tests share the browser, in which one tab alone has the focus; a page
	// without it may not use the clipboard.
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return b
}

// call sends one command of the DevTools protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	ctx, cancel := b.limited()
	defer cancel()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.asked = append(b.asked, ev.Request.Method+" "+ev.Request.URL)
		if u, err := url.Parse(ev.Request.URL); err != nil || u.Scheme != "data" && u.Scheme != "blob" && u.Host != b.addr {
			b.wrong = append(b.wrong, "asked for "+ev.Request.URL)
		}
	case *runtime.EventExceptionThrown: // A promise that is rejected unheard is one.
		text := ev.ExceptionDetails.Text + " " + ev.ExceptionDetails.URL
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		b.wrong = append(b.wrong, "threw "+text)
	case *runtime.EventConsoleAPICalled:
		text := consoleText(ev.Args)
		if (ev.Type == "error" || ev.Type == "warning") && !failedRequest.MatchString(text) {
			b.wrong = append(b.wrong, fmt.Sprintf("wrote %s: %s", ev.Type, text))
		}
	case *log.EventEntryAdded:
		// A refused or failed request is listed too; the tests bring those about.
		if ev.Entry.Level == "error" && ev.Entry.Source != "network" || ev.Entry.Source == "security" {
			b.wrong = append(b.wrong, fmt.Sprintf("logged %s: %s", ev.Entry.Source, ev.Entry.Text))
		}
	}
}

// failedRequest is what htmx writes of requests that are refused or fail, which
// the tests bring about. Whatever else it writes is a fault.
var failedRequest = regexp.MustCompile(`^"(Response Status|htmx:(afterRequest|sendError|sendAbort|timeout|responseError)\b)`)

func consoleText(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		all = append(all, string(a.Value)+a.Description)
	}
	return strings.Join(all, " ")
}

// requests counts the requests so far that begin like this: "POST /login".
func (b *tab) requests(prefix string) int {
	method, path, _ := strings.Cut(prefix, " ")
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, r := range b.asked {
		if strings.HasPrefix(r, method+" "+b.s.url(path)) {
			n++
		}
	}
	return n
}

// limited is the tab for as long as one action may take.
func (b *tab) limited() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, patience)
}

// do runs actions, each of which waits for its element, within a time limit.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.limited()
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%v\n%s", err, b.see())
	}
}

// see is the text of the page, for messages.
func (b *tab) see() string {
	ctx, cancel := b.limited()
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	return where
}

// js reads a value from the page. A page that is just changing gives the zero
// value.
func js[T any](b *tab, expression string) T {
	ctx, cancel := b.limited()
	defer cancel()
	v, _ := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	return v
}

// until waits for an expression to hold, across page loads.
func (b *tab) until(expression string) {
	b.t.Helper()
	b.untilWithin(patience, expression)
}

func (b *tab) untilWithin(limit time.Duration, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for ; !js[bool](b, "Boolean("+expression+")"); <-tick.C {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited for %s on\n%s", expression, b.see())
		}
	}
}

// shows waits for an element to hold this text.
func (b *tab) shows(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`(document.querySelector(%s)?.textContent ?? "").replace(/\s+/g, " ").includes(%s)`, quote(selector), quote(text)))
}

// alerts waits for a visible alert that holds this text.
func (b *tab) alerts(text string) {
	b.t.Helper()
	b.until(alerting(text))
}

// alerting is an expression that tells whether a visible alert holds this text.
func alerting(text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("[role=alert]")].some(e => e.checkVisibility() && e.textContent.trim() && e.textContent.includes(%s))`, quote(text))
}

func quote(s string) string {
	text, _ := json.Marshal(s) // A string always has a JSON form.
	return string(text)
}

// open loads a page and waits until its scripts have run.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.s.url(path)))
	b.until(`document.readyState === "complete"`)
}

// fill types into the form's name and password.
func (b *tab) fill(form, name, pass string) {
	b.t.Helper()
	b.do(
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector(%s).reset()`, quote(form))),
		chromedp.SendKeys(chromedp.CSS(form+" [name=username]"), name),
		chromedp.SendKeys(chromedp.CSS(form+" [name=password]"), pass),
	)
}

// click clicks as a person would, who is slower than htmx, which takes a moment
// until what it swapped in does more than a plain form.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.until(`!document.querySelector(".htmx-added, .htmx-settling, .htmx-swapping")`)
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// login signs in on the login page and waits for the widget.
func (b *tab) login(name, pass string) {
	b.t.Helper()
	b.open("/login")
	b.fill("#login", name, pass)
	b.click("#login [type=submit]")
	b.until(`location.pathname === "/" && document.querySelector("#quota")`)
}

func (b *tab) logout() {
	b.t.Helper()
	b.click(`form[action="/logout"] [type=submit]`)
	b.until(`location.pathname === "/login"`)
}

// upload chooses a file and sends it.
func (b *tab) upload(path string) {
	b.t.Helper()
	b.choose(path)
	b.click("#upload [type=submit]")
}

func (b *tab) choose(path string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#upload input[type=file]"), []string{path}))
}

// quota waits for the widget to show so many files of ten for this user.
func (b *tab) quota(session string, videos int) {
	b.t.Helper()
	b.shows(fmt.Sprintf("#quota[data-session-id=%q]", session), fmt.Sprintf("Quota: %d/10 ไฟล์", videos))
}

// mark leaves a sign on the window that a page load would wipe off.
func (b *tab) mark() {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`window.marked = true`))
}

func (b *tab) marked() bool { return js[bool](b, `window.marked === true`) }

func (b *tab) videosOnPage() []string {
	ids := js[[]string](b, `[...document.querySelectorAll("#videos [data-video-id]")].map(e => e.dataset.videoId)`)
	slices.Sort(ids)
	return ids
}
