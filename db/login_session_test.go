package db

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// clocked is a database whose clock stands still until the test moves it.
func clocked(t *testing.T) (*DB, *time.Time) {
	t.Helper()
	now := time.UnixMilli(1_700_000_000_000).UTC()
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return now }})
	return d, &now
}

func signIn(t *testing.T, d *DB, u User, id string, kind SignInKind) SignIn {
	t.Helper()
	s := SignIn{
		ID: id, UserID: u.ID, CredentialsVersion: u.CredentialsVersion, Kind: kind,
		UserAgent: "curl/8.5", Address: "203.0.113.1", ExpiresAt: d.now().Add(time.Hour),
	}
	if err := d.RecordSignIn(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.CreatedAt, s.LastSeenAt = d.now(), d.now()
	return s
}

// signIns are the ids that are listed.
func signIns(t *testing.T, d *DB, u User) []string {
	t.Helper()
	list, err := d.SignIns(t.Context(), u.ID, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func wantSignIns(t *testing.T, d *DB, u User, want ...string) {
	t.Helper()
	if got := signIns(t, d, u); !slices.Equal(got, want) {
		t.Errorf("%s is signed in with %q, want %q", u.Name, got, want)
	}
}

func TestSignIns(t *testing.T) {
	d, now := clocked(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	first := signIn(t, d, john, "first", BrowserSignIn)
	signIn(t, d, jane, "hers", TokenSignIn)
	*now = now.Add(time.Minute)
	signIn(t, d, john, "second", TokenSignIn)
	wantSignIns(t, d, john, "second", "first")
	list, err := d.SignIns(t.Context(), john.ID, time.Time{})
	if err != nil || list[1] != first {
		t.Errorf("got %+v, want %+v: %v", list, first, err)
	}
	if list, err := d.SignIns(t.Context(), john.ID, *now); err != nil || len(list) != 1 || list[0].ID != "second" {
		t.Errorf("a browser unused for too long is listed: %+v, %v", list, err)
	}

	*now = now.Add(time.Minute)
	if err := d.Seen(t.Context(), map[string]time.Time{"first": *now, "second": now.Add(-time.Hour), "nobody": *now}); err != nil {
		t.Fatal(err)
	}
	wantSignIns(t, d, john, "first", "second")
	if list, err := d.SignIns(t.Context(), john.ID, time.Time{}); err != nil || !list[1].LastSeenAt.Equal(list[1].CreatedAt) {
		t.Errorf("it was seen before it began: %+v, %v", list, err)
	}

	if err := d.EndSignIn(t.Context(), jane.ID, "first"); !errors.Is(err, ErrNotFound) {
		t.Errorf("end the sign-in of another user: %v", err)
	}
	if err := d.EndSignIn(t.Context(), john.ID, "first"); err != nil {
		t.Fatal(err)
	}
	wantSignIns(t, d, john, "second")
	if _, err := d.SignedIn(t.Context(), john.ID, 1, "first"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was ended is still good: %v", err)
	}
	if err := d.Revoke(t.Context(), "second", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	wantSignIns(t, d, john)
	wantSignIns(t, d, jane, "hers")
	*now = now.Add(time.Hour)
	wantSignIns(t, d, jane)
}

func TestSignInsAreBounded(t *testing.T) {
	d, now := clocked(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	signIn(t, d, jane, "hers", TokenSignIn)
	for i := range maxSignIns + 2 {
		*now = now.Add(time.Second)
		signIn(t, d, john, fmt.Sprint(i), TokenSignIn)
	}
	ids := signIns(t, d, john)
	if len(ids) != maxSignIns || ids[0] != fmt.Sprint(maxSignIns+1) || slices.Contains(ids, "1") {
		t.Errorf("%d sign-ins are kept: %q", len(ids), ids)
	}
	wantSignIns(t, d, jane, "hers")
}

func TestEndOtherSignIns(t *testing.T) {
	d, _ := clocked(t)
	u := newUser(t, d, "john")
	signIn(t, d, u, "a", BrowserSignIn)
	token := apiToken(t, d, u, ScopeRead)
	version, err := d.EndOtherSignIns(t.Context(), u.ID, 1)
	if err != nil || version != 2 {
		t.Fatalf("version %d: %v", version, err)
	}
	wantSignIns(t, d, u)
	if _, err := d.SignedIn(t.Context(), u.ID, 1, "never recorded"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an older sign-in is still good: %v", err)
	}
	wantBearer(t, d, token, nil)
	if _, err := d.EndOtherSignIns(t.Context(), u.ID, 1); !errors.Is(err, ErrSignedOut) {
		t.Errorf("by somebody who was signed out: %v", err)
	}
}

func TestChangePassword(t *testing.T) {
	d, _ := clocked(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	signIn(t, d, john, "a", TokenSignIn)
	his, hers := apiToken(t, d, john, ScopeRead), apiToken(t, d, jane, ScopeRead)
	version, err := d.ChangePassword(t.Context(), john.ID, 1, "another hash")
	if err != nil || version != 2 {
		t.Fatalf("version %d: %v", version, err)
	}
	if u, err := d.UserByKey(t.Context(), "john"); err != nil || u.PasswordHash != "another hash" || u.CredentialsVersion != 2 {
		t.Errorf("now %+v: %v", u, err)
	}
	if u, err := d.UserByKey(t.Context(), "jane"); err != nil || u.PasswordHash != jane.PasswordHash || u.CredentialsVersion != 1 {
		t.Errorf("the other user is %+v: %v", u, err)
	}
	wantSignIns(t, d, john)
	wantBearer(t, d, his, ErrNotFound)
	wantBearer(t, d, hers, nil)
	if _, err := d.CreateAPIToken(t.Context(), newToken(d, john, ScopeRead)); !errors.Is(err, ErrSignedOut) {
		t.Errorf("a token by somebody who was signed out: %v", err)
	}
	for what, change := range map[string]string{
		"disabled": "UPDATE users SET disabled = 1", "deleted": "UPDATE users SET disabled = 0, deleted_at = 1",
	} {
		alter(t, d, change)
		if _, err := d.ChangePassword(t.Context(), john.ID, 2, "x"); !errors.Is(err, ErrSignedOut) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestChangePasswordTwiceAtOnce has several change it who all knew the old one.
func TestChangePasswordTwiceAtOnce(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	errs := make([]error, 10)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = d.ChangePassword(t.Context(), u.ID, 1, fmt.Sprint("hash ", i)) })
	}
	waittest.Group(t, &all)
	changed := 0
	for _, err := range errs {
		switch {
		case err == nil:
			changed++
		case !errors.Is(err, ErrSignedOut):
			t.Error(err)
		}
	}
	if changed != 1 {
		t.Errorf("it was changed %d times", changed)
	}
}

func TestDropEnded(t *testing.T) {
	d, now := clocked(t)
	john, jane, gone := newUser(t, d, "john"), newUser(t, d, "jane"), newUser(t, d, "gone")
	for _, u := range []User{john, jane, gone} {
		signIn(t, d, u, "of "+u.Name, TokenSignIn)
		apiToken(t, d, u, ScopeRead)
	}
	count := func(want int64) {
		t.Helper()
		if err := d.DropEnded(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"sign_ins", "api_tokens"} {
			if n := number(t, d, "SELECT count(*) FROM "+table); n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
	}
	count(3)
	if _, err := d.ChangePassword(t.Context(), john.ID, 1, "x"); err != nil {
		t.Fatal(err)
	}
	count(2)
	alter(t, d, "UPDATE users SET deleted_at = 1 WHERE username = 'gone'")
	count(1)
	*now = now.Add(time.Hour + graceTime)
	count(1)
	*now = now.Add(time.Millisecond)
	count(0)
}
