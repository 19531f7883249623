package uploads

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/db"
)

func TestExpire(t *testing.T) {
	const old = 24 * time.Hour // as all rows are
	for _, test := range []struct {
		what string
		make func(*place, string) string
		ago  time.Duration // when the last byte came, or negative for no file
		want db.Status
	}{
		{"a minute before its time", partly, expiry - time.Minute, db.Receiving},
		{"a minute after its time", partly, expiry + time.Minute, gone},
		{"nothing ever came", func(p *place, s string) string { return p.received(s, "") }, expiry + time.Minute, gone},
		{"without its file", partly, -1, gone},
		// All has come, and the crash of a process kept it from saying so.
		{"whole", func(p *place, s string) string { return p.received(s, "whole") }, old, db.Receiving},
		{"measured", func(p *place, s string) string { return p.complete(s, p.Node.ID) }, old, db.Measuring},
		{"a form", func(p *place, s string) string { return p.form(s, p.Node.ID) }, old, db.Receiving},
	} {
		for name, run := range map[string]func(*Service, context.Context) error{"expire": (*Service).Expire, "clean": (*Service).Clean} {
			t.Run(test.what+", "+name, func(t *testing.T) {
				p := newPlace(t)
				john := p.user("john")
				counted := p.accepted(john)
				p.touch("videos/"+counted, old)
				fresh := partly(p, john) // Its last byte came just now.
				id := test.make(p, john)
				if test.ago < 0 {
					p.remove("incoming/" + id)
				} else {
					p.touch("incoming/"+id, test.ago)
				}
				files := p.files()
				p.must(run(p.Service, t.Context()))
				p.wantStatus(id, test.want)
				p.wantStatus(fresh, db.Receiving)
				p.wantStatus(counted, db.Accepted)
				if test.want == gone {
					files = slices.DeleteFunc(files, func(f string) bool { return strings.Contains(f, id) })
				}
				if left := p.files(); !slices.Equal(left, files) {
					t.Errorf("left are %q, want %q", left, files)
				}
				slots := int64(1)
				if test.want != gone {
					slots++
				}
				if n, err := p.DB.Slots(t.Context(), john); err != nil || n != slots {
					t.Errorf("%d slots are taken, want %d: %v", n, slots, err)
				}
			})
		}
	}
}

func partly(p *place, sessionID string) string { return p.received(sessionID, "who") }

func TestExpireGoesByTheLastByte(t *testing.T) {
	p := newPlace(t)
	id := partly(p, p.user("john"))
	p.touch("incoming/"+id, 2*expiry)
	file, err := os.OpenFile(filepath.Join(p.dir, "incoming", id), os.O_WRONLY|os.O_APPEND, 0)
	p.must(err)
	_, err = file.WriteString("l")
	p.must(errors.Join(err, file.Close()))
	p.must(p.Expire(t.Context()))
	p.wantStatus(id, db.Receiving)
	p.wantFiles("incoming/"+id, "incoming/"+id+".info")
	p.touch("incoming/"+id, 2*expiry)
	p.must(p.Expire(t.Context()))
	p.wantStatus(id, gone)
	p.wantFiles()
}

// An upload whose row was made a moment ago may not have its file yet.
func TestExpireOfWhatHasNoFileYet(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	p.now = time.Now().Add(-settleTime / 2)
	id := partly(p, john)
	p.remove("incoming/" + id)
	p.remove("incoming/" + id + ".info")
	p.must(p.Expire(t.Context()))
	p.wantStatus(id, db.Receiving)
}

func TestExpireRejected(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	counted, before := p.accepted(john), p.rejected(john)
	p.now = time.Now().Add(-expiry + time.Minute)
	after := p.rejected(john)
	p.must(p.Expire(t.Context()))
	p.wantStatus(before, gone)
	p.wantStatus(after, db.Rejected)
	p.wantStatus(counted, db.Accepted)
}

func TestCleanSetsOrphansAside(t *testing.T) {
	p := newPlace(t)
	var log bytes.Buffer
	p.Log = slog.New(slog.NewTextHandler(&log, nil))
	p.now = time.Now()
	john := p.user("john")
	p.accepted(john)
	partly(p, john)
	p.complete(john, p.Node.ID)
	p.rejected(john)
	p.form(john, p.Node.ID)
	p.measured(john, p.Node.ID)
	p.put("videos/notes.txt", "of the operator")
	p.put("jwt.key", "secret")
	before := p.state()

	pair, lone, video, picture, sound := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, name := range []string{
		"incoming/" + pair, "incoming/" + pair + ".info", "incoming/" + lone + ".info", "videos/" + video, "thumbnails/" + picture, "audio/" + sound,
	} {
		p.put(name, "of nobody")
	}
	p.must(p.Clean(t.Context()))
	for _, name := range []string{"orphans/" + video, "orphans/" + pair + ".part", "orphans/" + pair + ".part.info"} {
		p.remove(name) // With nothing beside it.
	}
	if after := p.state(); after != before {
		t.Errorf("got\n%s\nwant\n%s", after, before)
	}
	for _, id := range []string{pair, lone, video, picture, sound} {
		if n := strings.Count(log.String(), id); n != 1 {
			t.Errorf("the log tells %d times of %s:\n%s", n, id, log.String())
		}
	}
}

// TestCleanAfterTheDead has one process die and another live on.
func TestCleanAfterTheDead(t *testing.T) {
	for what, die := range map[string]func(*place) string{
		"left":    func(p *place) string { q := p.join(); p.must(q.Leave()); return q.ID },
		"crashed": (*place).crashed,
	} {
		t.Run(what, func(t *testing.T) {
			p := newPlace(t)
			john := p.user("john")
			dead, living := die(p), p.join()
			counted, rejected := p.accepted(john), p.rejected(john)
			p.alter("UPDATE videos SET process_id = $1, updated_at = $2", dead, time.Now().UnixMilli())
			lost := []string{p.form(john, dead), p.measured(john, dead)}
			inherited, unfinished := p.complete(john, dead), partly(p, john)
			theirs := []string{p.form(john, living.ID), p.measured(john, living.ID), p.complete(john, living.ID)}
			usage, err := p.DB.Quota(t.Context(), john)
			p.must(err)

			for range 2 { // The second time finds nothing to do.
				p.must(p.Clean(t.Context()))
				for id, want := range map[string]db.Status{
					lost[0]: gone, lost[1]: gone, inherited: db.Measuring, unfinished: db.Receiving,
					counted: db.Accepted, rejected: db.Rejected,
					theirs[0]: db.Receiving, theirs[1]: db.Measuring, theirs[2]: db.Measuring,
				} {
					p.wantStatus(id, want)
				}
				p.wantFiles(
					"videos/"+counted, "thumbnails/"+counted, "audio/"+counted,
					"incoming/"+inherited, "incoming/"+inherited+".info", "incoming/"+unfinished, "incoming/"+unfinished+".info",
					"incoming/"+theirs[0], "videos/"+theirs[1], "incoming/"+theirs[2], "incoming/"+theirs[2]+".info",
				)
				for owner, want := range map[string]string{p.Node.ID: inherited, living.ID: theirs[2]} {
					if list, err := p.DB.Unmeasured(t.Context(), owner); err != nil || len(list) != 1 || list[0].ID != want {
						t.Errorf("process %s has to measure %+v, want %s: %v", owner, list, want, err)
					}
				}
				if now, err := p.DB.Quota(t.Context(), john); err != nil || now != usage {
					t.Errorf("usage %+v, want %+v: %v", now, usage, err)
				}
			}
			locks, err := os.ReadDir(p.locks())
			p.must(err)
			var names []string
			for _, l := range locks {
				names = append(names, l.Name())
			}
			if want := slices.Sorted(slices.Values([]string{"gate", p.Node.ID, living.ID})); !slices.Equal(names, want) {
				t.Errorf("process locks %v, want %v", names, want)
			}
		})
	}
}

func TestCleanClearsLeftovers(t *testing.T) {
	for what, test := range map[string]struct {
		before  func(*place)
		cleared bool
	}{
		"alone":                     {func(*place) {}, true},
		"after one that left":       {func(p *place) { p.must(p.join().Leave()) }, true},
		"after one that crashed":    {func(p *place) { p.crashed() }, true},
		"beside another":            {func(p *place) { p.join() }, false},
		"once it has begun to work": {func(p *place) { p.must(p.Clean(p.t.Context())) }, false},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPlace(t)
			id := partly(p, p.user("john"))
			test.before(p)
			leftovers := []string{"incoming/" + id + ".lock", "incoming/" + id + ".stop", "incoming/.temporary-1", "thumbnails/.temporary-2", "audio/.temporary-3", "exports/.temporary-4"}
			for _, name := range leftovers {
				p.put(name, "1")
			}
			want := []string{"incoming/" + id, "incoming/" + id + ".info"}
			if !test.cleared {
				want = append(want, leftovers...)
			}
			p.must(p.Clean(t.Context()))
			p.wantFiles(want...)
		})
	}
}

// Beside another process only what is old is known to be left behind.
func TestCleanClearsWhatIsStale(t *testing.T) {
	p := newPlace(t)
	p.join()
	var want []string
	for _, folder := range []string{"incoming", "videos", "thumbnails", "audio", "exports"} {
		fresh, stale := folder+"/.temporary-1", folder+"/.temporary-2"
		p.put(fresh, "x")
		p.put(stale, "x")
		p.touch(fresh, 23*time.Hour)
		p.touch(stale, 25*time.Hour)
		want = append(want, fresh)
	}
	for range 2 {
		p.must(p.Clean(t.Context()))
		p.wantFiles(want...)
	}
}

func TestCleanThatFails(t *testing.T) {
	t.Run("a folder is gone", func(t *testing.T) {
		p := newPlace(t)
		p.must(os.RemoveAll(filepath.Join(p.dir, "videos")))
		orphan, dead := uuid.NewString(), p.crashed()
		p.put("thumbnails/"+orphan, "x")
		if err := p.Clean(t.Context()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, want %v", err, os.ErrNotExist)
		}
		p.wantFiles() // The rest was done all the same.
		if _, err := os.Stat(filepath.Join(p.locks(), dead)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("lock of the dead: %v", err)
		}
	})
	t.Run("the database is out of reach", func(t *testing.T) {
		p := newPlace(t)
		p.accepted(p.user("john"))
		orphan := uuid.NewString()
		p.put("videos/"+orphan, "x")
		before := p.state()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for what, run := range map[string]func(context.Context) error{
			"clean": p.Clean, "expire": p.Expire,
			"set aside": func(ctx context.Context) error { return errors.Join(p.setAside(ctx, "videos")...) },
		} {
			if err := run(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want %v", what, err, context.Canceled)
			}
		}
		if after := p.state(); after != before { // Nobody knows whether it is one.
			t.Errorf("got\n%s\nwant\n%s", after, before)
		}
	})
}

// TestCleanBesideUploads cleans while another process works as fast as it can.
func TestCleanBesideUploads(t *testing.T) {
	p := newPlace(t)
	p.now = time.Now()
	john := p.user("john")
	cleaner := p.service()
	var want []string
	meanwhile(t, 30, func() error { return cleaner.Clean(t.Context()) }, func() {
		for range 30 {
			id := p.accepted(john)
			want = append(want, "videos/"+id, "thumbnails/"+id, "audio/"+id)
			p.rejected(john)
		}
	})
	p.wantFiles(want...)
}
