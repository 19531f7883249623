package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// startNginx runs nginx with these servers until the test ends.
func startNginx(t *testing.T, addr, servers string) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // Where it is on Debian, out of most users' PATH.
		if _, err := os.Stat(path); err != nil {
			t.Fatal("no nginx found: apt-get install nginx")
		}
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	text := fmt.Sprintf("daemon off; master_process off; %s pid %s/pid; events {}\nhttp {\naccess_log off;\n%s%s\n}\n",
		user, dir, temporary.String(), servers)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-e", "stderr", "-c", config)
	var log output
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // It was killed.
		if t.Failed() {
			t.Logf("nginx: %s", log.String())
		}
	})
	eventually(t, patience, "nginx", func() bool {
		conn, err := net.DialTimeout("tcp", addr, patience)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// plainNginx hands on to a server and takes bodies of so many bytes; it returns
// its address.
func plainNginx(t *testing.T, s *server, largest string) string {
	t.Helper()
	addr := freeAddr(t)
	startNginx(t, addr, fmt.Sprintf(`server {
		listen %s;
		location / {
			proxy_pass http://%s;
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_request_buffering off;
			client_max_body_size %s;
		}
	}`, addr, s.addr, largest))
	return addr
}

// TestUploaderBehindASmallProxy sends a file that a proxy does not take as a
// whole.
func TestUploaderBehindASmallProxy(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := (&server{t: t, addr: plainNginx(t, s, "1m")}).tab()
	b.login("A", password)
	first, second := heavy(t, "a.mp4"), heavy(t, "b.mp4")
	b.chooseAll(first)
	b.send()
	b.is(first, "counted")
	refused := b.requests("PATCH /files/")
	b.chooseAll(second)
	b.send()
	b.is(second, "counted")
	// What was found out is remembered.
	if n := b.requests("PATCH /files/") - refused; n >= refused {
		t.Errorf("%d requests for the first file, %d for the second", refused, n)
	}
	if n := b.requests("POST /files/"); n != 2 {
		t.Errorf("%d uploads were begun", n)
	}
	if n := c.session().Usage.Videos; n != 2 {
		t.Errorf("%d videos counted", n)
	}
	checkNothingIncoming(t, s)
}

// TestUploaderBehindATinyProxy has a proxy that takes next to nothing. The page
// says so, and nothing holds a slot.
func TestUploaderBehindATinyProxy(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{
		"th": "เซิร์ฟเวอร์ที่อยู่หน้าเว็บไซต์นี้รับข้อมูลได้ครั้งละไม่ถึง 256 KB",
		"en": "The server in front of this site takes less than 256 KB at once",
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--max-videos=1")
			c := s.register("A")
			b := (&server{t: t, addr: plainNginx(t, s, "100k")}).tab()
			b.login("A", password)
			if language == "en" {
				b.click(`form[action="/language"] [type=submit]`)
				b.until(`document.documentElement.lang === "en"`)
			}
			path := heavy(t, "a.mp4")
			b.chooseAll(path)
			b.send()
			b.is(path, "failed")
			b.says(path, want)
			eventually(t, patience, "the slot to be free", func() bool {
				return len(c.videos()) == 0 && len(s.incoming()) == 0
			})
			c.accepted("b.wav", wav(100, 1))
		})
	}
}

// TestUploaderToldOfRejection goes on with an upload that was rejected meanwhile.
func TestUploaderToldOfRejection(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("A")
	b := s.tab()
	b.login("A", password)
	data := []byte(strings.Repeat("no video ", 1<<18))
	path := light(t, "a.mp4", data)
	b.chooseAll(path)
	b.throttle(trickle)
	b.send()
	b.halfway(path)
	b.press("พักการส่ง a.mp4")
	b.is(path, "paused")
	s.cutOff()
	upload := "/files/" + c.videos()[0].ID
	at := c.offset(upload)
	c.chunk(upload, at, data[at:]).want(204)
	if _, reason := c.outcome(upload); reason != "not-a-video" {
		t.Fatalf("rejected for %q", reason)
	}
	b.throttle(-1)
	b.press("ส่งต่อ a.mp4")
	b.is(path, "refused")
	b.says(path, "อ่านภาพหรือเสียงในไฟล์ไม่ได้")
	if n := b.requests("POST /files/"); n != 1 {
		t.Errorf("%d uploads were begun", n)
	}
}

// documented is the code in a document below a mark.
func documented(t *testing.T, document, mark string) string {
	t.Helper()
	_, after, found := strings.Cut(string(read(t, "../"+document)), "<!-- "+mark+" -->\n```")
	_, after, begun := strings.Cut(after, "\n")
	block, _, ended := strings.Cut(after, "\n```")
	if !found || !begun || !ended {
		t.Fatalf("%s has no block %q", document, mark)
	}
	return block
}

// selfSigned makes a certificate for a name and returns its files and who trusts it.
func selfSigned(t *testing.T, name string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(made)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	cert = light(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}))
	key = light(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return cert, key, pool
}

// TestDocumentedNginx runs nginx with what docs/proxies.md says, on a port that is not
// the usual one, and breaks the line in the middle of an upload.
func TestDocumentedNginx(t *testing.T) {
	t.Parallel()
	const name = "localhost"
	addr := freeAddr(t)
	_, port, _ := strings.Cut(addr, ":")
	s := start(t, "--public-url=https://"+name+":"+port, "--trusted-proxies=127.0.0.1/32")
	cert, key, pool := selfSigned(t, name)
	block := strings.NewReplacer(
		"listen 443 ssl", "listen "+addr+" ssl",
		"/etc/ssl/certs/subtitles.example.com.pem", cert,
		"/etc/ssl/private/subtitles.example.com.key", key,
		"subtitles.example.com", name,
		"http://127.0.0.1:8000", "http://"+s.addr,
	).Replace(documented(t, "docs/proxies.md", "nginx"))
	startNginx(t, addr, block)

	site := "https://" + name + ":" + port
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr) // The name is not looked up.
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	send := func(method, path string, header http.Header, body io.Reader, size int64) (*http.Response, error) {
		req, err := http.NewRequest(method, site+path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		req.Header = header
		return (&http.Client{Transport: transport, Timeout: time.Minute}).Do(req)
	}
	ask := func(method, path string, header http.Header, body string) *answer {
		t.Helper()
		res, err := send(method, path, header, strings.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return &answer{t, method + " " + path, res.StatusCode, res.Header, text}
	}
	// As a browser sends it: the origin has the port.
	var tok token
	ask("POST", "/register", http.Header{"Content-Type": {"application/json"}, "Origin": {site}, "Sec-Fetch-Site": {"same-origin"}},
		`{"username":"a","password":"`+password+`"}`).want(201).decode(&tok)

	data := wav(10_000, 1)
	header := func(more ...string) http.Header {
		h := http.Header{"Authorization": {"Bearer " + tok.Token}, "Tus-Resumable": {"1.0.0"}}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	path := ask("POST", "/files/", header("Upload-Length", strconv.Itoa(len(data))), "").want(201).header.Get("Location")
	reader, writer := io.Pipe()
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		res, err := send("PATCH", path, header("Upload-Offset", "0", "Content-Type", chunkType), reader, int64(len(data)))
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("the request that was cut off got %d", res.StatusCode)
		}
	}()
	if _, err := writer.Write(data[:len(data)/2]); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the bytes to come through", func() bool { return s.received() > 0 })
	_ = writer.CloseWithError(io.ErrUnexpectedEOF)
	waittest.Receive(t, cut)
	at, err := strconv.Atoi(ask("HEAD", path, header(), "").want(200).header.Get("Upload-Offset"))
	if err != nil || at == 0 {
		t.Fatalf("offset %d after the line broke: %v", at, err)
	}
	ask("PATCH", path, header("Upload-Offset", strconv.Itoa(at), "Content-Type", chunkType), string(data[at:])).want(204)
	var v video
	eventually(t, patience, "the video to be counted", func() bool {
		ask("GET", strings.Replace(path, "/files/", "/videos/", 1), header(), "").want(200).decode(&v)
		return v.Status == "accepted"
	})
	if got := ask("GET", "/videos/"+v.ID+"/file", header(), "").want(200).body; !bytes.Equal(got, data) {
		t.Error("the bytes are not those that were sent")
	}
}
