package e2e

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFullDisk fills the disk to its last byte while an upload is under way.
// The ballast keeps everything going; without it, each answer says what could
// not be done, and deleting a video makes room by itself.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 2*spare)
	s := startIn(t, disk, "--upload-expiry-hours=0.02") // Looked at every 18 seconds.
	ballast := filepath.Join(s.dir, "ballast")
	if _, err := os.Stat(ballast); err != nil {
		t.Fatal(err)
	}
	a := s.register("a")
	first, second := a.accepted("1.wav", wav(1000, 1)).Video.ID, a.accepted("2.wav", wav(1000, 2)).Video.ID
	data := wav(3000, 3)
	path := a.created("3.wav", int64(len(data)))
	a.chunk(path, 0, data[:1000]).want(204)

	empty := fill(t, disk, 0)
	a.chunk(path, 1000, data[1000:2000]).want(204)
	s.login("a", password)
	s.browser("a", password)
	s.register("b")
	vtt := "WEBVTT\n\n00:00.000 --> 00:01.000\nสวัสดี\n"
	a.send("PUT", "/videos/"+first+"/subtitles", "text/vtt", strings.NewReader(vtt), -1).want(200)
	a.do("DELETE", "/videos/"+second, nil).want(204)
	a.chunk(path, 2000, data[2000:]).want(204)
	if v, reason := a.outcome(path); v.Status != "accepted" || !bytes.Equal(a.get("/videos/"+v.ID+"/file").want(200).body, data) {
		t.Errorf("%+v %s", v, reason)
	}
	checkUsage(t, a.session(), 3, 5000)
	if _, err := os.Stat(ballast); !os.IsNotExist(err) {
		t.Errorf("the ballast is still there: %v", err)
	}

	// Now there is none any more.
	emptyMore := fill(t, disk, 0)
	texts := map[string]string{}
	for name, send := range map[string]func() *answer{
		"sign in":  func() *answer { return s.anyone().post("/login", credentials("a", password)) },
		"register": func() *answer { return s.anyone().post("/register", credentials(rand.Text(), password)) },
		"save subtitles": func() *answer {
			return a.send("PUT", "/videos/"+first+"/subtitles", "text/vtt", strings.NewReader(vtt+rand.Text()), -1)
		},
		"upload": func() *answer { return a.upload("4.wav", data) },
		"make a token": func() *answer {
			return a.post("/account/tokens", map[string]any{"name": rand.Text(), "scope": "read", "expires_in_days": 1})
		},
	} {
		texts[name] = untilFull(t, name, send)
	}
	for _, differ := range [][2]string{
		{"sign in", "save subtitles"},
		{"sign in", "upload"},
		{"sign in", "make a token"},
		{"save subtitles", "upload"},
		{"save subtitles", "make a token"},
		{"upload", "make a token"},
	} {
		if texts[differ[0]] == texts[differ[1]] {
			t.Errorf("%s and %s are both told %q", differ[0], differ[1], texts[differ[0]])
		}
	}
	if texts["sign in"] != texts["register"] {
		t.Errorf("who signs in is told %q, who registers %q", texts["sign in"], texts["register"])
	}
	checkUsage(t, a.session(), 3, 5000)
	a.do("DELETE", "/videos/"+first, nil).want(204)
	a.get("/videos/"+first).problem(404, "not-found")
	empty()
	emptyMore()
	s.register("d").accepted("1.wav", wav(100, 1))
	eventually(t, patience, "a new ballast", func() bool {
		_, err := os.Stat(ballast)
		return err == nil
	})
}

// untilFull repeats a request until the disk has no room for it. What it has to
// write may still fit into a block that is not full.
func untilFull(t *testing.T, name string, send func() *answer) (detail string) {
	t.Helper()
	for range 50 {
		if a := send(); a.status >= 300 {
			return a.problem(507, "storage-full").Detail
		}
	}
	t.Fatalf("%s: there is always room", name)
	return ""
}
