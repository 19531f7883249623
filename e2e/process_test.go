package e2e

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// once runs the program to its end and returns its exit status and output.
func once(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, env...)
	var out, log output
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for flag, values := range map[string][]string{
		"addr":                     {"nonsense", "127.0.0.1:99999", "127.0.0.1"},
		"public-url":               {"ftp://example.test", "not a url", "https://", "https://example.test/path"},
		"trusted-proxies":          {"300.0.0.0/8", "example.test", "10.0.0.0/33"},
		"max-videos":               {"ten", "-1", "1.5"},
		"max-duration-minutes":     {"ten", "-1", "NaN", "Inf"},
		"max-file-size-mb":         {"big", "-5"},
		"registration":             {"maybe"},
		"signups-per-hour":         {"many", "-1"},
		"upload-expiry-hours":      {"0"},
		"max-unfinished-uploads":   {"0"},
		"max-rejected-seconds":     {"-1", "NaN"},
		"max-reserved-mb":          {"-1", "much"},
		"min-upload-kb-per-second": {"-1", "NaN"},
		"max-upload-hours":         {"-1", "long"},
		"admin-password":           {"short", strings.Repeat("x", 129)},
		"metrics-addr":             {"nonsense"},
		"log-format":               {"xml"},
	} {
		for _, value := range values {
			t.Run(flag+"="+head20(value), func(t *testing.T) {
				t.Parallel()
				variable := "GENSUB_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
				common := []string{"--data-dir=" + filepath.Join(t.TempDir(), "data")}
				if flag != "addr" {
					common = append(common, "--addr=127.0.0.1:0")
				}
				code, out, log := once(t, nil, append(common, "--"+flag+"="+value)...)
				checkRefusal(t, code, out, log, flag, variable)
				code, out, log = once(t, []string{variable + "=" + value}, common...)
				checkRefusal(t, code, out, log, flag, variable)
			})
		}
	}
	t.Run("unknown flag", func(t *testing.T) {
		t.Parallel()
		code, out, log := once(t, nil, "--no-such-flag")
		checkRefusal(t, code, out, log, "no-such-flag", "no-such-flag")
	})
	t.Run("unknown command", func(t *testing.T) {
		t.Parallel()
		code, out, log := once(t, nil, "dance")
		checkRefusal(t, code, out, log, "dance", "dance")
	})
}

// checkRefusal checks for exit status 2 and one line that names the setting.
func checkRefusal(t *testing.T, code int, out, log, flag, variable string) {
	t.Helper()
	if code != 2 {
		t.Errorf("exit status %d, want 2", code)
	}
	if out != "" {
		t.Errorf("standard output: %q", out)
	}
	line := strings.TrimSpace(log)
	if line == "" || strings.Contains(line, "\n") {
		t.Errorf("standard error is not one line: %q", log)
	}
	if !strings.Contains(line, flag) && !strings.Contains(line, variable) {
		t.Errorf("standard error does not name %s: %q", flag, log)
	}
}

func head20(s string) string { return s[:min(len(s), 20)] }

func TestSettingsFromEnvironment(t *testing.T) {
	waittest.Slow(t, "runs the program")
	t.Parallel()
	t.Run("a flag wins over a variable", func(t *testing.T) {
		t.Parallel()
		addr := freeAddr(t)
		cmd := ownSettings(exec.Command(program(), "--addr="+addr, "--max-videos=4", "--data-dir="+filepath.Join(t.TempDir(), "data")))
		cmd.Env = append(cmd.Env, "GENSUB_MAX_VIDEOS=3", "GENSUB_MAX_DURATION_MINUTES=2.5", "GENSUB_LOG_FORMAT=text")
		s := &server{t: t, addr: addr, cmd: cmd, stdout: new(output), stderr: new(output), exited: make(chan struct{})}
		cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			_ = cmd.Wait() // Its exit status is read from ProcessState.
			close(s.exited)
		}()
		t.Cleanup(s.stop)
		eventually(t, patience, "the server to answer", func() bool {
			a, err := s.anyone().try("GET", "/limits", "", nil, -1)
			if err != nil {
				return false
			}
			var l limits
			a.want(200).decode(&l)
			if l != (limits{4, 2.5, 500}) {
				t.Errorf("limits %+v", l)
			}
			return true
		})
		if log := s.stderr.String(); strings.HasPrefix(log, "{") {
			t.Errorf("not a text log: %q", log)
		}
	})
	t.Run("serve is the default command", func(t *testing.T) {
		t.Parallel()
		start(t, "serve").anyone().get("/healthz").want(200)
	})
}

func TestLogIsJSON(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	s.anyone().get("/nothing").want(404)
	s.stop()
	for line := range strings.Lines(s.stderr.String()) {
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "}\n") {
			t.Errorf("not a JSON line: %q", line)
		}
	}
}

func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	s := start(t, "--admin-password=")
	made := s.stdout.String()
	words := strings.Fields(made)
	if len(words) == 0 {
		t.Fatal("no password on standard output")
	}
	secret := words[len(words)-1]
	s.login("admin", secret).get("/admin/sessions").want(200)
	s.stop()
	if strings.Count(made, secret) != 1 {
		t.Errorf("standard output does not hold the password once: %q", made)
	}
	if strings.Contains(s.stderr.String(), secret) {
		t.Error("the log holds the password")
	}
	walk(t, s.dir, func(path string) {
		if strings.Contains(string(read(t, path)), secret) {
			t.Errorf("%s holds the password", path)
		}
	})
	s.restart()
	s.login("admin", secret)
	s.stop()
	if out := s.stdout.String(); out != "" {
		t.Errorf("the second start wrote %q", out)
	}
}

func TestGivenAdminPassword(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.admin().get("/admin/sessions").want(200)
	if out := s.stdout.String(); out != "" {
		t.Errorf("standard output: %q", out)
	}
}

func TestDataDirectory(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a").accepted("a.wav", wav(100, 1))
	info, err := os.Stat(s.dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v %v", info.Mode(), err)
	}
	keys := 0
	walk(t, s.dir, func(path string) {
		if name := filepath.Base(path); !strings.Contains(name, "key") && !strings.Contains(name, "secret") {
			return
		}
		keys++
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	})
	if keys == 0 {
		t.Error("no key file in the data directory")
	}
}

// walk calls visit with each regular file in a folder.
func walk(t testing.TB, dir string, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			visit(path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestTokensSurviveRestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	script, browser := s.register("a"), s.browser("a", password)
	s.stop()
	s.restart()
	if got := script.session().ID; got != "user_a" {
		t.Errorf("with the token: %q", got)
	}
	if got := browser.session().ID; got != "user_a" {
		t.Errorf("with the cookie: %q", got)
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	s := start(t)
	code, _, log := once(t, nil, "--addr="+s.addr, "--data-dir="+filepath.Join(t.TempDir(), "data"))
	if code == 0 || !strings.Contains(log, s.addr) {
		t.Errorf("exit status %d, log %q", code, log)
	}
	s.anyone().get("/healthz").want(200)
}

// TestTwoProcesses runs a second process on the data directory of the first,
// as happens while a new version takes over. Neither takes the other's running
// upload for a dead one's.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	first := start(t, "--max-videos=2")
	c := first.register("a")
	held := c.begin()
	second := &server{t: t, dir: first.dir, flags: first.flags}
	second.launch("--addr=127.0.0.1:0")
	t.Cleanup(second.stop)
	d := second.login("a", password)
	d.accepted("a.wav", wav(100, 1))
	d.upload("a.wav", wav(100, 2)).problem(403, "quota-videos")
	if a := held.finish(); a == nil || a.status != 201 {
		t.Fatalf("the upload to the first process: %+v", a)
	}
	for _, s := range []session{c.session(), d.session()} {
		if s.Usage.Videos != 2 {
			t.Errorf("usage %+v", s.Usage)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		var got map[string]any
		s.anyone().get(path).want(200).decode(&got)
		if len(got) != 1 || got["status"] != "ok" {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestTermLetsUploadFinish(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	held := c.begin()
	s.signal(syscall.SIGTERM)
	eventually(t, patience, "readyz to answer 503", func() bool {
		a, err := s.anyone().try("GET", "/readyz", "", nil, -1)
		return err == nil && a.status == http.StatusServiceUnavailable
	})
	late := c.upload("late.wav", wav(100, 1))
	late.problem(503, "unavailable")
	if late.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if a := held.finish(); a == nil || a.status != 201 {
		t.Errorf("the running upload: %+v", a)
	}
	if code := s.wait(patience); code != 0 {
		t.Errorf("exit status %d", code)
	}
	s.checkLog()
	s.restart()
	if n := c.session().Usage.Videos; n != 1 {
		t.Errorf("%d videos counted", n)
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	held := s.register("a").begin()
	s.signal(syscall.SIGTERM)
	eventually(t, patience, "readyz to answer 503", func() bool {
		a, err := s.anyone().try("GET", "/readyz", "", nil, -1)
		return err == nil && a.status == http.StatusServiceUnavailable
	})
	s.signal(syscall.SIGINT)
	s.wait(20 * time.Second) // Without the second signal it takes 30 s.
	held.cut()
}

func TestMetricsAddress(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	s := attacked(t, "--metrics-addr="+addr)
	s.anyone().get("/metrics").want(404)
	metrics := &server{t: t, addr: addr}
	a := metrics.anyone().get("/metrics").want(200)
	if !strings.Contains(string(a.body), "# TYPE ") {
		t.Errorf("not Prometheus text: %s", head(a.body))
	}
	metrics.anyone().get("/user/session").want(404)
}
