package db

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func newAdmin(t *testing.T, d *DB, name string) User {
	t.Helper()
	newUser(t, d, name)
	role := RoleAdmin
	u, err := d.ChangeUser(t.Context(), name, UserChange{Role: &role})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestChangeUser(t *testing.T) {
	admin, yes, no, hash := RoleAdmin, true, false, "another hash"
	for _, test := range []struct {
		name   string
		change UserChange
		want   User // what is zero is as before
		ends   bool // every token and login session
	}{
		{"nothing", UserChange{}, User{}, false},
		{"the role", UserChange{Role: &admin}, User{Role: RoleAdmin}, false},
		{"enable one who is", UserChange{Disabled: &no}, User{}, false},
		{"disable", UserChange{Disabled: &yes}, User{Disabled: true}, true},
		{"the password", UserChange{PasswordHash: &hash}, User{PasswordHash: hash}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := open(t)
			newAdmin(t, d, "root")
			u := newUser(t, d, "john")
			got, err := d.ChangeUser(t.Context(), "john", test.change)
			if err != nil {
				t.Fatal(err)
			}
			want := u
			want.Disabled = test.want.Disabled
			if test.want.Role != "" {
				want.Role = test.want.Role
			}
			if test.want.PasswordHash != "" {
				want.PasswordHash = test.want.PasswordHash
			}
			if test.ends {
				want.CredentialsVersion++
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			_, err = d.SignedIn(t.Context(), u.ID, u.CredentialsVersion, "token")
			if errors.Is(err, ErrNotFound) != test.ends {
				t.Errorf("an old token: %v", err)
			}
			if _, err := d.ChangeUser(t.Context(), "nobody", test.change); !errors.Is(err, ErrNotFound) {
				t.Errorf("nobody: %v", err)
			}
		})
	}
}

// TestDisabledTokensStayDead enables a user again who was disabled.
func TestDisabledTokensStayDead(t *testing.T) {
	d := open(t)
	newAdmin(t, d, "root")
	u := newUser(t, d, "john")
	for _, disabled := range []bool{true, false} {
		if _, err := d.ChangeUser(t.Context(), "john", UserChange{Disabled: &disabled}); err != nil {
			t.Fatal(err)
		}
		if _, err := d.SignedIn(t.Context(), u.ID, u.CredentialsVersion, "token"); !errors.Is(err, ErrNotFound) {
			t.Errorf("disabled %v: an old token: %v", disabled, err)
		}
	}
	if found, err := d.UserByKey(t.Context(), "john"); err != nil || found.CredentialsVersion != u.CredentialsVersion+1 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestDeleteUser(t *testing.T) {
	d := open(t)
	newAdmin(t, d, "root")
	u, other := newUser(t, d, "john"), newUser(t, d, "jane")
	kept := upload(t, d, other.SessionID, time.Second)
	ids := []string{upload(t, d, u.SessionID, time.Second), reject(t, d, u.SessionID)}
	resumable := newID()
	if err := d.AdmitResumable(t.Context(), Upload{ID: resumable, SessionID: u.SessionID, SizeBytes: 1}, 3); err != nil {
		t.Fatal(err)
	}
	ids = append(ids, resumable)
	running := receive(t, d, u.SessionID)
	got, err := d.DeleteUser(t.Context(), "john")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("got %v, want %v", got, ids)
	}
	for id, want := range map[string]bool{ids[0]: false, ids[1]: false, ids[2]: false, running: true, kept: true} {
		if has, err := d.HasVideo(t.Context(), id); err != nil || has != want {
			t.Errorf("video %s: %v, want %v: %v", id, has, want, err)
		}
	}
	if _, _, err := d.Accept(t.Context(), running, Measured{Duration: time.Second, Container: "mp4"}); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the upload under way: %v", err)
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: time.Second})
	if _, err := d.SignedIn(t.Context(), u.ID, 1, "token"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an old token: %v", err)
	}
	if _, err := d.CreateUser(t.Context(), NewUser{Name: "John", Key: "john", SessionID: "user_John", Role: RoleUser}); !errors.Is(err, ErrUsernameTaken) {
		t.Errorf("the name again: %v", err)
	}
	if _, err := d.DeleteUser(t.Context(), "john"); !errors.Is(err, ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
}

// TestLastAdmin has every way to lose the last enabled admin tried at once, by
// two processes; one admin is always left.
func TestLastAdmin(t *testing.T) {
	path := t.TempDir() + "/x.db"
	processes := []*DB{openAt(t, path), openAt(t, path)}
	user, yes := RoleUser, true
	ways := []func(*DB, string) error{
		func(d *DB, key string) error {
			_, err := d.ChangeUser(t.Context(), key, UserChange{Role: &user})
			return err
		},
		func(d *DB, key string) error {
			_, err := d.ChangeUser(t.Context(), key, UserChange{Disabled: &yes})
			return err
		},
		func(d *DB, key string) error { _, err := d.DeleteUser(t.Context(), key); return err },
	}
	names := []string{"a1", "a2", "a3"}
	for _, name := range names {
		newAdmin(t, processes[0], name)
	}
	newUser(t, processes[0], "john")
	var all sync.WaitGroup
	refused := make([]bool, len(names))
	for i, name := range names {
		all.Go(func() {
			err := ways[i](processes[i%2], name)
			if err != nil && !errors.Is(err, ErrLastAdmin) {
				t.Errorf("%s: %v", name, err)
			}
			refused[i] = err != nil
		})
	}
	waittest.Group(t, &all)
	left := number(t, processes[0], "SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0 AND deleted_at IS NULL")
	n := 0
	for _, r := range refused {
		if r {
			n++
		}
	}
	if left != 1 || n != 1 {
		t.Errorf("%d admins are left, %d changes refused, want 1 and 1", left, n)
	}
}
