package handlers

import (
	"context"
	"errors"
	"math"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
	"gensubtitle/internal/media"
	"gensubtitle/internal/transcribe"
)

// scrapeTimeout is how long a scrape waits for the database.
const scrapeTimeout = 2 * time.Second

// uploadKind is how an upload comes.
type uploadKind string

const (
	multipartUpload uploadKind = "multipart"
	resumableUpload uploadKind = "resumable"
)

// Metrics are what the program counts of itself, for Prometheus. A label never
// has a value that people make up, such as a name or a path.
type Metrics struct {
	registry       *prometheus.Registry
	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec
	uploads        *prometheus.CounterVec
	received       *prometheus.CounterVec
	quotaRefusals  *prometheus.CounterVec
	logins         *prometheus.CounterVec
	registrations  *prometheus.CounterVec
	writeSeconds   *prometheus.HistogramVec
	writeWait      prometheus.Histogram
	writeFailures  prometheus.Counter
	mediaSeconds   *prometheus.HistogramVec
	mediaWait      prometheus.Histogram
	engineSeconds  *prometheus.HistogramVec
	webhooks       *prometheus.CounterVec
}

// NewMetrics makes them before there is a server, so that its parts can be
// told where to report.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counters("http_requests_total", "Requests answered.", "method", "route", "status"),
		requestSeconds: histograms("http_request_duration_seconds", "Time from the head of a request to its answer.",
			[]float64{.001, .005, .025, .1, .5, 1, 5, 30, 120, 600}, "route"),
		uploads:       counters("uploads_total", "Uploads that came to an end. The reason is a problem type.", "kind", "outcome", "reason"),
		received:      counters("upload_received_bytes_total", "Bytes that came in bodies of uploads.", "kind"),
		quotaRefusals: counters("quota_refusals_total", "Uploads that a quota left no room for.", "resource"),
		logins:        counters("logins_total", "Attempts to sign in.", "outcome"),
		registrations: counters("registrations_total", "Attempts to register.", "outcome"),
		writeSeconds: histograms("database_write_duration_seconds", "Time of a write transaction, waiting included.",
			[]float64{.0005, .002, .01, .05, .25, 1, 5}, "transaction"),
		writeWait: histogram("database_write_wait_seconds", "Time that a write transaction waited for its turn.",
			[]float64{.0001, .001, .01, .1, 1, 5}),
		writeFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "gensubtitle_database_write_failures_total",
			Help: "Write transactions that the database could not carry out.",
		}),
		mediaSeconds: histograms("media_run_duration_seconds", "Time that ffprobe or ffmpeg ran.",
			[]float64{.05, .2, 1, 5, 30, 120, 600}, "program", "outcome"),
		mediaWait: histogram("media_wait_seconds", "Time that a file waited for its turn to be measured.",
			[]float64{.001, .1, 1, 5, 30, 120, 600}),
		engineSeconds: histograms("subtitle_run_duration_seconds", "Time that the subtitles of a video took, from the claim of the job on.",
			[]float64{1, 10, 60, 300, 1800, 7200}, "outcome"),
		webhooks: counters("webhook_deliveries_total", "Tries to tell the webhook of something.", "outcome"),
	}
	m.registry.MustRegister(
		m.requests, m.requestSeconds, m.uploads, m.received, m.quotaRefusals, m.logins, m.registrations,
		m.writeSeconds, m.writeWait, m.writeFailures, m.mediaSeconds, m.mediaWait, m.engineSeconds, m.webhooks, buildInfo(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.beginAtZero()
	return m
}

// beginAtZero makes the counters there before the first event: a rate cannot
// see one that begins at one.
func (m *Metrics) beginAtZero() {
	for _, kind := range []uploadKind{multipartUpload, resumableUpload} {
		m.uploads.WithLabelValues(string(kind), "accepted", "")
		m.received.WithLabelValues(string(kind))
	}
	for _, resource := range []db.Resource{db.Videos, db.Duration} {
		m.quotaRefusals.WithLabelValues(string(resource))
	}
	for _, outcome := range []string{"succeeded", "refused", "throttled", "failed"} {
		m.logins.WithLabelValues(outcome)
		m.registrations.WithLabelValues(outcome)
	}
	for _, program := range []string{"ffmpeg", "ffprobe"} {
		m.mediaSeconds.WithLabelValues(program, string(media.RunUnavailable))
	}
	for _, outcome := range []transcribe.Outcome{transcribe.Done, transcribe.Failed, transcribe.Postponed, transcribe.Superseded} {
		m.engineSeconds.WithLabelValues(string(outcome))
	}
	for _, outcome := range []string{"delivered", "postponed", "dropped"} {
		m.webhooks.WithLabelValues(outcome)
	}
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gensubtitle_" + name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gensubtitle_" + name, Help: help, Buckets: buckets}, labels)
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: "gensubtitle_" + name, Help: help, Buckets: buckets})
}

// buildInfo says which program runs.
func buildInfo() prometheus.Collector {
	revision := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "gensubtitle_build_info", Help: "Always 1; the labels say which program runs.",
		ConstLabels: prometheus.Labels{"revision": revision, "go_version": runtime.Version()},
	}, func() float64 { return 1 })
}

// watch adds what is looked up at each scrape.
func (m *Metrics) watch(s *Server) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gensubtitle_webhook_waiting", Help: "What the webhook is still to be told.",
		}, s.webhookWaiting),
		slotsInUse{s.DB, prometheus.NewDesc("gensubtitle_upload_slots",
			"Uploads under way, each of which holds a slot.", []string{"status"}, nil)},
		subtitleQueue{s.DB, prometheus.NewDesc("gensubtitle_subtitle_jobs",
			"Videos that wait for subtitles, and those that are being transcribed.", []string{"status"}, nil)},
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gensubtitle_engine_up", Help: "0 while the speech engine cannot be had, or none is set.",
		}, s.engineUp),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gensubtitle_http_requests_running", Help: "Requests that are being answered.",
		}, func() float64 { return float64(s.running.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gensubtitle_orphan_files", Help: "Files that no upload owns, set aside for 30 days.",
		}, func() float64 {
			orphans, err := s.Files.Orphans()
			if err != nil {
				return math.NaN()
			}
			return float64(len(orphans))
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gensubtitle_maintenance_problems", Help: "What the last runs of maintenance could not do.",
		}, func() float64 { return float64(s.Uploads.Problems()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gensubtitle_storage_free_bytes", Help: "Space left for videos on the disk.",
		}, func() float64 {
			free, err := s.Files.Free()
			if err != nil {
				return math.NaN()
			}
			return float64(free)
		}),
	)
}

// WatchLog counts the lines that the log has lost.
func (m *Metrics) WatchLog(dropped func() uint64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "gensubtitle_log_lines_dropped_total", Help: "Lines of the log that could not be written.",
	}, func() float64 { return float64(dropped()) }))
}

// slotsInUse asks the database at each scrape. Where that fails the rest is
// answered all the same.
type slotsInUse struct {
	database *db.DB
	desc     *prometheus.Desc
}

func (c slotsInUse) Describe(descs chan<- *prometheus.Desc) { descs <- c.desc }

func (c slotsInUse) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	counts, err := c.database.SlotsInUse(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(c.desc, err)
		return
	}
	for _, status := range []db.Status{db.Receiving, db.Measuring} {
		metrics <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(counts[status]), string(status))
	}
}

// subtitleQueue asks the database at each scrape, too.
type subtitleQueue struct {
	database *db.DB
	desc     *prometheus.Desc
}

func (c subtitleQueue) Describe(descs chan<- *prometheus.Desc) { descs <- c.desc }

func (c subtitleQueue) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	counts, err := c.database.QueueLength(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(c.desc, err)
		return
	}
	for _, status := range []db.SubtitleStatus{db.SubtitlesQueued, db.SubtitlesRunning} {
		metrics <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(counts[status]), string(status))
	}
}

func (s *Server) webhookWaiting() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	n, err := s.DB.WebhookWaiting(ctx)
	if err != nil {
		return math.NaN()
	}
	return float64(n)
}

func (s *Server) engineUp() float64 {
	if _, down := s.engineTrouble(); down || s.Transcriber == nil {
		return 0
	}
	return 1
}

// Handler answers with all of them. It belongs on an address of its own, since
// it is not protected.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, ErrorHandling: promhttp.ContinueOnError})
}

// request counts a request under its route, of which there are few, and not
// under its path, of which anybody can make up more.
func (m *Metrics) request(c *fiber.Ctx, took time.Duration, err error) {
	route := c.Route().Path
	var unrouted *fiber.Error
	if errors.As(err, &unrouted) {
		route = "unknown" // It met no handler of ours.
	}
	m.requests.WithLabelValues(c.Method(), route, strconv.Itoa(c.Response().StatusCode())).Inc()
	m.requestSeconds.WithLabelValues(route).Observe(took.Seconds())
}

// uploadEnded counts an upload that was accepted, or that err put an end to.
func (m *Metrics) uploadEnded(kind uploadKind, err error) {
	if err == nil {
		m.uploads.WithLabelValues(string(kind), "accepted", "").Inc()
		return
	}
	var quota *db.QuotaError
	if errors.As(err, &quota) {
		m.quotaRefusals.WithLabelValues(string(quota.Resource)).Inc()
	}
	p := problemOf(err)
	outcome := "rejected"
	switch {
	case p == errIncomplete, p == errStalled, p == errTooSlow:
		outcome = "abandoned"
	case p.status >= fiber.StatusInternalServerError:
		outcome = "failed"
	}
	m.uploads.WithLabelValues(string(kind), outcome, p.kind).Inc()
}

// uploadDropped counts a resumable upload that nobody goes on with.
func (m *Metrics) uploadDropped(why string) {
	m.uploads.WithLabelValues(string(resumableUpload), "abandoned", why).Inc()
}

// attempt counts one to sign in, or to register.
func attempt(of *prometheus.CounterVec, err error) {
	var throttled *auth.ThrottledError
	outcome := "refused"
	switch {
	case err == nil:
		outcome = "succeeded"
	case errors.As(err, &throttled):
		outcome = "throttled"
	case problemOf(err).status >= fiber.StatusInternalServerError:
		outcome = "failed"
	}
	of.WithLabelValues(outcome).Inc()
}

// Written counts a write transaction; it is for db.Options.
func (m *Metrics) Written(w db.Write) {
	m.writeSeconds.WithLabelValues(w.What).Observe(w.Took.Seconds())
	m.writeWait.Observe(w.Waited.Seconds())
	if errors.Is(w.Err, db.ErrUnavailable) || errors.Is(w.Err, db.ErrStorageFull) {
		m.writeFailures.Inc()
	}
}

// Ran counts a run of ffprobe or ffmpeg; it is for media.Options.
func (m *Metrics) Ran(r media.Run) {
	m.mediaSeconds.WithLabelValues(r.Program, string(r.Outcome)).Observe(r.Took.Seconds())
}

// Waited counts how long a file waited to be measured; it is for media.Options.
func (m *Metrics) Waited(took time.Duration) { m.mediaWait.Observe(took.Seconds()) }

// Transcribed counts a run of a job; it is for transcribe.Options.
func (m *Metrics) Transcribed(o transcribe.Outcome, took time.Duration) {
	m.engineSeconds.WithLabelValues(string(o)).Observe(took.Seconds())
}

// Notified counts a delivery to the webhook that was tried; it is for webhook.Sender.
func (m *Metrics) Notified(outcome string) { m.webhooks.WithLabelValues(outcome).Inc() }
