package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
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
	known  *expirable.LRU[string, loginSession] // by cookie
	log    *slog.Logger
	cookie string // its name
}

func newLogins(storage fiber.Storage, secure bool, log *slog.Logger) *logins {
	name := "gensubtitle"
	if secure {
		name = "__Host-gensubtitle"
	}
	store := session.New(session.Config{
		Expiration:     loginIdle,
		Storage:        hashedKeys{storage},
		KeyLookup:      "cookie:" + name,
		CookiePath:     "/",
		CookieSecure:   secure,
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
		KeyGenerator:   rand.Text,
	})
	known := expirable.NewLRU[string, loginSession](loginCache, nil, loginTouch)
	return &logins{store: store, known: known, log: log, cookie: name}
}

// get returns the login session of a request; ok is false where there is none.
func (l *logins) get(c *fiber.Ctx) (s loginSession, ok bool, err error) {
	cookie := c.Cookies(l.cookie)
	if cookie == "" {
		return s, false, nil
	}
	if s, ok = l.known.Get(cookie); ok {
		return s, time.Since(s.started) < loginLife, nil
	}
	stored, err := l.store.Get(c)
	if errors.Is(err, errLoginStore) {
		return s, false, fmt.Errorf("read login session: %w", err)
	}
	if err != nil || stored.Fresh() {
		// A row that cannot be read is as good as none.
		return s, false, nil
	}
	var started, seen int64
	ok = value(stored, keyUser, &s.userID) && value(stored, keyVersion, &s.version) &&
		value(stored, keyID, &s.id) && value(stored, keyStarted, &started) && value(stored, keySeen, &seen)
	s.started = time.Unix(started, 0)
	if !ok || time.Since(s.started) >= loginLife {
		return s, false, nil
	}
	if time.Since(time.Unix(seen, 0)) >= loginTouch {
		l.touch(c, stored)
	}
	l.known.Add(cookie, s)
	return s, true, nil
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

// start makes a login session with this id and sets its cookie.
func (l *logins) start(c *fiber.Ctx, u db.User, id string) error {
	stored, err := l.store.Get(c)
	if err != nil && !errors.Is(err, errLoginStore) {
		// The cookie's row is broken. Without the cookie there is a new one.
		c.Request().Header.DelCookie(l.cookie)
		stored, err = l.store.Get(c)
	}
	if err != nil {
		return fmt.Errorf("start login session: %w", err)
	}
	if err := stored.Regenerate(); err != nil {
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

// end removes the login session of a request and its cookie.
func (l *logins) end(c *fiber.Ctx) error {
	stored, err := l.store.Get(c)
	if err != nil {
		return fmt.Errorf("end login session: %w", err)
	}
	if err := stored.Destroy(); err != nil {
		return fmt.Errorf("end login session: %w", err)
	}
	return nil
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
