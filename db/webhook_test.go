package db

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gensubtitle/internal/waittest"
)

// take takes the next webhook, which there must be.
func take(t *testing.T, d *DB) Webhook {
	t.Helper()
	w, ok, err := d.NextWebhook(t.Context(), lease)
	if err != nil || !ok {
		t.Fatalf("no webhook: %v", err)
	}
	return w
}

func wantNoWebhook(t *testing.T, d *DB) {
	t.Helper()
	if w, ok, err := d.NextWebhook(t.Context(), lease); ok || err != nil || w != (Webhook{}) {
		t.Errorf("took %+v, %v, want none", w, err)
	}
}

func wantWaiting(t *testing.T, d *DB, want int64) {
	t.Helper()
	if n, err := d.WebhookWaiting(t.Context()); err != nil || n != want {
		t.Errorf("%d webhooks wait, want %d: %v", n, want, err)
	}
}

func TestWebhooksOfAVideo(t *testing.T) {
	d, now := ticking(t, Options{Webhooks: true})
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, 1500*time.Millisecond)
	common := fmt.Sprintf(`"video_id":%q,"session_id":"user_john","username":"john","filename":"คลิป.mp4","duration_seconds":1.5`, id)
	wantNext := func(event, more string) {
		t.Helper()
		w := take(t, d)
		body := fmt.Sprintf(`{"type":%q,"timestamp":%q,"data":{%s%s}}`, event, now.Format(time.RFC3339Nano), common, more)
		if w.Event != event || w.Body != body || w.Attempts != 0 || uuid.Validate(w.ID) != nil {
			t.Errorf("got %+v, want the body %s", w, body)
		}
		if err := d.WebhookDelivered(t.Context(), w.ID); err != nil {
			t.Error(err)
		}
		wantNoWebhook(t, d)
		wantWaiting(t, d, 0)
	}
	wantNext(WebhookVideoAccepted, "")
	queue(t, d, john, id)
	run := claim(t, d, processA)
	if err := d.PostponeSubtitles(t.Context(), run.RunID, "engine-failed", "busy", *now); err != nil {
		t.Fatal(err)
	}
	wantNoWebhook(t, d)
	*now = now.Add(time.Minute + time.Millisecond)
	if err := d.FailSubtitles(t.Context(), claim(t, d, processA).RunID, "no-sound", "busy"); err != nil {
		t.Fatal(err)
	}
	wantNext(WebhookSubtitlesFailed, `,"error":"no-sound"`)
	queue(t, d, john, id)
	finish(t, d, claim(t, d, processA), "cues")
	wantNext(WebhookSubtitlesDone, `,"language":"en"`)
	save(t, d, john, id, "typed")
	if err := d.DeleteVideo(t.Context(), john.SessionID, id); err != nil {
		t.Fatal(err)
	}
	wantNoWebhook(t, d)
}

func TestNoWebhook(t *testing.T) {
	d := open(t)
	john := newUser(t, d, "john")
	id := upload(t, d, john.SessionID, time.Second)
	queue(t, d, john, id)
	finish(t, d, claim(t, d, processA), "cues")
	wantWaiting(t, d, 0)
	wantNoWebhook(t, d)
}

// TestWebhooksAreOfWhatHappened has each transition undone in its transaction,
// and refuses the transition where the webhook cannot be written.
func TestWebhooksAreOfWhatHappened(t *testing.T) {
	for what, test := range map[string]struct {
		table string // what is written last before the webhook
		step  func(*DB, string, string) error
	}{
		"accepted": {"events", func(d *DB, video, _ string) error {
			_, _, err := d.Accept(t.Context(), video, Measured{Duration: time.Second, Container: "mp4"})
			return err
		}},
		"done":   {"subtitle_texts", func(d *DB, _, run string) error { return d.FinishSubtitles(t.Context(), run, "en", "cues", "[]") }},
		"failed": {"webhooks", func(d *DB, _, run string) error { return d.FailSubtitles(t.Context(), run, "no-sound", "busy") }},
	} {
		t.Run(what, func(t *testing.T) {
			d := openWith(t, Options{Path: filepath.Join(t.TempDir(), "x.db"), Defaults: defaults, Webhooks: true})
			john := newUser(t, d, "john")
			queue(t, d, john, upload(t, d, john.SessionID, time.Second))
			run, video := claim(t, d, processA).RunID, receive(t, d, john.SessionID)
			before := dump(t, d)
			for _, table := range []string{test.table, "webhooks"} {
				alter(t, d, "CREATE TRIGGER trouble AFTER INSERT ON "+table+" BEGIN SELECT raise(ABORT, 'no'); END")
				if err := test.step(d, video, run); err == nil {
					t.Errorf("went well without %s", table)
				}
				alter(t, d, "DROP TRIGGER trouble")
				if after := dump(t, d); after != before {
					t.Errorf("failed, but changed\n%s\nto\n%s", before, after)
				}
			}
			wantWaiting(t, d, 1)
			for i, want := range []error{nil, ErrNotFound} {
				if err := test.step(d, video, run); !errors.Is(err, want) {
					t.Errorf("time %d: %v, want %v", i+1, err, want)
				}
			}
			wantWaiting(t, d, 2)
		})
	}
}

func TestWebhookLease(t *testing.T) {
	processes, now, videos := twoProcesses(t, 1, 1)
	first := take(t, processes[0])
	wantNoWebhook(t, processes[1])
	now.Add(lease.Milliseconds())
	again := take(t, processes[1])
	if again.ID != first.ID || again.Body != first.Body || again.Attempts != 1 {
		t.Errorf("took %+v after %+v", again, first)
	}
	due := time.UnixMilli(now.Load() + 1000)
	if err := processes[1].WebhookPostponed(t.Context(), again.ID, due); err != nil {
		t.Fatal(err)
	}
	wantNoWebhook(t, processes[0])
	wantWaiting(t, processes[0], 1)
	now.Add(1000)
	if w := take(t, processes[0]); w.Attempts != 2 || w.ID != first.ID {
		t.Errorf("took %+v", w)
	}
	if err := processes[0].WebhookDropped(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	wantWaiting(t, processes[1], 0)
	for what, err := range map[string]error{
		"delivered": processes[0].WebhookDelivered(t.Context(), first.ID),
		"dropped":   processes[0].WebhookDropped(t.Context(), first.ID),
		"postponed": processes[0].WebhookPostponed(t.Context(), first.ID, due),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s, but it was gone: %v", what, err)
		}
	}
	wantSubtitles(t, processes[0], videos[0], SubtitlesQueued)
}

// TestWebhooksInOrder takes what waits longest first.
func TestWebhooksInOrder(t *testing.T) {
	processes, now, _ := twoProcesses(t, 1, 3)
	d := processes[0]
	var ids []string
	for range 3 {
		ids = append(ids, take(t, d).ID)
	}
	if !slices.IsSorted(ids) {
		t.Errorf("taken in the order %v", ids)
	}
	for i, id := range ids {
		if err := d.WebhookPostponed(t.Context(), id, time.UnixMilli(now.Load()+int64(3-i))); err != nil {
			t.Fatal(err)
		}
	}
	now.Add(10)
	for i := range ids {
		if w := take(t, d); w.ID != ids[2-i] {
			t.Errorf("%d is %s, want %s", i, w.ID, ids[2-i])
		}
	}
}

// TestWebhooksTakenAtOnce has two processes take each once.
func TestWebhooksTakenAtOnce(t *testing.T) {
	const each = 10
	processes, _, _ := twoProcesses(t, 2, each)
	var taken sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for {
				w, ok, err := processes[i%2].NextWebhook(t.Context(), lease)
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				if _, twice := taken.LoadOrStore(w.ID, true); twice {
					t.Errorf("%s was taken twice", w.ID)
				}
				if err := processes[i%2].WebhookDelivered(t.Context(), w.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	waittest.Group(t, &all)
	n := 0
	taken.Range(func(any, any) bool { n++; return true })
	if n != 2*each {
		t.Errorf("%d were taken, want %d", n, 2*each)
	}
	wantWaiting(t, processes[0], 0)
}
