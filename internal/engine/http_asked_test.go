package engine

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// picky is an engine that answers by what it is asked for, in short: "words",
// "segments", "verbose", "plain", "diarized".
func picky(t *testing.T, answer func(w http.ResponseWriter, asked string)) (url string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	url = serve(t, func(w http.ResponseWriter, r *http.Request) {
		fields := receive(t, r).fields
		kind := "plain"
		switch format := strings.Join(fields["response_format"], ","); {
		case format == "diarized_json" && fields["chunking_strategy"] != nil:
			kind = "diarized"
		case format == "verbose_json" && len(fields["timestamp_granularities[]"]) == 2:
			kind = "words"
		case format == "verbose_json" && len(fields["timestamp_granularities[]"]) == 1:
			kind = "segments"
		case format == "verbose_json":
			kind = "verbose"
		}
		*asked = append(*asked, kind)
		answer(w, kind)
	})
	return url, asked
}

const goodAnswer = `{"language":"english","text":"x","segments":[{"start":0,"end":0.5,"text":"x"}]}`

// TestCapabilities has engines that refuse a part of what they are asked for. The
// second request asks for what the first found.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status    int
		says      string
		takes     string // what it takes
		asked     []string
		translate bool
	}{
		"all": {takes: "words", asked: []string{"words", "words"}},
		"no words": {
			400, `{"error":{"message":"timestamp_granularities: word is not supported"}}`, "segments",
			[]string{"words", "segments", "segments"},
			false,
		},
		"no granularities": {
			422, `{"detail":[{"loc":["body","timestamp_granularities[]"],"msg":"extra fields not permitted"}]}`, "verbose",
			[]string{"words", "segments", "verbose", "verbose"},
			false,
		},
		"OpenAI's words": {
			400, `{"error":{"message":"Unrecognized request argument supplied: timestamp_granularities","type":"invalid_request_error"}}`, "verbose",
			[]string{"words", "segments", "verbose", "verbose"},
			false,
		},
		"no verbose_json": {
			400, `{"error":{"message":"response_format 'verbose_json' is not compatible with model 'x'. Use 'json' or 'text' instead.","param":"response_format"}}`, "plain",
			[]string{"words", "plain", "plain"},
			false,
		},
		"diarized": {
			400, `{"error":{"message":"response_format 'verbose_json' is not compatible with model 'gpt-4o-transcribe-diarize'. Use 'json', 'text' or 'diarized_json' instead."}}`, "diarized",
			[]string{"words", "diarized", "diarized"},
			false,
		},
		"a server error": {500, `{"error":"unsupported response_format"}`, "plain", []string{"words", "plain", "plain"}, false},
		"a translation":  {400, `{"error":"unsupported response_format verbose_json"}`, "plain", []string{"verbose", "plain", "plain"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := picky(t, func(w http.ResponseWriter, kind string) {
				if kind != test.takes {
					w.WriteHeader(test.status)
					_, _ = io.WriteString(w, test.says)
					return
				}
				_, _ = io.WriteString(w, goodAnswer)
			})
			engine := reach(t, url)
			for range 2 {
				got, err := engine.Transcribe(t.Context(), Request{Audio: record(t, heard{time.Second, 0.5}), Translate: test.translate})
				if err != nil || len(got.Cues) != 1 {
					t.Fatalf("got %+v, %v", got, err)
				}
			}
			if !reflect.DeepEqual(*asked, test.asked) {
				t.Errorf("asked for %v, want %v", *asked, test.asked)
			}
		})
	}
}

// TestRefusals has engines that refuse for good, and what an operator is told to
// change.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status    int
		says      string
		translate bool
		kind      error
		setup     Setup
		requests  int
	}{
		"about the sound":   {400, `{"error":{"message":"audio file is too short"}}`, false, ErrRefused, "", 1},
		"all forms":         {400, `{"error":"bad response_format"}`, false, ErrRefused, "", 2},
		"all granularities": {422, `{"detail":"timestamp_granularities"}`, false, ErrRefused, "", 4},
		"no such model":     {404, `{"error":{"message":"The model 'whisper-9' does not exist","code":"model_not_found"}}`, false, ErrDown, SetupModel, 1},
		"a model's name":    {400, `{"error":{"message":"Invalid model: whisper-9"}}`, false, ErrDown, SetupModel, 1},
		"not loaded":        {500, `{"error":{"message":"could not load model: no such file"}}`, false, ErrDown, SetupModel, 1},
		"vLLM":              {400, `{"message":"The model does not support Transcriptions API"}`, false, ErrDown, SetupModel, 1},
		"another language":  {400, `{"error":{"message":"the model does not support the language 'xx'"}}`, false, ErrRefused, "", 1},
		"a key":             {401, `{"error":{"message":"no"}}`, false, ErrDown, SetupKey, 1},
		"an address":        {404, `<html><title>404</title>`, false, ErrDown, SetupAddress, 1},
		"no translations":   {404, `{"detail":"Not Found"}`, true, ErrDown, SetupTranslation, 1},
		"vLLM translates":   {400, `{"message":"The model does not support Translations API"}`, true, ErrDown, SetupTranslation, 1},
		"no model and task": {404, `{"error":{"message":"The model 'x' does not exist"}}`, true, ErrDown, SetupModel, 1},
		"text alone":        {200, `{"text":"hello world"}`, false, ErrDown, SetupTimes, 1},
		"plain text":        {200, "hello world\n", false, ErrDown, SetupTimes, 1},
		"text in events":    {200, "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hello\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"hello\"}\n\n", false, ErrDown, SetupTimes, 1},
		"no segments":       {200, `{"text":"hello","segments":[]}`, false, ErrUnusable, "", 1},
		"a restart":         {200, `{"segments":[{"start":0,"end":0.01,"text":"a"},{"start":0.9,"end":0.95,"text":"b"},{"start":-1,"end":0.1,"text":"a"},{"start":-0.9,"end":0.1,"text":"a"}]}`, false, ErrUnusable, "", 1},
		"an error in 200":   {200, `{"error":{"message":"model is overloaded"}}`, false, ErrFailed, "", 1},
		"a page in 200":     {200, `<!DOCTYPE html><title>Welcome</title>`, false, ErrFailed, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := picky(t, func(w http.ResponseWriter, _ string) {
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.says)
			})
			engine := reach(t, url)
			err := fail(t, engine, Request{Translate: test.translate})
			var setup *SetupError
			if !errors.As(err, &setup) {
				setup = &SetupError{}
			}
			if !errors.Is(err, test.kind) || setup.Setup != test.setup || len(*asked) != test.requests {
				t.Errorf("got %v after %v, want %v, setup %q, %d requests", err, *asked, test.kind, test.setup, test.requests)
			}
			for _, words := range []string{"overloaded", "Welcome", "too short"} {
				if strings.Contains(test.says, words) && !strings.Contains(err.Error(), words) {
					t.Errorf("%v does not say %q", err, words)
				}
			}
		})
	}
}

// TestNoTimesOnce has an engine that gave times before answer without: that is no
// fault of how it is set up.
func TestNoTimesOnce(t *testing.T) {
	t.Parallel()
	answer := goodAnswer
	engine := reach(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		receive(t, r)
		_, _ = io.WriteString(w, answer)
	}))
	if _, err := engine.Transcribe(t.Context(), Request{Audio: record(t, heard{time.Second, 0.5})}); err != nil {
		t.Fatal(err)
	}
	answer = `{"text":"only text"}`
	if err := fail(t, engine, Request{}); !errors.Is(err, ErrUnusable) {
		t.Errorf("got %v, want ErrUnusable", err)
	}
}

// TestNotes has what was odd told with its place in the whole sound.
func TestNotes(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		receive(t, r)
		_, _ = io.WriteString(w, `{"segments":[{"start":0.5,"end":null,"text":"a"}]}`)
	})
	var notes []Note
	_, err := reach(t, url, small).Transcribe(t.Context(), Request{
		Audio: record(t, heard{6 * time.Second, 0.5}), Note: func(n Note) { notes = append(notes, n) },
	})
	if err != nil || len(notes) != 2 || notes[0] != (Note{NoteTimeRepaired, ms(500), "a"}) || notes[1].At < 3*time.Second {
		t.Errorf("got %+v, %v", notes, err)
	}
}
