package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const database = "our.db"

// write makes a file, and the folders above it with these permissions.
func write(t *testing.T, path string, file, folder fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, []byte("x"), 0o600), os.Chmod(path, file), os.Chmod(filepath.Dir(path), folder)); err != nil {
		t.Fatal(err)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
	} else if got := info.Mode() & (fs.ModePerm | fs.ModeSticky); got != want {
		t.Errorf("%s has mode %v, want %v", filepath.Base(path), got, want)
	}
}

func TestPrepare(t *testing.T) {
	for what, test := range map[string]struct {
		files   []string
		before  fs.FileMode
		after   fs.FileMode
		refused string
	}{
		"empty":                {nil, 0o755, 0o700, ""},
		"for a group":          {nil, 0o750, 0o700, ""},
		"closed":               {nil, 0o700, 0o700, ""},
		"a new disk":           {[]string{"lost+found/x"}, 0o755, 0o700, ""},
		"an old installation":  {[]string{database, "videos/a"}, 0o777, 0o700, ""},
		"closed, with others":  {[]string{"notes.txt"}, 0o700, 0o700, ""},
		"open, with others":    {[]string{"notes.txt"}, 0o755, 0o755, "holds other files"},
		"shared by everybody":  {nil, fs.ModeSticky | 0o777, fs.ModeSticky | 0o777, "holds other files"},
		"shared, with a stray": {[]string{database}, fs.ModeSticky | 0o777, fs.ModeSticky | 0o777, "holds other files"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, name := range test.files {
				write(t, filepath.Join(dir, name), 0o644, 0o755)
			}
			if err := os.Chmod(dir, test.before); err != nil {
				t.Fatal(err)
			}
			err := Prepare(dir, database)
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("got %v, want %q", err, test.refused)
			}
			wantMode(t, dir, test.after)
		})
	}
}

func TestPrepareClosesWhatIsInTheFolder(t *testing.T) {
	dir, elsewhere := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "elsewhere")
	write(t, elsewhere, 0o644, 0o755)
	for _, name := range []string{database, database + "-wal", "logins.db", "videos/a"} {
		write(t, filepath.Join(dir, name), 0o644, 0o755)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir, database); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{database, database + "-wal", "logins.db"} {
		wantMode(t, filepath.Join(dir, name), 0o600)
	}
	wantMode(t, filepath.Join(dir, "videos"), 0o700)
	wantMode(t, elsewhere, 0o644)
}

func TestPrepareMakesTheFolder(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := Prepare(dir, database); err != nil {
			t.Fatal(err)
		}
	}
	wantMode(t, dir, 0o700)
	wantMode(t, filepath.Dir(dir), 0o700)
	file := filepath.Join(dir, "file")
	write(t, file, 0o600, 0o700)
	for _, path := range []string{"", file, filepath.Join(file, "below")} {
		if err := Prepare(path, database); err == nil {
			t.Errorf("%q was prepared", path)
		}
	}
}

// TestOwner makes things as root in a folder of another account.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const uid, gid = 12345, 12346
	dir := t.TempDir()
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	wantOwner := func(path string, want uint32) {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != want || want == uid && stat.Gid != gid {
			t.Errorf("%s belongs to %d:%d, want %d", filepath.Base(path), stat.Uid, stat.Gid, want)
		}
	}
	if err := MakeAll(filepath.Join(dir, "a", "b")); err != nil {
		t.Fatal(err)
	}
	wantOwner(filepath.Join(dir, "a"), uid)
	wantOwner(filepath.Join(dir, "a", "b"), uid)
	for name, make := range map[string]func(string) (*os.File, error){
		"created": Create, "opened": OpenFile,
		"temporary": func(path string) (*os.File, error) { return CreateTemp(filepath.Dir(path), "t-*") },
	} {
		file, err := make(filepath.Join(dir, "a", "b", name))
		if err != nil {
			t.Fatal(err)
		}
		wantOwner(file.Name(), uid)
		wantMode(t, file.Name(), 0o600)
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := Touch(filepath.Join(dir, "touched")); err != nil {
		t.Fatal(err)
	}
	wantOwner(filepath.Join(dir, "touched"), uid)

	// What is there already stays whose it is, and a link leads nowhere.
	root := filepath.Join(t.TempDir(), "of root")
	write(t, root, 0o600, 0o755)
	if err := os.Symlink(root, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if file, err := OpenFile(filepath.Join(dir, "link")); err == nil {
		t.Error("a link was followed", file.Close())
	}
	wantOwner(root, 0)
}

func TestCreate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "file")
	file, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	wantMode(t, path, 0o600)
	if _, err := file.WriteString("kept"); err != nil {
		t.Error(err)
	}
	if err := errors.Join(file.Close(), Touch(path)); err != nil {
		t.Error(err)
	}
	if _, err := Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	again, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if text, err := os.ReadFile(path); string(text) != "kept" || err != nil {
		t.Errorf("it holds %q: %v", text, err)
	}
}
