package handlers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"gensubtitle/db"
	"gensubtitle/views"
)

const maxUserAgent = 300 // characters

type signInBody struct {
	ID         string        `json:"id"`
	Kind       db.SignInKind `json:"kind"`
	UserAgent  string        `json:"user_agent"`
	Address    string        `json:"address"`
	CreatedAt  time.Time     `json:"created_at"`
	LastSeenAt time.Time     `json:"last_seen_at"`
	ExpiresAt  time.Time     `json:"expires_at"`
	Current    bool          `json:"current"`
}

// answerToken signs a script in.
func (s *Server) answerToken(c *fiber.Ctx, u db.User, status int) error {
	token, claims, err := s.Signer.Issue(u.ID, u.CredentialsVersion)
	if err != nil {
		return fmt.Errorf("issue token: %w", err)
	}
	if err := s.recordSignIn(c, u, db.TokenSignIn, claims.ID, claims.ExpiresAt); err != nil {
		return err
	}
	return c.Status(status).JSON(tokenBody{
		Username: u.Name, SessionID: u.SessionID, AccessToken: token,
		TokenType: "bearer", ExpiresIn: int64(s.Signer.Lifetime().Seconds()),
	})
}

// startLogin signs a browser in and returns the login session's id.
func (s *Server) startLogin(c *fiber.Ctx, u db.User) (string, error) {
	id, expires := uuid.NewString(), time.Now().Add(loginLife)
	// The record comes first: nobody is to be signed in without being listed.
	if err := s.recordSignIn(c, u, db.BrowserSignIn, id, expires); err != nil {
		return "", err
	}
	if err := s.logins.start(c, u, id); err != nil {
		return "", errors.Join(err, s.DB.Revoke(c.UserContext(), id, expires))
	}
	return id, nil
}

func (s *Server) recordSignIn(c *fiber.Ctx, u db.User, kind db.SignInKind, id string, expires time.Time) error {
	return s.DB.RecordSignIn(c.UserContext(), db.SignIn{
		ID: id, UserID: u.ID, CredentialsVersion: u.CredentialsVersion, Kind: kind,
		UserAgent: shortAgent(c.Get(fiber.HeaderUserAgent)), Address: s.address(c).String(), ExpiresAt: expires,
	})
}

func shortAgent(agent string) string {
	runes := []rune(strings.ToValidUTF8(agent, ""))
	runes = slices.DeleteFunc(runes, unicode.IsControl)
	return string(runes[:min(len(runes), maxUserAgent)])
}

// signIns are the caller's, the current one first.
func (s *Server) signIns(c *fiber.Ctx) ([]signInBody, error) {
	v := signedIn(c)
	list, err := s.DB.SignIns(c.UserContext(), v.ID, time.Now().Add(-loginIdle))
	if err != nil {
		return nil, err
	}
	seen := s.seen.all()
	bodies := mapped(list, func(in db.SignIn) signInBody {
		return signInBody{
			ID: in.ID, Kind: in.Kind, UserAgent: in.UserAgent, Address: in.Address, CreatedAt: in.CreatedAt,
			LastSeenAt: latest(in.LastSeenAt, seen[in.ID]), ExpiresAt: in.ExpiresAt, Current: in.ID == v.tokenID,
		}
	})
	slices.SortStableFunc(bodies, func(a, b signInBody) int {
		switch {
		case a.Current:
			return -1
		case b.Current:
			return 1
		}
		return b.LastSeenAt.Compare(a.LastSeenAt)
	})
	return bodies, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b.UTC().Truncate(time.Millisecond)
	}
	return a
}

// namedSignIn finds the caller's sign-in that the path names.
func (s *Server) namedSignIn(c *fiber.Ctx) (signInBody, error) {
	list, err := s.signIns(c)
	if err != nil {
		return signInBody{}, err
	}
	at := slices.IndexFunc(list, func(in signInBody) bool { return in.ID == c.Params("id") })
	if at < 0 {
		return signInBody{}, errNoRoute
	}
	return list[at], nil
}

func (s *Server) listSignIns(c *fiber.Ctx) error {
	if wantsHTML(c) {
		return c.Redirect(accountPath, fiber.StatusSeeOther)
	}
	list, err := s.signIns(c)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"sign_ins": list})
}

// endSignIn signs the caller out somewhere, perhaps here.
func (s *Server) endSignIn(c *fiber.Ctx) error {
	if err := s.DB.EndSignIn(c.UserContext(), signedIn(c).ID, c.Params("id")); err != nil {
		return err
	}
	return answerRemoved(c)
}

// endOtherSignIns signs the caller out everywhere but here. That takes a new
// sign-in: all that there are end at once, with those that nobody knows of.
func (s *Server) endOtherSignIns(c *fiber.Ctx) error {
	v := signedIn(c)
	version, err := s.DB.EndOtherSignIns(c.UserContext(), v.ID, v.CredentialsVersion)
	if err != nil {
		return err
	}
	return s.stay(c, version, func() error {
		if wantsPart(c) {
			view, err := s.accountView(c)
			if err != nil {
				return err
			}
			view.OthersEnded = true
			return render(c, fiber.StatusOK, views.SignInsCard(page(c), view))
		}
		return c.Redirect(accountPath, fiber.StatusSeeOther)
	})
}

// stay signs the caller in again after every sign-in was ended: a script gets
// another token, a browser another cookie and the page.
func (s *Server) stay(c *fiber.Ctx, version int64, answerPage func() error) error {
	v := signedIn(c)
	v.CredentialsVersion = version
	if !v.browser {
		return s.answerToken(c, v.User, fiber.StatusOK)
	}
	id, err := s.startLogin(c, v.User)
	if err != nil {
		return err
	}
	v.tokenID = id
	if !wantsHTML(c) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	return answerPage()
}

func (s *Server) confirmEndSignIn(c *fiber.Ctx) error {
	in, err := s.namedSignIn(c)
	if err != nil {
		return err
	}
	return render(c, fiber.StatusOK, views.ConfirmPage(page(c), views.EndSignInConfirm(language(c), signInView(in))))
}

func (s *Server) confirmEndOthers(c *fiber.Ctx) error {
	return render(c, fiber.StatusOK, views.ConfirmPage(page(c), views.EndOthersConfirm(language(c))))
}
