// Package webhook tells another service what became of videos and subtitles.
//
// What is to be told is written to the database together with what happened,
// so that nothing is lost; it is delivered at least once, signed as Standard
// Webhooks 1.0.0 has it (https://www.standardwebhooks.com), and given up after
// a day and a half of trying.
//
// Threats it answers: a receiver that stalls, answers without end, or sends
// what was meant for it elsewhere.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gensubtitle/db"
	"gensubtitle/internal/background"
)

const (
	// timeout is for one delivery.
	timeout = 15 * time.Second
	// lease is how long a delivery is nobody else's; longer than one takes.
	lease = 2 * timeout
	// pollInterval is how often the database is asked whether there is news.
	pollInterval = time.Second
	// restInterval is how long it is left alone after it failed.
	restInterval = 10 * time.Second
	// answerBytes are read of an answer, so that its connection can serve again.
	answerBytes = 64 << 10
	// minSecret is the least length of a secret: from one delivery, a short one
	// can be found by trying.
	minSecret = 16
	prefix    = "whsec_"
)

// pauses are the times between one try and the next.
var pauses = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 12 * time.Hour, 18 * time.Hour,
}

// Sender delivers what is waiting in the database.
type Sender struct {
	db     *db.DB
	log    *slog.Logger
	url    string
	key    []byte
	client *http.Client
	now    func() time.Time
	// Ended is called after each try with "delivered", "postponed" or "dropped".
	Ended func(outcome string)
}

// CheckURL returns an error for what cannot be delivered to.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("not an address") // The parser's own words repeat it, password included.
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("not of the form https://host/path")
	}
	return nil
}

// Key turns a secret into the key that signs: what follows "whsec_" is base64,
// anything else is the key itself.
func Key(secret string) ([]byte, error) {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, prefix); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, fmt.Errorf("what follows %s is not base64", prefix)
		}
	}
	if len(key) < minSecret {
		return nil, fmt.Errorf("the key needs %d bytes or more", minSecret)
	}
	return key, nil
}

// New makes a sender; Run starts it.
func New(d *db.DB, address string, key []byte, log *slog.Logger) *Sender {
	return &Sender{
		db: d, log: log, url: address, key: key, now: time.Now, Ended: func(string) {},
		client: &http.Client{
			Timeout: timeout,
			// The signature is for this receiver alone.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Run delivers until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	for ctx.Err() == nil {
		pause := time.Duration(0)
		sent, err := s.next(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Error("webhook not looked after", "error", err)
			pause = restInterval
		case !sent:
			pause = pollInterval
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// next delivers one message; it is false where none is due.
func (s *Sender) next(ctx context.Context) (sent bool, err error) {
	defer background.Recover(s.log, "webhook", &err)
	hook, ok, err := s.db.NextWebhook(ctx, lease)
	if err != nil || !ok {
		return false, err
	}
	if hook.Attempts <= len(pauses) { // Else the process died at it, again and again.
		err = s.try(ctx, hook)
	} else {
		err = errCutOff
	}
	if ctx.Err() != nil {
		// Whether it arrived is not known: it is sent once more, as no further try.
		return false, s.db.WebhookReturned(context.WithoutCancel(ctx), hook.ID)
	}
	return true, s.settle(ctx, hook, err)
}

var errCutOff = errors.New("the program ended at each try")

// maxPanics is the try from which on a panic drops the message.
const maxPanics = 2

// try is deliver, with a panic as an error.
func (s *Sender) try(ctx context.Context, hook db.Webhook) (err error) {
	defer background.Recover(s.log, "webhook", &err)
	return s.deliver(ctx, hook)
}

// errGone is a receiver that wants to hear no more of this.
var errGone = errors.New("the receiver wants no more")

// deliver posts a message. Only a status of 2xx says that it arrived.
func (s *Sender) deliver(ctx context.Context, hook db.Webhook) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(hook.Body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	sent := strconv.FormatInt(s.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "gensubtitle")
	req.Header.Set("Webhook-Id", hook.ID)
	req.Header.Set("Webhook-Timestamp", sent)
	req.Header.Set("Webhook-Signature", s.sign(hook.ID, sent, hook.Body))
	res, err := s.client.Do(req)
	if err != nil {
		return withoutAddress(err)
	}
	defer res.Body.Close()
	// Only for the connection's sake: what it says changes nothing.
	_, _ = io.CopyN(io.Discard, res.Body, answerBytes)
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusGone:
		return errGone
	}
	return fmt.Errorf("status %d", res.StatusCode)
}

// withoutAddress leaves out the address, which may hold a password.
func withoutAddress(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func (s *Sender) sign(id, sent, body string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + sent + "." + body)) // It never fails.
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// settle notes what became of a try.
func (s *Sender) settle(ctx context.Context, hook db.Webhook, failed error) error {
	log := s.log.With("webhook", hook.ID, "event", hook.Event)
	switch {
	case failed == nil:
		s.Ended("delivered")
		return s.db.WebhookDelivered(ctx, hook.ID)
	case errors.Is(failed, errGone), hook.Attempts >= len(pauses), errors.Is(failed, background.ErrPanic) && hook.Attempts+1 >= maxPanics:
		log.Error("webhook given up", "error", failed)
		s.Ended("dropped")
		return s.db.WebhookDropped(ctx, hook.ID)
	}
	at := s.now().Add(pauses[hook.Attempts])
	log.Warn("webhook not delivered yet", "again_at", at, "error", failed)
	s.Ended("postponed")
	return s.db.WebhookPostponed(ctx, hook.ID, at)
}
