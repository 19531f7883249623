package e2e

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestFaultyHeads is attack 27: what a proxy in front could read in another way is
// 400, and the connection ends there. The second request in it gets no answer.
func TestFaultyHeads(t *testing.T) {
	t.Parallel()
	s := start(t)
	const next = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	const post = "POST /login HTTP/1.1\r\n"
	const body = "Content-Type: application/json\r\n"
	chunked := fmt.Sprintf("0\r\n\r\n%s", next)
	for name, request := range map[string]string{
		"length and chunked":             post + "Host: x\r\n" + body + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"chunked and length":             post + "Host: x\r\n" + body + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + chunked,
		"length and chunked, lower case": post + "host: x\r\n" + body + "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n" + chunked,
		"length 0 and chunked":           post + "Host: x\r\n" + body + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"length and chunked of a GET":    "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"length and chunked of nowhere":  "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"length and chunked, upload":     "POST /upload-video HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"two lengths":                    post + "Host: x\r\n" + body + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + next,
		"two lengths, the same":          post + "Host: x\r\n" + body + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + next,
		"a list of lengths":              post + "Host: x\r\n" + body + "Content-Length: 0, 0\r\n\r\n" + next,
		"a signed length":                post + "Host: x\r\n" + body + "Content-Length: +0\r\n\r\n" + next,
		"xchunked":                       post + "Host: x\r\n" + body + "Transfer-Encoding: xchunked\r\n\r\n" + chunked,
		"chunked twice":                  post + "Host: x\r\n" + body + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"gzip, chunked":                  post + "Host: x\r\n" + body + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunked,
		"identity":                       post + "Host: x\r\n" + body + "Transfer-Encoding: identity\r\n\r\n" + next,
		"identity and length":            post + "Host: x\r\n" + body + "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n" + next,
		"chunked in HTTP/1.0":            "POST /login HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
		"space before the colon":         post + "Host: x\r\n" + body + "Transfer-Encoding : chunked\r\n\r\n" + chunked,
		"a folded line":                  post + "Host: x\r\n" + body + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n" + next,
		"no host":                        "GET /healthz HTTP/1.1\r\n\r\n" + next,
		"no host, other headers":         "GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n" + next,
		"an empty host":                  "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n" + next,
		"two hosts":                      "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + next,
		"two hosts, the same":            "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n" + next,
		"a host with a space":            "GET /healthz HTTP/1.1\r\nHost: x y\r\n\r\n" + next,
		"a host with a path":             "GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n" + next,
		"a zero byte":                    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n" + next,
	} {
		t.Run(name, func(t *testing.T) {
			conn := s.dial()
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			if closer, ok := conn.(interface{ CloseWrite() error }); ok {
				_ = closer.CloseWrite() // The server may have hung up.
			}
			all, _ := io.ReadAll(conn) // Nor does it matter how it did.
			answers := string(all)
			if !strings.HasPrefix(answers, "HTTP/1.1 400 ") || strings.Count(answers, "HTTP/1.1 ") != 1 ||
				!strings.Contains(answers, "\r\nConnection: close\r\n") || !strings.Contains(answers, "urn:gensubtitle:malformed-request") {
				t.Errorf("got %q", answers)
			}
		})
	}
	for name, request := range map[string]string{
		"HTTP/1.0 without a host": "GET /healthz HTTP/1.0\r\n\r\n",
		"an IPv6 host":            "GET /healthz HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
		"chunked":                 "POST /language HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n7\r\nlang=en\r\n0\r\n\r\n",
	} {
		conn := s.dial()
		fmt.Fprint(conn, request)
		if res := readResponse(t, conn); res.StatusCode >= 400 {
			t.Errorf("%s: status %d: %s", name, res.StatusCode, res.text)
		}
	}
}

// TestStalledBody sends half of a small body, or none, and waits.
func TestStalledBody(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, request := range map[string]string{
		"half of it": "Content-Length: 40\r\n\r\n{\"username\"",
		"nothing":    "Content-Length: 40\r\n\r\n",
		"a chunk":    "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"use\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.dial()
			fmt.Fprint(conn, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+request)
			if res := readResponse(t, conn); res.StatusCode != 408 || !strings.Contains(res.text, "urn:gensubtitle:request-timeout") {
				t.Errorf("status %d: %s", res.StatusCode, res.text)
			}
		})
	}
}

// TestMethods is attack 39.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.register("a")
	id := c.accepted("a.wav", wav(100, 1)).Video.ID
	for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		override := c.with(header, "DELETE")
		override.post("/videos/"+id, nil).problem(405, "method-not-allowed")
		override.get("/videos/" + id).want(200)
		override.with("Accept", "text/html").post("/videos/"+id+"?_method=DELETE", form("", "")).want(405)
	}
	c.get("/videos/" + id).want(200)
	for _, path := range []string{"/", "/videos", "/videos/" + id, "/login", "/healthz"} {
		for _, method := range []string{"TRACE", "BREW", "PROPFIND"} {
			a := c.with("X-Secret", "planted").do(method, path, nil).want(405)
			if strings.Contains(string(a.body), "planted") {
				t.Errorf("%s %s shows what was sent", method, path)
			}
		}
	}
}
