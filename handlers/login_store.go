package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/hashicorp/golang-lru/v2/expirable"

	"gensubtitle/db"
)

const (
	loginIdle  = 24 * time.Hour
	loginLife  = 14 * 24 * time.Hour
	loginTouch = 30 * time.Second // "unused" is known to twice this
	loginCache = 10_000           // login sessions held in memory
	// maxLoginCookies is how many of one request are tried.
	maxLoginCookies = 8
)

// The keys of a stored login session.
const (
	keyUser    = "user"
	keyVersion = "version"
	keyID      = "id"
	keyStarted = "started"
	keySeen    = "seen"
)

// errLoginStore marks a failure of the store, as against a broken row.
var errLoginStore = errors.New("login store failed")

// loginSession is what a browser's cookie stands for. Its id is not the
// cookie's value: it is revoked at logout in the main database, so that a
// request which saves the row again cannot bring a dead one back to life.
type loginSession struct {
	userID, version int64
	id              string
	started         time.Time
}

// logins keeps login sessions through fiber's session middleware. What was
// read is remembered for as long as "unused" is not known better anyway: it
// never changes, and whether it was revoked is asked of the main database.
type logins struct {
	store  *session.Store
	rows   fiber.Storage                        // what the store keeps, by cookie
	known  *expirable.LRU[string, loginSession] // by cookie
	log    *slog.Logger
	cookie string // its name
}

func newLogins(storage fiber.Storage, secure bool, log *slog.Logger) *logins {
	name := "gensubtitle"
	if secure {
		name = "__Host-gensubtitle"
	}
	rows := hashedKeys{storage}
	store := session.New(session.Config{
		Expiration:     loginIdle,
		Storage:        rows,
		KeyLookup:      "cookie:" + name,
		CookiePath:     "/",
		CookieSecure:   secure,
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
		KeyGenerator:   rand.Text,
	})
	known := expirable.NewLRU[string, loginSession](loginCache, nil, loginTouch)
	return &logins{store: store, rows: rows, known: known, log: log, cookie: name}
}

// sent lists the login cookies of a request. A browser sends two of one name where
// another site of the same domain, or a page below a path, has set one: any of
// them may be ours.
func (l *logins) sent(c *fiber.Ctx) []string {
	if list, ok := c.Locals(cookiesKey).([]string); ok {
		return list
	}
	list := []string{}
	for name, value := range c.Request().Header.Cookies() {
		if string(name) == l.cookie && len(value) > 0 && len(list) < maxLoginCookies && !slices.Contains(list, string(value)) {
			list = append(list, string(value))
		}
	}
	c.Locals(cookiesKey, list)
	return list
}

// get returns the login session of a cookie; ok is false where there is none.
// stored is its row, unless that was not read.
func (l *logins) get(c *fiber.Ctx, cookie string) (s loginSession, stored *session.Session, ok bool, err error) {
	if s, ok = l.known.Get(cookie); ok {
		return s, nil, time.Since(s.started) < loginLife, nil
	}
	row, err := l.rows.Get(cookie)
	if err != nil {
		return s, nil, false, fmt.Errorf("read login session: %w", err)
	}
	if row == nil {
		// store.Get would create a session and return it for the next cookie.
		return s, nil, false, nil
	}
	c.Request().Header.DelCookie(l.cookie)
	c.Request().Header.SetCookie(l.cookie, cookie)
	stored, err = l.store.Get(c)
	if errors.Is(err, errLoginStore) {
		return s, nil, false, fmt.Errorf("read login session: %w", err)
	}
	if err != nil || stored.Fresh() {
		// A row that cannot be read is as good as none.
		return s, nil, false, nil
	}
	var started int64
	ok = value(stored, keyUser, &s.userID) && value(stored, keyVersion, &s.version) &&
		value(stored, keyID, &s.id) && value(stored, keyStarted, &started)
	s.started = time.Unix(started, 0)
	if !ok || time.Since(s.started) >= loginLife {
		return s, nil, false, nil
	}
	return s, stored, true, nil
}

// use remembers the login session of a cookie that somebody was let in with, and
// keeps it from ending for lack of use.
func (l *logins) use(c *fiber.Ctx, cookie string, s loginSession, stored *session.Session) {
	if stored == nil {
		return
	}
	var seen int64
	if value(stored, keySeen, &seen); time.Since(time.Unix(seen, 0)) >= loginTouch {
		l.touch(c, stored)
	}
	l.known.Add(cookie, s)
}

func value[T any](s *session.Session, key string, to *T) bool {
	v, ok := s.Get(key).(T)
	*to = v
	return ok
}

// touch keeps a login session from ending for lack of use. One that was
// revoked meanwhile stays dead, although its row is written again.
func (l *logins) touch(c *fiber.Ctx, stored *session.Session) {
	start := time.Now()
	stored.Set(keySeen, start.Unix())
	err := stored.Save()
	db.Waited(c.UserContext(), time.Since(start))
	if err != nil {
		// It is good for this request all the same; a later one tries again.
		attrs := append(requestAttrs(c), slog.String("error", err.Error()))
		l.log.LogAttrs(c.UserContext(), slog.LevelWarn, "login session not prolonged", attrs...)
	}
}

// start makes a login session with this id and sets its cookie. Those that were
// sent are over.
func (l *logins) start(c *fiber.Ctx, u db.User, id string) error {
	if err := l.forget(c); err != nil {
		return fmt.Errorf("start login session: %w", err)
	}
	// Without the cookie there is a new one.
	c.Request().Header.DelCookie(l.cookie)
	stored, err := l.store.Get(c)
	if err != nil {
		return fmt.Errorf("start login session: %w", err)
	}
	now := time.Now().Unix()
	stored.Set(keyUser, u.ID)
	stored.Set(keyVersion, u.CredentialsVersion)
	stored.Set(keyID, id)
	stored.Set(keyStarted, now)
	stored.Set(keySeen, now)
	if err := stored.Save(); err != nil {
		return fmt.Errorf("save login session: %w", err)
	}
	return nil
}

// end removes the login sessions of a request and their cookie.
func (l *logins) end(c *fiber.Ctx) error {
	l.clear(c)
	if err := l.forget(c); err != nil {
		return fmt.Errorf("end login session: %w", err)
	}
	return nil
}

// forget removes the login sessions of a request.
func (l *logins) forget(c *fiber.Ctx) error {
	for _, cookie := range l.sent(c) {
		l.known.Remove(cookie)
		if err := l.rows.Delete(cookie); err != nil {
			return err
		}
	}
	return nil
}

// clear has a browser drop the cookie that it sent.
func (l *logins) clear(c *fiber.Ctx) {
	if len(l.sent(c)) == 0 {
		return
	}
	c.Cookie(&fiber.Cookie{
		Name: l.cookie, Path: l.store.CookiePath, MaxAge: -1, Expires: time.Unix(0, 0),
		Secure: l.store.CookieSecure, HTTPOnly: true, SameSite: l.store.CookieSameSite,
	})
}

// hashedKeys stores login sessions under a hash of the cookie's value, so that
// a copy of the database signs nobody in.
type hashedKeys struct{ fiber.Storage }

func (h hashedKeys) Get(key string) ([]byte, error) {
	value, err := h.Storage.Get(hashKey(key))
	return value, storeError(err)
}

func (h hashedKeys) Set(key string, value []byte, expiry time.Duration) error {
	return storeError(h.Storage.Set(hashKey(key), value, expiry))
}

func (h hashedKeys) Delete(key string) error {
	return storeError(h.Storage.Delete(hashKey(key)))
}

func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func storeError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errLoginStore, err)
}
