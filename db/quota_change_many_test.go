package db

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestChangeMany(t *testing.T) {
	for _, test := range []struct {
		name     string
		sel      Selection
		expected int64
		want     []string // of names
		err      error
	}{
		{"all", Selection{}, 4, []string{"ann", "anna", "bo", "full"}, nil},
		{"named", Selection{SessionIDs: []string{"user_bo", "user_ann"}}, 2, []string{"ann", "bo"}, nil},
		{"matching a name", Selection{Match: SessionMatch{Key: "an"}}, 2, []string{"ann", "anna"}, nil},
		{"matching a filter", Selection{Match: SessionMatch{Filter: FilterOver}}, 1, []string{"full"}, nil},
		{"matching both", Selection{Match: SessionMatch{Key: "an", Filter: FilterOver}}, 0, nil, nil},
		{"none named", Selection{SessionIDs: []string{}}, 0, nil, nil},
		{"one more than was agreed to", Selection{Match: SessionMatch{Key: "an"}}, 1, nil, ErrSelectionChanged},
		{"one less", Selection{}, 5, nil, ErrSelectionChanged},
		{"one that is not there", Selection{SessionIDs: []string{"user_bo", "user_x"}}, 2, nil, ErrNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := open(t)
			for _, name := range []string{"ann", "anna", "bo", "full"} {
				u := newUser(t, d, name)
				upload(t, d, u.SessionID, 2*time.Second)
			}
			if _, err := d.SetLimits(t.Context(), QuotaChange{SessionID: "user_full"}, OwnLimits{Videos: new(int64(1))}); err != nil {
				t.Fatal(err)
			}
			a := QuotaChange{Actor: "admin", Reason: "new term"}
			if n, err := d.CountSelected(t.Context(), test.sel); test.err == nil && n != test.expected || err != nil && !errors.Is(err, test.err) {
				t.Errorf("count %d, %v", n, err)
			}
			n, err := d.ResetMany(t.Context(), test.sel, a, test.expected)
			if n != int64(len(test.want)) || !errors.Is(err, test.err) {
				t.Errorf("reset: %d, %v", n, err)
			}
			for _, name := range []string{"ann", "anna", "bo", "full"} {
				id := "user_" + name
				want := Usage{1, 2 * time.Second}
				events := number(t, d, "SELECT count(*) FROM events WHERE session_id = $1 AND kind = 'reset' AND actor = 'admin' AND reason = 'new term'", id)
				if slices.Contains(test.want, name) {
					want = Usage{}
					if events != 1 {
						t.Errorf("%s has %d events", name, events)
					}
				} else if events != 0 {
					t.Errorf("%s has %d events", name, events)
				}
				wantUsage(t, d, id, want)
			}
		})
	}
}

// More than are changed in one transaction, each once.
func TestSetLimitsManyInBatches(t *testing.T) {
	d := open(t)
	var ids []string
	for i := range 2*changeBatch + 1 {
		ids = append(ids, newUser(t, d, fmt.Sprint("u", i)).SessionID)
	}
	total := int64(len(ids))
	for videos, sel := range map[int64]Selection{5: {}, 6: {SessionIDs: ids}} {
		own := OwnLimits{Videos: &videos}
		if n, err := d.SetLimitsMany(t.Context(), sel, QuotaChange{Actor: "admin"}, total, own); n != total || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		if n := number(t, d, "SELECT count(*) FROM quota_sessions WHERE max_videos = $1 AND max_duration_ms IS NULL", videos); n != total {
			t.Errorf("%d have the limits", n)
		}
		if n := number(t, d, "SELECT count(DISTINCT session_id) FROM events WHERE kind = 'limits' AND max_videos = $1", videos); n != total {
			t.Errorf("%d have an event", n)
		}
	}
	if n := number(t, d, "SELECT count(*) FROM events"); n != 2*total {
		t.Errorf("%d events", n)
	}
}
