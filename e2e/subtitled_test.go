package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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

// outputOf is what a program writes, without the line's end.
func outputOf(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return strings.TrimSpace(string(out))
}
