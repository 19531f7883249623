package engine

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/subtitles"
)

// keptPieces keeps answers in memory, if keep, unless nil, does not panic.
type keptPieces struct {
	keep    func(answer string)
	mu      sync.Mutex
	answers map[string][]byte
}

func pieceName(key string, begins, ends int64) string { return fmt.Sprint(key, begins, ends) }

func (k *keptPieces) Kept(key string, begins, ends int64) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	answer, ok := k.answers[pieceName(key, begins, ends)]
	return answer, ok
}

func (k *keptPieces) Keep(key string, begins, ends int64, answer []byte) {
	if k.keep != nil {
		k.keep(string(answer))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.answers == nil {
		k.answers = map[string][]byte{}
	}
	k.answers[pieceName(key, begins, ends)] = answer
}

// TestHTTPKeptPieces has an engine fail in the middle: what it answered before is
// not asked for again, unless something else is asked for.
func TestHTTPKeptPieces(t *testing.T) {
	t.Parallel()
	requests, failing := 0, 3
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		receive(t, r)
		if requests++; requests == failing {
			w.WriteHeader(500)
			return
		}
		_, _ = io.WriteString(w, `{"language":"en","segments":[{"start":0,"end":1,"text":"One two","words":[{"word":"One","start":0.2,"end":0.5},{"word":"two"}]},{"end":9,"text":"odd"}]}`)
	})
	kept := &keptPieces{}
	path := record(t, heard{15 * time.Second, 0.5})
	engine := reach(t, url, small)
	ask := func(language, prompt string) (subtitles.Transcript, []Note, error) {
		var notes []Note
		got, err := engine.Transcribe(t.Context(), Request{Audio: path, Language: language, Prompt: prompt, Pieces: kept, Note: func(n Note) { notes = append(notes, n) }})
		return got, notes, err
	}
	if _, _, err := ask("", ""); !errors.Is(err, ErrFailed) || requests != 3 || len(kept.answers) != 2 {
		t.Fatalf("got %v after %d requests, %d pieces are kept", err, requests, len(kept.answers))
	}
	first, notes, err := ask("", "")
	if err != nil || requests != 6 || len(first.Cues) != 10 || len(notes) != 5 {
		t.Fatalf("got %+v, %+v, %v after %d requests", first, notes, err, requests)
	}
	again, notesAgain, err := ask("", " \n")
	if err != nil || requests != 6 || fmt.Sprint(again, notesAgain) != fmt.Sprint(first, notes) {
		t.Errorf("got %+v, %v after %d requests, want %+v", again, err, requests, first)
	}
	if _, _, err := ask("th", ""); err != nil || requests != 11 {
		t.Errorf("another language: %v after %d requests", err, requests)
	}
	// Prompts of one length leave the same room for sound, so the pieces are the same.
	for i, prompt := range []string{"Ann", "Bob"} {
		if _, _, err := ask("th", prompt); err != nil || requests != 16+5*i {
			t.Errorf("prompt %s: %v after %d requests", prompt, err, requests)
		}
	}
}

// TestHTTPRefusedRest has the last piece refused, and others.
func TestHTTPRefusedRest(t *testing.T) {
	t.Parallel()
	for refused, want := range map[int]error{1: ErrRefused, 2: ErrRefused, 3: nil} {
		requests := 0
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			receive(t, r)
			if requests++; requests == refused {
				w.WriteHeader(400)
				_, _ = io.WriteString(w, `{"error":{"message":"Audio file is too short. Minimum audio length is 0.1 seconds."}}`)
				return
			}
			_, _ = io.WriteString(w, goodAnswer)
		})
		var notes []Note
		got, err := reach(t, url, small).Transcribe(t.Context(), Request{
			Audio: record(t, heard{9 * time.Second, 0.5}), Note: func(n Note) { notes = append(notes, n) },
		})
		if !errors.Is(err, want) || requests != refused {
			t.Errorf("piece %d: %v after %d requests, want %v", refused, err, requests, want)
		}
		if want == nil && (len(got.Cues) != 2 || len(notes) != 1 || notes[0].Kind != NoteRefused || notes[0].At < 6*time.Second) {
			t.Errorf("got %+v, %+v", got, notes)
		}
	}
}
