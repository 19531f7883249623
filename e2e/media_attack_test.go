package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gensubtitle/internal/waittest"
)

// withPrograms is start with a folder of shell scripts as its only PATH beside
// the shell's own commands.
func withPrograms(t *testing.T, scripts map[string]string, flags ...string) *server {
	t.Helper()
	folder := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{t: t, dir: filepath.Join(t.TempDir(), "data"), flags: flags, env: []string{"PATH=" + folder}}
	s.launch("--addr=127.0.0.1:0")
	t.Cleanup(s.stop)
	return s
}

// TestAttack40 has an ffprobe that does not what it should.
func TestAttack40(t *testing.T) {
	t.Parallel()
	mark := waittest.Mark()
	child := "setsid sleep " + mark + " & sleep " + mark + " & until grep -q sleep /proc/$!/comm; do :; done; "
	for name, test := range map[string]struct {
		ffprobe string
		status  int
		kind    string
	}{
		"hangs":           {child + "exec sleep " + mark, 503, "unavailable"},
		"crashes":         {child + "kill -SEGV $$", 415, "not-a-video"},
		"ends":            {child + "exit 0", 415, "not-a-video"},
		"floods":          {child + "exec cat /dev/zero", 503, "unavailable"},
		"floods, in vain": {child + "cat /dev/zero | head -c 100000000 >&2; exit 1", 415, "not-a-video"},
		"is missing":      {"", 503, "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scripts := map[string]string{"ffmpeg": "exec ffmpeg \"$@\"", "ffprobe": test.ffprobe}
			if test.ffprobe == "" {
				delete(scripts, "ffprobe")
			}
			s := withPrograms(t, scripts)
			c := s.register("a")
			c.upload("x.wav", wav(1000, 1)).problem(test.status, test.kind)
			if n := c.session().Usage.Videos; n != 0 {
				t.Errorf("%d videos are counted", n)
			}
			s.anyone().get("/healthz").want(200)
		})
	}
	t.Cleanup(func() {
		if n := waittest.Running(t, mark); n > 0 {
			t.Errorf("%d processes are left", n)
		}
	})
}

// TestRejectedFilesCostTheSender uses up what files that are rejected may cost.
func TestRejectedFilesCostTheSender(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-rejected-seconds=0.001")
	a, b := s.register("a"), s.register("b")
	data := wav(1000, 1)
	a.accepted("x.wav", data)
	path := a.created("x.wav", int64(len(data)))

	a.upload("ebml.mkv", []byte("\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"+strings.Repeat("\xff", 3000))).problem(415, "not-a-video")
	for name, refused := range map[string]*answer{"multipart": a.upload("x.wav", data), "tus": a.create("x.wav", int64(len(data)))} {
		refused.problem(429, "too-many-rejected")
		if after, err := strconv.Atoi(refused.header.Get("Retry-After")); err != nil || after < 1 {
			t.Errorf("%s: Retry-After %q", name, refused.header.Get("Retry-After"))
		}
	}
	for language, word := range map[string]string{"en": "could not be used", "th": "ใช้ไม่ได้"} {
		if p := a.with("Accept-Language", language).upload("x.wav", data).problem(429, "too-many-rejected"); !strings.Contains(p.Detail, word) {
			t.Errorf("%s: %q", language, p.Detail)
		}
	}
	// What was let in before is measured, and others pay nothing.
	a.chunk(path, 0, data).want(204)
	if v, reason := a.outcome(path); v.Status != "accepted" {
		t.Errorf("%+v, %s", v, reason)
	}
	b.accepted("x.wav", data)
	if n := len(a.videos()); n != 2 {
		t.Errorf("a has %d videos", n)
	}
}
