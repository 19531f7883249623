package subtitles

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
func (e *HTTPEngine) fault(kind error, what string) error {
	if e.key != "" {
		what = strings.ReplaceAll(what, e.key, "***")
	}
	return fmt.Errorf("%w: %s", kind, what)
}

// broken tells what a request is that got no answer, or not all of one. Before
// it was sent, nobody was there to take it: other requests would end that way.
// Afterwards, this very sound may be what ended the engine.
func (e *HTTPEngine) broken(ctx context.Context, sent bool, err error) error {
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

// refusal tells what an answer is that is not a good one. It gives up on the
// rest of a slow one by stop.
func (e *HTTPEngine) refusal(response *http.Response, translate bool, stop context.CancelFunc) error {
	status := response.StatusCode
	kind := statusKind(status, translate)
	what := fmt.Sprintf("status %d", status)
	// Those who refuse a key like to say which one, or half of it.
	if status >= 400 && status != http.StatusUnauthorized && status != http.StatusForbidden {
		timer := time.AfterFunc(complaintTimeout, stop)
		defer timer.Stop()
		if complaint := e.complaint(response.Body); complaint != "" {
			what += ": " + complaint
		}
	}
	err := e.fault(kind, what)
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if after := retryAfter(response.Header.Get("Retry-After"), time.Now()); after > 0 {
			return fmt.Errorf("%w: %w", err, &LaterError{After: after})
		}
	}
	return err
}

// statusKind tells whose fault a status means.
func statusKind(status int, translate bool) error {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		if translate {
			return ErrRefused // not offered
		}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return ErrRefused
	}
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusProxyAuthRequired, http.StatusGone, http.StatusTooManyRequests,
		// A proxy says the first of an engine behind it that is not there. A 504
		// may be about this sound, which takes the engine too long.
		http.StatusBadGateway, http.StatusServiceUnavailable:
		return ErrDown
	}
	if status >= 300 && status <= 399 {
		return ErrDown // it is set up under another address; we go where we were told
	}
	return ErrFailed
}

// complaint is what an error's body says, quoted and short, in one of the
// forms that engines have: {"error": {"message": "…"}}, {"error": "…"},
// {"message": "…"}, {"detail": "…"}. It is "" for all else.
func (e *HTTPEngine) complaint(body io.Reader) string {
	data, err := io.ReadAll(io.LimitReader(body, maxComplaint))
	if err != nil {
		return ""
	}
	var outer struct {
		Error, Message, Detail json.RawMessage
	}
	if json.Unmarshal(data, &outer) != nil {
		return ""
	}
	var inner struct{ Message string }
	if json.Unmarshal(outer.Error, &inner) != nil {
		inner.Message = ""
	}
	said := inner.Message
	for _, other := range []json.RawMessage{outer.Error, outer.Message, outer.Detail} {
		if said == "" && json.Unmarshal(other, &said) != nil {
			said = ""
		}
	}
	if said == "" {
		return ""
	}
	if e.key != "" { // before half of it is cut off
		said = strings.ReplaceAll(said, e.key, "***")
	}
	return strconv.Quote(said[:min(len(said), complaintShown)])
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
