package db

import (
	"errors"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func newToken(d *DB, u User, scope Scope) APIToken {
	id := newID()
	return APIToken{
		ID: id, UserID: u.ID, CredentialsVersion: u.CredentialsVersion,
		Name: "รายวัน", Hash: "hash of " + id, Scope: scope, ExpiresAt: d.now().Add(time.Hour),
	}
}

func apiToken(t *testing.T, d *DB, u User, scope Scope) APIToken {
	t.Helper()
	made, err := d.CreateAPIToken(t.Context(), newToken(d, u, scope))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// wantBearer shows a token as a request does.
func wantBearer(t *testing.T, d *DB, token APIToken, want error) {
	t.Helper()
	found, err := d.APIToken(t.Context(), token.Hash)
	if err == nil {
		_, err = d.SignedIn(t.Context(), found.UserID, found.CredentialsVersion, found.ID)
	}
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestAPIToken(t *testing.T) {
	d, now := clocked(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	want := newToken(d, john, ScopeUpload)
	made, err := d.CreateAPIToken(t.Context(), want)
	want.CreatedAt = *now
	if err != nil || made != want {
		t.Fatalf("made %+v, want %+v: %v", made, want, err)
	}
	if found, err := d.APIToken(t.Context(), want.Hash); err != nil || found != want {
		t.Errorf("found %+v, want %+v: %v", found, want, err)
	}
	if _, err := d.APIToken(t.Context(), want.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("found by its id: %v", err)
	}
	*now = now.Add(time.Minute)
	if err := d.Seen(t.Context(), map[string]time.Time{made.ID: *now}); err != nil {
		t.Fatal(err)
	}
	list, err := d.APITokens(t.Context(), john.ID)
	if err != nil || len(list) != 1 || list[0].LastUsedAt == nil || !list[0].LastUsedAt.Equal(*now) {
		t.Errorf("listed %+v: %v", list, err)
	}
	if list, err := d.APITokens(t.Context(), jane.ID); err != nil || len(list) != 0 {
		t.Errorf("another user has %+v: %v", list, err)
	}
	if err := d.RevokeAPIToken(t.Context(), jane.ID, made.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("another user revokes it: %v", err)
	}
	wantBearer(t, d, made, nil)
	if err := d.RevokeAPIToken(t.Context(), john.ID, made.ID); err != nil {
		t.Fatal(err)
	}
	wantBearer(t, d, made, ErrNotFound)
}

// TestAPITokenEnds uses a token, so that it is known, and then ends it.
func TestAPITokenEnds(t *testing.T) {
	yes, hash := true, "x"
	for what, end := range map[string]func(t *testing.T, d *DB, now *time.Time) error{
		"expired": func(_ *testing.T, _ *DB, now *time.Time) error { *now = now.Add(time.Hour); return nil },
		"disabled": func(t *testing.T, d *DB, _ *time.Time) error {
			_, err := d.ChangeUser(t.Context(), "john", UserChange{Disabled: &yes})
			return err
		},
		"password reset": func(t *testing.T, d *DB, _ *time.Time) error {
			_, err := d.ChangeUser(t.Context(), "john", UserChange{PasswordHash: &hash})
			return err
		},
		"deleted": func(t *testing.T, d *DB, _ *time.Time) error {
			_, err := d.DeleteUser(t.Context(), "john")
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			d, now := clocked(t)
			newAdmin(t, d, "root")
			token := apiToken(t, d, newUser(t, d, "john"), ScopeRead)
			wantBearer(t, d, token, nil)
			if err := end(t, d, now); err != nil {
				t.Fatal(err)
			}
			wantBearer(t, d, token, ErrNotFound)
			if list, err := d.APITokens(t.Context(), token.UserID); err != nil || len(list) != 0 {
				t.Errorf("listed %+v: %v", list, err)
			}
		})
	}
}

func TestAPITokenForAdmins(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	if _, err := d.CreateAPIToken(t.Context(), newToken(d, u, ScopeAdmin)); !errors.Is(err, ErrNotAdmin) {
		t.Errorf("got %v, want %v", err, ErrNotAdmin)
	}
	apiToken(t, d, newAdmin(t, d, "root"), ScopeAdmin)
}

func TestAPITokensAreBounded(t *testing.T) {
	d, now := clocked(t)
	u := newUser(t, d, "john")
	var mu sync.Mutex
	made, refused := 0, 0
	var all sync.WaitGroup
	for range MaxAPITokens + 5 {
		all.Go(func() {
			_, err := d.CreateAPIToken(t.Context(), newToken(d, u, ScopeRead))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case errors.Is(err, ErrTooManyTokens):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	waittest.Group(t, &all)
	if made != MaxAPITokens || refused != 5 {
		t.Errorf("%d made, %d refused", made, refused)
	}
	*now = now.Add(time.Hour)
	apiToken(t, d, u, ScopeRead) // Those that have expired do not count.
}

func TestScopes(t *testing.T) {
	order := []Scope{"", ScopeRead, ScopeUpload, ScopeAdmin}
	for i, a := range order {
		for j, b := range order {
			if got, want := a.Includes(b), i >= j && j > 0; got != want {
				t.Errorf("%q includes %q: %v, want %v", a, b, got, want)
			}
		}
	}
	if Scope("root").Valid() || Scope("root").Includes(ScopeRead) || ScopeAdmin.Includes("root") {
		t.Error("an unknown scope allows something, or is allowed")
	}
}
