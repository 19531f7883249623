package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

const (
	// apiTokenPrefix lets people and secret scanners tell what a text is that was
	// found somewhere. The whole of a token is gensub_[a-z2-7]{40}.
	apiTokenPrefix = "gensub_"
	// apiTokenBytes is how many random bytes are in a token: 200 bits.
	apiTokenBytes = 25
)

var apiTokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewAPIToken makes up a personal token.
func NewAPIToken() string {
	var secret [apiTokenBytes]byte
	_, _ = rand.Read(secret[:]) // It never fails.
	return apiTokenPrefix + apiTokenEncoding.EncodeToString(secret[:])
}

// IsAPIToken tells a personal token from a JSON Web Token. Whether there is such
// a token is another question.
func IsAPIToken(token string) bool {
	secret, ok := strings.CutPrefix(token, apiTokenPrefix)
	return ok && len(secret) == apiTokenEncoding.EncodedLen(apiTokenBytes)
}

// HashAPIToken returns what to store of a personal token and to find it by. It is
// fast, other than the hash of a password: so many random bits cannot be guessed.
func HashAPIToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
