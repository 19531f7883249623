package handlers

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/storage/sqlite3/v2"

	"gensubtitle/auth"
	"gensubtitle/db"
	"gensubtitle/media"
	"gensubtitle/static"
	"gensubtitle/upkeep"
	"gensubtitle/views"
)

// pages are the routes that have nothing to say to a script.
var pages = []string{
	"GET /", "GET /quota", "GET /login", "GET /register", "POST /language",
	"GET /videos/{id}/delete", "POST /videos/{id}/delete", "GET /admin/sessions/{id}/reset",
	// Browsers send forms with POST alone; scripts say PUT, PATCH and DELETE.
	"POST /admin/sessions/{id}/limits", "POST /admin/users/{username}", "POST /admin/users/{username}/delete",
	"GET /admin/users/new", "GET /admin/users/{username}/password",
	"GET /admin/users/{username}/change", "GET /admin/users/{username}/delete",
	"GET /static/{name}", "GET /favicon.ico",
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
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, ok := strings.CutPrefix(part, ":"); ok {
				parts[i] = "{" + name + "}"
			}
		}
		routes = append(routes, r.Method+" "+strings.Join(parts, "/"))
	}
	return routes
}

func TestOpenAPIHasEveryProblem(t *testing.T) {
	document := readOpenAPI(t)
	problems := map[string]*problem{}
	for _, err := range []error{
		errUnauthenticated, errBadCredentials, errForbidden, errRegistrationClosed, errSessionMismatch,
		errCrossOrigin, errNoRoute, errMethod, errStalled, errIncomplete, errOffsetMismatch, errUploadLocked,
		errTooManyUploads, errEncoded, errLastAdmin, errUsernameTaken,
		errBodyTooLarge, errNotAVideo, errMisdirected, errInternal, errStorageFull, errBusy, errUnavailable,
		invalid(nil), fileTooLarge(1), tooManyAttempts(time.Second),
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
	checkStatuses(t, document, problems)
}

// checkStatuses looks for problems that are described below another status than theirs.
func checkStatuses(t *testing.T, document *openapi3.T, problems map[string]*problem) {
	t.Helper()
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, response := range operation.Responses.Map() {
				content := response.Value.Content["application/problem+json"]
				if content == nil || status == "default" {
					continue
				}
				for kind := range content.Examples {
					if p := problems[kind]; p == nil || strconv.Itoa(p.status) != status {
						t.Errorf("%s %s: %s is described below %s", method, path, kind, status)
					}
				}
			}
		}
	}
}

// TestOpenAPIDescribesAnswers asks a running server and holds each answer
// against what the document says of it.
func TestOpenAPIDescribesAnswers(t *testing.T) {
	document := readOpenAPI(t)
	a := &apiClient{t: t, document: document, base: listen(t, apiServer(t))}
	user := a.signUp("สมชาย")
	admin := a.signIn("admin")
	video := a.upload(user)
	a.answers("GET", "/healthz", "/healthz", "", "", 200)
	a.answers("GET", "/readyz", "/readyz", "", "", 200)
	a.answers("GET", "/openapi.json", "/openapi.json", "", "", 200)
	a.answers("GET", "/limits", "/limits", "", "", 200)
	a.answers("GET", "/user/session", "/user/session", user, "", 200)
	a.answers("GET", "/user/session", "/user/session", "", "", 401)
	a.answers("POST", "/register", "/register", "", `{"username":"x y","password":"short"}`, 422)
	a.answers("POST", "/register", "/register", "", `{"username":"ADMIN","password":"correct horse"}`, 409)
	a.answers("POST", "/login", "/login", "", `{"username":"admin","password":"wrong horse"}`, 401)
	a.answers("POST", "/login", "/login", "", `{"username":"`+strings.Repeat("a", 70_000)+`"}`, 413)
	a.answers("GET", "/videos", "/videos", user, "", 200)
	a.answers("GET", "/videos", "/videos?limit=101", user, "", 422)
	a.answers("GET", "/videos/{id}", "/videos/"+video, user, "", 200)
	a.answers("GET", "/videos/{id}", "/videos/"+video, admin, "", 404)
	a.answers("POST", "/upload-video", "/upload-video", user, "{}", 422)
	a.answers("GET", "/admin/sessions", "/admin/sessions", user, "", 403)
	a.answers("GET", "/admin/sessions", "/admin/sessions?limit=1&sort=-last_upload", admin, "", 200)
	a.answers("GET", "/admin/sessions/{id}", "/admin/sessions/user_admin", admin, "", 200)
	a.answers("GET", "/admin/sessions/{id}", "/admin/sessions/user_nobody", admin, "", 404)
	a.answers("GET", "/admin/sessions/{id}/videos", "/admin/sessions/user_สมชาย/videos", admin, "", 200)
	a.answers("GET", "/admin/sessions/{id}/videos", "/admin/sessions/user_nobody/videos", admin, "", 404)
	a.answers("POST", "/admin/sessions/{id}/reset", "/admin/sessions/user_admin/reset", admin, `{"reason":"test"}`, 200)
	a.answers("DELETE", "/videos/{id}", "/videos/"+video, user, "", 204)
	a.answers("POST", "/logout", "/logout", user, "", 204)
	a.answers("GET", "/user/session", "/user/session", user, "", 401)
}

// apiClient asks a server and knows what the document says of the answers.
type apiClient struct {
	t        *testing.T
	document *openapi3.T
	base     string
}

const apiPassword = "correct horse battery"

func (a *apiClient) signUp(name string) string {
	a.t.Helper()
	in := `{"username":"` + name + `","password":"` + apiPassword + `"}`
	return a.answers("POST", "/register", "/register", "", in, 201)["access_token"].(string)
}

func (a *apiClient) signIn(name string) string {
	a.t.Helper()
	in := `{"username":"` + name + `","password":"` + apiPassword + `"}`
	return a.answers("POST", "/login", "/login", "", in, 200)["access_token"].(string)
}

// upload sends a second of sound and returns the id of the video.
func (a *apiClient) upload(token string) string {
	a.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "second.wav")
	if err == nil {
		_, err = part.Write(oneSecond())
	}
	if err := errors.Join(err, form.Close()); err != nil {
		a.t.Fatal(err)
	}
	answer := a.send("POST", "/upload-video", "/upload-video", token, form.FormDataContentType(), &body, 201)
	return answer["video"].(map[string]any)["id"].(string)
}

// oneSecond is a WAV file: 8,000 samples of 16 bits, all silent.
func oneSecond() []byte {
	const rate, size = 8000, 16000
	head := []any{
		[]byte("RIFF"), uint32(36 + size), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("data"), uint32(size), make([]byte, size),
	}
	var file []byte
	for _, value := range head {
		file, _ = binary.Append(file, binary.LittleEndian, value) // These types always encode.
	}
	return file
}

// answers sends JSON, or nothing when in is empty, to target. The answer has
// to have the status and what the document says of it at path.
func (a *apiClient) answers(method, path, target, token, in string, status int) map[string]any {
	a.t.Helper()
	return a.send(method, path, target, token, "application/json", strings.NewReader(in), status)
}

func (a *apiClient) send(method, path, target, token, contentType string, body io.Reader, status int) map[string]any {
	a.t.Helper()
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.base+target, body)
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if response.StatusCode != status {
		a.t.Fatalf("%s %s: %s %s, want %d", method, target, response.Status, content, status)
	}
	item := a.document.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		a.t.Fatalf("%s %s is not described", method, path)
	}
	return a.check(method+" "+target, item.GetOperation(method), response, content)
}

// check holds an answer against what the document says of the operation.
func (a *apiClient) check(what string, operation *openapi3.Operation, response *http.Response, content []byte) map[string]any {
	a.t.Helper()
	described := operation.Responses.Status(response.StatusCode)
	if described == nil {
		a.t.Fatalf("%s: status %d is not described", what, response.StatusCode)
	}
	for name := range described.Value.Headers {
		if response.Header.Get(name) == "" {
			a.t.Errorf("%s: %d has no %s", what, response.StatusCode, name)
		}
	}
	if described.Value.Content == nil {
		if len(content) > 0 {
			a.t.Errorf("%s: answer is %s, want none", what, content)
		}
		return nil
	}
	media := described.Value.Content[response.Header.Get("Content-Type")]
	if media == nil {
		a.t.Fatalf("%s: Content-Type %q is not described", what, response.Header.Get("Content-Type"))
	}
	var answer map[string]any
	if err := json.Unmarshal(content, &answer); err != nil {
		a.t.Fatalf("%s: %v", what, err)
	}
	if err := media.Schema.Value.VisitJSON(answer, openapi3.EnableJSONSchema2020()); err != nil {
		a.t.Errorf("%s: %s: %v", what, content, err)
	}
	if len(media.Schema.Value.Properties) > 0 {
		a.noMore(what, answer, media.Schema.Value)
	}
	return answer
}

// noMore looks for fields that the document does not know.
func (a *apiClient) noMore(at string, value any, schema *openapi3.Schema) {
	a.t.Helper()
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			a.noMore(at+"[]", item, schema.Items.Value)
		}
	case map[string]any:
		for name, field := range value {
			property := schema.Properties[name]
			switch {
			case property != nil:
				a.noMore(at+"."+name, field, property.Value)
			case schema.AdditionalProperties.Schema == nil:
				a.t.Errorf("%s.%s is not described", at, name)
			}
		}
	}
}

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
		MaxUnfinished:    3,
		UploadExpiry:     24 * time.Hour,
	}
	p := Parts{Log: slog.New(slog.DiscardHandler), Meter: media.NewMeter(media.Options{})}
	var err error
	p.DB, err = db.Open(t.Context(), db.Options{Path: filepath.Join(dir, "gensubtitle.db"), Defaults: config.Defaults})
	check(err)
	t.Cleanup(func() { check(p.DB.Close()) })
	p.Process, err = db.Join(filepath.Join(dir, "processes"))
	check(err)
	t.Cleanup(func() { check(p.Process.Leave()) })
	logins := sqlite3.New(sqlite3.Config{
		Database: db.LoginsDSN(filepath.Join(dir, "logins.db")), Table: "logins",
		// As in the program; it also keeps the pool from starting a goroutine later.
		ConnMaxLifetime: -1,
	})
	t.Cleanup(func() { check(logins.Close()) })
	p.Logins = logins
	p.Files, err = media.OpenStore(dir)
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
	p.House = &upkeep.House{DB: p.DB, Files: p.Files, Process: p.Process, Log: p.Log, Expiry: config.UploadExpiry}
	s, err := New(config, p)
	check(err)
	return s
}

// listen serves on a free port until the test ends, and returns the address.
func listen(t *testing.T, s *Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(s.Stop(ctx), <-served); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}
