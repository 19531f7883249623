package db

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// backup makes one of the database at path and returns where it is.
func backup(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "backup.db")
	if err := os.WriteFile(to, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	last := -1
	if err := Backup(t.Context(), path, to, func(done, total int) { last = total - done }); err != nil {
		t.Fatal(err)
	}
	if last != 0 {
		t.Errorf("%d pages were left when the progress was last told", last)
	}
	entries, err := os.ReadDir(filepath.Dir(to))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the backup are %v, %v", entries, err)
	}
	return to
}

// TestBackupBesideAWriter makes backups of more than one step while another
// writes all the time.
func TestBackupBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	i := beginImport(t, openAt(t, path), manyNames(20_000)...)
	if err := i.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Apply(t.Context(), "cli:me", "import", 0, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	other := openAt(t, path)
	stop, written := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				written <- n
				return
			default:
				newUser(t, other, fmt.Sprint("new", n))
				n++
			}
		}
	}()
	var counts []int64
	for range 3 {
		copied := openAt(t, backup(t, path))
		if found := findings(t, copied); len(found) != 0 {
			t.Errorf("found %q", found)
		}
		counts = append(counts, number(t, copied, "SELECT count(*) FROM users"))
	}
	close(stop)
	if n := waittest.Receive(t, written); n == 0 {
		t.Error("nobody could write")
	}
	if counts[0] < 20_000 || counts[2] < counts[0] {
		t.Errorf("the backups hold %v users", counts)
	}
}

func TestAdoptBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gensubtitle.db")
	d := openAt(t, path)
	newUser(t, d, "john")
	sound := read(t, backup(t, path))
	execute := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			raw, err := sql.Open("sqlite3", dsn(path, "_journal_mode=DELETE"))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range statements {
				if _, err := raw.ExecContext(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			if err := raw.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	hold := func(data []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for what, test := range map[string]struct {
		prepare func(*testing.T, string)
		err     error
	}{
		"a backup":             {hold(sound), nil},
		"an older schema":      {downgrade, nil},
		"a newer schema":       {execute("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"), ErrNotABackup},
		"another program's":    {execute("DROP TABLE events"), ErrNotABackup},
		"nothing":              {hold(nil), ErrNotABackup},
		"text":                 {hold([]byte("no database at all, but a text of some length")), ErrNotABackup},
		"half of it":           {hold(sound[:len(sound)/2]), ErrNotABackup},
		"an index that is off": {execute("PRAGMA writable_schema = 1", "UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'videos_of_session'"), ErrNotABackup},
	} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "backup.db")
			hold(sound)(t, path)
			test.prepare(t, path)
			now := time.Now()
			if err := AdoptBackup(t.Context(), path, now); !errors.Is(err, test.err) {
				t.Fatalf("got %v, want %v", err, test.err)
			}
			if test.err != nil {
				return
			}
			if version := number(t, openAt(t, path), "SELECT min(credentials_version) FROM users"); version != now.Unix() {
				t.Errorf("the credentials have version %d, want %d", version, now.Unix())
			}
		})
	}
}

// downgrade takes the newest migration back.
func downgrade(t *testing.T, path string) {
	raw, err := sql.Open("sqlite3", dsn(path, "_journal_mode=DELETE"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	provider, err := newProvider(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestReplace replaces a database that was left with a log, as by a crash.
func TestReplace(t *testing.T) {
	other := filepath.Join(t.TempDir(), "gensubtitle.db")
	newUser(t, openAt(t, other), "new")
	for what, damaged := range map[string]bool{"a sound database": false, "a damaged one": true} {
		t.Run(what, func(t *testing.T) {
			running := filepath.Join(t.TempDir(), "gensubtitle.db")
			newUser(t, openAt(t, running), "old")
			dir := t.TempDir()
			path, aside := filepath.Join(dir, "gensubtitle.db"), filepath.Join(dir, "aside")
			for _, suffix := range []string{"", "-wal"} {
				data := read(t, running+suffix)
				if damaged {
					data = []byte("damaged" + suffix)
				}
				if err := os.WriteFile(path+suffix, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, LoginsName), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			with := backup(t, other)
			moved := filepath.Join(dir, "copy")
			if err := os.Rename(with, moved); err != nil {
				t.Fatal(err)
			}
			if err := Replace(t.Context(), path, moved, aside); err != nil {
				t.Fatal(err)
			}
			d := openAt(t, path)
			if number(t, d, "SELECT count(*) FROM users") != 1 || number(t, d, "SELECT count(*) FROM users WHERE username = 'new'") != 1 {
				t.Error("the new database does not hold its own users alone")
			}
			if _, err := os.Stat(filepath.Join(dir, LoginsName)); !os.IsNotExist(err) {
				t.Errorf("the login sessions: %v, want them gone", err)
			}
			if damaged {
				if got := string(read(t, aside)) + string(read(t, aside+"-wal")); got != "damageddamaged-wal" {
					t.Errorf("kept is %q", got)
				}
				return
			}
			if n := number(t, openAt(t, aside), "SELECT count(*) FROM users WHERE username = 'old'"); n != 1 {
				t.Error("the old database lost what was in its log")
			}
		})
	}
}
