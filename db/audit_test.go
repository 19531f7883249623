package db

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// lived is a database in which everything has happened that may.
type lived struct {
	*DB
	path       string
	john, jane User
	video      string // accepted, of john
	later      string // accepted after john's reset
}

func newLived(t *testing.T) *lived {
	t.Helper()
	l := &lived{path: filepath.Join(t.TempDir(), "gensubtitle.db")}
	l.DB = openAt(t, l.path)
	l.john, l.jane = newUser(t, l.DB, "john"), newUser(t, l.DB, "jane")
	newUser(t, l.DB, "nobody yet")
	l.video = upload(t, l.DB, l.john.SessionID, 1500*time.Millisecond)
	if _, err := l.Reset(t.Context(), QuotaChange{SessionID: l.john.SessionID, Actor: "admin"}); err != nil {
		t.Fatal(err)
	}
	l.later = acceptResumable(t, l.DB, l.john.SessionID)
	deleted := upload(t, l.DB, l.john.SessionID, 2*time.Second)
	if err := l.DeleteVideo(t.Context(), l.john.SessionID, deleted); err != nil {
		t.Fatal(err)
	}
	queue(t, l.DB, l.john, l.video)
	finish(t, l.DB, claim(t, l.DB, processA), "first")
	save(t, l.DB, l.john, l.later, "typed")
	queue(t, l.DB, l.jane, upload(t, l.DB, l.jane.SessionID, time.Minute))
	for _, start := range []func(*testing.T, *DB, string) string{admit, receive, reject, admitResumable, complete, rejectResumable} {
		start(t, l.DB, l.jane.SessionID)
	}
	alter(t, l.DB, "UPDATE users SET disabled = 1, deleted_at = 5 WHERE username = 'jane'")
	return l
}

// findings are all that is found wrong with a database.
func findings(t *testing.T, d *DB) []string {
	t.Helper()
	found := []string{}
	damage, err := d.Damage(t.Context())
	for _, problem := range damage {
		found = append(found, "damage: "+problem)
	}
	drifted, drift := d.DriftedSessions(t.Context())
	for _, s := range drifted {
		found = append(found, fmt.Sprintf("drift of %s: %d of %v, ledger %d of %v",
			s.SessionID, s.Counted.Videos, s.Counted.Duration, s.Ledger.Videos, s.Ledger.Duration))
	}
	users, sessions := d.UsersWithoutSession(t.Context())
	for _, u := range users {
		found = append(found, fmt.Sprintf("%s has no %s", u.Name, u.SessionID))
	}
	videos, events := d.VideosWithoutEvent(t.Context())
	for _, id := range videos {
		found = append(found, "no event of "+id)
	}
	subtitles, texts := d.DriftedSubtitles(t.Context())
	for _, s := range subtitles {
		found = append(found, s.VideoID+" "+s.Problem)
	}
	if err := errors.Join(err, drift, sessions, events, texts); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAuditOfASoundDatabase(t *testing.T) {
	if found := findings(t, open(t)); len(found) != 0 {
		t.Errorf("in an empty database: %q", found)
	}
	if found := findings(t, newLived(t).DB); len(found) != 0 {
		t.Errorf("got %q", found)
	}
}

func TestAuditFindsWhatIsBroken(t *testing.T) {
	const (
		johnsEvents = "session_id = 'user_john'"
		johnsVideo  = "video_id = $1"
	)
	for _, test := range []struct {
		what, change string
		want         func(*lived) []string
	}{
		{"a video too many", "UPDATE quota_sessions SET videos_count = 3 WHERE " + johnsEvents, func(*lived) []string {
			return []string{"drift of user_john: 3 of 3s, ledger 2 of 3s"}
		}},
		{"a millisecond too little", "UPDATE quota_sessions SET duration_ms = duration_ms - 1 WHERE " + johnsEvents, func(*lived) []string {
			return []string{"drift of user_john: 2 of 2.999s, ledger 2 of 3s"}
		}},
		{"usage without a ledger", "UPDATE quota_sessions SET videos_count = 1 WHERE session_id = 'user_nobody yet'", func(*lived) []string {
			return []string{"drift of user_nobody yet: 1 of 0s, ledger 0 of 0s"}
		}},
		{"everybody's", "UPDATE quota_sessions SET duration_ms = 7000", func(*lived) []string {
			return []string{
				"drift of user_jane: 1 of 7s, ledger 1 of 1m0s",
				"drift of user_john: 2 of 7s, ledger 2 of 3s",
				"drift of user_nobody yet: 0 of 7s, ledger 0 of 0s",
			}
		}},
		{"a reset that is lost", "DELETE FROM events WHERE kind = 'reset'", func(*lived) []string {
			return []string{"drift of user_john: 2 of 3s, ledger 3 of 4.5s"}
		}},
		{"a session that is lost", "DELETE FROM quota_sessions WHERE session_id = 'user_nobody yet'", func(*lived) []string {
			return []string{"nobody yet has no user_nobody yet"}
		}},
		{"an event that is lost", "DELETE FROM events WHERE " + johnsVideo, func(l *lived) []string {
			return []string{"drift of user_john: 2 of 3s, ledger 1 of 2s", "no event of " + l.later}
		}},
		{"an event of another video", "UPDATE events SET video_id = 'x' WHERE " + johnsVideo, func(l *lived) []string {
			return []string{"no event of " + l.later}
		}},
		{"an event of another kind", "UPDATE events SET kind = 'limits' WHERE " + johnsVideo, func(l *lived) []string {
			return []string{"no event of " + l.later}
		}},
		{"an event of another duration", "UPDATE events SET duration_delta_ms = 900 WHERE " + johnsVideo, func(l *lived) []string {
			return []string{"drift of user_john: 2 of 3s, ledger 2 of 2.9s", "no event of " + l.later}
		}},
		{"an event that counts nothing", "UPDATE events SET videos_delta = 0 WHERE " + johnsVideo, func(l *lived) []string {
			return []string{"drift of user_john: 2 of 3s, ledger 1 of 3s", "no event of " + l.later}
		}},
		{"an event of another user", "UPDATE events SET session_id = 'user_nobody yet' WHERE " + johnsVideo, func(l *lived) []string {
			return []string{
				"drift of user_john: 2 of 3s, ledger 1 of 2s",
				"drift of user_nobody yet: 0 of 0s, ledger 1 of 1s", "no event of " + l.later,
			}
		}},
	} {
		t.Run(test.what, func(t *testing.T) {
			l := newLived(t)
			if slices.Contains([]byte(test.change), '$') {
				alter(t, l.DB, test.change, l.later)
			} else {
				alter(t, l.DB, test.change)
			}
			if found, want := findings(t, l.DB), test.want(l); !slices.Equal(found, want) {
				t.Errorf("found %q, want %q", found, want)
			}
		})
	}
}

func TestDriftedSubtitles(t *testing.T) {
	for _, test := range []struct {
		what, change string
		want         string
	}{
		{"a job of a video that is measured", "UPDATE videos SET status = 'measuring' WHERE id = $1", "has a job of subtitles, but is not accepted"},
		{"a job in another session", "UPDATE subtitle_jobs SET session_id = 'user_jane' WHERE video_id = $1", "has a job of subtitles in another session"},
		{"a text that is lost", "DELETE FROM subtitle_texts WHERE video_id = $1", "has done subtitles, but no text of them"},
		{"a job that is lost", "DELETE FROM subtitle_jobs WHERE video_id = $1", "has subtitles, but no job of them"},
	} {
		t.Run(test.what, func(t *testing.T) {
			l := newLived(t)
			alter(t, l.DB, test.change, l.later)
			if drifted, err := l.DriftedSubtitles(t.Context()); err != nil || !slices.Equal(drifted, []SubtitleDrift{{l.later, test.want}}) {
				t.Errorf("found %v, want that %s %s: %v", drifted, l.later, test.want, err)
			}
		})
	}
	t.Run("a job of no video", func(t *testing.T) {
		l := newLived(t)
		alter(t, l.DB, "PRAGMA foreign_keys = 0")
		alter(t, l.DB, "DELETE FROM videos WHERE id = $1", l.later)
		want := SubtitleDrift{l.later, "has a job of subtitles, but is not accepted"}
		if drifted, err := l.DriftedSubtitles(t.Context()); err != nil || !slices.Equal(drifted, []SubtitleDrift{want}) {
			t.Errorf("found %v, want %v: %v", drifted, want, err)
		}
	})
}

func TestMendUsage(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000).UTC()
	d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Now: func() time.Time { return now }})
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	newUser(t, d, "nobody yet")
	for _, u := range []User{john, jane} {
		upload(t, d, u.SessionID, 1234*time.Millisecond)
		upload(t, d, u.SessionID, time.Second)
	}
	alter(t, d, "UPDATE quota_sessions SET videos_count = videos_count + 4, duration_ms = 1, max_videos = 7, last_upload_at = 3")
	uploaded := now
	now = now.Add(time.Hour)
	for _, id := range []string{john.SessionID, "user_nobody yet"} {
		if err := d.MendUsage(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	wantUsage(t, d, john.SessionID, Usage{Videos: 2, Duration: 2234 * time.Millisecond})
	wantUsage(t, d, "user_nobody yet", Usage{})
	s, err := d.Session(t.Context(), john.SessionID)
	if err != nil || !s.UpdatedAt.Equal(now) || s.CreatedAt.Equal(now) || s.Limits.Videos != 7 || s.LastUploadAt.UnixMilli() != 3 {
		t.Errorf("more than the usage was mended, or not when: %+v: %v", s, err)
	}
	other, err := d.Session(t.Context(), jane.SessionID)
	if err != nil || other.Usage != (Usage{Videos: 6, Duration: time.Millisecond}) || !other.UpdatedAt.Equal(uploaded) {
		t.Errorf("somebody else's changed too: %+v: %v", other, err)
	}
	if n := number(t, d, "SELECT count(*) FROM events"); n != 4 {
		t.Errorf("the ledger has %d entries, want the 4 that it had", n)
	}
	before := dump(t, d)
	if err := d.MendUsage(t.Context(), "user_nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody's: got %v, want %v", err, ErrNotFound)
	}
	if after := dump(t, d); after != before {
		t.Errorf("nobody's changed\n%s\nto\n%s", before, after)
	}
}

// TestMendUsageDuringUploads counts no upload twice and forgets none.
func TestMendUsageDuringUploads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	d, service := openAt(t, path), openAt(t, path)
	u := newUser(t, d, "john")
	var both sync.WaitGroup
	both.Go(func() {
		for range 10 {
			upload(t, service, u.SessionID, time.Second)
		}
	})
	// Not without an end: SQLite lets nobody wait in line, and would let one who
	// asks all the time have all the turns.
	both.Go(func() {
		for range 30 {
			if err := d.MendUsage(t.Context(), u.SessionID); err != nil {
				t.Error(err)
			}
		}
	})
	waittest.Group(t, &both)
	wantUsage(t, d, u.SessionID, Usage{Videos: 10, Duration: 10 * time.Second})
}

func TestMendSession(t *testing.T) {
	d := open(t)
	newUser(t, d, "jane")
	lost := newUser(t, d, "John")
	before := dump(t, d)
	alter(t, d, "DELETE FROM quota_sessions WHERE session_id = 'user_John'")
	users, err := d.UsersWithoutSession(t.Context())
	if err != nil || len(users) != 1 || users[0].ID != lost.ID {
		t.Fatalf("%+v: %v", users, err)
	}
	for range 2 { // The second finds that somebody was first.
		if err := d.MendSession(t.Context(), users[0]); err != nil {
			t.Fatal(err)
		}
	}
	if found := findings(t, d); len(found) != 0 {
		t.Errorf("afterwards there is still %q", found)
	}
	alter(t, d, `UPDATE quota_sessions SET (created_at, updated_at) = (SELECT created_at, updated_at FROM users u WHERE u.id = user_id)`)
	if after := dump(t, d); after != before {
		t.Errorf("got\n%s\nwant\n%s", after, before)
	}
	upload(t, d, lost.SessionID, time.Second)
}

func TestAcceptedVideos(t *testing.T) {
	d := open(t)
	john, jane := newUser(t, d, "john"), newUser(t, d, "jane")
	var want []string
	for range 2 {
		want = append(want, upload(t, d, john.SessionID, time.Second), acceptResumable(t, d, jane.SessionID))
		for _, start := range []func(*testing.T, *DB, string) string{admit, receive, reject, admitResumable, complete, rejectResumable} {
			alter(t, d, "DELETE FROM videos WHERE status <> 'accepted' AND session_id = $1", john.SessionID)
			start(t, d, john.SessionID)
		}
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		got, after := []string{}, ""
		for {
			page, err := d.AcceptedVideos(t.Context(), after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("a page of %d has %d videos: %v", limit, len(page), err)
			}
			for _, v := range page {
				got = append(got, v.ID)
			}
			if len(page) < limit {
				break
			}
			after = page[len(page)-1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, got, want)
		}
	}
}

// TestUploadsUnderWay sorts them by what becomes of them when a process ends.
func TestUploadsUnderWay(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	received, measured := admitResumable(t, d, u.SessionID), complete(t, d, u.SessionID)
	forms := []string{admit(t, d, u.SessionID), receive(t, d, u.SessionID)}
	acceptResumable(t, d, u.SessionID)
	rejectResumable(t, d, u.SessionID)
	upload(t, d, u.SessionID, time.Second)
	reject(t, d, u.SessionID)
	other := newID()
	if err := d.Admit(t.Context(), Upload{ID: other, SessionID: u.SessionID}, processB); err != nil {
		t.Fatal(err)
	}
	list, err := d.Unsettled(t.Context())
	wantVideos(t, "unsettled", list, err, received, measured)
	for process, want := range map[string][]string{processA: forms, processB: {other}, "": nil} {
		list, err := d.HeldBy(t.Context(), process)
		wantVideos(t, "held by "+process, list, err, want...)
	}
}

// TestDamage breaks the file below SQLite's feet.
func TestDamage(t *testing.T) {
	for what, breaks := range map[string]func(*testing.T, *lived){
		"a page of noise":           overwriteIndex,
		"a row that no index knows": hideFromIndex,
		"an index of another row":   misspellInIndex,
	} {
		t.Run(what, func(t *testing.T) {
			l := newLived(t)
			if found, err := l.Damage(t.Context()); err != nil || len(found) != 0 {
				t.Fatalf("of a sound file: %q, %v", found, err)
			}
			breaks(t, l)
			before := read(t, l.path)
			d := openAt(t, l.path)
			found, err := d.Damage(t.Context())
			if err == nil && len(found) == 0 {
				t.Error("nothing was found")
			}
			if err != nil && !errors.Is(err, ErrUnavailable) {
				t.Errorf("got %v, want %v", err, ErrUnavailable)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, l.path), before) {
				t.Error("looking at the file has changed it")
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// overwriteIndex fills the root of an index with noise.
func overwriteIndex(t *testing.T, l *lived) {
	page := number(t, l.DB, "SELECT rootpage FROM sqlite_schema WHERE name = 'videos_of_session'")
	size := number(t, l.DB, "PRAGMA page_size")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data := read(t, l.path)
	copy(data[(page-1)*size:], bytes.Repeat([]byte{0xee}, int(size)))
	if err := os.WriteFile(l.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// misspellInIndex changes a letter of an id in the index alone, so that the
// video cannot be found by its id.
func misspellInIndex(t *testing.T, l *lived) {
	page := number(t, l.DB, "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'videos' AND sql IS NULL")
	size := number(t, l.DB, "PRAGMA page_size")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data := read(t, l.path)
	index := data[(page-1)*size : page*size]
	at := bytes.LastIndex(index, []byte(l.later))
	if at < 0 {
		t.Fatal("the id is not in the index")
	}
	index[at+len(l.later)-1] ^= 1
	if err := os.WriteFile(l.path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// hideFromIndex adds a row while SQLite does not know of an index.
func hideFromIndex(t *testing.T, l *lived) {
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, statements := range [][]string{
		{
			"CREATE TABLE aside (type TEXT, name TEXT, tbl_name TEXT, rootpage INTEGER, sql TEXT)",
			"INSERT INTO aside SELECT * FROM sqlite_schema WHERE name = 'videos_of_session'",
			"PRAGMA writable_schema = 1",
			"DELETE FROM sqlite_schema WHERE name = 'videos_of_session'",
		},
		{
			"INSERT INTO videos (id, session_id, status, process_id, created_at, updated_at) VALUES ('x', 'user_john', 'rejected', '', 1, 1)",
			"PRAGMA writable_schema = 1",
			"INSERT INTO sqlite_schema SELECT * FROM aside",
		},
	} {
		d := openAt(t, l.path) // It reads the schema as it is then.
		for _, statement := range statements {
			alter(t, d, statement)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
