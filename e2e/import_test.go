package e2e

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

// TestRefusedImportLeavesNothing has files that cannot be read, or hold a row
// that cannot be taken, meet a folder that is not there, and one that is empty.
func TestRefusedImportLeavesNothing(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct{ file, want string }{
		"nothing":           {"", "the file is empty"},
		"no name":           {"role\nuser\n", "the column username is missing"},
		"an unknown column": {"username;pasword\na;b\n", `"pasword"`},
		"a workbook":        {"PK\x03\x04rest", "save it as CSV"},
		"Latin-1":           {"username\nren\xe9e\n", "line 2: the text is neither"},
		"a bad name":        {"username\na\nb c\n", `line 3: "b c"`},
		"a name twice":      {"username\na\nA\n", "the name is that of line 2 as well"},
		"a bad number":      {"username,videos_count\na,x\n", "videos_count is no whole number"},
		"a bad hash":        {"username,password_hash\na,$2a$10$abc\n", "password hash"},
		"an endless row":    {"username\n\"" + strings.Repeat("x", 1<<20), "is a quote not closed?"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			file, empty, temporary := written(t, "users.csv", test.file), t.TempDir(), t.TempDir()
			missing := filepath.Join(t.TempDir(), "deep", "data")
			for _, dir := range []string{missing, empty} {
				for _, flag := range []string{"--json", "--skip-refused"} {
					if flag == "--skip-refused" && strings.Contains(test.file, "\na\n") {
						continue // One row is taken.
					}
					code, _, log := once(t, []string{"TMPDIR=" + temporary}, "user", "import", file, flag, "--data-dir="+dir)
					if code != 1 || flag != "--json" && !strings.Contains(log, test.want) || strings.Contains(log, "installation") {
						t.Errorf("%s: exit status %d, %s", flag, code, log)
					}
				}
			}
			for _, dir := range []string{filepath.Dir(filepath.Dir(missing)), empty, temporary} {
				if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
					t.Errorf("%v, %v was left in %s", left, err, dir)
				}
			}
		})
	}
	file, none := written(t, "users.csv", "username\n"), filepath.Join(t.TempDir(), "none")
	if code, out, _ := once(t, nil, "user", "import", file, "--data-dir="+none); code != 0 || !strings.HasPrefix(out, "Users imported: 0.") {
		t.Errorf("headings alone: exit status %d, %s", code, out)
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Errorf("headings alone made an installation: %v", err)
	}
}

// table reads a CSV file into its rows by column.
func table(t *testing.T, file string) (columns []string, rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

// randomUsers are a file of users with all that an export tells of them.
func randomUsers(random *rand.Rand, n int) string {
	var file strings.Builder
	fmt.Fprintln(&file, "username,role,disabled,deleted,videos_count,total_duration,own_max_videos,own_max_duration_minutes,own_max_file_size_mb")
	names := []string{"-1", "-a", "--", ".a", "007", "1e5", "TRUE", "มะลิ", "-ก", "_", "Jan-1", "น้ำ"}
	maybe := func(value string) string {
		if random.IntN(2) == 0 {
			return ""
		}
		return value
	}
	milliseconds := func(most int64) string { return strconv.FormatFloat(float64(random.Int64N(most))/1000, 'f', -1, 64) }
	for i := range n {
		name := fmt.Sprintf("u%d", i)
		if i < len(names) {
			name = names[i]
		}
		size := strconv.FormatFloat(float64(random.Int64N(1<<40))/(1<<20), 'f', -1, 64)
		minutes := strconv.FormatFloat(float64(random.Int64N(1e12))/60_000, 'f', -1, 64)
		fmt.Fprintf(&file, "%s,%s,%t,%t,%d,%s,%s,%s,%s\n", name, maybe("admin"), random.IntN(4) == 0, random.IntN(8) == 0,
			random.IntN(1000), milliseconds(6e12), maybe(strconv.Itoa(random.IntN(50))), maybe(minutes), maybe(size))
	}
	return file.String()
}

// TestExportIsAnImport moves random users from one installation to the next, by
// the export as it is and as spreadsheets save it.
func TestExportIsAnImport(t *testing.T) {
	t.Parallel()
	rounds := map[string]func(export string) string{
		"as it is": func(export string) string { return export },
		"UTF-16 with tabs": func(export string) string {
			return spreadsheet(t, export, '\t', func(text string) string {
				encoded, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
				if err != nil {
					t.Fatal(err)
				}
				return encoded
			})
		},
		"semicolons and decimal commas": func(export string) string {
			return "sep=;\r\n" + spreadsheet(t, export, ';', func(text string) string { return text })
		},
	}
	dir := t.TempDir()
	first := filepath.Join(dir, "first")
	users := randomUsers(rand.New(rand.NewPCG(3, 26)), 120)
	file := written(t, "users.csv", users)
	if code, _, log := once(t, nil, "user", "import", file, "--data-dir="+first); code != 0 {
		t.Fatalf("exit status %d, %s", code, log)
	}
	exported := func(dir string, flags ...string) string {
		t.Helper()
		code, out, log := once(t, nil, append([]string{"session", "export", "--format=csv", "--data-dir=" + dir}, flags...)...)
		if code != 0 || log != "" {
			t.Fatalf("exit status %d, %s", code, log)
		}
		return out
	}
	_, want := table(t, exported(first))
	byName := map[string]map[string]string{}
	for _, row := range want {
		byName[row["username"]] = row
	}
	columns, given := table(t, users)
	for _, user := range given {
		row := byName[user["username"]]
		if user["role"] == "" {
			user["role"] = "user"
		}
		if user["deleted"] == "true" {
			user["disabled"] = "true" // for good
		}
		for _, column := range columns {
			if row[column] != user[column] {
				t.Errorf("%s was exported with %s %q, want %q", user["username"], column, row[column], user[column])
			}
		}
	}
	for _, flags := range [][]string{nil, {"--bom"}} {
		export := exported(first, flags...)
		if strings.HasPrefix(export, "\ufeff") != (flags != nil) || strings.Contains(export, ",'-1,") != (flags != nil) || strings.Contains(export, ",-1,") != (flags == nil) {
			t.Errorf("%v: %.600s", flags, export)
		}
		for how, save := range rounds {
			file, next := written(t, "export.csv", save(export)), filepath.Join(dir, fmt.Sprint(how, len(flags)))
			code, _, log := once(t, nil, "user", "import", file, "--data-dir="+next)
			if code != 0 || !strings.Contains(strings.ToLower(log), "ignored: session_id, remaining_videos, remaining_duration, maxvideos") {
				t.Fatalf("%s %v: exit status %d, %s", how, flags, code, log)
			}
			columns, got := table(t, exported(next))
			for i := range want {
				for _, column := range columns {
					moment := strings.HasSuffix(column, "_at")
					if !moment && got[i][column] != want[i][column] {
						t.Errorf("%s %v: %s has %s %q, want %q", how, flags, want[i]["username"], column, got[i][column], want[i][column])
					}
				}
			}
			if code, out, _ := once(t, nil, "check", "--data-dir="+next); code != 0 {
				t.Errorf("%s: %s", how, out)
			}
		}
	}
	code, _, log := once(t, nil, "session", "export", "--format=json", "--bom", "--data-dir="+first)
	if code != 2 {
		t.Errorf("--bom for JSON: exit status %d", code)
	}
	checkOneLine(t, log, "--bom")
}

// spreadsheet is a CSV file as a spreadsheet saves it that has read it.
func spreadsheet(t *testing.T, export string, separator rune, encode func(string) string) string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(export, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.Comma, w.UseCRLF = separator, true
	columns := slices.Clone(all[0])
	for i, cells := range all {
		for n, column := range columns {
			number := slices.Contains([]string{"total_duration", "remaining_duration", "own_max_duration_minutes", "own_max_file_size_mb"}, column)
			switch {
			case i == 0:
				cells[n] = strings.ToUpper(column[:1]) + column[1:]
			case number && separator == ';':
				cells[n] = strings.Replace(cells[n], ".", ",", 1)
			case column == "disabled" || column == "deleted":
				cells[n] = strings.ToUpper(cells[n])
			}
		}
		if err := w.Write(append(cells, "")); err != nil { // and an empty column
			t.Fatal(err)
		}
	}
	w.Flush()
	return encode(out.String())
}
