package auth

import (
	"regexp"
	"strings"
	"testing"
)

func TestAPIToken(t *testing.T) {
	form := regexp.MustCompile(`^gensub_[a-z2-7]{40}$`)
	seen := map[string]bool{}
	for range 1000 {
		token := NewAPIToken()
		if !form.MatchString(token) || !IsAPIToken(token) {
			t.Errorf("token %q", token)
		}
		hash := HashAPIToken(token)
		if seen[token] || seen[hash] || strings.Contains(hash, token) {
			t.Errorf("token %q with the hash %q", token, hash)
		}
		seen[token], seen[hash] = true, true
	}
}

func TestIsAPIToken(t *testing.T) {
	token := NewAPIToken()
	for _, other := range []string{"", "gensub_", token[:46], token + "a", " " + token, "GENSUB_" + token[7:], "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"} {
		if IsAPIToken(other) {
			t.Errorf("%q is taken for a personal token", other)
		}
	}
}
