package db

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func TestCreateUser(t *testing.T) {
	d := open(t)
	if has, err := d.HasUsers(t.Context()); err != nil || has {
		t.Errorf("has users before the first: %v, %v", has, err)
	}
	made, err := d.CreateUser(t.Context(), NewUser{
		Name: "สมชาย_KK", Key: "สมชาย_kk", SessionID: "user_สมชาย_KK", PasswordHash: "a hash", Role: RoleAdmin,
	})
	if err != nil {
		t.Fatal(err)
	}
	if has, err := d.HasUsers(t.Context()); err != nil || !has {
		t.Errorf("has users after the first: %v, %v", has, err)
	}
	want := User{
		ID: made.ID, Name: "สมชาย_KK", SessionID: "user_สมชาย_KK", PasswordHash: "a hash",
		Role: RoleAdmin, CredentialsVersion: 1,
	}
	if made != want || made.ID == 0 {
		t.Errorf("made %+v, want %+v", made, want)
	}
	if found, err := d.UserByKey(t.Context(), "สมชาย_kk"); err != nil || found != want {
		t.Errorf("found %+v, want %+v: %v", found, want, err)
	}
	wantUsage(t, d, want.SessionID, Usage{})
}

func TestUsernameTaken(t *testing.T) {
	for what, change := range map[string]string{
		"by a user":          "UPDATE users SET disabled = 0",
		"by a disabled user": "UPDATE users SET disabled = 1",
		"by a deleted user":  "UPDATE users SET deleted_at = 1",
	} {
		t.Run(what, func(t *testing.T) {
			d := open(t)
			newUser(t, d, "John")
			alter(t, d, change)
			before := dump(t, d)
			for _, name := range []string{"John", "john", "JOHN"} {
				_, err := d.CreateUser(t.Context(), NewUser{
					Name: name, Key: "john", SessionID: "user_" + name, PasswordHash: "another", Role: RoleAdmin,
				})
				if !errors.Is(err, ErrUsernameTaken) {
					t.Errorf("%s: got %v, want %v", name, err, ErrUsernameTaken)
				}
			}
			if after := dump(t, d); after != before {
				t.Errorf("changed\n%s\nto\n%s", before, after)
			}
			newUser(t, d, "Johnny")
		})
	}
}

func TestCreateUserTogether(t *testing.T) {
	d := open(t)
	errs := make([]error, 40)
	var all sync.WaitGroup
	for i := range errs {
		name := []string{"john", "John", "jOhn", "JOHN"}[i%4]
		all.Go(func() {
			_, errs[i] = d.CreateUser(t.Context(), NewUser{
				Name: name, Key: "john", SessionID: "user_" + name, PasswordHash: "a hash", Role: RoleUser,
			})
		})
	}
	waittest.Group(t, &all)
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, ErrUsernameTaken) {
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d of one name were made", made)
	}
	if n := number(t, d, "SELECT count(*) FROM quota_sessions"); n != 1 {
		t.Errorf("%d quota sessions", n)
	}
}

func TestUserByKeyNotFound(t *testing.T) {
	d := open(t)
	newUser(t, d, "John")
	for _, test := range []struct{ what, key, change string }{
		{"unknown", "jane", "UPDATE users SET disabled = 0"},
		{"not a key", "John", "UPDATE users SET disabled = 0"},
		{"a pattern", "j%", "UPDATE users SET disabled = 0"},
		{"disabled", "john", "UPDATE users SET disabled = 1"},
		{"deleted", "john", "UPDATE users SET disabled = 0, deleted_at = 1"},
	} {
		alter(t, d, test.change)
		if _, err := d.UserByKey(t.Context(), test.key); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", test.what, err, ErrNotFound)
		}
	}
}

func TestSignedIn(t *testing.T) {
	for _, test := range []struct {
		what, change string
		version      int64
		token        string
		want         error
	}{
		{"in order", "UPDATE users SET disabled = 0", 1, "token", nil},
		{"another token is revoked", "INSERT INTO revocations VALUES ('other', 9e15)", 1, "token", nil},
		{"revoked", "INSERT INTO revocations VALUES ('token', 9e15)", 1, "token", ErrNotFound},
		{"older version", "UPDATE users SET credentials_version = 2", 1, "token", ErrNotFound},
		{"newer version", "UPDATE users SET credentials_version = 1", 2, "token", ErrNotFound},
		{"disabled", "UPDATE users SET disabled = 1", 1, "token", ErrNotFound},
		{"deleted", "UPDATE users SET deleted_at = 1", 1, "token", ErrNotFound},
		{"unknown", "UPDATE users SET id = id + 1", 1, "token", ErrNotFound},
	} {
		t.Run(test.what, func(t *testing.T) {
			d := open(t)
			u := newUser(t, d, "John")
			upload(t, d, u.SessionID, 1500*time.Millisecond)
			alter(t, d, "PRAGMA foreign_keys = 0")
			alter(t, d, test.change)
			a, err := d.SignedIn(t.Context(), u.ID, test.version, test.token)
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil {
				return
			}
			u.PasswordHash = "" // is not read for every request
			want := Account{User: u, Quota: Quota{
				SessionID: "user_John", Usage: Usage{Videos: 1, Duration: 1500 * time.Millisecond}, Limits: defaults,
			}}
			if a != want {
				t.Errorf("got %+v, want %+v", a, want)
			}
		})
	}
}

// TestSignedInFollows asks one process for an account that it knows while
// another changes it.
func TestSignedInFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	now := time.UnixMilli(1_700_000_000_000)
	d := openWith(t, Options{Path: path, Defaults: defaults, Now: func() time.Time { return now }})
	other := openAt(t, path)
	u := newUser(t, d, "John")
	signedIn := func() (int64, error) {
		t.Helper()
		a, err := d.SignedIn(t.Context(), u.ID, 1, "token")
		return a.Quota.Usage.Videos, err
	}
	for want := range int64(3) {
		if videos, err := signedIn(); err != nil || videos != want {
			t.Fatalf("%d videos, want %d: %v", videos, want, err)
		}
		upload(t, other, u.SessionID, time.Second)
	}

	foreign, err := sql.Open("sqlite3", dsn(path, writerOptions))
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	if _, err := foreign.ExecContext(t.Context(), "UPDATE users SET disabled = 1"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(cacheFresh)
	if _, err := signedIn(); !errors.Is(err, ErrNotFound) {
		t.Errorf("disabled by another program: got %v, want %v", err, ErrNotFound)
	}

	if _, err := foreign.ExecContext(t.Context(), "UPDATE users SET disabled = 0"); err != nil {
		t.Fatal(err)
	}
	if _, err := signedIn(); err != nil {
		t.Fatalf("enabled again: %v", err)
	}
	if err := other.Revoke(t.Context(), "token", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := signedIn(); !errors.Is(err, ErrNotFound) {
		t.Errorf("revoked by another process: got %v, want %v", err, ErrNotFound)
	}
}

func TestSignedInMakesTheSession(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "John")
	alter(t, d, "DELETE FROM quota_sessions")
	want := Quota{SessionID: "user_John", Limits: defaults}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if a, err := d.SignedIn(t.Context(), u.ID, 1, "token"); err != nil || a.Quota != want {
				t.Errorf("got %+v, want %+v: %v", a.Quota, want, err)
			}
		})
	}
	waittest.Group(t, &all)
	if n := number(t, d, "SELECT count(*) FROM quota_sessions WHERE session_id = 'user_John' AND user_id = $1", u.ID); n != 1 {
		t.Errorf("%d quota sessions", n)
	}
	upload(t, d, u.SessionID, time.Second)
	if a, err := d.SignedIn(t.Context(), u.ID, 1, "token"); err != nil || a.Quota.Usage.Videos != 1 {
		t.Errorf("the session was made again: %+v, %v", a.Quota, err)
	}
}

func TestRevoke(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	d := openWith(t, Options{Path: t.TempDir() + "/x.db", Defaults: defaults, Now: func() time.Time { return now }})
	u := newUser(t, d, "john")
	for _, token := range []string{"a", "a", "b"} { // twice is fine
		if err := d.Revoke(t.Context(), token, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for token, want := range map[string]error{"a": ErrNotFound, "b": ErrNotFound, "c": nil} {
		if _, err := d.SignedIn(t.Context(), u.ID, 1, token); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", token, err, want)
		}
	}

	// A clock that runs ahead for a while brings no revoked token back.
	for what, clean := range map[string]func() error{
		"revoke": func() error { return d.Revoke(t.Context(), "d", now.Add(time.Hour)) },
		"ready":  func() error { return d.Ready(t.Context()) },
		"clean":  func() error { return d.DropEnded(t.Context()) },
	} {
		right := now
		now = now.Add(8 * 24 * time.Hour)
		if err := clean(); err != nil {
			t.Fatal(err)
		}
		now = right
		if _, err := d.SignedIn(t.Context(), u.ID, 1, "a"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: a revoked token is good again: %v", what, err)
		}
	}
	now = now.Add(time.Hour + graceTime + time.Millisecond)
	if err := d.DropEnded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := number(t, d, "SELECT count(*) FROM revocations WHERE token_id IN ('a', 'b')"); got != 0 {
		t.Errorf("%d revocations are kept for ever", got)
	}
}

// TestReadyChangesNothing asks from outside, over and over: nobody need read
// again what they know.
func TestReadyChangesNothing(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	if err := d.Revoke(t.Context(), "old", time.UnixMilli(1)); err != nil {
		t.Fatal(err)
	}
	before, commits := dump(t, d), d.commits.count()
	if err := d.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := dump(t, d); after != before {
		t.Errorf("changed\n%s\nto\n%s", before, after)
	}
	if now := d.commits.count(); now != commits {
		t.Errorf("%d commits were counted", now-commits)
	}
	if _, err := d.SignedIn(t.Context(), u.ID, 1, "old"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestUsersDoNotShare(t *testing.T) {
	d := open(t)
	for i := range 3 {
		u := newUser(t, d, fmt.Sprint("user", i))
		for range i {
			upload(t, d, u.SessionID, time.Second)
		}
	}
	for i := range 3 {
		wantUsage(t, d, fmt.Sprint("user_user", i), Usage{Videos: int64(i), Duration: time.Duration(i) * time.Second})
	}
}
