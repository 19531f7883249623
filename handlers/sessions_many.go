package handlers

import (
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/views"
)

// maxNamed is how many sessions a request may name; more are told by a match.
const maxNamed = 1000

// manyInput is what a request to change many sessions says.
type manyInput struct {
	SessionIDs []string    `json:"session_ids"`
	Match      *matchInput `json:"match"`
	Expected   *int64      `json:"expected"` // how many were agreed to; nil: however many
	limitsInput
}

type matchInput struct {
	Search string `json:"q"`
	Filter string `json:"filter"`
}

// selection is which sessions are meant. To mean all of them takes a match
// that is empty, but there.
func (in manyInput) selection() (db.Selection, error) {
	var sel db.Selection
	if (in.Match == nil) == (len(in.SessionIDs) == 0) || len(in.SessionIDs) > maxNamed {
		return sel, invalidField("session_ids", func(f *views.Fields) string { return f.SelectionInvalid })
	}
	if err := checkReason(in.Reason); err != nil {
		return sel, err
	}
	if in.Match == nil {
		// One that is named twice is meant once.
		sel.SessionIDs = slices.Compact(slices.Sorted(slices.Values(in.SessionIDs)))
		return sel, nil
	}
	var err error
	sel.Match, err = sessionMatch(in.Match.Search, in.Match.Filter)
	return sel, err
}

func (s *Server) confirmResetMany(c *fiber.Ctx) error { return s.confirmMany(c, false) }

func (s *Server) confirmLimitMany(c *fiber.Ctx) error { return s.confirmMany(c, true) }

// confirmMany says how many sessions a change would be for.
func (s *Server) confirmMany(c *fiber.Ctx, limits bool) error {
	in := manyForm(c.Context().QueryArgs())
	m := in.view(limits)
	if in.Match != nil || len(in.SessionIDs) > 0 || !wantsHTML(c) {
		sel, err := in.selection()
		if err != nil {
			return err
		}
		n, err := s.DB.CountSelected(c.UserContext(), sel)
		if err != nil {
			return err
		}
		m.Count = int(n)
	}
	if !wantsHTML(c) {
		return c.JSON(fiber.Map{"selected": m.Count})
	}
	return render(c, fiber.StatusOK, views.ManyPage(page(c), m))
}

// resetMany sets the usage of many sessions to zero.
func (s *Server) resetMany(c *fiber.Ctx) error {
	return s.changeMany(c, false, func(in manyInput, sel db.Selection, a db.QuotaChange, expected int64) (int64, error) {
		return s.DB.ResetMany(toItsEnd(c), sel, a, expected)
	})
}

// limitMany gives many sessions limits of their own.
func (s *Server) limitMany(c *fiber.Ctx) error {
	return s.changeMany(c, true, func(in manyInput, sel db.Selection, a db.QuotaChange, expected int64) (int64, error) {
		own, err := in.own(map[string]fieldText{})
		if err != nil {
			return 0, err
		}
		return s.DB.SetLimitsMany(toItsEnd(c), sel, a, expected, own)
	})
}

func (s *Server) changeMany(
	c *fiber.Ctx, limits bool, change func(manyInput, db.Selection, db.QuotaChange, int64) (int64, error),
) error {
	in, err := readMany(c, limits)
	if err != nil {
		return err
	}
	sel, err := in.selection()
	if err != nil {
		return err
	}
	request, err := s.changeRequest(c)
	if err != nil {
		return err
	}
	if in.Expected == nil {
		n, err := s.DB.CountSelected(c.UserContext(), sel)
		if err != nil {
			return err
		}
		in.Expected = &n
	}
	n, err := change(in, sel, db.QuotaChange{Actor: signedIn(c).Name, Reason: in.Reason, Request: request}, *in.Expected)
	if err != nil {
		return err
	}
	if !wantsHTML(c) {
		return c.JSON(fiber.Map{"changed": n})
	}
	m := in.view(limits)
	m.Count = int(n)
	return render(c, fiber.StatusOK, views.ManyDonePage(page(c), m))
}

// readMany reads a JSON body, or the form, which is shown again when what it
// says cannot be done.
func readMany(c *fiber.Ctx, limits bool) (manyInput, error) {
	if !isForm(c) {
		var in manyInput
		err := readJSON(c, &in)
		return in, err
	}
	in := manyForm(c.Request().PostArgs())
	wrong := map[string]fieldText{}
	var err error
	if in.limitsInput, err = readLimits(c, wrong); err != nil {
		return in, err
	}
	m := in.view(limits)
	if n, err := strconv.ParseInt(formValue(c, "expected"), 10, 64); err == nil {
		in.Expected, m.Count = &n, int(n)
	}
	m.Values = map[string]string{}
	for _, name := range []string{"maxVideos", "maxDurationMinutes", "maxFileSizeMB", "reason"} {
		m.Values[name] = formValue(c, name)
	}
	c.Locals(formKey, manyAgain(m))
	if len(wrong) > 0 {
		return in, invalid(wrong)
	}
	return in, nil
}

// manyAgain shows the whole page again, with what was typed and what was wrong.
func manyAgain(m views.ManySessions) formAgain {
	show := func(c *fiber.Ctx, p *problem) error {
		m.Alert, m.Errors = p.words(text(c)).Detail, p.fieldErrors(text(c))
		return render(c, p.status, views.ManyPage(page(c), m))
	}
	return formAgain{whole: true, page: show}
}

// manyForm reads what the list and the form after it say of which are meant.
func manyForm(args interface {
	Peek(string) []byte
	PeekMulti(string) [][]byte
},
) manyInput {
	var in manyInput
	if len(args.Peek("all")) > 0 {
		in.Match = &matchInput{Search: string(args.Peek("q")), Filter: string(args.Peek("filter"))}
		return in
	}
	for _, id := range args.PeekMulti("session") {
		in.SessionIDs = append(in.SessionIDs, string(id))
	}
	return in
}

func (in manyInput) view(limits bool) views.ManySessions {
	m := views.ManySessions{Limits: limits, Chosen: in.SessionIDs, All: in.Match != nil}
	if m.All {
		m.Query, m.Filter = in.Match.Search, in.Match.Filter
	}
	return m
}
