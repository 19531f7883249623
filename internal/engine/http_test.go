package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gensubtitle/internal/waittest"

	"gensubtitle/internal/subtitles"
)

const testKey = "sk-Secret_0123/4+5="

// serve starts an engine that answers by this function.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := waittest.Server(t, answer)
	return server.URL
}

// reach is our side of an engine, with what the test changes of the options.
func reach(t *testing.T, url string, change ...func(*HTTPOptions)) *HTTP {
	t.Helper()
	o := HTTPOptions{URL: url, Key: testKey, Model: "whisper-1", MaxBytes: 25 << 20, Timeout: 30 * time.Second, Translate: true}
	for _, f := range change {
		f(&o)
	}
	engine, err := NewHTTP(o)
	if err != nil {
		t.Fatal(err)
	}
	engine.pace.tick = time.Millisecond
	return engine
}

func within(timeout time.Duration) func(*HTTPOptions) {
	return func(o *HTTPOptions) { o.Timeout = timeout }
}

func small(o *HTTPOptions) { o.MaxBytes = leastMaxBytes }

// received is a request as the engine finds it.
type received struct {
	path   string
	fields map[string][]string
	file   []byte
}

// receive reads a request, and checks what holds for all.
func receive(t *testing.T, r *http.Request) received {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.ContentLength != int64(len(body)) || len(r.TransferEncoding) > 0 {
		t.Errorf("%d bytes arrive of %d announced, %v, %v", len(body), r.ContentLength, r.TransferEncoding, err)
	}
	if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer "+testKey || strings.Contains(r.URL.String(), testKey) {
		t.Errorf("got %s %s with authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Error(err)
	}
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(64 << 20)
	if err != nil || len(form.File["file"]) != 1 || len(form.File) != 1 {
		t.Errorf("form %+v, %v", form, err)
		return received{}
	}
	header := form.File["file"][0]
	if header.Filename != "audio.wav" || header.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("file %+v", header)
	}
	file, err := header.Open()
	if err != nil {
		t.Error(err)
		return received{}
	}
	wav, err := io.ReadAll(file)
	if err != nil {
		t.Error(err)
	}
	return received{path: r.URL.Path, fields: form.Value, file: wav}
}

// listen finds the tones in a WAV file and answers like an engine that
// understands them: a tone's loudness is what it says.
func listen(wav []byte) string {
	type segment struct {
		Start float64 `json:"start"`
		End   float64 `json:"end"`
		Text  string  `json:"text"`
	}
	segments := []segment{}
	var loudest, begin, at int
	speaking := false
	const frame = soundFrame
	for pcm := wav[wavHeader:]; len(pcm) >= frame; pcm = pcm[frame:] {
		peak := 0
		for i := 0; i < frame; i += 2 {
			peak = max(peak, int(int16(binary.LittleEndian.Uint16(pcm[i:]))))
		}
		switch loud := peak > 2000; {
		case loud && !speaking:
			speaking, begin, loudest = true, at, peak
		case loud:
			loudest = max(loudest, peak)
		case speaking:
			speaking = false
			segments = append(segments, segment{float64(begin) / 100, float64(at) / 100, strconv.Itoa(loudest / 1000)})
		}
		at++
	}
	if speaking {
		segments = append(segments, segment{float64(begin) / 100, float64(at) / 100, strconv.Itoa(loudest / 1000)})
	}
	data, err := json.Marshal(map[string]any{"language": "english", "segments": segments})
	if err != nil {
		panic(err)
	}
	return string(data)
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	var got received
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = receive(t, r)
		fmt.Fprint(w, listen(got.file))
	})
	path := record(t, heard{ms(500), 0}, heard{ms(500), 0.5}, heard{ms(200), 0})
	wav, err := io.ReadAll(open(t, path).wav(open(t, path).whole()))
	if err != nil {
		t.Fatal(err)
	}
	said := []subtitles.Cue{{Start: ms(500), End: ms(1000), Text: "15", Words: nil}}
	words := map[string][]string{
		"model": {"whisper-1"}, "response_format": {"verbose_json"}, "temperature": {"0"}, "timestamp_granularities[]": {"segment", "word"},
	}
	in := func(language string) map[string][]string {
		fields := map[string][]string{"language": {language}}
		for name, value := range words {
			fields[name] = value
		}
		return fields
	}
	for _, test := range []struct {
		request Request
		path    string
		fields  map[string][]string
		want    subtitles.Transcript
	}{
		{Request{}, "/v1/audio/transcriptions", words, subtitles.Transcript{Language: "en", Cues: said}},
		{Request{Language: "th"}, "/v1/audio/transcriptions", in("th"), subtitles.Transcript{Language: "th", Cues: said}},
		{Request{Language: "jv"}, "/v1/audio/transcriptions", in("jw"), subtitles.Transcript{Language: "jv", Cues: said}},
		{
			Request{Language: "th", Translate: true},
			"/v1/audio/translations",
			map[string][]string{"model": {"whisper-1"}, "response_format": {"verbose_json"}, "temperature": {"0"}},
			subtitles.Transcript{Language: "en", Cues: said},
		},
	} {
		test.request.Audio = path
		heard, err := reach(t, url).Transcribe(t.Context(), test.request)
		if err != nil || !reflect.DeepEqual(heard, test.want) {
			t.Errorf("%+v: got %+v, %v, want %+v", test.request, heard, err, test.want)
		}
		if got.path != test.path || !reflect.DeepEqual(got.fields, test.fields) {
			t.Errorf("%+v: asked %s with %v, want %s with %v", test.request, got.path, got.fields, test.path, test.fields)
		}
		if !bytes.Equal(got.file, wav) {
			t.Errorf("%+v: the file is another one", test.request)
		}
	}

	prompted := Request{Audio: path, Prompt: " สมชาย, Kubernetes\n"}
	if _, err := reach(t, url).Transcribe(t.Context(), prompted); err != nil || !reflect.DeepEqual(got.fields["prompt"], []string{"สมชาย, Kubernetes"}) {
		t.Errorf("prompt %q, %v", got.fields["prompt"], err)
	}

	// What is not set is not sent.
	bare := reach(t, url, func(o *HTTPOptions) { o.Model = "" })
	if _, err := bare.Transcribe(t.Context(), Request{Audio: path}); err != nil || got.fields["model"] != nil {
		t.Errorf("model %q, %v", got.fields["model"], err)
	}
	open := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, sent := r.Header["Authorization"]; sent {
			t.Error("a key was sent that is none")
		}
		fmt.Fprint(w, `{"text":""}`)
	})
	if _, err := reach(t, open, func(o *HTTPOptions) { o.Key = "" }).Transcribe(t.Context(), Request{Audio: path}); err != nil {
		t.Error(err)
	}
}

// TestHTTPPieces has long sound cut, sent and put together again: every tone is
// heard once, when it sounds, in the order of the sound.
func TestHTTPPieces(t *testing.T) {
	t.Parallel()
	var parts []heard
	var want []subtitles.Cue
	at := time.Duration(0)
	for n := range 50 {
		pause, tone := ms(300+10*(n%7)), ms(200+10*(n%23))
		parts = append(parts, heard{pause, 0}, heard{tone, float64(3+n%25) / 30})
		want = append(want, subtitles.Cue{Start: at + pause, End: at + pause + tone, Text: strconv.Itoa(3 + n%25)})
		at += pause + tone
	}
	path := record(t, parts...)
	var requests int
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.ContentLength > leastMaxBytes {
			t.Errorf("a request of %d bytes, want at most %d", r.ContentLength, leastMaxBytes)
		}
		fmt.Fprint(w, listen(receive(t, r).file))
	})
	engine := reach(t, url, small)
	var percents []int
	heard, err := engine.Transcribe(t.Context(), Request{Audio: path, Progress: func(percent int) { percents = append(percents, percent) }})
	if err != nil {
		t.Fatal(err)
	}
	if requests < 7 || requests > 11 {
		t.Errorf("%d requests for %v", requests, at)
	}
	if len(heard.Cues) != len(want) {
		t.Fatalf("got %d cues, want %d: %v", len(heard.Cues), len(want), heard.Cues)
	}
	for i, cue := range heard.Cues {
		if (cue.Start-want[i].Start).Abs() > ms(20) || (cue.End-want[i].End).Abs() > ms(20) || cue.Text != want[i].Text {
			t.Errorf("cue %d is %+v, want %+v", i, cue, want[i])
		}
	}
	for i, percent := range percents {
		if percent < 1 || percent > 100 || i > 0 && percent <= percents[i-1] {
			t.Errorf("progress goes %v", percents)
			break
		}
	}
	if len(percents) < requests || percents[len(percents)-1] != 100 {
		t.Errorf("progress goes %v in %d requests", percents, requests)
	}

	// What fills a request to the last byte leaves no room for the form.
	full := keep(t, make([]byte, leastMaxBytes-wavHeader))
	requests = 0
	if _, err := engine.Transcribe(t.Context(), Request{Audio: full}); err != nil || requests != 2 {
		t.Errorf("%d requests, %v, want 2", requests, err)
	}
}

// TestHTTPWordsMove checks that words keep their place in their cue.
func TestHTTPWordsMove(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		receive(t, r)
		fmt.Fprint(w, `{"text":"a b","segments":[{"start":0.5,"end":1,"text":"a b","words":[{"word":"a","start":0.5,"end":0.6},{"word":"b","start":0.7,"end":0.8}]}]}`)
	})
	heard, err := reach(t, url, small).Transcribe(t.Context(), Request{Audio: record(t, heard{6 * time.Second, 0.5})})
	if err != nil || len(heard.Cues) != 2 {
		t.Fatalf("got %+v, %v", heard, err)
	}
	for _, cue := range heard.Cues {
		want := []subtitles.Word{{Start: cue.Start, End: cue.Start + ms(100), Text: "a"}, {Start: cue.Start + ms(200), End: cue.Start + ms(300), Text: " b"}}
		if !reflect.DeepEqual(cue.Words, want) {
			t.Errorf("cue %+v, want words %+v", cue, want)
		}
	}
	if heard.Cues[1].Start < 3*time.Second {
		t.Errorf("the second cue is at %v", heard.Cues[1].Start)
	}
}

// TestHTTPLanguage has pieces in several languages: that of most seconds wins.
func TestHTTPLanguage(t *testing.T) {
	t.Parallel()
	for want, answers := range map[string][]string{
		"fr": {`"english","segments":[{"start":0,"end":0.5,"text":"x"}]`, `"french","segments":[{"start":0,"end":0.8,"text":"x"}]`},
		"en": {`"en","segments":[{"start":0,"end":0.9,"text":"x"}]`, `"french","segments":[{"start":0,"end":0.8,"text":"x"}]`},
		"de": {`"","segments":[{"start":0,"end":0.9,"text":"x"}]`, `"german","segments":[{"start":0,"end":0.1,"text":"x"}]`},
		"":   {`"klingon","segments":[{"start":0,"end":0.9,"text":"x"}]`, `null,"segments":[]`},
	} {
		next := 0
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"language":`, answers[next], `}`)
			next++
		})
		heard, err := reach(t, url, small).Transcribe(t.Context(), Request{Audio: record(t, heard{6 * time.Second, 0.5})})
		if err != nil || heard.Language != want || next != 2 {
			t.Errorf("got %+v, %v after %d requests, want language %q", heard, err, next, want)
		}
	}
}

// TestHTTPEstimate has an engine wait, within its second piece, until a guess
// about that piece arrived.
func TestHTTPEstimate(t *testing.T) {
	t.Parallel()
	guessed := make(chan int, 100)
	requests := 0
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		receive(t, r)
		if requests++; requests == 2 {
			for percent := 0; percent <= 55; {
				select {
				case percent = <-guessed:
				case <-r.Context().Done():
					return
				}
			}
		}
		fmt.Fprint(w, `{"text":""}`)
	})
	_, err := reach(t, url, small).Transcribe(t.Context(), Request{
		Audio: record(t, heard{6 * time.Second, 0.5}), Progress: func(percent int) { guessed <- percent },
	})
	if err != nil || requests != 2 {
		t.Errorf("%d requests, %v", requests, err)
	}
	piece := soundPiece{5000, 10000}
	for _, test := range []struct {
		since time.Duration
		speed float64
		want  int64
	}{{0, 9, 0}, {time.Hour, 0, 0}, {time.Hour, 9, 4950}, {time.Millisecond, 2500.0 / bytesPerSecond * 1000, 2500}} {
		if got := guess(test.since, test.speed, piece); got < test.want-1 || got > test.want+1 {
			t.Errorf("guess after %v with %v is %v, want %v", test.since, test.speed, got, test.want)
		}
	}
}

func TestHTTPTogether(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, listen(receive(t, r).file)) })
	engine := reach(t, url, small)
	path := record(t, heard{5 * time.Second, 0}, heard{time.Second, 0.5})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			heard, err := engine.Transcribe(t.Context(), Request{Audio: path, Progress: func(int) {}})
			if err != nil || len(heard.Cues) != 1 || heard.Cues[0].Text != "15" {
				t.Errorf("got %+v, %v", heard, err)
			}
		})
	}
	waittest.Group(t, &group)
}

// TestHTTPShort checks that no engine is bothered with what is no sound.
func TestHTTPShort(t *testing.T) {
	t.Parallel()
	engine := reach(t, serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the engine was asked") }))
	for _, length := range []time.Duration{0, ms(99)} {
		last := 0
		heard, err := engine.Transcribe(t.Context(), Request{Audio: record(t, heard{length, 0.5}), Language: "th", Progress: func(p int) { last = p }})
		if err != nil || len(heard.Cues) > 0 || heard.Language != "th" || last != 100 {
			t.Errorf("%v: got %+v, %v at %d %%", length, heard, err, last)
		}
	}
}

func TestAudioURL(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"http://127.0.0.1:8080":                                   "http://127.0.0.1:8080/v1/audio",
		"http://127.0.0.1:8080/":                                  "http://127.0.0.1:8080/v1/audio",
		"https://api.openai.com/v1":                               "https://api.openai.com/v1/audio",
		"https://api.openai.com/v1/":                              "https://api.openai.com/v1/audio",
		"https://api.openai.com/v1/audio/transcriptions":          "https://api.openai.com/v1/audio",
		"https://api.example.com/openai/v1":                       "https://api.example.com/openai/v1/audio",
		"https://api.example.com/v1/openai/audio/transcriptions/": "https://api.example.com/v1/openai/audio",
		"http://[::1]:9000/speech":                                "http://[::1]:9000/speech/v1/audio",
		"HTTP://Engine":                                           "http://Engine/v1/audio",
	} {
		if got, err := audioURL(setting); got != want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", setting, got, err, want)
		}
	}
	for _, setting := range []string{
		"", "engine:8080", "localhost:8080/v1", "//engine", "/v1", "ftp://engine", "file:///etc/passwd", "unix:/run/engine", "http://", "http:///v1",
		"http://:80/", "http://user:hush@engine", "http://hush@engine", "http://engine?api-version=hush", "http://engine?", "http://engine#hush", "http://engine#",
		"http://user:hush@engine:port", "http://engine/%zzhush", "http://eng ine", "http://engine\n", "javascript:alert(1)",
	} {
		_, err := NewHTTP(HTTPOptions{URL: setting, MaxBytes: 25 << 20, Timeout: time.Minute})
		if err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v", setting, err)
		}
	}
	valid := HTTPOptions{URL: "http://engine", Key: testKey, MaxBytes: leastMaxBytes, Timeout: time.Minute}
	if _, err := NewHTTP(valid); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*HTTPOptions){
		"line break in the key": func(o *HTTPOptions) { o.Key = "hush\nX: y" }, "space": func(o *HTTPOptions) { o.Key = "hu sh" },
		"quotes": func(o *HTTPOptions) { o.Key = `hush"` }, "Thai": func(o *HTTPOptions) { o.Key = "ลับ" },
		"size": func(o *HTTPOptions) { o.MaxBytes-- }, "no size": func(o *HTTPOptions) { o.MaxBytes = 0 }, "time": func(o *HTTPOptions) { o.Timeout = 0 },
	} {
		o := valid
		change(&o)
		if _, err := NewHTTP(o); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
