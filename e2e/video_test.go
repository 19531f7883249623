package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// media lists the files of the data directory that are neither databases nor
// keys nor the locks of running processes: the videos, and whatever should not
// be there. The sound of a video that is there is not told.
func (s *server) media() []string {
	s.t.Helper()
	var found []string
	walk(s.t, s.dir, func(path string) {
		name := filepath.Base(path)
		folder := filepath.Base(filepath.Dir(path))
		own := strings.Contains(name, ".db") || strings.Contains(name, "key") || folder == "processes" || name == "ballast"
		_, err := os.Stat(filepath.Join(s.dir, "videos", name))
		ofVideo := folder == "audio" && err == nil
		if !own && !ofVideo {
			found = append(found, path)
		}
	})
	return found
}

func TestVideoList(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	s.register("b").accepted("b.wav", wav(50, 1))
	var ids []string
	for i := range 7 {
		v := c.accepted(fmt.Sprintf("%d.wav", i), wav(100+i, i)).Video
		ids = append([]string{v.ID}, ids...)
		if v.Size != int64(len(wav(100+i, i))) || v.Status != "accepted" || v.Container == "" {
			t.Errorf("video %+v", v)
		}
		if at, err := time.Parse(time.RFC3339, v.CreatedAt); err != nil || !strings.HasSuffix(v.CreatedAt, "Z") || time.Since(at).Abs() > time.Hour {
			t.Errorf("created_at %q", v.CreatedAt)
		}
		var one video
		c.get("/videos/" + v.ID).want(200).decode(&one)
		if one != v {
			t.Errorf("GET gives %+v, the upload gave %+v", one, v)
		}
	}
	for _, limit := range []int{1, 3, 7, 100} {
		got := c.walkVideos(limit)
		if !slices.Equal(got, ids) {
			t.Errorf("limit %d: %v, want %v", limit, got, ids)
		}
	}
	for _, query := range []string{"limit=0", "limit=-1", "limit=x", "cursor=nonsense", "cursor=" + strings.Repeat("z", 2000), "limit=99999999999999999999"} {
		c.get("/videos?"+query).problem(422, "invalid")
	}
}

// walkVideos follows the cursor to the end and returns every id.
func (c *client) walkVideos(limit int) []string {
	c.t.Helper()
	var ids []string
	for cursor, pages := "", 0; pages < 20; pages++ {
		var list struct {
			Videos []video
			Next   string `json:"next_cursor"`
		}
		c.get("/videos?limit=" + strconv.Itoa(limit) + "&cursor=" + escape(cursor)).want(200).decode(&list)
		if len(list.Videos) > limit {
			c.t.Errorf("%d videos on a page of %d", len(list.Videos), limit)
		}
		for _, v := range list.Videos {
			ids = append(ids, v.ID)
		}
		if list.Next == "" {
			return ids
		}
		cursor = list.Next
	}
	c.t.Error("the cursor never ends")
	return ids
}

func TestEmptyVideoList(t *testing.T) {
	t.Parallel()
	a := start(t).register("a").get("/videos").want(200)
	if !bytes.Contains(a.body, []byte(`"videos":[]`)) {
		t.Errorf("an empty list: %s", a.body)
	}
}

func TestVideoOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	mine := s.register("a").accepted("a.wav", wav(100, 1)).Video
	b := s.register("b")
	for _, id := range []string{mine.ID, "0", "999999", "x", strings.Repeat("9", 40), "%2e%2e", "-1", "%00"} {
		b.get("/videos/"+id).problem(404, "not-found")
		b.get("/videos/"+id+"/file").problem(404, "not-found")
		b.do("DELETE", "/videos/"+id, nil).problem(404, "not-found")
	}
	s.login("a", password).get("/videos/" + mine.ID + "/file").want(200)
}

func TestVideoFile(t *testing.T) {
	t.Parallel()
	s := attacked(t)
	c := s.register("a")
	data := read(t, clip(t, 1))
	path := "/videos/" + c.accepted("คลิป.mp4", data).Video.ID + "/file"
	whole := c.get(path).want(200)
	if !bytes.Equal(whole.body, data) {
		t.Error("the file came back changed")
	}
	if got := whole.header.Get("Accept-Ranges"); got != "bytes" {
		t.Errorf("Accept-Ranges %q", got)
	}
	csp := whole.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "sandbox") && !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("the file could run as a page: %q", csp)
	}
	if kind := whole.header.Get("Content-Type"); !strings.HasPrefix(kind, "video/") && kind != "application/octet-stream" {
		t.Errorf("Content-Type %q", kind)
	}
	if got := whole.header.Get("Cache-Control"); !strings.Contains(got, "no-store") && !strings.Contains(got, "private") {
		t.Errorf("Cache-Control %q", got)
	}
	size := len(data)
	for _, r := range []struct {
		ask        string
		status     int
		start, end int
	}{
		{"bytes=0-9", 206, 0, 10},
		{"bytes=5-5", 206, 5, 6},
		{fmt.Sprintf("bytes=%d-", size-7), 206, size - 7, size},
		{"bytes=-8", 206, size - 8, size},
		{"bytes=10-99999999", 206, 10, size},
		{fmt.Sprintf("bytes=-%d", size+100), 206, 0, size},
		{fmt.Sprintf("bytes=%d-", size), 416, 0, 0},
		{"bytes=99999999-", 416, 0, 0},
	} {
		a := c.with("Range", r.ask).get(path).want(r.status)
		if r.status == 416 {
			if got, want := a.header.Get("Content-Range"), fmt.Sprintf("bytes */%d", size); got != want {
				t.Errorf("%s: Content-Range %q, want %q", r.ask, got, want)
			}
			continue
		}
		if got, want := a.header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", r.start, r.end-1, size); got != want {
			t.Errorf("%s: Content-Range %q, want %q", r.ask, got, want)
		}
		if !bytes.Equal(a.body, data[r.start:r.end]) {
			t.Errorf("%s: %d wrong bytes", r.ask, len(a.body))
		}
	}
	for _, ask := range []string{"bytes=9-3", "bytes=x", "lines=1-2", "bytes=--", "bytes=-"} {
		a := c.with("Range", ask).get(path)
		if a.status != 200 && a.status != 416 {
			t.Errorf("%s: status %d", ask, a.status)
		}
	}
	h := c.do("HEAD", path, nil).want(200)
	if h.header.Get("Content-Length") != strconv.Itoa(size) || len(h.body) != 0 {
		t.Errorf("HEAD: %v", h.header)
	}
}

func TestDeleteVideo(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=2")
	c := s.register("a")
	gone, kept := c.accepted("a.wav", wav(1000, 1)).Video, c.accepted("b.wav", wav(500, 2)).Video
	if files := s.media(); len(files) != 2 {
		t.Errorf("files %v", files)
	}
	c.do("DELETE", "/videos/"+gone.ID, nil).want(204)
	for _, path := range []string{"/videos/" + gone.ID, "/videos/" + gone.ID + "/file"} {
		c.get(path).problem(404, "not-found")
	}
	c.do("DELETE", "/videos/"+gone.ID, nil).problem(404, "not-found")
	if list := c.videos(); len(list) != 1 || list[0].ID != kept.ID {
		t.Errorf("videos %+v", list)
	}
	if files := s.media(); len(files) != 1 {
		t.Errorf("files %v", files)
	}
	checkUsage(t, c.session(), 2, 1500)
	c.upload("c.wav", wav(100, 3)).problem(403, "quota-videos")
}
