package uploads

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"gensubtitle/db"
	"gensubtitle/internal/media"
	"gensubtitle/internal/storage"
	"gensubtitle/internal/waittest"
)

// life is an installation on which a step of an upload's life is broken at each
// call of the store and the database in turn.
type life struct {
	*place
	faults *faults // of the process that place is
	userID int64
	mu     sync.Mutex
	acked  map[string]bool // ids of which the client was told that all has come
	id     string          // of the resumable upload that the client knows
	meter  Meter
}

const lifeQuota = 4

// newLife is in a folder that has been prepared.
func newLife(t *testing.T, template string, meter Meter) *life {
	t.Helper()
	l := &life{faults: &faults{}, acked: map[string]bool{}, meter: meter}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
		t.Fatal(err)
	}
	l.place = &place{t: t, dir: dir, now: time.Now().Add(-24 * time.Hour)}
	l.faults.register(dir)
	l.Service = l.process(dir)
	l.Files = faultyStore{l.Files, l.faults}
	raw, err := sql.Open("sqlite3", "file:"+l.database()+"?_busy_timeout=5000")
	l.must(err)
	l.raw = raw
	t.Cleanup(func() { l.must(raw.Close()) })
	l.must(raw.QueryRowContext(t.Context(), "SELECT id FROM users WHERE username_key = 'john'").Scan(&l.userID))
	return l
}

// process is a process of its own, whose database has a driver.
func (l *life) process(driver string) *Service {
	l.t.Helper()
	s := New(Options{Log: slog.New(slog.DiscardHandler), Expiry: expiry, MaxUnfinished: 10, Meter: l.meter})
	var err error
	s.DB, err = db.Open(l.t.Context(), db.Options{
		Path: l.database(), Driver: driver, Defaults: db.Limits{Videos: lifeQuota, Duration: time.Hour, FileBytes: 1 << 30},
		Now: func() time.Time { return l.now },
	})
	l.must(err)
	l.t.Cleanup(func() { l.must(s.DB.Close()) })
	s.Files, err = storage.OpenDisk(l.dir, s.DB.KeepsFiles)
	l.must(err)
	s.Node = l.join()
	l.t.Cleanup(s.Stop)
	return s
}

// whole sends a file in one piece.
func (l *life) whole(ctx context.Context, s *Service, data []byte, key string) error {
	w := Whole{
		SessionID: "user_john", SizeBytes: int64(len(data)), Length: int64(len(data)), Log: s.Log,
		Request: &db.Request{UserID: l.userID, Path: "/upload", Key: key, ProcessID: s.Node.ID},
	}
	a, _, err := s.Receive(ctx, w, func(file storage.Incoming) (string, int64, error) {
		n, err := file.Write(data)
		return cmp.Or(key, "a.wav"), int64(n), err
	})
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.acked[a.Video.ID] = true
	}
	return err
}

// resumable sends a file as a tus client does, from where it stands.
func (l *life) resumable(ctx context.Context, s *Service, data []byte) error {
	if err := l.part(ctx, s, data, len(data)); err != nil {
		return err
	}
	l.acked[l.id] = true
	return s.Complete(ctx, l.id)
}

// part sends a file until so many bytes of it have come.
func (l *life) part(ctx context.Context, s *Service, data []byte, until int) error {
	if l.id != "" {
		u, err := s.DB.ResumableUpload(ctx, "user_john", l.id)
		if errors.Is(err, db.ErrNotFound) {
			l.id = ""
		} else if err != nil || u.Status != db.Receiving {
			return err
		}
	}
	if l.id == "" {
		id, err := l.create(ctx, s, data)
		if err != nil {
			return err
		}
		l.id = id
	}
	at, _, err := s.Files.Received(l.id)
	if err != nil {
		return err
	}
	return l.write(ctx, s, data[at:until], at)
}

func (l *life) core(s *Service) handler.DataStore {
	return s.Files.Resumable(storage.Hooks{Failed: func(context.Context, error) {}}).Core
}

// create is what tusd does for a new upload.
func (l *life) create(ctx context.Context, s *Service, data []byte) (string, error) {
	id, err := s.AdmitResumable(ctx, db.Upload{SessionID: "user_john", Filename: "a.wav", SizeBytes: int64(len(data))})
	if err != nil {
		return "", err
	}
	if err := l.callOf(s, "tus create", func() error {
		_, err := l.core(s).NewUpload(ctx, handler.FileInfo{ID: id, Size: int64(len(data))})
		return err
	}); err != nil {
		s.Abandon(ctx, s.Log, id)
		return "", err
	}
	return id, s.Confirm(ctx, id)
}

// write is what tusd does for more of an upload.
func (l *life) write(ctx context.Context, s *Service, data []byte, at int64) error {
	return l.callOf(s, "tus write", func() error {
		upload, err := l.core(s).GetUpload(ctx, l.id)
		if err == nil {
			_, err = upload.WriteChunk(ctx, at, bytes.NewReader(data))
		}
		return err
	})
}

// callOf is a call of the process that is to break, or of another.
func (l *life) callOf(s *Service, what string, do func() error) error {
	if _, faulty := s.Files.(faultyStore); faulty {
		return l.faults.call(what, do)
	}
	return do()
}

// recover is what maintenance does; s takes over from the dead.
func (l *life) recover(s *Service) {
	l.t.Helper()
	for range 3 { // Of tries to measure.
		s.retryAbandoned()
		l.must(s.Clean(l.t.Context()))
		l.must(s.resumeMeasuring(l.t.Context()))
		waittest.Group(l.t, s.background)
	}
}

// counted is a video of which the client knows that it counts.
func (l *life) counted() {
	l.t.Helper()
	l.must(l.whole(l.t.Context(), l.Service, tone(), ""))
}

// half is a resumable upload of which half has come.
func (l *life) half() {
	l.t.Helper()
	l.must(l.part(l.t.Context(), l.Service, tone(), len(tone())/2))
}

// unanswered is an upload in one piece that ends with its process, while it is
// received or just before it is accepted.
func (l *life) unanswered(ctx context.Context, s *Service, measured bool) {
	l.t.Helper()
	id, err := newID()
	l.must(err)
	l.must(s.DB.Admit(ctx, db.Upload{ID: id, SessionID: "user_john"}, s.Node.ID))
	file, err := s.Files.Create(id)
	l.must(err)
	_, err = file.Write(tone())
	l.must(errors.Join(err, file.Close()))
	if measured {
		_, err = s.DB.Received(ctx, id, "a.wav", int64(len(tone())))
		l.must(errors.Join(err, s.Files.Keep(id)))
	}
}

// deleteAll deletes what counts.
func (l *life) deleteAll(ctx context.Context, s *Service) error {
	var errs []error
	for id := range l.acked {
		if err := s.DeleteVideo(ctx, "user_john", id); err != nil && !errors.Is(err, db.ErrNotFound) {
			errs = append(errs, err)
			continue
		}
		delete(l.acked, id)
	}
	return errors.Join(errs...)
}

// orOver is nil where the quota left no room.
func orOver(err error) error {
	var quota *db.QuotaError
	var rejected *Rejected
	if errors.As(err, &quota) || errors.As(err, &rejected) && rejected.Reason != NotAVideo {
		return nil
	}
	return err
}

// orGone is nil for what was done before.
func orGone(err error) error {
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	return err
}

// steps are what a client does and, after an error or a crash, does again, which
// must succeed then. So many videos are counted in the end.
var steps = []struct {
	name    string
	prepare func(context.Context, *life) // Nothing breaks here.
	do      func(context.Context, *life, *Service) error
	counted int
}{
	{
		name: "whole", counted: 1,
		do: func(ctx context.Context, l *life, s *Service) error { return l.whole(ctx, s, tone(), "key") },
	},
	{
		name: "whole, rejected",
		do: func(ctx context.Context, l *life, s *Service) error {
			var rejected *Rejected
			if err := l.whole(ctx, s, []byte("no video at all"), "key"); !errors.As(err, &rejected) {
				return err
			}
			return nil
		},
	},
	{
		name: "resumable", counted: 1,
		do: func(ctx context.Context, l *life, s *Service) error { return l.resumable(ctx, s, tone()) },
	},
	{
		name: "resumable, rejected",
		do: func(ctx context.Context, l *life, s *Service) error {
			defer clear(l.acked)
			return l.resumable(ctx, s, []byte("no video at all"))
		},
	},
	{
		name: "the last of a quota", counted: lifeQuota,
		prepare: func(_ context.Context, l *life) {
			for range lifeQuota - 1 {
				l.counted()
			}
		},
		do: func(ctx context.Context, l *life, s *Service) error {
			return errors.Join(orOver(l.whole(ctx, s, tone(), "one")), orOver(l.whole(ctx, s, tone(), "another")))
		},
	},
	{
		name:    "cancelled",
		prepare: func(_ context.Context, l *life) { l.half() },
		do: func(ctx context.Context, l *life, s *Service) error {
			if err := orGone(s.Cancel(ctx, l.id)); err != nil {
				return err
			}
			return s.RemoveFiles(ctx, l.id)
		},
	},
	{
		name:    "expired",
		prepare: func(_ context.Context, l *life) { l.half(); l.touch("incoming/"+l.id, 2*expiry) },
		do:      func(ctx context.Context, _ *life, s *Service) error { return s.Expire(ctx) },
	},
	{
		name: "deleted", counted: 1,
		prepare: func(_ context.Context, l *life) { l.counted() },
		do:      func(ctx context.Context, l *life, s *Service) error { return l.deleteAll(ctx, s) },
	},
	{
		name: "left by a process that died", counted: 2,
		prepare: func(ctx context.Context, l *life) {
			dead := l.process("")
			l.counted()
			l.must(l.part(ctx, dead, tone(), len(tone())))
			_, err := dead.DB.Complete(ctx, l.id, dead.Node.ID)
			l.must(err)
			l.acked[l.id] = true
			for _, keep := range []bool{false, true} {
				l.unanswered(ctx, dead, keep)
			}
			l.must(dead.Node.Leave())
		},
		do: func(ctx context.Context, _ *life, s *Service) error {
			return errors.Join(s.Clean(ctx), s.resumeMeasuring(ctx))
		},
	},
	{
		name: "deleted with its user", counted: 1,
		prepare: func(_ context.Context, l *life) { l.counted(); l.half() },
		do: func(ctx context.Context, l *life, s *Service) error {
			clear(l.acked)
			return orGone(s.DeleteUser(ctx, "john"))
		},
	},
}

// TestLifeBreaksAnywhere has each call of the store and the database fail in turn,
// before it does anything and after, or for want of room, or end the process. After
// what maintenance and the client do then, what was accepted has its bytes, all is
// counted once, and nothing is left of the rest.
func TestLifeBreaksAnywhere(t *testing.T) {
	waittest.Slow(t, "runs some hundred lives")
	template, meter := lifeTemplate(t), newRepeater()
	for _, step := range steps {
		for _, kind := range []fault{before, after, full, death} {
			t.Run(step.name+", "+kind.String(), func(t *testing.T) {
				t.Parallel()
				const atMost = 200
				for at := 1; at < atMost; at++ {
					hit := "nothing"
					t.Run(strconv.Itoa(at), func(t *testing.T) {
						l := newLife(t, template, meter)
						if step.prepare != nil {
							step.prepare(t.Context(), l)
						}
						l.faults.arm(kind, at)
						err := step.do(t.Context(), l, l.Service)
						waittest.Group(t, l.background)
						hit = l.faults.disarm()
						if err != nil && hit == "" {
							t.Errorf("nothing broke: %v", err)
						}
						l.end(step.do, step.counted)
						if t.Failed() {
							t.Logf("broken was %q: %v", hit, err)
						}
					})
					if hit == "" {
						if at < 5 {
							t.Errorf("only %d calls were made", at-1)
						}
						return
					}
				}
				t.Errorf("more than %d calls", atMost)
			})
		}
	}
}

// end recovers, has the client do its step again, and looks at what is left.
func (l *life) end(do func(context.Context, *life, *Service) error, counted int) {
	l.t.Helper()
	s := l.Service
	if l.faults.isDead() {
		l.must(l.Node.Leave())
		s = l.process("")
	}
	l.recover(s)
	l.must(do(l.t.Context(), l, s))
	waittest.Group(l.t, s.background)
	l.recover(s)
	l.must(s.Check(l.t.Context(), false, func(f Finding) error {
		l.t.Errorf("%s %s", f.Subject, f.Problem)
		return nil
	}))
	var usage db.Usage
	var millis int64
	l.must(l.raw.QueryRowContext(l.t.Context(), "SELECT videos_count, duration_ms FROM quota_sessions WHERE session_id = 'user_john'").Scan(&usage.Videos, &millis))
	if usage.Videos != int64(counted) || millis != int64(counted)*1000 {
		l.t.Errorf("%d videos of %d ms are counted, want %d", usage.Videos, millis, counted)
	}
	l.wantVideos()
}

// wantVideos requires rows and files for what the client was told of, and no others.
func (l *life) wantVideos() {
	l.t.Helper()
	var rows, want []string
	ids, err := l.raw.QueryContext(l.t.Context(), "SELECT id || ' ' || status FROM videos UNION ALL SELECT video_id || ' is to be removed' FROM removals ORDER BY 1")
	l.must(err)
	defer ids.Close()
	for ids.Next() {
		var row string
		l.must(ids.Scan(&row))
		rows = append(rows, row)
	}
	l.must(ids.Err())
	for id := range l.acked {
		want = append(want, id+" accepted")
	}
	slices.Sort(want)
	if !slices.Equal(rows, want) {
		l.t.Errorf("there are the uploads %q, want %q", rows, want)
	}
	for _, file := range l.files() {
		name, text, _ := strings.Cut(file, ": ")
		folder, id, _ := strings.Cut(name, "/")
		if !l.acked[id] || folder != "videos" && folder != "audio" || folder == "videos" && text != string(tone()) {
			l.t.Errorf("left is the file %s of %d bytes", name, len(text))
		}
	}
	for id := range l.acked {
		if _, err := os.Stat(filepath.Join(l.dir, "videos", id)); err != nil {
			l.t.Error(err)
		}
	}
}

// states are where an upload may be.
var states = map[string]func(context.Context, *life){
	"half":     func(_ context.Context, l *life) { l.half() },
	"received": func(ctx context.Context, l *life) { l.must(l.part(ctx, l.Service, tone(), len(tone()))) },
	"measuring": func(ctx context.Context, l *life) {
		l.must(l.part(ctx, l.Service, tone(), len(tone())))
		_, err := l.DB.Complete(ctx, l.id, l.Node.ID)
		l.must(err)
	},
	"measuring the last second": func(ctx context.Context, l *life) {
		l.must(l.part(ctx, l.Service, tone(), len(tone())))
		_, err := l.DB.Complete(ctx, l.id, l.Node.ID)
		l.must(err)
		l.alter("UPDATE quota_sessions SET max_duration_ms = 2000 WHERE session_id = 'user_john'")
	},
	"accepted": func(ctx context.Context, l *life) {
		l.must(l.resumable(ctx, l.Service, tone()))
		waittest.Group(l.t, l.background)
	},
}

// acts are the steps of an upload's life, and what may come between.
var acts = map[string]struct {
	sends bool // another upload
	ends  bool // the upload may be gone then
	do    func(context.Context, *life, *Service) error
}{
	"send":      {true, false, func(ctx context.Context, l *life, s *Service) error { return orOver(l.whole(ctx, s, tone(), "key")) }},
	"send anew": {true, false, func(ctx context.Context, l *life, s *Service) error { return orOver(l.whole(ctx, s, tone(), "")) }},
	"complete": {false, false, func(ctx context.Context, l *life, s *Service) error {
		if size, _, err := s.Files.Received(l.id); err != nil || size < int64(len(tone())) {
			return err
		}
		return s.Complete(ctx, l.id)
	}},
	"resume": {false, false, func(ctx context.Context, _ *life, s *Service) error { return s.resumeMeasuring(ctx) }},
	"clean":  {false, false, func(ctx context.Context, _ *life, s *Service) error { return s.Clean(ctx) }},
	"look": {false, false, func(ctx context.Context, l *life, s *Service) error {
		_, err := s.DropLost(ctx, l.id)
		return err
	}},
	"cancel": {false, true, func(ctx context.Context, l *life, s *Service) error {
		return errors.Join(s.Cancel(ctx, l.id), s.RemoveFiles(ctx, l.id))
	}},
	"expire": {false, true, func(ctx context.Context, l *life, s *Service) error {
		_ = os.Chtimes(filepath.Join(l.dir, "incoming", l.id), time.Time{}, time.Now().Add(-2*expiry)) // It may have moved on.
		return s.Expire(ctx)
	}},
	"delete":          {false, true, func(ctx context.Context, l *life, s *Service) error { return s.DeleteVideo(ctx, "user_john", l.id) }},
	"delete the user": {false, true, func(ctx context.Context, _ *life, s *Service) error { return s.DeleteUser(ctx, "john") }},
}

// newLifeAt is a life with a video that counts and an upload in some state.
func newLifeAt(t *testing.T, template string, meter Meter, state string) *life {
	t.Helper()
	l := newLife(t, template, meter)
	l.counted()
	states[state](t.Context(), l)
	return l
}

// act does a step in a process, which may come too late.
func (l *life) act(name string, s *Service) {
	if err := acts[name].do(context.Background(), l, s); err != nil && !expected(err) {
		l.t.Errorf("%s: %v", name, err)
	}
}

// wantAfter recovers, and requires what is to hold after two steps.
func (l *life) wantAfter(state, one, other string, processes ...*Service) {
	l.t.Helper()
	for _, s := range processes {
		waittest.Group(l.t, s.background)
		l.recover(s)
	}
	// Another upload may have been first to have the last second.
	first := state == "measuring the last second" && (acts[one].sends || acts[other].sends)
	l.wantConsistent(state != "half" && !acts[one].ends && !acts[other].ends && !first)
}

// TestLifeTwiceAtOnce has two processes each take every two steps twice, all at
// once, with one upload.
func TestLifeTwiceAtOnce(t *testing.T) {
	waittest.Slow(t, "runs some hundred lives")
	template, meter := lifeTemplate(t), newRepeater()
	for state := range states {
		for one := range acts {
			for other := range acts {
				if other < one {
					continue
				}
				t.Run(state+", "+one+", "+other, func(t *testing.T) {
					t.Parallel()
					l := newLifeAt(t, template, meter, state)
					beside := l.process("")
					var all sync.WaitGroup
					for _, s := range []*Service{l.Service, beside} {
						for _, name := range []string{one, other, one, other} {
							all.Go(func() { l.act(name, s) })
						}
					}
					waittest.Group(t, &all)
					l.wantAfter(state, one, other, l.Service, beside)
				})
			}
		}
	}
}

// TestLifeOvertaken has all of one step come before each call of another in turn,
// as when a second request of the same process overtakes the first.
func TestLifeOvertaken(t *testing.T) {
	waittest.Slow(t, "runs some hundred lives")
	template, meter := lifeTemplate(t), newRepeater()
	for _, test := range []struct {
		state           string
		slow, overtakes []string
	}{
		{"received", []string{"complete", "cancel", "expire", "look"}, []string{"complete", "cancel", "expire", "delete the user"}},
		{"measuring", []string{"resume", "clean", "delete the user"}, []string{"resume", "delete the user"}},
		{"measuring the last second", []string{"resume"}, []string{"resume", "send"}},
		{"accepted", []string{"delete", "clean", "delete the user"}, []string{"delete", "delete the user"}},
	} {
		for _, slow := range test.slow {
			for _, fast := range test.overtakes {
				t.Run(test.state+", "+slow+", "+fast, func(t *testing.T) {
					t.Parallel()
					for at, more := 1, true; more; at++ {
						t.Run(strconv.Itoa(at), func(t *testing.T) {
							l := newLifeAt(t, template, meter, test.state)
							twin := l.process("")
							l.must(twin.Node.Leave())
							twin.Node = l.Node
							l.faults.other = func() {
								l.act(fast, twin)
								waittest.Group(t, twin.background)
							}
							l.faults.arm(other, at)
							l.act(slow, l.Service)
							waittest.Group(t, l.background)
							more = l.faults.disarm() != ""
							l.wantAfter(test.state, slow, fast, l.Service)
						})
					}
				})
			}
		}
	}
}

// expected is true for what a step says that came too late, or too early.
func expected(err error) bool {
	for _, known := range []error{db.ErrNotFound, db.ErrSignedOut, db.ErrKeyInUse, fs.ErrNotExist, storage.ErrLocked} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// wantConsistent requires that rows and files agree, that nothing is counted twice,
// and that the upload and what was sent in one piece count where they stay.
func (l *life) wantConsistent(stays bool) {
	l.t.Helper()
	l.must(l.Check(l.t.Context(), false, func(f Finding) error {
		l.t.Errorf("%s %s", f.Subject, f.Problem)
		return nil
	}))
	for what, query := range map[string]string{
		"uploads are still measured":     "SELECT count(*) FROM videos WHERE status = 'measuring'",
		"uploads hold slots of requests": "SELECT count(*) FROM videos WHERE status = 'receiving' AND resumable = 0",
		"removals are left":              "SELECT count(*) FROM removals",
		"uploads of one key are counted": "SELECT max(0, count(*) - 1) FROM videos WHERE filename = 'key'",
		"milliseconds are counted too many": `SELECT coalesce(sum(max(0, duration_ms - max_duration_ms)), 0) FROM quota_sessions
			WHERE session_id = 'user_john' AND max_duration_ms IS NOT NULL`,
		"videos are counted too many": fmt.Sprintf("SELECT max(0, videos_count - %d) FROM quota_sessions WHERE session_id = 'user_john'", lifeQuota),
	} {
		var n int
		l.must(l.raw.QueryRowContext(l.t.Context(), query).Scan(&n))
		if n != 0 {
			l.t.Errorf("%d %s", n, what)
		}
	}
	status := map[string]db.Status{}
	rows, err := l.raw.QueryContext(l.t.Context(), "SELECT id, status FROM videos")
	l.must(err)
	defer rows.Close()
	for rows.Next() {
		var id string
		var s db.Status
		l.must(rows.Scan(&id, &s))
		status[id] = s
	}
	l.must(rows.Err())
	for _, file := range l.files() {
		name, _, _ := strings.Cut(file, ": ")
		folder, id, _ := strings.Cut(name, "/")
		id = strings.TrimSuffix(id, ".info")
		if want := map[string]db.Status{"incoming": db.Receiving, "videos": db.Accepted, "audio": db.Accepted}[folder]; want == "" || status[id] != want {
			l.t.Errorf("left is %s of an upload that is %q", name, status[id])
		}
	}
	if !stays {
		return
	}
	l.acked[l.id] = true
	for id := range l.acked {
		if size, err := l.Files.Size(id); err != nil || size != int64(len(tone())) || status[id] != db.Accepted {
			l.t.Errorf("%s is %q and has %d bytes: %v", id, status[id], size, err)
		}
	}
}

// repeater measures each file once, and then says the same of files that hold the same.
type repeater struct {
	*media.Meter
	mu    sync.Mutex
	known map[string]repeated
}

type repeated struct {
	measured media.Measurement
	err      error
}

func newRepeater() *repeater {
	return &repeater{Meter: media.NewMeter(media.Options{}), known: map[string]repeated{}}
}

func (r *repeater) Measure(ctx context.Context, owner, path string, atMost time.Duration, sound media.SoundFile) (media.Measurement, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return media.Measurement{}, err
	}
	if err := media.Begin(ctx); err != nil {
		return media.Measurement{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[string(file)]; !ok {
		measured, err := r.Meter.Measure(context.WithoutCancel(ctx), owner, path, time.Hour, nil)
		r.known[string(file)] = repeated{measured, err}
	}
	if sound != nil {
		if _, err := sound.WriteAt([]byte("sound"), 0); err != nil {
			return media.Measurement{}, err
		}
	}
	again := r.known[string(file)]
	if again.err == nil && again.measured.Duration > atMost {
		return media.Measurement{}, &media.TooLongError{Duration: again.measured.Duration, Exact: true}
	}
	return again.measured, again.err
}

// lifeTemplate is a folder with the user john, and an admin.
func lifeTemplate(t *testing.T) string {
	t.Helper()
	p := newPlace(t)
	p.user("john")
	_, err := p.DB.CreateUser(t.Context(), db.NewUser{Name: "admin", Key: "admin", SessionID: "user_admin", PasswordHash: "x", Role: db.RoleAdmin})
	p.must(err)
	p.must(p.DB.Close())
	p.must(p.Node.Leave())
	return p.dir
}
