package e2e

import (
	"bufio"
	"bytes"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// watched starts the program with metrics, and returns what reads them.
func watched(t *testing.T, flags ...string) (*server, func() metrics) {
	t.Helper()
	addr := freeAddr(t)
	s := start(t, append(flags, "--metrics-addr="+addr)...)
	scraper := (&server{t: t, addr: addr}).anyone()
	return s, func() metrics {
		t.Helper()
		return metrics{t, scraper.get("/metrics").want(200).body}
	}
}

// metrics is a scrape in the text format.
type metrics struct {
	t    *testing.T
	text []byte
}

// values maps each series, as it is written, to its value.
func (m metrics) values() map[string]float64 {
	m.t.Helper()
	all := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader(m.text))
	for lines.Scan() {
		series, value, _ := strings.Cut(lines.Text(), "} ")
		if series += "}"; value == "" {
			series, value, _ = strings.Cut(lines.Text(), " ")
		}
		if strings.HasPrefix(series, "#") {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			m.t.Fatalf("%s: %v", lines.Text(), err)
		}
		all[series] = number
	}
	return all
}

// TestMetrics does things whose number is known and wants exactly these counted.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s, scrape := watched(t, "--max-videos=3", "--max-duration-minutes=0.1", "--max-file-size-mb=1")
	a := s.register("a")
	b := s.register("b")
	s.anyone().post("/register", credentials("a", password)).want(409)
	s.login("a", password)
	for range 6 {
		s.anyone().post("/login", credentials("b", "wrong horse"))
	}
	file := wav(1000, 1)
	a.accepted("a.wav", file)
	a.upload("a.txt", []byte("no video")).want(415)
	a.upload("a.wav", wav(7000, 1)).want(403)
	a.upload("a.wav", make([]byte, 2<<20)).want(413)
	a.accepted("a.wav", file)
	a.accepted("a.wav", file)
	a.upload("a.wav", file).want(403)
	before := scrape().values()[`gensubtitle_upload_received_bytes_total{kind="resumable"}`]

	path := b.created("b.wav", int64(len(file)))
	b.chunk(path, 0, file).want(204)
	b.outcome(path)
	path = b.created("b.txt", 8)
	b.chunk(path, 0, []byte("no video")).want(204)
	b.outcome(path)
	b.tus().do("DELETE", b.created("b.wav", 100), nil).want(204)
	b.created("b.wav", 100)

	s.anyone().get("/nothing").want(404)
	s.anyone().get("/nothing/else").want(404)
	b.get("/videos/nothing").want(404)

	eventually(t, patience, "the counted upload", func() bool {
		return scrape().values()[`gensubtitle_uploads_total{kind="resumable",outcome="rejected",reason="not-a-video"}`] == 1
	})
	got := scrape().values()
	for series, want := range map[string]float64{
		`gensubtitle_uploads_total{kind="multipart",outcome="accepted",reason=""}`:               3,
		`gensubtitle_uploads_total{kind="multipart",outcome="rejected",reason="not-a-video"}`:    1,
		`gensubtitle_uploads_total{kind="multipart",outcome="rejected",reason="quota-duration"}`: 1,
		`gensubtitle_uploads_total{kind="multipart",outcome="rejected",reason="quota-videos"}`:   1,
		`gensubtitle_uploads_total{kind="multipart",outcome="rejected",reason="file-too-large"}`: 1,
		`gensubtitle_uploads_total{kind="resumable",outcome="accepted",reason=""}`:               1,
		`gensubtitle_uploads_total{kind="resumable",outcome="abandoned",reason="cancelled"}`:     1,
		`gensubtitle_upload_received_bytes_total{kind="resumable"}`:                              before + float64(len(file)+8),
		`gensubtitle_upload_slots{status="receiving"}`:                                           1,
		`gensubtitle_upload_slots{status="measuring"}`:                                           0,
		`gensubtitle_quota_refusals_total{resource="videos"}`:                                    1,
		`gensubtitle_quota_refusals_total{resource="duration"}`:                                  1,
		`gensubtitle_logins_total{outcome="succeeded"}`:                                          1,
		`gensubtitle_logins_total{outcome="refused"}`:                                            5,
		`gensubtitle_logins_total{outcome="throttled"}`:                                          1,
		`gensubtitle_registrations_total{outcome="succeeded"}`:                                   2,
		`gensubtitle_registrations_total{outcome="refused"}`:                                     1,
		`gensubtitle_http_requests_total{method="GET",route="unknown",status="404"}`:             2,
		`gensubtitle_http_requests_total{method="GET",route="/videos/:id",status="404"}`:         1,
		`gensubtitle_http_requests_total{method="POST",route="/upload-video",status="201"}`:      3,
		`gensubtitle_http_request_duration_seconds_count{route="/upload-video"}`:                 7,
		`gensubtitle_http_requests_running`:                                                      0,
		`gensubtitle_database_write_duration_seconds_count{transaction="accept video"}`:          4,
		`gensubtitle_orphan_files`:                                                               0,
		`gensubtitle_maintenance_problems`:                                                       0,
		`gensubtitle_database_write_failures_total`:                                              0,
		`gensubtitle_media_run_duration_seconds_count{outcome="unavailable",program="ffmpeg"}`:   0,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v, want %v", series, value, want)
		}
	}
	for _, series := range []string{
		`gensubtitle_upload_received_bytes_total{kind="multipart"}`,
		`gensubtitle_storage_free_bytes`,
		`gensubtitle_database_write_wait_seconds_count`,
		`gensubtitle_media_run_duration_seconds_count{outcome="ended",program="ffprobe"}`,
		`gensubtitle_media_run_duration_seconds_count{outcome="ended",program="ffmpeg"}`,
		`gensubtitle_media_wait_seconds_count`,
		`process_start_time_seconds`,
		`go_goroutines`,
	} {
		if got[series] <= 0 {
			t.Errorf("%s is %v", series, got[series])
		}
	}
	for series := range got {
		if strings.Contains(series, "user_") || strings.Contains(series, "nothing") {
			t.Errorf("what people make up is in %s", series)
		}
	}
}

// TestMetricsOfTrouble counts what expires, and what fails while the database
// is locked.
func TestMetricsOfTrouble(t *testing.T) {
	t.Parallel()
	s, scrape := watched(t, "--upload-expiry-hours=0.0005")
	c := s.register("a")
	c.created("a.wav", 100)
	series := `gensubtitle_uploads_total{kind="resumable",outcome="abandoned",reason="expired"}`
	eventually(t, patience, "the expiry", func() bool { return scrape().values()[series] == 1 })
	other, err := s.database().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alter(t, other, "BEGIN IMMEDIATE")
	s.anyone().post("/register", credentials("b", password)).want(503)
	got := scrape().values()
	if got["gensubtitle_database_write_failures_total"] < 1 || got[`gensubtitle_registrations_total{outcome="failed"}`] != 1 {
		t.Errorf("failures of the database: %v, of registrations: %v",
			got["gensubtitle_database_write_failures_total"], got[`gensubtitle_registrations_total{outcome="failed"}`])
	}
	alter(t, other, "ROLLBACK")
}

func TestMetricsAreNamedWell(t *testing.T) {
	t.Parallel()
	_, scrape := watched(t)
	problems, err := promlint.New(bytes.NewReader(scrape().text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

var metricName = regexp.MustCompile(`\b(?:gensubtitle|process|go)_[a-z0-9_]+\b`)

// TestWatchingNamesWhatThereIs looks up each metric that the alerts and the
// dashboard ask for.
func TestWatchingNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	s, scrape := watched(t)
	s.register("a").accepted("a.wav", wav(100, 1))
	var known []string
	for series := range scrape().values() {
		name, _, _ := strings.Cut(series, "{")
		known = append(known, name)
	}
	for _, path := range []string{"../docs/alerts.yml", "../docs/dashboard.json"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names := metricName.FindAllString(string(text), -1)
		if len(names) < 8 {
			t.Errorf("%s: only %d names", path, len(names))
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				t.Errorf("%s: there is no %s", path, name)
			}
		}
	}
}
