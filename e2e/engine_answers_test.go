package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// queueState is what an admin is told of the engine and its jobs.
type queueState struct {
	Engine struct{ Says, Setup *string }
	Jobs   []struct {
		Detail    *string
		Subtitles subtitles
	}
}

func answerBody(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // To a client that has gone it fails.
	}
}

// TestEngineMessages has an engine say in many ways what is wrong: an admin reads
// it, in the API, on the page and in the log, and users do not.
func TestEngineMessages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status      int
		body        string
		says, setup string
		wants       string // where the job stands then
	}{
		"an error in 200": {200, `{"error":{"message":"model is overloaded","type":"server_error"}}`, "model is overloaded", "", "queued"},
		"a page in 200":   {200, "<html><head><title>Welcome to nginx</title></head></html>", "Welcome to nginx", "", "queued"},
		"FastAPI":         {422, `{"detail":[{"loc":["body","file"],"msg":"too short"}]}`, "body.file: too short", "", "failed"},
		"no times":        {200, `{"text":"hello world from a json answer"}`, "text without times", "times", "queued"},
		"no model":        {404, `{"error":{"message":"The model 'x' does not exist"}}`, "The model 'x' does not exist", "model", "queued"},
		"times restart":   {200, `{"segments":[{"start":2,"end":2.5,"text":"a"},{"start":2.5,"end":3,"text":"b"},{"start":0,"end":1,"text":"c"},{"start":1,"end":2,"text":"d"}]}`, "times begin anew", "", "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEngine(t)
			e.answers(answerBody(test.status, test.body))
			s := start(t, e.flags()...)
			c := s.register("a")
			id := c.accepted("a.wav", wav(3000, 1)).Video.ID
			var q queueState
			eventually(t, 6*patience, "a message", func() bool {
				s.admin().get("/admin/subtitles").want(200).decode(&q)
				return len(q.Jobs) == 1 && q.Jobs[0].Detail != nil
			})
			if got := q.Jobs[0]; !strings.Contains(*got.Detail, test.says) || got.Subtitles.Status != test.wants {
				t.Errorf("the job says %q, is %+v", *got.Detail, got.Subtitles)
			}
			setup := ""
			if q.Engine.Setup != nil {
				setup = *q.Engine.Setup
			}
			if setup != test.setup || setup != "" && (q.Engine.Says == nil || !strings.Contains(*q.Engine.Says, test.says)) {
				t.Errorf("the engine %+v, want setup %q", q.Engine, test.setup)
			}
			page := s.adminPage().get("/admin/subtitles").want(200)
			if shown := text(parse(t, page)); !strings.Contains(shown, test.says) {
				t.Errorf("the page does not say %q", test.says)
			}
			if log := s.stderr.String(); !strings.Contains(log, test.says) {
				t.Errorf("the log does not say %q:\n%s", test.says, log)
			}
			if own := string(c.get("/videos/" + id).want(200).body); strings.Contains(own, test.says) {
				t.Errorf("the user is told %s", own)
			}
			if n := len(e.requests()); n != 1 && test.wants == "failed" {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestEngineNotes has odd places of an engine's answer told in the API and on the
// page.
func TestEngineNotes(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	e.answers(answerBody(200, `{"language":"en","text":"x","segments":[{"start":0,"end":1,"text":"one"},{"start":1.5,"end":null,"text":"two"},
		{"start":2.5,"end":3,"text":"gone","no_speech_prob":0.9,"avg_logprob":-2}]}`))
	s := start(t, e.flags()...)
	c := s.register("a")
	id := c.accepted("a.wav", wav(3000, 1)).Video.ID
	c.awaits(id, "done")
	var kept struct {
		Notes []struct {
			Kind  string
			Start float64
			Text  string
		} `json:"engine_notes"`
	}
	c.get("/videos/" + id + "/subtitles").want(200).decode(&kept)
	if len(kept.Notes) != 2 || kept.Notes[0].Kind != "no-speech" || kept.Notes[1].Kind != "time-repaired" || kept.Notes[1].Start != 1.5 || kept.Notes[1].Text != "two" {
		t.Errorf("notes %+v", kept.Notes)
	}
	page := s.browser("a", password).page().get("/videos/" + id).want(200)
	notes := find(parse(t, page), func(n *htmlNode) bool { return attr(n, "data-note") == "time-repaired" })
	if notes == nil || !strings.Contains(text(notes), "two") {
		t.Error("the page does not tell of it")
	}
}
