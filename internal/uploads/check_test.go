package uploads

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/db"
)

// lived is a place in which everything has happened that may.
type lived struct {
	*place
	video string // accepted, of john
	dead  string // a process that has ended
}

func newLived(t *testing.T) *lived {
	t.Helper()
	p := newPlace(t)
	john, jane := p.user("john"), p.user("jane")
	p.user("nobody")
	l := &lived{place: p, dead: uuid.NewString()}
	p.accepted(john)
	_, err := p.DB.Reset(t.Context(), db.QuotaChange{SessionID: john, Actor: "admin"})
	p.must(err)
	l.video = p.accepted(john)
	deleted := p.accepted(john)
	p.must(p.DeleteVideo(t.Context(), john, deleted))
	p.rejected(john)
	partly(p, jane)
	p.received(jane, "")
	p.complete(jane, p.Node.ID)
	p.complete(jane, l.dead) // Another takes it over some day.
	kept := p.complete(jane, p.join().ID)
	p.must(p.Files.Keep(kept))
	p.form(jane, p.Node.ID)
	p.measured(jane, p.join().ID)
	p.put("videos/notes.txt", "of the operator")
	return l
}

// check runs a check and returns what it found as lines, but for its notes.
func (p *place) check(repair bool) []string {
	p.t.Helper()
	return slices.DeleteFunc(p.checkAndNote(repair), func(line string) bool { return strings.HasSuffix(line, " (note)") })
}

func (p *place) checkAndNote(repair bool) []string {
	p.t.Helper()
	found := []string{}
	p.must(p.Check(p.t.Context(), repair, func(f Finding) error {
		line := f.Subject + ": " + f.Problem
		if f.Mended {
			line += " (mended)"
		}
		if f.Note {
			line += " (note)"
		}
		found = append(found, line)
		return nil
	}))
	return found
}

func (p *place) wantFound(repair bool, want ...string) {
	p.t.Helper()
	if found := p.check(repair); !slices.Equal(found, want) {
		p.t.Errorf("with repair %v found\n%s\nwant\n%s", repair, strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
}

func TestCheckFindsNothingWrong(t *testing.T) {
	for what, p := range map[string]*place{"empty": newPlace(t), "lived in": newLived(t).place} {
		before := p.state()
		for _, repair := range []bool{false, true} {
			if found := p.check(repair); len(found) != 0 {
				t.Errorf("%s, repair %v: found %q", what, repair, found)
			}
			if after := p.state(); after != before {
				t.Errorf("%s, repair %v: changed\n%s\nto\n%s", what, repair, before, after)
			}
		}
	}
}

// disagreement is how one is made, what is found, and whether that can be mended.
type disagreement struct {
	what   string
	breaks func(*lived) []string
	mended bool
}

var disagreements = []disagreement{
	{"a user without quota session", func(l *lived) []string {
		l.alter("DELETE FROM quota_sessions WHERE session_id = 'user_nobody'")
		return []string{"user nobody: has no quota session"}
	}, true},
	{"drifted usage", func(l *lived) []string {
		l.alter("UPDATE quota_sessions SET videos_count = 7, duration_ms = 7001 WHERE session_id = 'user_john'")
		return []string{"user_john: counts 7 videos of 7.001s, but its ledger 2 of 2s"}
	}, true},
	{"totals that are not what is there", func(l *lived) []string {
		l.alter("UPDATE totals SET size_bytes = size_bytes + 1")
		return []string{"totals: are not what is there"}
	}, true},
	{"a ledger without its uploads", func(l *lived) []string {
		l.alter("DELETE FROM events WHERE kind = 'upload' AND video_id NOT IN (SELECT id FROM videos WHERE status = 'accepted')")
		l.alter("UPDATE events SET videos_delta = -9 WHERE kind = 'reset'")
		return []string{"user_john: counts 2 videos of 2s, but its ledger -7 of 1s"}
	}, false},
	{"a video that the ledger does not know", func(l *lived) []string {
		l.alter("UPDATE events SET video_id = 'x' WHERE video_id = $1", l.video)
		return []string{"video " + l.video + ": is accepted, but its ledger does not say so, or says another duration"}
	}, false},
	{"subtitles that are done without a text", func(l *lived) []string {
		l.alter("INSERT INTO subtitle_jobs (video_id, session_id, status) VALUES ($1, 'user_john', 'done')", l.video)
		return []string{"video " + l.video + ": has done subtitles, but no text of them"}
	}, false},
	{"a video without its file", func(l *lived) []string {
		l.remove("videos/" + l.video)
		return []string{"video " + l.video + ": is accepted, but its file is missing"}
	}, false},
	{"a video that was cut", func(l *lived) []string {
		l.put("videos/"+l.video, "who")
		return []string{"video " + l.video + ": has 5 bytes, but its file 3"}
	}, false},
	{"a received upload without its file", func(l *lived) []string {
		id := partly(l.place, "user_jane")
		l.remove("incoming/" + id)
		return []string{"upload " + id + ": is under way, but its file is missing"}
	}, true},
	{"a measured upload without its file", func(l *lived) []string {
		id := l.complete("user_jane", l.Node.ID)
		l.remove("incoming/" + id)
		return []string{"upload " + id + ": is under way, but its file is missing"}
	}, true},
	{"a form of a dead process", func(l *lived) []string {
		id := l.form("user_jane", l.dead)
		return []string{"upload " + id + ": holds a slot, but its process is dead"}
	}, true},
	{"a form that a dead process measured", func(l *lived) []string {
		id := l.measured("user_jane", l.crashed())
		return []string{"upload " + id + ": holds a slot, but its process is dead"}
	}, true},
	{"a form of a dead process without its file", func(l *lived) []string {
		id := l.form("user_jane", l.dead)
		l.remove("incoming/" + id)
		return []string{"upload " + id + ": holds a slot, but its process is dead"}
	}, true},
	{"an incoming file of nobody", func(l *lived) []string {
		id := uuid.NewString()
		l.put("incoming/"+id, "x")
		l.put("incoming/"+id+".info", "{}")
		return []string{"file incoming/" + id + ": belongs to no video"}
	}, true},
	{"what is kept beside a file of nobody", func(l *lived) []string {
		id := uuid.NewString()
		l.put("incoming/"+id+".info", "{}")
		return []string{"file incoming/" + id + ": belongs to no video"}
	}, true},
	{"a file of nobody's video", func(l *lived) []string {
		id := uuid.NewString()
		l.put("videos/"+id, "x")
		return []string{"file videos/" + id + ": belongs to no video"}
	}, true},
	{"a thumbnail of nobody's video", func(l *lived) []string {
		id := uuid.NewString()
		l.put("thumbnails/"+id, "x")
		return []string{"file thumbnails/" + id + ": belongs to no video"}
	}, true},
	{"the sound of nobody's video", func(l *lived) []string {
		id := uuid.NewString()
		l.put("audio/"+id, "x")
		return []string{"file audio/" + id + ": belongs to no video"}
	}, true},
}

// What can be made again is not missed.
func TestCheckOfAVideoAlone(t *testing.T) {
	l := newLived(t)
	l.remove("audio/" + l.video)
	l.remove("thumbnails/" + l.video)
	l.wantFound(true)
}

func TestCheckFindsAndMends(t *testing.T) {
	for _, f := range disagreements {
		t.Run(f.what, func(t *testing.T) {
			t.Parallel()
			l := newLived(t)
			sound := l.state()
			want := f.breaks(l)
			broken := l.state()
			for range 2 { // Looking changes nothing.
				l.wantFound(false, want...)
				if after := l.state(); after != broken {
					t.Errorf("a check without repair changed\n%s\nto\n%s", broken, after)
				}
			}
			if !f.mended {
				l.wantFound(true, want...)
				if after := l.state(); after != broken {
					t.Errorf("what cannot be mended was changed from\n%s\nto\n%s", broken, after)
				}
				return
			}
			for i := range want {
				want[i] += " (mended)"
			}
			l.wantFound(true, want...)
			l.wantFound(true)
			l.wantFound(false)
			l.emptyOrphans()
			if mended := l.state(); mended != sound {
				t.Errorf("mended to\n%s\nwant\n%s", mended, sound)
			}
		})
	}
}

// TestCheckFindsAllAtOnce also holds the order: what one mends, the next sees.
func TestCheckFindsAllAtOnce(t *testing.T) {
	l := newLived(t)
	var want, left []string
	for _, f := range disagreements {
		if f.what == "drifted usage" || f.what == "a video without its file" {
			continue // Others break the same row.
		}
		for _, line := range f.breaks(l) {
			if f.mended {
				want = append(want, line+" (mended)")
			} else {
				want, left = append(want, line), append(left, line)
			}
		}
	}
	for _, step := range []struct {
		repair bool
		want   []string
	}{{true, want}, {true, left}, {false, left}} {
		found := l.check(step.repair)
		if slices.Sort(found); !slices.Equal(found, slices.Sorted(slices.Values(step.want))) {
			t.Errorf("with repair %v found\n%s\nwant\n%s", step.repair, strings.Join(found, "\n"), strings.Join(step.want, "\n"))
		}
	}
}

// TestCheckBelievesNoDamagedDatabase has the database forget a video in its
// index alone: its file seems to be of nobody, and must not go.
func TestCheckBelievesNoDamagedDatabase(t *testing.T) {
	l := newLived(t)
	var page, size int64
	l.must(l.raw.QueryRowContext(t.Context(), `
		SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'videos' AND sql IS NULL`).Scan(&page))
	l.must(l.raw.QueryRowContext(t.Context(), "PRAGMA page_size").Scan(&size))
	l.alter("PRAGMA wal_checkpoint(TRUNCATE)")
	data, err := os.ReadFile(l.database())
	l.must(err)
	index := data[(page-1)*size : page*size]
	at := bytes.LastIndex(index, []byte(l.video))
	if at < 0 {
		t.Fatal("the video is not in the index")
	}
	file, err := os.OpenFile(l.database(), os.O_WRONLY, 0)
	l.must(err)
	other := []byte("0")
	if strings.HasSuffix(l.video, "0") {
		other = []byte("1")
	}
	_, err = file.WriteAt(other, (page-1)*size+int64(at+len(l.video)-1))
	l.must(errors.Join(err, file.Close()))

	l.Service = l.service() // The other has the page in its memory.
	orphan := uuid.NewString()
	l.put("thumbnails/"+orphan, "x")
	files := l.files()
	found := strings.Join(l.check(true), "\n")
	for _, want := range []string{"database: ", "file videos/" + l.video, "file thumbnails/" + orphan} {
		if !strings.Contains(found, want) {
			t.Errorf("found\n%s\nwant also %q", found, want)
		}
	}
	if strings.Contains(found, "(mended)") {
		t.Errorf("mended by a database that is damaged:\n%s", found)
	}
	if left := l.files(); !slices.Equal(left, files) {
		t.Errorf("left are %q, want %q", left, files)
	}
}

func TestCheckOfManyVideos(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	const count = 2*checkPage + 1
	p.alter(`
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO videos (id, session_id, status, process_id, duration_ms, created_at, updated_at)
		SELECT printf('00000000-0000-4000-8000-%012d', i), $2, 'accepted', '', 1, 1, 1 FROM n`, count, john)
	p.alter(`
		INSERT INTO events (session_id, kind, actor, video_id, videos_delta, duration_delta_ms, created_at)
		SELECT session_id, 'upload', 'john', id, 1, 1, 1 FROM videos`)
	p.alter("UPDATE quota_sessions SET videos_count = $1, duration_ms = $1", count)
	rows, err := p.raw.QueryContext(t.Context(), "SELECT id FROM videos ORDER BY id")
	p.must(err)
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		p.must(rows.Scan(&id))
		ids = append(ids, id)
		p.put("videos/"+id, "")
	}
	p.must(rows.Err())
	p.wantFound(false)
	var want []string
	for _, i := range []int{0, checkPage - 1, checkPage, count - 1} { // where pages begin and end
		p.remove("videos/" + ids[i])
		want = append(want, "video "+ids[i]+": is accepted, but its file is missing")
	}
	p.wantFound(false, want...)
}

// The row of an upload is made before its file.
func TestCheckOfWhatHasNoFileYet(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	p.now = time.Now().Add(-settleTime / 2)
	id := partly(p, john)
	p.remove("incoming/" + id)
	p.wantFound(true)
	p.wantStatus(id, db.Receiving)
}

func TestCheckStops(t *testing.T) {
	l := newLived(t)
	l.alter("UPDATE quota_sessions SET videos_count = 9")
	full := errors.New("nobody listens")
	told := 0
	err := l.Check(t.Context(), false, func(Finding) error { told++; return full })
	if !errors.Is(err, full) || told != 1 {
		t.Errorf("told %d times: %v, want %v after the first", told, err, full)
	}
	before := l.state()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Check(ended, true, func(Finding) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if after := l.state(); after != before {
		t.Errorf("a check that was given up changed\n%s\nto\n%s", before, after)
	}
}

func TestCheckWithoutAFolder(t *testing.T) {
	l := newLived(t)
	l.must(os.RemoveAll(filepath.Join(l.dir, "thumbnails")))
	if err := l.Check(t.Context(), true, func(Finding) error { return nil }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}

// TestCheckBesideUploads checks again and again while another process works
// as fast as it can: nothing that is under way is a finding.
func TestCheckBesideUploads(t *testing.T) {
	p := newPlace(t)
	p.now = time.Now()
	john := p.user("john")
	p.alter("UPDATE quota_sessions SET max_videos = 100000")
	checker := p.service()
	check := func() error {
		return checker.Check(t.Context(), true, func(f Finding) error {
			t.Errorf("found %+v", f)
			return nil
		})
	}
	// An upload is looked at once it is older than a moment.
	age := func(id string) string {
		p.alter("UPDATE videos SET created_at = 1 WHERE id = $1", id)
		return id
	}
	meanwhile(t, 1000, check, func() {
		for range 60 {
			id := age(p.complete(john, p.Node.ID))
			p.must(p.Files.Keep(id))
			_, _, err := p.DB.Accept(t.Context(), id, db.Measured{Duration: time.Second, Container: "mp4"})
			p.must(err)
			p.must(p.DeleteVideo(t.Context(), john, id))
			id = age(p.complete(john, p.Node.ID))
			p.must(errors.Join(p.DB.Reject(t.Context(), id, "not-a-video"), p.RemoveFiles(t.Context(), id)))
			id = age(partly(p, john))
			p.must(errors.Join(p.DB.DropUpload(t.Context(), id), p.RemoveFiles(t.Context(), id)))
			for _, start := range []func(string, string) string{p.form, p.measured} {
				id := start(john, p.Node.ID)
				p.must(errors.Join(p.DB.Abandon(t.Context(), id), p.RemoveFiles(t.Context(), id)))
			}
			process := p.join() // One that ends in good order.
			id = p.form(john, process.ID)
			p.must(errors.Join(p.DB.Abandon(t.Context(), id), process.Leave(), p.RemoveFiles(t.Context(), id)))
			p.accepted(john)
		}
	})
	p.wantFound(false)
}
