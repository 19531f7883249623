package handlers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/auth"
)

// visitor is who a request comes from.
type visitor struct {
	db.Account
	tokenID  string    // of the JWT, login session or personal token that was shown
	expires  time.Time // the latest moment at which that ends
	browser  bool      // it was a login session's cookie
	personal bool      // it was a personal token
	scope    db.Scope  // of that
}

// may tells whether somebody who signed in, or a personal token, has a scope.
func (v *visitor) may(scope db.Scope) bool { return !v.personal || v.scope.Includes(scope) }

func (v *visitor) admin() bool { return v.Role == db.RoleAdmin && v.may(db.ScopeAdmin) }

// signedIn is the visitor of a route behind signIn or signInOr.
func signedIn(c *fiber.Ctx) *visitor {
	return c.Locals(visitorKey).(*visitor)
}

// visitor returns nil for somebody who shows nothing, or an ended login
// session; a token that is not valid is an error, since a script sent it.
func (s *Server) visitor(c *fiber.Ctx) (*visitor, error) {
	if header := c.Get(fiber.HeaderAuthorization); header != "" {
		return s.bearer(c, header)
	}
	for _, cookie := range s.logins.sent(c) {
		l, stored, ok, err := s.logins.get(c, cookie)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		v, err := s.account(c, l.userID, l.version, l.id, l.started.Add(loginLife))
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.logins.use(c, cookie, l, stored)
		v.browser = true
		return v, nil
	}
	return nil, nil
}

// revokeLogins ends every login session whose cookie was sent.
func (s *Server) revokeLogins(c *fiber.Ctx) error {
	for _, cookie := range s.logins.sent(c) {
		l, _, ok, err := s.logins.get(c, cookie)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := s.DB.Revoke(c.UserContext(), l.id, l.started.Add(loginLife)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) bearer(c *fiber.Ctx, header string) (*visitor, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, errUnauthenticated
	}
	token = strings.TrimSpace(token)
	if auth.IsAPIToken(token) {
		return s.personal(c, token)
	}
	claims, err := s.Signer.Parse(token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnauthenticated, err)
	}
	v, err := s.account(c, claims.UserID, claims.Version, claims.ID, claims.ExpiresAt)
	if errors.Is(err, db.ErrNotFound) {
		return nil, errUnauthenticated
	}
	return v, err
}

func (s *Server) personal(c *fiber.Ctx, token string) (*visitor, error) {
	t, err := s.DB.APIToken(c.UserContext(), auth.HashAPIToken(token))
	if errors.Is(err, db.ErrNotFound) {
		return nil, errUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	v, err := s.account(c, t.UserID, t.CredentialsVersion, t.ID, t.ExpiresAt)
	if errors.Is(err, db.ErrNotFound) {
		return nil, errUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	v.personal, v.scope = true, t.Scope
	return v, nil
}

func (s *Server) account(c *fiber.Ctx, userID, version int64, tokenID string, expires time.Time) (*visitor, error) {
	a, err := s.DB.SignedIn(c.UserContext(), userID, version, tokenID)
	if err != nil {
		return nil, err
	}
	s.seen.note(tokenID)
	return &visitor{Account: a, tokenID: tokenID, expires: expires}, nil
}
