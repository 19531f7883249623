package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/gofiber/fiber/v2"

	"gensubtitle/db"
	"gensubtitle/views"
)

const (
	keyHeader   = "Idempotency-Key"
	maxKeyBytes = 255
)

// changeRequest identifies a change of quota sessions for idempotency. Its key
// comes in a header, or from a page in a field.
func (s *Server) changeRequest(c *fiber.Ctx) (*db.Request, error) {
	r, err := s.request(c)
	if err != nil {
		return nil, err
	}
	if r.Key == "" && isForm(c) {
		if r.Key = formValue(c, views.KeyField); !isKey(r.Key) {
			r.Key = "" // No page of ours sent it.
		}
	}
	sum := sha256.Sum256(c.Request().Body())
	r.BodyHash = hex.EncodeToString(sum[:])
	return r, nil
}

// request is changeRequest by the head alone.
func (s *Server) request(c *fiber.Ctx) (*db.Request, error) {
	r := &db.Request{
		UserID: signedIn(c).ID, Path: c.Route().Path + " " + c.Params("id"), ProcessID: s.Node.ID,
	}
	given := c.Request().Header.PeekAll(keyHeader)
	switch {
	case len(given) == 0:
		return r, nil
	case len(given) > 1 || !isKey(string(given[0])):
		return nil, invalidField(keyHeader, func(f *views.Fields) string { return f.KeyInvalid })
	}
	r.Key = string(given[0])
	return r, nil
}

func isKey(key string) bool {
	return key != "" && len(key) <= maxKeyBytes && strings.IndexFunc(key, func(r rune) bool { return r < '!' || r > '~' }) < 0
}
