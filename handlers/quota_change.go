package handlers

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/internal/api"
	"gensubtitle/views"
)

// limitsInput are limits as they are sent.
type limitsInput struct {
	api.OwnLimits
	Reason string `json:"reason"`
}

// own turns them into ours, or says which are wrong.
func (in limitsInput) own(wrong map[string]fieldText) (db.OwnLimits, error) {
	own, errs := in.Parse()
	for _, e := range errs {
		wrong[e.Field] = func(f *views.Fields) string { return f.NumberInvalid }
	}
	if len(wrong) > 0 {
		return own, invalid(wrong)
	}
	return own, nil
}

// setLimits gives a quota session limits of its own.
//
// All three are set at once, as they were sent. Of two admins who do it at the
// same time, or with a page that was opened before the other's change, the
// last one wins; the ledger shows both, with what each of them set. So it is
// with all that admins do: each change is one transaction on what is there
// then, and corrections add up.
func (s *Server) setLimits(c *fiber.Ctx) error {
	return s.changeSession(c, views.FormLimits, func(a db.QuotaChange) (db.Session, error) {
		wrong := map[string]fieldText{}
		in, err := readLimits(c, wrong)
		if err != nil {
			return db.Session{}, err
		}
		own, err := in.own(wrong)
		if err != nil {
			return db.Session{}, err
		}
		if err := checkReason(in.Reason); err != nil {
			return db.Session{}, err
		}
		a.Reason = in.Reason
		return s.DB.SetLimits(c.UserContext(), a, own)
	})
}

// readLimits reads a JSON or form body. A field of a form that is empty is the
// default; one that is no number is noted as wrong.
func readLimits(c *fiber.Ctx, wrong map[string]fieldText) (limitsInput, error) {
	var in limitsInput
	if !isForm(c) {
		err := readJSON(c, &in)
		return in, err
	}
	number := func(field string) *float64 {
		typed := strings.TrimSpace(formValue(c, field))
		if typed == "" {
			return nil
		}
		n, err := strconv.ParseFloat(typed, 64)
		if err != nil {
			wrong[field] = func(f *views.Fields) string { return f.NumberInvalid }
			return nil
		}
		return &n
	}
	in.MaxVideos, in.MaxDurationMinutes = number("maxVideos"), number("maxDurationMinutes")
	in.MaxFileSizeMB, in.Reason = number("maxFileSizeMB"), formValue(c, "reason")
	return in, nil
}

// correctionInput is what is to be added to the usage of a session.
type correctionInput struct {
	Videos   int64   `json:"videos_count"`
	Duration float64 `json:"total_duration"` // seconds
	Reason   string  `json:"reason"`
}

// correctUsage adds an amount, which may be negative, to what is used.
func (s *Server) correctUsage(c *fiber.Ctx) error {
	return s.changeSession(c, views.FormCorrect, func(a db.QuotaChange) (db.Session, error) {
		wrong := map[string]fieldText{}
		in, err := readCorrection(c, wrong)
		if err != nil {
			return db.Session{}, err
		}
		if in.Reason == "" {
			wrong["reason"] = func(f *views.Fields) string { return f.ReasonRequired }
		}
		if math.Abs(in.Duration) > api.MostMinutes*60 {
			wrong["total_duration"] = func(f *views.Fields) string { return f.NumberInvalid }
		}
		if in.Videos == 0 && in.Duration == 0 && len(wrong) == 0 {
			wrong["videos_count"] = func(f *views.Fields) string { return f.AmountRequired }
		}
		if len(wrong) > 0 {
			return db.Session{}, invalid(wrong)
		}
		if err := checkReason(in.Reason); err != nil {
			return db.Session{}, err
		}
		a.Reason = in.Reason
		by := db.Usage{Videos: in.Videos, Duration: time.Duration(math.Round(in.Duration*1000)) * time.Millisecond}
		session, err := s.DB.Correct(c.UserContext(), a, by)
		if errors.Is(err, db.ErrBelowZero) {
			return session, invalidField(in.reducing(), func(f *views.Fields) string { return f.BelowZero })
		}
		return session, err
	})
}

// reducing is the field that takes something away.
func (in correctionInput) reducing() string {
	if in.Videos < 0 {
		return "videos_count"
	}
	return "total_duration"
}

// readCorrection reads a JSON or form body, and notes what cannot be read in a form.
func readCorrection(c *fiber.Ctx, wrong map[string]fieldText) (correctionInput, error) {
	var in correctionInput
	if !isForm(c) {
		err := readJSON(c, &in)
		return in, err
	}
	in.Reason = formValue(c, "reason")
	var err error
	if in.Videos, err = parseCount(formValue(c, "videos_count")); err != nil {
		wrong["videos_count"] = func(f *views.Fields) string { return f.NumberInvalid }
	}
	if in.Duration, err = parseClock(formValue(c, "total_duration")); err != nil {
		wrong["total_duration"] = func(f *views.Fields) string { return f.ClockInvalid }
	}
	return in, nil
}

// unsigned takes the sign off what was typed, as keyboards and as typographers
// write it.
func unsigned(typed string) (rest string, sign int64) {
	typed = strings.TrimSpace(typed)
	for _, minus := range []string{"-", "−", "–"} {
		if rest, ok := strings.CutPrefix(typed, minus); ok {
			return rest, -1
		}
	}
	return strings.TrimPrefix(typed, "+"), 1
}

// parseCount reads a whole number with or without a sign; nothing is zero.
func parseCount(typed string) (int64, error) {
	rest, sign := unsigned(typed)
	if rest == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(rest, 10, 31)
	return sign * int64(n), err
}

// parseClock reads m:ss or h:mm:ss, with or without a sign, as seconds;
// nothing is zero.
func parseClock(typed string) (float64, error) {
	rest, sign := unsigned(typed)
	if rest == "" {
		return 0, nil
	}
	parts := strings.Split(rest, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, errNoClock
	}
	var seconds int64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || i > 0 && (n > 59 || len(part) != 2) {
			return 0, errNoClock
		}
		seconds = seconds*60 + int64(n)
	}
	return float64(sign * seconds), nil
}

var errNoClock = errors.New("neither m:ss nor h:mm:ss")

// changeSession has a session changed and answers with it as it is now: as JSON,
// in the part of its page or the row of the list that asked for it, or with the
// way to its page. Where a form of its page is refused, that is shown again.
func (s *Server) changeSession(c *fiber.Ctx, form string, act func(db.QuotaChange) (db.Session, error)) error {
	id, err := pathParam(c, "id")
	if err != nil {
		return err
	}
	fromList := wantsPart(c) && c.Get("HX-Target") != views.CardID(form)
	if !fromList {
		c.Locals(formKey, s.sessionAgain(c, id, form))
	}
	request, err := s.changeRequest(c)
	if err != nil {
		return err
	}
	session, err := act(db.QuotaChange{SessionID: id, Actor: signedIn(c).Name, Request: request})
	switch {
	case err != nil:
		return err
	case fromList:
		return render(c, fiber.StatusOK, views.SessionRow(page(c), sessionView(session)))
	case wantsPart(c):
		return s.renderSessionChange(c, id, form)
	case wantsHTML(c):
		return c.Redirect(views.SessionPath(id), fiber.StatusSeeOther)
	}
	return c.JSON(api.AdminSessionOf(session))
}

// sessionAgain is how a form of the session's page is shown again, with what
// was typed and what was wrong.
func (s *Server) sessionAgain(c *fiber.Ctx, id, form string) formAgain {
	typed := map[string]string{}
	for name, value := range c.Request().PostArgs().All() {
		typed[string(name)] = string(value)
	}
	sent := func(c *fiber.Ctx, p *problem) views.SentForm {
		t := text(c)
		return views.SentForm{Form: form, Alert: p.words(t).Detail, Values: typed, Errors: p.fieldErrors(t)}
	}
	return formAgain{
		alert: views.AlertID(form),
		part:  func(c *fiber.Ctx, p *problem) templ.Component { return views.SentAlert(page(c), sent(c, p)) },
		page:  func(c *fiber.Ctx, p *problem) error { return s.renderSession(c, p.status, id, sent(c, p)) },
	}
}

// eventBody is one entry of the ledger.
type eventBody struct {
	ID        int64          `json:"id"`
	Kind      db.EventKind   `json:"kind"`
	Actor     string         `json:"actor"`
	Reason    string         `json:"reason"`
	VideoID   string         `json:"video_id,omitempty"`
	Videos    int64          `json:"videos_count"`   // change
	Duration  float64        `json:"total_duration"` // change, seconds
	Limits    *api.OwnLimits `json:"limits,omitempty"`
	CreatedAt time.Time      `json:"created_at"`
}

func eventOf(e db.Event) eventBody {
	b := eventBody{
		ID: e.ID, Kind: e.Kind, Actor: e.Actor, Reason: e.Reason, VideoID: e.VideoID,
		Videos: e.Videos, Duration: api.Seconds(e.Duration), CreatedAt: e.CreatedAt,
	}
	if e.Kind == db.EventLimits {
		b.Limits = new(api.OwnLimitsOf(e.Limits))
	}
	return b
}
