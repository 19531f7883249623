package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sessionList is a page of the admin's list.
type sessionList struct {
	Sessions []session
	Next     string `json:"next_cursor"`
	Total    int
}

func (c *client) sessions(query string) sessionList {
	c.t.Helper()
	var list sessionList
	c.get("/admin/sessions?" + query).want(200).decode(&list)
	return list
}

func names(list sessionList) []string {
	var all []string
	for _, s := range list.Sessions {
		all = append(all, s.Username)
	}
	slices.Sort(all)
	return all
}

func TestAdminOnly(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	c.accepted("a.wav", wav(100, 1))
	for _, r := range [][2]string{
		{"GET", "/admin/sessions"},
		{"GET", "/admin/sessions/user_a"},
		{"GET", "/admin/sessions/user_nobody"},
		{"POST", "/admin/sessions/user_a/reset"},
		{"GET", "/ADMIN/sessions"},
		{"POST", "/Admin/Sessions/user_a/Reset"},
		{"GET", "/admin/sessions/"},
		{"GET", "/admin/"},
		{"GET", "/admin"},
	} {
		if a := c.do(r[0], r[1], nil); a.status != 403 && a.status != 404 {
			t.Errorf("%v: status %d", r, a.status)
		}
	}
	c.get("/admin/sessions").problem(403, "forbidden")
	c.post("/admin/sessions/user_a/reset", nil).problem(403, "forbidden")
	page := s.browser("a", password).with("Accept", "text/html").get("/admin/sessions").want(403)
	if strings.Contains(string(page.body), "data-session-id") {
		t.Error("the page shows sessions")
	}
	checkUsage(t, c.session(), 1, 100)
}

func TestAdminList(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin()
	for i, name := range []string{"alpha", "Beta", "สมชาย", "al_pha", "al%pha"[:2] + "-x"} {
		c := s.register(name)
		for range i {
			c.accepted("a.wav", wav(100, i))
		}
	}
	all := admin.sessions("limit=100")
	if got := names(all); all.Total != 6 || len(got) != 6 || all.Next != "" {
		t.Errorf("%d sessions of %d: %v", len(got), all.Total, got)
	}
	for _, one := range all.Sessions {
		var same session
		admin.get("/admin/sessions/" + escapePath(one.ID)).want(200).decode(&same)
		if same != one {
			t.Errorf("alone %+v, in the list %+v", same, one)
		}
		if role := map[bool]string{true: "admin", false: "user"}[one.Username == "admin"]; one.Role != role || one.Disabled {
			t.Errorf("session %+v", one)
		}
		for _, at := range []string{one.CreatedAt, one.UpdatedAt} {
			if _, err := time.Parse(time.RFC3339, at); err != nil || !strings.HasSuffix(at, "Z") {
				t.Errorf("%s: time %q", one.ID, at)
			}
		}
		if (one.LastUploadAt != "") != (one.Usage.Videos > 0) {
			t.Errorf("%s: last upload %q with %d videos", one.ID, one.LastUploadAt, one.Usage.Videos)
		}
	}
	for q, want := range map[string]string{
		"alpha": "[alpha]", "ALPHA": "[alpha]", "al": "[al-x al_pha alpha]", "สมชาย": "[สมชาย]", "beta": "[Beta]",
		"%": "[]", "al_": "[al_pha]", "nobody": "[]", "'": "[]", `\`: "[]", "*": "[]",
	} {
		list := admin.sessions("q=" + escape(q))
		if got := fmt.Sprint(names(list)); got != want || list.Total != len(list.Sessions) {
			t.Errorf("q=%s: %s of %d, want %s", q, got, list.Total, want)
		}
	}
}

func escapePath(s string) string { return strings.ReplaceAll(escape(s), "+", "%20") }

func TestAdminPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin()
	for i := range 11 {
		s.register("user" + strconv.Itoa(i))
	}
	for _, limit := range []int{1, 5, 12, 100} {
		seen := map[string]bool{}
		cursor := ""
		for range 20 {
			list := admin.sessions("limit=" + strconv.Itoa(limit) + "&cursor=" + escape(cursor))
			if list.Total != 12 || len(list.Sessions) > limit {
				t.Errorf("limit %d: %d of %d", limit, len(list.Sessions), list.Total)
			}
			for _, one := range list.Sessions {
				if seen[one.ID] {
					t.Errorf("limit %d: %s twice", limit, one.ID)
				}
				seen[one.ID] = true
			}
			if cursor = list.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 12 {
			t.Errorf("limit %d: %d sessions", limit, len(seen))
		}
	}
	page := string(s.browser("admin", adminPassword).with("Accept", "text/html").get("/admin/sessions?sort=nonsense").want(422).body)
	if !strings.Contains(page, "เรียงลำดับตามค่านี้ไม่ได้") {
		t.Error("the page does not say what is wrong")
	}
	for _, query := range []string{"limit=0", "limit=x", "cursor=nonsense", "sort=nonsense", "sort=1;drop"} {
		admin.get("/admin/sessions?"+query).problem(422, "invalid")
	}
}

func TestAdminSort(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, u := range []struct {
		name       string
		videos, ms int
	}{{"bee", 3, 10}, {"Ant", 1, 500}, {"cat", 2, 100}} {
		c := s.register(u.name)
		for i := range u.videos {
			c.accepted("a.wav", wav(u.ms, i))
		}
	}
	admin := s.admin()
	for sort, want := range map[string]string{
		"username": "admin Ant bee cat", "-username": "cat bee Ant admin",
		"videos": "admin Ant cat bee", "-videos": "bee cat Ant admin",
		"duration": "admin bee cat Ant", "-duration": "Ant cat bee admin",
		"-last_upload": "cat Ant bee admin",
	} {
		for _, limit := range []int{1, 3, 100} {
			if got := strings.Join(admin.walkSessions(sort, limit), " "); got != want {
				t.Errorf("sort=%s by %d: %s, want %s", sort, limit, got, want)
			}
		}
	}
}

// walkSessions follows the cursor to the end and returns every username.
func (c *client) walkSessions(sort string, limit int) []string {
	c.t.Helper()
	var all []string
	for cursor, pages := "", 0; pages < 20; pages++ {
		list := c.sessions(fmt.Sprintf("sort=%s&limit=%d&cursor=%s", sort, limit, escape(cursor)))
		for _, one := range list.Sessions {
			all = append(all, one.Username)
		}
		if cursor = list.Next; cursor == "" {
			return all
		}
	}
	c.t.Error("the cursor never ends")
	return all
}

func TestReset(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=2")
	admin, c, other := s.admin(), s.register("a"), s.register("b")
	c.accepted("a.wav", wav(1000, 1))
	c.accepted("a.wav", wav(500, 2))
	other.accepted("b.wav", wav(100, 3))
	c.upload("a.wav", wav(100, 4)).problem(403, "quota-videos")
	var got session
	admin.post("/admin/sessions/user_a/reset", map[string]string{"reason": "เดือนใหม่"}).want(200).decode(&got)
	checkUsage(t, got, 0, 0)
	checkUsage(t, c.session(), 0, 0)
	checkUsage(t, other.session(), 1, 100)
	if n := len(c.videos()); n != 2 {
		t.Errorf("%d videos after a reset", n)
	}
	c.accepted("a.wav", wav(300, 5))
	checkUsage(t, c.session(), 1, 300)
	admin.post("/admin/sessions/user_a/reset", nil).want(200)
	admin.post("/admin/sessions/user_a/reset", map[string]string{}).want(200)
	checkUsage(t, c.session(), 0, 0)
	for _, id := range []string{"user_nobody", "a", "user_", "x"} {
		admin.post("/admin/sessions/"+id+"/reset", nil).problem(404, "not-found")
		admin.get("/admin/sessions/"+id).problem(404, "not-found")
	}
	admin.send("POST", "/admin/sessions/user_a/reset", "application/json", strings.NewReader(`{"reason":1}`), -1).problem(422, "invalid")
	admin.post("/admin/sessions/user_a/reset", map[string]string{"reason": strings.Repeat("x", 5000)}).want(422)
}

// TestResetDuringUpload resets while an upload runs: what comes after counts.
func TestResetDuringUpload(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	c.accepted("a.wav", wav(100, 1))
	held := c.begin()
	s.admin().post("/admin/sessions/user_a/reset", nil).want(200)
	if a := held.finish(); a == nil || a.status != 201 {
		t.Fatalf("the running upload: %+v", a)
	}
	if got := c.session().Usage; got.Videos != 1 {
		t.Errorf("usage %+v", got)
	}
}
