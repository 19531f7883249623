package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"

	"gensubtitle/internal/subtitles"
)

// fading is a sound of so many pieces of 4 s, of which numberOf knows each.
func fading(t *testing.T, pieces int) string {
	t.Helper()
	var pcm []byte
	for n := range int((float64(pieces) - 0.5) * 3.96 * sampleRate) {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(10000-n/(sampleRate/10)))
	}
	return keep(t, pcm)
}

func numberOf(wav []byte) int {
	return (10000 - int(binary.LittleEndian.Uint16(wav[wavHeader:])) + 20) / 40
}

// desk is an engine that answers a piece when the test says so.
type desk struct {
	url     string
	arrived chan int // numbers of pieces

	mu       sync.Mutex
	answers  map[int]chan reply
	under    int   // requests under way
	most     int   // of them at once
	accepted []int // pieces that were answered well
	gone     int   // requests that ended without an answer
}

type reply struct {
	status int
	later  string // Retry-After
}

func newDesk(t *testing.T, pieces int) *desk {
	t.Helper()
	d := &desk{arrived: make(chan int, 10*pieces), answers: map[int]chan reply{}}
	for n := range pieces {
		d.answers[n] = make(chan reply, 10)
	}
	d.url = serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := numberOf(receive(t, r).file)
		d.count(func() { d.under++; d.most = max(d.most, d.under) })
		defer d.count(func() { d.under-- })
		d.arrived <- n
		var answer reply
		select {
		case answer = <-d.answers[n]:
		case <-r.Context().Done():
			d.count(func() { d.gone++ })
			return
		}
		if answer.status != http.StatusOK {
			w.Header().Set("Retry-After", answer.later)
			w.WriteHeader(answer.status)
			return
		}
		d.count(func() { d.accepted = append(d.accepted, n) })
		_, _ = fmt.Fprintf(w, `{"language":"thai","segments":[{"start":0,"end":1,"text":"piece %d"}]}`, n)
	})
	return d
}

func (d *desk) count(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// answer answers pieces well, in this order.
func (d *desk) answer(pieces ...int) {
	for _, n := range pieces {
		d.answers[n] <- reply{status: http.StatusOK}
	}
}

// await waits for these pieces to arrive, in any order.
func (d *desk) await(t *testing.T, pieces ...int) {
	t.Helper()
	var got []int
	for range pieces {
		got = append(got, waittest.Receive(t, d.arrived))
	}
	if slices.Sort(got); !slices.Equal(got, pieces) {
		t.Fatalf("pieces %v arrive, want %v", got, pieces)
	}
}

// outcome is what Transcribe returns.
type outcome struct {
	heard subtitles.Transcript
	err   error
}

func begin(ctx context.Context, e *HTTP, r Request) <-chan outcome {
	ended := make(chan outcome, 1)
	go func() {
		heard, err := e.Transcribe(ctx, r)
		ended <- outcome{heard, err}
	}()
	return ended
}

func atOnce(pieces int) func(*HTTPOptions) {
	return func(o *HTTPOptions) { small(o); o.Pieces = pieces }
}

// TestHTTPPiecesInOrder has later pieces answered first: the text is in the order
// of the sound, and the progress counts what is heard.
func TestHTTPPiecesInOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 6)
	engine := reach(t, d.url, atOnce(3))
	engine.pace.tick = time.Hour // no guesses
	percents := make(chan int, 100)
	ended := begin(t.Context(), engine, Request{Audio: fading(t, 6), Language: "th", Progress: func(percent int) { percents <- percent }})
	d.await(t, 0, 1, 2)
	for i, step := range []struct {
		answer, next int
		least, most  int // per cent
	}{{2, 3, 17, 19}, {3, 4, 34, 37}, {1, 5, 52, 55}, {5, -1, 60, 64}, {4, -1, 79, 82}, {0, -1, 100, 100}} {
		d.answer(step.answer)
		if percent := waittest.Receive(t, percents); percent < step.least || percent > step.most {
			t.Errorf("after piece %d: %d %%, want %d to %d", step.answer, percent, step.least, step.most)
		}
		if step.next > 0 {
			d.await(t, step.next)
		}
		if len(percents) > 0 {
			t.Errorf("more progress than pieces at step %d", i)
		}
	}
	got := waittest.Receive(t, ended)
	if got.err != nil || len(got.heard.Cues) != 6 {
		t.Fatalf("got %+v", got)
	}
	for i, cue := range got.heard.Cues {
		if at := (cue.Start - time.Duration(i)*ms(3960)).Abs(); cue.Text != fmt.Sprintf("piece %d", i) || at > ms(200) {
			t.Errorf("caption %d: %+v", i, cue)
		}
	}
	if d.most != 3 || len(d.accepted) != 6 {
		t.Errorf("%d requests at once, %v answered", d.most, d.accepted)
	}
}

// TestHTTPGuesses adds up guesses about pieces that are heard at once.
func TestHTTPGuesses(t *testing.T) {
	t.Parallel()
	var percents []int
	whole := &progress{report: func(percent int) { percents = append(percents, percent) }}
	p := &soundProgress{whole: whole, size: 1000, heard: map[soundPiece]int64{}}
	first, second, third := soundPiece{0, 400}, soundPiece{400, 800}, soundPiece{800, 1000}
	for _, step := range []struct {
		piece soundPiece
		heard int64
	}{{second, 100}, {first, 50}, {third, 200}, {second, 200}, {second, 150}, {first, 110}, {first, 400}, {second, 400}} {
		p.reach(step.piece, step.heard)
	}
	if want := []int{10, 15, 35, 45, 46, 75, 100}; !slices.Equal(percents, want) {
		t.Errorf("progress goes %v, want %v", percents, want)
	}
}

// TestHTTPPiecesAlone has pieces go one after the other until the language is known.
func TestHTTPPiecesAlone(t *testing.T) {
	t.Parallel()
	const pieces, together = 14, 4
	for name, test := range map[string]struct {
		request  Request
		language string // as the engine hears it
		alone    int    // pieces
	}{
		"a language":      {Request{Language: "th"}, "thai", 0},
		"a translation":   {Request{Translate: true}, "thai", 0},
		"found out":       {Request{}, "thai", 8}, // by more than 30 s
		"never found out": {Request{}, "klingon", pieces},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			asked, under := 0, 0
			met := make(chan struct{}) // so many are under way at once
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got := receive(t, r)
				mu.Lock()
				asked++
				under++
				alone := asked <= test.alone
				if alone && under > 1 || under > together || !alone && !test.request.Translate && strings.Join(got.fields["language"], "") != "th" {
					t.Errorf("request %d, %d at once, in %q", asked, under, got.fields["language"])
				}
				if !alone && under == together && asked == test.alone+together {
					close(met)
				}
				mu.Unlock()
				if !alone {
					select {
					case <-met:
					case <-r.Context().Done():
					}
				}
				mu.Lock()
				under--
				mu.Unlock()
				_, _ = fmt.Fprintf(w, `{"language":%q,"segments":[{"start":0,"end":3.9,"text":"x"}]}`, test.language)
			})
			r := test.request
			r.Audio = fading(t, pieces)
			got := waittest.Receive(t, begin(t.Context(), reach(t, url, atOnce(together)), r))
			if got.err != nil || asked != pieces || len(got.heard.Cues) != pieces {
				t.Errorf("got %+v after %d requests", got, asked)
			}
		})
	}
}

// TestHTTPPiecesFail has the first three of six pieces under way as some are answered
// badly: none is begun any more, and what was answered well is not sent again.
func TestHTTPPiecesFail(t *testing.T) {
	t.Parallel()
	const pieces = 6
	for name, test := range map[string]struct {
		answers []reply // to the pieces
		first   int     // piece that is answered first, badly
		want    error
		wait    time.Duration
	}{
		"a failure":            {[]reply{{200, ""}, {500, ""}, {200, ""}}, 1, ErrFailed, 0},
		"the last first":       {[]reply{{200, ""}, {200, ""}, {500, ""}}, 2, ErrFailed, 0},
		"a limit":              {[]reply{{429, "60"}, {200, ""}, {200, ""}}, 0, ErrDown, time.Minute},
		"limits":               {[]reply{{429, "5"}, {503, "60"}, {429, "7"}}, 2, ErrDown, time.Minute},
		"a limit without time": {[]reply{{200, ""}, {429, ""}, {200, ""}}, 1, ErrDown, 0},
		"by place, not time":   {[]reply{{200, ""}, {500, ""}, {429, "60"}}, 2, ErrFailed, time.Minute},
		"a refusal":            {[]reply{{400, ""}, {500, ""}, {200, ""}}, 1, ErrRefused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, pieces)
			engine, kept := reach(t, d.url, atOnce(3)), &keptPieces{}
			r := Request{Audio: fading(t, pieces), Language: "th", Pieces: kept}
			h, err := engine.newHearing(r, open(t, r.Audio), &progress{})
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- h.all(t.Context()) }()
			d.await(t, 0, 1, 2)
			d.answers[test.first] <- test.answers[test.first]
			waittest.Until(t, "the failure to be seen", h.failed.Load)
			good := 0
			for n, answer := range test.answers {
				if n != test.first {
					d.answers[n] <- answer
				}
				if answer.status == http.StatusOK {
					good++
				}
			}
			err = waittest.Receive(t, ended)
			var later *LaterError
			wait := time.Duration(0)
			if errors.As(err, &later) {
				wait = later.After
			}
			if !errors.Is(err, test.want) || wait != test.wait {
				t.Errorf("got %v, with a wait of %v; want %v, %v", err, wait, test.want, test.wait)
			}
			if len(kept.answers) != good || len(d.arrived) > 0 {
				t.Errorf("%d answers are kept, want %d; %d more pieces were begun", len(kept.answers), good, len(d.arrived))
			}
			d.answer(0, 1, 2, 3, 4, 5)
			if got := waittest.Receive(t, begin(t.Context(), engine, r)); got.err != nil || len(got.heard.Cues) != pieces {
				t.Errorf("another try: %+v", got)
			}
			if slices.Sort(d.accepted); !slices.Equal(d.accepted, []int{0, 1, 2, 3, 4, 5}) {
				t.Errorf("paid for %v", d.accepted)
			}
		})
	}
}

// TestHTTPRefusedRestFirst has the last piece refused while the others are under way.
func TestHTTPRefusedRestFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int // of the answer to the first piece
		want   error
	}{"others are heard": {200, nil}, "others fail": {500, ErrFailed}, "all are refused": {400, ErrRefused}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, 3)
			keeping := make(chan string, 3)
			var notes []Note
			ended := begin(t.Context(), reach(t, d.url, atOnce(3)), Request{
				Audio: fading(t, 3), Language: "th", Note: func(n Note) { notes = append(notes, n) },
				Pieces: &keptPieces{keep: func(answer string) { keeping <- answer }},
			})
			d.await(t, 0, 1, 2)
			d.answers[2] <- reply{status: 400}
			if kept := waittest.Receive(t, keeping); !strings.Contains(kept, string(NoteRefused)) {
				t.Errorf("kept %s", kept)
			}
			d.answer(1)
			d.answers[0] <- reply{status: test.status}
			got := waittest.Receive(t, ended)
			if !errors.Is(got.err, test.want) {
				t.Errorf("got %v, want %v", got.err, test.want)
			}
			if test.want == nil && (len(got.heard.Cues) != 2 || len(notes) != 1 || notes[0].Kind != NoteRefused || notes[0].At < 7*time.Second) {
				t.Errorf("got %+v, %+v", got.heard, notes)
			}
		})
	}
}

// TestHTTPPiecesEnd has the context end while pieces are under way.
func TestHTTPPiecesEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 6)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := begin(ctx, reach(t, d.url, atOnce(3)), Request{Audio: fading(t, 6), Language: "th"})
	d.await(t, 0, 1, 2)
	cancel()
	if got := waittest.Receive(t, ended); !errors.Is(got.err, context.Canceled) {
		t.Errorf("got %v", got.err)
	}
	waittest.Until(t, "the requests to end", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.gone == 3
	})
	if len(d.arrived) > 0 {
		t.Errorf("%d more pieces were begun", len(d.arrived))
	}
}

// TestHTTPPiecesPanic has what is told of pieces panic in other goroutines: the
// caller can recover it, once the others are kept.
func TestHTTPPiecesPanic(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *Request, k *keptPieces, panicked chan<- struct{}){
		"an answer": func(_ *Request, k *keptPieces, panicked chan<- struct{}) {
			close(panicked)
			k.keep = func(answer string) {
				if strings.Contains(answer, "piece 1") {
					panic("boom")
				}
			}
		},
		"a guess": func(r *Request, _ *keptPieces, panicked chan<- struct{}) {
			var once sync.Once
			r.Progress = func(int) { once.Do(func() { close(panicked); panic("boom") }) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			panicked := make(chan struct{})
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				n := numberOf(receive(t, r).file)
				select {
				case <-panicked:
				case <-r.Context().Done():
				}
				_, _ = io.WriteString(w, strings.ReplaceAll(goodAnswer, `"x"`, fmt.Sprintf(`"piece %d"`, n)))
			})
			engine, kept := reach(t, url, atOnce(3)), &keptPieces{}
			engine.pace.saw(time.Second, time.Millisecond)
			r := Request{Audio: fading(t, 3), Language: "th", Pieces: kept}
			change(&r, kept, panicked)
			recovered := make(chan any, 1)
			go func() {
				defer func() { recovered <- recover() }()
				_, _ = engine.Transcribe(t.Context(), r)
			}()
			if value := fmt.Sprint(waittest.Receive(t, recovered)); !strings.Contains(value, "boom") || !strings.Contains(value, "goroutine ") {
				t.Errorf("recovered %s", value)
			}
			if len(kept.answers) < 2 {
				t.Errorf("%d answers are kept", len(kept.answers))
			}
		})
	}
}
