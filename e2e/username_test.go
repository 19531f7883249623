package e2e

import (
	"strings"
	"testing"
)

// TestNamesOfDots refuses names that browsers and proxies take out of a path, and
// lets those who have one be managed.
func TestNamesOfDots(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := s.admin()
	for _, name := range []string{".", "..", "...", strings.Repeat(".", 32)} {
		if p := s.anyone().post("/register", credentials(name, password)).problem(422, "invalid"); p.Errors["username"] == "" {
			t.Errorf("%q: %+v", name, p)
		}
		admin.post("/admin/users", credentials(name, password)).problem(422, "invalid")
		s.anyone().with("Accept", "text/html").post("/register", form(name, password)).want(422)
	}
	for _, name := range []string{"a.", "..b", ".-"} {
		s.register(name)
	}

	// One from before the rule.
	s.register("x")
	d := s.database()
	for _, statement := range []string{
		"UPDATE users SET username = '..', username_key = '..' WHERE username = 'x'",
		"PRAGMA foreign_keys = off; UPDATE quota_sessions SET session_id = 'user_..' WHERE session_id = 'user_x'",
	} {
		alter(t, d, statement)
	}
	s.login("..", password).get("/user/session").want(200)
	folder := "--data-dir=" + s.dir
	for _, args := range [][]string{
		{"user", "disable", ".."}, {"user", "enable", ".."}, {"session", "show", ".."}, {"user", "delete", ".."},
	} {
		if code, out, log := once(t, nil, append(args, folder)...); code != 0 {
			t.Errorf("%v: %d %s%s", args, code, out, log)
		}
	}
	for _, name := range []string{".", "...."} {
		if code, out, _ := once(t, nil, "user", "add", name, folder); code == 0 {
			t.Errorf("a user %q was added: %s", name, out)
		}
	}
}

// TestThaiLookAlikes has one person behind all spellings that look the same.
func TestThaiLookAlikes(t *testing.T) {
	t.Parallel()
	s := start(t)
	const name = "น\u0e49\u0e33\u0e41ดง"
	s.register(name)
	for _, same := range []string{
		"น\u0e4d\u0e49\u0e32\u0e41ดง", "น\u0e49\u0e4d\u0e32\u0e40\u0e40ดง", "น\u0e33\u0e49\u0e41ดง", "น\u0e32\u0e49\u0e4d\u0e41ดง",
	} {
		s.anyone().post("/register", credentials(same, password)).problem(409, "username-taken")
		if got := s.login(same, password).session().ID; got != "user_"+name {
			t.Errorf("%+q leads to %q", same, got)
		}
		s.admin().do("PATCH", "/admin/users/"+escape(same), map[string]any{"role": "user"}).want(200)
		var list struct{ Total int }
		s.admin().get("/admin/sessions?q=" + escape(same)).want(200).decode(&list)
		if list.Total != 1 {
			t.Errorf("%+q finds %d", same, list.Total)
		}
		if code, out, log := once(t, nil, "user", "enable", same, "--data-dir="+s.dir); code != 0 {
			t.Errorf("%+q: %s%s", same, out, log)
		}
	}
	s.anyone().post("/register", credentials("น\u0e48\u0e33\u0e41ดง", password)).want(201)
}

// TestSharedNames starts on a database in which two people have what is one name
// by now. Both get in, and check tells of them.
func TestSharedNames(t *testing.T) {
	t.Parallel()
	s := start(t)
	const first, second = "\u0e41ดง", "\u0e40\u0e40ดง"
	s.register(first)
	s.register("x")
	s.stop()
	d := s.database()
	// As the migration leaves it.
	alter(t, d, "UPDATE users SET username = '"+second+"', username_key = '"+second+"' WHERE username = 'x'")
	alter(t, d, "UPDATE quota_sessions SET session_id = 'user_"+second+"' WHERE session_id = 'user_x'")
	alter(t, d, "INSERT INTO username_key_changes SELECT id, username_key, '"+first+"' FROM users WHERE username = '"+second+"'")
	s.restart()
	for _, name := range []string{first, second} {
		if got := s.login(name, password).session().ID; got != "user_"+name {
			t.Errorf("%q is signed in as %q", name, got)
		}
		var session session
		s.admin().do("PATCH", "/admin/users/"+escape(name), map[string]any{"role": "user"}).want(200).decode(&session)
		if session.Username != name {
			t.Errorf("%q changes %q", name, session.Username)
		}
	}
	code, out, log := once(t, nil, "check", "--data-dir="+s.dir)
	if code == 0 || !strings.Contains(out, second) || !strings.Contains(out, "is now the same as that of "+first) {
		t.Errorf("check: %d %s%s", code, out, log)
	}
}
