package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// importRows is a tenth of what the goal of two minutes is for.
const importRows = 100_000

// BenchmarkImport imports users with hashes and usage into an empty data
// directory. It reports the rows per second and for how many seconds nobody else
// could have written, with all rows at once and with few at a time.
func BenchmarkImport(b *testing.B) {
	program := buildProgram(b)
	file := filepath.Join(b.TempDir(), "users.csv")
	writeUsers(b, file, importRows)
	flags := map[string][]string{"at-once": nil, "in-parts": {"--skip-refused"}}
	took, blocked := map[string]time.Duration{}, map[string]float64{}
	rounds := 0
	for b.Loop() {
		for way, flags := range flags {
			took[way] += timed(b, func() { blocked[way] = max(blocked[way], importUsers(b, program, file, flags)) })
		}
		rounds++
	}
	for way := range flags {
		b.ReportMetric(float64(rounds*importRows)/took[way].Seconds(), way+"-rows/s")
		b.ReportMetric(blocked[way], way+"-blocked-s")
	}
}

// writeUsers writes so many users, in no order.
func writeUsers(b *testing.B, path string, rows int) {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "username,password_hash,role,videos_count,total_duration")
	for i := range rows {
		fmt.Fprintf(out, "user%d,\"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b+dWRWJTmaaJObGRdescudvJCs\",user,%d,%d\n",
			i*7919%rows, i%10, i%600)
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}

// importUsers returns the longest time for which it kept others from writing.
func importUsers(b *testing.B, program, file string, flags []string) float64 {
	b.Helper()
	args := append([]string{"user", "import", file, "--json", "--data-dir=" + filepath.Join(b.TempDir(), "data")}, flags...)
	out, err := waittest.CommandWithin(b, 10*time.Minute, program, args...).Output()
	if err != nil {
		b.Fatal(err)
	}
	var answer struct {
		Imported int
		Blocked  float64 `json:"longest_transaction"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.Imported != importRows {
		b.Fatalf("%v in %s", err, out)
	}
	return answer.Blocked
}
