package db

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newer is a database in its folder that a newer program has made: closed,
// left by a crash or still in use.
func newer(t *testing.T, files ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), FileName)
	d := openAt(t, path)
	newUser(t, d, "john")
	live := openSQL(t, path)
	if _, err := live.ExecContext(t.Context(), "PRAGMA wal_autocheckpoint = 0"); err != nil {
		t.Fatal(err)
	}
	// It is in the log alone.
	if _, err := live.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"); err != nil {
		t.Fatal(err)
	}
	if files == nil {
		return path
	}
	if len(files) == 1 {
		if _, err := live.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(path), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, FileName)
}

func openSQL(t *testing.T, path string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("sqlite3", dsn(path, "_busy_timeout=5000"))
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// folder is all that a folder holds, or the names where a database in it is in
// use: to close a file of it here would end the locks that it has.
func folder(t *testing.T, dir string, used bool) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || used {
			fmt.Fprintln(&all, e.Name())
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s %v %v %x\n", e.Name(), info.Mode(), info.ModTime(), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestNewerDatabase(t *testing.T) {
	for what, files := range map[string][]string{
		"closed":           {FileName},
		"left by a crash":  {FileName, FileName + "-wal", FileName + "-shm"},
		"in use by others": nil,
	} {
		t.Run(what, func(t *testing.T) {
			path := newer(t, files...)
			before := folder(t, filepath.Dir(path), files == nil)
			if err := CheckVersion(t.Context(), path); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), path) {
				t.Errorf("checked: %v", err)
			}
			to := filepath.Join(t.TempDir(), "backup")
			if err := os.WriteFile(to, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := Backup(t.Context(), path, to, func(int, int) {}); !errors.Is(err, ErrNewer) {
				t.Errorf("backed up: %v", err)
			}
			if after := folder(t, filepath.Dir(path), files == nil); after != before {
				t.Errorf("it changed\n%.300s\nto\n%.300s", before, after)
			}
			if d, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, ErrNewer) {
				t.Fatal("opened", err, d.Close())
			}
			if files != nil {
				if err := os.Remove(path + ".migrating"); err != nil {
					t.Fatal(err) // The gate, behind which it is checked once more.
				}
			}
			if after := folder(t, filepath.Dir(path), files == nil); after != before {
				t.Errorf("opening it changed\n%.300s\nto\n%.300s", before, after)
			}
		})
	}
	t.Run("left by a crash, without an index", func(t *testing.T) {
		path := newer(t, FileName, FileName+"-wal")
		if err := CheckVersion(t.Context(), path); !errors.Is(err, ErrNewer) {
			t.Error(err)
		}
	})
	t.Run("ours", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), FileName)
		if err := CheckVersion(t.Context(), path); err != nil {
			t.Error("none:", err)
		}
		d := openAt(t, path)
		newUser(t, d, "john")
		before := folder(t, filepath.Dir(path), true)
		if err := CheckVersion(t.Context(), path); err != nil {
			t.Error("in use:", err)
		}
		if after := folder(t, filepath.Dir(path), true); after != before {
			t.Errorf("it changed\n%.300s\nto\n%.300s", before, after)
		}
	})
}

// TestFilesOfADatabase are for nobody else, whatever the umask is, and belong
// to whom the folder belongs.
func TestFilesOfADatabase(t *testing.T) {
	const owner = 12345
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	root := os.Geteuid() == 0
	if root {
		if err := os.Chown(dir, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	p := join(t, filepath.Join(dir, ProcessesName))
	d := openAt(t, filepath.Join(dir, FileName))
	newUser(t, d, "john")
	count := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		count++
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; err == nil && root && uid != owner {
			t.Errorf("%s belongs to %d", path, uid)
		}
		return err
	})
	if err != nil || count < 8 { // the database, its log, index, commits and gate, two locks, two folders
		t.Errorf("%d files and folders: %v", count, err)
	}
	if err := p.Leave(); err != nil {
		t.Error(err)
	}
}
