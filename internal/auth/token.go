package auth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	// tokenParty is both who issues the tokens and who they are for.
	tokenParty = "gensubtitle"
	// maxTokenBytes bounds the work on a token before its signature is known. Ours
	// are about a third of it.
	maxTokenBytes = 1024
	// clockLeeway is how far a token may have been issued in the future: a clock is
	// set back by seconds, and those of two machines differ.
	clockLeeway = time.Minute
)

// ErrToken says that a token is not one of ours or is not valid now. What it
// wraps is for the log.
var ErrToken = errors.New("token is not valid")

// Claims is what a valid token says.
type Claims struct {
	ID        string    // The token itself, a UUID: what a logout revokes.
	UserID    int64     // Whose it is, above 0.
	Version   int64     // The version of the user's credentials it was issued for.
	ExpiresAt time.Time // UTC, whole seconds.
}

// Signer issues and checks JSON Web Tokens (RFC 7519) signed with HMAC-SHA256.
type Signer struct {
	// Now tells the time. NewSigner sets it to time.Now; a test may put another
	// clock here before the first use.
	Now func() time.Time

	key      []byte
	lifetime time.Duration
	parser   *jwt.Parser
}

// tokenClaims is the JSON form of Claims. Version is a pointer, so that a token
// without it is told from one with version 0.
type tokenClaims struct {
	jwt.RegisteredClaims
	Version *int64 `json:"ver"`
}

// NewSigner returns a Signer whose tokens are valid for lifetime. The key should
// have passed CheckKey.
func NewSigner(key []byte, lifetime time.Duration) *Signer {
	s := &Signer{Now: time.Now, key: key, lifetime: lifetime}
	s.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(tokenParty),
		jwt.WithAudience(tokenParty),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithStrictDecoding(),
		jwt.WithLeeway(clockLeeway),
		jwt.WithTimeFunc(func() time.Time { return s.Now() }),
	)
	return s
}

// Lifetime is how long a token is valid after its issue.
func (s *Signer) Lifetime() time.Duration {
	return s.lifetime
}

// Issue makes a new token for the user, bound to the given version of the user's
// credentials. The claims are those that Parse would find in it.
func (s *Signer) Issue(userID, version int64) (token string, c Claims, err error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", Claims{}, fmt.Errorf("make token id: %w", err)
	}
	// A token keeps whole seconds only; the library cuts the rest off.
	now := s.Now().UTC()
	c = Claims{ID: id.String(), UserID: userID, Version: version, ExpiresAt: now.Add(s.lifetime).Truncate(time.Second)}
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, tokenClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    tokenParty,
			Subject:   strconv.FormatInt(userID, 10),
			Audience:  jwt.ClaimStrings{tokenParty},
			ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        c.ID,
		},
		Version: &version,
	}).SignedString(s.key)
	if err != nil {
		return "", Claims{}, fmt.Errorf("sign token: %w", err)
	}
	return token, c, nil
}

// Parse returns the claims of a token that this program has signed and that is
// valid now, and ErrToken for any other text. Whether the token was revoked, and
// whether its version is still the user's, is for the caller to look up.
func (s *Signer) Parse(token string) (Claims, error) {
	if len(token) > maxTokenBytes {
		return Claims{}, fmt.Errorf("%w: %d bytes long", ErrToken, len(token))
	}
	// Go's base64 decoders skip line breaks, so the parser would take them.
	if strings.ContainsAny(token, "\r\n") {
		return Claims{}, fmt.Errorf("%w: line break in it", ErrToken)
	}
	var parsed tokenClaims
	if _, err := s.parser.ParseWithClaims(token, &parsed, func(*jwt.Token) (any, error) { return s.key, nil }); err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	c, err := parsed.claims()
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	// The parser's leeway is for the expiry too, which is not to be late.
	if !s.Now().Before(c.ExpiresAt) {
		return Claims{}, fmt.Errorf("%w: %w", ErrToken, jwt.ErrTokenExpired)
	}
	return c, nil
}

// claims checks what the parser leaves to us: the claims that RFC 7519 makes
// optional, and the form of our own.
func (t tokenClaims) claims() (Claims, error) {
	if t.IssuedAt == nil {
		return Claims{}, errors.New("no iat claim")
	}
	if t.Version == nil {
		return Claims{}, errors.New("no ver claim")
	}
	// Both are compared with their plain form, since the parsing functions also
	// take others ("+7", "{uuid}"), and a revocation is found by the exact id.
	if id, err := uuid.Parse(t.ID); err != nil || id.String() != t.ID {
		return Claims{}, errors.New("jti claim is not a UUID")
	}
	userID, err := strconv.ParseInt(t.Subject, 10, 64)
	if err != nil || userID < 1 || strconv.FormatInt(userID, 10) != t.Subject {
		return Claims{}, errors.New("sub claim is not a user id")
	}
	return Claims{ID: t.ID, UserID: userID, Version: *t.Version, ExpiresAt: t.ExpiresAt.UTC()}, nil
}
