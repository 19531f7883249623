package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/google/uuid"

	"gensubtitle/db"
)

const (
	loginIdle  = 24 * time.Hour
	loginLife  = 14 * 24 * time.Hour
	loginTouch = time.Minute // how exactly "unused" is known
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
	started, seen   time.Time
	stored          *session.Session
}

// logins keeps login sessions through fiber's session middleware.
type logins struct {
	store *session.Store
}

func newLogins(storage fiber.Storage, secure bool) *logins {
	name := "gensubtitle"
	if secure {
		name = "__Host-gensubtitle"
	}
	return &logins{store: session.New(session.Config{
		Expiration:     loginIdle,
		Storage:        hashedKeys{storage},
		KeyLookup:      "cookie:" + name,
		CookiePath:     "/",
		CookieSecure:   secure,
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
		KeyGenerator:   rand.Text,
	})}
}

// get returns the login session of a request, or nil where there is none.
func (l *logins) get(c *fiber.Ctx) (*loginSession, error) {
	if c.Cookies(l.cookieName()) == "" {
		return nil, nil
	}
	stored, err := l.store.Get(c)
	if errors.Is(err, errLoginStore) {
		return nil, fmt.Errorf("read login session: %w", err)
	}
	if err != nil || stored.Fresh() {
		// A row that cannot be read is as good as none.
		return nil, nil
	}
	s := loginSession{stored: stored}
	var started, seen int64
	ok := value(stored, keyUser, &s.userID) && value(stored, keyVersion, &s.version) &&
		value(stored, keyID, &s.id) && value(stored, keyStarted, &started) && value(stored, keySeen, &seen)
	s.started, s.seen = time.Unix(started, 0), time.Unix(seen, 0)
	if !ok || time.Since(s.started) > loginLife {
		return nil, nil
	}
	return &s, nil
}

func value[T any](s *session.Session, key string, to *T) bool {
	v, ok := s.Get(key).(T)
	*to = v
	return ok
}

// touch keeps a login session from ending for lack of use.
func (l *logins) touch(c *fiber.Ctx, s *loginSession) error {
	if time.Since(s.seen) < loginTouch {
		return nil
	}
	s.stored.Set(keySeen, time.Now().Unix())
	return s.stored.Save()
}

// start makes a login session with a new id and sets its cookie.
func (l *logins) start(c *fiber.Ctx, u db.User) error {
	stored, err := l.store.Get(c)
	if err != nil && !errors.Is(err, errLoginStore) {
		// The cookie's row is broken. Without the cookie there is a new one.
		c.Request().Header.DelCookie(l.cookieName())
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
	stored.Set(keyID, uuid.NewString())
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

func (l *logins) cookieName() string {
	_, name, _ := strings.Cut(l.store.KeyLookup, ":")
	return name
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
