package db

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// beginImport has these users wait, whose lines are 2, 3, … as in a file.
func beginImport(t *testing.T, d *DB, names ...string) *Import {
	t.Helper()
	i, err := d.BeginImport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	for n, name := range names {
		err := i.Add(t.Context(), ImportedUser{
			Line: int64(n + 2), Name: name, Key: strings.ToLower(name), PasswordHash: "hash", Role: RoleUser,
			Usage: Usage{Videos: int64(n), Duration: time.Duration(n) * 1500 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return i
}

func refusedLines(t *testing.T, i *Import) []string {
	t.Helper()
	lines := []string{}
	for r, err := range i.Refused(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%d %s: %s", r.Line, r.Name, r.Reason))
	}
	return lines
}

// manyNames are in no order, as in a file.
func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("u%d", i*7919%n)
	}
	return names
}

func TestImport(t *testing.T) {
	for _, atOnce := range []int64{0, 1, 7, 1000} {
		t.Run(fmt.Sprint(atOnce), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gensubtitle.db")
			d := openAt(t, path) // An import holds the connection of its own database.
			newUser(t, d, "Already")
			i := beginImport(t, openAt(t, path), append(manyNames(50), "ALREADY", "U7", "U7", "สมชาย")...)
			if err := i.Refuse(t.Context(), RefusedUser{1, "bad name", "why"}); err != nil {
				t.Fatal(err)
			}
			if err := i.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			seven := slices.Index(manyNames(50), "u7") + 2
			want := []string{
				"1 bad name: why", "52 ALREADY: the name is taken",
				fmt.Sprintf("53 U7: the name is that of line %d as well", seven), "54 U7: the name is that of line 53 as well",
			}
			if got := refusedLines(t, i); !slices.Equal(got, want) {
				t.Errorf("refused\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			told := int64(0)
			if _, err := i.Apply(t.Context(), "cli:me", "import", atOnce, func(done int64) { told = done }); err != nil {
				t.Fatal(err)
			}
			if atOnce > 0 && told == 0 {
				t.Error("nothing was told of the progress")
			}
			if waiting, refused, err := i.Counts(t.Context()); waiting != 51 || refused != 4 || err != nil {
				t.Errorf("%d came in, %d were refused, %v", waiting, refused, err)
			}
			if found := findings(t, d); len(found) != 0 {
				t.Errorf("found %q", found)
			}
			s, err := d.SessionByKey(t.Context(), "สมชาย")
			if err != nil || s.Usage != (Usage{53, 53 * 1500 * time.Millisecond}) || s.SessionID != "user_สมชาย" {
				t.Errorf("session %+v, %v", s, err)
			}
			events, _, err := d.ListEvents(t.Context(), "user_สมชาย", 0, 10)
			if err != nil || len(events) != 1 || events[0].Kind != EventCorrection ||
				events[0].Actor != "cli:me" || events[0].Reason != "import" || events[0].Videos != 53 {
				t.Errorf("events %+v, %v", events, err)
			}
			if n := number(t, d, "SELECT count(*) FROM events WHERE videos_delta = 0 AND duration_delta_ms = 0"); n != 0 {
				t.Errorf("%d events of nothing", n)
			}
		})
	}
}

// TestImportBesideAWriter has somebody take a name between the checks and the
// writing.
func TestImportBesideAWriter(t *testing.T) {
	for _, test := range []struct {
		atOnce int64
		err    error
		left   int64 // of the users, with the one who was faster
	}{
		{0, ErrUsernameTaken, 1},
		{3, nil, 10},
	} {
		path := filepath.Join(t.TempDir(), "gensubtitle.db")
		d, other := openAt(t, path), openAt(t, path)
		i := beginImport(t, d, manyNames(10)...)
		// Nothing is locked while users wait.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := other.Ready(ctx); err != nil {
			t.Errorf("while rows are added: %v", err)
		}
		if err := i.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		newUser(t, other, "U5")
		before := dump(t, other)
		_, err := i.Apply(t.Context(), "cli:me", "import", test.atOnce, func(int64) {})
		if !errors.Is(err, test.err) {
			t.Errorf("%d at once: %v, want %v", test.atOnce, err, test.err)
		}
		if n := number(t, other, "SELECT count(*) FROM users"); n != test.left {
			t.Errorf("%d at once: %d users, want %d", test.atOnce, n, test.left)
		}
		if test.err != nil && dump(t, other) != before {
			t.Errorf("%d at once: some came in", test.atOnce)
		}
		if found := findings(t, other); len(found) != 0 {
			t.Errorf("%d at once: found %q", test.atOnce, found)
		}
	}
}

func TestImportGivenUp(t *testing.T) {
	d := open(t)
	before := dump(t, d)
	i, err := d.BeginImport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := i.Add(t.Context(), ImportedUser{Line: 2, Name: "a", Key: "a", Role: RoleUser}); err != nil {
		t.Fatal(err)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if after := dump(t, d); after != before {
		t.Errorf("changed\n%s\nto\n%s", before, after)
	}
	again := beginImport(t, d, "a") // The connection is as it was.
	if err := again.Settle(t.Context()); err != nil {
		t.Error(err)
	}
}
