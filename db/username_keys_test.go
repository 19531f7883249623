package db

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"gensubtitle/internal/auth"
)

// migrateKeys makes the migration of the keys, or takes it back.
func migrateKeys(t *testing.T, d *DB, up bool) {
	t.Helper()
	provider, err := newProvider(d.writer)
	if err != nil {
		t.Fatal(err)
	}
	if up {
		_, err = provider.UpTo(t.Context(), 10)
	} else {
		_, err = provider.DownTo(t.Context(), 9)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// addFormer makes a user as the program did before the rules for look-alikes.
func addFormer(t *testing.T, d *DB, name string) int64 {
	t.Helper()
	u, err := auth.ParseUsername(name)
	if err != nil {
		t.Fatal(err)
	}
	made, err := d.CreateUser(t.Context(), NewUser{
		Name: u.Name, Key: u.Former, SessionID: u.SessionID(), PasswordHash: "hash", Role: RoleUser,
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// TestUsernameKeysMigrate wants every user found by their own spelling, and a
// name that two users have told.
func TestUsernameKeysMigrate(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "gensubtitle.db"))
	migrateKeys(t, d, false)
	const (
		water, waterToneLast, waterAAFirst = "น\u0e49\u0e33", "น\u0e4d\u0e49\u0e32", "น\u0e32\u0e49\u0e4d"
		red, redEE                         = "\u0e41ดง", "\u0e40\u0e40ดง"
		alone                              = "A.ท\u0e49\u0e35"
	)
	ids := map[string]int64{}
	for _, name := range []string{"john", waterAAFirst, waterToneLast, red, redEE, alone, "..", "สมชาย"} {
		ids[name] = addFormer(t, d, name)
	}
	migrateKeys(t, d, true)

	find := func(typed string) int64 {
		t.Helper()
		name, err := auth.ParseUsername(typed)
		if err != nil {
			t.Fatal(err)
		}
		key, err := d.KeyOf(t.Context(), name.Key, name.Former)
		if err != nil {
			t.Fatal(err)
		}
		u, err := d.UserByKey(t.Context(), key)
		if err != nil {
			t.Errorf("%q: %v", typed, err)
		}
		return u.ID
	}
	for name, id := range ids {
		if got := find(name); got != id {
			t.Errorf("%q finds user %d, want %d", name, got, id)
		}
	}
	// A spelling that nobody has leads to the first one who had the name.
	for typed, owner := range map[string]string{water: waterAAFirst, "a.ท\u0e35\u0e49": alone, "JOHN": "john"} {
		if got := find(typed); got != ids[owner] {
			t.Errorf("%q finds user %d, want that of %q", typed, got, owner)
		}
	}
	shared, err := d.SharedNames(t.Context())
	if want := []SharedName{{waterToneLast, waterAAFirst}, {redEE, red}}; err != nil || !slices.Equal(shared, want) {
		t.Errorf("shared names %q, %v; want %q", shared, err, want)
	}
	list, err := d.ListSessions(t.Context(), SessionQuery{
		SessionMatch: SessionMatch{Key: auth.UsernameKey("ท\u0e35\u0e49")}, Sort: SortUsername, Limit: 10,
	})
	if err != nil || len(list.Sessions) != 1 || list.Sessions[0].Username != "A.ท\u0e49\u0e35" {
		t.Errorf("a search finds %+v, %v", list, err)
	}

	migrateKeys(t, d, false)
	if left := number(t, d, "SELECT count(*) FROM users WHERE username_key = $1", "a.ท\u0e49\u0e35"); left != 1 {
		t.Error("the former key is not there again")
	}
	migrateKeys(t, d, true)
}

// TestUsernameKeysAsInAuth holds the SQL against the rules of package auth.
func TestUsernameKeysAsInAuth(t *testing.T) {
	d := openAt(t, filepath.Join(t.TempDir(), "gensubtitle.db"))
	migrateKeys(t, d, false)
	letters := []rune("กน\u0e31\u0e32\u0e33\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e40\u0e41\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e")
	random := rand.New(rand.NewPCG(1, 2))
	names := map[string]bool{}
	for len(names) < 300 {
		name := make([]rune, 1+random.IntN(12))
		for i := range name {
			name[i] = letters[random.IntN(len(letters))]
		}
		u, err := auth.ParseUsername(string(name))
		if err != nil {
			t.Fatal(err)
		}
		if !names[u.Key] {
			names[u.Key] = true
			addFormer(t, d, u.Name)
		}
	}
	migrateKeys(t, d, true)
	rows, err := d.reader.QueryContext(t.Context(), "SELECT username, username_key FROM users")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, key string
		if err := rows.Scan(&name, &key); err != nil {
			t.Fatal(err)
		}
		if want := auth.UsernameKey(name); key != want {
			t.Errorf("%+q has the key %+q, want %+q", name, key, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
