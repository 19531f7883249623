package e2e

import (
	"net/url"
	"testing"
)

// made is the answer to an admin's change of a user.
type made struct {
	session
	Password string `json:"password"`
}

func TestUsersByAdmin(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--registration=closed")
	admin := s.admin()
	create := func(body map[string]any) *answer { return admin.post("/admin/users", body) }
	change := func(name string, body map[string]any) *answer {
		return admin.do("PATCH", "/admin/users/"+url.PathEscape(name), body)
	}

	var mali made
	create(map[string]any{"username": "มะลิ"}).want(201).decode(&mali)
	if mali.ID != "user_มะลิ" || mali.Role != "user" || len(mali.Password) < 12 {
		t.Errorf("made %+v", mali)
	}
	user := s.login("มะลิ", mali.Password)
	user.accepted("a.wav", wav(100, 1))
	cookie := s.browser("มะลิ", mali.Password)
	var john made
	create(map[string]any{"username": "John", "password": password, "role": "admin"}).want(201).decode(&john)
	if john.Password != "" || john.Role != "admin" {
		t.Errorf("made %+v", john)
	}

	for _, test := range []struct {
		name   string
		answer *answer
		status int
		kind   string
	}{
		{"a name that is taken", create(map[string]any{"username": "JOHN"}), 409, "username-taken"},
		{"no name", create(map[string]any{}), 422, "invalid"},
		{"a short password", create(map[string]any{"username": "x", "password": "short"}), 422, "invalid"},
		{"another role", create(map[string]any{"username": "x", "role": "root"}), 422, "invalid"},
		{"no JSON", admin.send("POST", "/admin/users", "application/json", nil, -1), 422, "invalid"},
		{"both passwords", change("John", map[string]any{"password": password, "reset_password": true}), 422, "invalid"},
		{"nobody", change("nobody", map[string]any{"disabled": true}), 404, "not-found"},
		{"no name at all", change("no name", map[string]any{"disabled": true}), 404, "not-found"},
		{"as a user", user.post("/admin/users", map[string]any{"username": "x"}), 403, "forbidden"},
		{"as a user, to herself", user.do("PATCH", "/admin/users/"+url.PathEscape("มะลิ"), map[string]any{"role": "admin"}), 403, "forbidden"},
		{"signed out", s.anyone().do("DELETE", "/admin/users/John", nil), 401, "unauthenticated"},
		{"from another site", s.browser("admin", adminPassword).with("Origin", "https://evil.test").do("DELETE", "/admin/users/John", nil), 403, "cross-origin"},
	} {
		t.Run(test.name, func(t *testing.T) { test.answer.problem(test.status, test.kind) })
	}

	t.Run("a new password", func(t *testing.T) {
		var now made
		change("มะลิ", map[string]any{"reset_password": true}).want(200).decode(&now)
		user.get("/user/session").problem(401, "unauthenticated")
		cookie.get("/user/session").problem(401, "unauthenticated")
		s.anyone().post("/login", credentials("มะลิ", mali.Password)).problem(401, "bad-credentials")
		user = s.login("มะลิ", now.Password)
		mali.Password = now.Password
	})
	t.Run("disabled and enabled again", func(t *testing.T) {
		var now made
		change("มะลิ", map[string]any{"disabled": true}).want(200).decode(&now)
		if !now.Disabled || now.Usage.Videos != 1 {
			t.Errorf("now %+v", now)
		}
		user.get("/user/session").problem(401, "unauthenticated")
		s.anyone().post("/login", credentials("มะลิ", mali.Password)).problem(401, "bad-credentials")
		change("มะลิ", map[string]any{"disabled": false}).want(200)
		user.get("/user/session").problem(401, "unauthenticated")
		user = s.login("มะลิ", mali.Password)
		checkUsage(t, user.session(), 1, 100)
	})
	t.Run("a role", func(t *testing.T) {
		user.get("/admin/sessions").problem(403, "forbidden")
		change("มะลิ", map[string]any{"role": "admin"}).want(200)
		user.get("/admin/sessions").want(200)
		change("มะลิ", map[string]any{"role": "user"}).want(200)
		user.get("/admin/sessions").problem(403, "forbidden")
	})
	t.Run("deleted", func(t *testing.T) {
		path := user.created("b.wav", 1000)
		user.chunk(path, 0, make([]byte, 10)).want(204)
		admin.do("DELETE", "/admin/users/"+url.PathEscape("มะลิ"), nil).want(204)
		user.get("/user/session").problem(401, "unauthenticated")
		if left := append(s.media(), s.incoming()...); len(left) != 0 {
			t.Errorf("files left: %v", left)
		}
		create(map[string]any{"username": "มะลิ"}).problem(409, "username-taken")
		var kept session
		admin.get("/admin/sessions/" + url.PathEscape("user_มะลิ")).want(200).decode(&kept)
		if !kept.Disabled || kept.Usage.Videos != 1 {
			t.Errorf("the quota session is %+v", kept)
		}
		admin.do("DELETE", "/admin/users/"+url.PathEscape("มะลิ"), nil).problem(404, "not-found")
	})
	t.Run("the last admin", func(t *testing.T) {
		admin.do("DELETE", "/admin/users/john", nil).want(204)
		change("admin", map[string]any{"role": "user"}).problem(409, "last-admin")
		change("admin", map[string]any{"disabled": true}).problem(409, "last-admin")
		admin.do("DELETE", "/admin/users/admin", nil).problem(409, "last-admin")
		admin.get("/admin/sessions").want(200)
	})
}
