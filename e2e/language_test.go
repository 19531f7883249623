package e2e

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
)

func thai(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Thai, r) }) >= 0
}

func TestLanguageOfPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	c := s.browser("a", password).with("Accept", "text/html")
	for accept, lang := range map[string]string{
		"": "th", "th": "th", "en": "en", "en-US,en;q=0.9": "en", "en-GB": "en", "fr": "th", "fr,en;q=0.5": "en", "th,en;q=0.9": "th",
		"en;q=0.1,th;q=0.9": "th", "*": "th", "nonsense;;;q=x": "th", strings.Repeat("en,", 3000): "",
	} {
		page := c.with("Accept-Language", accept).get("/")
		if lang == "" {
			if page.status >= 500 {
				t.Errorf("a long Accept-Language: status %d", page.status)
			}
			continue
		}
		doc := parse(t, page.want(200))
		root := find(doc, func(n *htmlNode) bool { return n.Data == "html" })
		if got := attr(root, "lang"); got != lang {
			t.Errorf("Accept-Language %q: lang %q, want %q", accept, got, lang)
		}
		want := map[string]string{"th": "Quota: 0/10 ไฟล์", "en": "Quota: 0/10 files"}[lang]
		if got := text(byID(doc, "quota")); !strings.Contains(got, want) {
			t.Errorf("Accept-Language %q: widget %q, want %q", accept, got, want)
		}
		label := map[string]string{"th": "🔄 รีเฟรช Quota", "en": "🔄 Refresh quota"}[lang]
		if got := text(byID(doc, "refresh-quota")); got != label {
			t.Errorf("Accept-Language %q: button %q, want %q", accept, got, label)
		}
		if lang == "en" {
			// Only the switch to Thai is in Thai.
			if got := strings.ReplaceAll(text(find(doc, func(n *htmlNode) bool { return n.Data == "main" })), "ไทย", ""); thai(got) {
				t.Errorf("Thai on the English page: %s", got)
			}
		}
	}
}

func TestLanguageOfProblems(t *testing.T) {
	t.Parallel()
	c := start(t).register("a")
	for _, send := range []func(*client) *answer{
		func(c *client) *answer { return c.get("/videos/0") },
		func(c *client) *answer { return c.get("/nothing") },
		func(c *client) *answer { return c.post("/register", credentials("a b", "short")) },
		func(c *client) *answer { return c.post("/register", credentials("a", password)) },
		func(c *client) *answer { return c.post("/login", credentials("a", "not the password")) },
		func(c *client) *answer { return c.get("/admin/sessions") },
		func(c *client) *answer { return c.upload("a.txt", []byte("x")) },
	} {
		for lang, want := range map[string]bool{"": true, "th": true, "en": false} {
			var p problem
			a := send(c.with("Accept-Language", lang))
			a.decode(&p)
			said := p.Detail
			for _, e := range p.Errors {
				said += e
			}
			if thai(said) != want {
				t.Errorf("%s in %q: %s", a.what, lang, a.body)
			}
		}
	}
}

func TestLanguageCookie(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.anyone().page().with("Accept-Language", "th")
	lang := func() string {
		doc := parse(t, c.get("/login?next=/quota").want(200))
		return attr(find(doc, func(n *htmlNode) bool { return n.Data == "html" }), "lang")
	}
	for _, want := range []string{"en", "th", "en"} {
		doc := parse(t, c.get("/login?next=/quota").want(200))
		n := find(doc, func(n *htmlNode) bool { return n.Data == "form" && attr(n, "action") == "/language" })
		if n == nil {
			t.Fatal("no language switch on the page")
		}
		a := c.post("/language", formOf(n).values).want(303)
		if got := a.header.Get("Location"); got != "/login?next=/quota" && got != "/login?next=%2Fquota" {
			t.Errorf("the switch leads to %q", got)
		}
		if got := lang(); got != want {
			t.Errorf("after the switch: lang %q, want %q", got, want)
		}
	}
	for _, f := range []url.Values{{}, {"language": {"xx"}}, {"language": {"en"}, "next": {"//evil.test"}}} {
		a := c.post("/language", f)
		if a.status >= 500 || strings.Contains(a.header.Get("Location"), "evil") {
			t.Errorf("%v: %d %v", f, a.status, a.header)
		}
	}
}
