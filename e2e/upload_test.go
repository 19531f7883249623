package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

func TestKindsOfFiles(t *testing.T) {
	t.Parallel()
	c := start(t, "--max-videos=100").register("a")
	picture := []string{"-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=1"}
	tone := []string{"-f", "lavfi", "-i", "sine=frequency=440:duration=1"}
	both := slices.Concat(picture, tone)
	for name, args := range map[string][]string{
		"h264.mp4":   append(both, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
		"h264.mov":   append(both, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
		"h264.mkv":   append(both, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
		"h264.ts":    append(both, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
		"h264.flv":   append(both, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-ar", "44100"),
		"h263.3gp":   append(both, "-c:v", "h263", "-s", "176x144", "-r", "10", "-c:a", "aac"),
		"vp8.webm":   append(both, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
		"mpeg4.avi":  append(both, "-c:v", "mpeg4", "-c:a", "libmp3lame"),
		"wmv2.wmv":   append(both, "-c:v", "wmv2", "-c:a", "wmav2"),
		"silent.mp4": append(picture, "-c:v", "libx264", "-preset", "ultrafast"),
		"tone.mp3":   tone,
		"tone.m4a":   tone,
		"tone.ogg":   append(tone, "-c:a", "libvorbis"),
		"tone.flac":  tone,
		"tone.wav":   tone,
		"tone.w64":   tone,
		"tone.ac3":   tone,
		"tone.eac3":  tone,
	} {
		t.Run(name, func(t *testing.T) {
			u := c.accepted(name, read(t, ffmpeg(t, "kind-"+name, args...)))
			if u.Video.Duration < 0.95 || u.Video.Duration > 1.3 || u.Video.Container == "" || u.Video.Filename != name {
				t.Errorf("video %+v", u.Video)
			}
		})
	}
}

func TestNotAVideo(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	mp4 := string(read(t, clip(t, 1)))
	png := string(read(t, ffmpeg(t, "one.png", "-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-frames:v", "1")))
	local := clip(t, 2)
	for name, text := range map[string]string{
		"text.mp4":       "just some text",
		"page.mp4":       "<!doctype html><script>alert(1)</script>",
		"vector.svg":     `<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>`,
		"zip.mp4":        "PK\x03\x04" + strings.Repeat("\x00", 200),
		"document.pdf":   "%PDF-1.7\n" + strings.Repeat("x", 200),
		"zeros.mp4":      strings.Repeat("\x00", 5000),
		"noise.mp4":      string(wav(300, 5)[44:]),
		"playlist.mp4":   "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\nfile://" + local + "\n#EXT-X-ENDLIST\n",
		"calls.mp4":      "#EXTM3U\n#EXTINF:2,\nhttp://" + s.addr + "/healthz\n#EXT-X-ENDLIST\n",
		"list.mp4":       "ffconcat version 1.0\nfile '" + local + "'\n",
		"subtitles.srt":  "1\n00:00:00,000 --> 00:00:09,000\nhello\n",
		"subtitles.ass":  "[Script Info]\nTitle: x\n[Events]\nDialogue: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,x\n",
		"session.sdp":    "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
		"only-ftyp.mp4":  mp4[:32],
		"no-index.mp4":   mp4[:len(mp4)/3],
		"empty-riff.wav": "RIFF\x04\x00\x00\x00WAVE",
		"no-samples.wav": string(wav(0, 1)),
		"picture.png":    png,
		"wrong-ext.mp4":  png,
		"ebml.mkv":       "\x1a\x45\xdf\xa3" + strings.Repeat("\xff", 300),
	} {
		t.Run(name, func(t *testing.T) {
			c.upload(name, []byte(text)).problem(415, "not-a-video")
		})
	}
	checkUsage(t, c.session(), 0, 0)
	for _, v := range c.videos() {
		if v.Status == "accepted" {
			t.Errorf("accepted: %+v", v)
		}
	}
	if left := s.media(); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

func TestSubtitlesAlone(t *testing.T) {
	t.Parallel()
	c := start(t).register("a")
	mkv := ffmpeg(t, "subtitles.mkv", "-f", "lavfi", "-i", "color=size=16x16:rate=1:duration=1", "-f", "lavfi", "-i", "anullsrc",
		"-t", "1", "-c:v", "mpeg4", "-c:a", "flac")
	only := ffmpeg(t, "only-subtitles.mkv", "-i", mkv, "-f", "srt", "-i", srt(t), "-map", "1", "-c:s", "srt")
	c.upload("only.mkv", read(t, only)).problem(415, "not-a-video")
	c.accepted("full.mkv", read(t, mkv))
}

// srt is the path of a subtitle file.
func srt(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "one.srt")
	if err := os.WriteFile(path, []byte("1\n00:00:00,000 --> 00:00:09,000\nhello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unfinished is a film whose recorder stopped before it wrote the index.
func unfinished(t *testing.T) []byte {
	t.Helper()
	film := read(t, clip(t, 1))
	return film[:bytes.LastIndex(film, []byte("moov"))-4]
}

func TestUnfinishedRecording(t *testing.T) {
	t.Parallel()
	c := start(t).register("a")
	for language, want := range map[string]string{"en": "The recording was not finished", "th": "บันทึกไม่เสร็จ"} {
		if p := c.with("Accept-Language", language).upload("x.mp4", unfinished(t)).problem(415, "not-a-video"); !strings.Contains(p.Detail, want) {
			t.Errorf("%s: %s", language, p.Detail)
		}
	}
	checkUsage(t, c.session(), 0, 0)
}

func TestTooLargeByLength(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-file-size-mb=1")
	c := s.register("a")
	t.Run("when the body begins", func(t *testing.T) {
		conn := s.dial()
		fmt.Fprintf(conn, "%sContent-Length: 3000000\r\n\r\n-", c.rawHead())
		began := time.Now()
		if res := readResponse(t, conn); res.StatusCode != 413 {
			t.Errorf("status %d", res.StatusCode)
		}
		if took := time.Since(began); took > 25*time.Second { // At 30 s a body that stalls is ended anyway.
			t.Errorf("refused after %v", took)
		}
	})
	t.Run("by a client that waits for 100", func(t *testing.T) {
		conn := s.dial()
		fmt.Fprintf(conn, "%sExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n", c.rawHead())
		r := bufio.NewReader(conn)
		res := nextResponse(t, r)
		if res.StatusCode == 100 {
			fmt.Fprint(conn, "-")
			res = nextResponse(t, r)
		}
		if res.StatusCode != 413 {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	for _, size := range []int{1<<20 + 1, 1<<20 + 200_000, 3 << 20, 30 << 20} {
		t.Run(fmt.Sprintf("after all %d bytes are written", size), func(t *testing.T) {
			conn := s.dial()
			b := body(part{"file", "a.mp4", strings.Repeat("x", size)})
			fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n", c.rawHead(), len(b))
			_, _ = io.WriteString(conn, b) // A refusal may cut it; the answer must be readable all the same.
			res := readResponse(t, conn)
			if res.StatusCode != 413 || !strings.Contains(res.text, "urn:gensubtitle:file-too-large") {
				t.Errorf("status %d: %s", res.StatusCode, res.text)
			}
		})
		t.Run(fmt.Sprintf("with Go's client, %d bytes", size), func(t *testing.T) {
			c.upload("a.mp4", bytes.Repeat([]byte("x"), size)).problem(413, "file-too-large")
		})
	}
	checkUsage(t, c.session(), 0, 0)
	if left := s.media(); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

func TestLargestFile(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-file-size-mb=1")
	c := s.register("a")
	for size, status := range map[int64]int{1<<20 - 1: 201, 1 << 20: 201, 1<<20 + 1: 413} {
		for _, chunked := range []bool{false, true} {
			file := padded(read(t, clip(t, 1)), size)
			b := io.MultiReader(strings.NewReader(part{field: "file", filename: "a.mp4"}.header()), file, strings.NewReader("\r\n"+closing))
			if !chunked {
				whole, err := io.ReadAll(b)
				if err != nil {
					t.Fatal(err)
				}
				b = bytes.NewReader(whole)
			}
			a := c.send("POST", "/upload-video", multipartType, b, -1)
			if a.status != status {
				t.Errorf("%d bytes, chunked %v: status %d, want %d: %s", size, chunked, a.status, status, head(a.body))
			}
		}
	}
}

// TestTooLargeByChunks checks that the server answers at the first byte over
// the limit, while the client is still in the middle of the body.
func TestTooLargeByChunks(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-file-size-mb=1")
	c := s.register("a")
	conn := s.dial()
	fmt.Fprintf(conn, "%sTransfer-Encoding: chunked\r\n\r\n", c.rawHead())
	chunk(conn, part{field: "file", filename: "a.mp4"}.header())
	for range 16 {
		chunk(conn, strings.Repeat("x", 1<<16))
	}
	chunk(conn, "the first byte over, and some more because a boundary might begin here"+strings.Repeat("x", 1<<13))
	res := readResponse(t, conn)
	if res.StatusCode != 413 || !strings.Contains(res.text, "urn:gensubtitle:file-too-large") {
		t.Errorf("status %d: %s", res.StatusCode, res.text)
	}
	if left := s.media(); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

func chunk(w io.Writer, data string) {
	fmt.Fprintf(w, "%x\r\n%s\r\n", len(data), data)
}

// rawHead is the beginning of an upload request up to the length.
func (c *client) rawHead() string {
	return "POST /upload-video HTTP/1.1\r\nHost: " + c.s.addr + "\r\nAuthorization: " + c.header.Get("Authorization") +
		"\r\nContent-Type: " + multipartType + "\r\n"
}

// response is an answer on a connection that the test speaks on itself.
type response struct {
	*http.Response
	text string
}

func readResponse(t *testing.T, conn net.Conn) response {
	t.Helper()
	return nextResponse(t, bufio.NewReader(conn))
}

func nextResponse(t *testing.T, r *bufio.Reader) response {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("read the answer: %v", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("read the answer's body: %v", err)
	}
	return response{res, string(text)}
}

func TestSessionField(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	s.register("b")
	file := part{"file", "a.wav", string(wav(100, 1))}
	c.uploadBody(body(part{"session_id", "", "user_a"}, file)).want(201)
	c.uploadBody(body(file, part{"session_id", "", "user_a"})).want(201)
	c.uploadBody(body(part{"session_id", "", ""}, file)).want(201)
	c.uploadBody(body(part{"other", "", "field"}, file)).want(201)
	for _, id := range []string{"user_b", "user_nobody", "a", "user_A ", "user_a\x00", strings.Repeat("x", 500)} {
		field := part{"session_id", "", id}
		c.uploadBody(body(field, file)).problem(403, "session-mismatch")
		c.uploadBody(body(file, field)).problem(403, "session-mismatch")
	}
	checkUsage(t, c.session(), 4, 400)
	checkUsage(t, s.login("b", password).session(), 0, 0)
	if left := s.media(); len(left) != 4 {
		t.Errorf("files: %v", left)
	}
}

func TestMalformedUploads(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	file := part{"file", "a.wav", string(wav(100, 1))}
	whole := body(file)
	for _, test := range []struct {
		name, text string
		status     int
		kind       string
	}{
		{"no body", "", 400, "upload-incomplete"},
		{"only the end", closing, 422, "invalid"},
		{"no file", body(part{"session_id", "", "user_a"}), 422, "invalid"},
		{"two files", body(file, file), 422, "invalid"},
		{"no closing boundary", strings.TrimSuffix(whole, closing), 400, "upload-incomplete"},
		{"half a boundary", strings.TrimSuffix(whole, "--\r\n"), 400, "upload-incomplete"},
		{"cut in the file", whole[:len(whole)/2], 400, "upload-incomplete"},
		{"cut in the part's head", whole[:60], 422, "invalid"},
		{"no boundary at all", file.data, 400, "upload-incomplete"},
		{"a control character", body(part{"file", "a\x01b.wav", file.data}), 400, "malformed-request"},
		{"a control character and more to come", body(part{"file", "a\x01b.wav", strings.Repeat("x", 1<<20)}), 400, "malformed-request"},
		{"a huge session_id", body(part{"session_id", "", strings.Repeat("x", 2<<20)}, file), 403, "session-mismatch"},
		{"a huge part head", "--" + boundary + "\r\nX: " + strings.Repeat("x", 20<<20) + "\r\n\r\n" + whole, 400, "malformed-request"},
		{"a large part head", "--" + boundary + "\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n" + whole[len(boundary)+4:], 400, "malformed-request"},
		{"10,000 parts", strings.Repeat(part{"x", "", ""}.header()+"\r\n", 10_000) + whole, 400, "malformed-request"},
		{"as many parts as there may be", strings.Repeat(part{"x", "", ""}.header()+"\r\n", 100) + closing, 422, "invalid"},
		{"one part more", strings.Repeat(part{"x", "", ""}.header()+"\r\n", 101) + closing, 400, "malformed-request"},
		{"many part heads", "--" + boundary + "\r\n" + strings.Repeat("X: y\r\n", 20000) + "\r\nx\r\n" + whole, 400, "malformed-request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.uploadBody(test.text).problem(test.status, test.kind)
		})
	}
	t.Run("an empty file", func(t *testing.T) {
		if a := c.upload("a.mp4", nil); a.status != 415 && a.status != 422 {
			t.Errorf("status %d", a.status)
		}
	})
	for kind, want := range map[string]struct {
		status int
		kind   string
	}{
		"application/json":                      {415, "wrong-content-type"},
		"text/plain":                            {415, "wrong-content-type"},
		"application/x-www-form-urlencoded":     {415, "wrong-content-type"},
		"multipart/mixed; boundary=" + boundary: {415, "wrong-content-type"},
		"%%%":                                   {415, "wrong-content-type"},
		"":                                      {415, "wrong-content-type"},
		"multipart/form-data":                   {400, "malformed-request"},
		"multipart/form-data; boundary=":        {400, "malformed-request"},
		"multipart/form-data; boundary=" + strings.Repeat("x", 500): {400, "malformed-request"},
	} {
		t.Run("kind "+head20(kind), func(t *testing.T) {
			c.send("POST", "/upload-video", kind, strings.NewReader(whole), -1).problem(want.status, want.kind)
		})
	}
	checkUsage(t, c.session(), 0, 0)
	if left := s.media(); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
}

// TestCutConnections breaks uploads off at several points; none may count or
// leave a file, and the slot is free again.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=1")
	c := s.register("a")
	whole := body(part{"file", "a.wav", string(wav(2000, 1))})
	for _, cut := range []int{0, 10, 100, 200, len(whole) / 2, len(whole) - len(closing), len(whole) - 1} {
		conn := s.dial()
		fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(whole), whole[:cut])
		_ = conn.Close()
		conn = s.dial()
		fmt.Fprintf(conn, "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s", c.rawHead(), len(whole), whole[:cut])
		_ = conn.Close()
	}
	// A client that only stops sending still gets to read why it failed.
	conn := s.dial()
	fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(whole), whole[:len(whole)/2])
	_ = conn.(*net.TCPConn).CloseWrite()
	if answers, err := io.ReadAll(conn); err == nil && strings.Contains(string(answers), " 201 ") {
		t.Errorf("half an upload was taken: %s", answers)
	}
	c.settles(func() *answer { return c.upload("a.txt", []byte("x")) }, 415)
	checkUsage(t, c.session(), 0, 0)
	eventually(t, patience, "the files to go", func() bool { return len(s.media()) == 0 })
	c.accepted("a.wav", wav(100, 1))
}

func TestFilenames(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=100")
	c := s.register("a")
	for sent, want := range map[string]string{
		"clip.wav":                     "clip.wav",
		"คลิป ทดสอบ.wav":               "คลิป ทดสอบ.wav",
		"日本 🎬.wav":                     "日本 🎬.wav",
		"../../../../tmp/evil.wav":     "evil.wav",
		"/etc/passwd":                  "passwd",
		`..\\..\\windows\\evil.wav`:    "evil.wav",
		"a&amp;<script>x</script>.wav": "script>.wav",
		"no extension":                 "no extension",
		"..":                           "video",
		"   ":                          "video",
		"\u200b":                       "video",
		"a\u202egpj.wav":               "agpj.wav",
		"👨\u200d👩\u200d👧.wav":          "👨\u200d👩\u200d👧.wav",
		".":                            "video",
		"/":                            "video",
	} {
		u := c.accepted(sent, wav(50, 1))
		if u.Video.Filename != want {
			t.Errorf("%q became %q, want %q", sent, u.Video.Filename, want)
		}
	}
	var nameless uploaded
	c.uploadBody(body(part{"file", "", string(wav(50, 1))})).want(201).decode(&nameless)
	if name := nameless.Video.Filename; name != "video" {
		t.Errorf("a file without a name became %q", name)
	}
	for _, sent := range []string{"a\xffb.wav", strings.Repeat("n", 3000) + ".wav", "a\u202egpj.wav"} {
		a := c.uploadBody(body(part{"file", sent, string(wav(50, 1))}))
		if a.status != 201 && a.status != 422 {
			t.Errorf("%q: status %d: %s", sent, a.status, head(a.body))
			continue
		}
		if a.status == 201 {
			var u uploaded
			a.decode(&u)
			if name := u.Video.Filename; strings.ContainsAny(name, "/\\\u202e") || len(name) > 1000 {
				t.Errorf("%q became %q", sent, name)
			}
		}
	}
	page := s.browser("a", password).with("Accept", "text/html").get("/").want(200)
	if bytes.Contains(page.body, []byte("<script>x")) {
		t.Error("a file name is markup on the page")
	}
	walk(t, s.dir, func(path string) {
		if strings.Contains(path, "evil") || strings.Contains(path, "passwd") {
			t.Errorf("a name from outside became a path: %s", path)
		}
	})
}

// TestSmuggling sends refused uploads whose bodies hold whole requests. Only
// the outer request, and the honest one after it, may be answered.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-file-size-mb=1", "--max-videos=1")
	full := s.register("full")
	full.accepted("a.wav", wav(100, 1))
	inner := "POST /register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 49\r\n\r\n" +
		`{"username":"smuggled","password":"aaaaaaaaaaaaa"}` + "\r\n"
	nobody := &client{s: s, header: http.Header{}}
	for name, c := range map[string]*client{"401": nobody, "403": full, "413": s.register("a")} {
		for _, copies := range []int{1, 1000, 20000} {
			b := strings.Repeat(inner, copies)
			for framing, request := range map[string]string{
				"length":  fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(b), b),
				"chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(b), b),
			} {
				t.Run(fmt.Sprintf("%s, %d, %s", name, copies, framing), func(t *testing.T) {
					conn := s.dial()
					_, _ = io.WriteString(conn, c.rawHead()+request) // The server may hang up.
					_, _ = io.WriteString(conn, "GET /limits HTTP/1.1\r\nHost: "+s.addr+"\r\nConnection: close\r\n\r\n")
					_ = conn.(*net.TCPConn).CloseWrite() // So that the server need not wait for more.
					checkAnswers(t, conn)
				})
			}
		}
	}
	s.anyone().post("/login", credentials("smuggled", "aaaaaaaaaaaaa")).want(401)
}

// checkAnswers reads what comes: a refusal and, where the connection lived on,
// the answer to GET /limits.
func checkAnswers(t *testing.T, conn net.Conn) {
	t.Helper()
	r := bufio.NewReader(conn)
	if first := nextResponse(t, r); first.StatusCode < 400 {
		t.Errorf("status %d: %s", first.StatusCode, first.text)
	}
	if _, err := r.Peek(1); err != nil {
		return // Closed, which is clean.
	}
	if second := nextResponse(t, r); second.StatusCode != 200 || !strings.Contains(second.text, "maxVideos") {
		t.Errorf("the next request got %d: %s", second.StatusCode, second.text)
	}
	if rest, _ := io.ReadAll(r); len(rest) != 0 {
		t.Errorf("a third answer: %s", head(rest))
	}
}

// TestConnectionAfterUpload sends one request after another on a connection.
func TestConnectionAfterUpload(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	conn := s.dial()
	r := bufio.NewReader(conn)
	b := body(part{"file", "a.wav", string(wav(100, 1))})
	for range 3 {
		fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(b), b)
		if res := nextResponse(t, r); res.StatusCode != 201 {
			t.Fatalf("status %d: %s", res.StatusCode, res.text)
		}
	}
	checkUsage(t, c.session(), 3, 300)
}

// TestSlowClient sends a few bytes a second for longer than a stalled client
// is borne, and longer than any timeout of a whole request would be.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	b := body(part{"file", "slow.wav", string(wav(100, 1))})
	split := len(b) - 3*40
	conn := s.dial()
	fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(b), b[:split])
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for at := split; at < len(b); at += 3 {
		<-tick.C
		if _, err := io.WriteString(conn, b[at:min(at+3, len(b))]); err != nil {
			t.Fatalf("after %d bytes: %v", at, err)
		}
	}
	if res := readResponse(t, conn); res.StatusCode != 201 {
		t.Errorf("status %d: %s", res.StatusCode, res.text)
	}
}

// TestStalledClient stops in the middle of a body. The server ends it after 30
// seconds, gives the slot back and leaves no file.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	s := attacked(t, "--max-videos=1")
	c := s.register("a")
	b := body(part{"file", "stalled.wav", string(wav(100, 1))})
	conn := s.dial()
	fmt.Fprintf(conn, "%sContent-Length: %d\r\n\r\n%s", c.rawHead(), len(b), b[:len(b)/2])
	began := time.Now()
	answers, _ := io.ReadAll(conn)
	if took := time.Since(began); took < 25*time.Second || took > waittest.Limit {
		t.Errorf("ended after %v", took)
	}
	if strings.Contains(string(answers), " 201 ") {
		t.Errorf("half an upload was taken: %s", answers)
	}
	eventually(t, patience, "the file to go", func() bool { return len(s.media()) == 0 })
	c.settles(func() *answer { return c.upload("a.wav", wav(100, 1)) }, 201)
	checkUsage(t, c.session(), 1, 100)
}
