package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode"
)

// TestAttack57 sends what would break a line of the log, or colour a terminal.
func TestAttack57(t *testing.T) {
	t.Parallel()
	const evil = "x\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\x1b[31m\u2028\u202e"
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := attacked(t, "--log-format=json")
			if format == "text" {
				s.restart("--log-format=text")
			}
			c := s.register("a")
			s.anyone().post("/login", credentials(evil, password))
			s.anyone().post("/register", credentials(evil, password)).problem(422, "invalid")
			s.anyone().get("/" + url.PathEscape(evil)).want(404)
			c.get("/videos/" + url.PathEscape(evil)).want(404)
			c.with("X-Request-Id", "forged").with("User-Agent", "\x1b[31m"+strings.Repeat("x", 500)).get("/user/session").want(200)
			c.upload(evil, []byte("no video")).problem(415, "not-a-video")
			video := c.accepted(evil, wav(100, 1)).Video.ID
			c.get("/videos/" + video + "/file").want(200)
			s.admin().post("/admin/sessions/user_a/reset", map[string]string{"reason": evil}).want(200)
			s.stop()
			for line := range strings.Lines(s.stderr.String()) {
				line = strings.TrimSuffix(line, "\n")
				if strings.ContainsFunc(line, unicode.IsControl) {
					t.Errorf("a line with a control character: %q", line)
				}
				if strings.Contains(line, `"level":"ERROR","msg":"forged"`) || strings.HasPrefix(line, "forged") {
					t.Errorf("a forged line: %q", line)
				}
				if format == "json" && !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %q", line)
				}
				if format == "text" && !strings.HasPrefix(line, "time=") {
					t.Errorf("no line of its own: %q", line)
				}
			}
		})
	}
}
