package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	maxComplaint     = 64 << 10 // bytes of an error's body that are read
	complaintShown   = 300      // bytes of it in our error
	complaintTimeout = 2 * time.Second
	// maxLater bounds how long an engine can have us wait: what was meant for an
	// hour may have become a year by a mistake in a unit.
	maxLater = time.Hour
)

// audioURL is where an engine has its transcriptions and translations: what
// the API's documents call https://api.openai.com/v1/audio.
func audioURL(setting string) (string, error) {
	u, err := url.Parse(setting)
	switch {
	case err != nil: // which repeats the setting, perhaps with a password
		return "", errors.New("the engine's URL cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("the engine's URL must begin with http:// or https://")
	case u.User != nil:
		return "", errors.New("the engine's URL must have no user and password; there is a setting for the key")
	case u.Hostname() == "":
		return "", errors.New("the engine's URL has no host")
	case u.RawQuery != "" || u.ForceQuery:
		return "", errors.New("the engine's URL must have nothing behind a question mark")
	case u.Fragment != "" || strings.Contains(setting, "#"):
		return "", errors.New("the engine's URL must have nothing behind a #")
	}
	base := strings.TrimRight(u.String(), "/")
	if audio, ok := strings.CutSuffix(base, "/audio/transcriptions"); ok {
		return audio + "/audio", nil // some have no /v1 before it
	}
	return strings.TrimSuffix(base, "/v1") + "/v1/audio", nil
}

// notInKey tells what would look different once it was quoted, and so slip
// through where we take the key out of what the engine says.
func notInKey(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }

// fault is an error of this kind. Engines and proxies may repeat what they were
// sent, so the key is taken out; that is why other errors end up as text here.
func (e *HTTP) fault(kind error, what string) error {
	if e.key != "" {
		what = strings.ReplaceAll(what, e.key, "***")
	}
	return fmt.Errorf("%w: %s", kind, what)
}

// broken tells what a request is that got no answer, or not all of one. Before
// it was sent, nobody was there to take it: other requests would end that way.
// Afterwards, this very sound may be what ended the engine.
func (e *HTTP) broken(ctx context.Context, sent bool, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("ask the engine: %w", ctx.Err())
	case !sent:
		return e.fault(ErrDown, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return e.fault(ErrFailed, fmt.Sprintf("no answer within %v", e.timeout))
	}
	return e.fault(ErrFailed, err.Error())
}

// unread tells what an answer is that could not be read.
func (e *HTTP) unread(err error) error {
	var senseless *senselessError
	switch {
	case errors.Is(err, errNoTimes) && !e.timed.Load():
		return fmt.Errorf("%w: %w: %w", e.fault(ErrDown, err.Error()), &SetupError{SetupTimes}, &LaterError{After: maxLater})
	case errors.As(err, &senseless):
		return e.fault(ErrUnusable, e.short(err.Error()))
	}
	return e.fault(ErrFailed, e.short(err.Error()))
}

// refusal tells what an answer is that is not a good one. It gives up on the
// rest of a slow one by stop.
func (e *HTTP) refusal(response *http.Response, translate bool, a asked, stop context.CancelFunc) error {
	status := response.StatusCode
	said := ""
	if status >= 400 {
		timer := time.AfterFunc(complaintTimeout, stop)
		defer timer.Stop()
		if data, err := io.ReadAll(io.LimitReader(response.Body, maxComplaint)); err == nil {
			said = complaintOf(data)
		}
	}
	setup, kind := statusKind(status, translate, said)
	what := fmt.Sprintf("status %d", status)
	// Those who refuse a key like to say which one, or half of it.
	if said != "" && status != http.StatusUnauthorized && status != http.StatusForbidden {
		what += ": " + e.short(said)
	}
	err := e.fault(kind, what)
	if instead, ok := a.without(status, said); ok {
		return fmt.Errorf("%w: %w", err, &pickyError{instead})
	}
	if setup != "" {
		err = fmt.Errorf("%w: %w", err, &SetupError{setup})
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if after := retryAfter(response.Header.Get("Retry-After"), time.Now()); after > 0 {
			return fmt.Errorf("%w: %w", err, &LaterError{After: after})
		}
	}
	return err
}

// short is what an engine says, quoted and cut off, without the key.
func (e *HTTP) short(said string) string {
	if e.key != "" { // before half of it is cut off
		said = strings.ReplaceAll(said, e.key, "***")
	}
	return strconv.Quote(strings.ToValidUTF8(said[:min(len(said), complaintShown)], ""))
}

// What engines say of a model that they have not, or cannot use for this.
var (
	noModel = regexp.MustCompile(`(?i)\bmodels?\b.{0,200}\b(not found|(does not|doesn't) exist|not (available|supported)|unknown|(does not|doesn't) support)|` +
		`\b(unknown|invalid|unsupported|missing|no such|not a valid|load|find) (the )?model\b`)
	aboutSound = regexp.MustCompile(`(?i)\b(audio|duration|length|language|format)\b`)
)

// statusKind tells whose fault a status means, and what to change where an
// operator can.
func statusKind(status int, translate bool, said string) (setup Setup, kind error) {
	model := noModel.MatchString(said) && !aboutSound.MatchString(said)
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest, http.StatusUnprocessableEntity:
		switch {
		case translate && (status != http.StatusBadRequest && status != http.StatusUnprocessableEntity && !model || strings.Contains(strings.ToLower(said), "translat")):
			return SetupTranslation, ErrDown
		case model:
			return SetupModel, ErrDown
		}
	case http.StatusInternalServerError:
		if model {
			return SetupModel, ErrDown
		}
	}
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return "", ErrRefused
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return SetupKey, ErrDown
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return SetupAddress, ErrDown
	case http.StatusPaymentRequired, http.StatusTooManyRequests,
		// A proxy says the first of an engine behind it that is not there. A 504
		// may be about this sound, which takes the engine too long.
		http.StatusBadGateway, http.StatusServiceUnavailable:
		return "", ErrDown
	}
	if status >= 300 && status <= 399 {
		return SetupAddress, ErrDown // it is set up under another address; we go where we were told
	}
	return "", ErrFailed
}

// retryAfter reads a Retry-After header: seconds or a date (RFC 9110, 10.2.3).
// It is 0 when there is none to keep to, and at most maxLater.
func retryAfter(header string, now time.Time) time.Duration {
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseUint(header, 10, 32)
		if err != nil {
			return maxLater // more than fits
		}
		return min(time.Duration(seconds)*time.Second, maxLater)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), maxLater))
}
