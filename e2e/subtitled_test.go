package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// TestSubtitledVideo downloads a video with its subtitles as a track.
func TestSubtitledVideo(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0.2, 1.4, "สวัสดี <b>ครับ</b>"))
	s := start(t, e.flags()...)
	c := s.register("a")
	source := clip(t, 2)
	id := c.accepted("งาน.mov.mp4", read(t, source)).Video.ID
	c.awaits(id, "done")
	for format, codec := range map[string]string{"mkv": "subrip", "mp4": "mov_text"} {
		got := c.get("/videos/" + id + "/subtitled." + format).want(200)
		if name := got.header.Get("Content-Disposition"); !strings.Contains(name, "."+format) || !strings.HasPrefix(name, "attachment") {
			t.Errorf("%s: Content-Disposition %q", format, name)
		}
		path := filepath.Join(t.TempDir(), "got."+format)
		if err := os.WriteFile(path, got.body, 0o600); err != nil {
			t.Fatal(err)
		}
		if found := outputOf(t, "ffprobe", "-v", "error", "-select_streams", "s", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path); found != codec {
			t.Errorf("%s: the track of subtitles is %q, want %q", format, found, codec)
		}
		// Pictures and sound are those of the video.
		for _, kind := range []string{"v", "a"} {
			args := func(of string) []string {
				return []string{"-nostdin", "-v", "error", "-i", of, "-map", "0:" + kind, "-c", "copy", "-f", "streamhash", "-"}
			}
			if was, is := outputOf(t, "ffmpeg", args(source)...), outputOf(t, "ffmpeg", args(path)...); was != is {
				t.Errorf("%s: stream %s was %s and is %s", format, kind, was, is)
			}
		}
		srt := outputOf(t, "ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:s", "-f", "srt", "-")
		// To the frame: a container may begin with what the sound's encoder put in.
		if !strings.Contains(srt, "00:00:00,2") || !strings.Contains(srt, "สวัสดี") {
			t.Errorf("%s: %s", format, srt)
		}
	}
	sound := c.accepted("a.wav", wav(1500, 1)).Video.ID
	c.awaits(sound, "done")
	c.get("/videos/"+sound+"/subtitled.mp4").problem(415, "not-muxable")
	c.get("/videos/" + sound + "/subtitled.mkv").want(200)
	s.register("b").get("/videos/"+id+"/subtitled.mkv").problem(404, "not-found")
	c.get("/videos/"+id+"/subtitled.mkv?width=1").problem(422, "invalid")
	left, err := os.ReadDir(filepath.Join(s.dir, "exports"))
	if err != nil || len(left) != 0 {
		t.Errorf("left in exports/: %v, %v", left, err)
	}
}

// TestSubtitledVideoOfAPhone has a track of sound that nothing knows beside one
// that all can play.
func TestSubtitledVideoOfAPhone(t *testing.T) {
	t.Parallel()
	e := startEngine(t, spoken(0, 1, "heard"))
	c := start(t, e.flags()...).register("a")
	data := bytes.Clone(read(t, ffmpeg(t, "phone.mp4", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=1",
		"-f", "lavfi", "-i", "sine=duration=1", "-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")))
	last := bytes.LastIndex(data, []byte("mp4a"))
	copy(data[last:], "apac")
	copy(data[last+bytes.Index(data[last:], []byte("esds")):], "dapa")
	id := c.accepted("phone.mp4", data).Video.ID
	c.do("PUT", "/videos/"+id+"/subtitles", map[string]any{"cues": []cue{{0, 1, "x"}}}).want(200)
	for format, want := range map[string]string{"mkv": "audio 2", "mp4": "audio 2"} {
		if got := c.get("/videos/" + id + "/subtitled." + format).want(200).header.Get("Left-Out-Tracks"); got != want {
			t.Errorf("%s: left out is %q, want %q", format, got, want)
		}
	}
	c.do("POST", "/videos/"+id+"/subtitles", map[string]any{"track": 2}).want(422)
	page := string(c.with("Accept-Language", "en").page().get("/videos/" + id).want(200).body)
	for text, want := range map[string]bool{
		"What MKV cannot hold is left out: sound 2": true,
		"What MP4 cannot hold is left out: sound 2": true,
		`id="track"`: false, // There is no choice.
	} {
		if strings.Contains(page, text) != want {
			t.Errorf("the page has %q: %v", text, !want)
		}
	}
}

// TestSubtitledVideoBesidePCM has sound that MP4 cannot hold beside some that it can.
func TestSubtitledVideoBesidePCM(t *testing.T) {
	t.Parallel()
	c := start(t).register("a").with("Accept-Language", "en")
	data := read(t, ffmpeg(t, "a.mov", "-f", "lavfi", "-i", "testsrc2=size=192x108:rate=10:duration=1", "-f", "lavfi", "-i", "sine=duration=1",
		"-map", "0", "-map", "1", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a:0", "aac", "-c:a:1", "pcm_s16le"))
	id := c.accepted("a.mov", data).Video.ID
	c.do("PUT", "/videos/"+id+"/subtitles", map[string]any{"cues": []cue{{0, 1, "x"}}}).want(200)
	page := string(c.page().get("/videos/" + id).want(200).body)
	for format, want := range map[string]string{"mkv": "", "mp4": "audio 2"} {
		if got := c.get("/videos/" + id + "/subtitled." + format).want(200).header.Get("Left-Out-Tracks"); got != want {
			t.Errorf("%s: left out is %q, want %q", format, got, want)
		}
		if told := strings.Contains(page, `data-left-out="`+format+`"`); told != (want != "") {
			t.Errorf("%s: the page tells of it: %v", format, told)
		}
	}
}

// TestSlowSubtitledVideos has downloads stand still, each of which keeps a file
// on the disk: one user gets few of them, and more when they have ended.
func TestSlowSubtitledVideos(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-duration-minutes=60")
	c, other := s.register("a"), s.register("b")
	// More than what the system holds of an answer that nobody reads.
	id := c.accepted("a.wav", wav(900_000, 1)).Video.ID
	c.do("PUT", "/videos/"+id+"/subtitles", map[string]any{"cues": []cue{{0, 1, "x"}}}).want(200)
	path := "/videos/" + id + "/subtitled.mkv"
	one, two := c.unread(path), c.unread(path)
	c.get(path).problem(503, "busy")
	mine := other.accepted("b.wav", wav(1000, 2)).Video.ID
	other.do("PUT", "/videos/"+mine+"/subtitles", map[string]any{"cues": []cue{{0, 1, "x"}}}).want(200)
	other.get("/videos/" + mine + "/subtitled.mkv").want(200)
	for _, conn := range []net.Conn{one, two} {
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 3*patience, "a download that is cut off to end", func() bool { return c.get(path).status == 200 })
}

// TestUnreadSubtitles asks for large texts and reads none of them. Each is held
// in memory: one user gets few of them, and more when they have ended.
func TestUnreadSubtitles(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, other := s.register("a"), s.register("b")
	id, theirs := c.accepted("a.wav", wav(1500, 1)).Video.ID, other.accepted("b.wav", wav(1500, 2)).Video.ID
	var srt strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&srt, "00:%02d:%02d,000 --> 00:%02d:%02d,900\n%s\n\n", i/60, i%60, i/60, i%60, strings.Repeat("&", 350))
	}
	path := "/videos/" + id
	c.send("PUT", path+"/subtitles", "application/x-subrip", strings.NewReader(srt.String()), -1).want(200)
	other.do("PUT", "/videos/"+theirs+"/subtitles", map[string]any{"cues": []cue{{0, 1, "x"}}}).want(200)
	// Asked for at once: an answer of which nothing is taken for long is cut off.
	var open []net.Conn
	for range 4 {
		open = append(open, c.with("Accept", "text/html").ask(path))
	}
	for _, conn := range open {
		c.comes(path, conn)
	}
	c.get(path+"/subtitles.vtt").problem(503, "busy")
	other.get("/videos/" + theirs + "/subtitles.vtt").want(200)
	for _, conn := range open {
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 3*patience, "an answer that is cut off to end", func() bool { return c.get(path+"/subtitles.vtt").status == 200 })
}

// unread asks for something of which no more is read than that it comes.
func (c *client) unread(path string) net.Conn {
	c.t.Helper()
	conn := c.ask(path)
	c.comes(path, conn)
	return conn
}

func (c *client) ask(path string) net.Conn {
	c.t.Helper()
	conn := c.s.dial()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		c.t.Fatal(err)
	}
	var request bytes.Buffer
	fmt.Fprintf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\n", path, c.s.addr)
	err := c.header.Write(&request)
	request.WriteString("\r\n")
	if _, sent := conn.Write(request.Bytes()); errors.Join(err, sent) != nil {
		c.t.Fatal(err, sent)
	}
	return conn
}

// comes reads so much of an answer as to know that it comes.
func (c *client) comes(path string, conn net.Conn) {
	c.t.Helper()
	status := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 200" {
		c.t.Fatalf("%s: %s: %v", path, status, err)
	}
}

// outputOf is what a program writes, without the line's end.
func outputOf(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := waittest.Command(t, program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return strings.TrimSpace(string(out))
}
