package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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

// uploadBytes is the size of the file that is sent.
const uploadBytes = 500 << 20

// BenchmarkUpload sends one file of 500 MB over loopback to the program, in one
// piece and with the tus protocol, and to nginx storing the same bytes with a
// PUT. Each way ends with the file synced. It reports the seconds of each and
// how fast the program is against nginx.
func BenchmarkUpload(b *testing.B) {
	server := startServer(b, "--max-videos=1000000", "--max-duration-minutes=1000000")
	token := bearer(b, server)
	nginx, stored := startNginx(b)
	video := shortVideo(b)

	var took [3]time.Duration
	rounds := 0
	for b.Loop() {
		took[0] += timed(b, func() { put(b, nginx, stored, video) })
		took[1] += timed(b, func() { sendForm(b, server, token, video) })
		took[2] += timed(b, func() { sendTus(b, server, token, video) })
		rounds++
	}
	for i, name := range []string{"nginx", "multipart", "tus"} {
		b.ReportMetric(took[i].Seconds()/float64(rounds), name+"-s")
	}
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "multipart-ratio")
	b.ReportMetric(took[0].Seconds()/took[2].Seconds(), "tus-ratio")
}

func timed(b *testing.B, work func()) time.Duration {
	b.Helper()
	began := time.Now()
	work()
	return time.Since(began)
}

// put stores the file with nginx and syncs it, as the program does with its own.
func put(b *testing.B, addr, path string, video []byte) {
	b.Helper()
	do(b, "PUT", "http://"+addr+"/file", nil, large(video), uploadBytes, http.StatusCreated)
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(file.Sync(), file.Close(), os.Remove(path)); err != nil {
		b.Fatal(err)
	}
}

func sendForm(b *testing.B, addr, token string, video []byte) {
	b.Helper()
	const start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n"
	const end = "\r\n--x--\r\n"
	body := io.MultiReader(strings.NewReader(start), large(video), strings.NewReader(end))
	header := http.Header{"Authorization": {token}, "Content-Type": {"multipart/form-data; boundary=x"}}
	do(b, "POST", "http://"+addr+"/upload-video", header, body, uploadBytes+int64(len(start)+len(end)), http.StatusCreated)
}

func sendTus(b *testing.B, addr, token string, video []byte) {
	b.Helper()
	header := func() http.Header {
		return http.Header{"Authorization": {token}, "Tus-Resumable": {"1.0.0"}}
	}
	create := header()
	create.Set("Upload-Length", strconv.Itoa(uploadBytes))
	path := do(b, "POST", "http://"+addr+"/files/", create, nil, 0, http.StatusCreated).Get("Location")
	chunk := header()
	chunk.Set("Upload-Offset", "0")
	chunk.Set("Content-Type", "application/offset+octet-stream")
	do(b, "PATCH", "http://"+addr+path, chunk, large(video), uploadBytes, http.StatusNoContent)
}

// do sends a request and requires a status.
func do(b *testing.B, method, url string, header http.Header, body io.Reader, size int64, want int) http.Header {
	b.Helper()
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		b.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	req.ContentLength = size
	res, err := client().Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		b.Fatalf("%s %s: status %d, want %d: %s %v", method, url, res.StatusCode, want, text, err)
	}
	return res.Header
}

// large is the video followed by a box that players skip, up to uploadBytes.
func large(video []byte) io.Reader {
	pad := uploadBytes - len(video)
	box := append(binary.BigEndian.AppendUint32(nil, uint32(pad)), "free"...)
	return io.MultiReader(bytes.NewReader(video), bytes.NewReader(box), io.LimitReader(zeros{}, int64(pad-8)))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// shortVideo is an MP4 of one second.
func shortVideo(b *testing.B) []byte {
	b.Helper()
	path := filepath.Join(b.TempDir(), "video.mp4")
	out, err := waittest.Command(b, "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=1",
		"-f", "lavfi", "-i", "sine=duration=1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", path).CombinedOutput()
	if err != nil {
		b.Fatalf("make a video: %v\n%s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// bearer signs in and returns the Authorization header.
func bearer(b *testing.B, addr string) string {
	b.Helper()
	body := `{"username":"admin","password":"a long password"}`
	req, err := client().Post("http://"+addr+"/login", "application/json", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer req.Body.Close()
	text, err := io.ReadAll(req.Body)
	if err != nil {
		b.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	if !found {
		b.Fatalf("no token: %s", text)
	}
	return "Bearer " + token
}

// startNginx serves PUT on a free port and returns its address and where the
// file /file is stored.
func startNginx(b *testing.B) (addr, stored string) {
	b.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // Where it is on Debian, out of most users' PATH.
		if _, err := os.Stat(path); err != nil {
			b.Skip("no nginx to compare with: apt-get install nginx-light")
		}
	}
	dir := b.TempDir()
	addr = freeAddr(b)
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; master_process off; user root;
pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	client_max_body_size 0;
	server { listen %[2]s; location / { root %[1]s; dav_methods PUT; } }
}
`, dir, addr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	run(b, waittest.CommandWithin(b, time.Hour, path, "-e", filepath.Join(dir, "error.log"), "-c", config))
	awaitListener(b, addr)
	return addr, filepath.Join(dir, "file")
}
