package views

import (
	"testing"
	"time"
)

func TestSubtitleQueue(t *testing.T) {
	job := SubtitleJob{VideoID: "v1", SessionID: "user_mali", Username: "mali", Filename: "ตลาด.mp4", Duration: 203 * time.Second, Waited: 65 * time.Second, Tries: 2}
	with := func(change func(*SubtitleJob)) SubtitleQueue {
		j := job
		change(&j)
		return SubtitleQueue{EngineSet: true, Engine: "http://localhost:8080/v1", Jobs: []SubtitleJob{j}}
	}
	trouble := with(func(j *SubtitleJob) { j.Status = "queued" })
	trouble.Trouble = &EngineTrouble{Since: someTime, Again: someTime, Says: "no model x", Setup: "model"}
	for _, test := range []struct {
		name          string
		queue         SubtitleQueue
		holds, hasNot []string
	}{
		{
			"running", with(func(j *SubtitleJob) { j.Status, j.Progress = "running", 37 }),
			[]string{`data-job="v1"`, "mali", "ตลาด.mp4", "3:23", "1:05", `<td role="cell" data-label="Tries" class="tabular-nums">2</td>`, `value="37"`, `hx-post="/admin/subtitles/v1/cancel"`, `href="/admin/sessions/user_mali"`, `data-poll="/admin/subtitles"`, "http://localhost:8080/v1", `data-engine="well"`},
			[]string{"/retry", "badge-danger", "engine-url"},
		},
		{
			"queued", with(func(j *SubtitleJob) { j.Status, j.Position, j.RetryAt = "queued", 6, &someTime }),
			[]string{"Place 6", `datetime="2026-03-04T05:06:07Z"`, "/admin/subtitles/v1/cancel", "data-poll="},
			[]string{"/retry", "<progress"},
		},
		{
			"failed", with(func(j *SubtitleJob) { j.Status, j.Error, j.Detail = "failed", "no-sound", "<b>busy" }),
			[]string{"Failed", "No sound could be read", "&lt;b&gt;busy", `action="/admin/subtitles/v1/retry"`},
			[]string{"/cancel", "data-poll=", "tell the administrator"},
		},
		{
			"trouble", trouble,
			[]string{"no model x", "--engine-model", `data-setup="model"`, `Next try:</dt><dd><time datetime="2026-03-04T05:06:07Z">`, `data-engine="trouble"`},
			[]string{"No trouble"},
		},
		{
			"nothing",
			SubtitleQueue{},
			[]string{"The queue is empty", `data-engine="unset"`, "--engine-url", "--engine-command"},
			[]string{"<table", "data-poll="},
		},
		{
			"pages",
			SubtitleQueue{Cursor: "a&b", NextCursor: "c=d"},
			[]string{`href="/admin/subtitles"`, `href="/admin/subtitles?cursor=c%3Dd"`},
			[]string{"data-poll="},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			hold(t, rendered(t, SubtitleQueueList(signedIn(English), test.queue)), test.holds, test.hasNot)
		})
	}
}

func TestQueueIsForAdmins(t *testing.T) {
	p := signedIn(English)
	hold(t, rendered(t, HomePage(p, Home{})), []string{`href="/admin/subtitles"`}, nil)
	p.Admin = false
	hold(t, rendered(t, HomePage(p, Home{})), nil, []string{"/admin/"})
}
