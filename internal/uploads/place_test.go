package uploads

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
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

// expiry is that of every service here. Rows are made a whole day before now
// unless a test sets the clock.
const expiry = time.Hour

// place is a real service in a folder of its own, and a way into its database
// for what the package db has no method for.
type place struct {
	*Service
	t   *testing.T
	dir string
	now time.Time // the database's clock
	raw *sql.DB
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, dir: t.TempDir(), now: time.Now().Add(-24 * time.Hour)}
	p.Service = p.service()
	raw, err := sql.Open("sqlite3", "file:"+p.database()+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	p.raw = raw
	t.Cleanup(func() { p.must(raw.Close()) })
	return p
}

// service opens the parts as a process of its own does.
func (p *place) service() *Service {
	p.t.Helper()
	limits := db.Limits{Videos: 100, Duration: time.Hour, FileBytes: 1 << 30}
	s := New(Options{Log: slog.New(slog.DiscardHandler), Expiry: expiry})
	var err error
	s.DB, err = db.Open(p.t.Context(), db.Options{Path: p.database(), Defaults: limits, Now: func() time.Time { return p.now }})
	p.must(err)
	p.t.Cleanup(func() { p.must(s.DB.Close()) })
	s.Files, err = storage.OpenDisk(p.dir, s.DB.KeepsFiles)
	p.must(err)
	s.Node = p.join()
	return s
}

func (p *place) database() string { return filepath.Join(p.dir, "gensubtitle.db") }

// join registers another process, which lives until it leaves.
func (p *place) join() *db.Node {
	p.t.Helper()
	process, err := db.Join(p.locks())
	p.must(err)
	// Without a use of it to come, the garbage collector would let go of its lock.
	p.t.Cleanup(func() { _ = process.Leave() })
	return process
}

func (p *place) locks() string { return filepath.Join(p.dir, "processes") }

// crashed is a process that has ended without leaving: its lock file is there,
// and nobody holds it.
func (p *place) crashed() string {
	p.t.Helper()
	id := uuid.NewString()
	p.put("processes/"+id, "")
	return id
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// user makes a user and returns the id of the quota session.
func (p *place) user(name string) string {
	p.t.Helper()
	u, err := p.DB.CreateUser(p.t.Context(), db.NewUser{Name: name, Key: name, SessionID: "user_" + name, PasswordHash: "x", Role: db.RoleUser})
	p.must(err)
	return u.SessionID
}

// form is an upload in one piece that a process receives.
func (p *place) form(sessionID, processID string) string {
	p.t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	p.must(p.DB.Admit(p.t.Context(), db.Upload{ID: id, SessionID: sessionID}, processID))
	p.put("incoming/"+id, "whole")
	return id
}

// measured is a form whose file is in its place already, but not counted.
func (p *place) measured(sessionID, processID string) string {
	p.t.Helper()
	id := p.form(sessionID, processID)
	_, err := p.DB.Received(p.t.Context(), id, "a.mp4", 5)
	p.must(err)
	p.must(p.Files.Keep(id))
	return id
}

// received is a resumable upload of five bytes of which these have come.
func (p *place) received(sessionID, bytes string) string {
	p.t.Helper()
	u := db.Upload{ID: uuid.Must(uuid.NewV7()).String(), SessionID: sessionID, Filename: "a.mp4", SizeBytes: 5}
	p.must(p.DB.AdmitResumable(p.t.Context(), u, 1000))
	p.put("incoming/"+u.ID, bytes)
	p.put("incoming/"+u.ID+".info", "{}")
	return u.ID
}

// complete is a resumable upload that a process measures.
func (p *place) complete(sessionID, processID string) string {
	p.t.Helper()
	id := p.received(sessionID, "whole")
	_, err := p.DB.Complete(p.t.Context(), id, processID)
	p.must(err)
	return id
}

// accepted is a video that counts, with sound and a thumbnail.
func (p *place) accepted(sessionID string) string {
	p.t.Helper()
	id := p.complete(sessionID, p.Node.ID)
	p.must(p.Files.Keep(id))
	_, _, err := p.DB.Accept(p.t.Context(), id, db.Measured{Duration: time.Second, Container: "mp4", HasPicture: true})
	p.must(err)
	p.must(p.Files.KeepThumbnail(p.t.Context(), id, []byte("picture")))
	p.must(p.Files.MakeSound(p.t.Context(), id, 0, func(storage.Sound) error { return nil }))
	return id
}

func (p *place) rejected(sessionID string) string {
	p.t.Helper()
	id := p.complete(sessionID, p.Node.ID)
	p.must(p.DB.Reject(p.t.Context(), id, "not-a-video"))
	p.must(p.RemoveFiles(p.t.Context(), id))
	return id
}

func (p *place) put(name, text string) {
	p.t.Helper()
	p.must(os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600))
}

func (p *place) remove(name string) {
	p.t.Helper()
	p.must(os.Remove(filepath.Join(p.dir, name)))
}

// touch sets when a file last got a byte.
func (p *place) touch(name string, ago time.Duration) {
	p.t.Helper()
	p.must(os.Chtimes(filepath.Join(p.dir, name), time.Time{}, time.Now().Add(-ago)))
}

func (p *place) alter(statement string, args ...any) {
	p.t.Helper()
	_, err := p.raw.ExecContext(p.t.Context(), statement, args...)
	p.must(err)
}

// files are those of uploads, with what they hold: "incoming/<id>: text".
func (p *place) files() []string {
	p.t.Helper()
	found := []string{}
	p.must(fs.WalkDir(os.DirFS(p.dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(path, "gensubtitle.db") || strings.HasPrefix(path, "processes/") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(p.dir, path))
		found = append(found, path+": "+string(text))
		return err
	}))
	return found
}

// wantFiles requires that exactly these files are left.
func (p *place) wantFiles(want ...string) {
	p.t.Helper()
	slices.Sort(want)
	var got []string
	for _, f := range p.files() {
		name, _, _ := strings.Cut(f, ":")
		got = append(got, name)
	}
	if !slices.Equal(got, want) {
		p.t.Errorf("left are the files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const gone db.Status = "" // of an upload without a row

func (p *place) wantStatus(id string, want db.Status) {
	p.t.Helper()
	var got db.Status
	err := p.raw.QueryRowContext(p.t.Context(), "SELECT status FROM videos WHERE id = $1", id).Scan(&got)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		p.t.Fatal(err)
	}
	if got != want {
		p.t.Errorf("upload %s is %q, want %q", id, got, want)
	}
}

// state is all that the database and the folders hold.
func (p *place) state() string {
	p.t.Helper()
	var all strings.Builder
	for _, table := range []string{"users", "quota_sessions", "videos", "events", "removals"} {
		rows, err := p.raw.QueryContext(p.t.Context(), "SELECT * FROM "+table+" ORDER BY 1")
		p.must(err)
		defer rows.Close()
		columns, err := rows.Columns()
		p.must(err)
		for rows.Next() {
			cells := make([]sql.NullString, len(columns))
			targets := make([]any, len(columns))
			for i := range cells {
				targets[i] = &cells[i]
			}
			p.must(rows.Scan(targets...))
			fmt.Fprintln(&all, table, cells)
		}
		p.must(rows.Err())
	}
	return all.String() + strings.Join(p.files(), "\n")
}

// meanwhile does work again and again, as another process would, until f is
// done, and at most so often: SQLite lets nobody wait in line, so that one who
// writes all the time would keep f from it.
func meanwhile(t *testing.T, atMost int, work func() error, f func()) {
	t.Helper()
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for range atMost {
			if err := work(); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	defer waittest.Group(t, &all)
	defer close(stop)
	f()
}
