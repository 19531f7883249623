package uploads

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/waittest"
)

// TestRemoveFiles holds the rule of the whole program: files go only where the
// database says so.
func TestRemoveFiles(t *testing.T) {
	for what, test := range map[string]struct {
		make  func(*place, string) string
		ends  func(*place, string) error // takes the row away, unless nil
		stays bool
	}{
		"accepted":          {(*place).accepted, nil, true},
		"measured":          {func(p *place, s string) string { return p.measured(s, p.Node.ID) }, nil, true},
		"complete":          {func(p *place, s string) string { return p.complete(s, p.Node.ID) }, nil, true},
		"received":          {partly, nil, true},
		"of nobody":         {func(p *place, _ string) string { id := uuid.NewString(); p.put("videos/"+id, "x"); return id }, nil, true},
		"deleted":           {(*place).accepted, func(p *place, id string) error { return p.DB.DeleteVideo(p.t.Context(), "user_john", id) }, false},
		"of a deleted user": {(*place).accepted, func(p *place, _ string) error { _, err := p.DB.DeleteUser(p.t.Context(), "john"); return err }, false},
		"abandoned":         {func(p *place, s string) string { return p.measured(s, p.Node.ID) }, func(p *place, id string) error { return p.DB.Abandon(p.t.Context(), id) }, false},
		"dropped":           {partly, func(p *place, id string) error { return p.DB.DropUpload(p.t.Context(), id) }, false},
		"rejected":          {func(p *place, s string) string { return p.complete(s, p.Node.ID) }, func(p *place, id string) error { return p.DB.Reject(p.t.Context(), id, "not-a-video") }, false},
		"of a dead process": {func(p *place, s string) string { return p.form(s, "dead") }, func(p *place, _ string) error {
			_, err := p.DB.ReleaseSlots(p.t.Context(), "dead", p.Node.ID)
			return err
		}, false},
		"accepted by others": {(*place).accepted, func(p *place, id string) error { return refused(p.DB.Reject(p.t.Context(), id, "quota-duration")) }, true},
		"abandoned too late": {(*place).accepted, func(p *place, id string) error { return refused(p.DB.Abandon(p.t.Context(), id)) }, true},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPlace(t)
			john, jane := p.user("john"), p.user("jane")
			p.accepted(jane)
			p.alter("UPDATE users SET role = 'admin' WHERE username = 'jane'")
			others := p.files()
			id := test.make(p, john)
			before := p.files()
			if test.ends != nil {
				p.must(test.ends(p, id))
			}
			for range 2 {
				p.must(p.RemoveFiles(t.Context(), id))
				want := others
				if test.stays {
					want = before
				}
				if left := p.files(); !slices.Equal(left, want) {
					t.Errorf("left are %q, want %q", left, want)
				}
			}
			if left, err := p.DB.Removals(t.Context()); err != nil || len(left) != 0 {
				t.Errorf("still to be removed are %q: %v", left, err)
			}
		})
	}
}

// refused requires that somebody else was first.
func refused(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	return errors.Join(errors.New("was not refused"), err)
}

// A process that dies after the row is gone leaves the files to the next one.
func TestCleanAfterACrashBetweenRowAndFiles(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	kept, deleted := p.accepted(john), p.accepted(john)
	p.must(p.DB.DeleteVideo(t.Context(), john, deleted))
	p.Service = p.service() // Another process.
	p.must(p.Clean(t.Context()))
	p.wantFiles("videos/"+kept, "thumbnails/"+kept, "audio/"+kept)
}

// One entry that cannot be removed keeps nothing else from being done.
func TestCleanOfABadEntry(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	kept := p.accepted(john)
	stuck, next, expired := p.accepted(john), p.accepted(john), partly(p, john)
	p.touch("incoming/"+expired, 2*expiry)
	p.must(errors.Join(p.DB.DeleteVideo(t.Context(), john, stuck), p.DB.DeleteVideo(t.Context(), john, next)))
	p.remove("videos/" + stuck) // In its place is a folder that is not empty.
	p.must(os.MkdirAll(filepath.Join(p.dir, "videos", stuck, "x"), 0o700))
	folder := uuid.NewString() // A folder that no upload owns is set aside like a file.
	p.must(os.MkdirAll(filepath.Join(p.dir, "videos", folder), 0o700))

	if err := p.Clean(t.Context()); err == nil || !strings.Contains(err.Error(), stuck) {
		t.Errorf("got %v, want an error that names %s", err, stuck)
	}
	if n := p.Problems(); n != 1 {
		t.Errorf("there are %d problems, want 1", n)
	}
	p.wantStatus(expired, gone)
	if info, err := os.Stat(filepath.Join(p.dir, "orphans", folder)); err != nil || !info.IsDir() {
		t.Errorf("the folder was not set aside: %v", err)
	}
	p.wantFound(false, "files of "+stuck+": are still there, although the upload is gone")

	p.must(os.RemoveAll(filepath.Join(p.dir, "videos", stuck)))
	p.must(errors.Join(p.Clean(t.Context()), p.Expire(t.Context())))
	if n := p.Problems(); n != 0 {
		t.Errorf("there are %d problems, want none", n)
	}
	p.emptyOrphans()
	p.wantFiles("videos/"+kept, "thumbnails/"+kept, "audio/"+kept)
}

// emptyOrphans removes what was set aside.
func (p *place) emptyOrphans() {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Join(p.dir, "orphans"))
	p.must(err)
	for _, e := range entries {
		p.remove("orphans/" + e.Name())
	}
}

func TestCleanWithoutItsDatabase(t *testing.T) {
	for what, lose := range map[string]func(*place){
		"lost":  func(p *place) { p.loseDatabase(); p.Service = p.service() },
		"empty": func(p *place) { p.loseDatabase(); p.put("gensubtitle.db", ""); p.Service = p.service() },
	} {
		t.Run(what, func(t *testing.T) {
			p := newPlace(t)
			p.accepted(p.user("john"))
			videos := p.files()
			kept := ""
			for _, f := range videos {
				if id, ok := strings.CutPrefix(f, "videos/"); ok {
					kept, _, _ = strings.Cut(id, ":")
				}
			}
			lose(p)
			if err := p.CheckVideos(t.Context()); !errors.Is(err, ErrNoVideos) {
				t.Errorf("got %v, want %v", err, ErrNoVideos)
			}
			for range 2 {
				if err := errors.Join(p.setOrphansAside(t.Context())...); !errors.Is(err, ErrNoVideos) {
					t.Errorf("got %v, want %v", err, ErrNoVideos)
				}
			}
			if found := strings.Join(p.check(true), "\n"); !strings.Contains(found, "database: knows no videos") || strings.Contains(found, "mended") {
				t.Errorf("found\n%s", found)
			}
			if _, err := os.Stat(filepath.Join(p.dir, "videos", kept)); err != nil {
				t.Error(err)
			}
			p.MoveOrphans = true
			p.must(errors.Join(p.CheckVideos(t.Context()), p.Clean(t.Context())))
			p.wantFiles("orphans/" + kept)
		})
	}
}

// loseDatabase takes the database away from under the service that was.
func (p *place) loseDatabase() {
	p.t.Helper()
	p.must(errors.Join(p.DB.Close(), p.raw.Close()))
	names, err := filepath.Glob(p.database() + "*")
	p.must(err)
	for _, name := range names {
		p.must(os.Remove(name))
	}
}

func TestOrphans(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	p.accepted(john)
	old, young, part, back, cut := uuid.NewString(), uuid.NewString(), uuid.NewString(), p.accepted(john), p.accepted(john)
	for _, id := range []string{old, young} {
		p.put("videos/"+id, "x")
	}
	p.put("incoming/"+part, "x")
	p.must(p.Clean(t.Context()))
	p.put("orphans/notes.txt", "of the operator")
	p.touch("orphans/notes.txt", 2*orphanLife)
	p.touch("orphans/"+old, orphanLife+time.Minute)
	p.touch("orphans/"+young, orphanLife-time.Minute)
	p.touch("orphans/"+part+".part", orphanLife+time.Minute)
	for id, to := range map[string]string{back: "whole", cut: "who"} { // An older database was replaced by the right one.
		p.remove("videos/" + id)
		p.put("orphans/"+id, to)
	}
	note := func(name string, since time.Duration) string {
		return "file orphans/" + name + ": belongs to no video and is removed after " + time.Now().Add(since).UTC().Format(time.DateOnly) + " (note)"
	}
	want := []string{
		"video " + back + ": is accepted, but its file is among the orphans",
		"video " + cut + ": is accepted, but its file is missing",
		note(old, -time.Minute), note(young, time.Minute), note(part+".part", -time.Minute),
		note(back, orphanLife), note(cut, orphanLife),
	}
	found := p.checkAndNote(false)
	if slices.Sort(found); !slices.Equal(found, slices.Sorted(slices.Values(want))) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	p.must(p.Clean(t.Context()))
	left := p.files()
	for name, want := range map[string]bool{
		"videos/" + back: true, "orphans/" + young: true, "orphans/notes.txt": true, "orphans/" + cut: true,
		"orphans/" + old: false, "orphans/" + part + ".part": false, "orphans/" + back: false,
	} {
		if got := slices.ContainsFunc(left, func(f string) bool { return strings.HasPrefix(f, name+":") }); got != want {
			t.Errorf("%s is there: %v, want %v", name, got, want)
		}
	}
}

// An upload that a request writes to is not due, whatever its age.
func TestExpireBesideARequest(t *testing.T) {
	p := newPlace(t)
	id := partly(p, p.user("john"))
	p.touch("incoming/"+id, 2*expiry)
	unlock, err := p.Files.TryLock(id)
	p.must(err)
	if _, err := p.Files.TryLock(id); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("got %v, want %v", err, storage.ErrLocked)
	}
	p.must(p.Expire(t.Context()))
	p.wantStatus(id, db.Receiving)
	p.must(unlock())
	p.must(p.Expire(t.Context()))
	p.wantStatus(id, gone)
	p.wantFiles()
}

// What tusd knows of an upload is needed to go on with it, as its bytes are.
func TestExpireOfWhatIsLost(t *testing.T) {
	for what, test := range map[string]struct {
		bytes, remove string
		want          db.Status
	}{
		"its bytes":                 {"who", "", gone},
		"what tusd knows":           {"who", ".info", gone},
		"what tusd knows, when all": {"whole", ".info", db.Receiving},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPlace(t)
			john := p.user("john")
			id := p.received(john, test.bytes)
			p.remove("incoming/" + id + test.remove)
			if test.want == gone {
				p.wantFound(false, "upload "+id+": is under way, but its file is missing")
			}
			p.must(p.Expire(t.Context()))
			p.wantStatus(id, test.want)
			if n, err := p.DB.Slots(t.Context(), john); err != nil || (n == 0) != (test.want == gone) {
				t.Errorf("%d slots are taken: %v", n, err)
			}
		})
	}
}

// What is made of a video that is deleted meanwhile does not stay.
func TestMadeOfADeletedVideo(t *testing.T) {
	p := newPlace(t)
	john := p.user("john")
	id := p.accepted(john)
	p.must(p.DeleteVideo(t.Context(), john, id))
	p.must(errors.Join(
		p.Files.KeepThumbnail(t.Context(), id, []byte("picture")),
		p.Files.MakeSound(t.Context(), id, 0, func(storage.Sound) error { return nil }),
	))
	p.wantFiles()

	// In whatever order they happen.
	for range 50 {
		id := p.accepted(john)
		var both sync.WaitGroup
		both.Go(func() {
			if err := p.DeleteVideo(t.Context(), john, id); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if err := p.Files.KeepThumbnail(t.Context(), id, []byte("picture")); err != nil {
				t.Error(err)
			}
		})
		waittest.Group(t, &both)
	}
	p.wantFiles()
}
