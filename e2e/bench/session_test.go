package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/internal/waittest"
)

// bareAddr is the variable that makes this test binary the bare server, so
// that both servers are processes of their own.
const bareAddr = "BENCH_BARE_ADDR"

// connections is how many clients ask at once, each as soon as it has its answer.
const connections = 32

func TestMain(m *testing.M) {
	if addr := os.Getenv(bareAddr); addr != "" {
		if err := serveBare(addr, os.Getenv("BENCH_BARE_BODY")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveBare answers every request with these bytes.
func serveBare(addr, body string) error {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/user/session", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.SendString(body)
	})
	return app.Listen(addr)
}

// BenchmarkUserSession asks for GET /user/session with a login cookie, and the
// same bytes from a bare fiber handler, in turns. It reports the requests per
// second of each and their ratio.
func BenchmarkUserSession(b *testing.B) {
	server := startServer(b)
	cookie := login(b, server)
	request := "GET /user/session HTTP/1.1\r\nHost: " + server + "\r\nCookie: " + cookie + "\r\n\r\n"
	bare := startBare(b, answerTo(b, server, request))

	var tookServer, tookBare time.Duration
	rounds := 0
	const perRound = 8_000
	load(b, server, request, perRound/4) // Warms up caches and connections.
	load(b, bare, request, perRound/4)
	for b.Loop() {
		tookServer += load(b, server, request, perRound)
		tookBare += load(b, bare, request, perRound)
		rounds++
	}
	requests := float64(rounds * perRound)
	b.ReportMetric(requests/tookServer.Seconds(), "session-req/s")
	b.ReportMetric(requests/tookBare.Seconds(), "bare-req/s")
	b.ReportMetric(tookBare.Seconds()/tookServer.Seconds(), "ratio")
}

// load sends n requests over the connections and returns how long they took.
func load(b *testing.B, addr, request string, n int) time.Duration {
	b.Helper()
	conns := make([]net.Conn, connections)
	for i := range conns {
		conns[i] = waittest.Dial(b, addr)
	}
	began := time.Now()
	var wg sync.WaitGroup
	for _, conn := range conns {
		wg.Go(func() {
			if err := ask(conn, []byte(request), n/connections); err != nil {
				b.Error(err)
			}
		})
	}
	waittest.Group(b, &wg)
	return time.Since(began)
}

// ask sends the request n times. Every answer must be as long as the first and
// begin with 200; parsing more would measure the client.
func ask(conn net.Conn, request []byte, n int) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	size, err := answerSize(conn)
	if err != nil {
		return err
	}
	answer := make([]byte, size)
	for range n - 1 {
		if _, err := conn.Write(request); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, answer); err != nil {
			return err
		}
		if !strings.HasPrefix(string(answer[:13]), "HTTP/1.1 200 ") {
			return fmt.Errorf("answer %q", answer)
		}
	}
	return nil
}

// answerSize reads one answer and returns its length in bytes.
func answerSize(conn net.Conn) (int, error) {
	var seen countingReader
	seen.Reader = conn
	res, err := http.ReadResponse(bufio.NewReader(&seen), nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %d", res.StatusCode)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return seen.n, err
}

type countingReader struct {
	io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// answerTo is the body of the answer to a request.
func answerTo(b *testing.B, addr, request string) string {
	b.Helper()
	conn := waittest.Dial(b, addr)
	if _, err := io.WriteString(conn, request); err != nil {
		b.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("%d %s %v", res.StatusCode, body, err)
	}
	return string(body)
}

// startServer builds and starts the program and returns its address.
func startServer(b *testing.B, flags ...string) string {
	b.Helper()
	addr, _ := startServerOn(b, buildProgram(b), filepath.Join(b.TempDir(), "data"), flags...)
	return addr
}

// startServerOn starts the program on a data directory and returns its address
// and its process.
func startServerOn(b *testing.B, program, data string, flags ...string) (addr string, process int) {
	b.Helper()
	args := []string{"--addr=127.0.0.1:0", "--data-dir=" + data, "--admin-password=a long password", "--log-format=json"}
	cmd := waittest.CommandWithin(b, time.Hour, program, append(args, flags...)...)
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log // A file, as for a service, so that nobody here has to read it meanwhile.
	run(b, cmd)
	waittest.Until(b, "the program to say where it listens", func() bool {
		addr = listening(b, log.Name())
		return addr != ""
	})
	return addr, cmd.Process.Pid
}

// buildProgram returns the path of the program.
func buildProgram(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "gensubtitle")
	if out, err := waittest.Command(b, "go", "build", "-o", program, "gensubtitle").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// listening finds the address in the log.
func listening(b *testing.B, path string) string {
	b.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var entry struct{ Msg, Addr string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
			return entry.Addr
		}
	}
	return ""
}

// startBare starts the bare server and returns its address.
func startBare(b *testing.B, body string) string {
	b.Helper()
	addr := freeAddr(b)
	cmd := waittest.CommandWithin(b, time.Hour, os.Args[0])
	cmd.Env = append(os.Environ(), bareAddr+"="+addr, "BENCH_BARE_BODY="+body)
	run(b, cmd)
	awaitListener(b, addr)
	return addr
}

// freeAddr is an address that nothing listens on.
func freeAddr(b *testing.B) string {
	b.Helper()
	l := waittest.Listen(b)
	defer l.Close()
	return l.Addr().String()
}

func awaitListener(b *testing.B, addr string) {
	b.Helper()
	waittest.Until(b, "a server on "+addr, func() bool {
		conn, err := net.DialTimeout("tcp", addr, waittest.Limit)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}

// run starts a process and ends it with the benchmark.
func run(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // It was killed.
	})
}

// client follows no redirects and has a limit for a large upload.
func client() *http.Client {
	return &http.Client{
		Timeout:       10 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// login signs in with the form and returns the cookie as a header's value.
func login(b *testing.B, addr string) string {
	b.Helper()
	form := url.Values{"username": {"admin"}, "password": {"a long password"}}
	req, err := http.NewRequest("POST", "http://"+addr+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	res, err := client().Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var cookies []string
	for _, c := range res.Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if len(cookies) == 0 {
		b.Fatalf("no cookie: %s", res.Status)
	}
	return strings.Join(cookies, "; ")
}
