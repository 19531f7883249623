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
	s := start(t)
	const evil = "x\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\x1b[31m\u2028"
	c := s.register("a")
	s.anyone().post("/login", credentials(evil, password))
	s.anyone().post("/register", credentials(evil, password)).problem(422, "invalid")
	s.anyone().get("/" + url.PathEscape(evil)).want(404)
	c.get("/videos/" + url.PathEscape(evil)).want(404)
	c.with("User-Agent", "\u2028"+strings.Repeat("x", 500)).get("/user/session").want(200)
	path := c.created(evil, int64(len(wav(50, 1))))
	c.chunk(path, 0, wav(50, 1)).want(204)
	v, _ := c.outcome(path)
	c.get("/videos/" + v.ID + "/file").want(200)
	s.admin().post("/admin/sessions/user_a/reset", map[string]string{"reason": evil}).want(200)
	s.stop()
	for line := range strings.Lines(s.stderr.String()) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, unicode.IsControl) || !json.Valid([]byte(line)) {
			t.Errorf("a line that is broken: %q", line)
		}
		if strings.Contains(line, `"level":"ERROR","msg":"forged"`) {
			t.Errorf("a forged line: %q", line)
		}
	}
}
