package views

import (
	"strings"
	"testing"
)

func TestSessionRow(t *testing.T) {
	source := rendered(t, SessionRow(signedIn(Thai), someSession))
	all := elements(t, source)
	if id, _ := attribute(all[0], "data-session-id"); all[0].Data != "tr" || id != "user_john" {
		t.Errorf("it begins with <%s> for %q", all[0].Data, id)
	}
	for _, want := range []string{"3/10", "7:30 / 10:00", "ผู้ดูแล", "ปิดใช้งาน", `datetime="2026-03-04T05:06:07Z"`} {
		if !strings.Contains(source, want) {
			t.Errorf("%q is missing", want)
		}
	}
	button := byID(t, source, "reset-user_john")
	for name, want := range map[string]string{
		"hx-post": "/admin/sessions/user_john/reset", "hx-confirm": "รีเซ็ตโควตาของ “john” ใช่ไหม?",
		"data-confirm-label": "รีเซ็ต", "hx-target": "closest tr",
	} {
		if got, _ := attribute(button, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	// Without JavaScript the same button leads to a page that asks.
	if !strings.Contains(source, `<form method="get" action="/admin/sessions/user_john/reset">`) {
		t.Error("there is no way to reset without JavaScript")
	}
}

func TestSessionRowOfOrdinaryUser(t *testing.T) {
	source := rendered(t, SessionRow(signedIn(English), Session{Username: "สมหญิง", Role: "user", Quota: Quota{SessionID: "user_สมหญิง"}}))
	for _, forbidden := range []string{"Admin", "Disabled", "badge"} {
		if strings.Contains(source, forbidden) {
			t.Errorf("%q is there", forbidden)
		}
	}
	for _, want := range []string{"Never", `hx-post="/admin/sessions/user_%E0%B8%AA%E0%B8%A1`} {
		if !strings.Contains(source, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestSessionRowOfDeletedUser(t *testing.T) {
	source := rendered(t, SessionRow(signedIn(English), Session{Username: "gone", Role: "user", Disabled: true, Deleted: true}))
	if !strings.Contains(source, "Deleted") || strings.Contains(source, "Disabled") {
		t.Error("a deleted user passes for one who is disabled")
	}
}

func TestSorting(t *testing.T) {
	for _, test := range []struct {
		sort, column, next, direction string
	}{
		{"", "username", "username", "none"},
		{"", "videos", "-videos", "none"},
		{"-videos", "videos", "videos", "descending"},
		{"videos", "videos", "-videos", "ascending"},
		{"username", "username", "-username", "ascending"},
		{"-videos", "last_upload", "-last_upload", "none"},
		{"nonsense", "created", "-created", "none"},
	} {
		t.Run(test.sort+"/"+test.column, func(t *testing.T) {
			source := rendered(t, SessionsList(signedIn(English), Sessions{Sort: test.sort, Query: "a b"}))
			link := byID(t, source, "sort-"+test.column)
			want := "/admin/sessions?q=a+b&sort=" + test.next
			if got, _ := attribute(link, "hx-get"); got != want {
				t.Errorf("it leads to %q, want %q", got, want)
			}
			if got, _ := attribute(link, "href"); got != want {
				t.Errorf("without htmx it leads to %q, want %q", got, want)
			}
			if got, _ := attribute(link.Parent, "aria-sort"); got != test.direction {
				t.Errorf("it is sorted %q, want %q", got, test.direction)
			}
		})
	}
}

func TestSessionsPaging(t *testing.T) {
	for _, test := range []struct {
		name, cursor, next string
		first, hasNext     bool
	}{
		{"only page", "", "", false, false},
		{"first page", "", "n", false, true},
		{"middle", "c", "n", true, true},
		{"last page", "c", "", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := rendered(t, SessionsList(signedIn(English), Sessions{Sort: "-videos", Cursor: test.cursor, NextCursor: test.next}))
			if got := strings.Contains(source, `id="first-page"`); got != test.first {
				t.Errorf("way to the first page: %t", got)
			}
			if got := strings.Contains(source, `id="next-page" href="/admin/sessions?cursor=n&amp;sort=-videos"`); got != test.hasNext {
				t.Errorf("way to the next page: %t", got)
			}
		})
	}
}

func TestSearchKeepsTheOrder(t *testing.T) {
	source := rendered(t, SessionsPage(signedIn(Thai), Sessions{Query: "สม", Sort: "-videos"}))
	if query, _ := attribute(byID(t, source, "q"), "value"); query != "สม" {
		t.Errorf("the search box holds %q", query)
	}
	if !strings.Contains(source, `<input type="hidden" name="sort" value="-videos" form="search">`) {
		t.Error("a search forgets the order")
	}
	if !strings.Contains(source, Messages(Thai).NoSessions) {
		t.Error("an empty list says nothing")
	}
}
