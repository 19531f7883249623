package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNewerDatabase has every command, and the service, meet a database of a
// newer program. They refuse it in one line and leave no trace.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	backup := filepath.Join(t.TempDir(), "backup.db")
	s.command(0, "backup", backup)
	s.kill()
	alter(t, s.database(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	crashed := filepath.Join(t.TempDir(), "crashed")
	copyFolder(t, s.dir, crashed) // with its log, while it is still open
	users := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(users, []byte("username\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"user add b", "user passwd a", "user disable a", "user enable a", "user delete a", "user list", "user import " + users,
		"session list", "session show a", "session reset a", "session limits a --max-videos=1", "session export --format=csv",
		"backup " + filepath.Join(t.TempDir(), "copy.db"), "check", "check --repair", "serve --addr=127.0.0.1:0", "--addr=127.0.0.1:0",
	} {
		before := everything(t, crashed)
		code, out, log := once(t, nil, append(strings.Fields(args), "--data-dir="+crashed)...)
		if code != 1 || out != "" || strings.Count(log, "\n") != 1 || !strings.Contains(log, "newer version of the program") {
			t.Errorf("%s: exit status %d, %s%s", args, code, out, log)
		}
		checkUnchanged(t, crashed, before)
	}
	// Backups of it are refused as well.
	newer := filepath.Join(t.TempDir(), "newer.db")
	copyFile(t, backup, newer)
	db := openDatabase(t, newer)
	alter(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	code, _, log := once(t, nil, "restore", newer, "--data-dir="+filepath.Join(t.TempDir(), "data"))
	if code != 1 || !strings.Contains(log, "newer version of the program") {
		t.Errorf("restored: %d, %s", code, log)
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		copyFile(t, path, target)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, read(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
}

// each calls visit with every file and folder below a folder, itself included.
func each(t *testing.T, dir string, visit func(path string, info fs.FileInfo)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			visit(path, info)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// closed requires that nobody else may enter the folder or read what is in it.
func closed(t *testing.T, dir string) {
	t.Helper()
	each(t, dir, func(path string, info fs.FileInfo) {
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
	})
}

// useEverything has the server make files of every kind.
func useEverything(t *testing.T, s *server) {
	t.Helper()
	a := s.register("a")
	s.browser("a", password)
	id := a.accepted("clip.mp4", read(t, clip(t, 2))).Video.ID
	a.get("/videos/" + id + "/thumbnail").want(200)
	a.chunk(a.created("c.wav", 1000), 0, wav(200, 4)[:500]).want(204)
}

func TestFilesAreClosedToOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	useEverything(t, s)
	closed(t, s.dir)
	s.stop()

	// As an older version left them.
	each(t, s.dir, func(path string, info fs.FileInfo) {
		if err := os.Chmod(path, info.Mode()|info.Mode()>>3&0o055|0o044); err != nil {
			t.Fatal(err)
		}
	})
	s.restart()
	for _, name := range []string{"", "gensubtitle.db", "gensubtitle.db.commits", "logins.db", "jwt.key", "videos", "incoming"} {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q after a restart: %v, %v", name, info.Mode(), err)
		}
	}
	for _, name := range []string{"gensubtitle.db-wal", "gensubtitle.db-shm", "logins.db-wal", "logins.db-shm"} {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
	export := filepath.Join(t.TempDir(), "export.csv")
	s.command(0, "session", "export", "--format=csv", "--output="+export)
	closed(t, export)
}

// TestSharedFolderIsRefused is about a folder that others use, which the
// program must neither take over nor put its hashes in.
func TestSharedFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shared")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"serve --addr=127.0.0.1:0", "user add b"} {
		code, _, log := once(t, nil, append(strings.Fields(args), "--data-dir="+dir)...)
		if code != 1 || !strings.Contains(log, "chmod 700") {
			t.Errorf("%s: exit status %d, %s", args, code, log)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestCommandsAsRoot leaves nothing that the account of the service cannot open.
func TestCommandsAsRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const account = 12345
	dir := filepath.Join(t.TempDir(), "data")
	s := start(t)
	s.register("b")
	backup, users := filepath.Join(t.TempDir(), "backup.db"), filepath.Join(t.TempDir(), "users.csv")
	s.command(0, "backup", backup)
	if err := os.WriteFile(users, []byte("username\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, begin := range []string{"user add a", "user import " + users, "restore " + backup, "restore --force " + backup} {
		if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700), os.Chown(dir, account, account)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(begin, "--force") {
			once(t, nil, "user", "add", "a", "--data-dir="+dir)
		}
		for _, args := range []string{begin, "user list", "check --repair", "session export --format=csv"} {
			if code, out, log := once(t, nil, append(strings.Fields(args), "--data-dir="+dir)...); code != 0 {
				t.Fatalf("%s: exit status %d, %s%s", args, code, out, log)
			}
			each(t, dir, func(path string, info fs.FileInfo) {
				if uid := info.Sys().(*syscall.Stat_t).Uid; uid != account {
					t.Errorf("%s: %s belongs to %d", args, path, uid)
				}
			})
			closed(t, dir)
		}
	}
	s.stop()
	// A folder that root makes belongs to whose folder it is in.
	if code, _, log := once(t, nil, "user", "add", "a", "--data-dir="+filepath.Join(dir, "below", "data")); code != 0 {
		t.Fatalf("exit status %d, %s", code, log)
	}
	each(t, filepath.Join(dir, "below"), func(path string, info fs.FileInfo) {
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != account {
			t.Errorf("%s belongs to %d", path, uid)
		}
	})
}
