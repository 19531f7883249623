package e2e

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestTokenLifetime makes a token older: it signs one with the same claims,
// whose times are moved back. A token ends after twelve hours.
func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef0123456789abcdef"
	s := attacked(t, "--jwt-secret="+secret)
	token := strings.TrimPrefix(s.register("a").header.Get("Authorization"), "Bearer ")
	claims := segment(t, strings.Split(token, ".")[1])
	for age, status := range map[time.Duration]int{
		0:                          200,
		12*time.Hour - time.Minute: 200,
		12 * time.Hour:             401,
		13 * time.Hour:             401,
	} {
		older := jwt.MapClaims(maps.Clone(claims))
		for _, name := range []string{"iat", "exp"} {
			older[name] = claims[name].(float64) - age.Seconds()
		}
		text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, older).SignedString([]byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		if a := s.anyone().with("Authorization", "Bearer "+text).get("/user/session"); a.status != status {
			t.Errorf("%v old: status %d, want %d", age, a.status, status)
		}
	}
}
