package db

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

var sorts = []SessionSort{SortUsername, SortVideos, SortDuration, SortLastUpload, SortCreated}

// allPages follows the cursors to the end.
func allPages(t *testing.T, d *DB, q SessionQuery) []string {
	t.Helper()
	var ids []string
	var total int64
	for page := 0; ; page++ {
		p, err := d.ListSessions(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if page == 0 {
			total = p.Total
		}
		if len(p.Sessions) > q.Limit || p.Total != total || (p.Next != nil && len(p.Sessions) < q.Limit) || int64(page) > total {
			t.Fatalf("page %d of %+v has %d sessions and a total of %d", page, q, len(p.Sessions), p.Total)
		}
		for _, s := range p.Sessions {
			ids = append(ids, s.SessionID)
		}
		if p.Next == nil {
			break
		}
		q.After = p.Next
	}
	if int64(len(ids)) != total {
		t.Errorf("%+v: %d sessions, but a total of %d", q, len(ids), total)
	}
	return ids
}

func TestListSessionsSorted(t *testing.T) {
	d := open(t)
	type row struct {
		name                            string
		videos, duration, last, created int64 // last 0: never
	}
	// As text, 10 and 100 come before 9. Many are equal in a column.
	rows := []row{
		{"b", 9, 1000, 1_700_000_000_000, 5},
		{"a", 10, 1000, 0, 5},
		{"Z", 100, 999, 900, 5},
		{"c_1", 10, 999, 900, 10},
		{"c%1", 2, 0, 0, 9},
		{"สมชาย", 0, 0, 0, 9},
		{"สมหญิง", 0, 100_000, 1_700_000_000_000, 100},
		{"y", 9, 1000, 900, 10},
		{"0", 0, 0, 0, 1},
		{"10", 0, 1000, 0, 2},
		{"9", 100, 600_000, 899, 3},
	}
	ids := map[string]int64{}
	for _, r := range rows {
		ids[r.name] = newUser(t, d, r.name).ID
		alter(t, d, `UPDATE quota_sessions SET videos_count = $1, duration_ms = $2, last_upload_at = nullif($3, 0), created_at = $4
			WHERE session_id = $5`, r.videos, r.duration, r.last, r.created, "user_"+r.name)
	}
	key := func(r row) string {
		if r.name == "Z" {
			return "z"
		}
		return r.name
	}
	orders := map[SessionSort]func(a, b row) int{
		SortUsername:   func(a, b row) int { return cmp.Compare(key(a), key(b)) },
		SortVideos:     func(a, b row) int { return cmp.Compare(a.videos, b.videos) },
		SortDuration:   func(a, b row) int { return cmp.Compare(a.duration, b.duration) },
		SortLastUpload: func(a, b row) int { return cmp.Compare(a.last, b.last) },
		SortCreated:    func(a, b row) int { return cmp.Compare(a.created, b.created) },
	}
	for _, sort := range sorts {
		slices.SortFunc(rows, func(a, b row) int { return cmp.Or(orders[sort](a, b), cmp.Compare(ids[a.name], ids[b.name])) })
		var want []string
		for _, r := range rows {
			want = append(want, "user_"+r.name)
		}
		for _, descending := range []bool{false, true} {
			for _, limit := range []int{1, 2, 3, len(rows) - 1, len(rows), len(rows) + 1} {
				got := allPages(t, d, SessionQuery{Sort: sort, Descending: descending, Limit: limit})
				if !slices.Equal(got, want) {
					t.Errorf("%s, descending %v, limit %d:\ngot  %v\nwant %v", sort, descending, limit, got, want)
				}
			}
			slices.Reverse(want)
		}
	}
}

func TestListSessionsSearch(t *testing.T) {
	d := open(t)
	for _, key := range []string{"a%b", "a_b", "axb", `a\b`, `a\%b`, "สมชาย", "สมหญิง", "ชายสม", "kk_สม"} {
		newUser(t, d, key)
	}
	for _, test := range []struct {
		part string
		want []string // of keys
	}{
		{"", []string{"a%b", "a_b", "axb", `a\b`, `a\%b`, "สมชาย", "สมหญิง", "ชายสม", "kk_สม"}},
		{"axb", []string{"axb"}},
		{"x", []string{"axb"}},
		{"%", []string{"a%b", `a\%b`}},
		{"a%b", []string{"a%b"}},
		{"%%", nil},
		{"_", []string{"a_b", "kk_สม"}},
		{"a_b", []string{"a_b"}},
		{`\`, []string{`a\b`, `a\%b`}},
		{`\%`, []string{`a\%b`}},
		{`\\`, nil},
		{"สม", []string{"สมชาย", "สมหญิง", "ชายสม", "kk_สม"}},
		{"ชาย", []string{"สมชาย", "ชายสม"}},
		{"_สม", []string{"kk_สม"}},
		{"หมา", nil},
		{"' OR 1=1 --", nil},
	} {
		var want []string
		for _, key := range test.want {
			want = append(want, "user_"+key)
		}
		slices.Sort(want)
		for _, sort := range sorts {
			for _, limit := range []int{1, 2, 20} {
				got := allPages(t, d, SessionQuery{SessionMatch: SessionMatch{Key: test.part}, Sort: sort, Limit: limit})
				if slices.Sort(got); !slices.Equal(got, want) {
					t.Errorf("%q by %s, limit %d: got %v, want %v", test.part, sort, limit, got, want)
				}
			}
		}
	}
}

// The answer of a page must not depend on how long the numbers are.
func TestListSessionsCursorOfNumbers(t *testing.T) {
	d := open(t)
	ids := map[string]int64{}
	for i, n := range []int64{9, 10, 100} {
		ids[fmt.Sprint(n)] = newUser(t, d, fmt.Sprint("u", i)).ID
		alter(t, d, `UPDATE quota_sessions SET videos_count = $1, duration_ms = $2, last_upload_at = $3, created_at = $4
			WHERE session_id = $5`, n, n, n, n, fmt.Sprint("user_u", i))
	}
	for _, sort := range []SessionSort{SortVideos, SortDuration, SortLastUpload, SortCreated} {
		for _, test := range []struct {
			after      string
			descending bool
			want       []string
		}{
			{"9", false, []string{"user_u1", "user_u2"}},
			{"10", false, []string{"user_u2"}},
			{"100", false, nil},
			{"10", true, []string{"user_u0"}},
			{"100", true, []string{"user_u1", "user_u0"}},
			{"9", true, nil},
		} {
			p, err := d.ListSessions(t.Context(), SessionQuery{
				Sort: sort, Descending: test.descending, Limit: 10, After: &SessionCursor{Value: test.after, UserID: ids[test.after]},
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range p.Sessions {
				got = append(got, s.SessionID)
			}
			if !slices.Equal(got, test.want) || p.Total != 3 || p.Next != nil {
				t.Errorf("%s after %s, descending %v: got %v, want %v; %+v", sort, test.after, test.descending, got, test.want, p)
			}
		}
	}
}

func TestListSessionsOfNobody(t *testing.T) {
	d := open(t)
	p, err := d.ListSessions(t.Context(), SessionQuery{Sort: SortUsername, Limit: 5})
	if err != nil || len(p.Sessions) != 0 || p.Next != nil || p.Total != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestSessionSortValid(t *testing.T) {
	d := open(t)
	for _, sort := range sorts {
		if !sort.Valid() {
			t.Errorf("%q is not valid", sort)
		}
	}
	for _, sort := range []SessionSort{"", "password_hash", "username; DROP TABLE users", "Username"} {
		if sort.Valid() {
			t.Errorf("%q is valid", sort)
		}
		if p, err := d.ListSessions(t.Context(), SessionQuery{Sort: sort, Limit: 5}); err == nil {
			t.Errorf("%q: %+v", sort, p)
		}
	}
}

func TestSession(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_123).UTC()
	d := openWith(t, Options{Path: t.TempDir() + "/x.db", Defaults: defaults, Now: func() time.Time { return now }})
	u, err := d.CreateUser(t.Context(), NewUser{Name: "Root", Key: "root", SessionID: "user_Root", PasswordHash: "h", Role: RoleAdmin})
	if err != nil {
		t.Fatal(err)
	}
	newUser(t, d, "jane")
	want := Session{
		Quota:    Quota{SessionID: "user_Root", Limits: defaults},
		Username: "Root", Role: RoleAdmin, CreatedAt: now, UpdatedAt: now,
	}
	if s, err := d.Session(t.Context(), u.SessionID); err != nil || s != want {
		t.Errorf("got %+v, want %+v: %v", s, want, err)
	}
	for _, id := range []string{"user_root", "Root", "user_nobody", ""} {
		if s, err := d.Session(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: got %+v, %v, want %v", id, s, err, ErrNotFound)
		}
	}
	for what, change := range map[string]string{
		"disabled": "UPDATE users SET disabled = 1, deleted_at = NULL",
		"deleted":  "UPDATE users SET disabled = 0, deleted_at = 1",
	} {
		alter(t, d, change+" WHERE username = 'Root'")
		if s, err := d.Session(t.Context(), u.SessionID); err != nil || !s.Disabled {
			t.Errorf("%s: %+v, %v", what, s, err)
		}
		if s, err := d.Session(t.Context(), "user_jane"); err != nil || s.Disabled {
			t.Errorf("%s: jane is too: %+v, %v", what, s, err)
		}
		p, err := d.ListSessions(t.Context(), SessionQuery{Sort: SortUsername, Limit: 5})
		if err != nil || len(p.Sessions) != 2 || p.Sessions[0].Disabled || !p.Sessions[1].Disabled {
			t.Errorf("%s: list %+v, %v", what, p, err)
		}
	}
}
