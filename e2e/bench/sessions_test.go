package bench

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // To spread the times of what was imported.

	"gensubtitle/internal/waittest"
)

// The two installations that are compared, in quota sessions.
const fewSessions, manySessions = 1_000, 1_000_000

// atRest is how many requests both servers answer before their memory is read.
const atRest = 3_000

// installation is a server with so many quota sessions.
type installation struct {
	sessions      int
	addr, bearer  string
	process       int
	middle        map[string]string // the cursor of the page in the middle, by sort
	client        http.Client
	importSeconds float64
}

// BenchmarkSessions asks for pages of the admin's list of 1,000,000 quota
// sessions and of 1,000 in turns. For each kind of page it reports the medians
// in milliseconds and their ratio, and besides what their import took and what
// memory the servers hold in the end.
func BenchmarkSessions(b *testing.B) {
	program := buildProgram(b)
	few, many := install(b, program, fewSessions), install(b, program, manySessions)
	b.Run("import", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(few.importSeconds, "few-s")
		b.ReportMetric(many.importSeconds, "many-s")
	})
	for _, sort := range []string{"username", "videos", "duration", "last_upload", "created"} {
		for _, direction := range []string{"", "-"} {
			sort := "sort=" + direction + sort
			b.Run("first-page/"+sort, func(b *testing.B) { compare(b, few, many, func(*installation) string { return sort }) })
		}
	}
	for _, sort := range []string{"sort=username", "sort=-duration"} {
		b.Run("middle-page/"+sort, func(b *testing.B) {
			compare(b, few, many, func(i *installation) string { return sort + "&cursor=" + i.middleOf(b, sort) })
		})
	}
	// Of the many, 111,111 names begin so and of the few 111: a page is full on both.
	b.Run("prefix-search/many-found", func(b *testing.B) { compare(b, few, many, func(*installation) string { return "q=user1" }) })
	// 11 names of both begin so.
	b.Run("prefix-search/few-found", func(b *testing.B) {
		compare(b, few, many, func(i *installation) string {
			return "q=" + map[int]string{fewSessions: "user12", manySessions: "user12345"}[i.sessions]
		})
	})
	b.Run("memory", func(b *testing.B) { compareMemory(b, few, many) })
}

// compare takes the medians of the same page of both.
func compare(b *testing.B, few, many *installation, query func(*installation) string) {
	fewPath, manyPath := "/admin/sessions?"+query(few), "/admin/sessions?"+query(many)
	for range 20 { // Warms up what both keep.
		few.page(b, fewPath)
		many.page(b, manyPath)
	}
	var tookFew, tookMany []time.Duration
	for b.Loop() {
		tookFew = append(tookFew, timed(b, func() { few.page(b, fewPath) }))
		tookMany = append(tookMany, timed(b, func() { many.page(b, manyPath) }))
	}
	b.ReportMetric(0, "ns/op") // Of both together, which says nothing.
	b.ReportMetric(median(tookFew).Seconds()*1000, "few-ms")
	b.ReportMetric(median(tookMany).Seconds()*1000, "many-ms")
	b.ReportMetric(median(tookMany).Seconds()/median(tookFew).Seconds(), "ratio")
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

// compareMemory reads the memory of both after the same requests.
func compareMemory(b *testing.B, few, many *installation) {
	for b.Loop() {
		for n := range atRest {
			for _, i := range []*installation{few, many} {
				i.page(b, "/admin/sessions?limit=100&sort="+[]string{"username", "-duration", "videos"}[n%3])
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(few.memory(b), "few-MB")
	b.ReportMetric(many.memory(b), "many-MB")
}

// install imports so many users and starts a server for them.
func install(b *testing.B, program string, sessions int) *installation {
	b.Helper()
	dir := b.TempDir()
	file, data := filepath.Join(dir, "users.csv"), filepath.Join(dir, "data")
	writeUsers(b, file, sessions)
	i := installation{sessions: sessions, middle: map[string]string{}}
	i.importSeconds = timed(b, func() { command(b, "", program, "user", "import", file, "--data-dir="+data) }).Seconds()
	command(b, "a long password\n", program, "user", "add", "admin", "--role=admin", "--password-stdin", "--data-dir="+data)
	spreadTimes(b, filepath.Join(data, "gensubtitle.db"), sessions)
	i.addr, i.process = startServerOn(b, program, data)
	i.bearer = bearer(b, i.addr)
	return &i
}

// command runs the program, which must do well.
func command(b *testing.B, in, program string, args ...string) {
	b.Helper()
	cmd := waittest.CommandWithin(b, 10*time.Minute, program, args...)
	cmd.Stdin = strings.NewReader(in)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// spreadTimes has the sessions made and used at times of their own, in no order.
func spreadTimes(b *testing.B, path string, sessions int) {
	b.Helper()
	database, err := sql.Open("sqlite3", path)
	if err != nil {
		b.Fatal(err)
	}
	defer database.Close()
	if _, err := database.Exec(`UPDATE quota_sessions SET created_at = created_at - user_id * 7919 % $1 * 60,
		last_upload_at = CASE WHEN videos_count > 0 THEN created_at - user_id * 104729 % $1 * 50 END`, sessions); err != nil {
		b.Fatal(err)
	}
}

// list is what the benchmark reads of a page.
type list struct {
	Sessions []struct{}
	Next     string `json:"next_cursor"`
}

// page asks for a page of the list.
func (i *installation) page(b *testing.B, path string) list {
	b.Helper()
	req, err := http.NewRequest("GET", "http://"+i.addr+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", i.bearer)
	res, err := i.client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d %s %v", path, res.StatusCode, text, err)
	}
	var l list
	if err := json.Unmarshal(text, &l); err != nil || len(l.Sessions) == 0 {
		b.Fatalf("%s: %s %v", path, text, err)
	}
	return l
}

// middleOf walks along the list until half of it is passed.
func (i *installation) middleOf(b *testing.B, sort string) string {
	b.Helper()
	for passed := 0; passed < i.sessions/2; {
		l := i.page(b, "/admin/sessions?limit=100&"+sort+"&cursor="+i.middle[sort])
		passed += len(l.Sessions)
		i.middle[sort] = l.Next
	}
	return i.middle[sort]
}

// memory is what the server holds in memory now, in MB.
func (i *installation) memory(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.process))
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		fields := strings.Fields(string(line))
		if fields[0] == "VmRSS:" {
			kilobytes, err := strconv.ParseFloat(fields[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kilobytes / 1024
		}
	}
	b.Fatalf("no VmRSS in %s", status)
	return 0
}
