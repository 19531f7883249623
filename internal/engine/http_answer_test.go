package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gensubtitle/internal/waittest"
)

// fail asks an engine that does not do well and returns the error, after a
// check of what holds for all: one kind, on one line, without the key.
func fail(t *testing.T, engine *HTTP, r Request) error {
	t.Helper()
	r.Audio = record(t, heard{time.Second, 0.5})
	return failed(t, engine, t.Context(), r)
}

func failed(t *testing.T, engine Engine, ctx context.Context, r Request) error {
	t.Helper()
	heard, err := engine.Transcribe(ctx, r)
	if err == nil {
		t.Fatalf("got %+v, want an error", heard)
	}
	kinds := 0
	for _, kind := range []error{ErrDown, ErrFailed, ErrRefused, context.Canceled} {
		if errors.Is(err, kind) {
			kinds++
		}
	}
	if kinds != 1 || len(heard.Cues) > 0 {
		t.Errorf("got %+v, %v, want one kind of error and no cues", heard, err)
	}
	if said := err.Error(); strings.Contains(said, testKey) || strings.Contains(said, "\n") || len(said) > 6000 {
		t.Errorf("the error says %s", said)
	}
	return err
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status        int
		want          error
		wantTranslate error // the same where nil
	}{
		{400, ErrRefused, nil},
		{401, ErrDown, nil},
		{402, ErrDown, nil},
		{403, ErrDown, nil},
		{404, ErrDown, nil},
		{405, ErrDown, nil},
		{408, ErrFailed, nil},
		{413, ErrRefused, nil},
		{415, ErrRefused, nil},
		{418, ErrFailed, nil},
		{422, ErrRefused, nil},
		{429, ErrDown, nil},
		{500, ErrFailed, nil},
		{501, ErrFailed, ErrDown},
		{502, ErrDown, nil},
		{504, ErrFailed, nil},
		{503, ErrDown, nil},
		{600, ErrFailed, nil},
		{204, ErrFailed, nil},
		{300, ErrDown, nil},
		{304, ErrDown, nil},
	}
	for _, test := range tests {
		engine := reach(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, `{"error":{"message":"because of `+testKey+`\nand <b>"}}`)
		}))
		err := fail(t, engine, Request{})
		var later *LaterError
		if !errors.Is(err, test.want) || errors.As(err, &later) {
			t.Errorf("%d: got %v, want %v", test.status, err, test.want)
		}
		told := strings.Contains(err.Error(), `because of *** and <b>`)
		if shown := test.status >= 400 && test.status != 401 && test.status != 403; told != shown {
			t.Errorf("%d: got %v, what the engine says is to be shown: %v", test.status, err, shown)
		}
		if test.wantTranslate == nil {
			test.wantTranslate = test.want
		}
		if err := fail(t, engine, Request{Translate: true}); !errors.Is(err, test.wantTranslate) {
			t.Errorf("%d to a translation: got %v, want %v", test.status, err, test.wantTranslate)
		}
	}
}

// TestComplaint has what engines and proxies say when something went wrong.
func TestComplaint(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error":{"message":"too long","type":"x"}}`: "too long", `{"error":"too long"}`: "too long", `{"message":"too\nlong"}`: "too long",
		`{"detail":"too long"}`: "too long", `{"detail":[{"loc":["body","file",0],"msg":"field required","type":"missing"},{"msg":"x"}]}`: "body.file: field required; x",
		`{"detail":{"error":"busy"}}`: "busy", `{"errors":[{"message":"a"},{"title":"b"}]}`: "a; b", `{"error":{"code":"no_model"}}`: "no_model",
		`{"error":null}`: "", `{"error":{"message":5}}`: "", "": "", `["too long"]`: "too long", " upstream\nconnect error ": "upstream connect error",
		"<html><head><title>502 &amp; more</title><style>a{}</style></head><body><h1>Bad</h1>gateway<script>x()</script></body></html>": "a web page: 502 & more: Bad gateway",
		"<!DOCTYPE html><title>nginx</title>":                     "a web page: nginx",
		"<html><body>too <b>long</b></body></html>":               "a web page: too long",
		strings.Repeat("[", 100) + "1" + strings.Repeat("]", 100): "",
	} {
		if got := complaintOf([]byte(body)); got != want {
			t.Errorf("%.80s: got %q, want %q", body, got, want)
		}
	}
	engine := reach(t, "http://engine")
	for said, want := range map[string]string{
		strings.Repeat("x", complaintShown-1) + "ก": `"` + strings.Repeat("x", complaintShown-1) + `"`,
		testKey + testKey: `"******"`,
		strings.Repeat("x", complaintShown-5) + testKey: `"` + strings.Repeat("x", complaintShown-5) + `***"`,
		strings.Repeat("x", complaintShown+1):           `"` + strings.Repeat("x", complaintShown) + `"`,
	} {
		if got := engine.short(said); got != want {
			t.Errorf("%.80s: got %s, want %s", said, got, want)
		}
	}
}

func TestHTTPLater(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "3600": time.Hour, "3601": time.Hour, "99999999999999999999999": time.Hour, "-5": 0, "soon": 0, "1.5": 0,
		now.Add(time.Minute).UTC().Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).UTC().Format(http.TimeFormat): 0,
		now.AddDate(80, 0, 0).UTC().Format(http.TimeFormat): time.Hour, "Fri, 99 Foo 2026": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
	for status, waits := range map[int]bool{429: true, 503: true, 500: false, 408: false, 307: false} {
		engine := reach(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(status)
		}))
		var later *LaterError
		err := fail(t, engine, Request{})
		if errors.As(err, &later) != waits || waits && later.After != 90*time.Second {
			t.Errorf("%d: got %v", status, err)
		}
	}
}

// TestHTTPRedirect counts what the target of a redirect is asked: nothing.
func TestHTTPRedirect(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	target := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target+"/?key="+testKey, status) })
		if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrDown) || strings.Contains(err.Error(), target) {
			t.Errorf("%d: got %v, want ErrDown that does not know where to", status, err)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the target was asked %d times", n)
	}
}

func TestHTTPNonsense(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		"", "<html>welcome to your router</html>", `{"segments":[{"start":1e5,"end":1e5,"text":"x"}]}`, "null", "{}",
		`{"segments":[{"start":0,"end":1,"text":"cut of`, `{"segments":[{"start":9,"end":"` + testKey + `","text":"` + testKey + `"}`, strings.Repeat("[", 1<<20), "\x1f\x8b\x08 packed",
	} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, answer) })
		if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrFailed) {
			t.Errorf("%.40s: got %v, want ErrFailed", answer, err)
		}
	}
}

// TestHTTPHuge has an engine answer with 10 GB, announced or not, in its body
// or its header, and counts what it can get rid of.
func TestHTTPHuge(t *testing.T) {
	t.Parallel()
	const huge = 10 << 30
	for name, answer := range map[string]struct {
		head  string
		least int // bytes that it may well send
		most  int
	}{
		"body":          {"HTTP/1.1 200 OK\r\n\r\n[", maxAnswer, maxAnswer + 64<<20},
		"chunk":         {fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", huge), maxAnswer, maxAnswer + 64<<20},
		"announced":     {fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", huge), 0, maxAnswer + 64<<20},
		"header":        {"HTTP/1.1 200 OK\r\nX: ", 0, 64 << 20},
		"status":        {"HTTP/1.1 200 ", 0, 64 << 20},
		"error":         {"HTTP/1.1 500 Oops\r\n\r\n", 0, 64 << 20},
		"not even HTTP": {"", 0, 64 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := make(chan int, 1)
			url := answerRaw(t, func(connection net.Conn, _ *bufio.Reader) {
				n := len(answer.head)
				_, err := io.WriteString(connection, answer.head)
				block := []byte(strings.Repeat(" ", 64<<10))
				for err == nil && n < huge {
					n += len(block)
					_, err = connection.Write(block)
				}
				sent <- n
			})
			err := fail(t, reach(t, url), Request{})
			if n := waittest.Receive(t, sent); !errors.Is(err, ErrFailed) || n < answer.least || n > answer.most {
				t.Errorf("got %v after %d bytes, want ErrFailed after %d to %d", err, n, answer.least, answer.most)
			}
		})
	}
}

// answerRaw starts a server that reads one request of each connection, whole,
// and then writes what this function writes.
func answerRaw(t *testing.T, answer func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	listener := waittest.Listen(t)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go answerOnce(connection, answer)
		}
	}()
	return "http://" + listener.Addr().String()
}

// answerOnce does so for one connection. The client may also leave it idle:
// net/http dials ahead.
func answerOnce(connection net.Conn, answer func(net.Conn, *bufio.Reader)) {
	defer connection.Close() //nolint:errcheck // it is closed in any case
	reader := bufio.NewReader(connection)
	request, err := http.ReadRequest(reader)
	if err == nil {
		_, err = io.WriteString(connection, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	if err == nil {
		_, err = io.Copy(io.Discard, request.Body)
	}
	if err == nil {
		answer(connection, reader)
	}
}

// TestHTTPEcho has the key come back where net/http repeats what it reads.
func TestHTTPEcho(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{
		testKey, testKey + "\r\n\r\n", "HTTP/1.1 " + testKey + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + testKey + "\r\n\r\n", "HTTP/" + testKey + " 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + testKey + "\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + testKey + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + testKey + "\r\n", "HTTP/1.1 500 " + testKey + "\r\n\r\n" + testKey,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{", "",
	} {
		url := answerRaw(t, func(connection net.Conn, _ *bufio.Reader) { _, _ = io.WriteString(connection, answer) })
		if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrFailed) || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%q: got %v, want ErrFailed without the key", answer, err)
		}
	}
}

// TestHTTPNobody has an address where nobody listens, and one where somebody
// does and hangs up, as a container's proxy does for an engine that is down.
func TestHTTPNobody(t *testing.T) {
	t.Parallel()
	listener := waittest.Listen(t)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	url := "http://" + listener.Addr().String()
	if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrDown) {
		t.Errorf("somebody who hangs up: got %v, want ErrDown", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{url, strings.Replace(url, "http:", "https:", 1), "http://no-such-host.invalid"} {
		if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrDown) {
			t.Errorf("%s: got %v, want ErrDown", url, err)
		}
	}
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	if err := fail(t, reach(t, strings.Replace(plain, "http:", "https:", 1)), Request{}); !errors.Is(err, ErrDown) {
		t.Errorf("no TLS: got %v, want ErrDown", err)
	}
}

// TestHTTPStall has engines that stop in different places.
func TestHTTPStall(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"before the header": "", "in the header": "HTTP/1.1 200 OK\r\nX:", "before the body": "HTTP/1.1 200 OK\r\n\r\n",
		"in the body": "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := answerRaw(t, func(connection net.Conn, reader *bufio.Reader) {
				_, _ = io.WriteString(connection, head)
				_, _ = reader.ReadByte() // until we hang up
			})
			err := fail(t, reach(t, url, within(5*time.Second)), Request{})
			if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "no answer within 5s") {
				t.Errorf("got %v, want ErrFailed", err)
			}
		})
	}

	// A refusal that stalls is told from its status, and soon.
	url := answerRaw(t, func(connection net.Conn, reader *bufio.Reader) {
		_, _ = io.WriteString(connection, "HTTP/1.1 413 Too large\r\n\r\n{")
		_, _ = reader.ReadByte()
	})
	begun := time.Now()
	if err := fail(t, reach(t, url), Request{}); !errors.Is(err, ErrRefused) || time.Since(begun) > 20*time.Second {
		t.Errorf("got %v after %v, want ErrRefused", err, time.Since(begun))
	}
}

// TestHTTPHalfSent has engines that hang up before they have all of the sound.
func TestHTTPHalfSent(t *testing.T) {
	t.Parallel()
	long := keep(t, make([]byte, 20<<20))
	for answer, want := range map[string]error{
		// One that says why at once is heard, though it reads no further.
		"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n": ErrRefused,
		"HTTP/1.1 100 Continue\r\n\r\n":                       ErrDown,
		"":                                                    ErrDown,
	} {
		listener := waittest.Listen(t)
		go func() {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			defer connection.Close() //nolint:errcheck // it is closed in any case
			if request, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
				_, _ = io.WriteString(connection, answer)
				if strings.Contains(answer, "100") {
					_, _ = io.CopyN(io.Discard, request.Body, 100_000)
				}
			}
		}()
		err := failed(t, reach(t, "http://"+listener.Addr().String()), t.Context(), Request{Audio: long})
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", answer, err, want)
		}
	}
}

// TestHTTPCancel ends a request in the middle.
func TestHTTPCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	asked, hungUp := make(chan struct{}), make(chan struct{})
	url := answerRaw(t, func(_ net.Conn, reader *bufio.Reader) {
		close(asked)
		_, _ = reader.ReadByte()
		close(hungUp)
	})
	go func() { <-asked; cancel() }()
	if err := failed(t, reach(t, url), ctx, Request{Audio: record(t, heard{time.Second, 0.5})}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's", err)
	}
	waittest.Receive(t, hungUp)
}

// TestHTTPUnasked has requests that no engine is asked.
func TestHTTPUnasked(t *testing.T) {
	t.Parallel()
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the engine was asked") })
	engine := reach(t, url, func(o *HTTPOptions) { o.Translate = false })
	if engine.Translates() || !reach(t, url).Translates() {
		t.Error("the engine does not know whether it translates")
	}
	for _, r := range []Request{{Translate: true}, {Language: "klingon"}, {Language: "auto"}, {Language: "--flag"}} {
		if err := fail(t, engine, r); !errors.Is(err, ErrRefused) {
			t.Errorf("%+v: got %v, want ErrRefused", r, err)
		}
	}
	if err := failed(t, engine, t.Context(), Request{Audio: "/nowhere"}); !errors.Is(err, ErrFailed) {
		t.Errorf("no sound: got %v, want ErrFailed", err)
	}
}
