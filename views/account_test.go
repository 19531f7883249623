package views

import (
	"strings"
	"testing"
)

func TestAccountForms(t *testing.T) {
	form := Form{Username: "john", Next: "/admin/sessions?q=ก", Alert: "ผิด", Errors: map[string]string{"password": "สั้น"}, RegistrationOpen: true}
	page := Page{Language: Thai, Path: "/login"}
	for id, source := range map[string]string{
		"login":    rendered(t, LoginPage(page, form)),
		"register": rendered(t, RegisterPage(page, form)),
	} {
		t.Run(id, func(t *testing.T) {
			node := byID(t, source, id)
			if action, _ := attribute(node, "action"); action != "/"+id {
				t.Errorf("it goes to %q", action)
			}
			values := map[string]string{}
			for _, n := range elements(t, source) {
				if name, ok := attribute(n, "name"); ok && n.Data == "input" {
					values[name+"@"+func() string { v, _ := attribute(n, "type"); return v }()], _ = attribute(n, "value")
				}
			}
			if values["username@"] != "john" || values["password@password"] != "" {
				t.Errorf("the inputs hold %q", values)
			}
			if got := textOf(byID(t, source, FormAlertID)); got != "ผิด" {
				t.Errorf("the alert says %q", got)
			}
			if got := textOf(byID(t, source, "password-error")); got != "สั้น" {
				t.Errorf("the field says %q", got)
			}
			if !strings.Contains(source, `name="next" value="/admin/sessions?q=ก"`) {
				t.Error("where to go next is lost")
			}
			other := map[string]string{"login": "/register", "register": "/login"}[id]
			if !strings.Contains(source, `href="`+other+`?next=%2Fadmin%2Fsessions%3Fq%3D%E0%B8%81"`) {
				t.Errorf("there is no way to %s that keeps where to go next", other)
			}
		})
	}
}

func TestAlertIsThereWhenEmpty(t *testing.T) {
	source := rendered(t, LoginPage(Page{Language: Thai}, Form{}))
	alert := byID(t, source, FormAlertID)
	if role, _ := attribute(alert, "role"); role != "alert" || alert.FirstChild != nil {
		t.Errorf("role %q, content %v", role, alert.FirstChild)
	}
}

func TestRegistrationClosed(t *testing.T) {
	page := Page{Language: Thai}
	if source := rendered(t, RegisterPage(page, Form{})); strings.Contains(source, "<input id") ||
		!strings.Contains(source, Messages(Thai).Problems.RegistrationClosed.Detail) {
		t.Error("a closed registration can be filled in, or does not say so")
	}
	if source := rendered(t, LoginPage(page, Form{})); strings.Contains(source, `href="/register`) {
		t.Error("the login page leads to a closed registration")
	}
}

func TestHeader(t *testing.T) {
	for _, test := range []struct {
		name          string
		page          Page
		holds, hasNot []string
	}{
		{
			"signed out",
			Page{Language: Thai, Path: "/login?next=%2F"},
			[]string{`value="/login?next=%2F"`, `name="lang" value="en"`, "English"},
			[]string{"/logout", "/admin/"},
		},
		{
			"user",
			Page{Language: English, Path: "/", Username: "Zoë"},
			[]string{"Zoë", "/logout", `name="lang" value="th"`, "ไทย"},
			[]string{"/admin/"},
		},
		{
			"admin",
			Page{Language: Thai, Path: "/", Username: "admin", Admin: true},
			[]string{"/admin/sessions", "/logout"},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := rendered(t, ErrorPage(test.page, 404, "a", "b"))
			for _, want := range test.holds {
				if !strings.Contains(source, want) {
					t.Errorf("%q is missing", want)
				}
			}
			for _, forbidden := range test.hasNot {
				if strings.Contains(source, forbidden) {
					t.Errorf("%q is there", forbidden)
				}
			}
		})
	}
}

func TestInitial(t *testing.T) {
	for username, want := range map[string]string{
		"john": "J", "สมหญิง": "ส", "เอก": "อ", "ไก่": "ก", "_zoe": "Z", "42": "4", "..": "•", "": "•",
	} {
		if got := initial(username); got != want {
			t.Errorf("initial(%q) = %q, want %q", username, got, want)
		}
	}
}
