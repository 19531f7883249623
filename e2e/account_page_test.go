package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestTokenByKeyboard makes a token and revokes it without a mouse.
func TestTokenByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	b.tabTo("บัญชี: A")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`location.pathname === "/account" && document.querySelector("#create-token")`)
	b.hear()
	b.mark()
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#new_password").focus()`))
	b.tabToElement("#name")
	b.do(chromedp.KeyEvent(kb.Enter)) // Without a name it goes nowhere.
	b.until(`document.querySelector("#name:invalid") === document.activeElement`)
	b.do(chromedp.KeyEvent("งานกลางคืน"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab))
	b.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter)) // The second scope.
	b.until(`document.activeElement.id === "new-token"`)
	token := js[string](b, `document.activeElement.value`)
	if selected := js[string](b, `getSelection().toString()`); selected != token {
		t.Errorf("selected is %q of %q", selected, token)
	}
	script := s.bearer(token)
	script.session()
	if list := c.personalTokens(); len(list) != 1 || list[0].Name != "งานกลางคืน" || list[0].Scope != "upload" {
		t.Errorf("made %+v", list)
	}

	b.do(chromedp.KeyEvent(kb.Tab))
	b.shows(":focus", "คัดลอก")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.heard("คัดลอกแล้ว")
	b.tabTo("เพิกถอน โทเคน งานกลางคืน")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("dialog[open]")`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`!document.querySelector("dialog[open]")`)
	script.session()
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector("dialog[open]")`)
	b.tabToElement("[data-confirm=yes]")
	b.do(chromedp.KeyEvent(kb.Enter))
	b.until(`!document.querySelector("[data-token-id]")`)
	b.heard("เพิกถอนโทเคน งานกลางคืน แล้ว")
	b.until(`document.activeElement.matches("#tokens h2")`)
	script.get("/user/session").problem(401, "unauthenticated")
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
}

// tabToElement presses Tab until the focus is on this element.
func (b *tab) tabToElement(selector string) {
	b.t.Helper()
	for range 12 {
		if js[bool](b, `document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
		b.do(chromedp.KeyEvent(kb.Tab))
	}
	b.t.Fatalf("Tab never came to %s", selector)
}

func TestAccountInThePage(t *testing.T) {
	t.Parallel()
	s := start(t)
	other := s.register("A")
	third := s.browser("A", password)
	b := s.tab()
	b.login("A", password)
	b.do(chromedp.EmulateViewport(360, 740))
	b.open("/account")
	b.fits("/account")
	b.shows("#sign-ins li", "อุปกรณ์นี้")
	b.mark()
	id := other.signIns()[0].ID
	b.click(`[data-sign-in="` + id + `"] button`)
	b.click("[data-confirm=yes]")
	b.until(`!document.querySelector('[data-sign-in="` + id + `"]')`)
	other.get("/user/session").want(401)
	third.session()
	b.click("#end-others")
	b.click("[data-confirm=yes]")
	b.until(`document.querySelectorAll("#sign-ins li").length === 1 && document.activeElement.matches("#sign-ins h2")`)
	b.shows("#sign-ins li", "อุปกรณ์นี้")
	third.get("/user/session").want(401)

	typed := func(old, fresh string) {
		b.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#change-password").reset()`),
			chromedp.SendKeys(chromedp.CSS("#old_password"), old), chromedp.SendKeys(chromedp.CSS("#new_password"), fresh))
		b.click("#change-password [type=submit]")
	}
	typed("not the password", "another password")
	b.shows("#old_password-error", "ไม่ถูกต้อง")
	b.until(`document.activeElement.id === "old_password"`)
	if !b.marked() {
		t.Error("the page was loaded anew")
	}
	typed(password, "another password")
	b.until(`document.activeElement.id === "password-changed"`)
	b.open("/")
	b.quota("user_A", 0)
	s.login("A", "another password")
}
