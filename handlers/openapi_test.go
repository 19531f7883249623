package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/sqlite3/v2"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/uploads"
	"gensubtitle/static"
	"gensubtitle/views"
)

// pages are the routes that have nothing to say to a script.
var pages = []string{
	"GET /", "GET /quota", "GET /login", "GET /register", "POST /language",
	"GET /videos/{id}/delete", "POST /videos/{id}/delete", "GET /admin/sessions/{id}/reset",
	"GET /account", "GET /account/sign-ins/end", "POST /account/sign-ins/end",
	"GET /account/sign-ins/{id}/end", "POST /account/sign-ins/{id}/end",
	"GET /account/tokens/{id}/revoke", "POST /account/tokens/{id}/revoke",
	// Browsers send forms with POST alone; scripts say PUT, PATCH and DELETE.
	"POST /admin/sessions/{id}/limits", "POST /admin/users/{username}", "POST /admin/users/{username}/delete",
	"POST /account/engine-prompt",
	"POST /videos/{id}/subtitles/cancel", "POST /videos/{id}/subtitles/file",
	"GET /admin/users/new", "GET /admin/users/{username}/password",
	"GET /admin/users/{username}/change", "GET /admin/users/{username}/delete",
	"GET /static/{name}", "GET /favicon.ico", "GET /docs",
}

// readOpenAPI checks the document against the rules of OpenAPI, examples included.
func readOpenAPI(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(static.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if !document.IsOpenAPI31OrLater() {
		t.Fatalf("openapi is %q, want 3.1", document.OpenAPI)
	}
	if err := document.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation()); err != nil {
		t.Fatal(err)
	}
	return document
}

func TestOpenAPIHasEveryRoute(t *testing.T) {
	document := readOpenAPI(t)
	var described []string
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	answered := answeredRoutes(apiServer(t))
	for _, route := range described {
		if !slices.Contains(answered, route) {
			t.Errorf("%s is described, but there is no such route", route)
		}
		if slices.Contains(pages, route) {
			t.Errorf("%s is described, but is taken for a page alone", route)
		}
	}
	for _, route := range answered {
		if !slices.Contains(described, route) && !slices.Contains(pages, route) {
			t.Errorf("%s is not described", route)
		}
	}
	for _, route := range pages {
		if !slices.Contains(answered, route) {
			t.Errorf("%s is taken for a page, but there is no such route", route)
		}
	}
}

// answeredRoutes writes the server's routes as the document does.
func answeredRoutes(s *Server) []string {
	var routes []string
	all := s.app.GetRoutes(true)
	for _, r := range all {
		isSame := func(other fiber.Route) bool { return other.Path == r.Path && other.Method == http.MethodGet }
		if r.Method == http.MethodHead && slices.ContainsFunc(all, isSame) {
			continue // The router makes one for each GET.
		}
		routes = append(routes, r.Method+" "+documentPath(r.Path))
	}
	return routes
}

// TestOpenAPINames wants no two names that a generator of code makes one type of:
// those of schemas, parameters, responses and bodies share a package there.
func TestOpenAPINames(t *testing.T) {
	c := readOpenAPI(t).Components
	seen := map[string]string{}
	for kind, names := range map[string][]string{
		"schemas": slices.Collect(maps.Keys(c.Schemas)), "parameters": slices.Collect(maps.Keys(c.Parameters)),
		"responses": slices.Collect(maps.Keys(c.Responses)), "requestBodies": slices.Collect(maps.Keys(c.RequestBodies)),
	} {
		for _, name := range names {
			plain := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
			if other := seen[plain]; other != "" {
				t.Errorf("%s/%s and %s", kind, name, other)
			}
			seen[plain] = kind + "/" + name
		}
	}
	for kind, names := range map[string][]string{
		"headers": slices.Collect(maps.Keys(c.Headers)), "examples": slices.Collect(maps.Keys(c.Examples)),
	} {
		for i, name := range names {
			if slices.ContainsFunc(names[:i], func(other string) bool { return strings.EqualFold(name, other) }) {
				t.Errorf("%s/%s twice but for case", kind, name)
			}
		}
	}
}

func TestOpenAPIHasEveryProblem(t *testing.T) {
	document := readOpenAPI(t)
	problems := map[string]*problem{}
	for _, err := range []error{
		errUnauthenticated, errBadCredentials, errForbidden, errRegistrationClosed, errSessionMismatch,
		errCrossOrigin, errNoRoute, errMethod, errStalled, errIncomplete, errOffsetMismatch, errUploadLocked,
		errTooManyUploads, errTooSlow, errChecksum, uploadRejected("not-a-video"), errEncoded, errContentType, errMalformed, errTimeout, errLastAdmin, errSelectionChanged, errUsernameTaken, errSignInNeeded, errTooManyTokens,
		errNoEngine, errTooManyRuns, errKeyInUse, errKeyReused, errSubtitlesChanged, errNotMuxable,
		errBodyTooLarge, errNotAVideo, errMisdirected, errInternal, errStorageFull, errBusy, errUnavailable,
		invalid(nil), fileTooLarge(1), tooManyAttempts(time.Second), tooManyRejected(time.Second),
		&db.QuotaError{Resource: db.Videos}, &db.QuotaError{Resource: db.Duration}, errors.New("anything else"),
	} {
		p := problemOf(err)
		problems[p.kind] = p
	}
	var types []any
	for _, kind := range slices.Sorted(maps.Keys(problems)) {
		types = append(types, problemPrefix+kind)
	}
	described := document.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum
	slices.SortFunc(described, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if !slices.Equal(described, types) {
		t.Errorf("types are\n%v, want\n%v", described, types)
	}
	english := views.Messages(views.English)
	for kind, p := range problems {
		example, ok := document.Components.Examples[kind]
		if !ok {
			t.Errorf("%s has no example", kind)
			continue
		}
		got := example.Value.Value.(map[string]any)
		if got["type"] != problemPrefix+kind || got["status"] != float64(p.status) || got["title"] != p.words(english).Title {
			t.Errorf("%s: example is %v, want status %d and title %q", kind, got, p.status, p.words(english).Title)
		}
	}
	for name := range document.Components.Examples {
		if problems[name] == nil {
			t.Errorf("example %s is of no problem", name)
		}
	}
	checkStatuses(t, document)
}

// checkStatuses looks for problems that are described below another status than theirs.
func checkStatuses(t *testing.T, document *openapi3.T) {
	t.Helper()
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				content := response.Value.Content["application/problem+json"]
				if content == nil || status == "default" {
					continue
				}
				for kind, example := range content.Examples {
					got := example.Value.Value.(map[string]any)
					if got["type"] != problemPrefix+kind || fmt.Sprint(got["status"]) != status {
						t.Errorf("%s %s: %v is described as %s below %s", method, path, got, kind, status)
					}
				}
			}
		}
	}
}

const apiPassword = "correct horse battery"

// apiServer makes a server on real parts in a folder of its own. It has the
// user admin.
func apiServer(t *testing.T) *Server {
	t.Helper()
	dir := t.TempDir()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	config := Config{
		RegistrationOpen: true,
		Defaults:         db.Limits{Videos: 10, Duration: 10 * time.Minute, FileBytes: 1 << 20},
		UploadExpiry:     24 * time.Hour,
	}
	p := Dependencies{Log: slog.New(slog.DiscardHandler), Meter: media.NewMeter(media.Options{}), Metrics: NewMetrics()}
	var err error
	p.DB, err = db.Open(t.Context(), db.Options{Path: filepath.Join(dir, "gensubtitle.db"), Defaults: config.Defaults})
	check(err)
	t.Cleanup(func() { check(p.DB.Close()) })
	p.Node, err = db.Join(filepath.Join(dir, "processes"))
	check(err)
	t.Cleanup(func() { check(p.Node.Leave()) })
	logins := sqlite3.New(sqlite3.Config{
		Database: db.LoginsDSN(filepath.Join(dir, "logins.db")), Table: "logins",
		// As in the program; it also keeps the pool from starting a goroutine later.
		ConnMaxLifetime: -1,
	})
	t.Cleanup(func() { check(logins.Close()) })
	p.Logins = logins
	p.Files, err = storage.OpenDisk(dir, p.DB.KeepsFiles)
	check(err)
	p.Hasher, err = auth.NewHasher(1, time.Minute)
	check(err)
	p.Signer = auth.NewSigner(bytes.Repeat([]byte("k"), auth.MinKeyBytes), time.Hour)
	hash, err := p.Hasher.Hash(t.Context(), apiPassword)
	check(err)
	_, err = p.DB.CreateUser(t.Context(), db.NewUser{
		Name: "admin", Key: "admin", SessionID: "user_admin", PasswordHash: hash, Role: db.RoleAdmin,
	})
	check(err)
	p.Uploads = uploads.New(uploads.Options{DB: p.DB, Files: p.Files, Node: p.Node, Meter: p.Meter, Ballast: p.Ballast, Log: p.Log, Expiry: config.UploadExpiry, MaxUnfinished: 3})
	s, err := New(config, p)
	check(err)
	return s
}
