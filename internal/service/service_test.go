package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"gensubtitle/db"
	"gensubtitle/internal/config"
	"gensubtitle/internal/waittest"
)

const testPassword = "correct horse battery"

// testLog collects log lines.
type testLog struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *testLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(line)
}

func (l *testLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// holding holds up whoever writes a line with a message.
type holding struct {
	slog.Handler
	message    string
	held, free chan struct{}
}

func (h *holding) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == h.message {
		close(h.held)
		select {
		case <-h.free:
		case <-time.After(waittest.Limit):
		}
	}
	return h.Handler.Handle(ctx, r)
}

// service is the program within the test.
type service struct {
	t     *testing.T
	dir   string
	addr  string
	log   *testLog
	stop  context.CancelFunc
	ended chan error
}

// serve starts it; hold is nil or holds up a line.
func serve(t *testing.T, hold *holding, flags ...string) *service {
	t.Helper()
	s := &service{t: t, dir: filepath.Join(t.TempDir(), "data"), log: &testLog{}, ended: make(chan error, 1)}
	var settings config.Serve
	parser, err := kong.New(&settings)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--addr=127.0.0.1:0", "--data-dir=" + s.dir, "--admin-password=" + testPassword}
	if _, err := parser.Parse(append(args, flags...)); err != nil {
		t.Fatal(err)
	}
	if err := settings.Check(); err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(t.Context())
	t.Cleanup(s.stop)
	var handler slog.Handler = slog.NewJSONHandler(s.log, nil)
	if hold != nil {
		hold.Handler = handler
		handler = hold
	}
	go func() {
		s.ended <- Run(ctx, Options{
			Serve: settings, Log: slog.New(handler), Dropped: func() uint64 { return 0 }, StopTimeout: 100 * time.Millisecond,
		})
	}()
	waittest.Until(t, "the address", func() bool {
		for line := range strings.Lines(s.log.String()) {
			var entry struct{ Msg, Addr string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
				s.addr = entry.Addr
			}
		}
		return s.addr != ""
	})
	return s
}

// wait requires that the service ends in good order.
func (s *service) wait() {
	s.t.Helper()
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Error(err)
		}
	case <-time.After(time.Minute):
		s.t.Fatal("it does not end")
	}
	for _, bad := range []string{"database is closed", "ERROR", "still run"} {
		if strings.Contains(s.log.String(), bad) {
			s.t.Errorf("the log holds %q:\n%s", bad, s.log)
		}
	}
}

// login returns a token of admin.
func (s *service) login() string {
	s.t.Helper()
	body := fmt.Sprintf(`{"username":"admin","password":%q}`, testPassword)
	res, err := (&http.Client{Timeout: waittest.Limit}).Post("http://"+s.addr+"/login", "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		s.t.Fatalf("status %d: %v", res.StatusCode, err)
	}
	return answer.Token
}

// hang sends the beginning of a request and nothing more.
func (s *service) hang(head string, headers ...string) {
	s.t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, waittest.Limit)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, head+" HTTP/1.1\r\nHost: x\r\n"+strings.Join(headers, "\r\n")+"\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	part := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n" + strings.Repeat("x", 1000)
	if _, err := io.WriteString(conn, part); err != nil {
		s.t.Fatal(err)
	}
}

// opened is the database of the service, as another process has it.
func (s *service) opened() *db.DB {
	s.t.Helper()
	d, err := db.Open(s.t.Context(), db.Options{Path: filepath.Join(s.dir, db.FileName)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := d.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return d
}

// TestStopCutsOff has an upload hang for longer than a stop waits. Its slot is
// given back, and what was used is noted, before the database closes.
func TestStopCutsOff(t *testing.T) {
	s := serve(t, nil)
	token, d := s.login(), s.opened()
	u, err := d.UserByKey(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	signIn := func() db.SignIn {
		ins, err := d.SignIns(t.Context(), u.ID, time.Now().Add(-time.Hour))
		if err != nil || len(ins) != 1 {
			t.Fatalf("sign-ins %+v, %v", ins, err)
		}
		return ins[0]
	}
	slots := func() int64 {
		n, err := d.Slots(t.Context(), u.SessionID)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	waittest.Until(t, "the clock to move on", func() bool { return time.Now().UnixMilli() > signIn().CreatedAt.UnixMilli() })
	s.hang("POST /upload-video", "Authorization: Bearer "+token, "Content-Type: multipart/form-data; boundary=b", "Content-Length: 100000")
	waittest.Until(t, "the upload to begin", func() bool { return slots() == 1 })
	s.stop()
	s.wait()
	if !strings.Contains(s.log.String(), "requests are cut off") {
		t.Errorf("the upload was not cut off:\n%s", s.log)
	}
	if n := slots(); n != 0 {
		t.Errorf("%d slots are still taken", n)
	}
	if in := signIn(); !in.LastSeenAt.After(in.CreatedAt) {
		t.Errorf("last seen: %+v", in)
	}
}

// TestStopWaitsForTheBackground has the loop that removes expired uploads be
// in the middle of it: the databases stay open until it has ended.
func TestStopWaitsForTheBackground(t *testing.T) {
	hold := &holding{message: "expired upload removed", held: make(chan struct{}), free: make(chan struct{})}
	s := serve(t, hold, "--upload-expiry-hours=0.0001")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.addr+"/files", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + s.login(), "Tus-Resumable": "1.0.0", "Upload-Length": "1000",
	} {
		req.Header.Set(name, value)
	}
	res, err := (&http.Client{Timeout: waittest.Limit}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusCreated {
		t.Fatalf("status %d", res.StatusCode)
	}
	select {
	case <-hold.held:
	case <-time.After(time.Minute):
		t.Fatal("the upload does not expire")
	}
	s.stop()
	select {
	case err := <-s.ended:
		t.Errorf("it ended beside work in the background: %v", err)
		s.ended <- err
	case <-time.After(2 * time.Second):
	}
	close(hold.free)
	s.wait()
}
