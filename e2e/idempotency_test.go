package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gensubtitle/internal/waittest"
)

const keyHeader = "Idempotency-Key"

// eventCount counts the ledger's entries of one kind.
func (c *client) eventCount(sessionID, kind string) int {
	c.t.Helper()
	var page struct{ Events []event }
	c.get("/admin/sessions/" + sessionID + "/events?limit=100").want(200).decode(&page)
	n := 0
	for _, e := range page.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// TestChangesSentTwice sends each change twice at once, as a double click or a
// proxy does: it counts once, and both get the same answer.
func TestChangesSentTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("john").accepted("a.wav", wav(1500, 1))
	s.register("jane")
	admin := s.admin()
	const path = "/admin/sessions/user_john"
	for _, test := range []struct {
		what, method, path, body, kind string
	}{
		{"a correction", "POST", path + "/correct", `{"videos_count":1,"total_duration":2.5,"reason":"x"}`, "correction"},
		{"limits", "PUT", path + "/limits", `{"maxVideos":3,"reason":"x"}`, "limits"},
		{"a reset", "POST", path + "/reset", `{"reason":"x"}`, "reset"},
		{"limits of many", "PUT", "/admin/sessions/limits", `{"match":{},"maxVideos":4,"reason":"x"}`, "limits"},
		{"a reset of many", "POST", "/admin/sessions/reset", `{"match":{"q":"j"},"reason":"y"}`, "reset"},
	} {
		for _, key := range []string{"", "key of " + test.kind} {
			key = strings.ReplaceAll(key, " ", "-")
			c := admin
			before := admin.eventCount("user_john", test.kind)
			body := test.body
			if key != "" {
				c = admin.with(keyHeader, key)
				body = strings.Replace(body, `"reason":"`, `"reason":"with a key: `, 1)
			}
			var mu sync.Mutex
			var all sync.WaitGroup
			answers := map[string]int{}
			send := func() {
				a, err := c.try(test.method, test.path, "application/json", strings.NewReader(body), -1)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if a.status == http.StatusConflict && key != "" && strings.Contains(test.what, "many") {
					return // It was under way.
				}
				if a.status != 200 {
					t.Errorf("%s, key %q: status %d %s", test.what, key, a.status, a.body)
				}
				answers[string(a.body)]++
			}
			for range 2 {
				all.Go(send)
			}
			waittest.Group(t, &all)
			send()
			if n := admin.eventCount("user_john", test.kind) - before; n != 1 || len(answers) != 1 {
				t.Errorf("%s, key %q: %d events, answers %v", test.what, key, n, answers)
			}
		}
	}
	once := admin.with(keyHeader, "one")
	change := map[string]any{"videos_count": 1, "reason": "z"}
	once.post(path+"/correct", change).want(200)
	change["videos_count"] = 2
	once.post(path+"/correct", change).problem(422, "idempotency-key-reused")
	for range 2 {
		admin.with(keyHeader, strings.Repeat("k", 255)).post(path+"/reset", nil).want(200)
	}
	for _, key := range []string{"two words", "กุญแจ", strings.Repeat("k", 256)} {
		for _, p := range []problem{
			admin.with(keyHeader, key).post(path+"/reset", nil).problem(422, "invalid"),
			admin.with(keyHeader, key).upload("a.wav", wav(100, 1)).problem(422, "invalid"),
		} {
			if p.Errors[keyHeader] == "" {
				t.Errorf("key %q: %+v", key, p)
			}
		}
	}
}

// TestUploadSentTwice is counted once, however it is sent again.
func TestUploadSentTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("john").with(keyHeader, "8e03978e-40d5-43e8-bc93-6894a57f9324")
	c.upload("a.wav", []byte("no video")).problem(415, "not-a-video") // Its key is free again.
	held := c.begin()
	refused := c.upload("a.wav", wav(1500, 1))
	refused.problem(409, "idempotency-key-in-use")
	if refused.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	held.cut()
	var first, again uploaded
	eventually(t, patience, "the key of an upload that was cut off", func() bool {
		a := c.upload("a.wav", wav(1500, 1))
		if a.status == 201 {
			a.decode(&first)
		}
		return a.status == 201
	})
	other := s.register("jane").with(keyHeader, c.header.Get(keyHeader))
	other.accepted("a.wav", wav(1500, 1))
	s.kill()
	s.restart()
	// A large body is not read, and does no harm.
	c.upload("b.wav", wav(60_000, 2)).want(201).decode(&again)
	if again != first {
		t.Errorf("answered with %+v, first with %+v", again, first)
	}
	checkUsage(t, c.session(), 1, 1500)
	if n := len(c.videos()); n != 1 {
		t.Errorf("%d videos", n)
	}
	// Another upload goes by its own key, and one without a key by itself.
	c.with(keyHeader, "another").accepted("a.wav", wav(1500, 1))
	checkUsage(t, c.session(), 2, 3000)
}

// TestKeyOfADeadProcess is free again at the next start.
func TestKeyOfADeadProcess(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("john").with(keyHeader, "a")
	held := c.begin()
	s.kill()
	held.cut()
	s.restart()
	c.accepted("a.wav", wav(1500, 1))
	checkUsage(t, c.session(), 1, 1500)
}

// TestFormSentTwice sends the forms of pages twice, without JavaScript.
func TestFormSentTwice(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("john")
	admin := s.browser("admin", adminPassword).with("Accept", "text/html")
	const path = "/admin/sessions/user_john"
	key := func(f webForm) string { return f.values.Get("idempotency_key") }
	page := func() *answer { return admin.get(path).want(200) }
	correct, limits := formTo(t, page(), path+"/correct"), formTo(t, page(), path+"/limits")
	if key(correct) == "" || key(correct) == key(limits) || key(correct) == key(formTo(t, page(), path+"/correct")) {
		t.Errorf("keys %q, %q", key(correct), key(limits))
	}
	fill := func(f webForm, values url.Values) url.Values {
		for name, value := range values {
			f.values[name] = value
		}
		return f.values
	}
	sent := fill(correct, url.Values{"videos_count": {"+1"}, "reason": {"x"}})
	for range 3 {
		admin.post(path+"/correct", sent).want(303)
	}
	sent.Set("videos_count", "+2")
	if a := admin.post(path+"/correct", sent).want(422); !strings.Contains(string(a.body), "เคยส่งไปแล้วด้วยค่าอื่น") {
		t.Error("another change with an old form is refused without a word")
	}
	// The form of another page is another change, although it says the same.
	admin.post(path+"/correct", fill(formTo(t, page(), path+"/correct"), url.Values{"videos_count": {"+1"}, "reason": {"x"}})).want(303)
	asks := formTo(t, admin.get(path+"/reset").want(200), path+"/reset")
	many := formTo(t, admin.get("/admin/sessions/limits?session=user_john").want(200), "/admin/sessions/limits")
	for range 2 {
		admin.post(path+"/reset", asks.values).want(303)
		admin.post("/admin/sessions/limits", fill(many, url.Values{"maxVideos": {"3"}})).want(200)
		admin.post(path+"/limits", fill(limits, url.Values{"maxVideos": {"5"}})).want(303)
	}
	boss := s.admin()
	for kind, want := range map[string]int{"correction": 2, "reset": 1, "limits": 2} {
		if n := boss.eventCount("user_john", kind); n != want {
			t.Errorf("%d events of %s, want %d", n, kind, want)
		}
	}
}
