package db

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// someSessions makes users whose names share parts and whose usage and limits
// are everywhere around the borders of the filters. It returns their sessions
// with the ids of the users.
func someSessions(t *testing.T, d *DB, n int) ([]Session, map[string]int64) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...int64) int64 { return of[random.IntN(len(of))] }
	ids := map[string]int64{}
	for i := range n {
		parts := []string{"an", "na", "a", "สม", "_", "b", ""}
		name := parts[random.IntN(len(parts))] + parts[random.IntN(len(parts))] + parts[random.IntN(len(parts))] + fmt.Sprint(i)
		u := newUser(t, d, name)
		ids[u.SessionID] = u.ID
		alter(t, d, `
			UPDATE quota_sessions SET videos_count = $1, duration_ms = $2, last_upload_at = nullif($3, 0), created_at = $4,
				max_videos = nullif($5, -1), max_duration_ms = nullif($6, -1) WHERE user_id = $7`,
			pick(0, 0, 1, 7, 8, 9, 10, 11), pick(0, 0, 479_999, 480_000, 599_999, 600_000, 700_000), pick(0, 0, 5, 6), pick(1, 2),
			pick(-1, -1, -1, 0, 5, 20), pick(-1, -1, -1, 0, 100, 1_000_000), u.ID)
		alter(t, d, "UPDATE users SET disabled = $1, deleted_at = nullif($2, 0) WHERE id = $3",
			pick(0, 0, 0, 1), pick(0, 0, 0, 7), u.ID)
	}
	var all []Session
	for id := range ids {
		s, err := d.Session(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all, ids
}

// fits is what the filters are said to mean.
func (m SessionMatch) fits(s Session) bool {
	over := s.RemainingVideos() == 0 || s.RemainingDuration() == 0
	near := 5*s.Usage.Videos >= 4*s.Limits.Videos || 5*s.Usage.Duration >= 4*s.Limits.Duration
	return strings.Contains(strings.ToLower(s.Username), m.Key) && map[SessionFilter]bool{
		FilterNone:     true,
		FilterOver:     over,
		FilterNear:     near && !over,
		FilterDisabled: s.Disabled,
		FilterUnused:   s.LastUploadAt == nil && s.Usage == Usage{},
	}[m.Filter]
}

func sortKey(s Session, by SessionSort) (text string, number int64) {
	switch by {
	case SortUsername:
		return strings.ToLower(s.Username), 0
	case SortVideos:
		return "", s.Usage.Videos
	case SortDuration:
		return "", int64(s.Usage.Duration)
	case SortCreated:
		return "", s.CreatedAt.UnixMilli()
	}
	if s.LastUploadAt == nil {
		return "", 0
	}
	return "", s.LastUploadAt.UnixMilli()
}

// Whichever way the list is found, it is the same list.
func TestListSessionsMatching(t *testing.T) {
	d := openWith(t, Options{Path: t.TempDir() + "/x.db", Defaults: Limits{Videos: 10, Duration: 10 * time.Minute, FileBytes: 1}})
	all, ids := someSessions(t, d, 120)
	for _, reach := range []int64{0, 2, 30, searchReach} {
		d.reach = reach
		for _, sort := range sorts {
			slices.SortFunc(all, func(a, b Session) int {
				textA, numberA := sortKey(a, sort)
				textB, numberB := sortKey(b, sort)
				return cmp.Or(cmp.Compare(textA, textB), cmp.Compare(numberA, numberB), cmp.Compare(ids[a.SessionID], ids[b.SessionID]))
			})
			for _, filter := range []SessionFilter{FilterNone, FilterOver, FilterNear, FilterDisabled, FilterUnused} {
				for _, key := range []string{"", "a", "an", "ana", "1", "สม", "_", "b_", "b1", "none"} {
					m := SessionMatch{Key: key, Filter: filter}
					var want []string
					for _, s := range all {
						if m.fits(s) {
							want = append(want, s.SessionID)
						}
					}
					for _, descending := range []bool{false, true} {
						checkList(t, d, SessionQuery{SessionMatch: m, Sort: sort, Descending: descending, Limit: 7}, want)
						slices.Reverse(want)
					}
				}
			}
		}
	}
}

func checkList(t *testing.T, d *DB, q SessionQuery, want []string) {
	t.Helper()
	var got []string
	first := q
	for {
		p, err := d.ListSessions(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		total := int64(len(want))
		capped := first.SessionMatch != (SessionMatch{}) && total > d.reach
		if capped != p.TotalOver || !capped && p.Total != total || capped && p.Total != d.reach {
			t.Fatalf("%+v, reach %d: total %d, more %v, want %d", q, d.reach, p.Total, p.TotalOver, total)
		}
		for _, s := range p.Sessions {
			got = append(got, s.SessionID)
		}
		if q.After = p.Next; q.After == nil || len(got) > len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v, reach %d:\ngot  %v\nwant %v", first, d.reach, got, want)
	}
}

func TestSessionFilterValid(t *testing.T) {
	for filter, want := range map[SessionFilter]bool{"": true, "over": true, "near": true, "disabled": true, "unused": true, "all": false, "1=1": false} {
		if filter.Valid() != want {
			t.Errorf("%q: %v", filter, !want)
		}
	}
}
