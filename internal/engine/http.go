package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"

	"gensubtitle/internal/subtitles"
)

const (
	maxAnswer      = 32 << 20 // bytes; an hour of speech with words takes 1 to 2 MB
	maxHeader      = 64 << 10 // bytes
	connectTimeout = 10 * time.Second
	// leastMaxBytes is enough for a piece of 4 s and what is sent beside it.
	leastMaxBytes = 128 << 10
	// longestCode is as long as any code of a language that an engine is asked for.
	longestCode = "yue"
	// shortRest is below what a last piece may be refused for without the others
	// being lost: engines refuse what is too short for them.
	shortRest = time.Minute
)

// HTTPOptions is how a speech engine is reached.
type HTTPOptions struct {
	// URL is that of the engine, with or without what the API adds: http or
	// https, a host, perhaps a port and a path.
	URL string
	// Key is sent as a bearer token, unless empty.
	Key string
	// Model is the engine's name for what it shall listen with; left out of
	// requests when empty.
	Model string
	// MaxBytes is the largest request that the engine takes.
	MaxBytes int64
	// Timeout bounds each request, of which long sound takes several.
	Timeout time.Duration
	// Pieces is how many pieces of one sound it is sent at once; 0 is one.
	Pieces int
	// Translate says that the engine has the API's translations.
	Translate bool
	// KeepAll keeps also what Whisper makes up in silence, and what it repeats.
	KeepAll bool
}

// HTTP is a speech engine behind the OpenAI transcription API
// (platform.openai.com/docs/api-reference/audio), which whisper.cpp's server,
// speaches, LocalAI, vLLM and hosted services speak.
type HTTP struct {
	transcriptions, translations string // URLs

	key       string
	model     string
	maxBytes  int64
	timeout   time.Duration
	together  int // pieces of one sound
	translate bool
	client    *http.Client
	pace      *pace
	// asks is what it is asked for, by what it refused before; of translations apart.
	asks, asksTranslated atomic.Int32
	timed                atomic.Bool // it has given times
	filter               filter
}

// NewHTTP checks the options and connects to nothing yet.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	base, err := audioURL(o.URL)
	if err != nil {
		return nil, err
	}
	switch {
	case strings.ContainsFunc(o.Key, notInKey):
		return nil, errors.New("the engine's key must be of letters, digits and signs that no quoting changes")
	case o.MaxBytes < leastMaxBytes:
		return nil, fmt.Errorf("the engine's largest request must be of %d bytes or more", leastMaxBytes)
	case o.Timeout <= 0:
		return nil, errors.New("the engine's time limit must be above zero")
	}
	return &HTTP{
		transcriptions: base + "/transcriptions",
		translations:   base + "/translations",
		key:            o.Key,
		model:          o.Model,
		maxBytes:       o.MaxBytes,
		timeout:        o.Timeout,
		together:       max(1, o.Pieces),
		translate:      o.Translate,
		client: &http.Client{
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
				TLSHandshakeTimeout: connectTimeout,
				// The answer's header comes when all is heard, so only the
				// request's own time limit bounds the wait for it.
				ExpectContinueTimeout:  time.Second,
				MaxResponseHeaderBytes: maxHeader,
				DisableCompression:     true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		pace:   &pace{tick: time.Second},
		filter: filter(!o.KeepAll),
	}, nil
}

// Translates reports whether Request.Translate can be asked for.
func (e *HTTP) Translates() bool { return e.translate }

// Prompts reports whether Request.Prompt is heeded.
func (e *HTTP) Prompts() bool { return true }

// Transcribe sends the sound in pieces of at most MaxBytes and puts their times
// together again.
func (e *HTTP) Transcribe(ctx context.Context, r Request) (subtitles.Transcript, error) {
	if err := checkRequest(e, r); err != nil {
		return subtitles.Transcript{}, err
	}
	s, err := openSound(r.Audio)
	if err != nil {
		return subtitles.Transcript{}, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	defer s.close()
	done := &progress{report: r.Progress}
	if s.whole().length() < shortestSpeech {
		done.reach(1)
		return subtitles.Transcript{Language: r.textLanguage()}, nil
	}
	h, err := e.newHearing(r, s, done)
	if err != nil {
		return subtitles.Transcript{}, err
	}
	if err := h.all(ctx); err != nil {
		return subtitles.Transcript{}, err
	}
	heard := h.transcript()
	heard.Language = cmp.Or(r.textLanguage(), heard.Language)
	return heard, nil
}

// hear has one piece heard, and learns how long that takes.
func (e *HTTP) hear(ctx context.Context, r Request, s *sound, p soundPiece, done *soundProgress) (heardPiece, error) {
	begun := time.Now()
	stop := e.pace.estimate(done, p)
	defer stop()
	part, notes, err := e.ask(ctx, r, s, p)
	if err == nil {
		e.pace.saw(p.length(), time.Since(begun))
	}
	return heardPiece{Language: part.Language, Cues: part.Cues, Notes: notes}, err
}

// pieceKey names all that an answer depends on, beside the piece.
func (e *HTTP) pieceKey(r Request) string {
	asked := fmt.Sprintf("%q %q %q %q %t %t", e.transcriptions, e.model, promptEnd(r.Prompt), r.Language, r.Translate, e.filter)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(asked)))
}

// mainLanguage is what the other pieces are asked for once enough was said, "" before:
// one that is heard as another language would be written as that.
func mainLanguage(spoken map[string]time.Duration) string {
	const enough = 30 * time.Second
	most, all := mostSpoken(spoken), time.Duration(0)
	for _, length := range spoken {
		all += length
	}
	if spoken[most] < enough || 2*spoken[most] <= all || !subtitles.ValidLanguage(most) {
		return ""
	}
	return most
}

// checkRequest refuses what no engine can be asked for, and no attempt mends.
func checkRequest(e Engine, r Request) error {
	switch {
	case r.Language != "" && !subtitles.ValidLanguage(r.Language):
		return fmt.Errorf("%w: language %q", ErrRefused, r.Language)
	case r.Translate && !e.Translates():
		return fmt.Errorf("%w: it does not translate", ErrRefused)
	}
	return nil
}

// textLanguage is the language that the text will be in, "" when the engine is
// to tell.
func (r Request) textLanguage() string {
	if r.Translate {
		return "en"
	}
	return r.Language
}

// mostSpoken is the language with the most time; the first of equal ones in
// the alphabet, so that it does not change from run to run.
func mostSpoken(spoken map[string]time.Duration) string {
	var most string
	for code, length := range spoken {
		if code != "" && (most == "" || length > spoken[most] || length == spoken[most] && code < most) {
			most = code
		}
	}
	return most
}

// form is a multipart form but for the file in its middle.
type form struct {
	contentType string
	head, tail  []byte
}

func (f form) size() int64 { return int64(len(f.head) + len(f.tail)) }

// form fills in what the API documents for createTranscription and
// createTranslation; the latter knows neither language nor words.
func (e *HTTP) form(r Request, a asked) (form, error) {
	fields := [][2]string{{"model", e.model}, {"response_format", a.format()}, {"temperature", "0"}, {"prompt", promptEnd(r.Prompt)}}
	if !r.Translate {
		for _, granularity := range a.granularities() {
			fields = append(fields, [2]string{"timestamp_granularities[]", granularity})
		}
		fields = append(fields, [2]string{"language", engineLanguage(r.Language)})
	}
	if a == askDiarized {
		fields = append(fields, [2]string{"chunking_strategy", "auto"})
	}
	f, err := newForm(fields)
	if err != nil {
		return form{}, fmt.Errorf("%w: make a form: %w", ErrFailed, err)
	}
	return f, nil
}

// newForm leaves out the fields without a value.
func newForm(fields [][2]string) (form, error) {
	var written bytes.Buffer
	w := multipart.NewWriter(&written)
	for _, field := range fields {
		if field[1] == "" {
			continue
		}
		if err := w.WriteField(field[0], field[1]); err != nil {
			return form{}, err
		}
	}
	_, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="audio.wav"`},
		"Content-Type":        {"audio/wav"},
	})
	if err != nil {
		return form{}, err
	}
	headSize := written.Len()
	if err := w.Close(); err != nil {
		return form{}, err
	}
	all := written.Bytes()
	return form{contentType: w.FormDataContentType(), head: all[:headSize], tail: all[headSize:]}, nil
}

// ask has one piece heard. What the engine refuses to be asked for is left out of
// the requests from then on.
func (e *HTTP) ask(ctx context.Context, r Request, s *sound, p soundPiece) (subtitles.Transcript, []Note, error) {
	known, least := &e.asks, askWords
	if r.Translate {
		known, least = &e.asksTranslated, askVerbose
	}
	for a := max(asked(known.Load()), least); ; {
		heard, notes, err := e.askFor(ctx, r, a, s, p)
		var picky *pickyError
		if errors.As(err, &picky) && picky.instead != a {
			a = picky.instead
			continue
		}
		if err == nil {
			known.Store(int32(a))
		}
		return heard, notes, err
	}
}

// askFor sends one piece and reads the answer.
func (e *HTTP) askFor(ctx context.Context, r Request, a asked, s *sound, p soundPiece) (subtitles.Transcript, []Note, error) {
	response, stop, err := e.send(ctx, r, a, s, p)
	if err != nil {
		return subtitles.Transcript{}, nil, err
	}
	defer stop()
	defer response.Body.Close() //nolint:errcheck // nothing is left to lose
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return subtitles.Transcript{}, nil, e.refusal(response, r.Translate, a, stop)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return subtitles.Transcript{}, nil, e.broken(ctx, true, err)
	case len(data) > maxAnswer:
		return subtitles.Transcript{}, nil, e.fault(ErrFailed, fmt.Sprintf("an answer of more than %d bytes", maxAnswer))
	}
	heard, notes, err := readAnswer(data, p.length(), e.filter)
	if err != nil {
		return subtitles.Transcript{}, nil, e.unread(err)
	}
	if len(heard.Cues) > 0 {
		e.timed.Store(true)
	}
	return heard, notes, nil
}

// send sends one piece. The answer is read before stop is called.
func (e *HTTP) send(ctx context.Context, r Request, a asked, s *sound, p soundPiece) (response *http.Response, stop func(), err error) {
	body, err := e.form(r, a)
	if err != nil {
		return nil, nil, err
	}
	limited, stop := context.WithTimeout(ctx, e.timeout)
	url := e.transcriptions
	if r.Translate {
		url = e.translations
	}
	content := &requestBody{Reader: io.MultiReader(bytes.NewReader(body.head), s.wav(p), bytes.NewReader(body.tail))}
	request, err := http.NewRequestWithContext(limited, http.MethodPost, url, content)
	if err != nil {
		stop()
		return nil, nil, e.fault(ErrDown, "make a request: "+err.Error())
	}
	request.ContentLength = body.size() + wavHeader + p.to - p.from
	request.Header.Set("Content-Type", body.contentType)
	request.Header.Set("Accept", "application/json")
	// An engine that refuses says so before it is sent 25 MB, rather than by an
	// answer that the end of the connection may overtake (RFC 9110, 10.1.1).
	request.Header.Set("Expect", "100-continue")
	// An engine listens for minutes. A connection of its own for each piece
	// costs nothing beside that and is never a stale one; and net/http does not
	// send a body for nothing only where the connection ends anyway.
	request.Close = true
	if e.key != "" {
		request.Header.Set("Authorization", "Bearer "+e.key)
	}
	response, err = e.client.Do(request)
	if err != nil {
		stop()
		return nil, nil, e.broken(ctx, content.sent.Load(), err)
	}
	return response, stop, nil
}

// requestBody knows whether all of it was taken for sending.
type requestBody struct {
	io.Reader
	sent atomic.Bool
}

func (b *requestBody) Read(data []byte) (int, error) {
	n, err := b.Reader.Read(data)
	if err == io.EOF {
		b.sent.Store(true)
	}
	return n, err
}
