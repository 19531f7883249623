package handlers

import (
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/api"
	"gensubtitle/db"
	"gensubtitle/views"
)

const (
	mostVideos  = 1e9
	mostMinutes = 1e8
	mostMB      = 1e9
)

// limitsInput are limits as they are sent; nil is the default.
type limitsInput struct {
	MaxVideos          *float64 `json:"maxVideos"`
	MaxDurationMinutes *float64 `json:"maxDurationMinutes"`
	MaxFileSizeMB      *float64 `json:"maxFileSizeMB"`
}

// own turns them into ours, or says which are wrong.
func (in limitsInput) own() (db.OwnLimits, error) {
	wrong := map[string]fieldText{}
	own := db.OwnLimits{
		Videos:    scaled[int64](in.MaxVideos, 1, mostVideos, "maxVideos", wrong),
		Duration:  scaled[time.Duration](in.MaxDurationMinutes, 60_000, mostMinutes, "maxDurationMinutes", wrong),
		FileBytes: scaled[int64](in.MaxFileSizeMB, 1<<20, mostMB, "maxFileSizeMB", wrong),
	}
	if in.MaxVideos != nil && *in.MaxVideos != math.Trunc(*in.MaxVideos) {
		wrong["maxVideos"] = func(f *views.Fields) string { return f.NumberInvalid }
	}
	if len(wrong) > 0 {
		return own, invalid(wrong)
	}
	if own.Duration != nil {
		*own.Duration *= time.Millisecond
	}
	return own, nil
}

// setLimits gives a quota session limits of its own; null is the default.
func (s *Server) setLimits(c *fiber.Ctx) error {
	var in struct {
		limitsInput
		Reason string `json:"reason"`
	}
	return s.steerSession(c, &in, func(a db.Act) (db.Session, error) {
		own, err := in.own()
		if err != nil {
			return db.Session{}, err
		}
		return s.DB.SetLimits(c.UserContext(), a, own)
	}, func() string { return in.Reason })
}

// scaled turns a number of the API into a whole number of ours, or notes that
// it is wrong.
func scaled[T ~int64](value *float64, by, most float64, field string, wrong map[string]fieldText) *T {
	if value == nil {
		return nil
	}
	if !(*value >= 0 && *value <= most) {
		wrong[field] = func(f *views.Fields) string { return f.NumberInvalid }
		return nil
	}
	n := T(math.Round(*value * by))
	return &n
}

// correctUsage adds an amount, which may be negative, to what is used.
func (s *Server) correctUsage(c *fiber.Ctx) error {
	var in struct {
		Videos   int64   `json:"videos_count"`
		Duration float64 `json:"total_duration"` // seconds
		Reason   string  `json:"reason"`
	}
	return s.steerSession(c, &in, func(a db.Act) (db.Session, error) {
		if a.Reason == "" {
			return db.Session{}, invalidField("reason", func(f *views.Fields) string { return f.ReasonRequired })
		}
		if math.Abs(in.Duration) > mostMinutes*60 {
			return db.Session{}, invalidField("total_duration", func(f *views.Fields) string { return f.NumberInvalid })
		}
		by := db.Usage{Videos: in.Videos, Duration: time.Duration(math.Round(in.Duration*1000)) * time.Millisecond}
		session, err := s.DB.Correct(c.UserContext(), a, by)
		if errors.Is(err, db.ErrBelowZero) {
			return session, invalidField("videos_count", func(f *views.Fields) string { return f.BelowZero })
		}
		return session, err
	}, func() string { return in.Reason })
}

// steerSession reads a JSON body into in, has the session changed and answers
// with it as it is now.
func (s *Server) steerSession(c *fiber.Ctx, in any, act func(db.Act) (db.Session, error), reason func() string) error {
	id, err := pathParam(c, "id")
	if err != nil {
		return err
	}
	if err := readJSON(c, in); err != nil {
		return err
	}
	if utf8.RuneCountInString(reason()) > maxReason {
		return invalidField("reason", func(f *views.Fields) string { return f.ReasonTooLong })
	}
	session, err := act(db.Act{SessionID: id, Actor: signedIn(c).Name, Reason: reason()})
	if err != nil {
		return err
	}
	return c.JSON(api.AdminSessionOf(session))
}

// eventBody is one entry of the ledger.
type eventBody struct {
	ID        int64         `json:"id"`
	Kind      db.EventKind  `json:"kind"`
	Actor     string        `json:"actor"`
	Reason    string        `json:"reason"`
	VideoID   string        `json:"video_id,omitempty"`
	Videos    int64         `json:"videos_count"`   // change
	Duration  float64       `json:"total_duration"` // change, seconds
	Limits    *ownLimitBody `json:"limits,omitempty"`
	CreatedAt time.Time     `json:"created_at"`
}

// ownLimitBody are limits of a session's own; null is the default.
type ownLimitBody struct {
	MaxVideos          *int64   `json:"maxVideos"`
	MaxDurationMinutes *float64 `json:"maxDurationMinutes"`
	MaxFileSizeMB      *float64 `json:"maxFileSizeMB"`
}

func eventOf(e db.Event) eventBody {
	b := eventBody{
		ID: e.ID, Kind: e.Kind, Actor: e.Actor, Reason: e.Reason, VideoID: e.VideoID,
		Videos: e.Videos, Duration: api.Seconds(e.Duration), CreatedAt: e.CreatedAt,
	}
	if e.Kind == db.EventLimits {
		limits := ownLimitsOf(e.Limits)
		b.Limits = &limits
	}
	return b
}

func ownLimitsOf(o db.OwnLimits) ownLimitBody {
	b := ownLimitBody{MaxVideos: o.Videos}
	if o.Duration != nil {
		minutes := float64(o.Duration.Milliseconds()) / 60_000
		b.MaxDurationMinutes = &minutes
	}
	if o.FileBytes != nil {
		mb := float64(*o.FileBytes) / (1 << 20)
		b.MaxFileSizeMB = &mb
	}
	return b
}

// listEvents answers with a page of a session's ledger, newest first.
func (s *Server) listEvents(c *fiber.Ctx) error {
	id, err := pathParam(c, "id")
	if err != nil {
		return err
	}
	limit, err := pageLimit(c)
	if err != nil {
		return err
	}
	before := int64(0)
	if cursor := c.Query("cursor"); cursor != "" {
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before <= 0 {
			return invalidField("cursor", func(f *views.Fields) string { return f.CursorInvalid })
		}
	}
	if _, err := s.DB.Session(c.UserContext(), id); err != nil {
		return err
	}
	events, more, err := s.DB.ListEvents(c.UserContext(), id, before, limit)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = strconv.FormatInt(events[len(events)-1].ID, 10)
	}
	return c.JSON(fiber.Map{"events": mapped(events, eventOf), "next_cursor": cursorOrNull(next)})
}
