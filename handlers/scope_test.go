package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/waittest"
)

// scopeOf says for every route which scope a personal token needs there. What
// is public asks for nobody; what takes a sign-in lets no such token pass.
var scopeOf = map[string][]string{
	"public": {
		"GET /healthz", "GET /readyz", "GET /static/{name}", "GET /favicon.ico", "GET /openapi.json", "GET /docs",
		"GET /login", "POST /login", "GET /register", "POST /register", "POST /language", "GET /limits", "OPTIONS /files",
	},
	"read": {
		"GET /user/session", "GET /videos", "GET /videos/{id}", "GET /videos/{id}/file", "GET /videos/{id}/thumbnail",
		"GET /videos/{id}/subtitles", "GET /videos/{id}/subtitles.vtt", "GET /videos/{id}/subtitles.srt",
		"GET /videos/{id}/subtitles.txt", "GET /videos/{id}/subtitles.json",
		"GET /videos/{id}/subtitled.mkv", "GET /videos/{id}/subtitled.mp4",
	},
	"upload": {
		"POST /upload-video", "DELETE /videos/{id}", "POST /files",
		"POST /videos/{id}/subtitles", "PUT /videos/{id}/subtitles", "DELETE /videos/{id}/subtitles",
		"POST /videos/{id}/subtitles/restore", "POST /videos/{id}/subtitles/track",
		"HEAD /files/{id}", "PATCH /files/{id}", "DELETE /files/{id}", "POST /files/{id}",
	},
	"admin": {
		"GET /admin/sessions", "GET /admin/sessions/{id}", "GET /admin/sessions/{id}/events", "PUT /admin/sessions/{id}/limits",
		"POST /admin/sessions/{id}/correct", "POST /admin/sessions/{id}/reset",
		"GET /admin/sessions/{id}/videos", "POST /admin/sessions/{id}/limits",
		"POST /admin/users/{username}", "POST /admin/users/{username}/delete", "GET /admin/overview", "GET /admin/sessions/reset", "POST /admin/sessions/reset",
		"GET /admin/sessions/limits", "PUT /admin/sessions/limits", "POST /admin/sessions/limits",
		"GET /admin/subtitles", "POST /admin/subtitles/{id}/cancel", "POST /admin/subtitles/{id}/retry",
		"POST /admin/users", "PATCH /admin/users/{username}", "DELETE /admin/users/{username}",
	},
	"a sign-in": {
		"GET /admin/users/new", "GET /admin/users/{username}/password", "GET /admin/users/{username}/change",
		"GET /admin/users/{username}/delete",
		"POST /logout", "GET /", "GET /quota", "GET /videos/{id}/delete", "POST /videos/{id}/delete", "GET /admin/sessions/{id}/reset",
		"POST /videos/{id}/subtitles/cancel", "POST /videos/{id}/subtitles/file",
		"GET /account/engine-prompt", "PUT /account/engine-prompt", "POST /account/engine-prompt",
		"GET /account", "POST /account/password", "GET /account/sign-ins", "DELETE /account/sign-ins",
		"GET /account/sign-ins/end", "POST /account/sign-ins/end", "DELETE /account/sign-ins/{id}",
		"GET /account/sign-ins/{id}/end", "POST /account/sign-ins/{id}/end", "GET /account/tokens", "POST /account/tokens",
		"DELETE /account/tokens/{id}", "GET /account/tokens/{id}/revoke", "POST /account/tokens/{id}/revoke",
	},
}

// TestScopeOfEveryRoute walks all routes with a token of each scope, and without
// one. A route that nobody has thought of fails it.
func TestScopeOfEveryRoute(t *testing.T) {
	s := apiServer(t)
	base := listen(t, s)
	needs := map[string]string{}
	for scope, routes := range scopeOf {
		for _, route := range routes {
			needs[route] = scope
		}
	}
	routes := answeredRoutes(s)
	for route := range needs {
		if !slices.Contains(routes, route) {
			t.Errorf("there is no route %s", route)
		}
	}
	order := []string{"public", "read", "upload", "admin", "a sign-in"}
	tokens := map[string]string{"public": ""}
	for _, scope := range []db.Scope{db.ScopeRead, db.ScopeUpload, db.ScopeAdmin} {
		tokens[string(scope)] = personalToken(t, s, scope)
	}
	for _, route := range routes {
		needed := slices.Index(order, needs[route])
		if needed < 0 {
			t.Errorf("%s: no scope is declared for it in this test", route)
			continue
		}
		for has, token := range tokens {
			status, kind := refused(t, base, route, token)
			want := ""
			if slices.Index(order, has) < needed {
				want = "insufficient-scope"
				if token == "" {
					want = "unauthenticated"
				}
			}
			if got := strings.TrimPrefix(kind, problemPrefix); (got == "insufficient-scope" || got == "unauthenticated") != (want != "") ||
				want != "" && status != map[string]int{"insufficient-scope": 403, "unauthenticated": 401}[want] {
				t.Errorf("%s with %s: %d %q, want %q", route, has, status, got, want)
			}
		}
	}
}

// personalToken makes a token of the user admin.
func personalToken(t *testing.T, s *Server, scope db.Scope) string {
	t.Helper()
	token := auth.NewAPIToken()
	_, err := s.DB.CreateAPIToken(t.Context(), db.APIToken{
		ID: string(scope), UserID: 1, CredentialsVersion: 1, Name: "a", Hash: auth.HashAPIToken(token),
		Scope: scope, ExpiresAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refused asks for a route of something that is not there, and returns how the
// answer tells of an error.
func refused(t *testing.T, base, route, token string) (status int, kind string) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	path = strings.NewReplacer("{id}", "nothing", "{username}", "nobody", "{name}", "nothing").Replace(path)
	request, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: waittest.Limit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var p struct{ Type string }
	_ = json.NewDecoder(response.Body).Decode(&p) // Not every answer is JSON.
	if method == http.MethodHead {
		// It has no body to tell by.
		p.Type = map[int]string{401: "unauthenticated", 403: "insufficient-scope"}[response.StatusCode]
	}
	return response.StatusCode, p.Type
}

// listen serves on a free port until the test ends, and returns the address.
func listen(t *testing.T, s *Server) string {
	t.Helper()
	listener := waittest.Listen(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Stop(ctx), waittest.Receive(t, served)); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}
