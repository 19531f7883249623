package views

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'`

var (
	someTime  = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)
	someQuota = Quota{
		SessionID: "user_john", Videos: 3, MaxVideos: 10, InFlight: 1,
		Duration: 450500 * time.Millisecond, MaxDuration: 10 * time.Minute, MaxFileBytes: 500 << 20,
	}
	someVideo = Video{
		ID: "0197-a", Filename: "ตลาดน้ำ.mp4", SizeBytes: 84 << 20, Duration: 203 * time.Second,
		Container: "mp4", HasPicture: true, Status: "accepted", CreatedAt: someTime,
	}
	someSession = Session{Quota: someQuota, Username: "john", Role: "admin", Disabled: true, CreatedAt: someTime, LastUploadAt: &someTime}
)

func signedIn(l Language) Page {
	return Page{Language: l, Path: "/?cursor=a&b", Username: "john", Admin: true}
}

// pages are all there are, with hostile text wherever text can come from people.
func pages(l Language) map[string]templ.Component {
	anyone := Page{Language: l, Path: "/login?next=" + hostile}
	user := signedIn(l)
	user.Username, user.Path = hostile, "/"+hostile
	form := Form{
		Username: hostile, Next: hostile, Alert: hostile, RegistrationOpen: true,
		Errors: map[string]string{"username": hostile, "password": hostile},
	}
	closed := form
	closed.RegistrationOpen = false
	videos := []Video{someVideo}
	for _, status := range []string{"receiving", "measuring", "rejected", "accepted"} {
		videos = append(videos, Video{ID: status, Filename: hostile, Resumable: true, Status: status, Reason: hostile, CreatedAt: someTime})
	}
	quota := someQuota
	quota.SessionID = hostile
	rows := []Session{someSession, {Quota: quota, Username: hostile}}
	account := Account{
		Password: PasswordForm{Alert: hostile, Errors: map[string]string{"old_password": hostile, "new_password": hostile}},
		SignIns: []SignIn{
			{ID: "a", Agent: "curl/8.5", Script: true, Address: "203.0.113.1", LastSeenAt: someTime, Current: true},
			{ID: hostile, Agent: "Mozilla/5.0 " + hostile, Address: hostile, LastSeenAt: someTime},
			{ID: "c", Agent: hostile + " iPhone", Address: "2001:db8::1", LastSeenAt: someTime},
		},
		Tokens: []APIToken{
			{ID: hostile, Name: hostile, Scope: "admin", CreatedAt: someTime, ExpiresAt: someTime, LastUsedAt: &someTime},
			{ID: "b", Name: "b", Scope: "upload", CreatedAt: someTime, ExpiresAt: someTime},
		},
		TokenForm: TokenForm{Name: hostile, Scope: hostile, Days: 7, Alert: hostile, Errors: map[string]string{"name": hostile, "scope": hostile, "expires_in_days": hostile}},
		NewToken:  hostile,
	}
	session := someAdminSession(hostile)
	deleted := AdminSession{Session: rows[1]}
	deleted.Deleted = true
	return map[string]templ.Component{
		"account":           AccountPage(user, account),
		"account, empty":    AccountPage(user, Account{PasswordChanged: true}),
		"confirm sign-out":  ConfirmPage(user, EndSignInConfirm(l, account.SignIns[1])),
		"confirm others":    ConfirmPage(user, EndOthersConfirm(l)),
		"confirm revoke":    ConfirmPage(user, RevokeConfirm(l, account.Tokens[0])),
		"login":             LoginPage(anyone, form),
		"login, closed":     LoginPage(anyone, closed),
		"register":          RegisterPage(anyone, form),
		"register, closed":  RegisterPage(anyone, closed),
		"home":              HomePage(user, Home{Quota: quota, Videos: videos, NextCursor: hostile, Alert: hostile}),
		"home, empty":       HomePage(user, Home{}),
		"sessions":          SessionsPage(user, Sessions{Rows: rows, Query: hostile, Sort: "-videos", Cursor: hostile, NextCursor: hostile, Total: 2}),
		"many":              ManyPage(user, ManySessions{Count: 2, Limits: true, Chosen: []string{hostile}, Query: hostile, Filter: hostile, Alert: hostile, Values: map[string]string{"reason": hostile}, Errors: map[string]string{"reason": hostile}}),
		"many, nobody":      ManyPage(user, ManySessions{Query: hostile}),
		"many, done":        ManyDonePage(user, ManySessions{Count: 2, Query: hostile}),
		"sessions, empty":   SessionsPage(user, Sessions{Query: hostile}),
		"video":             VideoPage(user, videos[0], Subtitles{}),
		"video, rejected":   VideoPage(user, videos[3], Subtitles{}),
		"video, sound":      VideoPage(user, videos[4], Subtitles{}),
		"subtitles":         VideoPage(user, hostileVideo("done", 3), hostileSubtitles),
		"subtitles, failed": VideoPage(user, hostileVideo("failed", 0), hostileSubtitles),
		"subtitles, queued": VideoPage(user, hostileVideo("queued", 3), hostileSubtitles),
		"subtitle queue":    SubtitleQueuePage(user, hostileQueue),
		"no subtitle queue": SubtitleQueuePage(user, SubtitleQueue{}),
		"error":             ErrorPage(user, 404, hostile, hostile),
		"error, signed out": ErrorPage(anyone, 500, hostile, hostile),
		"confirm":           ConfirmPage(user, DeleteConfirm(l, videos[1])),
		"docs":              DocsPage(anyone, hostileDocs),
		"confirm reset":     ConfirmPage(user, ResetConfirm(l, rows[1], hostile)),
		"session":           SessionPage(user, session),
		"session, deleted":  SessionPage(user, deleted),
		"session, refused":  SessionPage(user, refused(session)),
		"new user":          NewUserPage(user, NewUser{Form: form, Role: "admin"}),
		"new password":      NewPasswordPage(user, NewPassword{Form: form, SessionID: hostile, Self: true}),
		"made password":     MadePasswordPage(user, MadePassword{Username: hostile, SessionID: hostile, Password: hostile, New: true}),
		"own made password": MadePasswordPage(anyone, MadePassword{Username: hostile, Password: hostile, SignedOut: true}),
		"confirm admin":     ConfirmPage(user, UserConfirm(l, session, MakeAdmin)),
		"confirm delete":    ConfirmPage(user, UserConfirm(l, session, DeleteUser)),
	}
}

// fragments are what htmx swaps into a page.
func fragments(l Language) map[string]templ.Component {
	return map[string]templ.Component{
		"alert":        Alert(PageAlertID, hostile),
		"password":     PasswordFormAlert(PasswordForm{Alert: hostile, Errors: map[string]string{"old_password": hostile}}),
		"token form":   TokenFormAlert(TokenForm{Alert: hostile, Errors: map[string]string{"name": hostile}}),
		"sign-ins":     SignInsCard(signedIn(l), Account{SignIns: []SignIn{{ID: "a", LastSeenAt: someTime}}, OthersEnded: true}),
		"tokens":       TokensCard(signedIn(l), Account{NewToken: hostile, TokenForm: TokenForm{Scope: "read", Days: 30}}),
		"form alert":   FormAlert(signedIn(l), Form{Alert: hostile, Errors: map[string]string{"username": hostile}}),
		"quota":        QuotaWidget(signedIn(l), someQuota),
		"uploaded":     Uploaded(signedIn(l), Video{ID: "a", Filename: hostile, Status: "accepted"}, someQuota),
		"more":         MoreVideos(signedIn(l), []Video{someVideo}, "cursor"),
		"no more":      MoreVideos(signedIn(l), []Video{someVideo}, ""),
		"player":       Player(signedIn(l), someVideo),
		"sound":        Player(signedIn(l), Video{ID: hostile, Filename: hostile, Status: "accepted"}),
		"unplayable":   Player(signedIn(l), Video{ID: "a", Filename: hostile, Container: "avi", HasPicture: true, Status: "accepted"}),
		"subtitles":    SubtitlesSection(signedIn(l), hostileVideo("cancelled", 3), hostileSubtitles),
		"queue":        SubtitleQueueList(signedIn(l), hostileQueue),
		"sessions":     SessionsList(signedIn(l), Sessions{Rows: []Session{someSession}, NextCursor: "a"}),
		"session":      SessionRow(signedIn(l), someSession),
		"limits":       SessionChanged(signedIn(l), someAdminSession("x"), FormLimits),
		"account":      SessionChanged(signedIn(l), someAdminSession("x"), FormAccount),
		"refused":      SentAlert(signedIn(l), SentForm{Form: FormCorrect, Alert: hostile, Errors: map[string]string{"reason": hostile}}),
		"events":       MoreEvents(signedIn(l), someAdminSession(hostile).Events),
		"videos":       MoreSessionVideos(signedIn(l), someAdminSession(hostile).Videos),
		"new password": PasswordAlert(signedIn(l), Form{Alert: hostile, Errors: map[string]string{"password": hostile}}),
	}
}

func rendered(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements parses as a browser would parse what htmx hands it, in a template.
func elements(t *testing.T, source string) []*html.Node {
	t.Helper()
	context := &html.Node{Type: html.ElementNode, DataAtom: atom.Template, Data: "template"}
	var roots []*html.Node
	var err error
	if strings.HasPrefix(source, "<!") {
		var root *html.Node
		root, err = html.Parse(strings.NewReader(source))
		roots = []*html.Node{root}
	} else {
		roots, err = html.ParseFragment(strings.NewReader(source), context)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for _, root := range roots {
		all = append(all, root)
		all = slices.AppendSeq(all, root.Descendants())
	}
	return slices.DeleteFunc(all, func(n *html.Node) bool { return n.Type != html.ElementNode })
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for child := range n.Descendants() {
		if child.Type == html.TextNode {
			b.WriteString(child.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// byID returns the one element with the id, which every test page must have.
func byID(t *testing.T, source, id string) *html.Node {
	t.Helper()
	for _, n := range elements(t, source) {
		if got, _ := attribute(n, "id"); got == id {
			return n
		}
	}
	t.Fatalf("nothing has the id %q", id)
	return nil
}

func everywhere(t *testing.T, f func(t *testing.T, l Language, source string)) {
	for _, l := range languages {
		all := pages(l)
		for name, c := range fragments(l) {
			all["fragment "+name] = c
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			t.Run(string(l)+"/"+name, func(t *testing.T) { f(t, l, rendered(t, all[name])) })
		}
	}
}

// The Content-Security-Policy allows nothing inline and no other site.
func TestNothingThePolicyForbids(t *testing.T) {
	everywhere(t, func(t *testing.T, _ Language, source string) {
		for _, n := range elements(t, source) {
			switch n.Data {
			case "style", "iframe", "object", "embed", "base":
				t.Errorf("there is a <%s>", n.Data)
			case "script":
				if src, _ := attribute(n, "src"); !strings.HasPrefix(src, "/static/") || n.FirstChild != nil {
					t.Errorf("there is a script that is not a file of ours: %q", src)
				}
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") || strings.HasPrefix(a.Val, "js:") {
					t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
				}
				switch a.Key {
				case "href", "src", "poster", "action", "formaction", "hx-get", "hx-post", "hx-delete":
					if (!strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#")) || strings.HasPrefix(a.Val, "//") {
						t.Errorf("<%s> leads away with %s=%q", n.Data, a.Key, a.Val)
					}
				}
			}
		}
	})
}

func TestTextOfPeopleIsEscaped(t *testing.T) {
	everywhere(t, func(t *testing.T, _ Language, source string) {
		for _, raw := range []string{"<script>alert", "<img src=x", "'>"} {
			if strings.Contains(source, raw) {
				t.Errorf("%q is in the source", raw)
			}
		}
		if strings.Contains(source, "%!") {
			t.Errorf("a text was filled with values that do not fit: %s", source[strings.Index(source, "%!"):][:40])
		}
	})
	home := rendered(t, pages(English)["home"])
	if !strings.Contains(textOf(byID(t, home, "videos")), hostile) {
		t.Error("the filename is not shown as it is")
	}
}

func TestPagesAreSound(t *testing.T) {
	for _, l := range languages {
		for name, c := range pages(l) {
			t.Run(string(l)+"/"+name, func(t *testing.T) {
				all := elements(t, rendered(t, c))
				ids := map[string]bool{}
				count := map[string]int{}
				for _, n := range all {
					count[n.Data]++
					if id, ok := attribute(n, "id"); ok {
						if ids[id] {
							t.Errorf("the id %q is there twice", id)
						}
						ids[id] = true
					}
					if n.Data == "html" {
						if lang, _ := attribute(n, "lang"); lang != string(l) {
							t.Errorf("lang is %q", lang)
						}
					}
				}
				for _, once := range []string{"h1", "main", "title", "header"} {
					if count[once] != 1 {
						t.Errorf("there are %d of <%s>", count[once], once)
					}
				}
				for _, n := range all {
					checkReferences(t, n, ids)
					checkName(t, n)
				}
			})
		}
	}
}

// checkReferences wants what an element points at to be there.
func checkReferences(t *testing.T, n *html.Node, ids map[string]bool) {
	t.Helper()
	for _, name := range []string{"for", "form", "aria-labelledby", "aria-controls"} {
		value, ok := attribute(n, name)
		if ok && !ids[value] {
			t.Errorf("<%s> points with %s at %q, which is not there", n.Data, name, value)
		}
	}
	for _, name := range []string{"hx-target", "data-alert"} {
		value, ok := attribute(n, name)
		if id, isID := strings.CutPrefix(value, "#"); ok && isID && !ids[id] {
			t.Errorf("<%s> points with %s at %q, which is not there", n.Data, name, value)
		}
	}
}

// checkName wants a name that a screen reader can say for what can be operated.
func checkName(t *testing.T, n *html.Node) {
	t.Helper()
	switch n.Data {
	case "a", "button", "meter", "progress":
	default:
		return
	}
	if answer, _ := attribute(n, "data-confirm"); answer == "yes" {
		return // the script names it after what is asked
	}
	label, _ := attribute(n, "aria-label")
	if label == "" && textOf(n) == "" {
		t.Errorf("<%s> has no name: %v", n.Data, n.Attr)
	}
}
