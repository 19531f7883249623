// Command seed fills an empty data directory with users, videos, subtitles and a
// ledger to look at while working on the program. It asks the program itself for
// all of it, over HTTP.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// password is that of everybody, as it is for looking only.
const password = "correct-horse-battery"

// limit is far more than everything takes.
const limit = 5 * time.Minute

// users and their videos.
var users = []struct {
	name   string
	videos []video
}{
	{"มะลิ", []video{{"สวัสดีปีใหม่.mp4", 12}, {"บทเรียนที่ 1.mp4", 20}, {"สัมภาษณ์.mp4", 8}}},
	{"สมชาย", []video{{"ตลาดน้ำ.mp4", 15}}},
	{"alice", []video{{"Welcome.mp4", 10}, {"Lecture 3 (with a rather long name, as recorders make them) 2026-11-24 09.15.00.mp4", 25}}},
	{"bob", nil},
}

type video struct {
	name    string
	seconds int
}

const subtitles = `1
00:00:00,500 --> 00:00:03,000
สวัสดีครับ ยินดีต้อนรับทุกคน

2
00:00:03,200 --> 00:00:06,000
วันนี้เราจะคุยกันเรื่องคำบรรยาย
`

func main() {
	dir := flag.String("data-dir", "data", "folder to fill; it must have no database")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := seed(ctx, *dir); err != nil {
		log.Fatalf("seed: %v", err)
	}
	fmt.Printf("%s has the users admin", *dir)
	for _, u := range users {
		fmt.Print(", ", u.name)
	}
	fmt.Printf(".\nThe password of each is %s. Start with: make run ARGS=--data-dir=%s\n", password, *dir)
}

func seed(ctx context.Context, dir string) (err error) {
	if _, err := os.Stat(filepath.Join(dir, "gensubtitle.db")); err == nil {
		return fmt.Errorf("%s has a database already; name another folder with --data-dir", dir)
	}
	work, err := os.MkdirTemp("", "gensubtitle-seed-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	program := filepath.Join(work, "gensubtitle")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	// Beside its place, so that a seed that fails leaves nothing there.
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o700); err != nil {
		return err
	}
	unfinished, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".seed-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(unfinished)) }()
	addr, end, err := serve(ctx, program, unfinished)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(ctx, "http://"+addr, work), end()); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// serve starts the program, whose engine is one that nobody answers at: its videos
// stay in the queue. end stops it in good order.
func serve(ctx context.Context, program, dir string) (addr string, end func() error, err error) {
	cmd := exec.CommandContext(ctx, program, "--data-dir="+dir, "--addr=127.0.0.1:0", "--log-format=json",
		"--engine-url=http://127.0.0.1:9", "--signups-per-hour=0")
	cmd.Env = append(os.Environ(), "GENSUB_ADMIN_PASSWORD="+password)
	lines, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("start the program: %w", err)
	}
	end = func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		return cmd.Wait()
	}
	scanner := bufio.NewScanner(lines)
	for scanner.Scan() {
		var line struct{ Msg, Addr string }
		if json.Unmarshal(scanner.Bytes(), &line) == nil && line.Msg == "listening" {
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			return line.Addr, end, nil
		}
		fmt.Fprintln(os.Stderr, scanner.Text())
	}
	return "", nil, errors.Join(errors.New("the program did not start"), end())
}

func fill(ctx context.Context, url, work string) error {
	admin := &client{url: url}
	if err := admin.login(ctx, "admin"); err != nil {
		return err
	}
	for _, u := range users {
		c := &client{url: url}
		if err := errors.Join(c.call(ctx, "POST", "/register", credentials(u.name), nil), c.login(ctx, u.name)); err != nil {
			return err
		}
		own := subtitles // of the first video; the others wait for the engine
		for _, v := range u.videos {
			id, err := c.upload(ctx, work, v)
			if err != nil {
				return err
			}
			if own != "" {
				if err := c.put(ctx, "/videos/"+id+"/subtitles", own); err != nil {
					return err
				}
			}
			own = ""
		}
	}
	for _, change := range []struct{ method, path, body string }{
		{"POST", "/admin/sessions/user_มะลิ/limits", `{"max_videos":30,"max_duration_minutes":60,"reason":"สอนสองวิชา"}`},
		{"POST", "/admin/sessions/user_สมชาย/reset", `{"reason":"ภาคเรียนใหม่"}`},
		{"POST", "/admin/sessions/user_alice/correct", `{"videos_count":-1,"total_duration":-10,"reason":"sent twice"}`},
		{"PATCH", "/admin/users/bob", `{"disabled":true}`},
	} {
		if err := admin.call(ctx, change.method, change.path, json.RawMessage(change.body), nil); err != nil {
			return err
		}
	}
	return nil
}

// client is a user of the JSON interface.
type client struct{ url, token string }

func credentials(name string) map[string]string {
	return map[string]string{"username": name, "password": password}
}

func (c *client) login(ctx context.Context, name string) error {
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	err := c.call(ctx, "POST", "/login", credentials(name), &answer)
	c.token = answer.AccessToken
	return err
}

// upload makes a video and sends it.
func (c *client) upload(ctx context.Context, work string, v video) (id string, err error) {
	path := filepath.Join(work, "video.mp4")
	length := fmt.Sprint(v.seconds)
	if out, err := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-loglevel", "error", "-y",
		"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", "sine=frequency=330",
		"-t", length, "-pix_fmt", "yuv420p", path).CombinedOutput(); err != nil {
		return "", fmt.Errorf("make a video: %w\n%s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", v.name)
	if err != nil {
		return "", err
	}
	if _, err := part.Write(data); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	var answer struct{ Video struct{ ID string } }
	err = c.send(ctx, "POST", "/upload-video", w.FormDataContentType(), &form, &answer)
	return answer.Video.ID, err
}

func (c *client) put(ctx context.Context, path, text string) error {
	return c.send(ctx, "PUT", path, "application/x-subrip", strings.NewReader(text), nil)
}

func (c *client) call(ctx context.Context, method, path string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return c.send(ctx, method, path, "application/json", bytes.NewReader(data), answer)
}

func (c *client) send(ctx context.Context, method, path, contentType string, body io.Reader, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Accept-Language", "en")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, data)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}
