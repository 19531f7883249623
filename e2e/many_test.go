package e2e

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// installation has john and jane with a video each, ann without, and the admin.
func installation(t *testing.T) (s *server, admin *client) {
	s = start(t)
	for i, name := range []string{"john", "jane"} {
		s.register(name).accepted("a.wav", wav(1500, i+1))
	}
	s.register("ann")
	return s, s.admin()
}

// listed are the names in the list, and its total.
func (c *client) listed(query string) (names []string, total int) {
	c.t.Helper()
	var list struct {
		Sessions []session `json:"sessions"`
		Total    int       `json:"total"`
		Exact    bool      `json:"total_exact"`
	}
	c.get("/admin/sessions?" + query).want(200).decode(&list)
	for _, s := range list.Sessions {
		names = append(names, s.Username)
	}
	if !list.Exact {
		c.t.Errorf("%s: the total is not exact", query)
	}
	return names, list.Total
}

func TestSessionFilters(t *testing.T) {
	t.Parallel()
	s, admin := installation(t)
	admin.do("PUT", "/admin/sessions/user_john/limits", map[string]any{"maxVideos": 1}).want(200)
	admin.do("PATCH", "/admin/users/jane", map[string]any{"disabled": true}).want(200)
	for query, want := range map[string][]string{
		"":                     {"admin", "ann", "jane", "john"},
		"q=an":                 {"ann", "jane"},
		"q=AN":                 {"ann", "jane"},
		"filter=over":          {"john"},
		"filter=disabled":      {"jane"},
		"filter=unused":        {"admin", "ann"},
		"filter=near":          nil,
		"filter=unused&q=n":    {"admin", "ann"},
		"filter=unused&q=jane": nil,
	} {
		if got, total := admin.listed(query); !slices.Equal(got, want) || total != len(want) {
			t.Errorf("%s: got %v of %d, want %v", query, got, total, want)
		}
	}
	admin.get("/admin/sessions?filter=all").problem(422, "invalid")

	var o struct {
		Users     int     `json:"users"`
		Sessions  int     `json:"sessions"`
		Videos    int     `json:"videos"`
		Duration  float64 `json:"total_duration"`
		SizeBytes int     `json:"size_bytes"`
		Days      []struct {
			Uploads int `json:"uploads"`
		} `json:"days"`
	}
	admin.get("/admin/overview").want(200).decode(&o)
	uploads := 0
	for _, day := range o.Days {
		uploads += day.Uploads
	}
	if size := 2 * len(wav(1500, 1)); o.Users != 4 || o.Sessions != 4 || o.Videos != 2 || o.Duration != 3 || o.SizeBytes != size ||
		len(o.Days) != 30 || uploads != 2 {
		t.Errorf("overview %+v, want 2 videos of %d bytes", o, size)
	}
	s.login("ann", password).get("/admin/overview").problem(403, "forbidden")
}

func TestChangeMany(t *testing.T) {
	t.Parallel()
	s, admin := installation(t)
	used := func() string {
		var all []string
		for _, name := range []string{"john", "jane", "ann"} {
			var now session
			admin.get("/admin/sessions/user_" + name).want(200).decode(&now)
			all = append(all, fmt.Sprintf("%s %d/%d", name, now.Usage.Videos, now.Limits.Videos))
		}
		return strings.Join(all, ", ")
	}
	check := func(want string) {
		t.Helper()
		if got := used(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	const nothing = "john 1/10, jane 1/10, ann 0/10"
	for _, test := range []struct {
		name   string
		body   map[string]any
		status int
		kind   string
	}{
		{"nothing said", map[string]any{}, 422, "invalid"},
		{"nobody named", map[string]any{"session_ids": []string{}}, 422, "invalid"},
		{"both said", map[string]any{"session_ids": []string{"user_john"}, "match": map[string]any{}}, 422, "invalid"},
		{"a filter that is none", map[string]any{"match": map[string]any{"filter": "x"}}, 422, "invalid"},
		{"somebody who is not there", map[string]any{"session_ids": []string{"user_john", "user_x"}}, 404, "not-found"},
		{"more than expected", map[string]any{"match": map[string]any{"q": "j"}, "expected": 1}, 409, "selection-changed"},
		{"a long reason", map[string]any{"match": map[string]any{}, "reason": strings.Repeat("x", 501)}, 422, "invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			admin.post("/admin/sessions/reset", test.body).problem(test.status, test.kind)
			admin.do("PUT", "/admin/sessions/limits", test.body).problem(test.status, test.kind)
		})
	}
	admin.do("PUT", "/admin/sessions/limits", map[string]any{"match": map[string]any{}, "maxVideos": -1}).problem(422, "invalid")
	s.login("ann", password).post("/admin/sessions/reset", map[string]any{"match": map[string]any{}}).problem(403, "forbidden")
	check(nothing)

	var answer struct{ Selected, Changed int }
	admin.get("/admin/sessions/reset?all=1&q=j").want(200).decode(&answer)
	if answer.Selected != 2 {
		t.Errorf("%d are meant", answer.Selected)
	}
	check(nothing)
	admin.get("/admin/sessions/limits?all=1&q=j").want(200).decode(&answer)
	if answer.Selected != 2 {
		t.Errorf("%d would get limits", answer.Selected)
	}
	limits := map[string]any{"match": map[string]any{"q": "j"}, "expected": 2, "maxVideos": 20, "reason": "course A"}
	admin.post("/admin/sessions/limits", limits).want(200) // As browsers can.
	limits["reason"] = "course B"
	admin.do("PUT", "/admin/sessions/limits", limits).want(200).decode(&answer)
	check("john 1/20, jane 1/20, ann 0/10")
	admin.post("/admin/sessions/reset", map[string]any{"session_ids": []string{"user_john", "user_john"}}).want(200).decode(&answer)
	if answer.Changed != 1 {
		t.Errorf("%d were changed", answer.Changed)
	}
	check("john 0/20, jane 1/20, ann 0/10")
	var list struct{ Events []event }
	admin.get("/admin/sessions/user_john/events").want(200).decode(&list)
	var kinds []string
	for _, e := range list.Events {
		kinds = append(kinds, e.Kind+" "+e.Reason)
	}
	if want := []string{"reset ", "limits course B", "limits course A", "upload "}; !slices.Equal(kinds, want) {
		t.Errorf("events %q, want %q", kinds, want)
	}
}

// The same as a browser without JavaScript does it: list, question, answer.
func TestChangeManyByForms(t *testing.T) {
	t.Parallel()
	s, _ := installation(t)
	c := s.browser("admin", adminPassword).page()
	list := readForm(t, c.get("/admin/sessions?q=j").want(200), "selection")
	if list.method != "GET" || list.values.Get("q") != "j" {
		t.Fatalf("form %+v", list)
	}
	ask := func(path string, values url.Values) *htmlNode {
		return parse(t, c.get(path+"?"+values.Encode()).want(200))
	}
	if got := text(ask("/admin/sessions/reset", url.Values{"q": {"j"}})); !strings.Contains(got, "ยังไม่ได้เลือกใคร") {
		t.Errorf("with nobody chosen: %s", got)
	}
	chosen := url.Values{"session": {"user_john"}, "q": {"j"}}
	question := ask("/admin/sessions/reset", chosen)
	if got := text(question); !strings.Contains(got, "1 คน") || !strings.Contains(got, "john") || strings.Contains(got, "jane") {
		t.Errorf("the question is %s", got)
	}
	send := func(path string, values url.Values, status int) *answer { return c.post(path, values).want(status) }
	all := url.Values{"all": {"1"}, "q": {"j"}, "expected": {"2"}}
	with := func(values url.Values, more ...string) url.Values {
		both := url.Values{}
		for name, value := range values {
			both[name] = value
		}
		for i := 0; i < len(more); i += 2 {
			both.Set(more[i], more[i+1])
		}
		return both
	}
	// What was typed is kept, and said to be wrong where it is.
	wrong := parse(t, send("/admin/sessions/limits", with(all, "maxVideos", "many", "reason", "<b>why"), 422))
	if attr(byID(wrong, "maxVideos"), "value") != "many" || attr(byID(wrong, "reason"), "value") != "<b>why" ||
		text(byID(wrong, "maxVideos-error")) == "" || text(byID(wrong, "reason-error")) != "" {
		t.Errorf("the form again: %s", text(wrong))
	}
	send("/admin/sessions/limits", with(all, "expected", "3", "maxVideos", "5"), 409)
	done := parse(t, send("/admin/sessions/limits", with(all, "maxVideos", "5", "maxDurationMinutes", "2.5"), 200))
	if got := text(done); !strings.Contains(got, "2 คน") {
		t.Errorf("done: %s", got)
	}
	send("/admin/sessions/reset", with(chosen, "expected", "1", "reason", "เทอมใหม่"), 200)
	admin := s.admin()
	for id, want := range map[string]string{"user_john": "0 5 2.5", "user_jane": "1 5 2.5", "user_ann": "0 10 10"} {
		var now session
		admin.get("/admin/sessions/" + id).want(200).decode(&now)
		if got := fmt.Sprint(now.Usage.Videos, now.Limits.Videos, now.Limits.Minutes); got != want {
			t.Errorf("%s has %s, want %s", id, got, want)
		}
	}
}

// With scripts: boxes, what needs one ticked, and the way through the question.
func TestChangeManyInThePage(t *testing.T) {
	t.Parallel()
	s, admin := installation(t)
	b := s.tab()
	b.login("admin", adminPassword)
	b.open("/admin/sessions")
	b.until(`document.querySelector("#reset-chosen").disabled`)
	b.click("#filter-unused")
	b.until(`location.search.includes("filter=unused") && document.querySelectorAll("tr[data-session-id]").length === 2`)
	b.click("#filter-")
	b.until(`document.querySelectorAll("tr[data-session-id]").length === 4`)
	b.click("[value=user_john]")
	b.until(`!document.querySelector("#reset-chosen").disabled && document.querySelector("[data-select-page]").indeterminate`)
	b.click("[data-select-page]")
	b.until(`document.querySelectorAll("[name=session]:checked").length === 4`)
	b.click("[value=user_ann]")
	b.click("#reset-chosen")
	b.shows("h1", "3 คน")
	b.click("#do-many")
	b.shows("h1", "เสร็จแล้ว")
	for _, name := range []string{"john", "jane"} {
		var now session
		admin.get("/admin/sessions/user_" + name).want(200).decode(&now)
		checkUsage(t, now, 0, 0)
	}
}
