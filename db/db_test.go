package db

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"gensubtitle/internal/waittest"
)

const (
	processA = "3f0a6f0e-0000-4000-8000-00000000000a"
	processB = "3f0a6f0e-0000-4000-8000-00000000000b"
)

var defaults = Limits{Videos: 10, Duration: 10 * time.Minute, FileBytes: 500 << 20}

func open(t *testing.T) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "gensubtitle.db"))
}

func openAt(t *testing.T, path string) *DB {
	t.Helper()
	return openWith(t, Options{Path: path, Defaults: defaults})
}

// openWith also requires that closing works: no test may leave a transaction open.
func openWith(t *testing.T, o Options) *DB {
	t.Helper()
	d, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func newUser(t *testing.T, d *DB, name string) User {
	t.Helper()
	u, err := d.CreateUser(t.Context(), NewUser{
		Name: name, Key: strings.ToLower(name), SessionID: "user_" + name, PasswordHash: "hash of " + name, Role: RoleUser,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// alter changes what the package has no method for yet.
func alter(t *testing.T, d *DB, statement string, args ...any) {
	t.Helper()
	if _, err := d.writer.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	d.commits.add()
}

func number(t *testing.T, d *DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := d.writer.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// dump is all that the database holds, row by row.
func dump(t *testing.T, d *DB) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{
		"users", "quota_sessions", "videos", "events", "revocations", "sign_ins", "api_tokens",
		"subtitle_jobs", "subtitle_turns", "subtitle_texts", "webhooks", "removals",
	} {
		rows, err := d.writer.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			cells := make([]sql.NullString, len(columns))
			targets := make([]any, len(columns))
			for i := range cells {
				targets[i] = &cells[i]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&all, table, cells)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func migrationCount(t *testing.T) int64 {
	t.Helper()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	return int64(len(files))
}

const appliedQuery = "SELECT count(*) FROM goose_db_version WHERE version_id > 0"

func TestOpenEmpty(t *testing.T) {
	for what, prepare := range map[string]func(path string) error{
		"no file":       func(string) error { return nil },
		"an empty file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		t.Run(what, func(t *testing.T) {
			// All of these mean something in a URI.
			path := filepath.Join(t.TempDir(), "ก 100% #1?mode=memory&x.db")
			if err := prepare(path); err != nil {
				t.Fatal(err)
			}
			d := openAt(t, path)
			if err := d.Ready(t.Context()); err != nil {
				t.Error(err)
			}
			if got, want := number(t, d, appliedQuery), migrationCount(t); got != want {
				t.Errorf("%d migrations applied, want %d", got, want)
			}
			if rows := dump(t, d); rows != "" {
				t.Errorf("rows in a new database:\n%s", rows)
			}
			newUser(t, d, "john")
			if info, err := os.Stat(path); err != nil || info.Size() == 0 {
				t.Errorf("the database is elsewhere: %v", err)
			}
		})
	}
}

func TestOpenExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	d := openAt(t, path)
	u := newUser(t, d, "john")
	upload(t, d, u.SessionID, 4500*time.Millisecond)
	before := dump(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	d = openAt(t, path)
	if after := dump(t, d); after != before {
		t.Errorf("opening again changed\n%s\nto\n%s", before, after)
	}
	if got, want := number(t, d, appliedQuery), migrationCount(t); got != want {
		t.Errorf("%d migrations applied, want %d", got, want)
	}
	wantUsage(t, d, u.SessionID, Usage{Videos: 1, Duration: 4500 * time.Millisecond})
	upload(t, d, u.SessionID, time.Second)
}

func TestMigrationsDownAndUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	d := openAt(t, path)
	john := newUser(t, d, "john")
	video := upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, video)
	finish(t, d, claim(t, d, processA), "cues")
	sources, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, d.writer, sources)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if left := number(t, d, `SELECT count(*) FROM sqlite_schema
		WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`); left != 0 {
		t.Errorf("%d tables and indexes left after all migrations went down", left)
	}

	again := openAt(t, path)
	if has, err := again.HasUsers(t.Context()); err != nil || has {
		t.Errorf("has users: %v, %v", has, err)
	}
	newUser(t, again, "john")
}

func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	opened := make([]*DB, 8)
	errs := make([]error, len(opened))
	var all sync.WaitGroup
	for i := range opened {
		all.Go(func() { opened[i], errs[i] = Open(t.Context(), Options{Path: path, Defaults: defaults}) })
	}
	waittest.Group(t, &all)
	for i, d := range opened {
		if errs[i] != nil {
			t.Error(errs[i])
			continue
		}
		newUser(t, d, fmt.Sprint("user", i))
		if got, want := number(t, d, appliedQuery), migrationCount(t); got != want {
			t.Errorf("%d migrations applied, want %d", got, want)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	for what, content := range map[string][]byte{
		"a word":                   []byte("garbage"),
		"a page of zeros and more": bytes.Repeat([]byte{0, 1, 2, 3}, 4096),
		"only the magic bytes":     append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0xee}, 8176)...),
		"a video":                  append([]byte("\x00\x00\x00\x18ftypmp42"), bytes.Repeat([]byte{7}, 100_000)...),
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gensubtitle.db")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			d, err := Open(t.Context(), Options{Path: path, Defaults: defaults})
			if err == nil {
				t.Error("opened", d.Close())
			} else if !strings.Contains(err.Error(), path) {
				t.Errorf("the error does not say which file: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file has changed: now %d bytes, %v", len(after), err)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		if d, err := Open(t.Context(), Options{Path: t.TempDir(), Defaults: defaults}); err == nil {
			t.Error("opened", d.Close())
		}
	})
	t.Run("in no folder", func(t *testing.T) {
		if d, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "no", "x.db"), Defaults: defaults}); err == nil {
			t.Error("opened", d.Close())
		}
	})
}

func TestConnections(t *testing.T) {
	d := open(t)
	logins := filepath.Join(t.TempDir(), "ก 100% #1?.db")
	login, err := sql.Open("sqlite3", LoginsDSN(logins))
	if err != nil {
		t.Fatal(err)
	}
	defer login.Close()
	for _, test := range []struct {
		what         string
		pool         *sql.DB
		pragma, want string
	}{
		{"writer", d.writer, "journal_mode", "wal"},
		{"writer", d.writer, "synchronous", "2"}, // FULL
		{"writer", d.writer, "foreign_keys", "1"},
		{"writer", d.writer, "busy_timeout", "50"},
		{"reader", d.reader, "journal_mode", "wal"},
		{"reader", d.reader, "query_only", "1"},
		{"reader", d.reader, "busy_timeout", "5000"},
		{"logins", login, "journal_mode", "wal"},
		{"logins", login, "synchronous", "1"}, // NORMAL
		{"logins", login, "busy_timeout", "1000"},
	} {
		var got string
		if err := test.pool.QueryRowContext(t.Context(), "PRAGMA "+test.pragma).Scan(&got); err != nil || got != test.want {
			t.Errorf("%s of the %s is %s, want %s: %v", test.pragma, test.what, got, test.want, err)
		}
	}
	if _, err := os.Stat(logins); err != nil {
		t.Error(err)
	}
}

// broken is a database that cannot be written to, with work at every stage.
type broken struct {
	*DB
	path                          string
	user                          User
	receiving, measuring, counted string // ids of videos
	queued                        string // of a video whose subtitles wait
	run                           string // of subtitles
	mend                          func()
}

func newBroken(t *testing.T, breaks func(*testing.T, *broken) (mend func())) *broken {
	t.Helper()
	b := &broken{path: filepath.Join(t.TempDir(), "gensubtitle.db")}
	b.DB = openAt(t, b.path)
	b.user = newUser(t, b.DB, "john")
	b.receiving = admit(t, b.DB, b.user.SessionID)
	b.measuring = receive(t, b.DB, b.user.SessionID)
	b.counted = upload(t, b.DB, b.user.SessionID, time.Second)
	subtitled := upload(t, b.DB, b.user.SessionID, time.Second)
	queue(t, b.DB, b.user, subtitled)
	b.run = claim(t, b.DB, processB).RunID
	b.queued = upload(t, b.DB, b.user.SessionID, time.Second)
	queue(t, b.DB, b.user, b.queued)
	b.mend = breaks(t, b)
	return b
}

// lockElsewhere stands for another process that never ends its transaction.
func lockElsewhere(t *testing.T, b *broken) func() {
	b.patience = 10 * time.Millisecond
	other, err := sql.Open("sqlite3", dsn(b.path, "_txlock=exclusive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	tx, err := other.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

func makeReadOnly(t *testing.T, b *broken) func() {
	alter(t, b.DB, "PRAGMA query_only = 1")
	return func() { alter(t, b.DB, "PRAGMA query_only = 0") }
}

func fill(t *testing.T, b *broken) func() {
	pages := number(t, b.DB, "PRAGMA page_count")
	alter(t, b.DB, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
	return func() { alter(t, b.DB, "PRAGMA max_page_count = 1000000") }
}

// big needs pages of its own, wherever it is written.
var big = strings.Repeat("x", 1<<16)

// writes are the methods that need room.
func (b *broken) writes(ctx context.Context) []func() error {
	return []func() error{
		func() error {
			_, err := b.CreateUser(ctx, NewUser{Name: "jane", Key: "jane", SessionID: "user_jane", PasswordHash: big, Role: RoleUser})
			return err
		},
		func() error { return b.Revoke(ctx, big, time.Now().Add(time.Hour)) },
		func() error { return b.Admit(ctx, Upload{ID: newID(), SessionID: b.user.SessionID}, big) },
		func() error { _, err := b.Received(ctx, b.receiving, big, 1); return err },
		func() error {
			_, _, err := b.Accept(ctx, b.measuring, Measured{Duration: time.Second, Container: big})
			return err
		},
		func() error {
			_, err := b.Reset(ctx, QuotaChange{SessionID: b.user.SessionID, Actor: "admin", Reason: big})
			return err
		},
		func() error {
			return b.QueueSubtitles(ctx, b.user.SessionID, b.counted, SubtitleOrder{Language: big}, 0)
		},
		func() error { _, _, err := b.ClaimSubtitles(ctx, big, time.Hour, 10); return err },
		func() error { return b.FinishSubtitles(ctx, b.run, "en", big, "[]") },
		func() error {
			_, err := b.SaveSubtitles(ctx, b.user.SessionID, b.counted, SubtitleText{Cues: big}, nil)
			return err
		},
	}
}

// frees are those that only give room back.
func (b *broken) frees(ctx context.Context) []func() error {
	return []func() error{
		func() error { return b.Ready(ctx) },
		func() error { return b.DeleteVideo(ctx, b.user.SessionID, b.counted) },
		func() error { return b.Abandon(ctx, b.receiving) },
		func() error { _, err := b.ReleaseSlots(ctx, processA, processB); return err },
		func() error { _, err := b.ReleaseSubtitles(ctx, processB); return err },
		func() error { return b.CancelSubtitles(ctx, b.user.SessionID, b.queued) },
	}
}

func TestWritesThatFail(t *testing.T) {
	for what, test := range map[string]struct {
		breaks func(*testing.T, *broken) func()
		want   error
		not    error
		frees  bool // whether giving room back fails too
	}{
		"locked by another": {lockElsewhere, ErrUnavailable, ErrStorageFull, true},
		"read-only":         {makeReadOnly, ErrUnavailable, ErrStorageFull, true},
		"full":              {fill, ErrStorageFull, ErrUnavailable, false},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBroken(t, test.breaks)
			before := dump(t, b.DB)
			wantUsage(t, b.DB, b.user.SessionID, Usage{Videos: 3, Duration: 3 * time.Second}) // reading goes on
			fail := b.writes(t.Context())
			if test.frees {
				fail = append(fail, b.frees(t.Context())...)
			}
			for i, write := range fail {
				if err := write(); !errors.Is(err, test.want) || errors.Is(err, test.not) {
					t.Errorf("write %d: got %v, want %v", i, err, test.want)
				}
			}
			if after := dump(t, b.DB); after != before {
				t.Errorf("writes that failed changed\n%s\nto\n%s", before, after)
			}

			b.mend()
			for i, write := range append(b.writes(t.Context()), b.frees(t.Context())...) {
				if err := write(); err != nil {
					t.Errorf("write %d after the end of the trouble: %v", i, err)
				}
			}
		})
	}
}

func TestDamagedTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	d := openAt(t, path)
	u := newUser(t, d, "john")
	id := upload(t, d, u.SessionID, time.Second)
	page := number(t, d, "SELECT rootpage FROM sqlite_schema WHERE name = 'videos'")
	size := number(t, d, "PRAGMA page_size")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	copy(damaged[(page-1)*size:], bytes.Repeat([]byte{0xee}, int(size)))
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}

	d = openAt(t, path)
	_, read := d.Video(t.Context(), u.SessionID, id)
	_, _, list := d.ListVideos(t.Context(), u.SessionID, "", 10)
	for what, err := range map[string]error{
		"read": read, "list": list, "admit": d.Admit(t.Context(), Upload{ID: newID(), SessionID: u.SessionID}, processA),
	} {
		if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want %v", what, err, ErrUnavailable)
		}
	}
	if _, err := d.UserByKey(t.Context(), "john"); err != nil {
		t.Errorf("a sound table: %v", err)
	}
}

func TestCancelledWrite(t *testing.T) {
	d := open(t)
	u := newUser(t, d, "john")
	before := dump(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Admit(ctx, Upload{ID: newID(), SessionID: u.SessionID}, processA); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	err := d.write(t.Context(), "fail", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "DELETE FROM quota_sessions")
		return errors.Join(err, os.ErrDeadlineExceeded)
	})
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if after := dump(t, d); after != before {
		t.Errorf("a failed write changed\n%s\nto\n%s", before, after)
	}
}
