package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/argon2id"

	"gensubtitle/internal/waittest"
)

// command runs a command on the server's data directory, requires this exit
// status, and returns standard output and standard error.
func (s *server) command(code int, args ...string) (out, log string) {
	s.t.Helper()
	got, out, log := once(s.t.(*testing.T), []string{"GENSUB_DATA_DIR=" + s.dir}, args...)
	if got != code {
		s.t.Errorf("%q: exit status %d, want %d\n%s%s", args, got, code, out, log)
	}
	return out, log
}

// commandJSON runs a command that must go well and decodes what it prints.
func (s *server) commandJSON(into any, args ...string) {
	s.t.Helper()
	out, log := s.command(0, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil || log != "" {
		s.t.Errorf("%q: %v in %s%s", args, err, out, log)
	}
}

// TestCommandsBesideAServer manages users and sessions while uploads of every
// kind come and go: the service goes by it at once, and nothing comes to harm.
func TestCommandsBesideAServer(t *testing.T) {
	t.Parallel()
	s := start(t, "--max-videos=100000", "--max-duration-minutes=100000", "--max-unfinished-uploads=9", "--registration=closed")
	var a made
	s.commandJSON(&a, "user", "add", "uploader")
	c := s.login("uploader", a.Password)
	var workers sync.WaitGroup
	stop := make(chan struct{})
	for worker := range 2 {
		workers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					comeAndGo(t, c, 1000*worker+i)
				}
			}
		})
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	for range 3 {
		s.command(0, "backup", file, "--force")
	}
	var b made
	s.commandJSON(&b, "user", "add", "มะลิ", "--role=admin")
	mali := s.login("มะลิ", b.Password)
	mali.get("/admin/sessions").want(200)
	mali.accepted("a.wav", wav(100, 1))

	var one session
	s.commandJSON(&one, "session", "limits", "มะลิ", "--max-videos=1", "--reason=no more")
	if one.Limits.Videos != 1 || one.Limits.Minutes != 10 {
		t.Errorf("limits %+v", one.Limits)
	}
	mali.upload("b.wav", wav(100, 2)).problem(403, "quota-videos")
	s.command(0, "session", "limits", "มะลิ", "--max-duration-minutes=0.5")
	if l := mali.session().Limits; l.Videos != 1 || l.Minutes != 0.5 {
		t.Errorf("limits %+v", l)
	}
	s.command(0, "session", "limits", "มะลิ", "--max-videos=default", "--max-duration-minutes=default")
	s.commandJSON(&one, "session", "reset", "user_มะลิ", "--reason=again")
	if one.Usage.Videos != 0 || one.Usage.Duration != 0 {
		t.Errorf("usage %+v", one.Usage)
	}
	checkUsage(t, mali.session(), 0, 0)
	var ledger struct {
		Events []struct{ Kind, Actor, Reason string }
	}
	mali.get("/admin/sessions/" + escapePath("user_มะลิ") + "/events").want(200).decode(&ledger)
	if e := ledger.Events; len(e) != 5 || e[0].Kind != "reset" || e[0].Reason != "again" || !strings.HasPrefix(e[0].Actor, "cli:") ||
		e[3].Kind != "limits" || e[3].Reason != "no more" || !strings.HasPrefix(e[3].Actor, "cli:") {
		t.Errorf("ledger %+v", e)
	}

	s.command(0, "user", "disable", "มะลิ")
	mali.get("/user/session").problem(401, "unauthenticated")
	s.command(0, "user", "enable", "มะลิ")
	mali.get("/user/session").problem(401, "unauthenticated")
	mali = s.login("มะลิ", b.Password)
	s.commandJSON(&b, "user", "passwd", "มะลิ")
	mali.get("/user/session").problem(401, "unauthenticated")
	s.login("มะลิ", b.Password).accepted("c.wav", wav(100, 3))
	s.command(0, "user", "delete", "มะลิ")
	s.anyone().post("/login", credentials("มะลิ", b.Password)).problem(401, "bad-credentials")
	if out, _ := s.command(0, "user", "list", "--deleted"); !strings.Contains(out, "มะลิ\tadmin\tdeleted\t") {
		t.Errorf("users\n%s", out)
	}
	close(stop)
	waittest.Group(t, &workers)
	n := len(c.walkVideos(100))
	if n == 0 {
		t.Error("no upload was ever accepted")
	}
	if left := len(s.media()); left != n {
		t.Errorf("%d files are left of %d videos", left, n)
	}
	s.check(0, "0 found, 0 mended", nil)
}

func TestImportCommand(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("taken")
	dir := t.TempDir()
	file := filepath.Join(dir, "users.csv")
	if err := os.WriteFile(file, []byte("username,password,role,videos_count,total_duration\r\n"+
		"มะลิ,a long password,,3,450.5\r\nTAKEN,,,,\r\nchief,,admin,0,0\r\nมะลิ,,,,\r\nbad name,,,,\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.admin().sessions("limit=100")
	out, log := s.command(1, "user", "import", file)
	for line, part := range map[int]string{0: "Read as UTF-8, separated by commas. Columns: username, password, role", 1: `line 3: "TAKEN": the name is taken`, 2: `line 5: "มะลิ": the name is that of line 2`, 3: `line 6: "bad name": username`} {
		if lines := strings.Split(log, "\n"); len(lines) != 5 || !strings.HasPrefix(lines[line], part) {
			t.Errorf("standard error\n%s\nwant %s", log, part)
		}
	}
	if !strings.Contains(out, "Nobody was imported. Rows refused: 3.") || s.admin().sessions("limit=100").Total != before.Total {
		t.Errorf("%s", out)
	}
	out, _ = s.command(1, "user", "import", file, "--skip-refused", "--json")
	var answer struct {
		Imported, Refused int
		Rows              []struct{ Line int } `json:"refused_rows"`
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Imported != 2 || answer.Refused != 3 || len(answer.Rows) != 3 || answer.Rows[0].Line != 3 {
		t.Errorf("%v in %s", err, out)
	}
	checkUsage(t, s.login("มะลิ", password).session(), 3, 450_500)
	s.anyone().post("/login", credentials("chief", password)).problem(401, "bad-credentials")
	var chief made
	s.commandJSON(&chief, "user", "passwd", "chief")
	s.login("chief", chief.Password).get("/admin/sessions").want(200)
	s.check(0, "0 found, 0 mended", nil)

	// Whoever moves in needs no service before.
	fresh := filepath.Join(dir, "fresh")
	if err := os.WriteFile(file, []byte("username\na\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, log := once(t, nil, "user", "import", file, "--data-dir="+fresh)
	if code != 0 || !strings.HasPrefix(out, "Users imported: 2.") || !strings.Contains(log, "new installation") || !strings.Contains(log, "Nobody is an admin") {
		t.Errorf("exit status %d, %s%s", code, out, log)
	}
}

// foreignHash is one with the parameters of another system.
func foreignHash(t *testing.T, password string) string {
	t.Helper()
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 65536, Iterations: 3, Parallelism: 4, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestImportedHash signs in twice with a hash from elsewhere, which becomes one
// of ours at the first time and ends no sign-in by it.
func TestImportedHash(t *testing.T) {
	t.Parallel()
	s := start(t)
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte("username,password_hash\na,\""+foreignHash(t, password)+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.command(0, "user", "import", file)
	s.anyone().post("/login", credentials("a", "another password")).problem(401, "bad-credentials")
	first := s.login("a", password)
	// A server that is busy makes it anew at a later sign-in.
	eventually(t, patience, "a hash of ours", func() bool {
		s.login("a", password).session()
		var hash string
		if err := s.database().QueryRow("SELECT password_hash FROM users WHERE username = 'a'").Scan(&hash); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(hash, "$m=19456,t=2,p=1$")
	})
	first.session()
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.register("a")
	a.accepted("a.wav", wav(500, 1))
	file := filepath.Join(t.TempDir(), "backup.db")
	s.command(0, "backup", file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	sound := read(t, file)
	_, log := s.command(1, "backup", file)
	checkOneLine(t, log, "--force")
	s.register("later")
	_, log = s.command(1, "restore", file)
	checkOneLine(t, log, "--force")
	_, log = s.command(1, "restore", file, "--force")
	checkOneLine(t, log, "stop the service")
	later := s.login("later", password)
	s.stop()

	damaged := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(damaged, sound[:len(sound)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	before := everything(t, s.dir)
	s.command(1, "restore", damaged, "--force")
	s.command(1, "restore", filepath.Join(s.dir, "nothing.db"), "--force")
	checkUnchanged(t, s.dir, before)

	out, _ := s.command(0, "restore", file, "--force")
	if !strings.Contains(out, "gensubtitle check") {
		t.Errorf("it says %s", out)
	}
	if kept, err := filepath.Glob(filepath.Join(s.dir, "gensubtitle.db.20*")); len(kept) == 0 || err != nil {
		t.Errorf("the old database was kept as %v, %v", kept, err)
	}
	s.check(0, "0 found, 0 mended", nil)
	s.restart()
	a.get("/user/session").problem(401, "unauthenticated")
	later.get("/user/session").problem(401, "unauthenticated")
	checkUsage(t, s.login("a", password).session(), 1, 500)
	s.register("later") // is nobody's name again
	later.get("/user/session").problem(401, "unauthenticated")

	fresh := filepath.Join(t.TempDir(), "fresh")
	if code, _, log := once(t, nil, "restore", file, "--data-dir="+fresh); code != 0 || log != "" {
		t.Errorf("into a fresh folder: exit status %d, %s", code, log)
	}
	if code, out, _ := once(t, nil, "user", "list", "--data-dir="+fresh); code != 0 || strings.Count(out, "\n") != 3 {
		t.Errorf("the fresh folder has users\n%s", out)
	}
}

// TestCommandStatuses tells what cannot be done (1) from what was called
// wrongly (2). Nothing of it leaves a trace.
func TestCommandStatuses(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.register("a")
	s.stop()
	before := everything(t, s.dir)
	for _, test := range []struct {
		code int
		args string
		part string
	}{
		{1, "user disable nobody", "nobody"},
		{1, "user delete admin", "no enabled admin"},
		{1, "user disable admin", "no enabled admin"},
		{1, "user add A", "taken"},
		{1, "session show user_nobody", "user_nobody"},
		{1, "session reset nobody", "nobody"},
		{1, "user import nothing.csv", "nothing.csv"},
		{1, "backup no/such/folder/backup.db", "no/such/folder"},
		{2, "user", "add"},
		{2, "user dance", "dance"},
		{2, "user add", "name"},
		{2, "user add a/b", "username"},
		{2, "user add x --role=root", "role"},
		{2, "session limits a", "--max-videos"},
		{2, "session limits a --max-videos=many", "--max-videos"},
		{2, "session limits a --max-videos=1.5", "--max-videos"},
		{2, "session limits a --max-file-size-mb=-1", "--max-file-size-mb"},
		{2, "session list --sort=nonsense", "--sort"},
		{2, "session list --max-videos=-1", "--max-videos"},
		{2, "session export --format=xml", "format"},
		{2, "session export", "format"},
		{2, "session reset a --reason=" + strings.Repeat("x", 501), "--reason"},
		{2, "version extra", "extra"},
	} {
		out, log := s.command(test.code, strings.Fields(test.args)...)
		if out != "" {
			t.Errorf("%s: standard output %q", test.args, out)
		}
		checkOneLine(t, log, test.part)
	}
	checkUnchanged(t, s.dir, before)

	none := filepath.Join(t.TempDir(), "typo")
	for _, args := range []string{
		"user list", "user passwd a", "user disable a", "user delete a", "session list", "session show a", "session reset a",
		"session limits a --max-videos=1", "session export --format=csv", "backup b.db", "check",
	} {
		code, out, log := once(t, nil, append(strings.Fields(args), "--data-dir="+none)...)
		if code != 1 || out != "" {
			t.Errorf("%s: exit status %d, %s", args, code, out)
		}
		checkOneLine(t, log, none)
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("a folder was made: %v", err)
	}
}

func TestPasswordFromStandardInput(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for i, test := range []struct {
		input string
		code  int
	}{{"a long password\n", 0}, {"a long password\r\nmore\n", 0}, {"a long password", 0}, {"short\n", 1}, {"", 1}, {strings.Repeat("x", 10_000), 1}} {
		cmd := command(t, "user", "add", "u"+strconv.Itoa(i), "--password-stdin", "--data-dir="+dir)
		cmd.Stdin = strings.NewReader(test.input)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != test.code || strings.Contains(string(out), "long password") {
			t.Errorf("%.20q: exit status %d, want %d\n%s", test.input, code, test.code, out)
		}
	}
}

func TestVersionCommand(t *testing.T) {
	t.Parallel()
	code, out, log := once(t, nil, "version")
	if code != 0 || !strings.HasPrefix(out, "gensubtitle ") || !strings.Contains(out, "go1.") || log != "" {
		t.Errorf("exit status %d, %q, %q", code, out, log)
	}
	var v struct{ Version, Go string }
	if code, out, _ := once(t, nil, "version", "--json"); code != 0 || json.Unmarshal([]byte(out), &v) != nil || v.Version == "" || v.Go == "" {
		t.Errorf("exit status %d, %q", code, out)
	}
}
