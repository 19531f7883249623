package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// figuresOf is the user whose figures TestSameFigures compares, and whose is
// the only name in the list that is searched for.
const figuresOf = "สมชาย"

// TestSameFigures asks everybody who tells figures, at one moment after the
// other: all tell the same.
func TestSameFigures(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=7", "--max-duration-minutes=3")
	c, admin := s.register(figuresOf), s.admin()
	path := "/admin/sessions/" + escapePath("user_"+figuresOf)
	for _, step := range []struct {
		name   string
		do     func()
		videos int
		millis int64
		limits limits
	}{
		{"nothing yet", func() {}, 0, 0, limits{7, 3, 500}},
		{"uploads", func() {
			c.accepted("a.wav", wav(1500, 1))
			c.accepted("b.wav", wav(61_200, 2))
		}, 2, 62_700, limits{7, 3, 500}},
		{"limits", func() {
			s.command(0, "session", "limits", figuresOf, "--max-videos=5", "--default-max-videos=7")
		}, 2, 62_700, limits{5, 3, 500}},
		{"a correction", func() {
			admin.post(path+"/correct", map[string]any{"videos_count": 2, "total_duration": -1.25, "reason": "counted wrongly"}).want(200)
		}, 4, 61_450, limits{5, 3, 500}},
		{"other limits", func() {
			admin.do("PUT", path+"/limits", map[string]any{"maxVideos": 3, "maxDurationMinutes": 0.5, "maxFileSizeMB": 1.5}).want(200)
		}, 4, 61_450, limits{3, 0.5, 1.5}},
		{"a deletion", func() { c.do("DELETE", "/videos/"+c.videos()[0].ID, nil).want(204) }, 4, 61_450, limits{3, 0.5, 1.5}},
		{"a reset", func() { admin.post(path+"/reset", nil).want(200) }, 0, 0, limits{3, 0.5, 1.5}},
		{"an upload after it", func() { c.accepted("c.wav", wav(2100, 3)) }, 1, 2100, limits{3, 0.5, 1.5}},
	} {
		step.do()
		want := c.session()
		checkUsage(t, want, step.videos, step.millis)
		if want.Limits != step.limits {
			t.Errorf("%s: limits %+v, want %+v", step.name, want.Limits, step.limits)
		}
		for who, got := range s.toldInJSON(t, c, admin) {
			if got.ID != want.ID || got.Usage != want.Usage || got.Limits != want.Limits {
				t.Errorf("%s: %s tells %+v, the user is told %+v", step.name, who, got, want)
			}
		}
		s.checkTables(t, step.name, want)
		s.checkPages(t, step.name, want)
	}
}

// toldInJSON is the session as each of those tells it that answer in JSON.
func (s *server) toldInJSON(t *testing.T, c, admin *client) map[string]session {
	t.Helper()
	told := map[string]session{}
	var one session
	s.commandJSON(&one, append([]string{"session", "show", figuresOf}, s.flags...)...)
	told["session show"] = one
	admin.get("/admin/sessions/" + escapePath(one.ID)).want(200).decode(&one)
	told["the admin's API"] = one
	var list, exported sessionList
	s.commandJSON(&list, append([]string{"session", "list", "-q", figuresOf}, s.flags...)...)
	out, _ := s.command(0, append([]string{"session", "export", "--format=json", "-q", figuresOf}, s.flags...)...)
	if err := json.Unmarshal([]byte(out), &exported); err != nil {
		t.Fatalf("session export: %v in %s", err, out)
	}
	for who, l := range map[string]sessionList{
		"session list": list, "session export": exported, "the admin's list": admin.sessions("q=" + escape(figuresOf)),
	} {
		if len(l.Sessions) != 1 {
			t.Fatalf("%s: %+v", who, l)
		}
		told[who] = l.Sessions[0]
	}
	// The admin's ones tell more; of that they tell the same, too.
	for who, got := range told {
		if got != one {
			t.Errorf("%s tells %+v, the admin's API %+v", who, got, one)
		}
	}
	own := told["the admin's API"]
	c.get("/limits").want(200).decode(&own.Limits)
	told["/limits"] = own
	return told
}

// checkTables looks at what is no JSON: the CSV and the table of the command.
func (s *server) checkTables(t *testing.T, step string, want session) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.csv")
	s.command(0, append([]string{"session", "export", "--format=csv", "-q", figuresOf, "--output=" + path}, s.flags...)...)
	rows, err := csv.NewReader(strings.NewReader(string(read(t, path)))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%s: %v in %v", step, err, rows)
	}
	figures := fmt.Sprintf("%d %v %d %v %d %v", want.Usage.Videos, want.Usage.Duration,
		want.Usage.RemainingVideos, want.Usage.RemainingDuration, want.Limits.Videos, want.Limits.Minutes)
	if row := rows[1]; row[0] != want.ID || strings.Join(row[4:10], " ") != figures {
		t.Errorf("%s: CSV tells %v, want %s", step, row, figures)
	}
	cells, _ := s.command(0, append([]string{"session", "list", "-q", figuresOf}, s.flags...)...)
	line := fmt.Sprintf("\t%d\t%d\t%v\t%v\t", want.Usage.Videos, want.Limits.Videos, want.Usage.Duration, want.Limits.Minutes*60)
	if !strings.Contains(cells, line) {
		t.Errorf("%s: the table tells\n%s\nwant %q", step, cells, line)
	}
}

// checkPages looks at what people see: the user's page, the admin's list and
// the admin's page of the user.
func (s *server) checkPages(t *testing.T, step string, want session) {
	t.Helper()
	user, admin := s.browser(figuresOf, password).page(), s.adminPage()
	clock := func(seconds float64) string {
		whole := int(math.Round(seconds))
		return fmt.Sprintf("%d:%02d", whole/60, whole%60)
	}
	files := fmt.Sprintf("Quota: %d/%d ไฟล์", want.Usage.Videos, want.Limits.Videos)
	minutes := fmt.Sprintf("ใช้ไป %s จาก %s นาที", clock(want.Usage.Duration), clock(want.Limits.Minutes*60))
	left := fmt.Sprintf("อัปโหลดได้อีก %d ไฟล์", want.Usage.RemainingVideos)
	// So that it and what was used give the limit, also where both are rounded.
	minutesLeft := fmt.Sprintf("เหลือ %s นาที", clock(max(0, want.Limits.Minutes*60-math.Round(want.Usage.Duration))))
	list := parse(t, admin.get("/admin/sessions?q="+escape(figuresOf)).want(200))
	for where, got := range map[string]string{
		"the user's page": text(byID(parse(t, user.get("/").want(200)), "quota")),
		"/quota":          text(byID(parse(t, user.get("/quota").want(200)), "quota")),
		"the admin's page of the user": text(byID(parse(t,
			admin.get("/admin/sessions/"+escapePath(want.ID)).want(200)), "usage")),
	} {
		for _, part := range []string{files, minutes, left, minutesLeft} {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %s tells %q, want %q", step, where, got, part)
			}
		}
	}
	row := find(list, func(n *htmlNode) bool { return attr(n, "data-session-id") == want.ID })
	if row == nil {
		t.Fatalf("%s: not in the admin's list", step)
	}
	for _, part := range []string{
		fmt.Sprintf(" %d/%d ", want.Usage.Videos, want.Limits.Videos),
		fmt.Sprintf(" %s / %s ", clock(want.Usage.Duration), clock(want.Limits.Minutes*60)),
	} {
		if !strings.Contains(text(row), part) {
			t.Errorf("%s: the admin's list tells %q, want %q", step, text(row), part)
		}
	}
}
